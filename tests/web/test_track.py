"""The petitioner's page: number and code, five steps, the rating; nothing that is not theirs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sla_engine.petition.events import Rated
from sla_engine.service.intake import parse
from sla_engine.service.tracking import code_of, petitioner_of
from sla_engine.web.public.track import rating
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant
from sla_engine.worktime.instant import MINUTE
from tests.support.delivery import engine_at, move_to
from tests.support.desk import BEGIN, PACK, PERSONAL, REGION
from tests.support.web import client, small_city

HTML = {"accept": "text/html"}
FORM = {
    **dict.fromkeys(("skill", "attitude", "efficiency", "solving", "integrity"), "80"),
    "satisfied": "yes",
    "solved": "yes",
}


@pytest.fixture(scope="module")
def city() -> Iterator[Engine]:
    with small_city(24) as engine:
        yield engine


def papers(engine: Engine, *phases: str) -> Iterator[dict[str, str]]:
    """Number and code of petitions in these phases that nobody has rated."""
    for stream in engine.log.streams("petition/"):
        no = stream.partition("/")[2]
        subject, chronicle = petitioner_of(engine.log, no), engine.assess(stream).chronicle
        rated = any(isinstance(each.event, Rated) for each in chronicle.facts)
        if subject and chronicle.phase in phases and not rated:
            yield {"no": no, "code": code_of(engine.log, subject, no)}


def test_the_page_needs_no_login_and_no_script(city: Engine) -> None:
    page = client(city).get("/track", headers=HTML)
    assert page.status_code == 200
    assert 'method="post" action="/track"' in page.text


def test_number_and_code_show_five_steps_and_the_expected_time(city: Engine) -> None:
    mine = next(papers(city, "in_progress", "dispatched"))
    page = client(city).post("/track", data=mine, headers=HTML).text
    steps = re.findall(r'<li class="(done|here|todo)"', page)
    assert steps == ["done", "done", "here", "todo", "todo"]
    assert "预计时间" in page


def test_nothing_internal_is_shown(city: Engine) -> None:
    for mine in papers(city, "in_progress", "resolved", "return_requested", "closed"):
        page = client(city).post("/track", data=mine, headers=HTML).text.partition("<main")[2]
        units = {each.unit for each in city.assess(f"petition/{mine['no']}").readings}
        assert not [unit for unit in units if unit and unit in page.replace(mine["no"], "")]
        assert not [word for word in ("红牌", "黄牌", "督办", "约谈", "退单") if word in page]


def test_a_wrong_number_and_a_wrong_code_are_told_alike(city: Engine) -> None:
    mine = next(papers(city, "in_progress"))
    someone = client(city)
    answers = [
        someone.post("/track", data={"no": no, "code": code}, headers=HTML)
        for no, code in ((mine["no"], "AAAAAAAA"), ("nothing", mine["code"]), ("", ""))
    ]
    told = {re.sub(r'value="[^"]*"', "", each.text) for each in answers}
    assert [each.status_code for each in answers] == [404, 404, 404]
    assert len(told) == 1


def test_a_code_may_be_typed_in_small_letters_and_with_spaces(city: Engine) -> None:
    mine = next(papers(city, "in_progress"))
    typed = {"no": f" {mine['no']} ", "code": " ".join(mine["code"].lower())}
    assert client(city).post("/track", data=typed, headers=HTML).status_code == 200


def test_a_resolved_petition_is_rated_once_in_five_dimensions(city: Engine) -> None:
    mine = next(papers(city, "resolved"))
    someone = client(city)
    assert "/track/rating" in someone.post("/track", data=mine, headers=HTML).text
    first = someone.post("/track/rating", data={**mine, **FORM}, headers=HTML)
    assert (first.status_code, "您的评价" in first.text) == (200, True)
    again = someone.post("/track/rating", data={**mine, **FORM, "skill": "20"}, headers=HTML)
    assert (again.status_code, "每件评价一次" in again.text) == (422, True)
    rated = [e.event for e in city.events(f"petition/{mine['no']}") if isinstance(e.event, Rated)]
    assert [dict(each.scores) for each in rated] == [dict.fromkeys(rating().dimensions, 80.0)]
    assert "/track/rating" not in someone.post("/track", data=mine, headers=HTML).text


def test_every_dimension_left_out_is_told_at_once(city: Engine) -> None:
    mine = next(papers(city, "resolved", "closed"))
    answer = client(city).post(
        "/track/rating", data={**mine, "satisfied": "yes", "solved": "yes"}, headers=HTML
    )
    assert (answer.status_code, answer.text.count('aria-invalid="true"')) == (422, 5)
    assert answer.text.count("没有填写") == 2 * 5, "once above the form, once beside the field"


def test_a_refusal_is_told_to_petitioners_without_codes(city: Engine) -> None:
    answer = client(city).post("/track", data={"no": "X", "code": "Y"}, headers=HTML)
    assert "编号或查询码不对" in answer.text
    assert "NOT_TRACKED" not in answer.text


def test_what_is_not_resolved_cannot_be_rated(city: Engine) -> None:
    mine = next(papers(city, "in_progress"))
    answer = client(city).post("/track/rating", data={**mine, **FORM}, headers=HTML)
    assert (answer.status_code, "办结后可以评价" in answer.text) == (422, True)


def test_whoever_has_no_code_cannot_rate(city: Engine) -> None:
    mine = next(papers(city, "resolved", "closed"))
    stream = f"petition/{mine['no']}"
    before = len(city.events(stream))
    form = {**mine, **FORM, "code": "AAAAAAAA"}
    assert client(city).post("/track/rating", data=form, headers=HTML).status_code == 404
    assert len(city.events(stream)) == before


def test_once_the_petitioner_is_erased_there_is_no_code(city: Engine) -> None:
    mine = next(papers(city, "closed", "in_progress"))
    subject = petitioner_of(city.log, mine["no"])
    assert subject
    city.erase(subject, "asked")
    assert client(city).post("/track", data=mine, headers=HTML).status_code == 404


# ------------------------------------------------------------------------------ what ends otherwise


ENDINGS = {
    "withdrawn": (
        [("dispatched", {"unit": "U01", "assignment": "a1"}), ("withdrawn", {})],
        [("done", "受理"), ("done", "派单"), ("ended", "已撤回")],
    ),
    "declined": (
        [("declined", {"ground": "不属于受理范围"})],
        [("done", "登记"), ("ended", "不予受理")],
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_petition_that_ended_otherwise_shows_what_came_of_it_and_nothing_to_come(
    ending: str,
) -> None:
    told, steps = ENDINGS[ending]
    with engine_at(BEGIN) as engine:
        handed_in(engine, "ZZ1", "caller-1")
        admitted = [] if ending == "declined" else [("admitted", {})]
        tell(engine, "ZZ1", *admitted, *told)
        assert steps_of(tracked(engine, "ZZ1")) == steps


def test_a_petition_that_was_merged_shows_how_the_other_of_the_same_petitioner_stands() -> None:
    with engine_at(BEGIN) as engine:
        for no in ("ZZ1", "ZZ2"):
            handed_in(engine, no, "caller-1")
            tell(engine, no, ("admitted", {}))
        tell(engine, "ZZ2", ("dispatched", {"unit": "U01", "assignment": "a1"}))
        tell(engine, "ZZ1", ("merged", {"into": "ZZ2"}))
        page = tracked(engine, "ZZ1")
        assert "与您的另一件诉求合并办理" in page
        assert "ZZ2" not in page
        assert steps_of(page)[:3] == [("done", "受理"), ("done", "派单"), ("here", "办理")]
        tell(engine, "ZZ2", ("accepted", {}), ("resolved", {}))
        page = tracked(engine, "ZZ1")
        assert "已办结并答复" in page
        assert "预计时间待定" not in page
        assert "/track/rating" not in page


def test_of_a_petition_of_somebody_else_nothing_is_shown() -> None:
    with engine_at(BEGIN) as engine:
        for no in ("ZZ1", "ZZ2"):
            handed_in(engine, no, f"caller-{no}")
            tell(engine, no, ("admitted", {}))
        tell(engine, "ZZ1", ("merged", {"into": "ZZ2"}))
        tell(engine, "ZZ2", ("dispatched", {"unit": "U01", "assignment": "a1"}))
        page = tracked(engine, "ZZ1")
        assert steps_of(page) == [("done", "受理"), ("ended", "已并入另一件办理")]
        assert "已交承办单位办理" not in page


def handed_in(engine: Engine, no: str, petitioner: str) -> None:
    traits = {"pack": PACK, "region": REGION, "kind": "投诉", "subject": "person"}
    tell(engine, no, ("registered", traits), personal=PERSONAL, petitioner=petitioner)


def tell(engine: Engine, no: str, *facts: tuple[str, dict[str, Any]], **more: Any) -> None:
    """Facts of one petition, a minute apart."""
    for type_, data in facts:
        move_to(engine, engine.clock.now() + MINUTE)
        at = format_instant(engine.clock.now())
        sent = {"petition": no, "type": type_, "id": f"{no}-{type_}", "at": at, "source": "12345"}
        (outcome,) = engine.take([parse({**sent, "data": data, **more})])
        assert not outcome.faults, outcome


def tracked(engine: Engine, no: str) -> str:
    subject = petitioner_of(engine.log, no)
    assert subject
    mine = {"no": no, "code": code_of(engine.log, subject, no)}
    return client(engine).post("/track", data=mine, headers=HTML).text


def steps_of(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<li class="(\w+)"[^>]*><span class="word">([^<]+)', page)

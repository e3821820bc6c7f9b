"""Disputes and replays on pages: what they show is what the engine answers; who may do what."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from scenarios.workload import DAY
from sla_engine import words
from sla_engine.dispute.events import DisputeOpened, DisputeRuled, ReplayRun
from sla_engine.petition.kind import PETITION
from sla_engine.showing.questions import Asked, Review
from sla_engine.web.console.comparing import compared
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant
from tests.support.web import client, small_city

HTML = {"accept": "text/html"}


class Late(NamedTuple):
    """A verdict "late" that may still be disputed."""

    no: str
    clause: str
    cycle: str
    unit: str

    @property
    def clock(self) -> str:
        return f"{self.clause}|{self.cycle}"


@pytest.fixture(scope="module")
def city() -> Iterator[Engine]:
    """A city of its own, for what is filed here."""
    with small_city(24) as engine:
        yield engine


@pytest.fixture(scope="module")
def late(city: Engine) -> Late:
    return next(_late(city))


def _late(engine: Engine) -> Iterator[Late]:
    since = engine.clock.now() - 20 * DAY
    for stream in engine.log.streams("petition/"):
        for each in engine.assess(stream).readings:
            if each.verdict == "late" and each.unit and (each.due or 0) > since:
                yield Late(stream.partition("/")[2], *each.key, each.unit)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found is not None
    return found[1]


def filed(who: TestClient, late: Late, key: str) -> str:
    """A dispute of that verdict, and its address."""
    form = {"petition": late.no, "clock": late.clock, "claim": "not_late", "remedy": "met"}
    answer = who.post("/disputes", data={**form, "key": key}, headers=HTML)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def name_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_what_has_ended_is_listed_without_what_is_open(city: Engine, late: Late) -> None:
    supervisor = client(city, "supervisor")
    name = name_of(filed(supervisor, late, "listed"))
    city.follow()
    for state, listed in (("open", True), ("", True), ("ended", False)):
        shown = supervisor.get(f"/disputes?state={state}", headers=HTML).text
        assert (f'href="/disputes/{name}"' in shown) == listed, state


# ------------------------------------------------------------------------------------------ filing


def test_a_dispute_names_the_clause_in_words_and_its_terms_end_at_twenty_four(
    city: Engine, late: Late
) -> None:
    supervisor = client(city, "supervisor")
    address = filed(supervisor, late, "words")
    city.follow()
    reading = city.assess(f"petition/{late.no}").reading(late.clause, late.cycle)
    assert reading is not None
    for path in ("/disputes", address, f"{address}/report"):
        text = text_of(supervisor.get(path, headers=HTML).text)
        assert reading.clause.name.zh in text
        assert f" {late.clause} " not in text
        assert " 00:00 " not in text.replace("截至", "")


def test_what_may_be_changed_in_a_replay_is_named_by_the_steps_of_the_pack(
    city: Engine, late: Late
) -> None:
    page = client(city, "reviewer").get(f"/petitions/{late.no}/replay", headers=HTML).text
    select = page[page.index('name="fact"') :]
    labels = re.findall(r">([^<]+)</option>", select[: select.index("</select>")])
    assert len(labels) > 2
    assert not [each for each in labels if re.search("[a-z]", each)]


def test_what_was_asked_and_every_act_that_moved_is_told_in_words(city: Engine, late: Late) -> None:
    reviewer = client(city, "reviewer")
    events = city.events(f"petition/{late.no}")
    start = city.assess(f"petition/{late.no}").reading(late.clause, late.cycle)
    assert start is not None
    fact = next(each for each in events if each.meta.occurred_at == start.start and each.meta.key)
    name = f"{fact.meta.source}:{fact.meta.key}"
    to = format_instant(fact.meta.occurred_at - 7 * DAY)[:16]
    asked = {"fact": name, "how": "move", "to": to}
    page = reviewer.get(f"/petitions/{late.no}/replay", params=asked, headers=HTML).text
    text = text_of(page)
    assert f"{words.fact(PETITION, fact.event, None).zh} 改为发生在 {to.replace('T', ' ')}" in text
    assert f"move {name}" not in text
    rows = re.findall(r"(?:动作变动|动作消失|多出动作)\s*</th>\s*<td>([^<]+)</td>", page)
    assert rows
    assert all(" · " in row for row in rows)


def test_a_petition_leads_to_its_replays_and_to_filing(city: Engine, late: Late) -> None:
    page = client(city, "supervisor").get(f"/petitions/{late.no}", headers=HTML).text
    assert f'href="/petitions/{late.no}/replay"' in page
    assert f'href="/disputes/new?petition={late.no}"' in page


def test_a_form_sent_twice_files_one_dispute(city: Engine, late: Late) -> None:
    supervisor = client(city, "supervisor")
    assert filed(supervisor, late, "twice") == filed(supervisor, late, "twice")


def test_what_is_filed_is_about_the_verdict_that_was_chosen(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "chosen")
    (opened,) = (each.event for each in city.events(f"dispute/{name_of(where)}"))
    assert isinstance(opened, DisputeOpened)
    assert (opened.subject, opened.clause, opened.claimant) == (
        f"petition/{late.no}", late.clause, late.unit,
    )  # fmt: skip


def test_a_handler_files_for_its_own_unit_and_no_other(city: Engine, late: Late) -> None:
    own = client(city, "handler", unit=late.unit)
    assert filed(own, late, "own")
    other = client(city, "handler", unit="U99")
    form = {"petition": late.no, "clock": late.clock, "claim": "not_late", "key": "other"}
    assert other.post("/disputes", data=form, headers=HTML).status_code == 404


def test_a_handler_sees_the_disputes_of_its_own_unit_alone(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "seen")
    own, other = (client(city, "handler", unit=unit) for unit in (late.unit, "U99"))
    assert name_of(where) in own.get("/disputes", headers=HTML).text
    assert name_of(where) not in other.get("/disputes", headers=HTML).text
    assert (own.get(where, headers=HTML).status_code, other.get(where, headers=HTML).status_code) \
        == (200, 404)  # fmt: skip


def test_a_verdict_that_is_too_old_is_refused_with_its_reason(city: Engine, late: Late) -> None:
    supervisor = client(city, "supervisor")
    old = next(
        (stream.partition("/")[2], each.key)
        for stream in city.log.streams("petition/")
        for each in city.assess(stream).readings
        if each.verdict == "late" and (each.due or 0) < city.clock.now() - 40 * DAY
    )
    form = {"petition": old[0], "clock": "|".join(old[1]), "claim": "not_late", "key": "old"}
    answer = supervisor.post("/disputes", data=form, headers=HTML)
    assert (answer.status_code, "TIME_BARRED" in answer.text) == (422, True)


# ------------------------------------------------------------------------------------------ ruling


def test_from_a_dispute_to_a_ruling_and_what_comes_of_it(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "whole")
    reviewer, stream = client(city, "reviewer"), f"dispute/{name_of(where)}"

    def send(part: str, **form: str) -> int:
        page = reviewer.get(where, headers=HTML).text
        told = {"seen": seen(page), "key": f"{part}-{form.get('type', '')}", **form}
        return reviewer.post(f"{where}/{part}", data=told, headers=HTML).status_code

    assert send("ruling", type="admitted") == 303
    assert send("replays", question="") == 303
    ruling = {"outcome": "upheld", "verdict": "met", "document": "R-1"}
    assert send("ruling", type="ruled", **ruling) == 303
    run, ruled = city.events(stream)[-2:]
    assert isinstance(run.event, ReplayRun)
    assert isinstance(ruled.event, DisputeRuled)
    assert ruled.event.ruler == "reviewer"
    reading = city.assess(f"petition/{late.no}").reading(late.clause, late.cycle)
    assert reading is not None
    assert reading.verdict == "met"
    page = text_of(reviewer.get(where, headers=HTML).text)
    assert "裁定之后" in page
    assert "结论由裁定取代" in page
    assert run.event.result[:16] in page


def test_nobody_rules_on_what_they_filed(city: Engine, late: Late) -> None:
    both = client(city, "supervisor", "reviewer")
    where = filed(both, late, "both")
    page = both.get(where, headers=HTML).text
    assert f"{where}/ruling" not in page
    form = {"type": "admitted", "key": "mine", "seen": "1"}
    answer = both.post(f"{where}/ruling", data=form, headers=HTML)
    assert (answer.status_code, "RULED_BY_FILER" in answer.text) == (403, True)


def test_a_supervisor_may_file_and_not_rule(city: Engine, late: Late) -> None:
    supervisor = client(city, "supervisor")
    where = filed(supervisor, late, "may")
    form = {"type": "admitted", "key": "no", "seen": "1"}
    assert supervisor.post(f"{where}/ruling", data=form, headers=HTML).status_code == 403


def test_a_replay_is_put_on_record_by_whoever_may_rule(city: Engine, late: Late) -> None:
    supervisor, reviewer = client(city, "supervisor"), client(city, "reviewer")
    where = filed(supervisor, late, "replay-by")
    assert f"{where}/replays" not in supervisor.get(where, headers=HTML).text
    assert f"{where}/replays" in reviewer.get(where, headers=HTML).text
    form = {"question": "", "key": "replay", "seen": "1"}
    assert supervisor.post(f"{where}/replays", data=form, headers=HTML).status_code == 403


@pytest.mark.parametrize("kind", ["evidence_filed", "withdrawn"])
def test_only_the_side_that_filed_adds_to_a_dispute_or_withdraws_it(
    city: Engine, late: Late, kind: str
) -> None:
    unit, other = client(city, "handler", unit=late.unit), client(city, "supervisor")
    where = filed(unit, late, f"side-{kind}")
    form = {"type": kind, "document": "E-1", "seen": "1"}
    assert f"{where}/filing" not in other.get(where, headers=HTML).text
    refused = other.post(f"{where}/filing", data={**form, "key": f"o-{kind}"}, headers=HTML)
    assert (refused.status_code, "NOT_YOURS" in refused.text) == (403, True)
    api = other.post(
        f"/v1{where}/facts",
        json={"type": kind, "id": f"api-{kind}", "data": {"document": "E-1"}},
        headers={"If-Match": '"1"'},
    )
    assert (api.status_code, api.json()["code"]) == (403, "NOT_YOURS")
    assert f"{where}/filing" in unit.get(where, headers=HTML).text
    taken = unit.post(f"{where}/filing", data={**form, "key": f"u-{kind}"}, headers=HTML)
    assert taken.status_code == 303


def test_whoever_filed_for_a_unit_may_withdraw_it(city: Engine, late: Late) -> None:
    supervisor = client(city, "supervisor")
    where = filed(supervisor, late, "for-a-unit")
    form = {"type": "withdrawn", "key": "taken-back", "seen": "1"}
    assert supervisor.post(f"{where}/filing", data=form, headers=HTML).status_code == 303


def test_what_is_anothers_and_what_is_not_there_are_refused_alike(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "alike")
    other = client(city, "handler", unit="U99")
    form = {"type": "withdrawn", "key": "alike", "seen": "1"}
    filing = {"clock": late.clock, "claim": "not_late", "key": "alike-2"}
    for there, absent in (
        ((f"{where}/filing", form), ("/disputes/nothing/filing", form)),
        (
            ("/disputes", {**filing, "petition": late.no}),
            ("/disputes", {**filing, "petition": "nothing"}),
        ),
    ):
        found = [
            other.post(path, data=sent, headers=HTML).status_code for path, sent in (there, absent)
        ]
        assert found == [404, 404], there


def test_a_form_filled_in_before_somebody_else_acted_is_refused(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "stale")
    reviewer = client(city, "reviewer")
    form = {"type": "admitted", "seen": "1"}
    first, second = (
        reviewer.post(f"{where}/ruling", data={**form, "key": key}, headers=HTML)
        for key in ("first", "second")
    )
    assert (first.status_code, second.status_code) == (303, 412)


# ----------------------------------------------------------------------------------------- replays


def test_the_page_shows_what_the_engine_answers(city: Engine, late: Late) -> None:
    stream = f"petition/{late.no}"
    fact = next(e.meta for e in city.events(stream) if e.event.NAME == "dispatched")
    edit = f"{fact.source}:{fact.key}"
    page = client(city, "reviewer").get(
        f"/petitions/{late.no}/replay", params={"fact": edit, "how": "remove"}, headers=HTML
    )
    review = Review.of(city, stream, Asked(edits=(f"remove {edit}",)))
    expected = compared(review, "zh")
    shown = text_of(page.text)
    assert expected.lines
    assert f"差异：共 {len(expected.lines)} 处" in shown
    assert expected.after.result[:16] in shown
    assert page.text.count('<tr class="first">') == 1
    assert all(cause.zh in shown for each in expected.reasons for cause in each.causes)


def test_a_replay_without_a_question_is_what_stands(city: Engine, late: Late) -> None:
    page = client(city, "reviewer").get(f"/petitions/{late.no}/replay", headers=HTML)
    assert "两次重演结果相同" in page.text


def test_a_question_that_cannot_be_read_is_told_beside_the_form(city: Engine, late: Late) -> None:
    page = client(city, "reviewer").get(
        f"/petitions/{late.no}/replay", params={"edits": "burn it"}, headers=HTML
    )
    assert (page.status_code, "EDIT_FORMAT" in page.text) == (200, True)
    assert "burn it" in page.text


def test_a_report_names_the_digests_by_which_anybody_can_repeat_it(
    city: Engine, late: Late
) -> None:
    where = filed(client(city, "supervisor"), late, "report")
    page = client(city, "reviewer").get(f"{where}/report", headers=HTML)
    review = Review.of(city, f"petition/{late.no}", Asked())
    assert review.replay(review.question).inputs in page.text


def test_replays_are_for_those_who_may_run_them(city: Engine, late: Late) -> None:
    where = filed(client(city, "supervisor"), late, "handler")
    handler = client(city, "handler", unit=late.unit)
    assert "两次重演并列" not in handler.get(where, headers=HTML).text
    assert handler.get(f"/petitions/{late.no}/replay", headers=HTML).status_code == 403


def test_pages_speak_english_by_a_switch(city: Engine) -> None:
    page = client(city, "supervisor").get("/disputes?lang=en", headers=HTML)
    assert '<html lang="en">' in page.text
    assert "File a dispute" in page.text

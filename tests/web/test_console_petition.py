"""The page of a petition: what it shows is what the engine says, and who may do what on it."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from projections import docket
from projections.docket import Filter
from sla_engine.sla.explain import explain
from sla_engine.web.console.petition_forms import PETITION_COMMANDS
from sla_engine.web.permits import permission_for
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import move_to
from tests.support.desk import NO, PERSONAL, form_of, office, page, words_of
from tests.support.given import DESK, clause, engine, pack_of, rules_of, send, to
from tests.support.web import client

PATH = f"/petitions/{NO}"


@pytest.fixture
def desk() -> Iterator[Engine]:
    with office() as engine:
        yield engine


def _late(town: Engine) -> str:
    """A petition of the town with a red card on a clock that still runs."""
    for stream in town.log.streams("petition/"):
        case = town.assess(stream)
        if any(
            r.state.value == "overdue" and any(f.rung.act == "red" for f in r.fired)
            for r in case.readings
        ):
            return stream.partition("/")[2]
    raise AssertionError("nobody in this town is late")


def test_every_event_stands_on_the_timeline_with_both_its_times(town: Engine) -> None:
    no = _late(town)
    html = page(client(town, "supervisor"), f"/petitions/{no}")
    for each in town.events(f"petition/{no}"):
        assert f'id="record-{each.version}"' in html
    assert "迟 " in words_of(html)


def test_a_way_into_the_past_is_read_out_with_its_time(desk: Engine) -> None:
    html = page(client(desk, "supervisor"), PATH)
    assert 'aria-label="看 2024-09-02 09:30 时所知"' in html
    assert 'aria-label="as known at 2024-09-02 09:30"' in page(
        client(desk, "supervisor"), f"{PATH}?lang=en"
    )


def test_a_red_card_is_explained_by_the_steps_of_the_engine_itself(town: Engine) -> None:
    no = _late(town)
    text = page(client(town, "reviewer"), f"/petitions/{no}")
    assert "为什么是红牌" in text
    for reading in town.assess(f"petition/{no}").readings:
        lines = explain(reading)
        for step in lines.zh()[-len(lines.rungs) - len(lines.derivation.steps) : -len(lines.rungs)]:
            assert step in text


def test_a_red_card_of_a_clock_that_has_ended_is_named_and_explained() -> None:
    ends = {"start": '"registered"', "stop": '"dispatched"'}
    triage = clause("triage", "2小时", rungs='red due red 30 to=["desk"]', **ends)
    rules = rules_of(pack_of(triage, clause("solve", "5日"), more=DESK))
    with engine("2025-06-03 08:00", rules) as desk:
        send(desk, "P1: 2025-06-03 09:00 registered")
        to(desk, "2025-06-03 12:00")
        send(desk, "P1: 2025-06-03 12:00 dispatched unit=U1")
        html = page(client(desk, "supervisor"), "/petitions/P1")
    assert "红牌 triage" in words_of(html[html.index('<div class="head-line">') :][:600])
    (opened,) = re.findall(r'<details class="why" id="([^"]+)" open>\s*<summary>([^<]+)', html)
    assert opened == ("why-triage-1", "为什么是红牌：triage")


def test_the_picture_has_words_for_those_who_do_not_see_it(town: Engine) -> None:
    no = _late(town)
    html = page(client(town, "supervisor"), f"/petitions/{no}")
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in html
    assert '<desc id="clocks-told">' in html
    assert "<caption>各条款的时限" in html


def test_as_known_shows_what_was_recorded_by_then_and_no_forms(town: Engine) -> None:
    no = _late(town)
    events = town.events(f"petition/{no}")
    instants = sorted({each.meta.recorded_at for each in events})
    html = page(client(town, "supervisor"), f"/petitions/{no}?step=3")
    shown = {each.version for each in events if each.meta.recorded_at <= instants[2]}
    for each in events:
        assert (f'id="record-{each.version}"' in html) == (each.version in shown)
    assert "正在查看过去的情形" in html
    assert "/record/" not in html


def test_as_corrected_shows_what_happened_by_then_whenever_it_was_learned(town: Engine) -> None:
    no = _late(town)
    events = town.events(f"petition/{no}")
    third = sorted({each.meta.recorded_at for each in events})[2]
    html = page(client(town, "supervisor"), f"/petitions/{no}?step=3&corrected=yes")
    for each in events:
        assert (f'id="record-{each.version}"' in html) == (each.meta.occurred_at <= third)


def test_before_the_first_record_there_is_nothing_to_see(desk: Engine) -> None:
    answer = client(desk, "supervisor").get(
        f"{PATH}?known_at=2024-09-01T08:00", headers={"accept": "text/html"}
    )
    assert answer.status_code == 404
    assert "还没有任何记录" in answer.text


def test_a_time_that_is_none_is_refused(desk: Engine) -> None:
    answer = client(desk, "supervisor").get(f"{PATH}?known_at=soon")
    assert (answer.status_code, answer.json()["code"]) == (422, "MOMENT_WRONG")


def test_only_what_the_phase_allows_is_offered(desk: Engine) -> None:
    html = page(client(desk, "supervisor"), PATH)
    assert 'id="form-accepted"' in html
    assert 'id="form-resumed"' not in html
    assert 'id="form-callback_done"' not in html
    assert 'id="form-extension_granted"' not in html


def test_a_handler_is_offered_their_own_work_and_nothing_of_a_supervisor(desk: Engine) -> None:
    html = page(client(desk, "handler", unit="U01"), PATH)
    assert 'id="form-accepted"' in html
    assert 'id="form-dispatched"' not in html


def test_a_handler_of_another_unit_sees_nothing_and_does_nothing(desk: Engine) -> None:
    other = client(desk, "handler", unit="U02")
    assert other.get(PATH).json()["code"] == "UNKNOWN_DOSSIER"
    sent = {"seen": "3", "key": "k"}
    assert other.post(f"{PATH}/record/accepted", data=sent).json()["code"] == "UNKNOWN_DOSSIER"
    assert len(desk.events(f"petition/{NO}")) == 3


def test_a_form_is_recorded_under_its_sender_once_however_often_it_is_sent(desk: Engine) -> None:
    handler = client(desk, "handler", unit="U01")
    form = form_of(page(handler, PATH), "accepted")
    for _ in range(2):
        answer = handler.post(f"{PATH}/record/accepted", data=form)
        assert answer.status_code == 303, answer.text
        assert "已登记：签收" in words_of(page(handler, answer.headers["location"]))
    *_, last = desk.events(f"petition/{NO}")
    assert (last.event.NAME, last.meta.source, last.meta.key) == (
        "accepted", "console:handler", form["key"],
    )  # fmt: skip
    assert last.meta.unit == "U01"
    assert desk.assess(f"petition/{NO}").chronicle.phase == "in_progress"


def test_what_happened_earlier_is_recorded_as_of_then(desk: Engine) -> None:
    handler = client(desk, "handler", unit="U01")
    form = form_of(page(handler, PATH), "accepted")
    handler.post(f"{PATH}/record/accepted", data={**form, "at": "2024-09-02T09:45"})
    last = desk.events(f"petition/{NO}")[-1]
    assert last.meta.occurred_at == parse_instant("2024-09-02T09:45:00+08:00")
    assert last.meta.recorded_at == desk.clock.now()


def test_a_unit_does_not_take_back_by_its_own_word_what_was_held_against_it(desk: Engine) -> None:
    """Nobody met U01 on site by 11:30; an hour later it says that it was there at eleven."""
    move_to(desk, parse_instant("2024-09-02T12:30:00+08:00"))
    handler, supervisor = client(desk, "handler", unit="U01"), client(desk, "supervisor")
    late = {"at": "2024-09-02T11:00", "step": "onsite_arrived"}

    def sent(who: TestClient) -> tuple[int, str]:
        form = form_of(page(who, PATH), "step_done")
        answer = who.post(f"{PATH}/record/step_done", data={**form, **late})
        return answer.status_code, answer.json()["code"] if answer.status_code == 403 else ""

    def arrival() -> str:
        reading = desk.assess(f"petition/{NO}").reading("arrive")
        return reading.state.value if reading is not None else ""

    assert (sent(handler), arrival()) == ((403, "HELD_AGAINST_YOU"), "overdue")
    assert (sent(supervisor), arrival()) == ((303, ""), "met")


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong(desk: Engine) -> None:
    handler = client(desk, "handler", unit="U01")
    form = form_of(page(handler, PATH), "extension_requested")
    typed = {**form, "clause": "solve", "ground": "材料不齐"}
    answer = handler.post(
        f"{PATH}/record/extension_requested", data=typed, headers={"accept": "text/html"}
    )
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "材料不齐" in answer.text
    assert len(desk.events(f"petition/{NO}")) == 3


def test_a_page_that_is_out_of_date_records_nothing_and_shows_the_news(desk: Engine) -> None:
    supervisor, handler = client(desk, "supervisor"), client(desk, "handler", unit="U01")
    old = form_of(page(supervisor, PATH), "dispatched")
    handler.post(f"{PATH}/record/accepted", data=form_of(page(handler, PATH), "accepted"))
    answer = supervisor.post(
        f"{PATH}/record/dispatched",
        data={**old, "unit": "U07"},
        headers={"accept": "text/html"},
    )
    assert answer.status_code == 412
    text = words_of(answer.text)
    assert "有了新情况" in text
    assert "签收" in text
    assert 'value="U07"' in answer.text
    assert form_of(answer.text, "dispatched")["seen"] == "4"
    assert len(desk.events(f"petition/{NO}")) == 4


def test_a_form_without_the_version_it_was_filled_in_at_is_refused(desk: Engine) -> None:
    answer = client(desk, "supervisor").post(f"{PATH}/record/accepted", data={"key": "k"})
    assert answer.status_code == 422
    assert len(desk.events(f"petition/{NO}")) == 3


def test_a_petition_is_brought_from_dispatch_to_its_archive_by_the_forms_alone(
    desk: Engine,
) -> None:
    handler, supervisor = client(desk, "handler", unit="U01"), client(desk, "supervisor")
    solved = {"satisfied": "yes", "solved": "yes", "method": "电话"}
    for who, type_, typed in (
        (handler, "accepted", {}),
        (
            handler,
            "extension_requested",
            {"clause": "solve", "amount": "2个工作日", "ground": "检验"},
        ),
        (supervisor, "extension_granted", {"approver": "分管领导"}),
        (
            handler,
            "suspended",
            {"ground": next(iter(desk.rules.pack_on("zaozhuang-2110", desk.clock.now()).grounds))},
        ),
        (handler, "resumed", {}),
        (handler, "resolved", {"outcome": "solved"}),
        (supervisor, "callback_done", solved),
    ):
        html = page(who, PATH)
        form = form_of(html, type_)
        if type_ == "extension_granted":
            asked = desk.assess(f"petition/{NO}").chronicle.requests
            form["request"] = next(iter(asked))
        move_to(desk, desk.clock.now() + 60_000_000)
        answer = who.post(f"{PATH}/record/{type_}", data={**form, **typed})
        assert answer.status_code == 303, (type_, words_of(answer.text)[:600])
    assert desk.assess(f"petition/{NO}").chronicle.phase == "closed"
    text = words_of(page(supervisor, PATH))
    assert "延期" in text
    assert "已了结" in text


def test_personal_data_is_starred_out_until_somebody_says_for_what(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    assert PERSONAL["姓名"] not in page(supervisor, PATH)
    assert "王**" in page(supervisor, PATH)
    shown = supervisor.post(f"{PATH}/personal", data={"purpose": "verify"})
    assert PERSONAL["电话"] in shown.text
    (read,) = desk.log.read(f"reading/of/{NO}")
    assert (read.meta.actor, read.event.purpose) == ("supervisor", "verify")  # type: ignore[attr-defined]


def test_without_a_purpose_nothing_personal_is_shown_and_a_reviewer_is_not_asked(
    desk: Engine,
) -> None:
    answer = client(desk, "supervisor").post(f"{PATH}/personal", data={"purpose": "curiosity"})
    assert (answer.status_code, answer.json()["code"]) == (422, "PURPOSE_UNKNOWN")
    assert "/personal" not in page(client(desk, "reviewer"), PATH)
    assert client(desk, "reviewer").post(f"{PATH}/personal").status_code == 403


def test_every_form_has_an_address_that_takes_the_permission_of_its_fact(desk: Engine) -> None:
    reviewer = client(desk, "reviewer")
    for command in PETITION_COMMANDS:
        answer = reviewer.post(f"{PATH}/record/{command.type}", data={})
        allowed = answer.json()["errors"][0]["detail"]
        assert answer.status_code == 403, command.type
        assert permission_for("petition", command.type) in allowed


def test_the_heading_bears_the_card_that_the_work_list_counts(town: Engine) -> None:
    words = {"red": "红牌", "yellow": "黄牌"}
    supervisor = client(town, "supervisor")
    rows = docket.page(town, Filter(state="any"), limit=30).rows
    assert {row["card"] for row in rows} >= {"red", ""}
    for row in rows:
        html = page(supervisor, f"/petitions/{row['no']}")
        heading = html[html.index("<h1>") : html.index('<span class="phase">')]
        if not row["open"]:
            assert "已了结" in heading
        elif row["card"]:
            assert words[row["card"]] in heading
        else:
            assert "超时" in heading or "正常" in heading


def test_the_page_speaks_english_where_it_is_asked_to(town: Engine) -> None:
    html = page(client(town, "supervisor"), f"/petitions/{_late(town)}?lang=en")
    assert '<html lang="en">' in html
    assert "Why it is a red card" in html
    assert "as corrected since" in html


def test_no_script_and_nothing_that_builds_one_stands_in_the_page(town: Engine) -> None:
    html = page(client(town, "supervisor"), f"/petitions/{_late(town)}")
    assert "hx-on" not in html
    assert "javascript:" not in html
    assert " onclick" not in html
    assert "<script>" not in html


def _in_chinese(html: str) -> list[str]:
    """What is Chinese of a page without being marked as that."""
    unmarked = re.sub(r'<(\w+)[^>]* lang="zh-CN"[^>]*>.*?</\1>', "", html, flags=re.DOTALL)
    return re.findall(r">[^<]*[\u4e00-\u9fff][^<]*<", unmarked)


def test_an_explanation_in_english_marks_what_the_pack_has_in_chinese_alone(town: Engine) -> None:
    no = _late(town)
    html = page(client(town, "supervisor"), f"/petitions/{no}?lang=en")
    why = html[html.index('<section class="panel" aria-labelledby="why">') :]
    why = why[: why.index("</section>")]
    assert _in_chinese(why) == []
    assert '<dd><span lang="zh-CN">' in why, "the basis is the pack's own text"
    words = words_of(re.sub(r'<span lang="zh-CN">.*?</span>', "", why))
    for said in ("Rule", "Started", "Due", "Step by step", "working day", "record ", "Now"):
        assert said in words
    assert not set("，；：（）") & set(words)


def test_in_chinese_nothing_is_marked(town: Engine) -> None:
    html = page(client(town, "supervisor"), f"/petitions/{_late(town)}")
    assert '<span lang="zh-CN">' not in html

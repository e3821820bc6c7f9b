"""Intake into the log: what is recorded, what is answered again, what is refused, in one commit."""

from collections.abc import Iterator

import pytest

from sla_engine.dossier.events import AnomalyNoted
from sla_engine.policy.rulebook import Rulebook
from sla_engine.service.handler import Handler, outcome_dict
from sla_engine.wiring import Engine
from tests.support.given import (
    SHIPPED,
    clause,
    engine,
    instant,
    pack_of,
    rules_of,
    send,
    shown,
    statuses,
    submission,
    to,
)

RULES = rules_of(
    pack_of(
        clause("solve", "10个工作日", rungs="warn due-3个工作日 warn 10; red due red 30"),
        clause("call", "1个工作日", start='"resolved"', stop='"callback_done"'),
    )
)
REGISTERED = "2025-06-03 09:00 registered"
DISPATCHED = "2025-06-03 10:00 dispatched unit=U1 assignment=A1"


@pytest.fixture
def empty() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", RULES) as each:
        yield each


@pytest.fixture
def opened(empty: Engine) -> Engine:
    send(empty, f"{REGISTERED} id=r1", f"{DISPATCHED} id=d1")
    return empty


def anomalies(each: Engine, no: str = "P1") -> list[AnomalyNoted]:
    events = [recorded.event for recorded in each.events(f"petition/{no}")]
    return [event for event in events if isinstance(event, AnomalyNoted)]


# -------------------------------------------------------------------------------- sent twice


def test_the_same_event_sent_twice_is_answered_with_its_first_version(opened: Engine) -> None:
    again = send(opened, f"{DISPATCHED} id=d1")
    assert [(each.status, each.stream, each.version) for each in again] == [
        ("repeated", "petition/P1", 2)
    ]
    assert len(opened.events("petition/P1")) == 2


def test_twice_in_one_batch_is_no_different(empty: Engine) -> None:
    outcomes = send(empty, f"{REGISTERED} id=r1", f"{REGISTERED} id=r1")
    assert [(each.status, each.version) for each in outcomes] == [("recorded", 1), ("repeated", 1)]


def test_an_id_used_for_another_body_is_refused_and_noted_once(opened: Engine) -> None:
    other = "2025-06-03 10:01 dispatched unit=U9 assignment=A1 id=d1 known=2025-06-03T11:00"
    for _ in range(3):
        assert statuses(send(opened, other)) == ["KEY_REUSED"]
    (noted,) = anomalies(opened)
    assert (noted.code, noted.where) == ("KEY_REUSED", "test:d1")
    another = other.replace("U9", "U8")
    assert statuses(send(opened, another)) == ["KEY_REUSED"]
    assert len(anomalies(opened)) == 2
    assert opened.assess("petition/P1").chronicle.lanes.all["A1"].unit == "U1"


def test_an_id_used_for_another_petition_is_noted_where_it_was_used_first(opened: Engine) -> None:
    (outcome,) = send(opened, "P2: 2025-06-03 11:00 registered id=d1")
    assert (outcome.stream, outcome.faults[0].found) == ("petition/P1", "test:d1")
    assert len(anomalies(opened, "P1")) == 1
    assert opened.events("petition/P2") == []


def test_two_sources_may_use_the_same_id(opened: Engine) -> None:
    assert statuses(send(opened, "2025-06-03 11:00 accepted id=d1 source=other")) == ["recorded"]


def test_a_refused_event_may_be_sent_again_under_its_id(opened: Engine) -> None:
    early = "2025-06-03 15:00 callback_done satisfied=true id=c1"
    assert statuses(send(opened, early)) == ["PHASE_IMPOSSIBLE"]
    send(opened, "2025-06-03 14:00 resolved known=2025-06-03T16:00")
    assert statuses(send(opened, early)) == ["recorded"]


# -------------------------------------------------------------------------------------- batches


def test_good_and_bad_in_one_batch_do_not_touch_each_other(empty: Engine) -> None:
    outcomes = send(
        empty,
        f"P1: {REGISTERED}",
        "P1: 2025-06-03 09:30 resolved",
        f"P2: {DISPATCHED}",
        f"P3: {REGISTERED} region=枣庄",
        f"P4: {REGISTERED} pack=none",
        f"P5: {REGISTERED}",
    )
    assert statuses(outcomes) == [
        "recorded",
        "PHASE_IMPOSSIBLE",
        "NOT_REGISTERED",
        "REGION_UNKNOWN",
        "POLICY_UNKNOWN",
        "recorded",
    ]
    assert list(empty.log.streams("petition/")) == ["petition/P1", "petition/P5"]


def test_the_order_within_a_batch_says_nothing(empty: Engine) -> None:
    lines = (f"{DISPATCHED} id=d1", "2025-06-03 11:00 accepted id=a1", f"{REGISTERED} id=r1")
    assert statuses(send(empty, *lines)) == ["recorded"] * 3
    names = [type(each.event).__name__ for each in empty.events("petition/P1")]
    assert names == ["Registered", "Dispatched", "Accepted"]


def test_outcomes_are_answered_in_the_order_of_the_batch(empty: Engine) -> None:
    lines = (DISPATCHED, REGISTERED)
    assert [each.version for each in send(empty, *lines)] == [2, 1]


def test_a_dossier_whose_rules_are_gone_holds_nobody_else_up(opened: Engine) -> None:
    edited = pack_of(clause("solve", "11个工作日"))
    handler = Handler(opened.log, lambda: rules_of(edited))
    lines = (
        "P1: 2025-06-03 11:00 accepted",
        "P1: 2025-06-03 11:00 accepted id=d1",
        f"P2: {REGISTERED}",
    )
    batch = [submission(opened, line) for line in lines]
    outcomes = handler.take(batch, instant("2025-06-03 12:00"))
    assert statuses(outcomes) == ["RULES_CHANGED", "RULES_CHANGED", "recorded"]


# ------------------------------------------------------------------------------------- openings


def test_a_dossier_is_opened_once(opened: Engine) -> None:
    (outcome,) = send(opened, "2025-06-03 11:00 registered id=r2")
    assert statuses([outcome]) == ["ALREADY_REGISTERED"]
    assert outcome.faults[0].found == "petition/P1"


def test_a_talk_is_opened_like_a_petition() -> None:
    with engine("2025-06-03 08:00", SHIPPED) as each:
        lines = (
            "talk/T1: 2025-06-03 10:00 approved approver=L",
            "talk/T1: 2025-06-03 09:00 proposed pack=zaozhuang-2110",
        )
        assert statuses(send(each, lines[0])) == ["NOT_REGISTERED"]
        assert statuses(send(each, *lines)) == ["recorded", "recorded"]


# --------------------------------------------------------------------------------- time of facts


def test_a_source_whose_clock_is_ahead_is_refused_beyond_the_tolerance() -> None:
    with engine("2025-06-03 08:00", RULES, tolerance_s=60) as each:
        send(each, REGISTERED)
        ahead = "2025-06-03 10:01 dispatched unit=U1 known=2025-06-03T10:00"
        too_far = "2025-06-03 10:01:01 admitted known=2025-06-03T10:00"
        assert statuses(send(each, too_far, ahead)) == ["IN_THE_FUTURE", "recorded"]
        assert each.assess("petition/P1").readings == ()
        to(each, "2025-06-03 10:01")
        assert len(each.assess("petition/P1").readings) == 1


def test_a_clock_that_a_source_starts_ahead_of_us_is_swept_like_any_other() -> None:
    """Its alarm is set with the fact itself: nothing else may ever touch the petition again."""
    with engine("2025-06-03 08:00", RULES, tolerance_s=60) as each:
        send(each, REGISTERED, "2025-06-03 10:01 dispatched unit=U1 known=2025-06-03T10:00:30")
        assert shown(each.next_alarm()) == "2025-06-12 09:00"
        assert shown(each.assess("petition/P1").next_alarm) == "2025-06-12 09:00"
        to(each, "2025-06-18 10:00")
        acts = each.dossier("petition/P1").acts
        assert set(acts) == {("solve", "1", "warn"), ("solve", "1", "red")}


# -------------------------------------------------------------------------------------- history


def test_an_import_of_history_takes_what_could_not_be_and_marks_it(empty: Engine) -> None:
    outcomes = send(
        empty,
        f"{REGISTERED} historic=true known=2025-07-01T09:00",
        "2025-06-03 09:10 callback_done satisfied=true known=2025-07-01T09:00",
        "2025-06-03 09:20 resumed known=2025-07-01T09:00",
        "2025-06-03 09:30 step_done step=unheard_of known=2025-07-01T09:00",
        history=True,
    )
    assert statuses(outcomes) == ["recorded"] * 4
    marked = [each.meta.anomaly for each in empty.events("petition/P1")]
    assert marked == ["", "PHASE_IMPOSSIBLE", "SUSPENSION_IMPOSSIBLE", "STEP_NOT_IN_PACK"]


def test_what_no_history_can_hold_is_refused_all_the_same(empty: Engine) -> None:
    outcomes = send(
        empty,
        f"{REGISTERED} historic=true known=2025-07-01T09:00",
        f"{DISPATCHED} known=2025-07-01T09:00",
        "2025-06-03 11:10 suspended ground=none known=2025-07-01T09:00",
        "2025-07-02 09:10 admitted known=2025-07-01T09:00",
        f"P9: {DISPATCHED} known=2025-07-01T09:00",
        history=True,
    )
    assert statuses(outcomes) == [
        "recorded",
        "recorded",
        "GROUND_NOT_IN_PACK",
        "IN_THE_FUTURE",
        "NOT_REGISTERED",
    ]


def test_only_an_import_may_call_a_petition_historic(empty: Engine) -> None:
    assert statuses(send(empty, f"{REGISTERED} historic=true")) == ["HISTORY_ONLY"]


# ---------------------------------------------------------------------------- touch and the index


def test_acts_due_before_a_fact_are_recorded_before_it(opened: Engine) -> None:
    clock = opened.clock
    clock.set(instant("2025-06-18 10:00"))  # type: ignore[attr-defined] # a virtual clock
    send(opened, "2025-06-18 10:00 resolved")
    names = [type(each.event).__name__ for each in opened.events("petition/P1")]
    assert names == ["Registered", "Dispatched", "RungFired", "RungFired", "Resolved"]


def test_the_alarm_index_follows_each_commit(opened: Engine) -> None:
    def rows() -> dict[str, tuple[str, str]]:
        return {row.clause: (row.state, row.rung) for _, row in opened.log.alarms("petition/P1")}

    assert rows() == {"solve": ("running", "warn")}
    send(opened, "2025-06-05 10:00 resolved")
    assert rows() == {"solve": ("met", ""), "call": ("running", "")}


def test_an_answer_is_json_ready(opened: Engine) -> None:
    recorded, refused = send(
        opened, "2025-06-03 11:00 accepted", "2025-06-03 12:00 registered id=r9"
    )
    assert outcome_dict(recorded) == {
        "status": "recorded",
        "stream": "petition/P1",
        "version": 3,
    }
    told = outcome_dict(refused)
    assert told["status"] == "refused"
    assert isinstance(told["faults"], list)
    assert set(told["faults"][0]) == {"code", "where", "found", "allowed", "near", "zh", "en"}


def test_the_rules_in_force_are_asked_for_with_every_batch(empty: Engine) -> None:
    asked: list[Rulebook] = []

    def rules() -> Rulebook:
        asked.append(RULES)
        return RULES

    handler = Handler(empty.log, rules)
    handler.take([], instant("2025-06-03 09:00"))
    handler.take([], instant("2025-06-03 09:00"))
    assert len(asked) == 2


FAR = pack_of(
    clause("report", "10个工作日", scope='"round"', start='"period_ended"', stop='"published"'),
    clause("solve", "5个工作日"),
    """
[[series]]
id = "year"
name = { zh = "年报", en = "annual report" }
form = "report"
cycle = "year"
basis = ["测试"]
status = "default"
""",
)


def test_a_fact_whose_clock_cannot_be_reckoned_costs_nobody_else_their_fact() -> None:
    with engine("2025-06-03 08:00", rules_of(FAR)) as each:
        outcomes = send(
            each,
            "P1: 2025-06-03 09:00 registered",
            "round/R1: 2025-06-03 09:00 opened series=year period=1901",
            "round/R2: 2025-06-03 09:00 opened series=year period=2025",
            "P1: 2025-06-03 10:00 dispatched unit=U1",
        )
        assert statuses(outcomes) == ["recorded", "UNPUBLISHED_YEAR", "recorded", "recorded"]
        assert each.verify().identical

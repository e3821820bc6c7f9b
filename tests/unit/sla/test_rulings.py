"""A ruling beside a computed verdict: what stays, what falls, what comes back."""

from typing import Any

import pytest

from sla_engine.dossier.events import VerdictSuperseded, Voided
from sla_engine.record import ENGINE, Draft, Meta
from tests.support.given import Matter, clause, instant, pack_of, rules_of

RUNGS = "yellow due-1个工作日 yellow 20; red due red 30; urge due+2个工作日 urge 40"
RULES = rules_of(pack_of(clause("solve", "5个工作日", rungs=RUNGS), clause("other", "5个工作日",
                         stop='"closed"', rungs="red due red 30")))  # fmt: skip
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
# Due on Tue 10 June: 4, 5, 6, 9, 10; yellow on the 9th, urged on Thu the 12th.
RESOLVED = "2025-06-13 10:00 resolved"


def late(*lines: str) -> Matter:
    case = Matter(RULES, *OPENED)
    case.touch("2025-06-09 09:00", "2025-06-11 09:00", "2025-06-12 09:00")
    return case.take(RESOLVED, *lines)


def rule(case: Matter, when: str, verdict: str, known: str = "", **more: Any) -> Matter:
    """Record a ruling as the reactor does."""
    at, learned = instant(when), instant(known or when)
    meta = Meta(occurred_at=at, recorded_at=learned, source=ENGINE, key=f"rule {when}")
    said = {"clause": "solve", "cycle": "1", "dispute": "D1", **more}
    case.append([Draft(meta, VerdictSuperseded(verdict=verdict, **said))])
    return case.touch(known or when)


def void(case: Matter, ruled: str, when: str) -> Matter:
    meta = Meta(occurred_at=instant(when), recorded_at=instant(when), source=ENGINE)
    case.append([Draft(meta, Voided(f"engine:rule {ruled}", "-"))])
    return case.touch(when)


def names(acts: list[str]) -> list[str]:
    return [act.split(" ")[0] for act in acts]


ALL = ["solve/yellow#0", "solve/red#0", "solve/urge#0"]


def test_a_verdict_that_nobody_ruled_on_is_the_computed_one() -> None:
    reading = late().reading("solve", "2025-06-20 10:00")
    assert (reading.state.value, reading.verdict, reading.ruling) == ("late", "late", None)


def test_the_computed_verdict_stays_beside_the_ruling() -> None:
    reading = rule(late(), "2025-06-20 10:00", "excluded").reading("solve", "2025-06-21 10:00")
    assert (reading.state.value, reading.verdict) == ("late", "excluded")
    assert reading.due == late().reading("solve", "2025-06-21 10:00").due
    assert reading.ruling is not None
    assert (reading.ruling.dispute, reading.ruling.at) == ("D1", instant("2025-06-20 10:00"))


def test_before_it_was_made_there_was_no_ruling() -> None:
    ruled = rule(late(), "2025-06-20 10:00", "excluded")
    assert ruled.reading("solve", "2025-06-19 10:00").ruling is None


@pytest.mark.parametrize("verdict", ["met", "excluded"])
def test_acts_that_rest_on_the_breach_fall_and_the_warning_stays(verdict: str) -> None:
    ruled = rule(late(), "2025-06-20 10:00", verdict)
    assert names(ruled.standing("solve")) == ["solve/yellow#0"]


def test_the_withdrawal_names_the_ruling() -> None:
    ruled = rule(late(), "2025-06-20 10:00", "met")
    version = next(e.version for e in ruled.log if isinstance(e.event, VerdictSuperseded))
    assert {each.overturned_by for each in ruled.withdrawals()} == {version}


def test_the_clocks_beside_it_are_not_touched() -> None:
    ruled = rule(late(), "2025-06-20 10:00", "met")
    assert names(ruled.standing("other")) == ["other/red#0"]


def test_a_ruling_that_it_was_late_indeed_leaves_the_acts() -> None:
    assert names(rule(late(), "2025-06-20 10:00", "late").standing("solve")) == ALL


def test_a_later_ruling_takes_the_place_of_the_former() -> None:
    """The acts come back two hours after it was learned, under new numbers."""
    case = rule(late(), "2025-06-20 10:00", "excluded")
    rule(case, "2025-07-20 10:00", "late")
    assert names(case.standing("solve")) == ["solve/yellow#0"]
    case.touch("2025-07-20 12:00")
    assert names(case.standing("solve")) == ["solve/yellow#0", "solve/red#1", "solve/urge#1"]
    assert case.reading("solve", "2025-07-21 10:00").verdict == "late"


def test_of_two_rulings_the_later_counts_in_whatever_order_they_are_learned() -> None:
    case = rule(late(), "2025-07-20 10:00", "late")
    rule(case, "2025-06-20 10:00", "excluded", known="2025-07-21 10:00")
    assert case.reading("solve", "2025-07-22 10:00").verdict == "late"
    assert names(case.standing("solve")) == ALL


def test_a_voided_ruling_gives_back_the_verdict_and_the_acts() -> None:
    case = rule(late(), "2025-06-20 10:00", "met")
    void(case, "2025-06-20 10:00", "2025-06-25 10:00").touch("2025-06-25 12:00")
    assert case.reading("solve", "2025-06-26 10:00").ruling is None
    assert names(case.standing("solve")) == ["solve/yellow#0", "solve/red#1", "solve/urge#1"]


def test_what_falls_twice_acts_twice() -> None:
    case = rule(late(), "2025-06-20 10:00", "met")
    void(case, "2025-06-20 10:00", "2025-06-25 10:00").touch("2025-06-25 12:00")
    rule(case, "2025-06-27 10:00", "met")
    marks = [act.endswith("×") for act in case.acts("solve") if "red" in act]
    assert marks == [True, True]


def test_a_ruling_on_one_act_takes_that_act_alone() -> None:
    case = rule(late(), "2025-06-20 10:00", "excluded", rung="yellow")
    assert names(case.standing("solve")) == ["solve/red#0", "solve/urge#0"]
    assert case.reading("solve", "2025-06-21 10:00").ruling is None


def test_an_act_is_given_back_by_a_later_ruling_on_it() -> None:
    case = rule(late(), "2025-06-20 10:00", "excluded", rung="red")
    rule(case, "2025-07-20 10:00", "late", rung="red").touch("2025-07-20 12:00")
    assert names(case.standing("solve")) == ["solve/yellow#0", "solve/red#1", "solve/urge#0"]


def test_a_clock_that_still_runs_late_takes_no_further_act_once_it_is_left_out() -> None:
    case = Matter(RULES, *OPENED).touch("2025-06-09 09:00", "2025-06-11 09:00")
    rule(case, "2025-06-11 10:00", "excluded").touch("2025-06-30 09:00")
    assert names(case.standing("solve")) == ["solve/yellow#0"]
    assert case.state("solve", "2025-06-30 10:00") == "overdue"

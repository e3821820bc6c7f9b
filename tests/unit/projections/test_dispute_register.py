"""What disputes leave in read models: their register, and the verdict that counts in the rates."""

from collections.abc import Iterator
from typing import Any

import pytest

from projections import lists
from projections.scorecard import Scorecard
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, clause, engine, pack_of, rules_of, send, to

DISPUTES = next(pack for pack in SHIPPED.packs if pack.name == "disputes-generic")
MEASURE = """
[[measure]]
id = "on-time"
name = { zh = "按时", en = "on time" }
formula = { zh = "按时 ÷ 应办", en = "met over judged" }
numerator = ["solve.met"]
denominator = ["solve.judged"]
basis = ["测试"]
"""
RULES = rules_of(DISPUTES, pack_of(clause("solve", "5个工作日", rungs="red due red 30"), MEASURE))
# Due on Tue 10 June: 4, 5, 6, 9, 10; late since 06-11 0:00.
STORY = (
    "P1: 2025-06-03 09:00 registered",
    "P1: 2025-06-03 10:00 dispatched unit=U1",
    "P1: 2025-06-13 10:00 resolved",
    "dispute/D1: 2025-06-16 10:00 opened pack=disputes-generic clause=solve",
    "dispute/D1: 2025-06-16 11:00 evidence_filed document=照片",
    "dispute/D1: 2025-06-17 10:00 admitted",
)


@pytest.fixture
def running() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", RULES) as each:
        for line in STORY:
            send(each, line)
        yield each


def rule(each: Engine, words: str, when: str = "2025-06-20 10:00") -> None:
    (outcome,) = send(each, f"dispute/D1: {when} ruled ruler=head document=x id=r1 {words}")
    assert outcome.status == "recorded", outcome


def counters(each: Engine) -> dict[str, int]:
    """What is counted of the clock, on the day on which it was first late."""
    cells = {key: cell for key, cell in each.rows("scorecard.cells") if "|2025-06-11|U1|" in key}
    (cell,) = cells.values()
    return {name: n for name, n in cell.items() if "solve." in name or name.startswith("dispute@")}


def row(each: Engine) -> dict[str, Any]:
    ((_, found),) = each.rows("dispute_register")
    return found


def test_a_late_clock_counts_as_late_while_it_is_disputed(running: Engine) -> None:
    assert counters(running) == {"solve.judged": 1, "solve.late": 1}


@pytest.mark.parametrize(
    ("verdict", "counted"),
    [
        ("met", {"solve.judged": 1, "solve.met": 1, "dispute@D1": 1}),
        ("late", {"solve.judged": 1, "solve.late": 1, "dispute@D1": 1}),
        ("excluded", {"!solve.judged": 1, "!solve.late": 1, "dispute@D1": 1}),
    ],
)
def test_the_ruling_counts_on_the_same_day_for_the_same_unit(
    running: Engine, verdict: str, counted: dict[str, int]
) -> None:
    rule(running, f"outcome=upheld verdict={verdict}")
    assert counters(running) == counted


def test_a_ruling_that_is_voided_counts_no_more(running: Engine) -> None:
    rule(running, "outcome=upheld verdict=met")
    send(running, "dispute/D1: 2025-06-21 10:00 voided fact=test:r1 ground=误录")
    assert counters(running) == {"solve.judged": 1, "solve.late": 1}


def test_an_act_that_is_ruled_out_leaves_the_verdict(running: Engine) -> None:
    about = "pack=disputes-generic clause=solve rung=red"
    send(running, f"dispute/D2: 2025-06-18 10:00 opened {about}")
    send(running, "dispute/D2: 2025-06-18 11:00 admitted")
    send(running, "dispute/D2: 2025-06-19 11:00 ruled ruler=head document=x outcome=upheld")
    assert counters(running) == {"solve.judged": 1, "solve.late": 1}


def test_what_was_excluded_as_a_whole_is_not_set_aside_twice(running: Engine) -> None:
    rule(running, "outcome=upheld verdict=excluded")
    ((_, petition),) = running.rows("scorecard")
    petition = {**petition, "exclusions": [["T1", "X-FORCE", []]]}
    cell = next(cell for key, cell in Scorecard().tally(petition).items() if "|2025-06-11|" in key)
    assert {name: n for name, n in cell.items() if "solve." in name} == {
        "!solve.judged": 1,
        "!solve.late": 1,
    }


def test_the_register_says_where_a_dispute_stands(running: Engine) -> None:
    found = row(running)
    assert (found["phase"], found["open"], found["about"]) == ("admitted", True, "clock")
    assert (found["evidence"], found["replays"], found["outcome"]) == (["照片"], [], "")
    rule(running, "outcome=upheld verdict=met")
    found = row(running)
    assert (found["phase"], found["open"], found["verdict"]) == ("ruled", False, "met")


def test_the_register_keeps_what_replays_came_to(running: Engine) -> None:
    one, two = "a" * 64, "b" * 64
    question = ' {"known_at":1750212000000000}'
    line = f"replay_run question='{question}' inputs={one} result={two} finding=late"
    send(running, f"dispute/D1: 2025-06-18 10:00 {line}")
    assert row(running)["replays"] == [[one, two, "late"]]


def test_a_slow_office_shows_in_the_register(running: Engine) -> None:
    to(running, "2025-07-20 10:00")
    found = row(running)
    assert (found["level"], found["acts"]["supervise"]) == (40, 1)
    assert found["due"] is not None


def test_a_voided_ruling_opens_the_dispute_again(running: Engine) -> None:
    rule(running, "outcome=rejected")
    send(running, "dispute/D1: 2025-06-21 10:00 voided fact=test:r1 ground=误录")
    found = row(running)
    assert (found["phase"], found["outcome"], found["ruled_at"]) == ("admitted", "", None)


def test_evidence_without_a_reference_is_none(running: Engine) -> None:
    send(running, 'dispute/D1: 2025-06-17 11:00 evidence_filed document=""')
    send(running, "dispute/D1: 2025-06-17 12:00 evidence_filed document=录音")
    assert row(running)["evidence"] == ["照片", "录音"]


@pytest.mark.parametrize(
    ("verdict", "counted"), [("met", {"judged:11": 1, "met:11": 1}), ("excluded", {})]
)
def test_the_cockpit_counts_a_clock_by_its_ruling_as_the_scorecard_does(
    running: Engine, verdict: str, counted: dict[str, int]
) -> None:
    def cell() -> dict[str, int]:
        month = running.row("docket.cells", "month|2025-06|U1") or {}
        return {name: n for name, n in month.items() if name.startswith(("judged", "met"))}

    assert cell() == {"judged:11": 1}
    rule(running, f"outcome=upheld verdict={verdict}")
    assert cell() == counted
    assert running.verify().identical


def test_disputes_are_listed_newest_first_by_who_claims_and_whether_they_are_open(
    running: Engine,
) -> None:
    send(running, "dispute/D2: 2025-06-18 10:00 opened pack=disputes-generic clause=solve")

    def listed(**asked: Any) -> list[str]:
        return [row["dispute"] for row in lists.page(running, "dispute_list", **asked).rows]

    (who, *_) = (row["claimant"] for _, row in running.rows("dispute_register"))
    assert listed() == listed(unit=who) == ["D2", "D1"]
    assert listed(unit="somebody else") == []
    rule(running, "outcome=upheld verdict=met")
    assert listed(only_open=True) == ["D2"]
    assert listed(phase="admitted", only_open=True) == []

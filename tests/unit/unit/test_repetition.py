"""Which triggers a unit's tally reaches: periods, windows, consecutive rounds."""

from collections.abc import Iterable

import pytest

from sla_engine.escalation.repetition import occurrences, reached
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Meta
from sla_engine.unit.events import Counted, Discounted
from tests.support.given import (
    Matter,
    clause,
    instant,
    pack_of,
    rules_of,
    series,
    shown,
    talks,
    trigger,
)

SOLVE = clause("solve", "5个工作日", rungs="yellow due-1个工作日 yellow 20")
SERIES = series("board", "board", "quarter", "black bottom=1")


def tally(rules: Rulebook, *lines: str) -> Matter:
    """A unit's tally; a line is "2024-05-06 10:00 what cause", then series and period if any."""
    return counted(Matter(rules, stream="unit/demo/U1"), lines)


def counted(unit: Matter, lines: Iterable[str]) -> Matter:
    for line in lines:
        day, clock, what, cause, *round_ = line.split()
        at = instant(f"{day} {clock}")
        series, period = round_ or ("", "")
        event = (
            Discounted(cause)
            if what == "gone"
            else Counted(what, cause, "demo", "CN-3704", "U1", series=series, period=period)
        )
        unit.append([Draft(Meta(occurred_at=at, recorded_at=at), event)])
    return unit


def found(unit: Matter, when: str = "2030-01-01 00:00") -> list[tuple[str, str]]:
    each = reached(unit.dossier, unit.rules, instant(when))
    return [(one.cycle, shown(one.at)) for one in each]


MONTH = rules_of(pack_of(SOLVE, trigger("two", "act:yellow", 2, "month")))


def test_so_many_in_a_month_reach_it_once_with_the_one_that_completes_the_number() -> None:
    unit = tally(
        MONTH,
        "2024-05-31 10:00 act:yellow c1",
        "2024-06-03 10:00 act:yellow c2",
        "2024-06-05 10:00 act:yellow c3",
        "2024-06-07 10:00 act:yellow c4",
    )
    assert found(unit) == [("2024-06", "2024-06-05 10:00")]


def test_what_is_overturned_counts_no_more_and_counts_again_when_it_comes_back() -> None:
    unit = tally(
        MONTH,
        "2024-06-03 10:00 act:yellow c2",
        "2024-06-05 10:00 act:yellow c3",
        "2024-06-06 10:00 gone c2",
    )
    assert found(unit) == []
    assert found(counted(unit, ["2024-06-03 10:00 act:yellow c2"])) == [
        ("2024-06", "2024-06-05 10:00")
    ]


def test_occurrences_stand_in_the_order_of_their_legal_instants() -> None:
    unit = tally(MONTH, "2024-06-05 10:00 act:yellow c3", "2024-06-03 10:00 act:yellow c2")
    assert [each.said.cause for each in occurrences(unit.dossier)] == ["c2", "c3"]


YEAR = rules_of(pack_of(trigger("three", "talk:2 talk:3", 3, "12个月"), talks()))


def test_a_window_slides() -> None:
    unit = tally(
        YEAR,
        "2023-03-01 10:00 talk:2 c1",
        "2023-09-01 10:00 talk:3 c2",
        "2024-03-02 10:00 talk:2 c3",
        "2024-08-30 10:00 talk:2 c4",
    )
    assert [at for _, at in found(unit)] == ["2024-08-30 10:00"]


def test_the_last_day_of_a_window_is_within() -> None:
    lines = ("2023-03-01 10:00 talk:2 c1", "2023-09-01 10:00 talk:3 c2")
    assert found(tally(YEAR, *lines, "2024-03-01 23:00 talk:2 c3"))
    assert not found(tally(YEAR, *lines, "2024-03-02 00:01 talk:2 c3"))


BLACK = rules_of(pack_of(SOLVE, SERIES, trigger("black", "place:black", 3, "consecutive")))


@pytest.mark.parametrize(
    ("quarters", "reachings"),
    [
        ("2023Q3 2023Q4 2024Q1", ["2024Q1"]),
        ("2023Q3 2024Q1 2024Q2", []),
        ("2023Q3 2023Q4 2024Q1 2024Q2", ["2024Q1", "2024Q2"]),
    ],
)
def test_rounds_count_as_consecutive_without_a_gap(quarters: str, reachings: list[str]) -> None:
    lines = [
        f"2024-0{index}-10 10:00 place:black {quarter} board {quarter}"
        for index, quarter in enumerate(quarters.split(), 1)
    ]
    assert [cycle for cycle, _ in found(tally(BLACK, *lines))] == reachings


def test_a_trigger_fires_once_and_is_withdrawn_when_it_is_reached_no_longer() -> None:
    unit = tally(MONTH, "2024-06-03 10:00 act:yellow c2", "2024-06-05 10:00 act:yellow c3")
    unit.touch("2024-06-05 11:00", "2024-06-05 12:00")
    assert unit.acts() == ["two:2024-06/reached#0 2024-06-05 10:00"]
    counted(unit, ["2024-06-06 10:00 gone c3"]).touch("2024-06-06 11:00", "2024-06-06 12:00")
    assert unit.acts() == ["two:2024-06/reached#0 2024-06-05 10:00×"]
    counted(unit, ["2024-06-05 10:00 act:yellow c3"]).touch("2024-06-07 11:00")
    assert unit.standing() == ["two:2024-06/reached#1 2024-06-05 10:00"]


def test_what_was_counted_under_a_pack_that_has_ended_reaches_nothing() -> None:
    ended = rules_of(
        pack_of(
            SOLVE,
            trigger("two", "act:yellow", 2, "month"),
            more="effective_to = 2024-06-04",
        )
    )
    lines = ("2024-06-03 10:00 act:yellow c2", "2024-06-05 10:00 act:yellow c3")
    assert found(tally(ended, *lines)) == []

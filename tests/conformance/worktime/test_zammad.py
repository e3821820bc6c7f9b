"""Zammad: its own specs' figures, under its conventions, answered by the kernel.

Zammad counts whole minutes, and moves a deadline that falls on closing time to the next opening;
ours is the close itself (`FLIPPED`).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import (
    Amount,
    OfficeHours,
    Reckoning,
    Term,
    Timetable,
    Unit,
    parse_instant,
    progress,
    reckon,
    remaining,
)
from tests.support.peers import family, instants, next_open, timetable
from tests.support.tables import Row, sessions

CALENDARS, ROWS = family("zammad")

NOT_OFFERED = dict.fromkeys(
    (f"zammad-{n:03}" for n in range(62, 69)),
    "turns pauses into breaks of local clock time: here a pause is a pair of instants",
)

FLIPPED = {"zammad-016"}
"""Two working hours used up at closing time: ours is due then, Zammad's at the next opening."""

SECOND, MINUTE = 1_000_000, 60_000_000


def on(row: Row) -> Timetable:
    first = row["start"] if "start" in row else row["exchanges"][0][0]
    return timetable(CALENDARS[row["on"]], int(first[:4]))


def term(seconds: int) -> Term:
    return Term(Amount(Fraction(seconds, 3600), Unit.WORK_HOURS))


def reckoned(row: Row) -> Reckoning:
    return reckon(
        term(row["seconds"]), parse_instant(row["start"]), on(row), instants(row.get("pauses"))
    )


def due(row: Row) -> int:
    """The deadline as Zammad puts it."""
    instant = reckoned(row).due
    assert instant is not None
    return next_open(on(row), instant)


def clock(row: Row) -> None:
    expected = row["is"]
    if "due" in expected:
        assert abs(due(row) - parse_instant(expected["due"])) <= row.get("tolerance", 0) * SECOND
    if "stop" in row:
        arguments = (
            term(row["seconds"]),
            parse_instant(row["start"]),
            on(row),
            instants(row.get("pauses")),
            parse_instant(row["stop"]),
        )
        minutes = progress(*arguments).elapsed // MINUTE
        assert minutes == expected["elapsed_min"]
        assert row["seconds"] // 60 - minutes == expected["remaining_min"]
        assert remaining(*arguments).overdue == expected["breached"]


def longest_exchange(row: Row) -> None:
    spans = [(parse_instant(a), parse_instant(b)) for a, b in row["exchanges"]]
    minutes = max(on(row).work_between(a, b) for a, b in spans) // MINUTE
    assert row["is"] == {
        "elapsed_min": minutes,
        "remaining_min": row["seconds"] // 60 - minutes,
    }


def elapsed(row: Row) -> None:
    first, last = row.get("clip", (row["start"], row["end"]))
    start = max(parse_instant(row["start"]), parse_instant(first))
    end = min(parse_instant(row["end"]), parse_instant(last))
    worked = progress(term(10**6), start, on(row), instants(row["pauses"]), end).elapsed
    assert row["is"] == {"elapsed_s": worked // SECOND}


ANSWERS: dict[str, Callable[[Row], None]] = {
    "sla_clock": clock,
    "add": clock,
    "add_with_pauses": clock,
    "elapsed": elapsed,
    "longest_exchange": longest_exchange,
}


def rows(*ops: str) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in ROWS if row["op"] in ops]


@pytest.mark.parametrize("row", rows(*ANSWERS))
def test_the_kernel_gives_the_figure_under_the_conventions_of_zammad(row: Row) -> None:
    ANSWERS[row["op"]](row)


@pytest.mark.parametrize("row", rows("reject"))
def test_hours_that_make_no_sense_are_refused_here_too(row: Row) -> None:
    week = row["candidate"]["week"]
    with pytest.raises(Refusal):
        OfficeHours.from_seasons([("01-01", sessions(week.get("mon", "")))])


def test_every_vector_is_answered_or_named_as_not_offered() -> None:
    answered = {row["id"] for row in ROWS if row["op"] in {*ANSWERS, "reject"}}
    assert len(ROWS) == 68
    assert {row["id"] for row in ROWS} - answered == set(NOT_OFFERED)


def test_ours_differs_from_zammad_exactly_where_it_is_said_to() -> None:
    differing = {
        row["id"]
        for row in ROWS
        if "due" in row["is"] and "tolerance" not in row
        if reckoned(row).due != parse_instant(row["is"]["due"])
    }
    assert differing == FLIPPED

"""NumPy's business days: the figures of its own tests, answered by the kernel.

NumPy rolls first and counts then, and its ranges leave out their end; the kernel counts from any
day and its ranges leave out their beginning.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from sla_engine.worktime import Almanac, Calendar, Notice
from tests.support.peers import WEEK, family
from tests.support.tables import Row

CALENDARS, ROWS = family("numpy_busday")

NOT_OFFERED = {
    "numpy_busday-014": "refuses to count from a day off: a petition may arrive on any day",
    "numpy_busday-077": "refuses a week without working days: notices alone may name them all",
}

ONE = timedelta(1)


@cache
def calendar(name: str) -> Calendar:
    """Every year of the table published, with the holidays of that calendar."""
    row = CALENDARS[name]
    notice = Notice(
        title=name,
        region="PEER",
        published=date(2005, 1, 1),
        covers=tuple(range(2005, 2026)),
        off={date.fromisoformat(day): "holiday" for day in row.get("off", ())},
    )
    rest = [k for k, day in enumerate(WEEK) if day not in row["week"]]
    return Almanac(region="PEER", zone="UTC", weekend=rest, notices=[notice]).calendar()


def forward(days: Calendar, day: date) -> date:
    return days.roll(day)


def backward(days: Calendar, day: date) -> date:
    return days.add_workdays(day + ONE, -1)


def within_month(
    first: Callable[[Calendar, date], date], other: Callable[[Calendar, date], date]
) -> Callable[[Calendar, date], date]:
    """The first roll, unless it leaves the month; then the other."""

    def roll(days: Calendar, day: date) -> date:
        there = first(days, day)
        return there if there.month == day.month else other(days, day)

    return roll


def as_it_is(days: Calendar, day: date) -> date:
    assert days.is_workday(day)
    return day


ROLLS: dict[str, Callable[[Calendar, date], date]] = {
    "raise": as_it_is,
    "forward": forward,
    "following": forward,
    "backward": backward,
    "preceding": backward,
    "modifiedfollowing": within_month(forward, backward),
    "modifiedpreceding": within_month(backward, forward),
}


def offset(row: Row, days: Calendar) -> Row:
    rolled = ROLLS[row["roll"]](days, date.fromisoformat(row["date"]))
    return {"date": days.add_workdays(rolled, row["days"]).isoformat()}


def count(row: Row, days: Calendar) -> Row:
    start, end = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    if end < start:
        return {"days": days.workdays_between(start, end)}
    return {"days": days.workdays_between(start - ONE, end - ONE)}


ANSWERS: dict[str, Callable[[Row, Calendar], Row]] = {
    "busday_offset": offset,
    "count_working_days": count,
    "is_working_day": lambda row, days: {
        "working": days.is_workday(date.fromisoformat(row["date"]))
    },
}


def rows() -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in ROWS if row["op"] in ANSWERS]


@pytest.mark.parametrize("row", rows())
def test_the_kernel_gives_the_figure_under_the_conventions_of_numpy(row: Row) -> None:
    assert ANSWERS[row["op"]](row, calendar(row["on"])) == row["is"]


def test_every_vector_is_answered_or_named_as_not_offered() -> None:
    answered = {row["id"] for row in ROWS if row["op"] in ANSWERS}
    assert len(ROWS) == 77
    assert {row["id"] for row in ROWS} - answered == set(NOT_OFFERED)

"""zendesk/biz: its own specs' figures, under its conventions, answered by the kernel.

Where a budget is used up at closing time biz answers with the next opening; ours is the close
(`FLIPPED`). Backwards it mirrors this: the close before, where ours is the opening.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import Amount, Timetable, Unit, Zone, format_instant, parse_instant
from tests.support.peers import HOLIDAY, family, is_open, last_open, next_open, on
from tests.support.tables import Row

CALENDARS, ROWS = family("biz")

NOT_OFFERED = {
    **dict.fromkeys(
        ("biz-033", "biz-034", "biz-035", "biz-036", "biz-047", "biz-048"),
        "asks whether an instant lies in a break: here a closed hour is closed, whatever the cause",
    ),
    "biz-051": "intersects two schedules: a clause names one calendar and one set of office hours",
}

FLIPPED = {"biz-002", "biz-004"}
"""An empty budget in closed hours: ours is up at once, biz moves it to the nearest open moment."""

DAY = 24 * 3600 * 1_000_000


def written(instant: int) -> str:
    return format_instant(instant, "UTC").replace("+00:00", "Z")


def added(row: Row) -> int:
    return on(CALENDARS, row).add_work(parse_instant(row["start"]), row["seconds"] * 1_000_000)


def add(row: Row, table: Timetable) -> Row:
    back = row["seconds"] < 0 or row.get("direction") == "backward"
    return {"due": written((last_open if back else next_open)(table, added(row)))}


def add_days(row: Row, table: Timetable) -> Row:
    start = parse_instant(row["start"])
    day = table.zone.date_of(start)
    target = table.calendar.add_workdays(day, row["days"])
    same_clock = start + (target - day).days * DAY
    if row["days"] == 0:
        return {"due": written(same_clock)}
    return {"due": written((next_open if row["days"] > 0 else last_open)(table, same_clock))}


def elapsed(row: Row, table: Timetable) -> Row:
    worked = table.work_between(parse_instant(row["start"]), parse_instant(row["end"]))
    return {"elapsed_s": max(worked, 0) // 1_000_000}


def spans(table: Timetable, day: date, step: int) -> Any:
    """Open spans day after day, or day before day."""
    while True:
        if table.calendar.is_workday(day):
            yield from table.sessions(day)[::step]
        day += timedelta(step)


def periods(row: Row, table: Timetable) -> Row:
    origin, step = parse_instant(row["from"]), 1 if row["direction"] == "forward" else -1
    found = (
        (max(begin, origin), end) if step > 0 else (begin, min(end, origin))
        for begin, end in spans(table, table.zone.date_of(origin), step)
        if (end > origin if step > 0 else begin < origin) and begin < end
    )
    return {"periods": [[written(a), written(b)] for a, b in islice(found, row["take"])]}


def periods_until(row: Row, table: Timetable) -> Row:
    start, end = parse_instant(row["start"]), parse_instant(row["end"])
    found: list[list[str]] = []
    for a, b in spans(table, table.zone.date_of(start), 1):
        if a >= end:
            break
        if b > start:
            found.append([written(max(a, start)), written(min(b, end))])
    return {"periods": found}


def working_dates(row: Row, table: Timetable) -> Row:
    after = date.fromisoformat(row["after"])
    days = [table.calendar.add_workdays(after, n) for n in range(1, row["take"] + 1)]
    return {"dates": [day.isoformat() for day in days]}


def is_holiday(row: Row, table: Timetable) -> Row:
    day = table.calendar.day(table.zone.date_of(parse_instant(row["at"])))
    return {"holiday": day.name == HOLIDAY and not day.works}


ANSWERS: dict[str, Callable[[Row, Timetable], Row]] = {
    "add": add,
    "add_days": add_days,
    "elapsed": elapsed,
    "is_holiday": is_holiday,
    "is_open": lambda row, table: {"open": is_open(table, parse_instant(row["at"]))},
    "is_working_day": lambda row, table: {
        "working": table.calendar.is_workday(date.fromisoformat(row["date"]))
    },
    "periods": periods,
    "periods_until": periods_until,
    "working_dates": working_dates,
}


def rows(*ops: str) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in ROWS if offered(row) and row["op"] in ops]


def offered(row: Row) -> bool:
    return row["id"] not in NOT_OFFERED


@pytest.mark.parametrize("row", rows(*ANSWERS))
def test_the_kernel_gives_the_figure_under_the_conventions_of_biz(row: Row) -> None:
    assert ANSWERS[row["op"]](row, on(CALENDARS, row)) == row["is"]


@pytest.mark.parametrize("row", rows("local_to_utc"))
def test_local_time_in_a_gap_or_an_overlap_is_read_alike(row: Row) -> None:
    day, _, clock = row["local"].partition("T")
    hour, minute, second = map(int, clock.split(":"))
    since_midnight = ((hour * 60 + minute) * 60 + second) * 1_000_000
    instant = Zone(row["tz"]).wall(date.fromisoformat(day).toordinal(), since_midnight)
    assert {"utc": written(instant)} == row["is"]


@pytest.mark.parametrize("row", rows("reject"))
def test_what_is_no_amount_is_refused_here_too(row: Row) -> None:
    amount = row["amount"]
    with pytest.raises(Refusal):
        Amount.parse(amount) if isinstance(amount, str) else Amount(amount, Unit.WORK_HOURS)


def test_every_vector_is_answered_or_named_as_not_offered() -> None:
    asked = {row["id"] for row in ROWS}
    answered = {
        row["id"]
        for row in ROWS
        if offered(row) and row["op"] in {*ANSWERS, "local_to_utc", "reject"}
    }
    assert len(asked) == 98
    assert asked - answered == set(NOT_OFFERED)


def test_ours_differs_from_biz_exactly_where_it_is_said_to() -> None:
    differing = {
        row["id"] for row in ROWS if row["op"] == "add" and written(added(row)) != row["is"]["due"]
    }
    assert differing == FLIPPED

"""Short ways to say when, where and how long, for tables that are checked by hand."""

from datetime import date
from functools import cache

from sla_engine.catalog import load_almanac
from sla_engine.worktime import (
    Almanac,
    Amount,
    Instant,
    OfficeHours,
    Pause,
    Term,
    Timetable,
    format_instant,
    parse_instant,
    reckon,
)

SCHEDULES = {
    "std": [["01-01", [["09:00", "12:00"], ["13:30", "17:30"]]]],
    "straight": [["01-01", [["09:00", "17:00"]]]],
    "h24": [["01-01", [["00:00", "24:00"]]]],
    "seasons": [
        ["06-01", [["08:30", "12:00"], ["14:30", "18:00"]]],
        ["10-01", [["08:30", "12:00"], ["13:30", "17:30"]]],
    ],
}


@cache
def almanac() -> Almanac:
    return load_almanac("cn")


def at(text: str) -> Instant:
    """`2026-09-30 15:00` or `2026-09-30 15:00:01`, Beijing time."""
    day, clock = text.split()
    return parse_instant(f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}+08:00")


def told(instant: Instant | None) -> str | None:
    """The inverse of `at`; `24:00` stays the next day's `00:00`."""
    if instant is None:
        return None
    text = format_instant(instant).replace("T", " ").removesuffix("+08:00")
    return text.removesuffix(":00") if text.count(":") == 2 else text


def end_of(day: str) -> Instant:
    """The last microsecond of a day: everything published on it is known."""
    return almanac().zone.midnight[date.fromisoformat(day).toordinal() + 1] - 1


@cache
def timetable(
    schedule: str = "std",
    region: str = "CN",
    known: str | None = None,
    provisional: bool = False,
) -> Timetable:
    known_at = None if known is None else end_of(known)
    calendar = almanac().calendar(region, known_at, provisional)
    return Timetable(calendar, OfficeHours.from_seasons(SCHEDULES[schedule]))


def term(
    amount: str, receipt: str = "as_is", expiry: str = "end_of_day", roll: bool = False
) -> Term:
    return Term(Amount.parse(amount), receipt, expiry, roll)


def pause(begin: str, end: str | None) -> Pause:
    return at(begin), None if end is None else at(end)


def last_day(
    amount: str, received: str, region: str = "CN", known: str | None = None, roll: bool = False
) -> str | None:
    """The due date of a fact at ten in the morning."""
    answer = reckon(
        term(amount, roll=roll), at(f"{received} 10:00"), timetable("std", region, known)
    )
    return None if answer.due_date is None else answer.due_date.isoformat()

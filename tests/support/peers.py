"""Calendars of other engines, built from the kernel's public types.

Their hours differ by weekday and by date; ours by season. A peer's calendar is therefore unrolled
for one year, a season for every day on which the hours change, and only that year is published:
an answer that strayed into another year would be refused and not be wrong.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from sla_engine.worktime import Almanac, Notice, OfficeHours, Timetable, parse_instant
from tests.support.tables import Row, read, sessions

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"

Sessions = list[tuple[str, str]]


def family(name: str) -> tuple[dict[str, Row], list[Row]]:
    """Calendars by name, and the vectors, of one peer's table."""
    _, lines = read(f"peers/{name}")
    calendars = {line["calendar"]: line for line in lines if "calendar" in line}
    return calendars, [line for line in lines if "id" in line]


def timetable(calendar: Row, year: int) -> Timetable:
    """The peer's calendar as a timetable of that year and no other."""
    open_days = {day: hours_on(calendar, day) for day in days_of(year)}
    rest = frozenset(k for k, name in enumerate(WEEK) if name not in calendar["week"])
    notice = Notice(
        title=f"{calendar['calendar']} {year}",
        region="PEER",
        published=date(year - 1, 12, 1),
        covers=(year,),
        off={day: HOLIDAY for day, hours in open_days.items() if not hours},
        work={day: "shift" for day, hours in open_days.items() if hours and day.weekday() in rest},
    )
    almanac = Almanac(region="PEER", zone=calendar["zone"], weekend=rest, notices=[notice])
    return Timetable(almanac.calendar(), OfficeHours.from_seasons(seasons(open_days)))


def seasons(open_days: Mapping[date, Sessions]) -> list[tuple[str, Sessions]]:
    """One season per change of hours; a day off keeps the hours before it."""
    found: list[tuple[str, Sessions]] = []
    for day, hours in open_days.items():
        if hours and (not found or found[-1][1] != hours):
            found.append((f"{day:%m-%d}", hours))
    return found


def hours_on(calendar: Row, day: date) -> Sessions:
    """Open hours of one date: a holiday wins over a shift, a shift over the week, less breaks."""
    key = day.isoformat()
    if key in calendar.get("off", ()):
        return []
    week = calendar["week"].get(WEEK[day.weekday()], "")
    hours = sessions(calendar.get("shifts", {}).get(key, week))
    for closed in sessions(calendar.get("breaks", {}).get(key, "")):
        hours = [piece for span in hours for piece in outside(span, closed)]
    return hours


def outside(span: tuple[str, str], closed: tuple[str, str]) -> Sessions:
    """What a break leaves of a session; clock times compare as text."""
    pieces = [(span[0], min(span[1], closed[0])), (max(span[0], closed[1]), span[1])]
    return [(begin, end) for begin, end in pieces if begin < end]


def days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(1)


def on(calendars: Mapping[str, Row], row: Row) -> Timetable:
    """The timetable a vector is about, in the year of its first instant or day."""
    first = next(str(row[key]) for key in ("start", "at", "from", "date", "after") if key in row)
    return timetable(calendars[row["on"]], int(first[:4]))


# --- conventions of peers, spelled with the kernel's own operations --------------------------


def next_open(table: Timetable, instant: int) -> int:
    """The instant if the office is open then, else the next opening; a close counts as shut."""
    return table.add_work(instant, 1) - 1


def last_open(table: Timetable, instant: int) -> int:
    """The instant if the office was open up to then, else the close before it."""
    return table.add_work(instant, -1) + 1


def is_open(table: Timetable, instant: int) -> bool:
    return table.work_between(instant, instant + 1) == 1


def instants(pairs: Any) -> list[tuple[int, int | None]]:
    return [(parse_instant(begin), parse_instant(end)) for begin, end in pairs or ()]

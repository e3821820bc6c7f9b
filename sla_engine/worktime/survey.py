"""Calendars looked at as a whole: a year shown, an almanac checked, two calendars compared."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from sla_engine.errors import Fault, register
from sla_engine.worktime.almanac import Almanac
from sla_engine.worktime.calendar import Calendar
from sla_engine.worktime.day import Day
from sla_engine.worktime.edition import Notice

CHECK_COUNT = register(
    "CHECK_COUNT",
    "工作日为{found}天，按法定放假天数应为{allowed}天",
    "there are {found} working days where the statute leaves {allowed}",
    "核对放假、补班日期是否写漏",
    "look for a day off or a make-up day left out",
)
CHECK_MAKEUP = register(
    "CHECK_MAKEUP",
    "补班日{found}不在周末",
    "make-up day {found} is no weekend",
    "如只是说明恢复上班，写在 resume 下",
    "a day that only says work goes on belongs under resume",
)
CHECK_STATUTORY = register(
    "CHECK_STATUTORY",
    "法定节假日{found}没有放假",
    "statutory holiday {found} is not off",
)
CHECK_YEAR = register(
    "CHECK_YEAR",
    "{found}不在该通知的年份前后",
    "{found} lies outside the years of its notice",
    "该通知管{allowed}",
    "the notice covers {allowed}",
)

_ONE = timedelta(days=1)


class Listed(msgspec.Struct, frozen=True):
    """One day of a year as it is shown."""

    date: date
    day: Day
    works: bool
    provisional: bool


class YearCheck(msgspec.Struct, frozen=True):
    """Self-check of one published year; sound when `faults` is empty."""

    year: int
    working_days: int
    expected: int
    faults: tuple[Fault, ...]


class Change(msgspec.Struct, frozen=True):
    """A day that works in one calendar and rests in the other."""

    date: date
    before: Day
    after: Day


class Difference(msgspec.Struct, frozen=True):
    """Days that differ, and years that only one of the two calendars knows."""

    changes: tuple[Change, ...]
    only_before: tuple[int, ...]
    only_after: tuple[int, ...]


def show(calendar: Calendar, year: int) -> list[Listed]:
    """Every day of a year; raises `UnpublishedYear`."""
    provisional = year in calendar.provisional_years
    days = ((day, calendar.day(day)) for day in _days_of(year))
    return [Listed(date, day, day.works, provisional) for date, day in days]


def diff(before: Calendar, after: Calendar) -> Difference:
    """Which days work in one and rest in the other, with both reasons."""
    earlier, later = (c.published | c.provisional_years for c in (before, after))
    changes = [
        Change(date, old, new)
        for year in sorted(earlier & later)
        for date in _days_of(year)
        if (old := before.day(date)).works != (new := after.day(date)).works
    ]
    only_before, only_after = (tuple(sorted(y)) for y in (earlier - later, later - earlier))
    return Difference(tuple(changes), only_before, only_after)


def check(almanac: Almanac) -> list[YearCheck]:
    """Every year the national notices make official, against the statute and itself.

    A year has as many working days as weekdays, less the days off the statute grants, less
    those granted once, and give or take what a notice moved across New Year.
    """
    national = [notice for notice in almanac.notices if notice.region == almanac.region]
    calendar = almanac.calendar()
    return [_check_year(almanac, calendar, national, year) for year in sorted(calendar.published)]


def check_notice(almanac: Almanac, notice: Notice) -> list[Fault]:
    """What can be said against one notice, national or regional, by itself."""
    faults = [
        Fault(CHECK_MAKEUP, notice.citation, day.isoformat())
        for day in sorted(notice.work.keys() - notice.resumed)
        if day.weekday() not in almanac.weekend
    ]
    years = {year + k for year in notice.covers for k in (-1, 0)}
    faults += [
        Fault(CHECK_YEAR, notice.citation, day.isoformat(), ", ".join(map(str, notice.covers)))
        for day in sorted(notice.off.keys() | notice.work.keys())
        if years and day.year not in years
    ]
    return faults


def _check_year(
    almanac: Almanac, calendar: Calendar, national: Iterable[Notice], year: int
) -> YearCheck:
    statute = almanac.statute(year)
    own = [notice for notice in national if year in notice.covers]
    faults = [fault for notice in own for fault in check_notice(almanac, notice)]
    working = sum(map(calendar.is_workday, _days_of(year)))
    expected = sum(day.weekday() not in almanac.weekend for day in _days_of(year))
    for notice in national:
        expected += _carried(almanac, notice, year) - _granted(almanac, notice, year)
    if statute is not None:
        expected -= statute.entitlement
        faults += [
            Fault(CHECK_STATUTORY, str(year), day.isoformat())
            for day in statute.days
            if day.year == year and calendar.is_workday(day)
        ]
    if working != expected:
        faults.append(Fault(CHECK_COUNT, str(year), str(working), str(expected)))
    return YearCheck(year, working, expected, tuple(faults))


def _carried(almanac: Almanac, notice: Notice, year: int) -> int:
    """Working days a notice moved into `year` from a neighbour (negative: out of it)."""
    if year in notice.covers:
        return -sum(_net(almanac, notice, y) for y in _years(notice) if y != year)
    return _net(almanac, notice, year)


def _net(almanac: Almanac, notice: Notice, year: int) -> int:
    """Make-up days less days rested in exchange that a notice names in a year."""
    kinds = [day.kind.value for o, day in almanac.classify(notice).items() if _year(o) == year]
    return kinds.count("makeup_workday") - kinds.count("adjusted_rest_day")


def _granted(almanac: Almanac, notice: Notice, year: int) -> int:
    """Days off given once that would have been worked under what was known before."""
    if not notice.special:
        return 0
    assert notice.recorded is not None, "an almanac dates its notices"
    before = almanac.calendar(known_at=notice.recorded - 1)
    return sum(day.year == year and before.is_workday(day) for day in notice.special)


def _years(notice: Notice) -> set[int]:
    return {day.year for day in notice.off.keys() | notice.work.keys()}


def _year(ordinal: int) -> int:
    return date.fromordinal(ordinal).year


def _days_of(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + k * _ONE for k in range((date(year + 1, 1, 1) - first).days))

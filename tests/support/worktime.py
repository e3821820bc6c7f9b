"""One place and time of asking, put both to the kernel and to the oracle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from sla_engine.catalog import load_almanac
from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import (
    Almanac,
    Amount,
    Calendar,
    Notice,
    OfficeHours,
    Term,
    Timetable,
    Unit,
)
from tests.support import gazette, oracle
from tests.support.tables import hours

T = TypeVar("T")

ALMANAC = load_almanac()
PAPERS = gazette.papers()
DECISIONS = gazette.decisions()
HOURS = hours()
BEIJING = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def moment(instant: int) -> datetime:
    return EPOCH + instant * MICROSECOND


class Place(Protocol):
    """Somewhere both sides can be asked about."""

    @property
    def timetable(self) -> Timetable: ...
    @property
    def office(self) -> oracle.Office: ...


@dataclass(frozen=True)
class Setting:
    """Which calendar is asked: region, what was known when, whose hours."""

    hours: str = "std"
    region: str = "CN"
    known_on: date | None = None
    provisional: bool = False

    @property
    def timetable(self) -> Timetable:
        return _timetable(self)

    @property
    def calendar(self) -> Calendar:
        return self.timetable.calendar

    @property
    def office(self) -> oracle.Office:
        return _office(self)


@lru_cache(maxsize=64)
def _timetable(setting: Setting) -> Timetable:
    known_at = None
    if setting.known_on:
        known_at = micros(datetime.combine(setting.known_on, time.max, BEIJING))
    calendar = ALMANAC.calendar(setting.region, known_at, setting.provisional)
    return Timetable(calendar, OfficeHours.from_seasons(HOURS[setting.hours]))


@lru_cache(maxsize=64)
def _office(setting: Setting) -> oracle.Office:
    statutory = DECISIONS if setting.provisional else ()
    days = gazette.days_of(PAPERS, setting.region, setting.known_on, statutory)
    return oracle.Office(days, HOURS[setting.hours])


@dataclass(frozen=True)
class Abroad:
    """An invented country in a real time zone, its years 2005-2020 published in one notice."""

    office: oracle.Office

    @cached_property
    def timetable(self) -> Timetable:
        days = self.office.days
        notice = Notice(
            title="invented",
            region="XX",
            published=date(2004, 12, 1),
            covers=tuple(sorted(days.years)),
            off=dict.fromkeys(days.off - days.work, "off"),
            work=dict.fromkeys(days.work, "work"),
        )
        almanac = Almanac(
            region="XX", zone=self.office.zone, weekend=days.weekend, notices=[notice]
        )
        return Timetable(almanac.calendar(), OfficeHours.from_seasons(self.office.seasons))


@dataclass(frozen=True)
class Case:
    """A promise under way: the same arguments for both sides."""

    setting: Place
    promise: oracle.Promise
    start: datetime
    pauses: Sequence[oracle.Pause] = ()

    @cached_property
    def term(self) -> Term:
        unit = Unit(self.promise.unit)
        hours = Fraction(self.promise.span // MICROSECOND, 3_600_000_000)
        return Term(
            Amount(hours if unit.is_hours else Fraction(self.promise.n), unit),
            self.promise.receipt,
            "close_of_business" if self.promise.close_of_business else "end_of_day",
            self.promise.roll,
        )

    @property
    def stops(self) -> list[tuple[int, int | None]]:
        return [(micros(p), None if r is None else micros(r)) for p, r in self.pauses]

    @property
    def course(self) -> oracle.Course:
        return oracle.Course(self.setting.office, self.promise, self.start, self.pauses)


def unless_unpublished(ask: Callable[[], T]) -> T | str:
    """The answer, or which year nobody has published, whoever is asked."""
    try:
        return ask()
    except (UnpublishedYear, oracle.Unpublished) as refusal:
        return f"unpublished {refusal.year}"

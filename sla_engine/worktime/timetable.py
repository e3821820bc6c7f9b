"""A calendar and office hours compiled into working time.

Sessions of all known days stand in one sorted list with the working microseconds that lie
before each: what is between two instants and what is so far from one are then look-ups.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from operator import sub

from sla_engine.errors import UnpublishedYear, refuse, register
from sla_engine.worktime.calendar import Calendar, Stretch
from sla_engine.worktime.hours import OfficeHours, Session
from sla_engine.worktime.instant import Instant, Zone
from sla_engine.worktime.span import BEYOND

OFFICE_HOURS_MISSING = register(
    "OFFICE_HOURS_MISSING",
    "此期限需要作息时间，但没有给出",
    "this term needs office hours and none were given",
    "给出所在地的作息时间",
    "name the office hours of the place",
)
HALVES_MISSING = register(
    "HALVES_MISSING",
    "半个工作日需要上午、下午两段作息时间",
    "half working days need office hours with a morning and an afternoon",
    "使用分上、下午的作息时间，或把期限写成工作小时",
    "use hours of two sessions, or write the term in working hours",
)
NOT_A_WORKDAY = register(
    "NOT_A_WORKDAY",
    "{found}不是工作日，没有上下班时间",
    "{found} is not a working day, so no office opens or closes",
)


class WorkRuler:
    """Working microseconds of one stretch of known days.

    `mark` and `at` are inverse up to idle time: `at` gives the earliest instant (a close, not
    the next opening), `back` the latest (an opening, not the previous close).
    """

    __slots__ = ("_last_year", "_next_year", "begin", "closes", "done", "end", "opens")

    def __init__(self, zone: Zone, stretch: Stretch, hours: OfficeHours) -> None:
        self.begin = zone.midnight[stretch.first]
        self.end = zone.midnight[stretch.last + 1]
        self._last_year = date.fromordinal(stretch.first - 1).year
        self._next_year = date.fromordinal(stretch.last + 1).year
        years = [_sessions(zone, hours, tuple(days)) for days in _by_year(stretch.days)]
        self.opens: list[Instant] = list(chain.from_iterable(opens for opens, _ in years))
        self.closes: list[Instant] = list(chain.from_iterable(closes for _, closes in years))
        lengths = map(sub, self.closes, self.opens)
        self.done: list[int] = list(accumulate(lengths, initial=0))

    def mark(self, instant: Instant) -> int:
        """Working time of the stretch before `instant`; raises `UnpublishedYear` after it."""
        if instant > self.end:
            raise UnpublishedYear(self._next_year)
        session = bisect_right(self.opens, instant) - 1
        if session < 0:
            return 0
        return self.done[session] + min(instant, self.closes[session]) - self.opens[session]

    def cut(self, instant: Instant) -> int:
        """`mark` of a pause's edge: `BEYOND` after the end of what is known."""
        return BEYOND if instant > self.end else self.mark(instant)

    def at(self, mark: int) -> Instant:
        """Earliest instant by which `mark` has been worked; raises `UnpublishedYear`."""
        session = bisect_left(self.done, mark, 1) - 1
        if session == len(self.opens):
            raise UnpublishedYear(self._next_year)
        return self.closes[session] - (self.done[session + 1] - mark)

    def back(self, mark: int) -> Instant:
        """Latest instant by which no more than `mark` has been worked."""
        if mark < 0:
            raise UnpublishedYear(self._last_year)
        session = min(bisect_right(self.done, mark), len(self.opens)) - 1
        return self.opens[session] + (mark - self.done[session])


class Timetable:
    """Working time of a calendar under office hours; compiled when first asked for hours.

    Without `hours` it still answers whole days; what needs sessions is then refused with
    OFFICE_HOURS_MISSING.
    """

    def __init__(self, calendar: Calendar, hours: OfficeHours | None = None) -> None:
        self.calendar = calendar
        self.hours = hours
        self.zone = calendar.zone
        self._sessions: dict[date, list[Session]] = {}

    @cached_property
    def _rulers(self) -> tuple[WorkRuler, ...]:
        hours = self.office_hours
        return tuple(WorkRuler(self.zone, stretch, hours) for stretch in self.calendar.stretches)

    @property
    def office_hours(self) -> OfficeHours:
        """The hours, or `Refusal` OFFICE_HOURS_MISSING."""
        if self.hours is None:
            raise refuse(OFFICE_HOURS_MISSING, "schedule")
        return self.hours

    def ruler(self, instant: Instant) -> WorkRuler:
        """The ruler of working time that holds an instant; raises `UnpublishedYear`."""
        for ruler in self._rulers:
            if ruler.begin <= instant < ruler.end:
                return ruler
        raise UnpublishedYear(self.zone.date_of(instant).year)

    def work_between(self, a: Instant, b: Instant) -> int:
        """Working microseconds in [a, b); negative, over [b, a), when b is the earlier."""
        if b < a:
            return -self.work_between(b, a)
        if a == b:
            return 0
        ruler = self.ruler(a)
        return ruler.mark(b) - ruler.mark(a)

    def add_work(self, start: Instant, micros: int) -> Instant:
        """`start` moved by working time, backwards when negative.

        Forwards the earliest instant at which `micros` have run, so time that ends exactly at
        a close is up then; backwards the latest instant from which they run until `start`.
        """
        if micros == 0:
            return start
        if micros > 0:
            ruler = self.ruler(start)
            return ruler.at(ruler.mark(start) + micros)
        ruler = self.ruler(start - 1)
        return ruler.back(ruler.mark(start) + micros)

    def opening(self, day: date) -> Instant:
        """When the office opens on a working day; raises `Refusal` NOT_A_WORKDAY."""
        return self.sessions(day)[0][0]

    def close(self, day: date) -> Instant:
        """When the office closes on a working day; raises `Refusal` NOT_A_WORKDAY."""
        return self.sessions(day)[-1][1]

    def sessions(self, day: date) -> list[Session]:
        """Sessions of a working day as pairs of instants; worked out once for a day."""
        known = self._sessions.get(day)
        if known is None:
            if not self.calendar.is_workday(day):
                raise refuse(NOT_A_WORKDAY, "", day.isoformat())
            known = self.zone.spans(day.toordinal(), self.office_hours.on(day))
            self._sessions[day] = known
        return known


def _by_year(days: Iterable[date]) -> Iterable[list[date]]:
    year: list[date] = []
    for day in days:
        if year and day.year != year[0].year:
            yield year
            year = []
        year.append(day)
    if year:
        yield year


@lru_cache(maxsize=1_024)
def _sessions(
    zone: Zone, hours: OfficeHours, days: tuple[date, ...]
) -> tuple[tuple[Instant, ...], tuple[Instant, ...]]:
    """Openings and closes of one year's working days; years alike are compiled once."""
    spans = [span for day in days for span in zone.spans(day.toordinal(), hours.on(day))]
    opens, closes = zip(*spans, strict=True)
    return opens, closes

"""Rulers: what each unit counts by, as marks that `span.spend` can add to.

`mark` is how much of the unit has gone by before a day or an instant; it raises
`UnpublishedYear` where nobody knows. `cut` is the same for the edge of a pause, where what is
not known may not matter: it is clamped, to `BEYOND` after the end. `WorkRuler` (working time)
and `Stretch` (working days) are two more rulers, compiled from a calendar.
"""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from sla_engine.errors import refuse
from sla_engine.worktime.instant import Instant
from sla_engine.worktime.span import BEYOND, Cut
from sla_engine.worktime.timetable import HALVES_MISSING, Timetable


class Ruler(Protocol):
    """Marks of instants: microseconds, or working microseconds."""

    def mark(self, instant: Instant) -> int: ...
    def cut(self, instant: Instant) -> int: ...
    def at(self, mark: int) -> Instant: ...


class DayRuler(Protocol):
    """Marks of days, given by ordinal; `day` is the counted day that begins at a mark."""

    def mark(self, day: int) -> int: ...
    def cut(self, day: int) -> int: ...
    def day(self, mark: int) -> date: ...


class Clock:
    """The ruler of plain time: an instant is its own mark."""

    def mark(self, instant: Instant) -> int:
        return instant

    def at(self, mark: int) -> Instant:
        return mark

    cut = mark


class Civil:
    """The ruler of civil days: a day is its own mark."""

    def mark(self, day: int) -> int:
        return day

    def day(self, mark: int) -> date:
        return date.fromordinal(mark)

    cut = mark


CLOCK = Clock()
CIVIL = Civil()


def marks(ruler: Ruler | DayRuler, cuts: Iterable[Cut]) -> list[Cut]:
    """Cuts given as instants or as day ordinals, as marks of the ruler that measures these."""
    cut = ruler.cut
    return [(cut(begin), None if end is None else cut(end)) for begin, end in cuts]


class Halves:
    """The ruler of half-days: two to a working day, each ending with its session.

    A half-day lasts from its session's opening to the next one's, so what happens at lunch or
    at night belongs to the session before it, and the first half of a day begins at 00:00.
    """

    def __init__(self, timetable: Timetable, begun: Instant) -> None:
        if not timetable.office_hours.has_halves:
            raise refuse(HALVES_MISSING, "schedule")
        self._timetable = timetable
        self._stretch = timetable.calendar.stretch(timetable.zone.day_of(begun))

    def after(self, instant: Instant) -> int:
        """Mark of the half-day that follows the one in which `instant` falls."""
        ordinal = self._timetable.zone.day_of(instant)
        mark = 2 * self._stretch.mark(ordinal)
        day = date.fromordinal(ordinal)
        if not self._timetable.calendar.is_workday(day):
            return mark
        return mark + (1 if instant < self._timetable.sessions(day)[1][0] else 2)

    def boundary(self, instant: Instant) -> int:
        """Mark of the half-day at whose end a clock stopped or started at `instant` still is."""
        ordinal = self._timetable.zone.day_of(instant)
        mark = 2 * self._stretch.cut(ordinal)
        if not self._stretch.first <= ordinal <= self._stretch.last:
            return mark
        day = date.fromordinal(ordinal)
        if not self._timetable.calendar.is_workday(day):
            return mark
        return mark + sum(instant > close for _, close in self._timetable.sessions(day))

    def half(self, mark: int) -> tuple[date, int]:
        """The working day and its part, 0 morning or 1 afternoon, that begins at a mark."""
        return self._stretch.day(mark // 2), mark % 2

    def opening(self, mark: int) -> Instant:
        """When the half-day that begins at a mark opens; `BEYOND` what is known."""
        if mark >= 2 * len(self._stretch.days):
            return BEYOND
        day, part = self.half(mark)
        return self._timetable.sessions(day)[part][0]

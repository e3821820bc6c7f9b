"""The rulers of `worktime`, laid along many terms at once.

What a day comes to is asked of the scalar kernel, once for each day that occurs. What lies between
two marks is looked up in the calendar's own prefix tables.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np

from sla_engine.bulk.facts import NEVER, Bools, Ints, pick
from sla_engine.record import Instant
from sla_engine.worktime import Calendar, Timetable, Zone
from sla_engine.worktime.instant import DAY

FAR = 1 << 61
"""A mark past every ruler's end."""


class Cut(NamedTuple):
    """A piece of many rulers that does not count; `end` FAR and `open` where nobody knows where it
    ends, `begin` FAR where there is none."""

    begin: Ints
    end: Ints
    open: Bools


class Spent(NamedTuple):
    """Marks by which an amount has gone by, and where an open cut prevents it."""

    mark: Ints
    held: Bools


def spend(start: Ints, amount: Ints, cuts: Sequence[Cut]) -> Spent:
    """`worktime.span.spend` for many: cuts in order, each a column."""
    end = start + amount
    running, held = np.ones(len(start), np.bool_), np.zeros(len(start), np.bool_)
    for cut in cuts:
        running &= cut.begin < end
        held |= running & cut.open
        running &= ~cut.open
        longer = np.maximum(cut.end, start) - np.maximum(cut.begin, start)
        end = np.where(running, end + longer, end)
    return Spent(end, held)


class Ruler(Protocol):
    """Marks of instants. What is not known is said by `known`, a mask beside what is asked."""

    def mark(self, at: Ints) -> tuple[Ints, Bools]: ...
    def cut(self, at: Ints) -> Ints: ...
    def at(self, mark: Ints) -> tuple[Ints, Bools]: ...


class Days:
    """Local days of instants, as ordinals, in a zone."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._first = 0
        self._midnights = np.zeros(0, np.int64)
        self._even = True

    def of(self, at: Ints) -> Ints:
        """The ordinal of the day that holds each instant."""
        if not len(at):
            return np.zeros(0, np.int64)
        self._reach(self.zone.day_of(int(at.min())), self.zone.day_of(int(at.max())))
        if self._even:
            day: Ints = self._first + (at - self._midnights[0]) // DAY
            return day
        return self._first - 1 + np.searchsorted(self._midnights, at, "right")

    def midnight(self, day: Ints) -> Ints:
        """The first instant of each day, by ordinal."""
        if len(day):
            self._reach(int(day.min()), int(day.max()))
        return pick(self._midnights, day - self._first)

    def _reach(self, first: int, last: int) -> None:
        known = len(self._midnights)
        if known and self._first <= first and last + 1 < self._first + known:
            return
        if known:
            first, last = min(first, self._first), max(last, self._first + known - 2)
        midnight = self.zone.midnight
        self._first = first
        self._midnights = np.array([midnight[day] for day in range(first, last + 2)], np.int64)
        self._even = bool((np.diff(self._midnights) == DAY).all())


class Part(NamedTuple):
    """What holds for all that is received on a day before `until`, and for what is received after
    that: due instants, and whether they are provisional. All the same on a day without halves."""

    until: Instant
    early: tuple[Instant, bool]
    late: tuple[Instant, bool]


class ByDay:
    """Due instants by the day of receipt, or its half, each worked out once; None where it is
    refused."""

    def __init__(self, work_out: Callable[[int], Part | None], halved: bool) -> None:
        self._work_out = work_out
        self._halved = halved
        self._first = 0
        self._until = np.zeros(0, np.int64)
        self._due = np.zeros(0, np.int64)
        self._loose = np.zeros(0, np.bool_)
        self._known = np.zeros(0, np.bool_)
        self._whole = True

    def look_up(self, day: Ints, at: Ints) -> tuple[Ints, Bools, Bools | None]:
        """For what was received at these instants, on these days: when it is due, whether
        provisionally, and where that is known (None: everywhere)."""
        if not len(day):
            return day, np.zeros(0, np.bool_), None
        place = day - self._reach(int(day.min()), int(day.max()))
        if self._halved:
            late = at >= pick(self._until, place)
            place = 2 * place + late
        known = None if self._whole else pick(self._known, place)
        return pick(self._due, place), pick(self._loose, place), known

    def _reach(self, first: int, last: int) -> int:
        """Work out what is missing of these days; the day the tables begin with."""
        size = len(self._until)
        if size and self._first <= first and last < self._first + size:
            return self._first
        if size:
            first, last = min(first, self._first), max(last, self._first + size - 1)
        parts = [self._work_out(day) for day in range(first, last + 1)]
        self._first = first
        self._whole = None not in parts
        nothing = Part(NEVER, (NEVER, False), (NEVER, False))
        known = [nothing if part is None else part for part in parts]
        halves = [
            half
            for part in known
            for half in ((part.early, part.late) if self._halved else (part.early,))
        ]
        self._until = np.array([part.until for part in known], np.int64)
        self._due = np.array([due for due, _ in halves], np.int64)
        self._loose = np.array([loose for _, loose in halves], np.bool_)
        self._known = self._due != NEVER
        return first


class Civil:
    """Days, each its own mark."""

    def mark(self, day: Ints) -> tuple[Ints, Bools]:
        return day, np.ones(len(day), np.bool_)

    def cut(self, day: Ints) -> Ints:
        return day

    def at(self, mark: Ints) -> tuple[Ints, Bools]:
        return self.mark(mark)


class Workdays:
    """Working days of one stretch of known years, by its prefix table."""

    def __init__(self, calendar: Calendar, day: int) -> None:
        stretch = calendar.stretch(day)
        self.first, self.last = stretch.first, stretch.last
        self._before = np.array(stretch.before, np.int64)
        self._days = np.array([day.toordinal() for day in stretch.days], np.int64)

    def mark(self, day: Ints) -> tuple[Ints, Bools]:
        known = (day >= self.first) & (day <= self.last)
        return self._before[np.where(known, day - self.first, 0)], known

    def cut(self, day: Ints) -> Ints:
        within = np.clip(day - self.first, 0, len(self._before) - 1)
        return np.where(day > self.last + 1, FAR, self._before[within])

    def at(self, mark: Ints) -> tuple[Ints, Bools]:
        known = (mark >= 0) & (mark < len(self._days))
        return self._days[np.where(known, mark, 0)], known


class WorkTime:
    """Working microseconds of one stretch of known years, by its prefix table."""

    def __init__(self, timetable: Timetable, at: int) -> None:
        ruler = timetable.ruler(at)
        self.begin, self.end = ruler.begin, ruler.end
        self._opens = np.array(ruler.opens, np.int64)
        self._closes = np.array(ruler.closes, np.int64)
        self._done = np.array(ruler.done, np.int64)

    def mark(self, at: Ints) -> tuple[Ints, Bools]:
        return self._worked(at), (at >= self.begin) & (at < self.end)

    def _worked(self, at: Ints) -> Ints:
        session = np.searchsorted(self._opens, at, "right") - 1
        open_for = np.minimum(at, self._closes[session]) - self._opens[session]
        return np.where(session < 0, 0, self._done[session] + open_for)

    def cut(self, at: Ints) -> Ints:
        return np.where(at > self.end, FAR, self._worked(at))

    def at(self, mark: Ints) -> tuple[Ints, Bools]:
        session = np.searchsorted(self._done[1:], mark, "left")
        known = session < len(self._closes)
        session = np.where(known, session, 0)
        return self._closes[session] - (self._done[session + 1] - mark), known


class Clock(Civil):
    """Instants, each its own mark."""


class LooseYears:
    """Whether an answer that looked up days of some years rests on a statute alone."""

    def __init__(self, calendar: Calendar) -> None:
        self._years = sorted(calendar.provisional_years)

    def within(self, first: Ints, last: Ints) -> Bools:
        """For days, by ordinal: whether any year from the one of `first` to that of `last` does."""
        loose = np.zeros(len(first), np.bool_)
        for year in self._years:
            begins, ends = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            loose |= (first <= ends) & (last >= begins)
        return loose

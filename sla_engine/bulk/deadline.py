"""When many clocks of one clause are due, under one calendar.

A term without pauses follows from the day of receipt (half-days: from its half) and is asked of
`worktime.reckon` once for each day that occurs; hours and pauses are spent along the calendar's
prefix tables. What is not laid out here is said not to be known, and is reckoned one by one.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sla_engine.bulk.facts import NEVER, Bools, Ints, Rows
from sla_engine.bulk.rulers import (
    FAR,
    ByDay,
    Civil,
    Clock,
    Cut,
    Days,
    LooseYears,
    Part,
    Ruler,
    Workdays,
    WorkTime,
    spend,
)
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Clause
from sla_engine.record import Instant
from sla_engine.sla.extension import Standing, last_call
from sla_engine.worktime import Amount, Reckoning, Term, Timetable, Unit, reckon
from sla_engine.worktime.instant import HOUR


class Due(NamedTuple):
    """`at` NEVER while a pause is open; `loose`: provisional; not `known`: to be reckoned one by
    one (`known` None: everything is)."""

    at: Ints
    loose: Bools
    known: Bools | None


class Span(NamedTuple):
    """The k-th pause of each clock; `begin` NEVER where it has none, `end` while it is open."""

    begin: Ints
    end: Ints

    def of(self, places: Rows) -> "Span":
        return Span(self.begin[places], self.end[places])


class Deadline:
    """The due instants of a clause under a timetable. Tables are kept between partitions."""

    def __init__(self, clause: Clause, timetable: Timetable, days: Days) -> None:
        self.clause = clause
        self.timetable = timetable
        self._days = days
        self._loose = LooseYears(timetable.calendar)
        self._tables: dict[int, ByDay] = {}
        self._workdays: Workdays | None = None
        self._work_time: WorkTime | None = None

    def due(self, start: Ints, size: Ints, pauses: Sequence[Span]) -> Due:
        """For clocks started at `start` with terms of `size` on the unit's ruler."""
        if not pauses and len(start) and (size == size[0]).all():
            return self._plain(start, int(size[0]))
        due = unknown(len(start))
        paused = np.zeros(len(start), np.bool_)
        for pause in pauses:
            paused |= pause.begin != NEVER
        for each in np.unique(size):
            same = size == each
            plain, cut = np.flatnonzero(same & ~paused), np.flatnonzero(same & paused)
            put(due, plain, self._plain(start[plain], int(each)))
            put(due, cut, self._paused(start[cut], int(each), [p.of(cut) for p in pauses]))
        return due

    def last_call(self, due: Ints) -> Ints:
        """The latest instants at which an extension can be asked for, by due instant."""
        rule = self.clause.extension
        if rule is None or rule.ask_before is None:
            return due
        instants, which = np.unique(due, return_inverse=True)
        calls = [NEVER if at == NEVER else self._last_call(int(at)) for at in instants]
        return np.array(calls, np.int64)[which]

    def _last_call(self, due: int) -> int:
        rule, amount = self.clause.extension, self.clause.term.amount
        assert rule is not None, "asked of a clause that can be extended"
        day = self.timetable.zone.date_of(due if amount.unit.is_hours else due - 1)
        standing = Standing(amount, amount, 0, Reckoning(due, day, due), self.timetable)
        latest = last_call(rule, standing)
        assert latest is not None, "a term that is due has a last call"
        return latest

    # --------------------------------------------------------------------- without pauses

    def _plain(self, start: Ints, size: int) -> Due:
        term = self._term(size)
        unit = term.amount.unit
        if term.receipt != "as_is":
            return unknown(len(start))
        if unit is Unit.CLOCK_HOURS:
            return Due(start + size, np.zeros(len(start), np.bool_), None)
        if unit.is_hours:
            return self._spent(start, size, ())
        return Due(*self._table(term).look_up(self._days.of(start), start))

    def _term(self, size: int) -> Term:
        """The clause's term, or one of another length."""
        term, unit = self.clause.term, self.clause.term.amount.unit
        if size == term.amount.size:
            return term
        n = Fraction(size, HOUR) if unit.is_hours else Fraction(size)
        return replace(term, amount=Amount(n, unit))

    def _table(self, term: Term) -> ByDay:
        size, timetable = term.amount.size, self.timetable
        if size not in self._tables:
            halved = term.amount.unit.is_halves
            work_out = _half_day_of if halved else _day_of
            self._tables[size] = ByDay(lambda day: work_out(term, day, timetable), halved)
        return self._tables[size]

    # ------------------------------------------------------------------------ with pauses

    def _paused(self, start: Ints, size: int, pauses: Sequence[Span]) -> Due:
        term = self._term(size)
        unit = term.amount.unit
        laid_out = term.receipt == "as_is" and size and not unit.is_halves and not unit.is_months
        if not laid_out or not len(start):
            return unknown(len(start))
        if unit.is_hours:
            return self._spent(start, size, pauses)
        if term.roll or term.expiry != "end_of_day":
            return unknown(len(start))
        return self._days_spent(start, size, pauses)

    def _days_spent(self, start: Ints, size: int, pauses: Sequence[Span]) -> Due:
        zero = self._days.of(start)
        working = self.clause.term.amount.unit.is_working
        ruler = self._day_ruler(int(zero[0]) + 1) if working else Civil()
        if ruler is None:
            return unknown(len(start))
        begun, known = ruler.mark(zero + 1)
        cuts = [self._cut(pause, start, ruler) for pause in pauses]
        end, held = spend(begun, np.full(len(start), size), cuts)
        last, reached = ruler.at(np.where(held, begun, end - 1))
        due = self._days.midnight(np.where(reached & known, last, zero) + 1)
        loose = self._loose.within(zero + 1, last) & ~held if working else held & ~held
        return Due(np.where(held, NEVER, due), loose, known & (reached | held))

    def _cut(self, pause: Span, start: Ints, ruler: Ruler) -> Cut:
        """A pause on the scale of days: from the day of pausing to that of resuming."""
        there, closed = pause.begin != NEVER, pause.end != NEVER
        begin = ruler.cut(self._days.of(np.where(there, pause.begin, start)))
        end = ruler.cut(self._days.of(np.where(closed, pause.end, start)))
        return Cut(np.where(there, begin, FAR), np.where(closed, end, FAR), ~closed)

    def _day_ruler(self, day: int) -> Workdays | None:
        if self._workdays is None or not self._workdays.first <= day <= self._workdays.last:
            try:
                self._workdays = Workdays(self.timetable.calendar, day)
            except Refusal:
                return None
        return self._workdays

    # ------------------------------------------------------------------------------ hours

    def _spent(self, start: Ints, size: int, pauses: Sequence[Span]) -> Due:
        working = self.clause.term.amount.unit.is_working
        ruler = self._hour_ruler(int(start[0])) if working and len(start) else Clock()
        if ruler is None:
            return unknown(len(start))
        begun, known = ruler.mark(start)
        cuts = [_instants(pause, start, ruler) for pause in pauses]
        end, held = spend(begun, np.full(len(start), size), cuts)
        at, reached = ruler.at(np.where(held, begun, end))
        due = np.where(known & reached, np.maximum(start, at), start)
        loose = np.zeros(len(start), np.bool_)
        if working and self.timetable.calendar.provisional_years:
            loose = self._loose.within(self._days.of(start), self._days.of(due)) & ~held
        return Due(np.where(held, NEVER, due), loose, known & (reached | held))

    def _hour_ruler(self, at: int) -> WorkTime | None:
        if self._work_time is None or not self._work_time.begin <= at < self._work_time.end:
            try:
                self._work_time = WorkTime(self.timetable, at)
            except Refusal:
                return None
        return self._work_time


def _instants(pause: Span, start: Ints, ruler: Ruler) -> Cut:
    there, closed = pause.begin != NEVER, pause.end != NEVER
    begin = ruler.cut(np.where(there, pause.begin, start))
    end = ruler.cut(np.where(closed, pause.end, start))
    return Cut(np.where(there, begin, FAR), np.where(closed, end, FAR), ~closed)


def unknown(size: int) -> Due:
    """Nothing is known of so many clocks."""
    nowhere = np.zeros(size, np.bool_)
    return Due(np.full(size, NEVER), nowhere.copy(), nowhere)


def put(due: Due, places: Rows, some: Due) -> None:
    """Set some of what was `unknown`."""
    due.at[places], due.loose[places] = some.at, some.loose
    assert due.known is not None, "made by `_unknown`"
    due.known[places] = True if some.known is None else some.known


def _day_of(term: Term, day: int, timetable: Timetable) -> Part | None:
    """What is received on a day; None where it cannot be reckoned."""
    try:
        answer = _received(term, timetable.zone.midnight[day], timetable)
    except Refusal:
        return None
    return Part(NEVER, answer, answer)


def _half_day_of(term: Term, day: int, timetable: Timetable) -> Part | None:
    """The same by half: the second begins with the second session."""
    try:
        midnight = timetable.zone.midnight[day]
        early = _received(term, midnight, timetable)
        date = timetable.zone.date_of(midnight)
        if not timetable.calendar.is_workday(date):
            return Part(NEVER, early, early)
        second = timetable.sessions(date)[1][0]
        return Part(second, early, _received(term, second, timetable))
    except Refusal:
        return None


def _received(term: Term, at: Instant, timetable: Timetable) -> tuple[Instant, bool]:
    reckoning = reckon(term, at, timetable)
    assert reckoning.due is not None, "nothing holds up a term without pauses"
    return reckoning.due, reckoning.provisional

"""A running term read at an instant: what remains, how far it is, when to warn."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import msgspec

from sla_engine.worktime.instant import SECOND, Instant
from sla_engine.worktime.ruler import CLOCK, Halves, Ruler, marks
from sla_engine.worktime.span import Cut, Pause, merge, spend, spent
from sla_engine.worktime.term import (
    Course,
    Term,
    course,
    day_ruler,
    hour_ruler,
    receive,
    size_in_days,
)
from sla_engine.worktime.timetable import Timetable


class Remaining(msgspec.Struct, frozen=True):
    """What is left at an instant, in the unit of the term.

    Exactly one of `days` (working or civil, 0 = due today), `half_days` and `seconds` (of the
    term's own clock, rounded down) is given; negative means overdue by so much. `overdue`
    compares instants: due at the instant is on time. `paused` means due is None because a
    pause is open.
    """

    days: int | None
    half_days: int | None
    seconds: int | None
    overdue: bool
    due: Instant | None
    paused: bool


class Progress(msgspec.Struct, frozen=True):
    """Microseconds elapsed and in total on the term's own clock; `percent` rounded down."""

    elapsed: int
    total: int
    percent: int


def remaining(
    term: Term, start: Instant, timetable: Timetable, pauses: Iterable[Pause], at: Instant
) -> Remaining:
    """What is left of the term at `at`: all of it before the start, frozen in an open pause.

    Raises as `reckon`.
    """
    merged = merge(pauses)
    way = course(term, start, timetable, merged)
    due = way.reckoning.due
    unit = term.amount.unit
    days = half_days = seconds = None
    if unit.is_hours:
        seconds = (term.amount.size - _meter(term, timetable, way).elapsed(at)) // SECOND
    elif unit.is_halves:
        half_days = _half_days_left(term, timetable, way, at)
    else:
        days = _days_left(term, timetable, way, at)
    return Remaining(days, half_days, seconds, due is not None and at > due, due, due is None)


def progress(
    term: Term, start: Instant, timetable: Timetable, pauses: Iterable[Pause], at: Instant
) -> Progress:
    """How much of the term has run at `at`.

    Day terms run in the working time (civil days: in all the time) of the days counted and stop
    at their total; hour terms run on beyond it. Frozen while a pause is open: the total is then
    that of the term without this pause. Raises as `reckon`.
    """
    meter, total = _measured(term, start, timetable, pauses)
    elapsed = meter.elapsed(at)
    if not term.amount.unit.is_hours:
        elapsed = min(elapsed, total)
    return Progress(elapsed, total, 100 * elapsed // total if total else 100)


def at_percent(
    term: Term,
    start: Instant,
    timetable: Timetable,
    pauses: Iterable[Pause],
    percent: Fraction | int,
) -> Instant | None:
    """The first second of the term's own clock at which `percent` (0..100) has elapsed.

    Always inside working time for terms in working days. None while a pause is open that
    begins before then. Raises as `reckon`.
    """
    assert 0 <= percent <= 100, f"a share of the term, not {percent} %"
    meter, total = _measured(term, start, timetable, pauses)
    seconds = -(-total * percent // (100 * SECOND))
    return meter.reached(min(int(seconds) * SECOND, total))


def opening_before(timetable: Timetable, day: date, k: int) -> Instant:
    """Opening of the k-th working day before `day`; k = 0 is `day` or the last one before it."""
    assert k >= 0, "look for later days with opening_after"
    calendar = timetable.calendar
    if k == 0 and calendar.is_workday(day):
        return timetable.opening(day)
    return timetable.opening(calendar.add_workdays(day, -max(k, 1)))


def opening_after(timetable: Timetable, day: date, k: int) -> Instant:
    """Opening of the k-th working day after `day`; k = 0 is `day` or the next one after it."""
    assert k >= 0, "look for earlier days with opening_before"
    calendar = timetable.calendar
    return timetable.opening(calendar.add_workdays(day, k) if k else calendar.roll(day))


class _Meter(msgspec.Struct, frozen=True):
    """A term's own clock: it runs along `ruler` from `begin`, not in `cuts`, up to `end`.

    `end` is None where nothing stops it: for hours, and while a pause is open.
    """

    ruler: Ruler
    begin: Instant
    end: Instant | None
    cuts: tuple[Cut, ...]

    def elapsed(self, at: Instant) -> int:
        """Microseconds run by `at`; raises `UnpublishedYear` where nobody knows."""
        until = max(at, self.begin)
        if self.end is not None:
            until = min(until, self.end)
        for begin, resume in self.cuts:
            if begin <= until and (resume is None or until < resume):
                until = max(begin, self.begin)
        ruler = self.ruler
        return spent(ruler.mark(self.begin), ruler.mark(until), marks(ruler, self.cuts))

    def reached(self, needed: int) -> Instant | None:
        """The earliest instant by which `needed` has run; None behind an open pause."""
        ruler = self.ruler
        mark = spend(ruler.mark(self.begin), needed, marks(ruler, self.cuts))
        return None if mark is None else max(self.begin, ruler.at(mark))


def _meter(term: Term, timetable: Timetable, way: Course) -> _Meter:
    start, unit = way.reckoning.start, term.amount.unit
    if unit.is_hours:
        return _hour_meter(term, timetable, start, way.cuts)
    if unit.is_halves:
        return _half_day_meter(timetable, way)
    midnight = timetable.zone.midnight
    begin = midnight[way.zero + 1]
    return _Meter(
        timetable.ruler(begin) if unit.is_working else CLOCK,
        begin,
        way.reckoning.due,
        tuple((midnight[cut], None if end is None else midnight[end]) for cut, end in way.cuts),
    )


def _hour_meter(
    term: Term, timetable: Timetable, begun: Instant, pauses: tuple[Pause, ...]
) -> _Meter:
    return _Meter(hour_ruler(term, begun, timetable), begun, None, pauses)


def _half_day_meter(timetable: Timetable, way: Course) -> _Meter:
    halves = Halves(timetable, way.reckoning.start)
    begin = halves.opening(halves.after(way.reckoning.start))
    opening = halves.opening
    cuts = tuple((opening(cut), None if end is None else opening(end)) for cut, end in way.cuts)
    return _Meter(timetable.ruler(begin), begin, way.reckoning.due, cuts)


def _measured(
    term: Term, start: Instant, timetable: Timetable, pauses: Iterable[Pause]
) -> tuple[_Meter, int]:
    """A term's clock and its length, the latter as if a pause still open had not begun.

    Hours have their length without an end, which may lie in a year nobody knows.
    """
    merged = merge(pauses)
    if term.amount.unit.is_hours:
        begun = receive(term.receipt, start, timetable)
        return _hour_meter(term, timetable, begun, merged), term.amount.size
    way = course(term, start, timetable, merged)
    meter = whole = _meter(term, timetable, way)
    if way.reckoning.due is None:
        whole = _meter(term, timetable, course(term, start, timetable, merged[:-1]))
    assert whole.end is not None, "only an open pause leaves a day term without an end"
    return meter, whole.elapsed(whole.end)


def _days_left(term: Term, timetable: Timetable, way: Course, at: Instant) -> int:
    ruler = day_ruler(term, way.zero, timetable)
    cuts = marks(ruler, way.cuts)
    today = max(timetable.zone.day_of(at), way.zero)
    last = way.reckoning.due_date
    for begin, resume in way.cuts:
        if begin <= today and (resume is None or today < resume):
            today = max(begin - 1, way.zero)
    if last is None:
        counted = spent(ruler.mark(way.zero + 1), ruler.mark(today + 1), cuts)
        return max(size_in_days(term.amount, way.zero) - counted, 0)
    return spent(ruler.mark(today + 1), ruler.mark(last.toordinal() + 1), cuts)


def _half_days_left(term: Term, timetable: Timetable, way: Course, at: Instant) -> int:
    halves = Halves(timetable, way.reckoning.start)
    begin = halves.after(way.reckoning.start)
    now = max(halves.after(at), begin)
    for cut, resume in way.cuts:
        if cut < now and (resume is None or now <= resume):
            now = max(cut, begin)
    if way.reckoning.due is None:
        return term.amount.size - spent(begin, now, way.cuts)
    end = spend(begin, term.amount.size, way.cuts)
    assert end is not None, "a term that is due has an end"
    return spent(now, end, way.cuts)

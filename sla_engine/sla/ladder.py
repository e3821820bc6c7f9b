"""A term reckoned, and the instants of the rungs that hang on it.

Many petitions of one day share both: where a term of whole days and all its rungs follow from the
day of receipt alone, they are reckoned once for that day.
"""

from collections.abc import Sequence

import msgspec

from sla_engine.policy.clause import Anchor, Rung
from sla_engine.record import Instant, Value
from sla_engine.sla.cycle import Cycle
from sla_engine.sla.index import index_of
from sla_engine.worktime import (
    Amount,
    Reckoning,
    Term,
    Timetable,
    Unit,
    at_percent,
    opening_after,
    opening_before,
    reckon,
)

Span = tuple[Instant, Instant | None]

_KEPT = 8_192


class Course(Value):
    """A term with the calendar and the pauses it runs by; `floor` is what is promised already."""

    term: Term
    timetable: Timetable
    pauses: tuple[Span, ...] = ()
    floor: Instant | None = None


class Ladder(Value):
    """When the term is due, and the rungs with their instants, were nothing to change any more."""

    reckoning: Reckoning
    rungs: Sequence[tuple[Rung, Instant]]


_by_day: dict[tuple[str, str, str, int], Ladder] = {}


def ladder(cycle: Cycle, course: Course) -> Ladder:
    """The ladder of a clock on a course."""
    clause, pack, start = cycle.clause, cycle.pack, cycle.start.at
    changed = course.pauses or course.floor is not None or course.term is not clause.term
    if changed or clause.id not in index_of(pack).by_day:
        return _reckoned(cycle, course)
    calendar = course.timetable.calendar
    key = (pack.digest, clause.id, calendar.digest, calendar.zone.day_of(start))
    known = _by_day.get(key)
    if known is None:
        if len(_by_day) >= _KEPT:
            _by_day.clear()
        known = _by_day[key] = _reckoned(cycle, course)
    return Ladder(msgspec.structs.replace(known.reckoning, start=start), known.rungs)


def _reckoned(cycle: Cycle, course: Course) -> Ladder:
    start = cycle.start.at
    reckoning = reckon(course.term, start, course.timetable, course.pauses)
    if reckoning.due is None:
        return Ladder(reckoning, ())
    if course.floor is not None and reckoning.due < course.floor:
        day = course.timetable.zone.date_of(course.floor - 1)
        reckoning = msgspec.structs.replace(reckoning, due=course.floor, due_date=day)
    rungs = (rung for rung in cycle.clause.rungs if rung.from_cycle <= cycle.number)
    instants = ((rung, _instant(rung, cycle, course, reckoning)) for rung in rungs)
    return Ladder(reckoning, [(rung, at) for rung, at in instants if at is not None])


def _instant(rung: Rung, cycle: Cycle, course: Course, reckoning: Reckoning) -> Instant | None:
    """The instant of a rung (see `policy.clause.When`).

    None: holidays have pushed it behind the due date, and now an open pause holds it up.
    """
    when, start, timetable, pauses = rung.when, cycle.start.at, course.timetable, course.pauses
    due = reckoning.due
    assert due is not None, "a paused clock has no rungs"
    if when.anchor is Anchor.PERCENT:
        return at_percent(course.term, start, timetable, pauses, when.percent)
    if when.offset is None:
        return due + 1
    if when.anchor is Anchor.START:
        within = index_of(cycle.pack).within[cycle.clause.id, rung.id]
        return reckon(within, start, timetable, pauses).due
    return beside(reckoning, when.sign, when.offset, timetable)


def beside(reckoning: Reckoning, sign: int, offset: Amount, timetable: Timetable) -> Instant:
    """`offset` before or after the due instant; whole days open with the office or at 0:00."""
    due, unit = reckoning.due, offset.unit
    assert due is not None, "nothing lies beside an instant that is not there"
    if unit is Unit.CLOCK_HOURS:
        return due + sign * offset.micros
    if unit is Unit.WORK_HOURS:
        return timetable.add_work(due, sign * offset.micros)
    zone = timetable.zone
    due_date, days = reckoning.due_date or zone.date_of(due), offset.size
    if unit is Unit.CALENDAR_DAYS:
        midnight = zone.midnight[due_date.toordinal() + sign * days]
        # A term that ends at 24:00 is due at the midnight that begins the next day.
        return midnight if sign < 0 else max(midnight, due + 1)
    opening = opening_before if sign < 0 else opening_after
    return opening(timetable, due_date, days)

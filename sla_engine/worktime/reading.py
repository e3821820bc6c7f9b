"""A running term read at an instant: what remains, how far it is, when to warn."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import msgspec

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime.amount import Unit
from sla_engine.worktime.calendar import Stretch
from sla_engine.worktime.instant import SECOND, Instant
from sla_engine.worktime.span import Cut, Pause, merge, spend, spent
from sla_engine.worktime.term import (
    CIVIL,
    CLOCK,
    Course,
    Halves,
    Ruler,
    Term,
    course,
    day_marks,
    day_ruler,
    hour_ruler,
    marks,
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
    """What is left of the term at `at`; frozen while a pause is open. Raises as `reckon`."""
    merged = merge(pauses)
    way = course(term, start, timetable, merged)
    due = way.reckoning.due
    unit = term.amount.unit
    days = half_days = seconds = None
    if unit.is_hours:
        elapsed = _Clockwork(term, timetable, way).elapsed(at, merged)
        seconds = (term.amount.size - elapsed) // SECOND
    elif unit is Unit.HALF_WORKDAYS:
        half_days = _half_days_left(term, timetable, way, at)
    else:
        days = _days_left(term, timetable, way, at)
    return Remaining(days, half_days, seconds, due is not None and at > due, due, due is None)

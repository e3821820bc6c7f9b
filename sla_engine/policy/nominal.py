"""Where on its clock a rung stands, as near as can be said without a calendar.

A working day is taken for eight hours of a working clock and for twenty-four of any other. That
is enough to see that a rung lies outside its clock, or after another one.
"""

from fractions import Fraction

from sla_engine.policy.clause import Anchor, When
from sla_engine.worktime import Amount, Unit

_WORKING = {
    Unit.WORKDAYS: 8,
    Unit.HALF_WORKDAYS: 4,
    Unit.WORK_HOURS: 1,
    Unit.CLOCK_HOURS: 1,
    Unit.CALENDAR_DAYS: 8,
    Unit.CALENDAR_MONTHS: 8 * 30,
}
_CIVIL = {
    Unit.WORKDAYS: 24,
    Unit.HALF_WORKDAYS: 12,
    Unit.WORK_HOURS: 1,
    Unit.CLOCK_HOURS: 1,
    Unit.CALENDAR_DAYS: 24,
    Unit.CALENDAR_MONTHS: 24 * 30,
}
_WORKING_UNITS = (Unit.WORKDAYS, Unit.HALF_WORKDAYS, Unit.WORK_HOURS)


def hours(amount: Amount, limit: Amount) -> Fraction:
    """`amount` in hours of the clock that `limit` runs on."""
    return amount.n * (_WORKING if limit.unit in _WORKING_UNITS else _CIVIL)[amount.unit]


def position(when: When, limit: Amount) -> Fraction:
    """Hours from the start of a clock of `limit` to the rung."""
    total = hours(limit, limit)
    if when.anchor is Anchor.PERCENT:
        return total * when.percent / 100
    if when.offset is None:
        return total
    if when.anchor is Anchor.START:
        return hours(when.offset, limit)
    return total + when.sign * hours(when.offset, limit)

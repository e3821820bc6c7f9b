"""The rows of the alarm index that an assessment calls for."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from sla_engine.policy.nominal import hours
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading, State, unit_at
from sla_engine.sla.schedule import Firing
from sla_engine.sla.standing import noted
from sla_engine.worktime import Amount, Unit

SHORT, LONG = 0, 1
"""Lanes of the index; a sweep looks into the first before each batch of the second."""

DAY = 86_400_000_000
_FAR = 2**62
_CLOCK_HOUR = Amount(Fraction(1), Unit.CLOCK_HOURS)
_LENGTHS = {
    unit: int(hours(Amount(Fraction(1), unit), _CLOCK_HOUR) * 3_600_000_000) for unit in Unit
}
"""µs that one of each unit takes, as near as can be said without a calendar."""


def alarm_rows(assessment: Assessment, short_term: Instant = DAY) -> Sequence[AlarmRow]:
    """One row per clock for the alarm index; a clock without a next rung keeps its row.

    An alarm that has come stays until its act is in the log, so the rows are right whether or not
    everything due has been recorded.

    A clock whose whole term is no longer than `short_term` µs goes into lane SHORT. No law ranks
    one clock before another. But where a backlog must be worked off in some order, a delay hurts in
    proportion to the term: five minutes are a sixth of a term of half an hour and nothing of one of
    ten days.
    """
    every = (*assessment.readings, *assessment.coming)
    return [
        noted("row", assessment, each, short_term, partial(row_of, assessment, each, short_term))
        for each in every
    ]


def row_of(assessment: Assessment, reading: Reading, short_term: Instant) -> AlarmRow:
    """The row of one clock (see `alarm_rows`)."""
    upcoming, cycle = _upcoming(assessment, reading), reading.cycle
    return AlarmRow(
        clause=reading.clause.id,
        cycle=cycle.name,
        state=_state(reading).value,
        level=reading.level,
        unit=_whose(assessment, reading),
        due=reading.due,
        alarm_at=upcoming.fire_at if upcoming is not None else None,
        rung=upcoming.rung.id if upcoming is not None else "",
        started=reading.start,
        stopped=cycle.end,
        liable=unit_at(assessment.chronicle, cycle, _decided_at(reading)),
        mark=cycle.start.name,
        missed=(State.LAPSED if cycle.clause.lapses else State.OVERDUE).value,
        lane=_lane(cycle.term.amount, short_term),
    )


def _whose(assessment: Assessment, reading: Reading) -> str:
    """Who answers for it by all that is known, also by what a source whose clock runs ahead has
    told: time alone does not write a row anew."""
    if reading.cycle.end is not None:
        return reading.unit
    return unit_at(assessment.chronicle, reading.cycle, _FAR)


def _upcoming(assessment: Assessment, reading: Reading) -> Firing | None:
    """The next act that is to come or to be recorded."""
    at, first = assessment.at, None
    for firing in reading.schedule.firings:
        sooner = first is None or firing.fire_at < first.fire_at
        if sooner and (firing.fire_at > at or not recorded(assessment, reading, firing)):
            first = firing
    return first


def recorded(assessment: Assessment, reading: Reading, firing: Firing) -> bool:
    """Whether an act of that rung at that instant stands in the log, against whoever answers."""
    acts = assessment.dossier.acts
    earlier = acts.get((*reading.key, firing.rung.id)) if acts else None
    given = [act.fired.unit for act in earlier or () if act.stands and act.fired.at == firing.at]
    return bool(given) and unit_at(assessment.chronicle, reading.cycle, firing.at) in given


def _state(reading: Reading) -> State:
    """A row does not say that a clock is overdue or has lapsed, which comes about without an alarm:
    whoever reads it compares `due` with the time."""
    if reading.cycle.cancelled_at is not None:
        return State.CANCELLED
    missed = reading.state in (State.OVERDUE, State.LAPSED) and reading.cycle.end is None
    return State.RUNNING if missed else reading.state


def _lane(amount: Amount, short_term: Instant) -> int:
    n = amount.n
    return SHORT if n.numerator * _LENGTHS[amount.unit] <= short_term * n.denominator else LONG


def _decided_at(reading: Reading) -> Instant:
    """When a clock is decided: at its end, or at its first late instant if that comes before."""
    end, due = reading.cycle.end, reading.due
    if due is None:
        return reading.at if end is None else end
    return due + 1 if end is None else min(end, due + 1)

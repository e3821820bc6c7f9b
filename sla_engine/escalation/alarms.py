"""The rows of the alarm index that an assessment calls for."""

from collections.abc import Sequence
from functools import lru_cache

from sla_engine.policy.nominal import hours
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading, State, unit_at
from sla_engine.sla.schedule import Firing
from sla_engine.worktime import Amount

SHORT, LONG = 0, 1
"""Lanes of the index; a sweep looks into the first before each batch of the second."""

DAY = 86_400_000_000
_CIVIL_DAY = Amount.parse("1日")


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
    return [_row(assessment, reading, short_term) for reading in every]


def _row(assessment: Assessment, reading: Reading, short_term: Instant) -> AlarmRow:
    upcoming, cycle = _upcoming(assessment, reading), reading.cycle
    return AlarmRow(
        clause=reading.clause.id,
        cycle=cycle.name,
        state=_state(reading).value,
        level=reading.level,
        unit=reading.unit,
        due=reading.due,
        alarm_at=upcoming.fire_at if upcoming is not None else _lapse(reading),
        rung=upcoming.rung.id if upcoming is not None else "",
        started=reading.start,
        stopped=cycle.end,
        liable=unit_at(assessment.chronicle, cycle, _decided_at(reading)),
        mark=cycle.start.name,
        lane=SHORT if _length(cycle.term.amount) <= short_term else LONG,
    )


def _upcoming(assessment: Assessment, reading: Reading) -> Firing | None:
    """The next act that is to come or to be recorded."""
    at, acts, key = assessment.at, assessment.dossier.acts, reading.key
    waiting = [
        firing
        for firing in reading.schedule.firings
        if firing.fire_at > at
        or not any(
            act.stands and act.fired.at == firing.at for act in acts.get((*key, firing.rung.id), ())
        )
    ]
    return min(waiting, key=lambda firing: firing.fire_at, default=None)


def _state(reading: Reading) -> State:
    """A row does not say that a clock is overdue, which comes about without an alarm: whoever reads
    it compares `due` with the time."""
    if reading.cycle.cancelled_at is not None:
        return State.CANCELLED
    return State.RUNNING if reading.state is State.OVERDUE else reading.state


@lru_cache(maxsize=512)
def _length(amount: Amount) -> Instant:
    """A term in µs, as near as can be said without a calendar."""
    return int(hours(amount, _CIVIL_DAY) * 3_600_000_000)


def _decided_at(reading: Reading) -> Instant:
    """When a clock is decided: at its end, or at its first late instant if that comes before."""
    decisive = (reading.cycle.end, reading.due + 1 if reading.due is not None else None)
    return min((at for at in decisive if at is not None), default=reading.at)


def _lapse(reading: Reading) -> Instant | None:
    """When a right that is still open lapses: nothing is done then, but it is open no longer."""
    barred = reading.clause.late == "barred" and reading.state is State.RUNNING
    return reading.due + 1 if barred and reading.due is not None else None

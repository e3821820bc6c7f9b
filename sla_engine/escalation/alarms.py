"""The rows of the alarm index that an assessment calls for."""

from collections.abc import Sequence

from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading, State, unit_at


def alarm_rows(assessment: Assessment) -> Sequence[AlarmRow]:
    """One row per clock for the alarm index; a clock without a next rung keeps its row."""
    return [_row(assessment, reading) for reading in (*assessment.readings, *assessment.coming)]


def _row(assessment: Assessment, reading: Reading) -> AlarmRow:
    upcoming, cycle = reading.next, reading.cycle
    return AlarmRow(
        clause=reading.clause.id,
        cycle=cycle.name,
        state=reading.state.value if cycle.cancelled_at is None else State.CANCELLED.value,
        level=reading.level,
        unit=reading.unit,
        due=reading.due,
        alarm_at=upcoming.fire_at if upcoming is not None else _lapse(reading),
        rung=upcoming.rung.id if upcoming is not None else "",
        started=reading.start,
        stopped=cycle.end,
        liable=unit_at(assessment.chronicle, cycle, _decided_at(reading)),
        mark=cycle.start.name,
    )


def _decided_at(reading: Reading) -> Instant:
    """When a clock is decided: at its end, or at its first late instant if that comes before."""
    decisive = (reading.cycle.end, reading.due + 1 if reading.due is not None else None)
    return min((at for at in decisive if at is not None), default=reading.at)


def _lapse(reading: Reading) -> Instant | None:
    """When a right that is still open lapses: nothing is done then, but it is open no longer."""
    barred = reading.clause.late == "barred" and reading.state is State.RUNNING
    return reading.due + 1 if barred and reading.due is not None else None

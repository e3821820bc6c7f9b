"""Figures of the log against figures of the engine, petition by petition."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sla_engine.errors import Refusal
from sla_engine.importing.convert import Converter
from sla_engine.importing.mapping import Due, Elapsed
from sla_engine.importing.matter import Matter
from sla_engine.importing.value import cell
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.worktime import Instant, Zone, format_instant
from sla_engine.worktime.instant import EPOCH

_MICROSECOND = timedelta(microseconds=1)


class Compared(NamedTuple):
    """What the log says, what the engine says, and whether they mean the same."""

    claimed: str
    computed: str
    agrees: bool


def compare(
    check: Elapsed | Due, matter: Matter, assessment: Assessment, converter: Converter
) -> Compared | None:
    """The outcome of a check for one petition; None where either side has no figure."""
    if isinstance(check, Elapsed):
        return _elapsed(check, matter, assessment)
    reading = assessment.reading(check.clause)
    try:
        moment = converter.moment(check.time, matter.row.cells)
    except Refusal:
        # The time was needed for nothing else, so nobody was told that it cannot be read.
        return Compared(cell(converter.column(check.time), matter.row.cells), "-", False)
    if reading is None or reading.due is None or moment is None:
        return None
    return _due(check, moment.at, reading)


def _elapsed(check: Elapsed, matter: Matter, assessment: Assessment) -> Compared | None:
    claimed = cell(check.column, matter.row.cells)
    start = assessment.chronicle.first(frozenset({check.start}))
    stop = assessment.chronicle.first(frozenset({check.stop}))
    if not claimed or start is None or stop is None or not assessment.readings:
        return None
    calendar = assessment.readings[0].schedule.calendar
    day = calendar.zone.date_of
    computed = str(calendar.workdays_between(day(start.at), day(stop.at)))
    return Compared(claimed, computed, claimed == computed)


def _due(check: Due, claimed: Instant, reading: Reading) -> Compared:
    assert reading.due is not None, "a paused clock is not compared"
    zone = reading.schedule.calendar.zone
    last_day = reading.schedule.last.reckoning.due_date or zone.date_of(reading.due)
    if check.compare == "day":
        day = zone.date_of(claimed)
        return Compared(day.isoformat(), last_day.isoformat(), day == last_day)
    due = _at_time_of(reading.start, last_day, zone) if check.compare != "instant" else reading.due
    agrees = abs(due - claimed) <= check.within.micros
    return Compared(format_instant(claimed, zone.name), format_instant(due, zone.name), agrees)


def _at_time_of(start: Instant, day: date, zone: Zone) -> Instant:
    """The instant on `day` at which clocks show what they showed at `start`."""
    shown = (EPOCH + timedelta(microseconds=start)).astimezone(zone.info).replace(tzinfo=None)
    since_midnight = shown - datetime.combine(shown.date(), datetime.min.time())
    return zone.wall(day.toordinal(), since_midnight // _MICROSECOND)

"""Working time: which days count, how far a term runs, and why."""

from sla_engine.worktime.almanac import Almanac
from sla_engine.worktime.amount import Amount, Unit
from sla_engine.worktime.calendar import Calendar
from sla_engine.worktime.day import Day, DayKind
from sla_engine.worktime.derivation import Derivation, Step, derive
from sla_engine.worktime.edition import Notice, Statute
from sla_engine.worktime.hours import OfficeHours
from sla_engine.worktime.instant import Instant, Zone, format_instant, parse_date, parse_instant
from sla_engine.worktime.reading import (
    Progress,
    Remaining,
    at_percent,
    opening_after,
    opening_before,
    progress,
    remaining,
)
from sla_engine.worktime.span import Pause
from sla_engine.worktime.term import Reckoning, Term, reckon
from sla_engine.worktime.timetable import Timetable

__all__ = [
    "Almanac",
    "Amount",
    "Calendar",
    "Day",
    "DayKind",
    "Derivation",
    "Instant",
    "Notice",
    "OfficeHours",
    "Pause",
    "Progress",
    "Reckoning",
    "Remaining",
    "Statute",
    "Step",
    "Term",
    "Timetable",
    "Unit",
    "Zone",
    "at_percent",
    "derive",
    "format_instant",
    "opening_after",
    "opening_before",
    "parse_date",
    "parse_instant",
    "progress",
    "reckon",
    "remaining",
]

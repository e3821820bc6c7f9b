"""What a calendar revision does to an open clock: the old and the new answer side by side."""

from dataclasses import dataclass

import msgspec

from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.cycle import Refix
from sla_engine.sla.schedule import Schedule, schedule
from sla_engine.worktime import Calendar


@dataclass(frozen=True, slots=True)
class Refixing:
    """A clock under the calendar now known, in effect since the revision was published.

    `floor` is set when the pack forbids shortening a notified term."""

    calendar: Calendar
    effective: Instant
    due: Instant | None
    floor: Instant | None
    reason: str


def refixing(
    reading: Reading, assessment: Assessment, rules: Rulebook, now: Instant
) -> Refixing | None:
    """How the calendar known at `now` moves an open clock; None when it does not."""
    cycle = reading.cycle
    region = assessment.chronicle.traits.get("region", "") or cycle.pack.region
    calendar = rules.calendar(cycle.pack, region, now)
    pinned = reading.schedule.calendar
    if calendar is pinned or calendar.digest == pinned.digest:
        return None
    effective = rules.revised_at(cycle.pack, region, pinned.digest, now)
    refix = Refix(effective, now, calendar, None)
    refixed = msgspec.structs.replace(cycle, refixes=(*cycle.refixes, refix))
    revised = schedule(refixed, assessment.chronicle, rules)
    if _instants(revised) == _instants(reading.schedule):
        return None
    floor = _floor(reading, revised)
    due = max(revised.due, floor) if revised.due is not None and floor is not None else revised.due
    return Refixing(calendar, effective, due, floor, "calendar")


def _floor(reading: Reading, revised: Schedule) -> Instant | None:
    old, new = reading.due, revised.due
    if reading.clause.revision == "never_earlier" and old is not None and new is not None:
        return old if new < old else None
    return None


def _instants(each: Schedule) -> tuple[object, ...]:
    flags = (each.due, each.last.reckoning.provisional)
    return (*flags, *((firing.rung.id, firing.at) for firing in each.firings))

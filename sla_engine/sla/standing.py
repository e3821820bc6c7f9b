"""What stands of a dossier's clocks, so that a fact is a step on from what is known of them.

A reading holds until something is learned of its clock or the next instant comes that changes it.
Once its acts are in the log, nobody needs to look at that clock again before then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Value
from sla_engine.sla.assess import Assessment, Reading, reading_of
from sla_engine.sla.clocks import Key, clocks

T = TypeVar("T")

_FOREVER: Instant = 1 << 62


class Settled(Value):
    """A reading whose acts are recorded, and the instant until which it holds."""

    reading: Reading
    until: Instant


@dataclass(slots=True)
class Standing:
    """What is settled of a dossier since an instant, as long as its lanes and acts are as they
    were. `notes` are what others made of its readings, each by its name."""

    chronicle: Chronicle
    shifts: int
    acted: int
    since: Instant
    clocks: Mapping[Key, Settled]
    notes: dict[tuple[str, Key], tuple[Reading, object, Any]] = field(default_factory=dict)


def assess_on(dossier: Dossier, kind: Kind, rules: Rulebook, at: Instant) -> Assessment:
    """`assess`, but a reading that is settled and still holds is given as it was found then; all
    others are `news`."""
    chronicle = read(dossier, kind)
    stood = _stood(dossier, chronicle, at)
    readings: list[Reading] = []
    coming: list[Reading] = []
    news: list[Reading] = []
    for key, each in clocks(dossier, chronicle, rules).items():
        settled = stood.get(key)
        if settled is not None and settled.reading.schedule is each and at < settled.until:
            readings.append(settled.reading)
            continue
        reading = reading_of(each, chronicle, at)
        if reading.start > at:
            coming.append(reading)
        else:
            readings.append(reading)
            news.append(reading)
    return Assessment(dossier, chronicle, tuple(readings), at, tuple(coming), tuple(news))


def settle(assessment: Assessment) -> None:
    """All that is due in an assessment has been recorded; it is kept with its dossier."""
    dossier, chronicle, at = assessment.dossier, assessment.chronicle, assessment.at
    kept = dossier.standing
    news = {each.key: Settled(each, _until(each)) for each in assessment.news}
    if assessment.coming or not chronicle.facts or chronicle.facts[-1].meta.occurred_at > at:
        dossier.standing = None  # What is still to come may change any of it.
    elif isinstance(kept, Standing) and len(news) < len(assessment.readings):
        kept.clocks = {**kept.clocks, **news}
        kept.acted, kept.since = dossier.acted, at
    else:
        shifts, acted = chronicle.lanes.shifts, dossier.acted
        dossier.standing = Standing(chronicle, shifts, acted, at, news)


def noted(
    name: str, assessment: Assessment, reading: Reading, beside: object, make: Callable[[], T]
) -> T:
    """What `make` gives for a reading: made once while the reading stands and whatever else it
    depends on (`beside`) is the same."""
    standing = assessment.dossier.standing
    settled = standing.clocks.get(reading.key) if isinstance(standing, Standing) else None
    if not isinstance(standing, Standing) or settled is None or settled.reading is not reading:
        return make()
    note = standing.notes.get((name, reading.key))
    if note is None or note[0] is not reading or note[1] != beside:
        note = standing.notes[name, reading.key] = (reading, beside, make())
    made: T = note[2]
    return made


def _stood(dossier: Dossier, chronicle: Chronicle, at: Instant) -> Mapping[Key, Settled]:
    kept = dossier.standing
    holds = (
        isinstance(kept, Standing)
        and kept.chronicle is chronicle
        and kept.shifts == chronicle.lanes.shifts
        and kept.acted == dossier.acted
        and kept.since <= at
    )
    return kept.clocks if holds and isinstance(kept, Standing) else {}


def _until(reading: Reading) -> Instant:
    """The first instant after its own at which a reading may be another."""
    at, cycle, due = reading.at, reading.cycle, reading.due
    until = _FOREVER
    for firing in reading.schedule.firings:
        if firing.fire_at > at:
            until = min(until, firing.fire_at, firing.at if firing.at > at else until)
    if due is not None and due >= at:
        until = min(until, due + 1)
    for end in (cycle.stop, cycle.cancelled_at):
        if end is not None and end > at:
            until = min(until, end)
    return until

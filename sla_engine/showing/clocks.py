"""Clocks as they stand: state, level, due instant, what remains, and the working of a deadline."""

from typing import Any

from sla_engine.policy.clause import Level, Text
from sla_engine.showing.plain import both, rfc3339
from sla_engine.sla.assess import Reading
from sla_engine.sla.explain import explain
from sla_engine.sla.schedule import Firing
from sla_engine.worktime import Amount, Remaining, remaining
from sla_engine.worktime.derivation import plain


def as_dict(reading: Reading) -> dict[str, Any]:
    """JSON-ready, times RFC 3339. `remaining` is None once the clock has stopped."""
    upcoming, left = reading.next, left_of(reading)
    return {
        "clause": reading.clause.id,
        "cycle": reading.cycle.name,
        "name": both(reading.clause.name),
        "state": reading.state.value,
        "ruling": _ruling_dict(reading),
        "level": reading.level,
        "level_name": both(level.name) if (level := level_of(reading)) else None,
        "unit": reading.unit,
        "started_at": rfc3339(reading.start),
        "due": rfc3339(reading.due),
        "stopped_at": rfc3339(reading.stopped_at),
        "provisional": reading.provisional,
        "basis": reading.basis,
        "status": reading.clause.status,
        "remaining": None if left is None else _left_dict(left),
        "saved": None if reading.saved is None else both(amount(reading.saved)),
        "reached": [_firing(each) for each in reading.fired],
        "next": None if upcoming is None else _firing(upcoming),
        "pack": reading.cycle.pack.digest,
        "calendar": reading.schedule.calendar.digest,
    }


def left_of(reading: Reading) -> Remaining | None:
    """What is left of a clock that is still open."""
    if not reading.state.open:
        return None
    last = reading.schedule.last
    return remaining(last.term, reading.start, last.timetable, last.pauses, reading.at)


def level_of(reading: Reading) -> Level | None:
    """The level a clock has reached, None at 0."""
    return reading.cycle.pack.level(reading.level)


def _ruling_dict(reading: Reading) -> dict[str, Any] | None:
    ruling = reading.ruling
    if ruling is None:
        return None
    return {"verdict": ruling.verdict, "dispute": ruling.dispute, "at": rfc3339(ruling.at)}


def amount(value: Amount) -> Text:
    """An amount of time in both languages."""
    return Text(str(value), value.en())


def _left_dict(left: Remaining) -> dict[str, Any]:
    counts = {"days": left.days, "half_days": left.half_days, "seconds": left.seconds}
    shown = {name: count for name, count in counts.items() if count is not None}
    return {**shown, "overdue": left.overdue, "paused": left.paused}


def _firing(firing: Firing) -> dict[str, Any]:
    return {
        "rung": firing.rung.id,
        "act": firing.rung.act,
        "level": firing.rung.level,
        "at": rfc3339(firing.at),
        "due": rfc3339(firing.legal),
        "fires_at": rfc3339(firing.fire_at),
    }


def explained(reading: Reading) -> dict[str, Any]:
    """JSON-ready: the clock, its derivation step by step, and the same in both languages."""
    explanation = explain(reading)
    zone = reading.schedule.calendar.zone.name
    return {
        **as_dict(reading),
        "derivation": [plain(step, zone) for step in explanation.derivation.steps],
        "text_zh": explanation.zh(),
        "text_en": explanation.en(),
        "at": rfc3339(reading.at),
    }

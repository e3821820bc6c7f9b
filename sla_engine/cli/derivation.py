"""The working of a deadline, read out or as data."""

from typing import Any

from sla_engine import words
from sla_engine.cli import clocks
from sla_engine.cli.output import Voice, rfc3339
from sla_engine.sla.assess import Reading
from sla_engine.sla.explain import explain
from sla_engine.worktime.derivation import plain


def explained(reading: Reading) -> dict[str, Any]:
    """JSON-ready: the clock, its derivation step by step, and the same in both languages."""
    explanation = explain(reading)
    zone = reading.schedule.calendar.zone.name
    return {
        **clocks.as_dict(reading),
        "derivation": [plain(step, zone) for step in explanation.derivation.steps],
        "text_zh": explanation.zh(),
        "text_en": explanation.en(),
        "at": rfc3339(reading.at),
    }


def render(reading: Reading, voice: Voice) -> list[str]:
    """Lines to be read out or copied, under a heading that says where the clock stands."""
    explanation = explain(reading)
    lines = explanation.en() if voice.lang == "en" else explanation.zh()
    cycle = "" if reading.cycle.name == "1" else f" #{reading.cycle.name}"
    state = voice.word(words.STATES[reading.state.value])
    return [
        f"── {reading.clause.id}{cycle} · {state} · {clocks.due_text(reading, voice)}",
        *lines,
        "",
    ]

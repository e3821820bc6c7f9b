"""The working of a deadline, read out or as data."""

from sla_engine import words
from sla_engine.cli import clocks
from sla_engine.cli.output import Voice
from sla_engine.sla.assess import Reading
from sla_engine.sla.explain import explain


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

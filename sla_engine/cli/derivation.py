"""The working of a deadline, read out or as data."""

from typing import TYPE_CHECKING, Any

from sla_engine.cli import clocks, words
from sla_engine.cli.output import Voice, rfc3339
from sla_engine.sla.assess import Reading
from sla_engine.sla.explain import explain
from sla_engine.worktime.derivation import plain

if TYPE_CHECKING:
    from rich.console import RenderableType


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


def render(reading: Reading, voice: Voice) -> "list[RenderableType]":
    """Lines for reading aloud, under the clause's name."""
    from rich.panel import Panel
    from rich.text import Text

    explanation = explain(reading)
    lines = explanation.en() if voice.lang == "en" else explanation.zh()
    cycle = "" if reading.cycle.name == "1" else f" #{reading.cycle.name}"
    state = voice.word(words.STATES[reading.state.value])
    return [
        Panel(
            Text("\n".join(lines)),
            title=f"{reading.clause.id}{cycle}",
            subtitle=f"{state} · {clocks.due_text(reading, voice)}",
            title_align="left",
            subtitle_align="left",
        )
    ]

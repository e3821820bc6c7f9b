"""What other rules would have done, for a page and on paper. Needs the extra `bulk`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sla_engine import words
from sla_engine.bulk.impact import Impact, Turned
from sla_engine.documents.render import render
from sla_engine.replay.question import Question
from sla_engine.showing.impacts import (
    Names,
    clock,
    document_of,
    longest_of,
    names_of,
    no_of,
    ranked,
)
from sla_engine.showing.whatifs import WhatIf
from sla_engine.showing.written import Speech
from sla_engine.wiring import Engine
from sla_engine.wording import load_wording

_UNITS = 20


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of a what-if job: the answer, what was asked, and what clauses are called."""

    impact: Impact
    question: Question
    names: Names
    since: str
    until: str


def answered(engine: Engine, work: WhatIf, since: str, until: str, advance: Any) -> Answered:
    """Work it out, telling how far it has come."""
    found = work.run(engine, advance)
    return Answered(found, work.question, names_of(work.rules), since, until)


def view(found: Answered, speech: Speech) -> dict[str, Any]:
    """What the page shows of it."""
    impact, names = found.impact, found.names
    units = ranked(impact)
    return {
        "impact": impact,
        "units": units[:_UNITS],
        "chart": _bars(units[:_UNITS]),
        "flips": sorted(impact.flipped.items(), key=lambda pair: -pair[1]),
        "longest": longest_of(impact.longest, names, speech) if impact.longest else "",
        "clock_of": lambda change: clock(change, names, speech),
        "no_of": no_of,
    }


def report(found: Answered) -> str:
    """试算报告, a page to print."""
    document = document_of(found.impact, found.question, found.names, found.since, found.until)
    return render(document, "html", load_wording())


def _bars(units: Iterable[tuple[str, Turned]]) -> dict[str, Any] | None:
    """A bar for each unit of which verdicts turn, as the console draws it."""
    named = ((words.whose(unit).zh, turned) for unit, turned in units)
    losing = [(unit, turned) for unit, turned in named if turned.worse or turned.better]
    if not losing:
        return None
    ways = (("worse", "变超时 to late", "#b3161b"), ("better", "变按时 to on time", "#1a6b34"))
    return {
        "grid": {"left": 90, "right": 20, "top": 36, "bottom": 30},
        "legend": {},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": [unit for unit, _ in losing]},
        "series": [
            {
                "type": "bar",
                "name": name,
                "data": [getattr(turned, way) for _, turned in losing],
                "itemStyle": {"color": colour},
            }
            for way, name, colour in ways
        ],
    }

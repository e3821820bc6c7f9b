"""The acts of the ladder that stand against a dossier, and what they amount to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key
from sla_engine.record import Event

Stored = dict[str, list[Any]]

ACTS: frozenset[type[Event]] = frozenset((RungFired, RungWithdrawn))
"""What is recorded of acts."""


class Act(NamedTuple):
    """One act: what was done, how severe it is, the legal instant, and against whom ("": against
    the centre)."""

    act: str
    level: int
    due: int
    tier: int
    unit: str


def enter(stored: Stored, event: RungFired | RungWithdrawn) -> Stored:
    """The stored acts after one was recorded or withdrawn, by the key of their cause."""
    key = rung_key(event.clause, event.cycle, event.version, event.rung)
    if isinstance(event, RungFired):
        return {**stored, key: list(Act(event.act, event.level, event.due, event.tier, event.unit))}
    return {name: act for name, act in stored.items() if name != key}


def standing(stored: Stored) -> list[Act]:
    """By legal instant, the more severe last."""
    return sorted((Act(*each) for each in stored.values()), key=lambda act: (act.due, act.level))


def highest(acts: Iterable[Act]) -> int:
    """The most severe level among acts, 0 when there is none."""
    return max((act.level for act in acts), default=0)


def counted(acts: Iterable[Act]) -> dict[str, int]:
    """How often each act stands."""
    counts: dict[str, int] = {}
    for act in acts:
        counts[act.act] = counts.get(act.act, 0) + 1
    return counts

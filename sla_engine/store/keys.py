"""The unique keys that a batch of events claims in the log."""

from collections.abc import Iterable
from typing import NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key
from sla_engine.record import Event, Recorded


class IntakeRow(NamedTuple):
    """A (source, key) of upstream and the event it became."""

    source: str
    key: str
    stream: str
    version: int
    body_digest: str


class RungRow(NamedTuple):
    """The key of an act within its stream."""

    stream: str
    key: str


def intake_rows(entries: Iterable[Recorded]) -> list[IntakeRow]:
    """One row per event that upstream gave a key."""
    return [
        IntakeRow(meta.source, meta.key, stream, version, meta.body_digest)
        for stream, version, _, meta, _ in entries
        if meta.key
    ]


def rung_rows(entries: Iterable[Recorded]) -> list[RungRow]:
    """One row per act that has a key derived from its cause."""
    return [
        RungRow(entry.stream, act_key(entry.event))
        for entry in entries
        if isinstance(entry.event, (RungFired, RungWithdrawn))
    ]


def act_key(event: Event) -> str:
    """Key of an act within its stream, "" for events that have none.

    A withdrawal is caused by a rung and by the fact that overturned it, and is keyed by both.
    """
    match event:
        case RungFired():
            return rung_key(event.clause, event.cycle, event.version, event.rung)
        case RungWithdrawn():
            rung = rung_key(event.clause, event.cycle, event.version, event.rung)
            return f"withdrawn|{rung}|{event.overturned_by}"
        case _:
            return ""

"""The unique keys that a batch of events claims in the log."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key
from sla_engine.record import Event, Recorded
from sla_engine.store.codec import new_tuple


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
        new_tuple(IntakeRow, (meta.source, meta.key, stream, version, meta.body_digest))
        for stream, version, _, meta, _ in entries
        if meta.key
    ]


def rung_rows(entries: Iterable[Recorded]) -> list[RungRow]:
    """One row per act that has a key derived from its cause."""
    return [
        RungRow(stream, ACT_KEYS[type(event)](event))
        for stream, _, _, _, event in entries
        if type(event) in ACT_KEYS
    ]


def _fired_key(act: RungFired) -> str:
    return rung_key(act.clause, act.cycle, act.version, act.rung)


def _withdrawn_key(act: RungWithdrawn) -> str:
    """A withdrawal is caused by a rung and by the fact that overturned it."""
    rung = rung_key(act.clause, act.cycle, act.version, act.rung)
    return f"withdrawn|{rung}|{act.overturned_by}"


ACT_KEYS: dict[type[Event], Callable[[Any], str]] = {
    RungFired: _fired_key,
    RungWithdrawn: _withdrawn_key,
}

"""The unique keys that a batch of events claims in the log."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key
from sla_engine.record import Draft, Event, Recorded
from sla_engine.store.codec import Batch, new_tuple


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


def intake_rows(batch: Batch, begin: int = 0) -> list[IntakeRow]:
    """One row per event that upstream gave a key, from the event at `begin` on."""
    streams, versions, drafts = batch
    if begin:
        streams, versions, drafts = streams[begin:], versions[begin:], drafts[begin:]
    return [
        new_tuple(IntakeRow, (meta.source, meta.key, stream, version, meta.body_digest))
        for stream, version, (meta, _) in zip(streams, versions, drafts, strict=True)
        if meta.key
    ]


def rung_rows(batch: Batch) -> list[RungRow]:
    """One row per act that has a key derived from its cause."""
    return [
        RungRow(stream, ACT_KEYS[type(event)](event))
        for stream, (_, event) in zip(batch.streams, batch.drafts, strict=True)
        if type(event) in ACT_KEYS
    ]


def batch_of(entries: Sequence[Recorded]) -> Batch:
    """Entries as columns."""
    drafts = [Draft(entry.meta, entry.event) for entry in entries]
    return Batch([entry.stream for entry in entries], [entry.version for entry in entries], drafts)


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

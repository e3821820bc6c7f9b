"""Bytes of an event: MessagePack of `[meta, body]` under the event's wire name.

The reader knows the type from the wire name, so the bytes hold neither tags nor field names. Old
wire names are lifted by `UPCASTERS` until they name a class of today.
"""

import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgpack
import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

import sla_engine.access.events
import sla_engine.dispute.events
import sla_engine.dossier.events
import sla_engine.item.events
import sla_engine.petition.events
import sla_engine.petition.subject
import sla_engine.roster.events
import sla_engine.round.events
import sla_engine.rules.events
import sla_engine.talk.events
import sla_engine.unit.events  # noqa: F401  importing them registers every wire name
from sla_engine.errors import refuse
from sla_engine.record import EVENTS, Draft, Event, Meta, Recorded
from sla_engine.store.refusals import WIRE_DAMAGED, WIRE_UNKNOWN

new_tuple: Any = tuple.__new__
"""Makes a named tuple for less than it costs to call its class, millions of times in a replay."""

Lists = list[Any]
Columns = tuple[list[str], list[int], list[str], list[bytes]]
"""Streams, versions, wire names and bytes of events."""
Kept = tuple[str, int, str, bytes, int]
"""The same of one event, and its position."""
Upcaster = Callable[[Lists], tuple[str, Lists]]
Decode = Callable[[bytes], tuple[Meta, Event]]


class Entry(Recorded):
    """A recorded event under the names that `eventsourcing` asks for."""

    __slots__ = ()

    @property
    def originator_id(self) -> str:
        return self.stream

    @property
    def originator_version(self) -> int:
        return self.version


class Batch(NamedTuple):
    """Events to be stored, as columns."""

    streams: list[str]
    versions: list[int]
    drafts: list[Draft]


class Stored(NamedTuple):
    """The library's `StoredEvent` (with the `id` of its `Notification`), made faster."""

    originator_id: str
    originator_version: int
    topic: str
    state: bytes
    id: int = 0


def columns_of(stored: Iterable[StoredEvent]) -> Columns:
    """The library's stored events as columns."""
    streams, versions, wires, states = zip(
        *((each.originator_id, each.originator_version, each.topic, each.state) for each in stored),
        strict=True,
    )
    return list(streams), list(versions), list(wires), list(states)


def registered_0_to_1(state: Lists) -> tuple[str, Lists]:
    """`petition.registered/0`, the draft used before release, knew neither `subject` nor
    `historic`; every petition was live then and nobody said who asked."""
    meta, body = state
    return "petition.registered/1", [meta, [*body[:5], "", *body[5:], False]]


UPCASTERS: dict[str, Upcaster] = {"petition.registered/0": registered_0_to_1}
"""Old wire name -> function from `[meta, body]` to the next wire name and its `[meta, body]`."""

encode = cast("Callable[[tuple[Meta, Event]], bytes]", msgspec.msgpack.Encoder().encode)


def _decode_of(wire: str) -> Decode:
    if wire in EVENTS:
        pair = types.GenericAlias(tuple, (Meta, EVENTS[wire]))
        return cast(Decode, msgspec.msgpack.Decoder(pair).decode)
    if wire in UPCASTERS:
        return lambda state: _upcast(wire, msgpack.unpackb(state))
    raise refuse(WIRE_UNKNOWN, found=wire)


def _upcast(wire: str, state: Lists) -> tuple[Meta, Event]:
    """Lift unpacked lists step by step to a class of today."""
    while wire in UPCASTERS:
        wire, state = UPCASTERS[wire](state)
    return DECODERS[wire](msgpack.packb(state))


class _Decoders(dict[str, Decode]):
    def __missing__(self, wire: str) -> Decode:
        decode = self[wire] = _decode_of(wire)
        return decode


DECODERS = _Decoders()
_DAMAGED = (msgspec.MsgspecError, msgpack.UnpackException, ValueError, TypeError)


def decode(wire: str, state: bytes) -> tuple[Meta, Event]:
    """Meta and event of stored bytes. Refuses `WIRE_UNKNOWN` and `WIRE_DAMAGED`."""
    try:
        return DECODERS[wire](state)
    except _DAMAGED as error:
        # The library's text could quote the body.
        raise refuse(WIRE_DAMAGED, found=wire) from error


class WireMapper(Mapper[str]):
    """`eventsourcing` mapper between entries and stored events; set by `MAPPER_TOPIC`."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        entry = cast(Recorded, domain_event)
        batch = Batch([entry.stream], [entry.version], [Draft(entry.meta, entry.event)])
        (row,) = zip(*self.columns(batch), strict=True)
        stored: StoredEvent = new_tuple(Stored, (*row, entry.position))
        return stored

    def columns(self, batch: Batch) -> Columns:
        """What a batch is stored as, without a call for each event."""
        wires = [event.WIRE for _, event in batch.drafts]
        states = list(map(encode, batch.drafts))
        if self.compressor:
            states = list(map(self.compressor.compress, states))
        if self.cipher:
            states = list(map(self.cipher.encrypt, states))
        return batch.streams, batch.versions, wires, states

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The entry; its position is 0 where the stored event does not say."""
        state = stored_event.state
        if self.cipher:
            state = self.cipher.decrypt(state)
        if self.compressor:
            state = self.compressor.decompress(state)
        meta, event = decode(stored_event.topic, state)
        stream, version = stored_event.originator_id, stored_event.originator_version
        position = getattr(stored_event, "id", 0)
        entry: DomainEventProtocol[str] = new_tuple(Entry, (stream, version, position, meta, event))
        return entry

    def entries(self, stored: Iterable[Kept]) -> list[Recorded]:
        """What stored events say, without a call for each."""
        kept = list(stored)
        if not (self.compressor or self.cipher):
            with suppress(*_DAMAGED):
                return [
                    new_tuple(Entry, (stream, version, position, *DECODERS[wire](state)))
                    for stream, version, wire, state, position in kept
                ]
        # One by one, so that the fault names its event.
        return cast(
            "list[Recorded]", [self.to_domain_event(new_tuple(Stored, each)) for each in kept]
        )

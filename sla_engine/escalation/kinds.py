"""The kinds of dossier this engine knows, by the prefix of their stream, and who decides."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sla_engine.dispute import decide as dispute
from sla_engine.dispute.kind import DISPUTE
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.errors import refuse, register
from sla_engine.item import decide as item
from sla_engine.item.kind import ITEM
from sla_engine.petition import decide as petition
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.roster import decide as roster
from sla_engine.roster.kind import ROSTER
from sla_engine.round import decide as round_
from sla_engine.round.kind import ROUND
from sla_engine.talk import decide as talk
from sla_engine.talk.kind import TALK
from sla_engine.unit import decide as unit
from sla_engine.unit.kind import UNIT

KINDS: dict[str, Kind] = {
    each.name: each for each in (PETITION, TALK, ITEM, ROUND, DISPUTE, ROSTER, UNIT)
}

Decide: TypeAlias = Callable[[Dossier, Draft, Rulebook, Instant, int], Sequence[Draft]]

DECIDE: dict[str, Decide] = {
    PETITION.name: petition.decide,
    TALK.name: talk.decide,
    ITEM.name: item.decide,
    ROUND.name: round_.decide,
    DISPUTE.name: dispute.decide,
    ROSTER.name: roster.decide,
    UNIT.name: unit.decide,
}

ADDRESSED = (PETITION.name, TALK.name, ITEM.name, ROUND.name, DISPUTE.name, ROSTER.name)
"""Kinds about which facts may be sent; a unit's tally is the engine's own."""

STREAM_UNKNOWN = register(
    "STREAM_UNKNOWN",
    "不认识案卷 {found}；前缀只能是 {allowed}",
    "no kind of dossier for {found}; its prefix must be one of {allowed}",
)


def kind_of(stream: str) -> Kind:
    """The kind of a stream; raises `STREAM_UNKNOWN`."""
    kind = KINDS.get(stream.split("/", 1)[0])
    if kind is None:
        raise refuse(STREAM_UNKNOWN, "stream", stream, ", ".join(KINDS))
    return kind


def has_clocks(stream: str) -> bool:
    """Whether a stream is a dossier with clocks (others hold erasures and loaded rules)."""
    return stream.split("/", 1)[0] in KINDS

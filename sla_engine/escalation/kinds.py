"""The kinds of dossier this engine knows, by the prefix of their stream."""

from sla_engine.dossier.kind import Kind
from sla_engine.errors import refuse, register
from sla_engine.petition.kind import PETITION
from sla_engine.talk.kind import TALK

KINDS: dict[str, Kind] = {"petition": PETITION, "talk": TALK}

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

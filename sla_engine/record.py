"""The envelope round every event: both times, who, from where, by which rules.

An event class is a frozen, array-like msgspec struct with a permanent wire name. Fields are only
ever added at the end with a default; anything else is a new wire version with an upcaster.
"""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform

import msgspec

Instant = int

ENGINE = "engine"
"""Source of whatever the engine itself records; no upstream may use it."""


# Nothing in an event refers back to it, so the collector of cycles need not look at a million.
@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Event(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Base of everything in the log.

    `WIRE` is the permanent name with its version ("petition.dispatched/1"), `NAME` is the name used
    by intake ("dispatched"). `RANK` orders events that claim the same instant: the smaller comes
    first in the life of a matter.
    """

    WIRE: ClassVar[str] = ""
    NAME: ClassVar[str] = ""
    RANK: ClassVar[int] = 50


class Meta(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What every event carries besides its body. Instants are µs since 1970-01-01T00:00Z.

    `occurred_at` is when it was so, `recorded_at` when the log learned it. (`source`, `key`) is the
    upstream's own event id; `seq` its sequence number where it has one. `cause` names the event or
    act this one follows from. `pack` and `calendar` are digests, filled where a judgment was made.
    `precision` is "minute", "hour" or "day" where the source knew the time no better.
    """

    occurred_at: Instant
    recorded_at: Instant
    actor: str = ""
    role: str = ""
    unit: str = ""
    source: str = ""
    key: str = ""
    seq: int = 0
    cause: str = ""
    pack: str = ""
    calendar: str = ""
    anomaly: str = ""
    body_digest: str = ""
    precision: str = ""


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Value(msgspec.Struct, frozen=True, gc=False):
    """Base of what is computed and never changed: clocks, marks, readings, by the dozen for each
    fact. A fifth of a named tuple's price to make, a tenth to make with one field changed; and
    nothing in it refers back to it (see `Event`)."""


class Draft(NamedTuple):
    """An event that has been decided and not yet appended."""

    meta: Meta
    event: Event


class Recorded(NamedTuple):
    """An event as the log holds it: `version` counts in its stream from 1, `position` in the log.

    `position` is 0 until the log has assigned one.
    """

    stream: str
    version: int
    position: int
    meta: Meta
    event: Event


E = TypeVar("E", bound=type[Event])

EVENTS: dict[str, type[Event]] = {}


def wire(name: str, rank: int = 50) -> Callable[[E], E]:
    """Class decorator: give an event its permanent wire name and its rank among equal instants."""

    def bind(cls: E) -> E:
        if name in EVENTS:
            raise ValueError(f"wire name {name} is taken by {EVENTS[name].__name__}")
        cls.WIRE, cls.RANK = name, rank
        cls.NAME = name.split(".", 1)[1].rsplit("/", 1)[0]
        EVENTS[name] = cls
        return cls

    return bind


def type_name(event: Event | type[Event]) -> str:
    """Name used by intake: the wire name without stream kind and version ("dispatched")."""
    return event.NAME


def fields_of(event: Event) -> dict[str, Any]:
    """Body as a dict, for people and JSON."""
    return msgspec.structs.asdict(event)

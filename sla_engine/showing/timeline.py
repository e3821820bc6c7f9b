"""What happened to a dossier, in the order in which it happened, with both times."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sla_engine.dossier.chronicle import order
from sla_engine.dossier.events import Carried, RungFired
from sla_engine.dossier.fold import Dossier
from sla_engine.record import Event, Recorded, fields_of, type_name
from sla_engine.round.events import Placed
from sla_engine.showing.officers import Officers
from sla_engine.showing.plain import rfc3339
from sla_engine.showing.written import when

INSTANTS = frozenset(
    {
        "due",
        "at",
        "scheduled_at",
        "expected_until",
        "old_due",
        "new_due",
        "effective",
        "floor",
        "begins",
        "ends",
        "told_at",
    }
)

SAID_ELSEWHERE = frozenset(
    {"no", "talk", "item", "pack", "petitioner", "commitment", "step", "historic"}
)
"""Fields of a fact that its name, its place or nobody says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, and what took it away: the version of a void or of a withdrawal, 0 if none. Of an
    act also the officers it was addressed to, by role."""

    recorded: Recorded
    gone: int
    holders: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def event(self) -> Event:
        return self.recorded.event

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, times RFC 3339. `gone_by` is the version of the event that took it away; of
        an act `holders` are the officers it was addressed to, by role."""
        meta = self.recorded.meta
        held = {"holders": self.holders} if isinstance(self.event, RungFired) else {}
        return {
            "version": self.recorded.version,
            "type": type_name(self.event),
            "occurred_at": rfc3339(meta.occurred_at),
            "recorded_at": rfc3339(meta.recorded_at),
            "source": meta.source,
            "id": meta.key,
            "by": meta.actor,
            "unit": meta.unit,
            "anomaly": meta.anomaly,
            "gone_by": self.gone or None,
            "data": data_of(self.event),
            **held,
        }


def entries(
    dossier: Dossier, events: Iterable[Recorded], officers: Officers | None = None
) -> list[Entry]:
    """Every event in time order; acts stand where they were due, with the `officers` addressed."""
    gone = {version: void.version for version, void in dossier.voided().items()}
    for acts in dossier.acts.values():
        gone |= {act.version: act.withdrawn for act in acts if act.withdrawn}
    office = officers or Officers()
    return [
        Entry(each, gone.get(each.version, 0), _addressed(each.event, office))
        for each in sorted(events, key=order)
    ]


def _addressed(event: Event, officers: Officers) -> Mapping[str, Sequence[str]]:
    return officers.addressed(event) if isinstance(event, RungFired) else {}


def said_of(event: Event) -> Iterator[tuple[str, Any]]:
    """What a fact says beyond its name: fields that are filled in, with their values."""
    for name, value in fields_of(event).items():
        if value not in ("", None, (), {}, 0) and name not in SAID_ELSEWHERE:
            yield name, value


def one_of(value: Any) -> str:
    """One of several that a fact lists: an anchor of a merged duplicate is a mark with its instant,
    what came with it a clause with the beginning, the pauses and the extensions of its clock, a
    place has its rank, other lists hold texts."""
    if isinstance(value, Carried):
        held = (f"{ground} {when(begin)}–{when(end)}" for ground, begin, end in value.pauses)
        longer = (f"+{amount} {approver}" for _, amount, approver in value.extensions)
        began = "" if value.began is None else when(value.began)
        return " ".join((value.clause, began, *held, *longer)).rstrip()
    if isinstance(value, Placed):
        return f"{value.rank} {value.member} {value.place}".rstrip()
    return f"{value[0]} {when(value[1])}" if isinstance(value, tuple) else str(value)


def data_of(event: Event) -> dict[str, Any]:
    """The body for JSON: instants as RFC 3339, no commitment."""
    return {
        name: rfc3339(value) if name in INSTANTS else value
        for name, value in fields_of(event).items()
        if name != "commitment"
    }

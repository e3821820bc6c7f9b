"""The roster as a kind of dossier: no clocks, only who holds which role when."""

from collections.abc import Mapping
from typing import NamedTuple

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.kind import Kind, Lanes, Step, plain_marks
from sla_engine.record import Event, Instant, Recorded
from sla_engine.roster.events import Appointed, Relieved

STEPS: Mapping[type[Event], Step] = {
    Appointed: Step(frozenset({"new", "kept"}), "kept"),
    Relieved: Step(frozenset({"kept"})),
}


class Holding(NamedTuple):
    """One officer in one role, from `since` until they were relieved (None: still)."""

    role: str
    about: str
    holder: str
    unit: str
    since: Instant
    until: Instant | None


def _enter(_lanes: Lanes, _recorded: Recorded) -> str:
    return ""


def _traits(event: Event) -> dict[str, str]:
    return {"no": event.region, "region": event.region} if isinstance(event, Appointed) else {}


ROSTER = Kind(
    name="roster",
    steps=STEPS,
    live=frozenset({"kept"}),
    ends=frozenset(),
    enter=_enter,
    marks=plain_marks,
    traits=_traits,
    ruled=False,
)


def holdings(chronicle: Chronicle) -> list[Holding]:
    """Every role ever held, in order of appointment."""
    held: list[Holding] = []
    for fact in chronicle.facts:
        event, at = fact.event, fact.meta.occurred_at
        if isinstance(event, Appointed):
            held.append(Holding(event.role, event.about, event.holder, event.unit, at, None))
        elif isinstance(event, Relieved):
            named = (event.role, event.about, event.holder)
            held = [
                each._replace(until=at) if each[:3] == named and each.until is None else each
                for each in held
            ]
    return held


def holders(chronicle: Chronicle, role: str, about: str, at: Instant) -> list[Holding]:
    """Who holds a role for `about` at an instant; failing that, for the whole region."""
    now = [
        each
        for each in holdings(chronicle)
        if each.role == role and each.since <= at and (each.until is None or at < each.until)
    ]
    return [each for each in now if each.about == about] or [each for each in now if not each.about]

"""A unit's tally as a kind of dossier. It has no clocks; its acts are triggers reached."""

from collections.abc import Mapping

from sla_engine.dossier.kind import Kind, Lanes, Step, plain_marks
from sla_engine.record import Event, Recorded
from sla_engine.unit.events import Counted, Discounted

STEPS: Mapping[type[Event], Step] = {
    Counted: Step(frozenset({"new", "counting"}), "counting"),
    Discounted: Step(frozenset({"counting"})),
}


def _enter(_lanes: Lanes, _recorded: Recorded) -> str:
    return ""


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, Counted):
        return {}
    return {"no": event.unit, "pack": event.pack, "region": event.region, "unit": event.unit}


UNIT = Kind(
    name="unit",
    steps=STEPS,
    live=frozenset({"counting"}),
    ends=frozenset(),
    enter=_enter,
    marks=plain_marks,
    traits=_traits,
    ruled=False,
)

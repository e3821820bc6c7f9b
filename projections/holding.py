"""Whose a petition's facts are: the unit of the assignment each of them belongs to."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from projections.history import Line, Say
from sla_engine.dossier.kind import Lane, Lanes
from sla_engine.petition.events import Dispatched, ReturnRuled, ReworkOrdered
from sla_engine.record import Event


class Held(NamedTuple):
    """A fact with the unit that held the petition when it happened ("" while it lies with the
    dispatcher). A dispatch is the fact of the unit it goes to, a rework of the one it falls back
    on. `assists`: the fact of a co-handling unit, which does not speak for the whole petition."""

    line: Line
    unit: str
    assists: bool


def says(event: Event) -> Mapping[str, Any]:
    """What `held` has to know of a fact."""
    say = _SAYS.get(type(event))
    if say is not None:
        return say(event)
    lane = getattr(event, "assignment", "")
    return {"lane": lane} if lane else {}


def _lane(event: Dispatched | ReworkOrdered | ReturnRuled) -> dict[str, Any]:
    return {"lane": event.assignment} if event.assignment else {}


def _dispatched(event: Dispatched) -> dict[str, Any]:
    said = {**_lane(event), "to": event.unit}
    if event.replaces:
        said["replaces"] = event.replaces
    if not event.lead:
        said["assists"] = True
    return said


_SAYS: Mapping[type[Event], Say] = {
    Dispatched: _dispatched,
    ReworkOrdered: lambda event: {**_lane(event), "to": event.unit},
    ReturnRuled: lambda event: {**_lane(event), "ends": True} if event.granted else _lane(event),
}


def held(lines: Iterable[Line]) -> Iterator[Held]:
    """Each fact with its unit; `lines` in time order."""
    lanes = Lanes()
    for line in lines:
        yield _enter(lanes, line, line.says)


def _enter(lanes: Lanes, line: Line, said: Mapping[str, Any]) -> Held:
    if line.type == "rework_ordered":
        current = lanes.current
        lanes.open(Lane(said["lane"], said["to"], line.at, {}))
        return Held(line, current.unit if current is not None else said["to"], False)
    if line.type == "dispatched":
        if "replaces" in said:
            lanes.end(said["replaces"], line.at)
        lead = "assists" not in said
        lanes.open(Lane(said["lane"], said["to"], line.at, {}, lead=lead))
        return Held(line, said["to"], not lead)
    name = lanes.resolve(said.get("lane", ""))
    lane = lanes.all.get(name)
    if "ends" in said:
        lanes.end(name, line.at)
    return Held(line, lane.unit if lane is not None else "", lanes.assists(name))

"""What is to be done: one row per petition, by whom, how far, how severe it has become.

The clocks themselves stand in the alarm index; a row says what the index does not know.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from projections import acts, history
from projections.acts import ACTS
from projections.dossiers import Dossiers
from sla_engine.petition.events import Dispatched, Registered, ReworkOrdered
from sla_engine.petition.kind import CLOSED, DECLINED, MERGED, PETITION, WITHDRAWN
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded

ENDED = frozenset({CLOSED, DECLINED, MERGED, WITHDRAWN})
STAYS = history.unmoved(PETITION)
_TRAITS = ("no", "kind", "subject", "region", "urgency", "matter", "pack")


class Worklist(Dossiers):
    """Key: the stream. Columns: the petition's traits, `phase`, `open`, `unit`, `registered_at`,
    `level` (the most severe standing act), `acts` (how often each act stands), `historic`."""

    name = "worklist"
    dossiers = (PETITION.name,)
    opening = Registered
    told = history.moving(PETITION)
    moving = told | ACTS

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in (*_TRAITS, "historic")}
        return {**traits, "registered_at": recorded.meta.occurred_at, "raised": {}, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return says(event)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines, found = history.standing(row["lines"]), acts.standing(row["raised"])
        phase = history.phase(lines, STAYS)
        return {
            **row,
            "phase": phase,
            "open": phase not in ENDED,
            "unit": history.last(lines, "unit"),
            "level": acts.highest(found),
            "acts": acts.counted(found),
        }


def says(event: Event) -> Mapping[str, Any]:
    """The phase a fact leads to, the unit it makes answerable, and the assignment it is about."""
    say = _SAYS.get(type(event))
    return say(event) if say is not None else {}


def _of_lane(say: history.Say) -> history.Say:
    """What a fact says, and the assignment where it names one."""

    def said(event: Any) -> Mapping[str, Any]:
        lane = event.assignment
        return {"lane": lane, **say(event)} if lane else say(event)

    return said


def _dispatched(event: Dispatched) -> Mapping[str, Any]:
    if not event.lead:
        return {"assists": event.assignment}
    return {**_MOVES[Dispatched](event), "unit": event.unit}


def _reworked(event: ReworkOrdered) -> Mapping[str, Any]:
    return {**_MOVES[ReworkOrdered](event), "unit": event.unit}


_MOVES = {
    event: _of_lane(say) if "assignment" in event.__struct_fields__ else say
    for event, say in history.phases(PETITION).items()
}
_SAYS: Mapping[type[Event], history.Say] = {
    **_MOVES,
    Dispatched: _dispatched,
    ReworkOrdered: _reworked,
}

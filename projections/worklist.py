"""What is to be done: one row per petition, by whom, how far, how severe it has become.

The clocks themselves stand in the alarm index; a row says what the index does not know.
"""

from collections.abc import Sequence
from typing import Any

from projections import acts, history
from sla_engine.dossier.events import RungFired, RungWithdrawn, Voided
from sla_engine.petition.events import Dispatched, Registered, ReworkOrdered
from sla_engine.petition.kind import CLOSED, DECLINED, MERGED, PETITION, WITHDRAWN
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded

ENDED = frozenset({CLOSED, DECLINED, MERGED, WITHDRAWN})
STAYS = history.unmoved(PETITION)
_TRAITS = ("no", "kind", "subject", "region", "urgency", "matter", "pack")


class Worklist:
    """Key: the stream. Columns: the petition's traits, `phase`, `open`, `unit`, `registered_at`,
    `level` (the most severe standing act), `acts` (how often each act stands), `historic`."""

    name = "worklist"

    def interested(self, event: Event) -> bool:
        return type(event) in PETITION.steps or isinstance(event, Voided) or acts.is_act(event)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        event = recorded.event
        if row is None:
            if not isinstance(event, Registered):
                return None
            row = {name: getattr(event, name) for name in (*_TRAITS, "historic")}
            row |= {"registered_at": recorded.meta.occurred_at, "raised": {}, "lines": []}
        if isinstance(event, RungFired | RungWithdrawn):
            return {**row, "raised": acts.enter(row["raised"], event)}
        return {**row, "lines": history.enter(row["lines"], recorded, says(event))}

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


def says(event: Event) -> dict[str, Any]:
    """The phase a fact leads to, the unit it makes answerable, and the assignment it is about."""
    step = PETITION.steps.get(type(event))
    said: dict[str, Any] = {}
    if isinstance(event, Dispatched) and not event.lead:
        return {"assists": event.assignment}
    if lane := getattr(event, "assignment", ""):
        said["lane"] = lane
    if step is not None and (phase := step.next("", event)):
        said["phase"] = phase
    if isinstance(event, ReworkOrdered | Dispatched):
        said["unit"] = event.unit
    return said

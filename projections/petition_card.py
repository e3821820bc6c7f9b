"""The face of a petition's file: who asks what, where it stands, what happened how often."""

from typing import Any

from projections import acts, history
from projections.history import Line
from projections.worklist import STAYS, last, says
from sla_engine.dossier.events import (
    AnomalyNoted,
    RungFired,
    RungWithdrawn,
    TermRefixed,
    Voided,
)
from sla_engine.petition.events import (
    CallbackDone,
    Dispatched,
    Merged,
    Registered,
    Resolved,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded

_TRAITS = ("no", "kind", "subject", "channel", "region", "urgency", "matter", "pack", "historic")
_COUNTED = {
    "returns": "return_requested",
    "reworks": "rework_ordered",
    "suspensions": "suspended",
    "extensions": "extension_granted",
    "callbacks": "callback_done",
    "duplicates": "absorbed",
}
_NOTED: dict[type[Event], str] = {TermRefixed: "refixed", AnomalyNoted: "anomalies"}


class PetitionCard:
    """Key: the stream. Columns: the petition's traits; `phase`, `unit`, `registered_at`,
    `dispatched_at`, `resolved_at`, `closed_at` (None where it has not come to that), `outcome`,
    `satisfied`, `merged_into`, `assignments`; counts of facts; `level`, `acts`,
    `withdrawn_acts`; counts of `refixed` terms and `anomalies`; `recorded_at` of the last event."""

    name = "petition_card"

    def interested(self, event: Event) -> bool:
        kinds = (Voided, RungFired, RungWithdrawn, *_NOTED)
        return type(event) in (*PETITION.steps, *kinds)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        event = recorded.event
        if row is None:
            if not isinstance(event, Registered):
                return None
            row = _blank(event)
        row = {**row, "recorded_at": recorded.meta.recorded_at}
        if isinstance(event, RungFired | RungWithdrawn):
            return _acted(row, event)
        if noted := _NOTED.get(type(event)):
            return {**row, noted: row[noted] + 1}
        lines = history.enter(row["lines"], recorded, {**says(event), **_more(event)})
        return {**row, **_derived(history.standing(lines)), "lines": lines}


def _blank(event: Registered) -> Columns:
    return {
        **{name: getattr(event, name) for name in _TRAITS},
        "level": 0,
        "acts": {},
        "raised": {},
        "withdrawn_acts": 0,
        "refixed": 0,
        "anomalies": 0,
        "lines": [],
    }


def _more(event: Event) -> dict[str, Any]:
    """What the card shows of a fact beyond phase and unit."""
    if isinstance(event, Dispatched | ReworkOrdered):
        return {"assignment": event.assignment, "to": event.unit}
    if isinstance(event, Resolved):
        return {"outcome": event.outcome}
    if isinstance(event, CallbackDone):
        return {"satisfied": event.satisfied and event.solved}
    if isinstance(event, Merged):
        return {"merged_into": event.into}
    return {}


def _derived(lines: list[Line]) -> Columns:
    counts = {name: sum(line.type == kind for line in lines) for name, kind in _COUNTED.items()}
    return {
        "phase": history.phase(lines, STAYS),
        "unit": last(lines, "unit"),
        "registered_at": _first_at(lines, "registered"),
        "dispatched_at": _first_at(lines, "dispatched"),
        "resolved_at": _first_at(lines, "resolved"),
        "closed_at": _first_at(lines, "closed"),
        "outcome": last(lines, "outcome"),
        "satisfied": last(lines, "satisfied") if counts["callbacks"] else None,
        "merged_into": last(lines, "merged_into"),
        "assignments": [
            {"assignment": line.says["assignment"], "unit": line.says["to"], "at": line.at}
            for line in lines
            if "assignment" in line.says
        ],
        **counts,
    }


def _first_at(lines: list[Line], kind: str) -> int | None:
    return next((line.at for line in lines if line.type == kind), None)


def _acted(row: Columns, event: RungFired | RungWithdrawn) -> Columns:
    raised = acts.enter(row["raised"], event)
    found = acts.standing(raised)
    return {
        **row,
        "raised": raised,
        "level": acts.highest(found),
        "acts": acts.counted(found),
        "withdrawn_acts": row["withdrawn_acts"] + isinstance(event, RungWithdrawn),
    }

"""The face of a petition's file: who asks what, where it stands, what happened how often."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections import acts, history
from projections.acts import ACTS
from projections.dossiers import Dossiers
from projections.history import Line
from projections.worklist import STAYS, says
from sla_engine.dossier.events import (
    AnomalyNoted,
    RungWithdrawn,
    TermRefixed,
    Voided,
)
from sla_engine.petition.events import (
    CallbackDone,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Merged,
    Rated,
    Registered,
    Resolved,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of

_TRAITS = ("no", "kind", "subject", "channel", "region", "urgency", "matter", "pack", "historic")
_COUNTED = {
    "returns": "return_requested",
    "reworks": "rework_ordered",
    "suspensions": "suspended",
    "extensions": "extension_granted",
    "callbacks": "callback_done",
    "duplicates": "absorbed",
}
_DATED = ("registered", "dispatched", "resolved", "closed")
_NOTED: dict[type[Event], str] = {
    RungWithdrawn: "withdrawn_acts",
    TermRefixed: "refixed",
    AnomalyNoted: "anomalies",
}
_MORE: dict[type[Event], Callable[[Any], Mapping[str, Any]]] = {
    Dispatched: lambda event: {"assignment": event.assignment, "to": event.unit},
    ReworkOrdered: lambda event: {"assignment": event.assignment, "to": event.unit},
    Resolved: lambda event: {"outcome": event.outcome},
    CallbackDone: lambda event: {
        "satisfied": event.satisfied and event.solved,
        "answers": event.answers,
    },
    Rated: lambda event: {"rated": fields_of(event)},
    Merged: lambda event: {"merged_into": event.into},
    Excluded: fields_of,
    ExclusionLifted: fields_of,
}
"""What the card shows of a fact beyond phase and unit."""


class PetitionCard(Dossiers):
    """Key: the stream. Columns: the petition's traits; `phase`, `unit`, `registered_at`,
    `dispatched_at`, `resolved_at`, `closed_at` (None where it has not come to that), `outcome`,
    `satisfied`, `merged_into`, `assignments`; `answers` of the latest callback and what was
    `rated` last; `exclusions` in effect; counts of facts; `level`, `acts`, `withdrawn_acts`;
    counts of `refixed` terms and `anomalies`; `recorded_at` of the last event."""

    name = "petition_card"
    dossiers = (PETITION.name,)
    opening = Registered
    told = history.moving(PETITION) | {
        event
        for event in PETITION.steps
        if event in _MORE or event.NAME in _COUNTED.values() or event.NAME in _DATED
    }
    moving = ACTS | {*PETITION.steps, Voided, *_NOTED}

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        return {**traits, "raised": {}, **dict.fromkeys(_NOTED.values(), 0), "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        more = _MORE.get(type(event))
        return {**says(event), **more(event)} if more is not None else says(event)

    def enter(self, row: Columns, recorded: Recorded) -> Columns:
        row = {**row, "recorded_at": recorded.meta.recorded_at}
        if noted := _NOTED.get(type(recorded.event)):
            row[noted] += 1
        return super().enter(row, recorded)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        found = acts.standing(row["raised"])
        return {
            **row,
            **_derived(history.standing(row["lines"])),
            "level": acts.highest(found),
            "acts": acts.counted(found),
        }


def _derived(lines: list[Line]) -> Columns:
    lines = history.in_effect(lines)
    types = Counter(line.type for line in lines)
    said, firsts = history.said(lines), history.firsts(lines)
    return {
        "phase": history.phase(lines, STAYS),
        "unit": said.get("unit", ""),
        **{f"{name}_at": firsts.get(name) for name in _DATED},
        "outcome": said.get("outcome", ""),
        "satisfied": said.get("satisfied"),
        "merged_into": said.get("merged_into", ""),
        "answers": said.get("answers", {}),
        "rated": said.get("rated"),
        "exclusions": [{**line.says, "at": line.at} for line in lines if line.type == "excluded"],
        "assignments": [
            {"assignment": line.says["assignment"], "unit": line.says["to"], "at": line.at}
            for line in lines
            if "to" in line.says
        ],
        **{name: types[kind] for name, kind in _COUNTED.items()},
    }

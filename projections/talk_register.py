"""The register of talks (约谈台账): who, at which tier, why, where each stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections import acts, history
from projections.acts import ACTS
from projections.dossiers import Dossiers
from projections.history import Line
from sla_engine.dossier.events import Voided
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of
from sla_engine.talk.events import TalkProposed
from sla_engine.talk.kind import REFUSED, STRUCK_OFF, TALK, WITHDRAWN

ENDED = frozenset({REFUSED, STRUCK_OFF, WITHDRAWN})
_OPENING = frozenset({"proposed", "tier_raised", "rebounded"})
_STAYS = history.unmoved(TALK)
_TRAITS = ("talk", "pack", "region", "unit")
_SHOWN = ("tier", "number", "scheduled_at", "place", "approver", "recalled")
_FIRST = {
    "proposed_at": "proposed",
    "approved_at": "approved",
    "notified_at": "notified",
    "held_at": "held",
    "struck_off_at": "struck_off",
}
_COUNTED = {
    "absences": "no_show",
    "postponements": "postponed",
    "plans_returned": "plan_returned",
    "rejections": "rectification_rejected",
    "rebounds": "rebounded",
}


class TalkRegister(Dossiers):
    """Key: the stream. Columns: `talk`, `pack`, `region`, `unit`; `tier` and `round` as they
    stand, `phase`, `open`; `causes` still standing and the `petitions` behind them; instants of
    the current round's steps; `number`, `scheduled_at`, `place`; counts; `level` and `acts`."""

    name = "talk_register"
    dossiers = (TALK.name,)
    opening = TalkProposed
    told = frozenset((*TALK.steps, Voided))
    moving = told | ACTS

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        return {**traits, "raised": {}, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return _says(event)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        found = acts.standing(row["raised"])
        return {
            **row,
            **_derived(history.standing(row["lines"])),
            "level": acts.highest(found),
            "acts": acts.counted(found),
        }


def _says(event: Event) -> dict[str, Any]:
    """The phase a fact leads to and those of its fields that the register shows."""
    fields = fields_of(event)
    names = (*_SHOWN, "causes", "petitions", "cause", "petition")
    said = {name: fields[name] for name in names if fields.get(name)}
    step = TALK.steps.get(type(event))
    if step is not None and (phase := step.next("", event)):
        said["phase"] = phase
    return said


def _derived(lines: list[Line]) -> Columns:
    opened = [index for index, line in enumerate(lines) if line.type in _OPENING]
    current = lines[opened[-1] :] if opened else lines
    phase = history.phase(lines, _STAYS)
    causes, petitions = _causes(lines)
    return {
        "phase": phase,
        "open": phase not in ENDED,
        "round": len(opened),
        **{name: history.last(lines, name) for name in _SHOWN},
        **{name: history.first_at(current, kind) for name, kind in _FIRST.items()},
        **{name: sum(line.type == kind for line in lines) for name, kind in _COUNTED.items()},
        "proposed_at": history.first_at(lines, "proposed"),
        "causes": causes,
        "petitions": petitions,
    }


def _causes(lines: list[Line]) -> tuple[list[str], list[str]]:
    """Causes that stand, and every petition that ever was behind one."""
    causes: dict[str, None] = {}
    petitions: dict[str, None] = {}
    for line in lines:
        petitions |= dict.fromkeys(line.says.get("petitions", ()))
        causes |= dict.fromkeys(line.says.get("causes", ()))
        if line.type == "cause_attached":
            causes[line.says["cause"]] = None
            petitions |= dict.fromkeys([line.says["petition"]] if "petition" in line.says else [])
        elif line.type == "cause_overturned":
            causes.pop(line.says["cause"], None)
    return list(causes), list(petitions)

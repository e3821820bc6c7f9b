"""The register of disputes (争议台账): who disputes what, what was replayed, what was ruled."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections import acts, history
from projections.acts import ACTS
from projections.dossiers import Dossiers
from projections.history import Line
from sla_engine.dispute.events import DisputeOpened, DisputeRuled, ReplayRun
from sla_engine.dispute.kind import DISPUTE, ENDED, PENDING, about
from sla_engine.dossier.events import TermRefixed, Voided
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of

_STAYS = history.unmoved(DISPUTE)
_RULED = ("outcome", "verdict", "place", "ruler")


class DisputeRegister(Dossiers):
    """Key: the stream. Columns: what the opening says (`dispute`, `pack`, `region`, `kind`,
    `subject`, `clause`, `cycle`, `rung`, `act`, `member`, `claim`, `remedy`, `ground`, `claimant`,
    `office`, `appeals`, `told_at`) and `about`; `phase`, `open`; `opened_at`, `admitted_at`,
    `ruled_at`; `replays`: [inputs, result, finding]; `evidence`, references in their order;
    `outcome`, `verdict`, `place` and `ruler` of the ruling; `due`: the earliest limit still
    running; `level` and `acts`."""

    name = "dispute_register"
    dossiers = (DISPUTE.name,)
    opening = DisputeOpened
    told = frozenset((*DISPUTE.steps, Voided))
    moving = told | ACTS | {TermRefixed}

    def begin(self, recorded: Recorded) -> Columns:
        event, opened_at = recorded.event, recorded.meta.occurred_at
        assert isinstance(event, DisputeOpened)
        traits = {**fields_of(event), "about": about(event), "opened_at": opened_at}
        return {**traits, "raised": {}, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return _says(event)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines, found = history.standing(row["lines"]), acts.standing(row["raised"])
        phase = history.phase(lines, _STAYS)
        owed = [each.owed_by for each in clocks if each.owed_by is not None]
        return {
            **row,
            "phase": phase,
            "open": phase in PENDING,
            "admitted_at": history.first_at(lines, "admitted"),
            **_ruling(lines, phase),
            "replays": [line.says["replay"] for line in lines if line.type == "replay_run"],
            "evidence": _evidence(lines),
            "due": min(owed, default=None),
            "level": acts.highest(found),
            "acts": acts.counted(found),
        }


def _ruling(lines: Sequence[Line], phase: str) -> dict[str, Any]:
    """The first ruling, as `dispute.decide.ruling` has it; none once it has ended otherwise."""
    first = None if phase in ENDED else next((x for x in lines if x.type == "ruled"), None)
    said = dict.fromkeys(_RULED, "") if first is None else {x: first.says[x] for x in _RULED}
    return {"ruled_at": None if first is None else first.at, **said}


def _evidence(lines: Sequence[Line]) -> list[str]:
    filed = (line.says.get("document") for line in lines if line.type == "evidence_filed")
    return [document for document in filed if document]


def _says(event: Event) -> dict[str, Any]:
    """The phase a fact leads to, what was ruled, what a replay came to."""
    said: dict[str, Any] = {}
    step = DISPUTE.steps.get(type(event))
    if step is not None and step.into:
        said["phase"] = step.into
    if isinstance(event, DisputeRuled):
        said |= {name: getattr(event, name) for name in _RULED}
    elif isinstance(event, ReplayRun):
        said["replay"] = [event.inputs, event.result, event.finding]
    elif document := getattr(event, "document", ""):
        said["document"] = document
    return said

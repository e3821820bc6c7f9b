"""Callbacks to be made (回访清单): petitions that were resolved and not yet called back."""

from collections.abc import Mapping
from typing import Any

from projections import history, holding
from projections.dossiers import Dossiers
from projections.worklist import STAYS
from projections.worklist import says as moves
from sla_engine.petition.events import CallbackDone, Registered
from sla_engine.petition.kind import PETITION, RESOLVED
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded

_TRAITS = ("no", "pack", "region", "kind", "matter")


class Callbacks(Dossiers):
    """Key: the stream of a petition that waits to be called back: since its last resolution nobody
    has asked. Columns: the petition's traits, `unit` that resolved it, `resolved_at`; `answers` to
    an earlier callback, before it was reworked."""

    name = "callbacks"
    dossiers = (PETITION.name,)
    opening = Registered
    told = moving = history.moving(PETITION)

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        return {**traits, "stream": recorded.stream, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        said = {**holding.says(event), **moves(event)}
        if isinstance(event, CallbackDone) and event.answers:
            said["answers"] = dict(event.answers)
        return said

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        lines = history.standing(row["lines"])
        if history.phase(lines, STAYS) != RESOLVED:
            return {}
        ours = [each for each in holding.held(lines) if not each.assists]
        resolved = [each for each in ours if each.line.type == "resolved"]
        asked = history.last_at(lines, "callback_done")
        if not resolved or (asked is not None and asked >= resolved[-1].line.at):
            return {}
        return {
            row["stream"]: {
                **{name: row[name] for name in _TRAITS},
                "unit": resolved[-1].unit,
                "resolved_at": resolved[-1].line.at,
                "answers": history.last(lines, "answers") or {},
            }
        }

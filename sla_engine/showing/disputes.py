"""A dispute told: the verdict as it was, the claim, the replays, the ruling, the verdict now."""

from typing import Any

import msgspec

from sla_engine.dispute.decide import opening, ruling
from sla_engine.dispute.events import DisputeOpened, DisputeRuled, ReplayRun
from sla_engine.dispute.kind import DISPUTE, about
from sla_engine.dossier.chronicle import read
from sla_engine.record import Instant
from sla_engine.round.board import standing
from sla_engine.showing.case import Case
from sla_engine.showing.plain import rfc3339
from sla_engine.sla.assess import Assessment
from sla_engine.wiring import Engine

ABOUT = ("subject", "clause", "cycle", "rung", "member")


def said_of(opened: DisputeOpened, assessment: Assessment) -> str:
    """What an assessment of the subject says of what is in dispute, as computed, in codes."""
    if about(opened) == "place":
        places = {each.member: each.place for each in standing(assessment.chronicle)}
        return f"place {places.get(opened.member) or '-'}"
    reading = assessment.reading(opened.clause, opened.cycle or None)
    if reading is None:
        return "absent"
    if opened.rung:
        reached = [each for each in reading.fired if each.rung.id == opened.rung]
        return f"{opened.rung} {rfc3339(reached[-1].legal)}" if reached else f"{opened.rung} -"
    return f"{reading.state.value} {rfc3339(reading.due) or '-'}"


def story(engine: Engine, case: Case, known_at: Instant | None) -> dict[str, Any]:
    """JSON-ready; `verdict` as it was when the dispute was opened, `now` as it counts."""
    opened, chronicle = opening(case.dossier), read(case.dossier, DISPUTE)
    at = case.dossier.opening.meta.recorded_at
    before = engine.assess(opened.subject, known_at=at)
    ruled = ruling(chronicle)
    said = {name: getattr(opened, name) for name in (*ABOUT, "kind", "appeals")}
    return {
        **said,
        "verdict": _verdict(opened, before),
        "claim": {name: getattr(opened, name) for name in ("claim", "ground", "remedy")},
        "replays": [
            {"at": rfc3339(fact.meta.occurred_at), **msgspec.structs.asdict(fact.event)}
            for fact in chronicle.facts
            if isinstance(fact.event, ReplayRun)
        ],
        "ruling": {"at": rfc3339(ruled.meta.occurred_at), **_ruling(ruled.event)}
        if ruled
        else None,
        "now": _verdict(opened, engine.assess(opened.subject, known_at=known_at)),
    }


def _ruling(event: object) -> dict[str, Any]:
    assert isinstance(event, DisputeRuled)
    return msgspec.structs.asdict(event)


def _verdict(opened: DisputeOpened, assessment: Assessment) -> dict[str, Any]:
    """What was computed, what counts, and which dispute says so."""
    computed = said_of(opened, assessment)
    reading = assessment.reading(opened.clause, opened.cycle or None) if opened.clause else None
    if reading is None or opened.rung:
        return {"computed": computed, "counts": computed, "ruled_in": ""}
    ruled = reading.ruling
    return {
        "computed": computed,
        "counts": reading.verdict,
        "ruled_in": ruled.dispute if ruled is not None else "",
    }

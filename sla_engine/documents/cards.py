"""Documents for those who are served: the service card and the list of callbacks."""

from collections.abc import Iterator, Mapping
from typing import Any

from sla_engine.documents import witness
from sla_engine.documents.form import Fields, Moment, Row, Source
from sla_engine.documents.orders import about
from sla_engine.petition.events import CallbackDone, Rated, Registered
from sla_engine.policy.clause import Scope
from sla_engine.record import Instant
from sla_engine.roster.kind import Holding, holdings

PROMISES = (Scope.PETITION, Scope.ASSIGNMENT)


def service_card(source: Source) -> Fields:
    """服务卡 of a petition: who handles it, by when each promise is due, how it was rated."""
    lane = source.chronicle.lanes.current
    unit = lane.unit if lane is not None else None
    return {
        **about(source),
        "unit": unit,
        "registered_at": witness.when(witness.last(source.chronicle, Registered)),
        "officers": tuple(_officers(source, unit or "")),
        "promises": tuple(
            witness.clock(each)
            for each in source.assessment.readings
            if each.clause.scope in PROMISES
        ),
        **rating(source),
        "status": source.pack.status,
    }


def rating(source: Source) -> Fields:
    """As whoever asked rated it last; where nobody did, as they said when called back."""
    rated = witness.last(source.chronicle, Rated)
    called = witness.last(source.chronicle, CallbackDone)
    told: witness.Fact[Rated] | witness.Fact[CallbackDone] | None = rated or called
    scores = {} if rated is None else rated.event.scores
    return {
        "rating": _yes(witness.said(told, "satisfied")),
        "rated_solved": _yes(witness.said(told, "solved")),
        "scores": tuple(
            {"dimension": name, "score": f"{points:g}"} for name, points in scores.items()
        ),
        "rated_at": witness.when(told),
    }


def _yes(told: bool | None) -> str | None:
    return None if told is None else ("yes" if told else "no")


def _officers(source: Source, unit: str) -> Iterator[Row]:
    """Whoever holds a role for the unit, or for the whole region, at this moment."""
    roster = source.linked.get(f"roster/{source.region}")
    for each in holdings(roster.chronicle) if roster is not None else ():
        if each.about in ("", unit) and _holds(each, source.at):
            role = witness.named(each.role, source.pack.roles)
            yield {"role": role, "holder": each.holder, "unit": each.unit}


def _holds(each: Holding, at: Instant) -> bool:
    return each.since <= at and (each.until is None or at < each.until)


def callback_list(source: Source) -> Fields:
    """回访清单: every petition that is to be called back, with the questions to ask."""
    rows = sorted(source.model("callbacks"), key=lambda row: (row["resolved_at"] or 0, row["no"]))
    return {
        "region": source.region,
        "questions": tuple(text.zh for text in source.pack.questions.values()) or None,
        "rows": tuple(_callback(row) for row in rows),
        "total": len(rows),
    }


def _callback(row: Mapping[str, Any]) -> Row:
    at = row["resolved_at"]
    return {
        "petition": row["no"],
        "unit": row["unit"],
        "kind": row.get("kind", ""),
        "resolved_at": None if at is None else Moment(at),
    }

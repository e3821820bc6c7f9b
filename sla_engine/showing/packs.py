"""A policy pack as plain data."""

from typing import Any

import msgspec

from sla_engine.policy.clause import Clause, Pack, Rung
from sla_engine.policy.when import say_when
from sla_engine.showing.plain import both, rfc3339


def summary(pack: Pack) -> dict[str, Any]:
    """JSON-ready: which edition, where, from when."""
    begin, end = pack.effective
    return {
        "name": pack.name,
        "edition": pack.edition,
        "title": both(pack.title),
        "region": pack.region,
        "calendar": pack.calendar,
        "effective_from": begin.isoformat(),
        "effective_to": end.isoformat() if end is not None else None,
        "known_since": rfc3339(pack.recorded_at),
        "status": pack.status,
        "digest": pack.digest,
    }


def as_dict(pack: Pack) -> dict[str, Any]:
    """JSON-ready: the summary, every clause and its ladder, and the tables beside them."""
    return {
        **summary(pack),
        "basis": pack.basis,
        "talks_by": pack.talks_by or None,
        "clauses": [_clause(clause) for clause in pack.clauses],
        "exclusions": _plain(pack.exclusions),
        "questions": _plain(pack.questions),
        "lists": [_plain(rules) for rules in pack.lists.values()],
        "series": [_plain(series) for series in pack.series.values()],
        "triggers": [_plain(trigger) for trigger in pack.triggers],
        "measures": [_plain(measure) for measure in pack.measures.values()],
        "routes": [{**_plain(route), "match": route.match.fields} for route in pack.routes],
    }


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "id": clause.id,
        "name": both(clause.name),
        "scope": clause.scope.value,
        "match": {name: list(values) for name, values in clause.match.fields.items()},
        "start": clause.start,
        "stop_any": clause.stop_any,
        "stop_all": clause.stop_all,
        "limit": str(clause.term.amount),
        "hours": clause.hours,
        "late": clause.late,
        "own_limit": clause.own_limit,
        "beside": clause.beside,
        "pauses": sorted(clause.pauses),
        "basis": clause.basis,
        "status": clause.status,
        "rungs": [_rung(rung) for rung in clause.rungs],
    }


def _rung(rung: Rung) -> dict[str, Any]:
    said = say_when(rung.when)
    return {
        "id": rung.id,
        "when": both(said),
        "level": rung.level,
        "act": rung.act,
        "tier": rung.tier or None,
        "to": rung.to,
        "basis": rung.basis,
        "status": rung.status,
    }

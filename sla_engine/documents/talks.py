"""Documents of a talk: notice, minutes, rectification plan, strike-off, recall."""

import re
from collections.abc import Sequence
from typing import Any

from sla_engine.documents import witness
from sla_engine.documents.form import Cell, Fields, Moment, Row, Source
from sla_engine.documents.orders import NOTHING_TO_DRAW
from sla_engine.errors import refuse
from sla_engine.policy.clause import Scope
from sla_engine.talk.events import (
    PlanAccepted,
    PlanFiled,
    RectificationReported,
    RectificationVerified,
    StruckOff,
    TalkHeld,
    TalkMinuted,
    TalkNotified,
    TalkPostponed,
    TalkWithdrawn,
)

_PARTS = re.compile(r"\s*[｜|；;]\s*")
_COLUMNS = ("item", "measure", "owner", "deadline", "acceptance")


def notice(source: Source) -> Fields:
    """约谈通知书: who, at which tier, why, when and where, and whether a deputy may come."""
    found = witness.in_round(source.chronicle, TalkNotified)
    moved = witness.in_round(source.chronicle, TalkPostponed)
    at = witness.said(moved, "scheduled_at") or witness.said(found, "scheduled_at")
    return {
        **_head(source),
        "number": witness.said(found, "number"),
        "summoned": witness.said(found, "person"),
        "scheduled_at": None if at is None else Moment(at),
        "place": witness.said(found, "place"),
        "materials": witness.said(found, "materials") or None,
        "causes": witness.causes(source),
        "petitions": witness.petitions(source),
        "clauses": _breached(witness.causes(source)),
        "notified_at": witness.when(found),
    }


def minutes(source: Source) -> Fields:
    """约谈记录. The log holds who came, what was required and who recorded it; what was said in
    explanation and the signatures are on paper."""
    held = witness.in_round(source.chronicle, TalkHeld)
    minuted = witness.in_round(source.chronicle, TalkMinuted)
    return {
        **_head(source),
        "number": witness.said(minuted, "document"),
        "held_at": witness.when(held),
        "place": witness.said(witness.in_round(source.chronicle, TalkNotified), "place"),
        "attendees": witness.said(held, "attendees") or None,
        "delegated": None if held is None else ("yes" if held.event.delegated else "no"),
        "causes": witness.causes(source),
        "explanation": None,
        "requirements": witness.said(minuted, "requirements") or None,
        "deadlines": _clocks(source),
        "signatures": None,
        "recorder": None if minuted is None else minuted.meta.actor,
    }


def plan(source: Source) -> Fields:
    """整改清单, one row for each item of the plan as filed."""
    filed = witness.in_round(source.chronicle, PlanFiled)
    accepted = witness.in_round(source.chronicle, PlanAccepted)
    return {
        **_head(source),
        "number": witness.said(filed, "document"),
        "filed_at": witness.when(filed),
        "accepted_at": witness.when(accepted),
        "accepted_by": witness.said(accepted, "approver"),
        "plan": _plan(source),
        "deadlines": _clocks(source),
    }


def _plan(source: Source) -> tuple[Row, ...]:
    lines = witness.said(witness.in_round(source.chronicle, PlanFiled), "items") or ()
    return tuple(plan_row(number, line) for number, line in enumerate(lines, 1))


def plan_row(number: int, line: str) -> Row:
    """An item of a plan as it was written: item, measure, owner, deadline, acceptance test, with
    a bar or a semicolon between them. What was left out stays empty."""
    parts = _PARTS.split(line.strip(), len(_COLUMNS) - 1)
    cells: dict[str, Cell] = dict(zip(_COLUMNS, parts, strict=False))
    return {"no": number, **{name: cells.get(name, "") for name in _COLUMNS}}


def strike_off(source: Source) -> Fields:
    """销号单 of a talk: what was to be put right, who reported it, who found it put right."""
    chronicle = source.chronicle
    reported = witness.in_round(chronicle, RectificationReported)
    verified = witness.in_round(chronicle, RectificationVerified)
    struck = witness.in_round(chronicle, StruckOff)
    result = "verified" if verified is not None else ""
    rows = tuple({**row, "result": result} for row in _plan(source))
    return {
        **_head(source),
        "number": witness.said(struck, "document"),
        "results": rows or _whole(result),
        "report": witness.said(reported, "document"),
        "signer": witness.said(reported, "signer"),
        "reported_at": witness.when(reported),
        "verifier": witness.said(verified, "verifier"),
        "method": witness.said(verified, "method"),
        "verified_at": witness.when(verified),
        "approver": witness.said(struck, "approver"),
        "struck_off_at": witness.when(struck),
    }


def recall(source: Source) -> Fields:
    """撤销通知书 of a talk that lost its last cause."""
    withdrawn = witness.last(source.chronicle, TalkWithdrawn)
    if withdrawn is None:
        raise refuse(NOTHING_TO_DRAW, "", source.name, "recall")
    _, gone = witness.standing_causes(source.chronicle)
    served = witness.last(source.chronicle, TalkNotified)
    return {
        **_head(source),
        "number": witness.said(served, "number"),
        "withdrawn": tuple(witness.cause(each, source) for each in gone),
        "recalled": withdrawn.event.recalled or None,
        "reason": withdrawn.event.reason,
        "withdrawn_at": withdrawn.at,
    }


def _head(source: Source) -> dict[str, Any]:
    """What every document of a talk says first: the talk, its tier, the two sides."""
    lanes = list(source.chronicle.lanes.all.values())
    tier = int(lanes[-1].traits["tier"]) if lanes else 0
    rules = witness.talk_rules(source)
    parties = rules.parties.get(tier) if rules is not None else None
    allowed = None if rules is None else ("yes" if rules.delegation_allowed else "no")
    return {
        "talk": source.name,
        "unit": source.chronicle.traits.get("unit"),
        "tier": tier or None,
        "convener": parties[0].zh if parties else None,
        "expected": parties[1].zh if parties else None,
        "delegation": allowed,
        "status": rules.status if rules is not None else "",
        "basis": "；".join(rules.basis) if rules is not None else None,
    }


def _breached(rows: Sequence[Row]) -> tuple[str, ...]:
    """The clauses that were breached, each with its petition."""
    told = (f"{row['petition']} {row['clause']}" for row in rows if row.get("clock"))
    return tuple(each.strip() for each in told)


def _clocks(source: Source) -> tuple[Row, ...] | None:
    """Clocks of the present round, for the deadlines that follow from it."""
    lanes = list(source.chronicle.lanes.all)
    readings = source.assessment.readings
    found = (each for each in readings if each.cycle.lane == (lanes[-1] if lanes else ""))
    return tuple(witness.clock(each) for each in found if each.clause.scope is Scope.TALK) or None


def _whole(result: str) -> tuple[Row, ...]:
    """A plan that lists nothing is judged as a whole."""
    return ({"no": "—", "item": "whole", "result": result},) if result else ()

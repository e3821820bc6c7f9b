"""What people record about a dispute: replays, evidence, the ruling and what comes before it."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.responses import Response

from sla_engine.dispute.decide import opening
from sla_engine.dispute.kind import DISPUTE
from sla_engine.dossier.fold import Dossier
from sla_engine.showing import disputes
from sla_engine.showing.questions import Review
from sla_engine.web.console import questions
from sla_engine.web.console.review import see, zone_of
from sla_engine.web.console.sending import accepted, submission
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.permits import (
    check_adds,
    check_fact,
    check_filer,
    check_read,
    permission_for,
)
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Files = Annotated[Visitor, need(permission_for(DISPUTE.name, "withdrawn"))]
Rules = Annotated[Visitor, need(permission_for(DISPUTE.name, "ruled"))]
Replays = Annotated[Visitor, need(permission_for(DISPUTE.name, "replay_run"))]


@router.post("/disputes/{name}/replays")
@stands_on("/disputes/{name}")
async def record_replay(
    house: HouseDep,
    visitor: Replays,
    name: str,
    key: Annotated[str, Form()],
    seen: Annotated[int, Form()],
    question: Annotated[str, Form()] = "",
) -> Response:
    """复算记入案卷: the question as the page asked it, and what it came to."""
    dispute = await run_in_threadpool(_read, house.engine, visitor, name)
    data = await run_in_threadpool(_answered, house.engine, dispute, question)
    return await _record(house, visitor, name, Fact("replay_run", data, key, seen))


def _answered(engine: Engine, dispute: Dossier, query: str) -> dict[str, Any]:
    opened = opening(dispute)
    form = questions.typed(QueryParams(query))
    review = Review.of(engine, opened.subject, questions.asked_of(form, zone_of(engine)))
    found = review.replay(review.question)
    return {
        "question": msgspec.json.encode(found.question).decode(),
        "inputs": found.inputs,
        "result": found.result,
        "finding": disputes.said_of(opened, found.assessment),
    }


class Addition(BaseModel):
    """举证 or 撤回, as the form has it."""

    key: str
    seen: int
    type: str
    document: str = ""


@router.post("/disputes/{name}/filing")
@stands_on("/disputes/{name}")
async def add_to_filing(
    house: HouseDep, visitor: Files, name: str, form: Annotated[Addition, Form()]
) -> Response:
    """举证, 撤回: by the claimant's unit, or whoever filed it."""
    check_adds(visitor, await run_in_threadpool(_read, house.engine, visitor, name))
    wanted = form.type if form.type in ("evidence_filed", "withdrawn") else ""
    fact = Fact(wanted, {"document": form.document}, form.key, form.seen)
    return await _record(house, visitor, name, fact)


def _read(engine: Engine, visitor: Visitor, name: str) -> Dossier:
    """A dispute there is for this visitor. Raises UNKNOWN_DOSSIER."""
    found = engine.dossier(engine.stream_of(f"{DISPUTE.name}/{name}"))
    check_read(visitor, found)
    return found


class Ruling(BaseModel):
    """受理, 不予受理 or 裁定, as the form has it."""

    key: str
    seen: int
    type: str
    outcome: str = ""
    verdict: str = ""
    place: str = ""
    ground: str = ""
    document: str = ""


@router.post("/disputes/{name}/ruling")
@stands_on("/disputes/{name}")
async def rule(
    house: HouseDep, visitor: Rules, name: str, form: Annotated[Ruling, Form()]
) -> Response:
    """受理, 不予受理, 裁定: never by whoever filed it."""
    check_filer(visitor, await run_in_threadpool(_read, house.engine, visitor, name))
    wanted, data = _ruling(form, visitor.name)
    return await _record(house, visitor, name, Fact(wanted, data, form.key, form.seen))


def _ruling(form: Ruling, who: str) -> tuple[str, dict[str, str]]:
    """Type and data of the fact; a type of another kind than these is none."""
    decided = {"approver": who, "document": form.document}
    said = {
        "admitted": decided,
        "refused": {**decided, "ground": form.ground},
        "ruled": {
            "outcome": form.outcome,
            "ruler": who,
            "document": form.document,
            "verdict": form.verdict,
            "place": form.place,
            "ground": form.ground,
        },
    }
    return (form.type, said[form.type]) if form.type in said else ("", {})


class Fact(NamedTuple):
    """What a form about a dispute says, and what its sender saw."""

    type: str
    data: Mapping[str, Any]
    key: str
    seen: int


async def _record(house: House, visitor: Visitor, name: str, fact: Fact) -> Response:
    stream = f"{DISPUTE.name}/{name}"
    sent = submission(
        visitor, house.now(), stream, fact.type, fact.data, key=fact.key, seen=fact.seen
    )
    check_fact(visitor, sent)
    accepted(await house.tell(sent))
    return see(name)

"""Facts of systems: one, or many at once, each answered for itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.access.key import ours
from sla_engine.dispute.events import DisputeOpened
from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import FIELD_WRONG, INPUT_NOT_JSON, INPUT_TOO_LONG, Submission, parse
from sla_engine.service.writer import SUBMISSION_FAILED
from sla_engine.web import problems
from sla_engine.web.api.media import Sent, answer, received
from sla_engine.web.api.openapi import answers, body_of, problems_for, ref
from sla_engine.web.gate import NOT_YOURS, Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.language import TAGS, Language, language_of
from sla_engine.web.permits import (
    ADDITIONS,
    ANY_SOURCE,
    APPEND,
    DECISIONS,
    check_adds,
    check_fact,
    check_filer,
    check_own,
    check_time,
    is_of,
)

SOURCE_NOT_YOURS = problems.tell(
    register(
        "SOURCE_NOT_YOURS",
        "来源“{found}”不是本密钥或账号的；应为“{allowed}”",
        "the source {found} is not that of this key or account, which is {allowed}",
        "不写 source 即可",
        "leave source out",
    ),
    403,
)

problems.tell(SUBMISSION_FAILED, 500)

Prepare = Callable[[Any], Submission]
"""From one thing that was sent to what is submitted. Raises `Refusal` with every fault found."""

Tagged = Callable[[Outcome], str]
"""The ETag of a dossier once something was recorded in it."""

_FEW = 20
"""So many are parsed in no time; more would hold up whoever else asks."""

TAKEN_OR_NOT = {
    200: answers(ref("Outcomes"), "已有答复（重复报送），或一批的逐件答复 · "
                 "the first answer again, or an answer to each fact of a batch"),
    201: answers(ref("Outcome"), "已记录 · recorded"),
    **problems_for(400, 409, 413, 415, 422, 503),
}  # fmt: skip
TAKEN_OR_NOT[200]["content"] = {
    kind: {"schema": {"oneOf": [ref("Outcome"), ref("Outcomes")]}}
    for kind in TAKEN_OR_NOT[200]["content"]
}


router = APIRouter(prefix="/v1", tags=["facts"])


@router.post(
    "/facts",
    operation_id="appendFacts",
    summary="报送事实 · Append facts",
    responses=TAKEN_OR_NOT,
    response_class=Response,
    openapi_extra=body_of("Fact", "一件或一批事实 · one fact or a batch of them", many=True),
)
async def append(
    request: Request, house: HouseDep, visitor: Annotated[Visitor, need(APPEND)]
) -> Response:
    """(`source`, `id`) is the key: sent again, the first answer comes again."""
    sent = await received(request, house.settings)
    prepare = partial(owned, house, visitor)
    submissions = await looked_at(house, sent, prepare, reads=visitor.person or bool(visitor.unit))
    return await record(request, house, sent, submissions)


def attributed(visitor: Visitor, value: Any) -> Submission:
    """What was sent, as this visitor's. Raises `Refusal` with every fault found."""
    fact = signed(visitor, as_object(value))
    named = fact.get("source", visitor.source)
    faults = list[Fault]()
    if named != visitor.source and not (visitor.may(ANY_SOURCE) and not ours(str(named))):
        found = named if isinstance(named, str) else type(named).__name__
        faults.append(Fault(SOURCE_NOT_YOURS, "source", found[:80], visitor.source))
    try:
        submission = parse({**fact, "source": visitor.source} if faults else
                           {"source": named, **fact})  # fmt: skip
    except Refusal as refusal:
        raise Refusal([*faults, *refusal.faults]) from None
    if faults:
        raise Refusal(faults)
    check_fact(visitor, submission)
    return submission


def signed(visitor: Visitor, fact: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a person sends is by that person, in their roles. Raises `Refusal` where it says it is
    by another."""
    if not visitor.person:
        return fact
    theirs = {"by": visitor.name, "role": "、".join(sorted(visitor.roles))}
    faults = [
        Fault(FIELD_WRONG, name, shorten(fact[name]), right)
        for name, right in theirs.items()
        if fact.get(name, right) != right
    ]
    if faults:
        raise Refusal(faults)
    return {**fact, **theirs}


def owned(house: House, visitor: Visitor, value: Any) -> Submission:
    """The same; whoever belongs to a unit speaks for it alone, about what it has to do with,
    nobody deals with a dispute of their own, and nobody adds to another's or withdraws it."""
    submission = attributed(visitor, value)
    engine, event = house.engine, submission.event
    if visitor.unit:
        dossier = engine.dossier(submission.stream)
        check_own(visitor, submission, dossier)
        if visitor.person and dossier.exists:
            check_time(visitor, submission, engine.assess(submission.stream))
        if isinstance(event, DisputeOpened) and not is_of(
            visitor.unit, engine.dossier(event.subject)
        ):
            raise refuse(NOT_YOURS, "data.subject", event.subject)
    if visitor.person and isinstance(event, DECISIONS):
        check_filer(visitor, engine.dossier(submission.stream))
    if visitor.person and isinstance(event, ADDITIONS):
        check_adds(visitor, engine.dossier(submission.stream))
    return submission


def as_object(value: Any) -> Mapping[str, Any]:
    """Raises `Refusal` for anything else."""
    if isinstance(value, Refusal):
        raise value
    if not isinstance(value, dict):
        raise Refusal(Fault(INPUT_NOT_JSON, "", type(value).__name__))
    return value


async def looked_at(
    house: House, sent: Sent, prepare: Prepare, reads: bool = False
) -> Sequence[Submission | Refusal]:
    """Each of what was sent, ready to be submitted, or why it cannot be. `reads`: to prepare it
    the store is read."""
    limit = house.settings.line_limit if sent.size > house.settings.line_limit else 0

    def look() -> Sequence[Submission | Refusal]:
        return [_one(value, prepare, limit) for value in sent.values]

    few = len(sent.values) <= _FEW and not reads
    return look() if few else await run_in_threadpool(look)


async def record(
    request: Request,
    house: House,
    sent: Sent,
    submissions: Sequence[Submission | Refusal],
    tagged: Tagged | None = None,
) -> Response:
    """Submit what can be submitted, and answer in the order in which it was sent; `tagged` gives
    the ETag of what was sent alone. Raises the `Refusal` of that, and errors.Unavailable."""
    taken = await house.take([each for each in submissions if isinstance(each, Submission)])
    outcomes = iter(taken)
    told = [each if isinstance(each, Refusal) else next(outcomes) for each in submissions]
    if not sent.many:
        return await _alone(request, told[0], submissions[0], tagged)
    language = language_of(request)
    items = [_item(language, *pair) for pair in zip(sent.values, told, strict=True)]
    counts = {word: sum(each["status"] == word for each in items) for word in _WORDS}
    headers = {"Content-Language": TAGS[language]}
    return answer(request, {**counts, "answers": items}, headers=headers)


_WORDS = ("recorded", "repeated", "refused")


def _one(value: Any, prepare: Prepare, limit: int) -> Submission | Refusal:
    """`limit`: bytes, unless 0."""
    try:
        if limit and (size := len(msgspec.json.encode(as_object(value)))) > limit:
            return Refusal(Fault(INPUT_TOO_LONG, "", str(size), str(limit)))
        return prepare(value)
    except Refusal as refusal:
        return refusal


def refusal_of(outcome: Outcome) -> Refusal | None:
    """Why it was not recorded; None if it was."""
    return Refusal(outcome.faults) if outcome.faults else None


async def _alone(
    request: Request,
    told: Outcome | Refusal,
    sent: Submission | Refusal,
    tagged: Tagged | None,
) -> Response:
    refusal = told if isinstance(told, Refusal) else refusal_of(told)
    if refusal is not None:
        raise refusal
    assert isinstance(told, Outcome)
    assert isinstance(sent, Submission)
    status = HTTPStatus.CREATED if told.status == "recorded" else HTTPStatus.OK
    headers = {"ETag": await run_in_threadpool(tagged, told)} if tagged else {}
    return answer(request, _document(told, sent.key), status, headers)


def _document(outcome: Outcome, key: str) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "id": key,
        "stream": outcome.stream,
        "version": outcome.version,
    }


def _item(language: Language, sent: Any, told: Outcome | Refusal) -> dict[str, Any]:
    """The answer to one of a batch."""
    key = sent.get("id") if isinstance(sent, dict) else None
    refusal = told if isinstance(told, Refusal) else refusal_of(told)
    if refusal is None:
        assert isinstance(told, Outcome)
        return _document(told, str(key))
    status = problems.status_of(refusal)
    problem = problems.document(refusal.faults, status, language)
    return {
        "status": "refused",
        "id": key if isinstance(key, str) else None,
        "problem": problem,
    }

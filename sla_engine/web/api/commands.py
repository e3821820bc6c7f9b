"""Facts about one dossier, sent to its own address: what people do, and systems that know it.

The address says which dossier, `Idempotency-Key` is the id, the source is whoever asks, and `at` is
now unless the body says otherwise. `If-Match` is the version that was looked at: people must send
it, for they decide upon what they saw. The answer's `ETag` is the version for the next time.
"""

import re
from collections.abc import Mapping
from functools import partial
from itertools import takewhile
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.escalation.kinds import ADDRESSED, KINDS, kind_of
from sla_engine.petition.kind import NEW, PETITION
from sla_engine.record import ENGINE
from sla_engine.service.handler import STREAM_ELSEWHERE, Outcome
from sla_engine.service.intake import FIELD_WRONG, Submission
from sla_engine.service.tracking import code_of, petitioner_of
from sla_engine.web.api.facts import TAKEN_OR_NOT, as_object, looked_at, owned, record
from sla_engine.web.api.media import received
from sla_engine.web.api.openapi import answers, body_of, problems_for
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.paths import PETITION_AT
from sla_engine.web.permits import APPEND, permissions_for
from sla_engine.web.problems import problem, tell
from sla_engine.wiring import UNKNOWN_DOSSIER
from sla_engine.worktime import format_instant

MATCH_MISSING = tell(
    register(
        "MATCH_MISSING",
        "没有写明依据的版本",
        "the request does not say which version was looked at",
        "把查看案卷时所得的 ETag 放入 If-Match",
        "send the ETag of the dossier that was looked at as If-Match",
    ),
    428,
)
MATCH_WRONG = tell(
    register(
        "MATCH_WRONG",
        "If-Match 的值 {found} 不对；应为 {allowed}",
        "the value {found} of If-Match is not right; it should be {allowed}",
    ),
    400,
)
ONE_AT_A_TIME = register(
    "ONE_AT_A_TIME",
    "此处一次只收一件",
    "only one fact at a time is taken here",
    "逐件发送；各系统的成批事实报送到 /v1/facts",
    "send them one by one; batches of systems go to /v1/facts",
)

_PLURALS = {name: f"{name}s" for name in ADDRESSED}
_CHINESE = {
    "petition": "诉求件", "talk": "约谈", "item": "清单事项", "round": "轮次", "dispute": "争议",
    "roster": "名录",
}  # fmt: skip
_VERSION = re.compile(r'"(\d{1,15})"')
_ANY = "*"

router = APIRouter(prefix="/v1", tags=["facts"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="编号，再次发送时不变 · the id, the same when sent again",
    ),
]
Match = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="查看时的版本，人员必填 · the version looked at; people must send it",
    ),
]


class _Asked(NamedTuple):
    """Who asks for what about which dossier. `key`: of the header, "" without. `seen`: None where
    nothing is said, or (`there`) any version will do as long as there is one."""

    house: House
    visitor: Visitor
    kind: str
    name: str
    key: str
    seen: int | None
    there: bool


def _serve(kind: str) -> None:
    plural = _PLURALS[kind]

    @router.post(
        f"/{plural}/{{no:path}}/facts",
        operation_id=f"append{kind.capitalize()}Facts",
        summary=f"{_CHINESE[kind]}的事实 · Facts of a {kind}",
        responses={**TAKEN_OR_NOT, **problems_for(412, 428)},
        response_class=Response,
        openapi_extra=body_of(f"{kind}.fact", "一件事实 · one fact", many=True),
    )
    async def act(
        request: Request,
        no: str,
        house: HouseDep,
        visitor: Annotated[Visitor, need(*permissions_for(kind))],
        key: Key = None,
        match: Match = None,
    ) -> Response:
        key, there = (key or "").strip('" '), (match or "").strip() == _ANY
        seen = None if there else _seen(match)
        asked = _Asked(house, visitor, kind, no, key, seen, there)
        return await _act(request, asked)

    act.__doc__ = f"What happened to a {kind}; see the module of commands in docs/api.md."


for _kind in ADDRESSED:
    _serve(_kind)


async def _act(request: Request, asked: _Asked) -> Response:
    house = asked.house
    sent = await received(request, house.settings)
    if sent.many and (asked.visitor.person or asked.key or asked.seen is not None):
        raise refuse(ONE_AT_A_TIME)
    prepare = partial(_batched if sent.many else _command, asked)
    submissions = await looked_at(house, sent, prepare, reads=True)
    try:
        return await record(request, house, sent, submissions, partial(_tag, house))
    except Refusal as refusal:
        if refusal.code != STREAM_ELSEWHERE:
            raise
        stream = f"{asked.kind}/{asked.name}"
        version = len(await run_in_threadpool(house.engine.events, stream))
        return problem(request, refusal.faults, 412, {"ETag": f'"{version}"'})


def _batched(asked: _Asked, value: Any) -> Submission:
    return owned(asked.house, asked.visitor, _addressed(asked, as_object(value)))


def _command(asked: _Asked, value: Any) -> Submission:
    """Raises `Refusal` with every fault found."""
    fact = _addressed(asked, as_object(value))
    if "at" not in fact:
        fact["at"] = format_instant(_said_before(asked, fact) or asked.house.now())
    if asked.visitor.unit:
        fact.setdefault("unit", asked.visitor.unit)
    submission = owned(asked.house, asked.visitor, fact)
    if asked.visitor.person and asked.seen is None and not _opens(submission):
        raise refuse(MATCH_MISSING)
    if asked.there and not asked.house.engine.events(submission.stream):
        raise refuse(STREAM_ELSEWHERE, "", 0, _ANY)
    return msgspec.structs.replace(submission, seen=asked.seen)


def _addressed(asked: _Asked, value: Mapping[str, Any]) -> dict[str, Any]:
    """The fact with what the address and the headers say of it, which it may say as well."""
    said = {asked.kind: asked.name, **({"id": asked.key} if asked.key else {})}
    faults = [
        Fault(FIELD_WRONG, name, type(value[name]).__name__, right)
        for name, right in said.items()
        if value.get(name, right) != right
    ]
    if faults:
        raise Refusal(faults)
    return {**value, **said}


def _said_before(asked: _Asked, fact: Mapping[str, Any]) -> int | None:
    """When it happened, if it was sent before and then happened at the time of its arrival."""
    key, source = fact.get("id"), fact.get("source", asked.visitor.source)
    for recorded in asked.house.engine.events(f"{asked.kind}/{asked.name}"):
        if recorded.meta.key == key and recorded.meta.source == source:
            return recorded.meta.occurred_at
    return None


def _opens(submission: Submission) -> bool:
    """Whether it may be the first of its dossier: then there is nothing to have seen."""
    step = KINDS[kind_of(submission.stream).name].steps.get(type(submission.event))
    return step is not None and NEW in step.allowed


def _seen(match: str | None) -> int | None:
    if match is None:
        return None
    found = _VERSION.fullmatch(match.strip())
    if found is None:
        raise refuse(MATCH_WRONG, "", match, '"VERSION"')
    return int(found[1])


def _tag(house: House, outcome: Outcome) -> str:
    """The version as far as nobody but the engine has moved it since: what somebody else did
    meanwhile has not been looked at."""
    after = house.engine.log.read(outcome.stream, outcome.version)
    own = takewhile(lambda recorded: recorded.meta.source == ENGINE, after)
    return f'"{outcome.version + sum(1 for _ in own)}"'


@router.get(
    f"{PETITION_AT}/tracking-code",
    operation_id="trackingCode",
    summary="查询码 · The code with which a petitioner follows their petition",
    dependencies=[need(APPEND)],
    responses={
        200: answers(
            {
                "type": "object",
                "properties": {"no": {"type": "string"}, "code": {"type": "string"}},
                "required": ["no", "code"],
            },
            "查询码 · the code",
            packed=False,
        ),
        **problems_for(404, 410),
    },
)
def tracking_code(request: Request, no: str, house: HouseDep) -> Any:
    """Told to the petitioner together with the number; gone once they are erased."""
    subject = petitioner_of(house.engine.log, no)
    if subject is None:
        raise refuse(UNKNOWN_DOSSIER, "", f"{PETITION.name}/{no}")
    try:
        return {"no": no, "code": code_of(house.engine.log, subject, no)}
    except Refusal as refusal:
        return problem(request, refusal.faults, 410)

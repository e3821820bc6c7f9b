"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2/) over the same commands and read
models, with the extension `servicerequestupdates` that FixMyStreet uses. Off unless the setting
`open311` names the pack whose kinds of petition are the services."""

from collections.abc import Sequence
from datetime import date
from itertools import islice
from secrets import token_hex
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import Refusal, refuse
from sla_engine.record import Instant
from sla_engine.service.intake import Submission
from sla_engine.web.api import open311_requests as requests
from sla_engine.web.api.media import BODY_TOO_LARGE
from sla_engine.web.api.open311_answers import JSON, XML, Route, answer
from sla_engine.web.api.open311_requests import MOST, REQUEST_FIELD, SPAN
from sla_engine.web.gate import NOT_ALLOWED, NOT_KNOWN, PUBLIC, Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.worktime import parse_instant

router = APIRouter(
    prefix="/open311/v2",
    tags=["open311"],
    route_class=Route,
    default_response_class=Response,
    include_in_schema=False,
)

Form = Annotated[str, Path(pattern=f"^({XML}|{JSON})$")]
Words = Annotated[str, Query(max_length=20_000)]
ANYBODY = [need(PUBLIC)]
_APPEND = "facts:append"
_MOST_FIELDS = 1_000
_SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
_CHANGED = date(2011, 4, 20).isoformat()
"""When the standard itself last changed."""


async def _sent(request: Request, house: HouseDep) -> dict[str, str]:
    """The form that was posted."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > house.settings.body_limit:
            raise refuse(BODY_TOO_LARGE, "", "", str(house.settings.body_limit))
    if body.count(b"&") >= _MOST_FIELDS:
        raise refuse(REQUEST_FIELD, "", "", f"≤ {_MOST_FIELDS}")
    text = body.decode("utf-8", "replace").replace("\0", "")
    return dict(parse_qsl(text, keep_blank_values=True))


Sent = Annotated[dict[str, str], Depends(_sent)]


async def _key_holder(request: Request, house: HouseDep, sent: Sent) -> Visitor:
    """Whose `api_key` came in the form; a system's alone. Raises `NOT_KNOWN`, `NOT_ALLOWED`."""
    key = sent.get("api_key") or request.query_params.get("api_key", "")
    headers = [*request.scope["headers"], *([(b"x-api-key", key.encode())] if key else [])]
    asked = Request({**request.scope, "headers": headers})
    visitor = await run_in_threadpool(house.access.visitor, asked)
    if visitor.person or not visitor.may(_APPEND):
        raise refuse(NOT_ALLOWED if visitor.name else NOT_KNOWN, "api_key", "", _APPEND)
    return visitor


_key_holder.permission = _APPEND  # type: ignore[attr-defined]  # read by the walk over all routes

Sender = Annotated[Visitor, Depends(_key_holder)]


# --------------------------------------------------------------------------------------- services


@router.get("/discovery.{form}", dependencies=ANYBODY)
def discover(request: Request, house: HouseDep, form: Form) -> Response:
    """Where what is served, in which formats."""
    origin = house.settings.origin or str(request.base_url).rstrip("/")
    endpoint = {
        "specification": _SPECIFICATION,
        "url": f"{origin}/open311/v2",
        "changeset": _CHANGED,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    pack = requests.pack_of(house.engine)
    document = {
        "changeset": _CHANGED,
        "contact": f"{pack.title.zh} · {pack.title.en}",
        "key_service": f"{origin}/keys",
        "endpoints": [endpoint],
    }
    return answer(form, ("discovery", ""), document)


@router.get("/services.{form}", dependencies=ANYBODY)
def list_services(house: HouseDep, form: Form) -> Response:
    """Kinds of petition."""
    found = requests.services(requests.pack_of(house.engine))
    return answer(form, ("services", "service"), found)


@router.get("/services/{code}.{form}", dependencies=ANYBODY)
def define_service(house: HouseDep, code: str, form: Form) -> Response:
    """A service has no attributes of its own."""
    kind = requests.service(requests.pack_of(house.engine), code)
    return answer(form, ("service_definition", ""), {"service_code": kind, "attributes": []})


# --------------------------------------------------------------------------------------- requests


@router.post("/requests.{form}")
async def create_request(house: HouseDep, visitor: Sender, sent: Sent, form: Form) -> Response:
    """A petition is registered."""
    pack = await run_in_threadpool(requests.pack_of, house.engine)
    submission = requests.registration(pack, sent, visitor.source, house.now(), token_hex(6))
    stream = await _told(house, submission)
    no = stream.split("/", 1)[1]
    row = {"service_request_id": no, "service_notice": None, "account_id": None}
    return answer(form, ("service_requests", "request"), [row], 201)


@router.get("/requests.{form}", dependencies=ANYBODY)
def list_requests(
    house: HouseDep,
    form: Form,
    *,
    service_request_id: Words = "",
    service_code: Words = "",
    start_date: Words = "",
    end_date: Words = "",
    status: Words = "",
) -> Response:
    """The last 90 days or 1,000, whichever is less; numbers override everything else."""
    engine = house.engine
    if service_request_id:
        wanted = _listed(service_request_id)[:MOST]
        rows = [requests.row_of(engine, no) for no in wanted]
    else:
        codes, states = _listed(service_code), _listed(status.lower())
        found = requests.rows_between(engine, *_between(house, start_date, end_date))
        kept = (
            row
            for row in found
            if (not codes or row["kind"] in codes)
            and (not states or requests.status_of(row["phase"]) in states)
        )
        rows = list(islice(kept, MOST))
    told = [requests.request_dict(engine, row) for row in rows]
    return answer(form, ("service_requests", "request"), told)


@router.get("/requests/{no}.{form}", dependencies=ANYBODY)
def read_request(house: HouseDep, no: str, form: Form) -> Response:
    """One request; as the standard has it, a list of one."""
    told = requests.request_dict(house.engine, requests.row_of(house.engine, no))
    return answer(form, ("service_requests", "request"), [told])


@router.get("/tokens/{token}.{form}", dependencies=ANYBODY)
def read_token(house: HouseDep, token: str, form: Form) -> Response:
    """Numbers are given at once, so a token is the number itself."""
    row = requests.row_of(house.engine, token)
    told = [{"token": token, "service_request_id": row["no"]}]
    return answer(form, ("service_requests", "request"), told)


# ---------------------------------------------------------------------------------------- updates


@router.get("/servicerequestupdates.{form}", dependencies=ANYBODY)
def list_updates(
    house: HouseDep, form: Form, *, start_date: Words = "", end_date: Words = ""
) -> Response:
    """The public steps between two instants, of requests of the 90 days before the later one."""
    engine = house.engine
    begin, end = _between(house, start_date, end_date)
    told: list[dict[str, Any]] = []
    for row in islice(requests.rows_between(engine, end - SPAN, end), MOST):
        for update in requests.updates(engine, row):
            if begin <= parse_instant(update["updated_datetime"]) <= end:
                told.append(update)
    told.sort(key=lambda update: str(update["updated_datetime"]))
    return answer(form, ("service_requests_updates", "request_update"), told[-MOST:])


@router.post("/servicerequestupdates.{form}")
async def create_update(house: HouseDep, visitor: Sender, sent: Sent, form: Form) -> Response:
    """What the petitioner says of it: withdrawn, solved, not solved."""
    no = sent.get("service_request_id", "")
    row = await run_in_threadpool(requests.row_of, house.engine, no)
    await _told(house, requests.update(row, sent, visitor.source, house.now()))
    told = [{"update_id": sent["update_id"]}]
    return answer(form, ("service_request_updates", "request_update"), told, 201)


async def _told(house: House, submission: Submission) -> str:
    """The stream it went to. Raises `Refusal` with the reasons why it was not recorded."""
    outcome = await house.tell(submission)
    if outcome.faults:
        raise Refusal(outcome.faults)
    return outcome.stream


def _between(house: House, start: str, end: str) -> tuple[Instant, Instant]:
    """Raises `Refusal` for more than 90 days, or for what is no time with an offset."""
    last = parse_instant(end, "end_date") if end else None
    first = parse_instant(start, "start_date") if start else None
    if last is None:
        last = house.now() if first is None else min(house.now(), first + SPAN)
    if first is None:
        first = last - SPAN
    if last - first > SPAN:
        raise refuse(REQUEST_FIELD, "start_date, end_date", "", "≤ 90 days 天")
    return max(first, 0), max(last, 0)


def _listed(text: str) -> Sequence[str]:
    return [each.strip() for each in text.split(",") if each.strip()]

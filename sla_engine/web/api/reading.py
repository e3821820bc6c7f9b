"""What all answers of the reading API have in common: pages, instants, versions, whose it is."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from projections.paging import CURSOR_WRONG, Page
from sla_engine.errors import refuse
from sla_engine.record import Instant
from sla_engine.service.texts import TEXT_UNSTORABLE
from sla_engine.showing.case import NOTHING_KNOWN, Case
from sla_engine.showing.plain import jsonable
from sla_engine.web import gate, problems
from sla_engine.web.api import media, openapi
from sla_engine.web.api.shapes import Schema, page
from sla_engine.web.gate import Visitor
from sla_engine.web.house import House
from sla_engine.web.paths import CENTRE, party
from sla_engine.web.permits import check_read
from sla_engine.worktime import parse_date, parse_instant

problems.tell(CURSOR_WRONG, 400)
problems.tell(NOTHING_KNOWN, 404)

_NUL = "\0"

Cursor = Annotated[str, Query(max_length=1_000, description="Where to go on, from `next`.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows on a page, at most.")]
Unit = Annotated[str, Query(max_length=200, description="Only what is this unit's.")]
Party = Annotated[
    str, Query(max_length=200, description=f"Only what is this unit's; `{CENTRE}`: the centre's.")
]
Word = Annotated[str, Query(max_length=200)]
At = Annotated[str | None, Query(json_schema_extra={"format": "date-time"}, max_length=40)]
Day = Annotated[str | None, Query(json_schema_extra={"format": "date"}, max_length=10)]
KnownAt = Annotated[
    str | None,
    Query(
        json_schema_extra={"format": "date-time"},
        max_length=40,
        description="Go by what had been recorded by then; by all of it if left out.",
    ),
]
JudgedAt = Annotated[
    str | None,
    Query(
        json_schema_extra={"format": "date-time"},
        max_length=40,
        description="The instant judged: `known_at`, or now, if left out.",
    ),
]


def router(tag: str) -> APIRouter:
    """A part of the API by its heading in the documentation."""
    return APIRouter(
        prefix="/v1",
        tags=[tag],
        default_response_class=Response,
        dependencies=[Depends(_writable)],
    )


def _writable(request: Request) -> None:
    """Not every database has a way to ask for a text with a null character. Raises `Refusal`."""
    if _NUL in request.url.path or "%00" in request.url.path + request.url.query:
        raise refuse(TEXT_UNSTORABLE, "", "U+0000")


def told(shape: Schema, what: str, *problems: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: an answer, and problems beside those that any request may meet."""
    return {200: openapi.answers(shape, what), **openapi.problems_for(422, *problems)}


def listed(row: Schema, what: str) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a list."""
    return told(page(row), what, 400)


# ----------------------------------------------------------------------------------------- words


def instant(text: str | None, where: str) -> Instant | None:
    """The instant that a parameter names, None where it was left out. Raises `Refusal` TIME_*."""
    return parse_instant(text, where) if text else None


def day(text: str | None, where: str) -> date | None:
    """The same for a date."""
    return parse_date(text, where) if text else None


# ------------------------------------------------------------------------------------------ whose


def dossier(
    house: House,
    visitor: Visitor,
    stream: str,
    known_at: Instant | None = None,
    at: Instant | None = None,
) -> Case:
    """A dossier that the visitor may see. Raises `UNKNOWN_DOSSIER`, `NOTHING_KNOWN`."""
    engine = house.engine
    engine.refresh_rules()
    check_read(visitor, engine.dossier(stream))
    return Case.of(engine, stream, known_at, at)


def narrowed(visitor: Visitor, unit: str) -> str | None:
    """The unit whose rows are listed; None: all of them. Raises `NOT_YOURS`."""
    if unit:
        gate.own(visitor, unit, unit)
    return unit or visitor.unit or None


def narrowed_to_party(visitor: Visitor, unit: str) -> str | None:
    """The same for petitions, of which the centre has its part. Raises `NOT_YOURS`."""
    whose = narrowed(visitor, unit)
    return None if whose is None else party(whose)


# ---------------------------------------------------------------------------------------- answers


answer = media.answer


def paged(
    request: Request, found: Page, shown: Callable[[Mapping[str, Any]], Any] = jsonable
) -> Response:
    """A page, with the way to the next."""
    document = {
        "rows": [shown(row) for row in found.rows],
        "next": found.next or None,
        "exhausted": found.exhausted,
    }
    if not found.next:
        return answer(request, document)
    following = request.url.include_query_params(cursor=found.next)
    target = f"{following.path}?{following.query}"
    return answer(request, document, headers={"Link": f'<{target}>; rel="next"'})


def versioned(
    request: Request, version: int, document: Callable[[], Mapping[str, Any]]
) -> Response:
    """A dossier's state with its version as ETag; nothing but that where the asker has it."""
    headers = {"ETag": f'"{version}"', "Vary": "Accept"}
    known = request.headers.get("if-none-match", "")
    tags = {each.strip().removeprefix("W/") for each in known.split(",")}
    if headers["ETag"] in tags or "*" in tags:
        return Response(status_code=304, headers=headers)
    return answer(request, document(), headers=headers)


whole = partial(Page, next="", exhausted=False)
"""A list that is short enough to be one page."""

"""Every code with which this service refuses something: what `type` of a problem points to."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import CATALOGUE, Message, refuse, register
from sla_engine.web import pages, problems
from sla_engine.web.api import media, openapi, shapes
from sla_engine.web.gate import PUBLIC, need

PROBLEM_UNKNOWN = problems.tell(
    register(
        "PROBLEM_UNKNOWN",
        "没有错误代码“{found}”",
        "there is no error code {found}",
    ),
    404,
)

router = APIRouter(prefix="/problems", tags=["problems"], default_response_class=Response)

PROBLEM = shapes.thing(
    "Texts have places for what was found, where, and what is allowed",
    code=shapes.TEXT,
    type=shapes.TEXT,
    text=shapes.BOTH,
    hint=shapes.BOTH,
)
_LIST = shapes.thing(problems=shapes.many(PROBLEM))


def _answers(shape: shapes.Schema, what: str) -> dict[int | str, dict[str, Any]]:
    answer = openapi.answers(shape, what)
    answer["content"]["text/html"] = {"schema": shapes.TEXT}
    return {200: answer}


@router.get(
    "",
    operation_id="listProblems",
    summary="错误代码 · Every problem there is",
    dependencies=[need(PUBLIC)],
    responses=_answers(_LIST, "Every code"),
)
def list_problems(request: Request) -> Response:
    """All codes: as a page for browsers, as data for programs."""
    found = [_problem(code, message) for code, message in sorted(CATALOGUE.items())]
    if pages.wanted(request):
        return pages.render(request, "problems.html", problems=found)
    return media.answer(request, {"problems": found})


@router.get(
    "/{slug}",
    operation_id="readProblem",
    summary="一个错误代码 · One problem",
    dependencies=[need(PUBLIC)],
    responses={**_answers(PROBLEM, "One code"), **openapi.problems_for(404, 422)},
)
def read_problem(
    request: Request,
    slug: Annotated[str, Path(min_length=1, max_length=80)],
) -> Response:
    """One code."""
    code = slug.upper().replace("-", "_")
    if code not in CATALOGUE or problems.slug(code) != slug:
        raise refuse(PROBLEM_UNKNOWN, "", slug)
    found = _problem(code, CATALOGUE[code])
    if pages.wanted(request):
        return pages.render(request, "problems.html", problems=[found])
    return media.answer(request, found)


def _problem(code: str, message: Message) -> dict[str, Any]:
    return {
        "code": code,
        "type": f"/problems/{problems.slug(code)}",
        "text": {"zh": message.zh, "en": message.en},
        "hint": {"zh": message.hint_zh, "en": message.hint_en},
    }

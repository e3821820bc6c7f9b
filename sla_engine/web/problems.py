"""What goes wrong, as RFC 9457 problems for programs and as a page for people.

`type` is `/problems/CODE`, a page of this very service; `detail` and the errors' texts follow
Accept-Language. All faults are told at once. Nothing of an unexpected error is told but its kind.
"""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sla_engine.access.table import shipped
from sla_engine.errors import Conflict, Fault, Refusal, Unavailable, register
from sla_engine.web import gate, pages
from sla_engine.web.language import TAGS, Language, language_of

logger = logging.getLogger(__name__)

SERVER_FAULT = register(
    "SERVER_FAULT",
    "程序内部出错（{found}）",
    "a fault in the program ({found})",
    "可以重试；反复出现请联系运维，并告知时间与请求编号",
    "try again; if it recurs tell an operator the time and the request's number",
)
HTTP_REFUSED = register(
    "HTTP_REFUSED",
    "请求未被接受（{found}）",
    "the request is refused ({found})",
)
ADDRESS_UNKNOWN = register(
    "ADDRESS_UNKNOWN",
    "没有这个地址（{found}）",
    "there is nothing at this address ({found})",
    "核对地址，或从菜单进入",
    "check the address, or go by the menu",
)
METHOD_WRONG = register(
    "METHOD_WRONG",
    "这个地址不接受 {found} 方法；可用：{allowed}",
    "this address does not take {found}; it takes: {allowed}",
)
REQUEST_WRONG = register(
    "REQUEST_WRONG",
    "参数不符合要求（{found}）",
    "the request is not as it should be ({found})",
)

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[str, int] = {
    "NOT_KNOWN": 401,
    "NOT_ALLOWED": 403,
    "NOT_YOURS": 403,
    "CROSS_SITE": 403,
    "UNKNOWN_DOSSIER": 404,
    "KEY_REUSED": 422,
    "ALREADY_REGISTERED": 409,
    "NOT_REGISTERED": 409,
    "STREAM_ELSEWHERE": 412,
    "INPUT_TOO_LONG": 413,
    "INTAKE_FULL": 503,
    "SERVER_FAULT": 500,
}
"""Where a code has a status of its own; any other refusal is 422, 409 for a conflict, 503 for what
is away. Other modules of this layer add theirs with `tell`."""


_HEADERS: dict[str, Mapping[str, str]] = {}


def tell(code: str, status: int, headers: Mapping[str, str] = {}) -> str:
    """Give a code its status, and headers that are told with it; returns the code, so that it can
    stand round `register`."""
    _STATUS[code] = status
    _HEADERS[code] = headers
    return code


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal, by its first fault."""
    if refusal.code in _STATUS:
        return _STATUS[refusal.code]
    if isinstance(refusal, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(refusal, Conflict):
        return HTTPStatus.CONFLICT
    return HTTPStatus.UNPROCESSABLE_ENTITY


def slug(code: str) -> str:
    """`STREAM_MOVED` → `stream-moved`."""
    return code.lower().replace("_", "-")


def document(faults: Iterable[Fault], status: int, language: Language) -> dict[str, object]:
    """The problem as plain data."""
    told = list(faults)
    return {
        "type": f"/problems/{slug(told[0].code)}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "；".join(map(Fault.zh, told)) if language == "zh" else _english(told),
        "code": told[0].code,
        "errors": [
            {
                "pointer": pointer(each.where),
                "code": each.code,
                "detail": each.zh() if language == "zh" else each.en(),
            }
            for each in told
        ],
    }


def pointer(where: str) -> str:
    """`data.unit` → `/data/unit`; what is no place in a body stays as it is."""
    return "/" + where.replace(".", "/") if where and " " not in where else where


def problem(
    request: Request, faults: Iterable[Fault], status: int, headers: Mapping[str, str] = {}
) -> Response:
    """A problem for programs, a page for browsers."""
    language = language_of(request)
    faults = list(faults)
    headers = {"Content-Language": TAGS[language], **headers}
    if pages.wanted(request):
        if status == HTTPStatus.UNAUTHORIZED:
            return RedirectResponse(pages.login_for(request), status_code=303)
        visitor = _visitor(request)
        if status == HTTPStatus.FORBIDDEN and request.url.path == "/":
            return RedirectResponse(pages.home(visitor), status_code=303)
        told = document([_in_words(each, language) for each in faults], status, language)
        return pages.render(
            request,
            "problem.html",
            status=status,
            headers=headers,
            problem=told,
            nothing_recorded=_nothing_recorded(request, status),
        )
    told = document(faults, status, language)
    return JSONResponse(told, status, headers, media_type=MEDIA_TYPE)


def note_recorded(request: Request) -> None:
    """Said by a route that has recorded something and goes on to what may yet be refused."""
    request.state.recorded = True


def has_recorded(request: Request) -> bool:
    """Whether a route has said so."""
    return getattr(request.state, "recorded", False)


def _nothing_recorded(request: Request, status: int) -> bool:
    """Whether it is known that a form which was not taken has left nothing behind."""
    known = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
    return request.method == "POST" and known and not has_recorded(request)


def install(app: FastAPI) -> None:
    """Have every error of an app told this way."""
    for kind in (Refusal, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, told_of)


def told_of(request: Request, error: Exception) -> Response:
    """What is answered where a route raised `error`."""
    match error:
        case Refusal():
            return _refused(request, error)
        case HTTPException():
            fault, headers = _fault_of(request, error), error.headers or {}
            return problem(request, [fault], error.status_code, headers)
        case RequestValidationError():
            faults = [
                Fault(REQUEST_WRONG, ".".join(map(str, each["loc"])), str(each["msg"]))
                for each in error.errors()
            ]
            return problem(request, faults, HTTPStatus.UNPROCESSABLE_ENTITY)
        case _:
            route = getattr(request.scope.get("route"), "path", "")
            logger.error("a fault in the program", exc_info=error, extra={"route": route})
            fault = Fault(SERVER_FAULT, "", type(error).__name__)
            return problem(request, [fault], HTTPStatus.INTERNAL_SERVER_ERROR)


def _refused(request: Request, refusal: Refusal) -> Response:
    status = status_of(refusal)
    waits = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    knows = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    told = _HEADERS.get(refusal.code, {})
    return problem(request, refusal.faults, status, {**waits, **knows, **told})


def _in_words(fault: Fault, language: Language) -> Fault:
    """A permission by its title, for people; programs are told its name."""
    if fault.code != gate.NOT_ALLOWED:
        return fault
    names = [shipped().words(each) for each in fault.allowed.split(" | ")]
    titles = " | ".join(each.zh if language == "zh" else each.en for each in names)
    return Fault(fault.code, fault.where, fault.found, titles)


def _visitor(request: Request) -> gate.Visitor:
    """Whoever asked, also where no route was found; their menu stands on the page."""
    if getattr(request.app.state, "house", None) is None:
        return gate.NOBODY
    return gate.asks(request)


def _fault_of(request: Request, error: HTTPException) -> Fault:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Fault(ADDRESS_UNKNOWN, "", request.url.path)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return Fault(METHOD_WRONG, "", request.method, allowed)
    return Fault(HTTP_REFUSED, "", HTTPStatus(error.status_code).phrase)


def _english(faults: Iterable[Fault]) -> str:
    return "; ".join(map(Fault.en, faults))

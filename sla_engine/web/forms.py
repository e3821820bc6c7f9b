"""Forms: whoever sent one that was refused gets its screen again, with what they typed and every
fault beside its field.

A route that takes a form is a `FormRoute` and says on which screen the form stands (`stands_on`).
The screen is asked for as its reader would ask for it, so it shows how things stand now; a page may
look at `refused` to say more. What is no fault of the form (no right to it, nothing there, the
store away) stays a problem like any other.
"""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, MutableMapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, unquote, urlencode

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sla_engine.errors import Fault, Refusal, register
from sla_engine.web import pages
from sla_engine.web.language import Language, language_of
from sla_engine.web.problems import REQUEST_WRONG, has_recorded, slug, status_of
from sla_engine.web.refill import Sent, refill

FIELD_EMPTY = register("FIELD_EMPTY", "这一项必须填写", "this has to be filled in")

_PUT_RIGHT = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_OF_THE_BODY = frozenset({b"content-type", b"content-length", b"transfer-encoding", b"hx-request"})

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Where = str | Callable[[Mapping[str, Any]], str]


class Screen(NamedTuple):
    """Where a form stands: the address of its page, with `{names}` of the route's own and of what
    was sent; or what finds the address in what was sent, which then stands as it is. `posted`: a
    page that is itself the answer to what was sent. `called`: what the form calls a field that a
    fault names otherwise."""

    where: Where
    posted: bool
    called: Mapping[str, str]


class Told(NamedTuple):
    """A fault in the language of the page, and the field of the form that it is about."""

    field: str
    fault: Fault
    language: Language

    def __str__(self) -> str:
        fault = replace(self.fault, where="") if self.field else self.fault
        return fault.zh() if self.language == "zh" else fault.en()

    @property
    def explained(self) -> str:
        """Where its code is explained."""
        return f"/problems/{slug(self.fault.code)}"


class Refused(NamedTuple):
    """The form that was refused, for the page on which it is shown again."""

    typed: FormData
    faults: Sequence[Fault]


def stands_on(
    where: Where, *, posted: bool = False, **called: str
) -> Callable[[Endpoint], Endpoint]:
    """Say of a route's function on which screen its form stands. See `Screen`."""

    def said(endpoint: Endpoint) -> Endpoint:
        endpoint.screen = Screen(where, posted, called)  # type: ignore[attr-defined]
        return endpoint

    return said


def refused(request: Request) -> Refused | None:
    """What was refused, on a page that is shown again."""
    found: Refused | None = getattr(request.state, "refused", None)
    return found


class FormRoute(APIRoute):
    """A route whose form is shown again where it is refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        screen: Screen | None = getattr(self.endpoint, "screen", None)
        if screen is None:
            return handle

        async def taken(request: Request) -> Response:
            pages.stand_on(request, address(screen, request, {}))
            try:
                return await handle(request)
            except (Refusal, RequestValidationError) as error:
                answer = await _again(request, screen, error)
                if answer is None:
                    raise
                return answer

        return taken


async def _again(
    request: Request, screen: Screen, error: Refusal | RequestValidationError
) -> Response | None:
    """The screen with the form; None where a problem is all there is to tell."""
    status = status_of(error) if isinstance(error, Refusal) else HTTPStatus.UNPROCESSABLE_ENTITY
    if status not in _PUT_RIGHT or not pages.wanted(request):
        return None
    faults = error.faults if isinstance(error, Refusal) else [*map(_fault, error.errors())]
    typed = await request.form()
    request.state.refused = Refused(typed, faults)
    page = await _shown(request, screen, typed)
    if page is None:
        return None
    language = language_of(request)
    told = [Told(_field(each, screen), each, language) for each in faults]
    wrong: dict[str, str] = {}
    for each in told:
        wrong[each.field] = f"{wrong[each.field]} {each}" if each.field in wrong else str(each)
    wrong.pop("", None)
    filled = refill(page, Sent(request.scope["path"], typed, wrong))
    summary = pages.part(
        request, "refused.html", faults=told, places=filled.places, partly=has_recorded(request)
    )
    return HTMLResponse(filled.with_summary(summary), status, pages.told(request))


def _fault(error: Mapping[str, Any]) -> Fault:
    """What FastAPI finds wrong with a form, as a person is told it."""
    where = ".".join(str(each) for each in error["loc"] if each != "body")
    if error["type"] == "missing":
        return Fault(FIELD_EMPTY, where)
    return Fault(REQUEST_WRONG, where, str(error["msg"]))


def _field(fault: Fault, screen: Screen) -> str:
    """The field that a fault is about; "" of what has another place, as a line of a file."""
    name = fault.where.removeprefix("data.").partition(".")[0]
    return screen.called.get(name, name) if name.isascii() and name.isidentifier() else ""


async def _shown(request: Request, screen: Screen, typed: FormData) -> str | None:
    """The screen as its reader would get it; None where there is no such page any more."""
    path, _, query = address(screen, request, typed).partition("?")
    body = urlencode([(n, v) for n, v in typed.multi_items() if isinstance(v, str)]).encode()
    headers = [each for each in request.scope["headers"] if each[0] not in _OF_THE_BODY]
    if screen.posted:
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    scope = {
        **request.scope,
        "method": "POST" if screen.posted else "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }
    kept = _Kept(body)
    await request.app.router(scope, kept.receive, kept.send)
    return kept.text if kept.status in (HTTPStatus.OK, *_PUT_RIGHT) else None


def address(screen: Screen, request: Request, typed: Mapping[str, Any]) -> str:
    """Of the screen that a form stands on. What was sent is quoted, and never a format itself."""
    if not isinstance(screen.where, str):
        return screen.where(typed)
    given = {**typed, **request.path_params}
    quoted = {name: quote(str(value), safe="") for name, value in given.items()}
    return screen.where.replace(":path}", "}").format_map(defaultdict(str, quoted))


class _Kept:
    """Asks for a page inside this process, and keeps the answer."""

    def __init__(self, body: bytes) -> None:
        self.status = 0
        self._asked = body
        self._body: list[bytes] = []

    @property
    def text(self) -> str:
        return b"".join(self._body).decode()

    async def receive(self) -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": self._asked, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))

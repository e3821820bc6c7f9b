"""What stands before every route: rate limits, no requests from other sites, and what browsers are
told about the pages."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from anyio import CancelScope
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sla_engine.access.key import read
from sla_engine.errors import Fault, refuse, register
from sla_engine.settings import Settings
from sla_engine.web.doorkeeper import key_in
from sla_engine.web.problems import problem, tell
from sla_engine.web.tally import MINUTE, Tally

CROSS_SITE = tell(
    register(
        "CROSS_SITE",
        "请求来自其他网站，未受理",
        "the request comes from another site and is refused",
        "请在本平台页面内操作",
        "work within the pages of this very service",
    ),
    403,
)
TOO_MANY = tell(
    register(
        "TOO_MANY",
        "请求过于频繁，每分钟至多{allowed}次",
        "too many requests, at most {allowed} a minute",
        "稍后再试",
        "try again later",
    ),
    429,
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_GUESSED = ("/login", "/password")
_FREE = ("/static/", "/health/")
_MOST_STRANGERS = 10_000

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TOLD = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Others learn nothing. With "no-referrer" browsers would hide the origin of our own forms too,
    # and without TLS that is all there is to tell them from another site's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class Guards:
    """All of them in one pass: a system may send hundreds of facts a second."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        always = {**TOLD, **(_TLS_ONLY if settings.origin.startswith("https:") else {})}
        self._always = [_raw(name, value) for name, value in always.items()]
        self._limits = RateLimits(settings)
        self._known = urlsplit(settings.origin).netloc
        self._most = settings.body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fields = _fields(scope)
        sent = key_in(fields)
        standing = await self._limits.count(scope, sent)
        told = [*self._always, *standing.told]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                known = {name for name, _ in headers}
                message["headers"] = [*headers, *(pair for pair in told if pair[0] not in known)]
                if sent and message["status"] == HTTPStatus.UNAUTHORIZED:
                    self._limits.suspect(scope)
            await send(message)

        if standing.refusal is not None:
            waits = {"Retry-After": str(standing.wait)}
            answer = problem(Request(scope), [standing.refusal], 429, waits)
            await answer(scope, receive, telling)
        elif not self._ours(scope["method"], fields):
            await problem(Request(scope), [Fault(CROSS_SITE)], 403)(scope, receive, telling)
        elif scope["method"] == "HEAD":
            await _headed(self._app, scope, _bounded(receive, self._most), telling)
        else:
            await self._app(scope, _bounded(receive, self._most), telling)

    def _ours(self, method: str, fields: Mapping[str, str]) -> bool:
        """Nothing is changed at the wish of another site's page. Browsers say where a request comes
        from (Sec-Fetch-Site; without TLS, and older ones, in Origin); programs do not, and need no
        guard: nobody makes them send somebody else's cookie."""
        return method in _SAFE or _from_here(fields, self._known, ("same-origin", "none"))


def check_asked_here(request: Request) -> None:
    """For a question that leaves a trace: no link leads to it, whether on another site's page or in
    a mail. Raises `CROSS_SITE`."""
    headers = request.headers
    known = urlsplit(request.app.state.house.settings.origin).netloc
    # Without TLS a browser that follows a link says where from by its referrer alone, which our
    # own pages give and a mail does not; that it is a browser, by wanting a page.
    follows = "sec-fetch-site" not in headers and "text/html" in headers.get("accept", "")
    led = _host_of(headers.get("referer", "")) in {headers.get("host"), known} - {""}
    if (follows and not led) or not _from_here(headers, known, ("same-origin",)):
        raise refuse(CROSS_SITE)


def _from_here(fields: Mapping[str, str], known: str, sites: Sequence[str]) -> bool:
    """Whether nothing says that a request comes from elsewhere; `sites`: what Sec-Fetch-Site may
    say."""
    site, origin = fields.get("sec-fetch-site"), fields.get("origin")
    if site is not None:
        return site in sites
    return origin is None or _host_of(origin) in {fields.get("host"), known} - {""}


def _host_of(origin: str) -> str:
    """ "" of what is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _fields(scope: Scope) -> dict[str, str]:
    """The header fields by their names; the first of several, which is the one that routes read."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
    }


def _raw(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


def _bounded(receive: Receive, most: int) -> Receive:
    """No body is read on once it has more than `most` bytes: forms are read before it is known
    whose they are. Whoever counts by itself is the first to say so."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        if size > most:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        message = await receive()
        size += len(message.get("body", b""))
        return message

    return counting


async def _headed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """HEAD is answered wherever GET is, without the body; one that goes on is cut off."""
    over = False
    with CancelScope() as under_way:

        async def bare(message: Message) -> None:
            nonlocal over
            body = message["type"] == "http.response.body"
            if not over:
                await send({"type": "http.response.body"} if body else message)
            over = body
            if body and message.get("more_body", False):
                under_way.cancel()

        await app({**scope, "method": "GET"}, receive, bare)


class Standing(NamedTuple):
    """What somebody is told of their limits; where this request is one too many, why it is refused
    and how many seconds they should wait."""

    told: Sequence[tuple[bytes, bytes]] = ()
    refusal: Fault | None = None
    wait: int = 0


class RateLimits:
    """So many requests a minute of one key, of one address without a key, and fewer to where
    something could be guessed. Counted in this process, or in Redis for all of them; while that is
    away nobody is limited."""

    def __init__(self, settings: Settings) -> None:
        rates = {
            "key": settings.rate_key,
            "address": settings.rate_address,
            "guess": settings.rate_guess,
        }
        self._most = {name: rate for name, rate in rates.items() if rate}
        self._tally = Tally(settings.redis)
        self._strangers: set[str] = set()

    async def count(self, scope: Scope, sent: str) -> Standing:
        """A request that brings the key `sent`."""
        standing = Standing()
        if scope["path"].startswith(_FREE):
            return standing
        for name, who in self._limits(scope, sent):
            most = self._most[name]
            left, wait = await self._tally.hit(name, who, most)
            told = (
                _raw("RateLimit-Policy", f'"{name}";q={most};w={MINUTE}'),
                _raw("RateLimit", f'"{name}";r={max(left, 0)};t={wait}'),
            )
            if left < 0:
                return Standing(told, Fault(TOO_MANY, allowed=str(most)), wait)
            standing = Standing(told)
        return standing

    def suspect(self, scope: Scope) -> None:
        """Whoever sends keys that are none has the limit of an address besides: made-up keys must
        not have a limit of their own each."""
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.add(_address(scope))

    def _limits(self, scope: Scope, sent: str) -> Iterator[tuple[str, str]]:
        """Those that a request with this key falls under, and who is counted; the last is told."""
        key, address = read(sent), _address(scope)
        names = [("key", key.id)] if key else [("address", address)]
        if key and address in self._strangers:
            names.append(("address", address))
        if _guesses(scope):
            names.append(("guess", address))
        return (each for each in names if each[0] in self._most)


def _guesses(scope: Scope) -> bool:
    """Whether a password or a code may be in it."""
    path: str = scope["path"]
    return path.startswith("/track") or (scope["method"] not in _SAFE and path in _GUESSED)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return _network(client[0]) if client else ""


@lru_cache(4_096)
def _network(address: str) -> str:
    """One customer of an IPv6 provider has a network of addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return found.exploded[:19] if isinstance(found, IPv6Address) else address

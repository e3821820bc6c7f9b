"""What stands before every route: rate limits, no requests from other sites, and what browsers are
told about the pages."""

from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import NamedTuple
from urllib.parse import urlsplit

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sla_engine.access.key import read
from sla_engine.errors import Fault, register
from sla_engine.settings import Settings
from sla_engine.web.doorkeeper import key_in
from sla_engine.web.problems import problem, tell

log = structlog.stdlib.get_logger(__name__)

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
_MINUTE = 60
_REDIS_S = 0.1
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


def install(app: Starlette, settings: Settings) -> None:
    """Put the guards before an app; the last one is the outermost."""
    app.add_middleware(BodyLimit, most=settings.body_limit)
    app.add_middleware(SameSite, origin=settings.origin)
    app.add_middleware(RateLimits, settings=settings)
    app.add_middleware(PageHeaders, https=settings.origin.startswith("https:"))


class PageHeaders:
    """Every answer says what a browser may do with it."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app = app
        self._told = {**TOLD, **(_TLS_ONLY if https else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # An answer to a fault in the program does not come by here.
        scope.setdefault("state", {})["told"] = self._told

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._told.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, telling if scope["type"] == "http" else send)


class SameSite:
    """Nothing is changed at the wish of another site's page. Browsers say where a request comes
    from (Sec-Fetch-Site; without TLS, and older ones, in Origin); programs do not, and need no
    guard: nobody makes them send somebody else's cookie."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._known = urlsplit(origin).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._ours(scope["method"], Headers(scope=scope)):
            answer = problem(Request(scope), [Fault(CROSS_SITE)], 403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _ours(self, method: str, headers: Headers) -> bool:
        if method in _SAFE:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc in {headers.get("host"), self._known} - {
            ""
        }


class BodyLimit:
    """No body is read on once it has more than `most` bytes: forms are read before it is known
    whose they are. Whoever counts by itself is the first to say so."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0

        async def counting() -> Message:
            nonlocal size
            if size > self._most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            message = await receive()
            size += len(message.get("body", b""))
            return message

        await self._app(scope, counting if scope["type"] == "http" else receive, send)


class Limit(NamedTuple):
    """How many requests a minute of whom."""

    name: str
    item: RateLimitItem
    who: str


class RateLimits:
    """So many requests a minute of one key, of one address without a key, and fewer to where
    something could be guessed. Counted in this process, or in Redis for all of them; while that is
    away nobody is limited."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        rates = {
            "key": settings.rate_key,
            "address": settings.rate_address,
            "guess": settings.rate_guess,
        }
        self._items = {
            name: RateLimitItemPerMinute(rate, namespace=name)
            for name, rate in rates.items()
            if rate
        }
        self._storage = _in_redis(settings.redis) if settings.redis else MemoryStorage()
        self._strangers: set[str] = set()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        sent, told = key_in(Headers(scope=scope)), dict[str, str]()
        for limit in self._limits(scope, sent):
            left, wait = await self._hit(limit)
            amount = limit.item.amount
            told = {
                "RateLimit-Policy": f'"{limit.name}";q={amount};w={_MINUTE}',
                "RateLimit": f'"{limit.name}";r={max(left, 0)};t={wait}',
            }
            if left < 0:
                fault = Fault(TOO_MANY, allowed=str(amount))
                headers = {**told, "Retry-After": str(wait)}
                await problem(Request(scope), [fault], 429, headers)(scope, receive, send)
                return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
                if sent and message["status"] == HTTPStatus.UNAUTHORIZED:
                    self._suspect(_address(scope))
            await send(message)

        await self._app(scope, receive, telling)

    def _limits(self, scope: Scope, sent: str) -> list[Limit]:
        """Those that a request with this key falls under; the last is the one that is told."""
        key, address = read(sent), _address(scope)
        names = [("key", key.id)] if key else [("address", address)]
        if key and address in self._strangers:
            names.append(("address", address))
        if _guesses(scope):
            names.append(("guess", address))
        return [Limit(name, self._items[name], who) for name, who in names if name in self._items]

    def _suspect(self, address: str) -> None:
        """Whoever sends keys that are none has the limit of an address besides: made-up keys must
        not have a limit of their own each."""
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.add(address)

    async def _hit(self, limit: Limit) -> tuple[int, int]:
        """How many are left, -1 where this one is one too many; seconds until there are more."""
        try:
            taken = await self._limiter.hit(limit.item, limit.who)
            key = limit.item.key_for(limit.who)
            before, expires, now, lasts = await self._storage.get_sliding_window(key, _MINUTE)
        except RedisError as error:
            log.warning("requests are not counted", error=type(error).__name__)
            return limit.item.amount, _MINUTE
        left = limit.item.amount - ceil(before * expires / _MINUTE + now)
        wait = min(max(1, ceil(expires if before else lasts)), _MINUTE)
        return (max(left, 0), wait) if taken else (-1, wait)


def _in_redis(url: str) -> RedisStorage:
    """No visitor waits for a Redis that is away."""
    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        key_prefix="sla-engine",
        socket_timeout=_REDIS_S,
        socket_connect_timeout=_REDIS_S,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on as it is
    )


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

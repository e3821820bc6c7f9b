"""The one address of a process: its health and figures, and whatever the web role serves there.

GET /health/live, /health/ready and /metrics are answered from the first moment on, to whoever is
near enough; everything else as soon as there is an application, for which a request is kept waiting
a while.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import Any, NamedTuple

import msgspec
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

JSON, TEXT = "application/json; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"
OPEN_FOR_PROBES = "/health/live"
"""The one page that tells nothing but that the process is there."""

_START_S, _LOOK_S = 15.0, 0.02
"""How long a request waits for an application that is going to be, and how often it looks."""

_GRACE_S = 5
"""How long an answer may take once the process ends; streams are cut then and resume elsewhere."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Page(NamedTuple):
    """One answer."""

    status: int
    kind: str
    body: bytes


Route = Callable[[], Page]


def json_page(ok: bool, document: object) -> Page:
    """200 or 503 with a JSON document."""
    return Page(200 if ok else 503, JSON, msgspec.json.encode(document))


class Endpoint:
    """An HTTP server in a thread of its own; `routes` by path, for peers within `near` (networks in
    CIDR notation; "*": anywhere). `app` answers the rest. Port 0 takes any free one. `proxies`:
    addresses whose word for who asks is taken.

    Raises OSError when the port is taken.
    """

    def __init__(
        self, host: str, port: int, routes: dict[str, Route], near: str = "*", proxies: str = ""
    ) -> None:
        self.app: Application | None = None
        self.awaited = False
        """Whether there is going to be an application."""
        self._routes = routes
        self._near = None if near == "*" else list(_networks(near))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=1024)
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or None,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._serve, name="endpoint", daemon=True)

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"])
        if route is not None and self._may(scope):
            await _response(await run_in_threadpool(route))(scope, receive, send)
        elif (app := self.app or await self._started()) is not None:
            await app(scope, receive, send)
        else:
            await _response(_NOT_YET if self.awaited else _NOTHING_HERE)(scope, receive, send)

    async def _started(self) -> Application | None:
        """The application, should it come while somebody has the patience."""
        looks = round(_START_S / _LOOK_S) if self.awaited else 0
        while looks and self.app is None and not self._server.should_exit:
            await asyncio.sleep(_LOOK_S)
            looks -= 1
        return self.app

    def _may(self, scope: Scope) -> bool:
        if self._near is None or scope["path"] == OPEN_FOR_PROBES:
            return True
        peer = ip_address(scope["client"][0])
        return any(peer in network for network in self._near)


_NOTHING_HERE = Page(404, JSON, b'{"error":"NOT_FOUND"}')
_NOT_YET = Page(503, JSON, b'{"error":"STARTING"}')


def _response(page: Page) -> Response:
    headers = {"Content-Type": page.kind, "Cache-Control": "no-store"}
    if page is _NOT_YET:
        headers["Retry-After"] = "1"
    return Response(page.body, page.status, headers)


def _networks(text: str) -> Iterable[IPv4Network | IPv6Network]:
    return (ip_network(each.strip(), strict=False) for each in text.split(",") if each.strip())

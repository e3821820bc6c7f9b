"""GET /health/live, /health/ready and /metrics, on loopback unless told otherwise."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import msgspec

JSON, TEXT = "application/json; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"


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
    """A small HTTP server in a thread of its own; `routes` by path. Port 0 takes any free one.

    Raises OSError when the port is taken.
    """

    def __init__(self, host: str, port: int, routes: dict[str, Route]) -> None:
        handler = type("Handler", (_Handler,), {"routes": routes})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="endpoint", daemon=True)

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        shown = host.decode() if isinstance(host, bytes) else host
        return f"http://{shown}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    routes: dict[str, Route]
    server_version, sys_version = "sla-engine", ""
    timeout = 10

    def do_GET(self) -> None:
        route = self.routes.get(self.path.partition("?")[0])
        page = Page(404, JSON, b'{"error":"NOT_FOUND"}') if route is None else route()
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, *_: object) -> None:
        """Probes ask every few seconds; nobody wants to read that."""

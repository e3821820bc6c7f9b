"""A real HTTP receiver on loopback that does what a receiver should: verify, deduplicate, keep."""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Answer(NamedTuple):
    """What the receiver answers: a status, headers, a body, after so many seconds."""

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""
    delay_s: float = 0


Decide = Callable[[str, int], Answer]
"""From the id of a message, and how often it has come before, to the answer."""


def content(_name: str, _before: int) -> Answer:
    return Answer()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A sender that is killed cuts its connection; that is what the tests are about."""


class Receiver:
    """Keeps what it has accepted under its id, once, and counts what came again. Use it as a
    context manager."""

    def __init__(self, decide: Decide = content) -> None:
        self.decide = decide
        self.kept: dict[str, dict[str, Any]] = {}
        self.came: dict[str, int] = {}
        self.repeated = 0
        self.forged = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def ids(self) -> list[str]:
        """Ids of what was accepted, in the order of its first arrival."""
        return list(self.kept)

    @property
    def told(self) -> list[str]:
        """The same with the members of digests in the place of their digests."""
        return [
            each["id"]
            for body in self.kept.values()
            for each in (body["entries"] if body["type"] == "digest" else [body])
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        name = headers.get("webhook-id", "")
        try:
            told = Webhook(SECRET).verify(body, dict(headers))
        except WebhookVerificationError:
            self.forged += 1
            return Answer(401)
        with self._lock:
            before = self.came.get(name, 0)
            self.came[name] = before + 1
            answer = self.decide(name, before)
            if 200 <= answer.status < 300:
                self.repeated += name in self.kept
                self.kept.setdefault(name, told)
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                body = self.rfile.read(size)
                if len(body) < size:
                    return  # The sender was killed on the way.
                answer = receiver.take(dict(self.headers), body)
                if answer.delay_s:
                    threading.Event().wait(answer.delay_s)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Silence."""

        return Handler

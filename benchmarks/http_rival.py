"""Handlers that commit each request by itself: `python -m benchmarks.http_rival KIND STORE`.

`same`: our own application, keys and limits and all, but for the writer: each request commits in
one of FastAPI's forty threads. `bare`: a route of the same framework that does nothing else.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from sla_engine.service.handler import Outcome, outcome_dict
from sla_engine.service.intake import Submission, parse
from sla_engine.serving.endpoint import Endpoint
from sla_engine.settings import Settings
from sla_engine.web.app import create_app
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.house import House
from sla_engine.wiring import Engine

_THREADS = 40


def same(engine: Engine) -> FastAPI:
    """Our application with a commit for each request."""
    threads = ThreadPoolExecutor(_THREADS)

    def submit(submissions: Sequence[Submission]) -> "Future[list[Outcome]]":
        return threads.submit(lambda: engine.handler.take(submissions, engine.clock.now()))

    return create_app(House(engine, submit, Doorkeeper(engine.access, engine.settings)))


def bare(engine: Engine) -> FastAPI:
    """One route: it parses, decides and records; there is no key, no other media type, no limit."""
    app = FastAPI()

    @app.post("/v1/facts")
    def append(fact: dict[str, Any]) -> Response:
        submission = parse({"source": "bench", **fact})
        (outcome,) = engine.handler.take([submission], engine.clock.now())
        return JSONResponse(outcome_dict(outcome), 201)

    return app


KINDS: dict[str, Callable[[Engine], FastAPI]] = {"same": same, "bare": bare}


def main(kind: str, store: str) -> None:
    with Engine.open(store, settings=Settings.from_environment()) as engine:
        endpoint = Endpoint("127.0.0.1", 0, {})
        endpoint.app = KINDS[kind](engine)
        endpoint.start()
        print(f'{{"address": "{endpoint.address}"}}', flush=True)
        sys.stdin.read()
        endpoint.stop()


if __name__ == "__main__":
    main(*sys.argv[1:3])

"""The one address of a process: who asks before there is an application waits for it."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from sla_engine.serving import endpoint
from sla_engine.serving.endpoint import Endpoint, json_page

HERE = PlainTextResponse("here")


@pytest.fixture
def begun() -> Iterator[Endpoint]:
    """An address that has no application yet."""
    made = Endpoint("127.0.0.1", 0, {"/health/live": lambda: json_page(True, {"live": True})})
    made.awaited = True
    made.start()
    yield made
    made.stop()


def test_a_request_before_the_start_is_over_waits_and_is_answered(begun: Endpoint) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx2.get, f"{begun.address}/openapi.json", timeout=20)
        assert httpx2.get(f"{begun.address}/health/live").status_code == 200
        assert not asked.done()
        begun.app = HERE
        assert asked.result().text == "here"


def test_nobody_waits_for_ever(begun: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_START_S", 0.1)
    answer = httpx2.get(f"{begun.address}/openapi.json")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_where_there_is_going_to_be_none_nobody_waits(begun: Endpoint) -> None:
    begun.awaited = False
    assert httpx2.get(f"{begun.address}/openapi.json").status_code == 404


def test_whoever_waits_is_let_go_when_the_process_ends(begun: Endpoint) -> None:
    host, port = begun.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert httpx2.get(f"{begun.address}/health/live").status_code == 200
        begun.stop()
        assert b" 503 " in waiting.recv(1000).partition(b"\r\n")[0]

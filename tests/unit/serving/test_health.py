"""Readiness says which question has no good answer, and why, in two languages."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.errors import Fault, Unavailable, register
from sla_engine.serving.endpoint import Endpoint, Page, json_page
from sla_engine.serving.health import (
    CHECK_FAILED,
    FOLLOWER_BEHIND,
    NOT_YET_LOOKED,
    Check,
    Health,
)
from sla_engine.serving.metrics import Metrics

GONE = register("GONE_FOR_TEST", "不在：{found}", "gone {found}")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(0)


@pytest.fixture
def health(clock: VirtualClock) -> Health:
    return Health(clock, Metrics(), valid_s=10)


def codes(health: Health) -> dict[str, list[str]]:
    _, findings = health.report()
    return {each.check: [fault.code for fault in each.faults] for each in findings}


def test_a_process_that_has_not_looked_yet_is_not_ready(health: Health) -> None:
    assert health.report()[0] is False
    assert codes(health) == {"looking": [NOT_YET_LOOKED]}


def test_a_process_is_ready_when_every_answer_is_good(health: Health) -> None:
    health.look({"store": lambda: (), "followers": lambda: ()})
    ready, findings = health.report()
    assert ready
    assert [each.as_dict()["en"] for each in findings] == ["ok", "ok"]


def test_one_bad_answer_is_enough_and_says_why_in_both_languages(health: Health) -> None:
    behind = Fault(FOLLOWER_BEHIND, "reactor", "90", "60")
    health.look({"store": lambda: (), "followers": lambda: (behind,)})
    ready, (_, followers) = health.report()
    assert not ready
    assert "reactor落后90秒" in str(followers.as_dict()["zh"])
    assert "90 s behind" in str(followers.as_dict()["en"])


def test_a_question_that_raises_is_answered_without_the_text_of_the_error(health: Health) -> None:
    def fails() -> list[Fault]:
        raise ValueError("13812345678")

    health.look({"store": fails})
    _, (finding,) = health.report()
    assert [fault.code for fault in finding.faults] == [CHECK_FAILED]
    assert "ValueError" in str(finding.as_dict())
    assert "13812345678" not in str(finding.as_dict())


def test_what_is_away_is_named_by_its_own_code(health: Health) -> None:
    def fails() -> list[Fault]:
        raise Unavailable(Fault(GONE, found="for a while"))

    health.look({"store": fails})
    assert codes(health) == {"store": [GONE]}


def test_answers_grow_old(health: Health, clock: VirtualClock) -> None:
    good: dict[str, Check] = {"store": lambda: ()}
    health.look(good)
    clock.set(11_000_000)
    assert codes(health) == {"store": [], "looking": [NOT_YET_LOOKED]}
    health.look(good)
    assert health.report()[0] is True


def test_each_answer_is_a_figure_too(clock: VirtualClock) -> None:
    metrics = Metrics()
    Health(clock, metrics).look({"store": lambda: (), "redis": lambda: (Fault(GONE),)})
    assert b'sla_engine_ready{check="store"} 1.0' in metrics.text()
    assert b'sla_engine_ready{check="redis"} 0.0' in metrics.text()


# --------------------------------------------------------------------------------- over HTTP


def test_the_endpoint_answers_by_path_and_nothing_else() -> None:
    pages = {
        "/good": lambda: json_page(True, {"ok": True}),
        "/bad": lambda: json_page(False, {"ok": False}),
        "/text": lambda: Page(200, "text/plain", b"x 1\n"),
    }
    endpoint = Endpoint("127.0.0.1", 0, pages)
    endpoint.start()
    try:
        with urlopen(f"{endpoint.address}/good?verbose=1") as answer:
            assert (answer.status, json.load(answer)) == (200, {"ok": True})
        with urlopen(f"{endpoint.address}/text") as answer:
            assert answer.read() == b"x 1\n"
        refused = {}
        for path in ("/bad", "/etc/passwd", "/"):
            with pytest.raises(HTTPError) as error:
                urlopen(endpoint.address + path)
            refused[path] = error.value.code
            error.value.close()
        assert refused == {"/bad": 503, "/etc/passwd": 404, "/": 404}
    finally:
        endpoint.stop()


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    first = Endpoint("127.0.0.1", 0, {})
    first.start()
    try:
        with pytest.raises(OSError, match="in use"):
            Endpoint("127.0.0.1", int(first.address.rsplit(":", 1)[1]), {})
    finally:
        first.stop()

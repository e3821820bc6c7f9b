"""Processes that serve: what they do, what they say of themselves, how they end and come back."""

import json
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sla_engine.clock import SystemClock
from sla_engine.dossier.events import RungFired
from sla_engine.record import type_name
from sla_engine.store.application import open_store
from sla_engine.worktime import format_instant
from tests.support.served import Served, until
from tests.support.servers import PostgresServer, RedisServer
from tests.support.shell import TRAITS, Shell, fact

SECOND = 1_000_000
NAME, PHONE = "欧阳锋刃", "13812345678"
STREAM = "sla-engine:{intake}"
ENDPOINTS = """
[[endpoint]]
name = "bus"
kind = "stream"
since = "start"
"""


def petition(no: str, warned_in: float) -> list[dict[str, Any]]:
    """A petition with personal data, and a warning so many seconds from now."""
    at = format_instant(SystemClock().now() + round((warned_in - 3_600) * SECOND))
    personal = {"name": NAME, "phone": PHONE}
    return [
        {
            **fact(no, "registered", f"{no}-1", at, data=TRAITS),
            "petitioner": f"citizen-{no}",
            "personal": personal,
        },
        fact(no, "admitted", f"{no}-2", at),
        fact(no, "dispatched", f"{no}-3", at, data={"unit": "市住建局", "assignment": "A1"}),
    ]


def send(redis: RedisServer, facts: list[dict[str, Any]]) -> None:
    with redis.client() as client:
        for each in facts:
            client.xadd(STREAM, {"data": json.dumps(each)})


def recorded_in_time(served: Served, redis: RedisServer, number: int) -> int:
    """Petitions from this number on, until one is recorded before its first warning; how many.

    On a busy machine that may last longer than the seconds left: then it is tried with more."""
    for count, left in enumerate((5, 20, 45), 1):
        warned_at = SystemClock().now() + left * SECOND
        before = served.figure("intake_total", status="recorded")
        send(redis, petition(f"ZZ{number + count - 1}", left))
        until(partial(all_recorded, served, before + 3), "its facts are recorded")
        if SystemClock().now() < warned_at:
            return count
    raise AssertionError("three facts are not recorded within 45 seconds")


def all_recorded(served: Served, count: float) -> bool:
    return served.figure("intake_total", status="recorded") >= count


def shell_on(folder: Path, store: str, **more: str) -> Shell:
    settings = {"SLA_ENGINE_STORE": store, "SLA_ENGINE_PROBE_S": "0.2"}
    return Shell(folder / "sla-engine.sqlite", **settings, **more)


def recorded(store: str) -> list[str]:
    """Types of all events in the log."""
    log = open_store(store)
    try:
        return [type_name(each.event) for each in log.scan()]
    finally:
        log.close()


def fired(store: str) -> int:
    return recorded(store).count(type_name(RungFired))


# ------------------------------------------------------------------------------------- embedded


def test_one_process_does_everything_on_one_file(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.flush()
    store = str(tmp_path / "sla-engine.sqlite")
    (tmp_path / "endpoints.toml").write_text(ENDPOINTS)
    delivery = str(tmp_path / "endpoints.toml")
    shell = shell_on(
        tmp_path, store, SLA_ENGINE_REDIS=redis_server.url, SLA_ENGINE_DELIVERY=delivery
    )
    assert shell("init").status == 0
    with Served(shell, tmp_path) as served:
        until(served.ready, "it is ready")
        send(redis_server, [fact("ZZ1", "resolved", "x", "2024-01-01")])
        sent = recorded_in_time(served, redis_server, 1)
        until(lambda: served.figure("sweep_touched_total") >= 1, "a sweep has fired")
        until(lambda: served.figure("deliveries_total", outcome="delivered") >= 1, "it is told")
        until(lambda: served.figure("follower_lag_events") == 0, "followers have come up")
        until(lambda: served.figure("events_appended_total") >= 4, "events are counted")
        assert served.figure("intake_total", status="recorded") == 3 * sent
        assert served.figure("dead_letters", follower="intake") == 1
        assert served.figure("commit_seconds_count") > 2
        assert served.figure("firing_lag_seconds_count") >= 1
        assert served.figure("stream_backlog", stream=STREAM) == 0
        assert served.bad() == set()
        assert served.get("/health/live")[0] == 200
        health = shell("health", "--port", served.port)
        assert (health.status, "store" in health.out) == (0, True)
        assert served.stop() == 0
    with redis_server.client() as client:
        told = client.xrange("sla-engine:delivery:{bus}")
    assert any(f"ZZ{sent}" in fields.get("message", "") for _, fields in told)
    assert fired(store) >= 1
    assert [line["event"] for line in served.lines][-2:] == ["stopping", "stopped"]
    assert len(served.lines) == len(served.output.splitlines()), "every line is JSON"
    assert not any(secret in served.output for secret in (NAME, PHONE))
    assert shell("verify").status == 0


# ----------------------------------------------------------------------------- several processes


@pytest.fixture
def servers() -> Iterator[tuple[PostgresServer, RedisServer]]:
    """Servers of this test alone, to be stopped."""
    with PostgresServer() as postgres, RedisServer() as redis:
        yield postgres, redis


def test_roles_of_their_own_outlive_kills_and_outages(
    servers: tuple[PostgresServer, RedisServer], tmp_path: Path
) -> None:
    postgres, redis = servers
    store = postgres.database()
    shell = shell_on(tmp_path, store, SLA_ENGINE_REDIS=redis.url)
    assert shell("init").status == 0
    postgres.stop()
    with (
        Served(shell, tmp_path, "--role", "intake") as intake,
        Served(shell, tmp_path, "--role", "scheduler", "--role", "followers") as rest,
    ):
        assert (intake.ready(), rest.ready()) == (False, False)
        postgres.start()
        for served in (intake, rest):
            until(served.ready, "a store that was away at the start is found")

        send(redis, petition("ZZ1", 600))
        until(lambda: intake.figure("intake_total", status="recorded") == 3, "facts are taken in")
        intake.kill()
        send(redis, petition("ZZ2", 600))
        with Served(shell, tmp_path, "--role", "intake") as second:
            until(lambda: second.figure("intake_total", status="recorded") == 3, "and by another")

            postgres.stop_hard()
            until(lambda: "store" in second.bad(), "it is noticed that it is away")
            until(lambda: "store" in rest.bad(), "by every process")
            assert second.get("/health/live")[0] == 200
            send(redis, petition("ZZ3", 600))
            postgres.start()
            until(second.ready, "it is found again")
            until(rest.ready, "by every process")
            until(lambda: second.figure("intake_total", status="recorded") >= 6, "work goes on")
            sent = 3 + recorded_in_time(second, redis, 4)
            until(lambda: rest.figure("sweep_touched_total") >= 1, "acts fire")

            redis.kill()
            until(lambda: "redis" in second.bad(), "Redis is missed")
            redis.start()
            until(second.ready, "and found")
            assert (second.stop(), rest.stop()) == (0, 0)
        types = recorded(store)
        counts = [types.count(each) for each in ("registered", "admitted", "dispatched")]
        assert counts == [sent, sent, sent]
        assert fired(store) >= 1
        for served in (intake, rest, second):
            assert not any(secret in served.output for secret in (NAME, PHONE))
    assert shell("verify").status == 0


# ---------------------------------------------------------------------------- what it will not do


def test_a_role_that_lacks_a_setting_is_refused(tmp_path: Path) -> None:
    shell = shell_on(tmp_path, str(tmp_path / "store.sqlite"))
    shell("init")
    refused = shell("serve", "--role", "intake", "--json")
    assert (refused.status, refused.codes) == (2, ["ROLE_NEEDS"])


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    refused = shell_on(tmp_path, str(tmp_path / "missing.sqlite"))("serve", "--json")
    assert (refused.status, refused.codes) == (3, ["STORE_MISSING"])


def test_health_says_so_when_nothing_answers(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    refused = shell_on(tmp_path, "x")("health", "--port", port, "--json")
    assert (refused.status, refused.codes) == (3, ["NOT_LISTENING"])

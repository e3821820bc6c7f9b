"""Hints are heard by other processes when Redis is there, and cost nothing when it is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
import redis as plain

from sla_engine.clock import VirtualClock
from sla_engine.streams.client import connect
from sla_engine.streams.hints import Announcer, Listener
from tests.support.servers import RedisServer

CHANNEL = "sla:hints"
NOW = 1_700_000_000_000_000
SECOND = 1_000_000


class Heard:
    """What a process has heard; `until` waits for it."""

    def __init__(self) -> None:
        self.due: list[int] = []
        self.moves = 0
        self.news = Event()

    def on_due(self, due: int) -> None:
        self.due.append(due)
        self.news.set()

    def on_moved(self) -> None:
        self.moves += 1
        self.news.set()

    def wait(self) -> None:
        assert self.news.wait(20)
        self.news.clear()


@contextmanager
def process(url: str) -> Iterator[tuple[Announcer, Heard]]:
    """One that rings and one that hears."""
    heard = Heard()
    ring, hear = connect(url, "ring", 0.5), connect(url, "hear", 0.5)
    announcer = Announcer(ring, CHANNEL, VirtualClock(NOW))
    listener = Listener(hear, CHANNEL, heard.on_due, heard.on_moved)
    try:
        yield announcer, heard
    finally:
        announcer.close()
        listener.close()
        ring.close()
        hear.close()


def listened(url: str) -> None:
    """Wait until somebody listens."""
    client: Any = plain.Redis.from_url(url)
    for _ in range(400):
        if client.pubsub_numsub(CHANNEL)[0][1]:
            return
        Event().wait(0.05)
    raise AssertionError("nobody listens")


def test_an_alarm_that_is_near_is_heard_by_other_processes(redis_url: str) -> None:
    with process(redis_url) as (announcer, heard):
        listened(redis_url)
        announcer.due(NOW + SECOND // 2)
        heard.wait()
    assert heard.due == [NOW + SECOND // 2]
    assert heard.moves == 0


def test_an_alarm_beyond_the_next_heartbeat_needs_no_hint(redis_url: str) -> None:
    with process(redis_url) as (announcer, heard):
        listened(redis_url)
        announcer.due(NOW + SECOND)
        announcer.moved()
        heard.wait()
    assert (heard.due, heard.moves) == ([], 1)


def test_who_writes_fast_rings_less_often_and_the_nearest_alarm_is_said(redis_url: str) -> None:
    with process(redis_url) as (announcer, heard):
        listened(redis_url)
        for n in range(5_000):
            announcer.due(NOW - n)
            announcer.moved()
        while NOW - 4_999 not in heard.due:
            heard.wait()
    assert heard.due == sorted(heard.due, reverse=True)
    assert heard.moves < 5_000


@pytest.mark.parametrize("word", [b"", b"due", b"due soon", b"due -1", b"later 5", b"\xff"])
def test_words_of_another_release_are_not_for_us(word: bytes, redis_url: str) -> None:
    with process(redis_url) as (announcer, heard), plain.Redis.from_url(redis_url) as client:
        listened(redis_url)
        client.publish(CHANNEL, word)
        announcer.moved()
        heard.wait()
    assert (heard.due, heard.moves) == ([], 1)


def test_a_hint_that_cannot_be_acted_on_does_not_end_the_listening(redis_url: str) -> None:
    heard, failed = Heard(), Event()

    def fail(_: int) -> None:
        failed.set()
        raise ValueError

    client = connect(redis_url, "test")
    listener = Listener(client, CHANNEL, fail, heard.on_moved)
    with plain.Redis.from_url(redis_url) as other:
        listened(redis_url)
        other.publish(CHANNEL, b"due 5")
        assert failed.wait(20)
        other.publish(CHANNEL, b"moved")
        heard.wait()
    listener.close()
    client.close()


def test_without_redis_hints_are_silent_and_afterwards_they_are_heard_again() -> None:
    with RedisServer() as server, process(server.url) as (announcer, heard):
        listened(server.url)
        server.kill()
        for _ in range(1_000):
            announcer.moved()
            announcer.due(NOW)
        server.start()
        listened(server.url)
        while not heard.moves:
            announcer.moved()
            heard.news.wait(0.2)
    assert heard.moves >= 1


def test_a_redis_that_stands_still_holds_up_nobody_who_rings() -> None:
    with RedisServer() as server, process(server.url) as (announcer, _):
        listened(server.url)
        server.pause()
        for _ in range(1_000):
            announcer.moved()
            announcer.due(NOW)
        server.resume()

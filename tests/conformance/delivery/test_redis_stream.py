"""Redis as a way out: killed, emptied, paused, full, out of memory, its replies lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
import redis

from sla_engine.clock import VirtualClock
from sla_engine.delivery import letters
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.redis_stream import RedisStream
from sla_engine.delivery.settings import Delivery, Endpoint
from sla_engine.store.application import open_memory
from sla_engine.streams.client import connect
from tests.conformance.delivery.city import (
    HASTY,
    acts,
    courier,
    disordered,
    noted,
    settled,
    statuses,
)
from tests.conformance.delivery.deeds import T0, append, fired
from tests.conformance.store.samples import OpenLog
from tests.support.proxy import Fate, Proxy
from tests.support.servers import RedisServer

HOUR = 3_600_000_000
STREAM = "sla-engine:delivery:{bus}"


class Bus:
    """A courier to a Redis, on a clock that moves when it is told to."""

    def __init__(self, log: OpenLog, url: str, settings: Delivery, longest: int) -> None:
        self.log = log
        self.clock = VirtualClock(T0)
        endpoint = Endpoint(name="bus", kind="stream", since="start", longest=longest)
        channel = RedisStream(endpoint, connect(url, "delivery", timeout_s=1.1), settings)
        self.courier: Courier = courier(log, endpoint, channel, self.clock, settings)

    def run(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.courier.run()
            self.clock.set(self.clock.now() + 1_000_000)

    def until_settled(self) -> None:
        for _ in range(100):
            self.run()
            if settled(self.log, "bus"):
                return
        raise AssertionError(letters.standing(self.log, "bus"))


Start = Callable[..., Bus]


@pytest.fixture
def start(log: OpenLog) -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(url: str, settings: Delivery = HASTY, longest: int = 100_000) -> Bus:
            bus = Bus(log, url, settings, longest)
            stack.callback(bus.courier.close)
            return bus

        yield begin


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of one's own, to be killed."""
    with RedisServer() as each:
        yield each


def published(server: RedisServer) -> list[str]:
    """Ids of the entries there are, in order."""
    with server.client() as client:
        return [fields["id"] for _, fields in client.xrange(STREAM)]


def read(server: RedisServer, count: int, ack: bool = True) -> list[str]:
    """What a consumer group gets next."""
    with server.client() as client:
        with suppress(redis.ResponseError):
            client.xgroup_create(STREAM, "desk", id="0")
        got = client.xreadgroup("desk", "one", {STREAM: ">"}, count=count)
        entries = got[0][1] if got else []
        if ack and entries:
            client.xack(STREAM, "desk", *(name for name, _ in entries))
        return [fields["id"] for _, fields in entries]


def test_every_message_is_published_once_and_in_order(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    wanted = acts(log, 30, 3)
    start(redis_url).until_settled()
    assert sorted(published(redis_server)) == sorted(wanted)
    assert disordered(published(redis_server)) == []
    assert noted(log, "bus") == dict.fromkeys(wanted, 1)


def test_replies_that_are_lost_make_no_second_entry(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    answers = Counter[bool]()

    def fate(piece: bytes) -> Fate:
        """Two of three answers about entries never arrive."""
        told = b"\nadded" in piece or b"\nknown" in piece
        answers[told] += 1
        return Fate.LOSE if told and answers[True] % 3 else Fate.PASS

    wanted = acts(log, 10, 4)
    with Proxy(redis_server.port, fate) as proxy:
        start(f"redis://127.0.0.1:{proxy.port}/0").until_settled()
    assert answers[True] >= 3 * 4
    assert sorted(published(redis_server)) == sorted(wanted)
    assert disordered(published(redis_server)) == []
    assert noted(log, "bus") == dict.fromkeys(wanted, 1)


def test_a_server_that_was_killed_and_forgot_everything_is_told_again(
    log: OpenLog, start: Start, server: RedisServer
) -> None:
    wanted = acts(log, 10, 2)
    bus = start(server.url)
    bus.until_settled()
    server.kill()
    wanted += acts(log, 10, 1, kind="Q")
    bus.run(3)
    assert letters.standing(log, "bus").waiting == 10
    server.start()
    bus.until_settled()
    assert sorted(published(server)) == sorted(wanted)
    assert disordered(published(server)) == []
    assert statuses(log, "bus") == ["begun", "emptied"]
    assert set(noted(log, "bus")) == set(wanted)


@pytest.mark.parametrize("lost", ["everything", "stream", "marker"])
def test_a_server_that_was_emptied_is_told_again(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str, lost: str
) -> None:
    wanted = acts(log, 5, 2)
    bus = start(redis_url)
    bus.until_settled()
    with redis_server.client() as client:
        match lost:
            case "everything":
                client.flushall()
            case "stream":
                client.delete(STREAM)
            case _:
                client.delete(f"{STREAM}:marker")
    wanted += acts(log, 1, 1, kind="Q")
    bus.until_settled()
    assert set(published(redis_server)) == set(wanted)
    assert disordered(published(redis_server)) == []
    assert statuses(log, "bus") == ["begun", "emptied"]


def test_only_what_is_new_enough_is_told_again(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    acts(log, 5, 1)
    bus = start(redis_url, Delivery(republish_s=3600))
    bus.until_settled()
    bus.clock.set(T0 + 2 * HOUR)
    redis_server.flush()
    append(log, "petition/Q0", fired(), at=bus.clock.now())
    bus.until_settled()
    assert published(redis_server) == ["petition/Q0@1"]
    letters.replay_from(log, "bus", 0, log.head(), bus.clock.now())
    bus.until_settled()
    assert len(published(redis_server)) == 1 + 5 + 1


def test_a_server_that_stands_still_holds_messages_and_loses_none(
    log: OpenLog, start: Start, server: RedisServer
) -> None:
    bus = start(server.url)
    bus.until_settled()
    wanted = acts(log, 5, 1)
    server.pause()
    bus.run(2)
    assert letters.standing(log, "bus").waiting == 5
    server.resume()
    bus.until_settled()
    assert sorted(published(server)) == wanted
    assert letters.dead_letters(log, "bus") == []


def test_a_stream_that_nobody_reads_fills_up_and_takes_no_more(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    wanted = acts(log, 30, 1)
    bus = start(redis_url, longest=10)
    bus.run(10)
    assert published(redis_server) == wanted[:10]
    got = read(redis_server, 4)
    bus.run(10)
    assert published(redis_server) == wanted[4:14]
    while len(got) < 30:
        got += read(redis_server, 7)
        bus.run(5)
    assert got == wanted
    assert noted(log, "bus") == dict.fromkeys(wanted, 1)


def test_what_was_read_and_not_acknowledged_is_never_trimmed(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    wanted = acts(log, 20, 1)
    bus = start(redis_url, longest=10)
    bus.run(3)
    assert read(redis_server, 5) == wanted[:5]
    assert read(redis_server, 2, ack=False) == wanted[5:7]
    bus.run(5)
    assert published(redis_server) == wanted[5:15]


def test_a_server_without_memory_takes_nothing_by_halves(
    log: OpenLog, start: Start, server: RedisServer
) -> None:
    bus = start(server.url)
    bus.until_settled()
    wanted = acts(log, 20, 2)
    with server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        bus.run(3)
        assert published(server) == []
        client.config_set("maxmemory", "0")
    bus.until_settled()
    assert sorted(published(server)) == sorted(wanted)
    assert disordered(published(server)) == []


def test_a_server_that_evicts_whatever_it_likes_is_told_again(
    log: OpenLog, start: Start, server: RedisServer
) -> None:
    bus = start(server.url)
    got = dict[str, int]()
    wanted: list[str] = []
    with server.client() as client:
        for n in range(4):
            wanted += acts(log, 5, 2, kind=f"R{n}")
            bus.until_settled()
            got |= dict.fromkeys(published(server), n)
            client.config_set("maxmemory-policy", "allkeys-random")
            client.config_set("maxmemory", "1")
            client.ping()
            client.config_set("maxmemory", "0")
    wanted += acts(log, 1, 1, kind="S")
    bus.until_settled()
    got |= dict.fromkeys(published(server), 9)
    assert set(got) == set(wanted)
    assert set(noted(log, "bus")) == set(wanted)


def test_two_couriers_share_a_stream(
    log: OpenLog, start: Start, redis_server: RedisServer, redis_url: str
) -> None:
    wanted = acts(log, 20, 2)
    pair = [start(redis_url, Delivery(batch=7)) for _ in range(2)]
    for _ in range(40):
        for bus in pair:
            bus.courier.step()
    assert sorted(published(redis_server)) == sorted(wanted)
    assert disordered(published(redis_server)) == []


def test_a_courier_that_was_frozen_cannot_hide_that_the_stream_was_emptied(
    redis_server: RedisServer, redis_url: str
) -> None:
    """It opens the stream a second time, after others had published and all of it was lost."""
    log = open_memory()
    frozen = Bus(log, redis_url, HASTY, 100)
    wanted = acts(log, 3, 1)
    channel = frozen.courier._channel
    real = channel.open

    def late(token: str) -> str:
        quick = Bus(log, redis_url, HASTY, 100)
        quick.clock.set(frozen.clock.now() + 10_000_000)
        quick.until_settled()
        quick.courier.close()
        assert published(redis_server) == wanted
        redis_server.flush()
        return real(token)

    channel.open = late  # type: ignore[method-assign]
    frozen.run()
    channel.open = real  # type: ignore[method-assign]
    wanted += acts(log, 1, 1, kind="Q")
    frozen.until_settled()
    assert set(published(redis_server)) == set(wanted)
    frozen.courier.close()
    log.close()

"""Couriers killed and frozen at random instants under load: nothing lost, nothing noted twice, and
what was sent again came under the same id."""

import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Self

from tests.conformance.delivery.city import acts, disordered, noted, settled
from tests.conformance.delivery.receiver import Answer, Receiver
from tests.conformance.delivery.workers import work
from tests.conformance.store.samples import OpenLog, Store
from tests.support.servers import RedisServer

SOAK = os.environ.get("SOAK") == "1"
KILLS = 200 if SOAK else 6
ROUND = 20
"""Acts recorded between two kills, on as many petitions."""
PATIENCE_S = 60.0

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.conformance.delivery.workers"])


class Crew:
    """Couriers at work, in processes of their own. Use it as a context manager."""

    def __init__(self, store: Store, kind: str, url: str, size: int = 2) -> None:
        self._work = (store.address, kind, url)
        self.everybody = [self._begin() for _ in range(size)]

    def _begin(self) -> BaseProcess:
        ready = _PROCESSES.Event()
        process = _PROCESSES.Process(target=work, args=(*self._work, ready), daemon=True)
        process.start()
        assert ready.wait(PATIENCE_S)
        return process

    def kill(self, which: int, frozen_s: float = 0) -> None:
        """One is killed, after it stood still for a while, and another takes its place."""
        one = self.everybody[which]
        assert one.pid is not None
        if frozen_s:
            os.kill(one.pid, signal.SIGSTOP)
            threading.Event().wait(frozen_s)
        one.kill()
        one.join()
        self.everybody[which] = self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.everybody:
            each.kill()
            each.join()


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE_S / 0.05)):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it does not come to rest")


def under_fire(
    store: Store, log: OpenLog, kind: str, url: str, meanwhile: Callable[[int], None]
) -> None:
    """Couriers work while acts are recorded; one after the other is killed and replaced, and every
    other one is frozen before that."""
    chance = random.Random(7)
    with Crew(store, kind, url) as crew:
        for turn in range(KILLS):
            acts(log, ROUND, 1, kind=f"T{turn // 2}P", first=turn % 2, late=turn % 3 == 2)
            meanwhile(turn)
            threading.Event().wait(chance.uniform(0, 0.15))
            crew.kill(turn % 2, frozen_s=chance.uniform(0, 0.3) if turn % 4 > 1 else 0)
        wait_for(lambda: settled(log, "out"))


def named(log: OpenLog) -> list[str]:
    """Ids of every act in the log."""
    return [f"{each.stream}@{each.version}" for each in log.scan() if "petition/" in each.stream]


def test_a_receiver_gets_everything_whoever_is_killed(store: Store, log: OpenLog) -> None:
    def flaky(name: str, before: int) -> Answer:
        return Answer(503 if before == 0 and name.endswith("5@1") else 204, delay_s=0.01)

    with Receiver(flaky) as receiver:
        under_fire(store, log, "webhook", receiver.url, lambda _turn: None)
        told = receiver.told
        assert set(named(log)) - set(told) == set(), "lost"
        assert {name for name, count in noted(log, "out").items() if count > 1} == set()
        assert set(noted(log, "out")) == set(named(log))
        assert disordered(told) == []
        assert receiver.forged == 0
        print(f"{len(told)} told, {receiver.repeated} sent again, {KILLS} kills")


def test_a_stream_gets_everything_whoever_is_killed_and_whatever_redis_forgets(
    store: Store, log: OpenLog
) -> None:
    came = set[str]()

    with RedisServer() as server:

        def read() -> None:
            with server.client() as client:
                entries = client.xrange("sla-engine:delivery:{out}")
            came.update(name for _, fields in entries for name in ids(fields["message"]))

        def meanwhile(turn: int) -> None:
            read()
            if turn % 5 == 2:
                server.flush()
            elif turn % 5 == 4:
                server.restart()

        under_fire(store, log, "stream", server.url, meanwhile)
        read()
    assert set(named(log)) - came == set(), "lost"
    assert set(noted(log, "out")) == set(named(log))


def ids(message: str) -> Iterator[str]:
    """What an entry tells: itself, or the members of its digest."""
    body = json.loads(message)
    yield from (each["id"] for each in body.get("entries", [body]))

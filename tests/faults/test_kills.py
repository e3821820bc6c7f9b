"""Real processes of every role under load, killed at random instants, and their servers with them.

`SLA_SEED=n` draws other instants. With SOAK=1 there are 200 kills in one run on each store, else a
dozen. What is printed: facts sent and recorded, lost (0), recorded twice (0), sent again.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from sla_engine.clock import SystemClock
from sla_engine.settings import Settings
from sla_engine.store.application import open_store
from sla_engine.wiring import Engine
from tests.faults.nursery import Nursery
from tests.faults.town import ROLES, Town, pause
from tests.support import index_loss
from tests.support.delivery import RULES
from tests.support.servers import PostgresServer, RedisServer

SOAK = os.environ.get("SOAK") == "1"
SEED = int(os.environ.get("SLA_SEED", "4"))
KILLS = 220 if SOAK else 12
PETITIONS = 6 if SOAK else 3
TURNS = sorted(set(ROLES))


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A server of one's own that keeps what it was told."""
    with RedisServer(appendonly="yes", appendfsync="always") as server:
        yield server


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of one's own, to be stopped."""
    with PostgresServer() as server:
        yield server


def killed(town: Town, meanwhile: Callable[[int], object]) -> None:
    """One process after the other is killed while facts come in."""
    for number in range(KILLS):
        town.send(PETITIONS)
        meanwhile(number)
        pause(town.rng.uniform(0.05, 0.5))
        # Each role in turn, so that none is spared by chance.
        town.kill_one(TURNS[number % len(TURNS)])
    town.settle()


def drop_index(store: str) -> None:
    """While everybody works."""
    log = open_store(store, wait=30.0)
    try:
        index_loss.lose(log, "petition/")
        index_loss.restore(Engine(log, SystemClock(), Settings(), RULES))
    finally:
        log.close()


def test_on_sqlite_no_kill_loses_a_fact_or_records_one_twice(
    nursery: Nursery, redis: RedisServer, tmp_path: Path
) -> None:
    store = str(tmp_path / "town.sqlite")
    with Town(nursery, store, redis.url, tmp_path, Random(SEED)) as town:

        def meanwhile(number: int) -> None:
            if number % 10 == 5:
                drop_index(store)

        killed(town, meanwhile)
        flaws = list(town.flaws())
    print(f"seed {SEED}: {town.tally}")
    assert flaws == []
    assert town.tally.kills >= KILLS
    assert town.tally.acts > 0


def test_on_postgres_no_kill_loses_a_fact_or_records_one_twice(
    nursery: Nursery, server: PostgresServer, redis: RedisServer, tmp_path: Path
) -> None:
    """Meanwhile the server is stopped hard, and connections are ended at random instants."""
    store = server.database()
    with Town(nursery, store, redis.url, tmp_path, Random(SEED)) as town:

        def meanwhile(number: int) -> None:
            if number % 10 == 5:
                drop_index(store)
            elif number % 10 == 8:
                server.stop_hard()
                pause(town.rng.uniform(0.0, 0.5))
                server.start()
            else:
                cut_connections(server)

        killed(town, meanwhile)
        flaws = list(town.flaws())
    print(f"seed {SEED}: {town.tally}")
    assert flaws == []
    assert town.tally.kills >= KILLS
    assert town.tally.acts > 0


def cut_connections(server: PostgresServer) -> None:
    """Some of them, whatever they are doing."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'sla-engine%' AND random() < 0.3"
        )


def test_a_redis_that_is_killed_emptied_and_frozen_loses_no_fact_and_no_message(
    nursery: Nursery, tmp_path: Path
) -> None:
    """It keeps nothing; whoever sends hears of it and sends again."""
    store = str(tmp_path / "town.sqlite")
    with RedisServer() as redis, Town(nursery, store, redis.url, tmp_path, Random(SEED)) as town:
        harms = (redis.restart, redis.flush, lambda: freeze(redis))
        town.emptied = True
        for number in range(30 if SOAK else 6):
            town.send(PETITIONS)
            pause(town.rng.uniform(0.05, 0.4))
            harms[number % 3]()
            town.send_everything_again()
            if number % 2:
                town.kill_one("intake", "delivery")
        town.settle()
        flaws = list(town.flaws())
    print(f"seed {SEED}: {town.tally}")
    assert flaws == []


def freeze(redis: RedisServer) -> None:
    redis.pause()
    pause(0.5)
    redis.resume()

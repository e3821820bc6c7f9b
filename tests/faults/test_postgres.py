"""PostgreSQL: processes that stand still too long, answers that are lost, a clock that is wrong.

Servers that are stopped hard and connections that are cut under load are in `test_kills`.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import TypeVar

import psycopg
import pytest

from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.clock import SystemClock, VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.errors import Conflict, Unavailable
from sla_engine.ports import Log
from sla_engine.scheduler.guard import CLOCKS_DISAGREE, GuardedClock
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import Sweeper
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import open_postgres, open_store
from sla_engine.wiring import Engine
from tests.faults.nursery import Nursery
from tests.faults.script import BEGIN, NEWS, facts
from tests.faults.town import pause, petition
from tests.support.delivery import RULES
from tests.support.history import flaws, recorded_twice
from tests.support.proxy import Fate, Proxy
from tests.support.servers import PostgresServer

T = TypeVar("T")

SOAK = os.environ.get("SOAK") == "1"
COUNT = 40 if SOAK else 6
ZOMBIES = 20 if SOAK else 1
LATER = BEGIN + 4 * HOUR


@contextmanager
def engine_on(url: str, at: int, wait: float = 5.0) -> Iterator[Engine]:
    log = open_store(url, wait=wait)
    try:
        yield Engine(log, VirtualClock(at), Settings(tolerance_s=0), RULES)
    finally:
        log.close()


def opened(url: str) -> None:
    """A few petitions, whose first warnings come due before `LATER`."""
    with engine_on(url, BEGIN + 2 * HOUR) as engine:
        for number in range(COUNT):
            sent = facts(f"P{number}", BEGIN + number * MINUTE, f"U{number % 3}")
            # The followers have it all before them.
            outcomes = engine.handler.take([parse(fact) for fact in sent], engine.clock.now())
            assert {each.status for each in outcomes} == {"recorded"}


def acts(log: Log) -> int:
    return sum(isinstance(each.event, RungFired) for each in log.scan())


@pytest.mark.parametrize("work", ["take", "sweep", "follow"])
def test_a_process_frozen_longer_than_its_session_may_idle_is_shut_out(
    nursery: Nursery, postgres: PostgresServer, work: str
) -> None:
    """It stands still before its commit. Its locks are free again while it does, others do its
    work, and when it wakes its commit is refused."""
    for _ in range(ZOMBIES):
        database = postgres.database()
        opened(database)
        zombie = nursery.start("freeze", store=database, work=work, at=LATER)
        zombie.wait_for(["holding"])
        head = head_of(database)
        with engine_on(database, LATER, wait=10.0) as engine:
            do_work(engine, work)
            assert engine.log.head() > head or work == "follow"
            pause(1.5)
            zombie.signal(signal.SIGCONT)
            assert zombie.wait() == 0, zombie.output
            assert zombie.said[-1][0] == "refused", zombie.output
            engine.run_due()
            assert list(flaws(engine, {})) == []


def head_of(url: str) -> int:
    log = open_store(url)
    try:
        return log.head()
    finally:
        log.close()


def do_work(engine: Engine, work: str) -> None:
    """What the frozen process was about to do, as soon as it can be done."""
    match work:
        case "take":
            (outcome,) = engine.take([parse(NEWS)])
            assert outcome.status == "recorded"
        case "sweep":
            before = acts(engine.log)
            while engine.log.count_due(LATER):
                engine.run_due()
                pause(0.05)
            assert acts(engine.log) > before
        case _:
            engine.follow()


@pytest.mark.parametrize("seed", range(20 if SOAK else 2))
def test_a_commit_whose_answer_is_lost_is_found_done_when_it_is_tried_again(
    database: str, seed: int
) -> None:
    """A part of what the server says never arrives; the sender sends again under the same keys."""
    rng, port = Random(seed), int(database.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    lost, repeated, answers = 0, 0, {}
    with Proxy(port) as proxy:
        url = database.replace(f":{port}/", f":{proxy.port}/")
        log = open_postgres(url, wait=2.0)
        engine = Engine(log, VirtualClock(LATER), Settings(tolerance_s=0), RULES)

        def fate(piece: bytes) -> Fate:
            return Fate.LOSE if b"COMMIT\0" in piece and rng.random() < 0.5 else Fate.PASS

        proxy.fate = fate

        def insist(work: Callable[[], T]) -> T:
            nonlocal lost
            while True:
                try:
                    return work()
                except (Unavailable, Conflict):
                    lost += 1

        for number in range(COUNT):
            sent = [parse(fact) for fact in facts(f"P{number}", BEGIN, "U1")]
            outcomes = insist(partial(engine.handler.take, sent, LATER))
            repeated += sum(each.status == "repeated" for each in outcomes)
            for fact, outcome in zip(sent, outcomes, strict=True):
                answers[(fact.source, fact.key)] = (outcome.stream, outcome.version)
        insist(engine.run_due)
        log.close()
    with engine_on(database, LATER) as engine:
        engine.follow()
        print(f"seed {seed}: {len(answers)} facts, {lost} answers lost, {repeated} repeated")
        assert list(flaws(engine, answers)) == []
    assert lost > 0
    assert repeated > 0


def test_a_database_forty_days_ahead_fires_nothing_until_it_is_put_right(database: str) -> None:
    log = open_store(database)
    try:
        clock = GuardedClock(log.now, SystemClock(), every_s=0.0)
        engine = Engine(log, clock, Settings(), RULES)
        for number in range(COUNT):
            engine.take([parse(fact) for fact in petition(f"K{number:05}", -1.0)])
        engine.run_due()
        before = acts(log)
        sweeper = Sweeper(log, engine.handler.touch_all, clock, pace=unpaced(10))
        with set_wrong(database, by=40 * DAY):
            for _ in range(3):
                report = sweeper.sweep()
                assert (report.held, report.touched) == (CLOCKS_DISAGREE, 0)
            with pytest.raises(Unavailable):
                engine.run_due()
        assert acts(log) == before
        assert sweeper.sweep().held == ""
        assert list(recorded_twice(log.scan())) == []
    finally:
        log.close()


@contextmanager
def set_wrong(url: str, by: int) -> Iterator[None]:
    """The database's clock is off by so many µs."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'engine_now'")
        (body,) = found.fetchone() or ("",)
        replace = "CREATE OR REPLACE FUNCTION engine_now() RETURNS bigint LANGUAGE sql VOLATILE AS"
        connection.execute(f"{replace} $$ SELECT ({body.rstrip().rstrip(';')}) + {by} $$".encode())
        yield
        connection.execute(f"{replace} $${body}$$".encode())

"""A disk that is full: nothing is lost, nothing is left by halves, and when there is room again
everything goes on.

Room is taken away as SQLite itself counts it (`max_page_count`, its own error), and by the limit of
the system on a file's size, which breaks off a write in its middle.
"""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.clock import VirtualClock
from sla_engine.errors import Unavailable
from sla_engine.followers.runner import Runner
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.store.sqlite.recorder import Recorder
from sla_engine.wiring import Engine
from tests.faults.script import BEGIN, facts
from tests.support.delivery import RULES
from tests.support.history import flaws
from tests.support.witness import Witness

SOAK = os.environ.get("SOAK") == "1"
ROUNDS = 40 if SOAK else 4


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    log = open_sqlite(tmp_path / "full.sqlite")
    yield Engine(log, VirtualClock(BEGIN + HOUR), Settings(tolerance_s=0), RULES)
    log.close()


@contextmanager
def few_pages(log: PetitionLog) -> Iterator[None]:
    """SQLite has hardly a page left."""
    recorder = log.recorder
    assert isinstance(recorder, Recorder)
    with recorder.datastore.writing() as cursor:
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        (limit,) = cursor.execute("PRAGMA max_page_count").fetchone()
        cursor.execute("COMMIT")
        cursor.execute(f"PRAGMA max_page_count = {pages + 2}")
    yield
    with recorder.datastore.writing() as cursor:
        cursor.execute("COMMIT")
        cursor.execute(f"PRAGMA max_page_count = {limit}")


@contextmanager
def small_files(log: PetitionLog) -> Iterator[None]:
    """No file may grow beyond what the write-ahead log of this one is now, and a little more."""
    path = Path(str(log.env.get("SQLITE_DBNAME")))
    size = path.with_name(f"{path.name}-wal").stat().st_size + 6_000
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Sender:
    """Sends a petition at a time, and remembers what it was told."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.answers: dict[tuple[str, str], tuple[str, int]] = {}

    def send(self, number: int) -> None:
        begin = BEGIN + number * MINUTE
        sent = [parse(fact) for fact in facts(f"P{number:03}", begin, "U1")]
        for fact, outcome in zip(sent, self.engine.take(sent), strict=True):
            assert outcome.status != "refused"
            self.answers[(fact.source, fact.key)] = (outcome.stream, outcome.version)


def tried(work: Callable[[], object]) -> int:
    """1 if there was no room for it."""
    try:
        work()
    except Unavailable:
        return 1
    return 0


@pytest.mark.parametrize("full", [few_pages, small_files])
def test_a_full_disk_loses_nothing_and_when_there_is_room_everything_goes_on(
    engine: Engine, full: Callable[[PetitionLog], AbstractContextManager[None]]
) -> None:
    sender, witness, refused = Sender(engine), Witness(), 0
    slow = Runner(engine.log, witness)
    assert isinstance(engine.clock, VirtualClock)
    for number in range(ROUNDS):
        with full(engine.log):
            for work in (partial(sender.send, number), engine.run_due, slow.run):
                refused += tried(work)
        engine.clock.set(engine.clock.now() + DAY)
    for number in range(ROUNDS):
        sender.send(number)
    engine.run_due()
    slow.run()
    print(f"{len(sender.answers)} facts recorded, {refused} transactions refused")
    assert refused >= ROUNDS
    assert list(flaws(engine, sender.answers)) == []
    assert list(witness.flaws(engine.log)) == []

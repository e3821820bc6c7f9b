"""Sweepers, commands, an auditor and somebody who drops and rebuilds the alarm index, all at once:
each act is recorded once, and the story of every petition is the one it has alone."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from threading import Event

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.ports import attempt
from sla_engine.scheduler.alarm_index import Auditor, audit, rebuild
from sla_engine.store.application import PetitionLog, open_store
from tests.conformance.scheduler.office import OPENED, rows_of, story, sweep, take
from tests.support.given import instant

PETITIONS = 300 if os.environ.get("SOAK") == "1" else 24
ENDS = (
    (),
    ("2025-06-16 10:00 accepted", "2025-06-16 11:00 resolved"),
    ("2025-06-20 10:00 resolved",),
    ("2025-06-10 10:00 suspended ground=P-TEST", "2025-06-19 10:00 resumed"),
    (
        "2025-06-11 10:00 extension_requested request=e clause=solve amount=5个工作日",
        "2025-06-11 10:01 extension_granted request=e approver=chief",
    ),
)
RUNGS = ("2025-06-12 09:00", "2025-06-18 00:01", "2025-06-19 09:00", "2025-06-20 09:00",
         "2025-06-23 09:00", "2025-06-25 00:01", "2025-06-30 09:00")  # fmt: skip
Open = Callable[[], PetitionLog]


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    sqlite = request.param == "sqlite"
    where = tmp_path / "log.sqlite" if sqlite else request.getfixturevalue("database")
    logs: list[PetitionLog] = []

    def opened() -> PetitionLog:
        logs.append(open_store(where, wait=30.0))
        return logs[-1]

    yield opened
    for log in logs:
        log.close()


def stream(number: int) -> str:
    return f"petition/P{number}"


def facts(number: int) -> Sequence[str]:
    return (*OPENED, *ENDS[number % len(ENDS)])


def when(line: str) -> str:
    return line[:16]


STEPS = sorted({when(line) for number in range(len(ENDS)) for line in facts(number)} | {*RUNGS})


def told(log: PetitionLog, name: str) -> list[str]:
    """A petition's story. Whether a warning came late because nobody swept in time, and whether it
    was recorded before or after another act, is no part of it."""
    return sorted(each.removesuffix(" (superseded)") for each in story(log, name))


def alone(log: PetitionLog, number: int) -> list[str]:
    """The story of a petition that meets nobody."""
    name = f"petition/alone-{number}"
    for step in STEPS:
        take(log, name, *(line for line in facts(number) if when(line) == step))
        sweep(log, instant(step))
    return told(log, name)


class Crowd:
    """Everybody works at the time that it is; it goes on when the commands of a step are done,
    however far the others are."""

    def __init__(self, opened: Open) -> None:
        self.opened = opened
        self.now = instant(STEPS[0])
        self.done = Event()

    def sweeper(self) -> None:
        log = self.opened()
        while not self.done.is_set():
            sweep(log, self.now, limit=5)

    def keeper(self) -> None:
        """Drops the alarms of a few, and has the index rebuilt or mended by the auditor."""
        log, rng = self.opened(), Random(1)
        auditor = Auditor(log, rows_of, VirtualClock(self.now), streams=50)
        while not self.done.is_set():
            for number in rng.sample(range(PETITIONS), 3):
                attempt(partial(drop, log, stream(number)))
            if rng.random() < 0.5:
                rebuild(log, rows_of, self.now)
            else:
                auditor.turn()

    def commands(self, log: PetitionLog, step: str, numbers: Sequence[int]) -> None:
        for number in numbers:
            take(log, stream(number), *(line for line in facts(number) if when(line) == step))


def drop(log: PetitionLog, name: str) -> None:
    with log.transact() as tx:
        if tx.load(name):
            tx.set_alarms(name, [])


def test_whoever_works_beside_whom_each_story_is_its_own(fresh: Open) -> None:
    crowd = Crowd(fresh)
    logs = [fresh(), fresh()]
    with ThreadPoolExecutor() as threads:
        others = [threads.submit(each) for each in (crowd.sweeper, crowd.sweeper, crowd.keeper)]
        try:
            for step in STEPS:
                crowd.now = instant(step)
                halves = [
                    threads.submit(crowd.commands, log, step, range(half, PETITIONS, 2))
                    for half, log in enumerate(logs)
                ]
                for each in halves:
                    each.result()
        finally:
            crowd.done.set()
        for other in others:
            other.result()
    log, now = logs[0], instant(STEPS[-1])
    rebuild(log, rows_of, now)
    sweep(log, now)
    assert list(audit(log, rows_of, now)) == []
    expected = [alone(log, number) for number in range(len(ENDS))]
    assert [told(log, stream(number)) for number in range(PETITIONS)] == [
        expected[number % len(ENDS)] for number in range(PETITIONS)
    ]

"""A runner takes every event once and in order, whatever the follower does."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from sla_engine.errors import refuse
from sla_engine.followers.runner import Runner, Unavailable
from sla_engine.projection import FollowedLog, FollowerTransaction
from sla_engine.record import Recorded
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import SUBJECT_ERASED
from tests.conformance.store.samples import dispatched


class Notebook:
    """A follower that writes down every position in its memory, and can be told to fail."""

    name = "notebook"

    def __init__(self, **errors: Exception) -> None:
        self.errors = {int(position[1:]): error for position, error in errors.items()}
        self.batches: list[int] = []

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        self.batches.append(len(batch))
        for recorded in batch:
            tx.remember(self.name, {f"{recorded.position:04d}": b""})
            if recorded.position in self.errors:
                raise self.errors[recorded.position]


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    fill(log, 20)
    yield log
    log.close()


def fill(log: PetitionLog, count: int) -> None:
    with log.transact() as tx:
        after = len(tx.load("petition/1"))
        tx.append("petition/1", after, [dispatched() for _ in range(count)])


def taken(log: PetitionLog) -> list[int]:
    return [int(key) for key in sorted(log.memory("notebook"))]


def test_a_step_takes_one_batch(log: PetitionLog) -> None:
    follower = Notebook()
    runner = Runner(log, follower, batch=8)
    assert runner.lag() == 20
    assert [runner.step() for _ in range(4)] == [8, 8, 4, 0]
    assert follower.batches == [8, 8, 4]
    assert taken(log) == list(range(1, 21))
    assert (log.position("notebook"), runner.lag()) == (20, 0)


def test_running_takes_everything_and_then_what_is_new(log: PetitionLog) -> None:
    runner = Runner(log, Notebook(), batch=8)
    assert runner.run() == 20
    assert runner.run() == 0
    fill(log, 3)
    assert runner.run() == 3
    assert taken(log) == list(range(1, 24))


@pytest.mark.parametrize("batch", [1, 2, 7, 100])
def test_poison_is_put_aside_and_everything_else_is_taken(log: PetitionLog, batch: int) -> None:
    follower = Notebook(_5=ValueError("姓名 张三"), _6=KeyError("张三"), _20=refuse(SUBJECT_ERASED))
    Runner(log, follower, batch).run()
    assert taken(log) == [n for n in range(1, 21) if n not in (5, 6, 20)]
    assert [(letter.position, letter.reason) for letter in log.dead_letters("notebook")] == [
        (5, "ValueError"),
        (6, "KeyError"),
        (20, "SUBJECT_ERASED"),
    ]
    assert {(letter.stream, letter.version) for letter in log.dead_letters("notebook")} == {
        ("petition/1", 5),
        ("petition/1", 6),
        ("petition/1", 20),
    }
    assert log.position("notebook") == 20


@pytest.mark.parametrize("error", [Unavailable(), ConnectionError(), TimeoutError()])
def test_what_is_not_the_events_fault_is_tried_again(log: PetitionLog, error: Exception) -> None:
    follower = Notebook(_5=error)
    runner = Runner(log, follower)
    with pytest.raises(type(error)):
        runner.step()
    assert (log.position("notebook"), taken(log), list(log.dead_letters("notebook"))) == (0, [], [])
    follower.errors.clear()
    assert runner.run() == 20
    assert taken(log) == list(range(1, 21))


def test_two_runners_of_one_follower_take_nothing_twice(log: PetitionLog) -> None:
    class Overtaken:
        """Lets another runner take the same batch between reading and writing."""

        def __init__(self, log: PetitionLog) -> None:
            self.log = log

        def __getattr__(self, name: str) -> Any:
            return getattr(self.log, name)

        def follow(self, after: int, limit: int) -> Sequence[Recorded]:
            batch = self.log.follow(after, limit)
            other.step()
            return batch

    counted: list[int] = []

    class Counter(Notebook):
        def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
            counted.extend(recorded.position for recorded in batch)

    other = Runner(log, Counter(), batch=5)
    Runner(cast(FollowedLog, Overtaken(log)), Counter(), batch=5).run()
    assert counted == list(range(1, 21))


def test_two_runners_of_one_follower_bury_nothing_twice(log: PetitionLog) -> None:
    class Overtaken:
        """Another runner gets past the event after it failed here and before it is buried."""

        def __init__(self, log: PetitionLog) -> None:
            self.log = log
            self.transactions = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.log, name)

        def transact(self) -> Any:
            self.transactions += 1
            if self.transactions == 2:
                Runner(self.log, Notebook(), batch=1).step()
            return self.log.transact()

    Runner(cast(FollowedLog, Overtaken(log)), Notebook(_1=ValueError()), batch=1).step()
    assert list(log.dead_letters("notebook")) == []
    assert (taken(log), log.position("notebook")) == ([1], 1)


def test_keeping_up_survives_what_is_away_and_ends_when_told(log: PetitionLog) -> None:
    follower, stop = Notebook(_5=Unavailable()), threading.Event()
    runner = Runner(log, follower)
    thread = threading.Thread(target=runner.keep_up, args=(stop, 0.001))
    thread.start()
    pause = threading.Event()
    while len(follower.batches) < 3:
        pause.wait(0.001)
    follower.errors.clear()
    while runner.lag():
        pause.wait(0.001)
    fill(log, 2)
    while runner.lag():
        pause.wait(0.001)
    stop.set()
    thread.join()
    assert taken(log) == list(range(1, 23))

"""The waker sweeps when something is due, and goes on doing so whatever breaks."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sla_engine.clock import SystemClock
from sla_engine.scheduler.pace import Pace
from sla_engine.scheduler.sweep import Sweeper, planned
from sla_engine.scheduler.waker import Waker
from sla_engine.store.application import PetitionLog, open_memory
from tests.unit.scheduler.ladder import fired, open_petitions, planner

Start = Callable[..., Waker]

PATIENCE = 30
NEVER = 3_600.0
CLOCK = SystemClock()


class Sweep:
    """A sweep that counts, and does what it is told to."""

    def __init__(
        self, delay: float | None = None, action: Callable[[], object] = lambda: None
    ) -> None:
        self.delay = delay
        self.action = action
        self.count = 0
        self.done = threading.Condition()

    def __call__(self) -> float | None:
        self.action()
        with self.done:
            self.count += 1
            self.done.notify_all()
        return self.delay

    def wait_for(self, count: int) -> None:
        with self.done:
            assert self.done.wait_for(lambda: self.count >= count, PATIENCE)


@pytest.fixture
def started() -> Iterator[Start]:
    wakers: list[Waker] = []

    def start(sweep: Callable[[], float | None], **options: Any) -> Waker:
        wakers.append(Waker(sweep, CLOCK, **options))
        wakers[-1].start()
        return wakers[-1]

    yield start
    for waker in wakers:
        waker.stop()


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    yield log
    log.close()


def scheduler_of(waker: Waker) -> Any:
    assert waker._scheduler is not None
    return waker._scheduler


def wait_until(condition: Callable[[], bool]) -> None:
    pause, rounds = threading.Event(), 0
    while not condition():
        pause.wait(0.01)
        rounds += 1
        assert rounds < PATIENCE * 100


def test_it_sweeps_at_the_start_and_every_heartbeat(started: Start) -> None:
    sweep = Sweep()
    waker = started(sweep, heartbeat=0.02)
    sweep.wait_for(5)
    assert waker.healthy()


def test_it_wakes_for_the_next_alarm_before_the_heartbeat(started: Start) -> None:
    sweep = Sweep(delay=0.01)
    started(sweep, heartbeat=NEVER)
    sweep.wait_for(5)


def test_a_hint_wakes_it_before_the_heartbeat(started: Start) -> None:
    sweep = Sweep()
    waker = started(sweep, heartbeat=NEVER)
    for count in range(1, 4):
        sweep.wait_for(count)
        waker.hint(CLOCK.now())
    sweep.wait_for(4)


def test_a_hint_for_soon_wakes_it_then(started: Start) -> None:
    sweep = Sweep()
    waker = started(sweep, heartbeat=NEVER)
    sweep.wait_for(1)
    waker.hint(CLOCK.now() + 50_000)
    sweep.wait_for(2)


def test_a_hint_during_a_sweep_leads_to_another(started: Start) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        assert leave.wait(PATIENCE)

    sweep = Sweep(action=hold)
    waker = started(sweep, heartbeat=NEVER)
    assert inside.wait(PATIENCE)
    waker.hint(CLOCK.now())
    leave.set()
    sweep.wait_for(2)


def test_a_sweep_may_outlast_the_heartbeat_alone_and_in_silence(
    started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    under_way: list[int] = []
    together: list[int] = []

    def slow() -> None:
        under_way.append(1)
        together.append(len(under_way))
        threading.Event().wait(0.3)
        under_way.pop()

    sweep = Sweep(action=slow)
    started(sweep, heartbeat=0.02)
    sweep.wait_for(3)
    assert set(together) == {1}
    assert [each.getMessage() for each in caplog.records] == []


def test_a_sweep_that_raises_is_tried_again_and_shows(started: Start) -> None:
    broken = threading.Event()
    broken.set()
    attempts: list[int] = []

    def maybe_fail() -> None:
        attempts.append(1)
        if broken.is_set():
            raise ValueError("broken")

    sweep = Sweep(action=maybe_fail)
    waker = started(sweep, heartbeat=0.02)
    wait_until(lambda: len(attempts) > 3 and not waker.healthy())
    assert sweep.count == 0
    broken.clear()
    sweep.wait_for(2)
    wait_until(waker.healthy)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_recovers_when_its_thread_dies(started: Start) -> None:
    sweep = Sweep()
    waker = started(sweep, heartbeat=0.02)
    sweep.wait_for(1)
    former = scheduler_of(waker)

    def die() -> None:
        raise SystemExit

    former._process_jobs = die
    former.wakeup()
    former._thread.join(PATIENCE)
    assert not former._thread.is_alive()
    assert former.running
    count = sweep.count
    sweep.wait_for(count + 3)
    assert scheduler_of(waker) is not former
    wait_until(waker.healthy)


def test_it_recovers_when_the_job_is_lost_or_the_clock_was_set_back(started: Start) -> None:
    sweep = Sweep()
    waker = started(sweep, heartbeat=0.02)
    sweep.wait_for(1)
    scheduler_of(waker).remove_job("due-sweep")
    sweep.wait_for(sweep.count + 3)
    # What a wall clock set back by an hour does to a job already planned.
    in_an_hour = datetime.fromtimestamp(CLOCK.now() / 1e6 + NEVER, UTC)
    scheduler_of(waker).modify_job("due-sweep", next_run_time=in_an_hour)
    sweep.wait_for(sweep.count + 3)


def test_nothing_is_swept_after_it_was_stopped() -> None:
    sweep = Sweep()
    waker = Waker(sweep, CLOCK, heartbeat=0.01)
    waker.start()
    sweep.wait_for(2)
    waker.stop()
    count = sweep.count
    threading.Event().wait(0.1)
    assert sweep.count == count
    assert not scheduler_of(waker).running


def test_alarms_in_a_log_are_fired_without_further_help(log: PetitionLog, started: Start) -> None:
    now = CLOCK.now()
    run = Sweeper(log, planned(planner), CLOCK, pace=Pace(CLOCK))
    waker = started(run, heartbeat=NEVER)
    open_petitions(log, 3, start=now - 9_900_000, spread=0)
    upcoming = log.next_alarm()
    assert upcoming is not None
    waker.hint(upcoming)
    wait_until(lambda: len(fired(log)) == 3)
    assert {rung for _, rung in fired(log)} == {"warn"}

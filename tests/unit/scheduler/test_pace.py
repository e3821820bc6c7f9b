"""A backlog is worked off in short transactions with rests between, the short terms first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.escalation.armed import Ready
from sla_engine.ports import AlarmRow, Claim
from sla_engine.record import Instant
from sla_engine.scheduler.pace import Pace, unpaced
from sla_engine.scheduler.sweep import Sweeper

NOW = 1_750_000_000_000_000


class Machine(VirtualClock):
    """Time passes when work is done or somebody rests."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.rests: list[float] = []

    def spend(self, seconds: float) -> None:
        self.set(self.now() + round(seconds * 1_000_000))

    def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.spend(seconds)


class BusyLog:
    """A log of due alarms whose transactions take a known time; at most one writer is in it."""

    def __init__(self, machine: Machine, short: int, long: int, each_s: float) -> None:
        self.machine = machine
        self.each_s = each_s
        self.lanes = {0: [f"s{n}" for n in range(short)], 1: [f"l{n}" for n in range(long)]}
        self.order: list[str] = []
        self.held: list[float] = []

    def next_alarm(self) -> Instant | None:
        return NOW if any(self.lanes.values()) else None

    @contextmanager
    def transact(self) -> Iterator[Any]:
        begun = self.machine.monotonic()
        yield self
        self.held.append(self.machine.monotonic() - begun)

    def claim(self, now: Instant, limit: int, lane: int, besides: set[str]) -> Sequence[Claim]:
        taken, self.lanes[lane] = self.lanes[lane][:limit], self.lanes[lane][limit:]
        row = AlarmRow("reply", "1", "running", 0, "", NOW, NOW, "warn", lane=lane)
        return [Claim(stream, 1, [row]) for stream in taken]

    def append(self, stream: str, after: int, drafts: Sequence[object]) -> None:
        raise AssertionError("nothing is ready with acts")

    def put_alarm(self, stream: str, row: AlarmRow) -> None:
        self.order.append(stream)
        self.machine.spend(self.each_s)


def fire(claim: Claim, now: Instant) -> Ready:
    return Ready([], claim.due)


def sweeper(log: BusyLog, machine: Machine, **options: Any) -> Sweeper:
    pace = Pace(machine, rest=machine.rest, **options)
    return Sweeper(log, lambda *_: None, machine, pace=pace, ready=fire, lasts_s=1e9)  # type: ignore[arg-type]


@pytest.mark.parametrize("each_s", [0.00001, 0.0002, 0.004, 0.1])
def test_one_transaction_lasts_no_longer_than_allowed(each_s: float) -> None:
    machine = Machine()
    log = BusyLog(machine, 0, 5_000, each_s)
    sweeper(log, machine, hold_s=0.05, least=10).sweep()
    # The first batch is how the pace learns what a stream costs; one stream is the least.
    assert max(log.held[1:]) <= max(0.05, each_s) + 1e-6
    assert len(log.order) == 5_000


def test_batches_take_no_more_than_their_share_of_the_time() -> None:
    machine = Machine()
    log = BusyLog(machine, 0, 5_000, 0.0002)
    sweeper(log, machine, share=0.25).sweep()
    *full, _last = log.held
    assert machine.rests == pytest.approx([3 * held for held in full])


def test_batches_grow_with_what_the_store_can_bear() -> None:
    machine = Machine()
    log = BusyLog(machine, 0, 20_000, 0.0001)
    sweeper(log, machine, hold_s=0.05, least=10, most=300).sweep()
    sizes = [round(held / 0.0001) for held in log.held]
    assert sizes[:7] == [10, 20, 40, 80, 160, 300, 300]


def test_a_backlog_of_long_terms_delays_a_short_one_by_one_batch_at_most() -> None:
    machine = Machine()
    log = BusyLog(machine, 0, 100_000, 0.0001)
    pace = Pace(machine, rest=machine.rest, hold_s=0.05)
    waited: list[float] = []
    came = {}

    def arrive(stream: str) -> None:
        log.lanes[0].append(stream)
        came[stream] = machine.monotonic()

    def fire_and_look(claim: Claim, now: Instant) -> Ready:
        if claim.stream in came:
            waited.append(machine.monotonic() - came[claim.stream])
        elif int(claim.stream[1:]) % 7_000 == 0:
            arrive(f"s{claim.stream}")
        return Ready([], claim.due)

    each = Sweeper(log, lambda *_: None, machine, pace=pace, ready=fire_and_look, lasts_s=1e9)  # type: ignore[arg-type]
    each.sweep()
    assert len(waited) == 15
    # The rest of the batch under way, and the rest that follows it.
    assert max(waited) <= 2 * 0.05 + 1e-6


def test_those_of_short_terms_come_first() -> None:
    machine = Machine()
    log = BusyLog(machine, 30, 50, 0.0001)
    sweeper(log, machine).sweep()
    assert log.order[:30] == [f"s{n}" for n in range(30)]


def test_who_need_not_wait_for_anybody_does_not_rest() -> None:
    batches: list[int] = []

    def batch(limit: int) -> int:
        batches.append(limit)
        return limit

    assert unpaced(7)(batch) == 7
    machine = Machine()
    assert Pace(machine, rest=machine.rest, share=1, least=3)(batch) == 3
    assert (batches, machine.rests) == ([7, 3], [])


def test_no_rest_follows_a_batch_that_was_the_last() -> None:
    machine = Machine()
    log = BusyLog(machine, 0, 5, 0.001)
    sweeper(log, machine, least=10).sweep()
    assert machine.rests == []

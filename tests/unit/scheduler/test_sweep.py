"""A sweep records every act that is due, once, whatever happens to it half-way."""

import sqlite3
from collections.abc import Iterator

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.errors import refuse
from sla_engine.ports import Transaction
from sla_engine.record import Instant
from sla_engine.scheduler.sweep import SweepReport, delay_until_next, planned, sweep, sweeper
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import SUBJECT_ERASED
from tests.conformance.store.samples import T0
from tests.unit.scheduler.ladder import SECOND, fired, open_petitions, planner

touch = planned(planner)


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    yield log
    log.close()


def test_nothing_due_takes_no_transaction(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_petitions(log, 3)
    monkeypatch.setattr(log, "transact", lambda: pytest.fail("there is nothing to write"))
    report = sweep(log, touch, T0 + 10 * SECOND - 1)
    assert report == SweepReport(T0 + 10 * SECOND - 1, 0, {}, False, T0 + 10 * SECOND)


def test_an_empty_index_is_swept_in_no_time(log: PetitionLog) -> None:
    assert sweep(log, touch, T0) == SweepReport(T0, 0, {}, False, None)


def test_what_is_due_is_fired_and_the_next_rung_set(log: PetitionLog) -> None:
    open_petitions(log, 3)
    report = sweep(log, touch, T0 + 11 * SECOND)
    assert fired(log) == [("petition/0000", "warn"), ("petition/0001", "warn")]
    assert (report.touched, report.next_alarm) == (2, T0 + 12 * SECOND)
    assert sweep(log, touch, T0 + 11 * SECOND).touched == 0


def test_a_late_sweep_fires_every_missed_rung_with_its_own_due(log: PetitionLog) -> None:
    open_petitions(log, 1)
    sweep(log, touch, T0 + 3_600 * SECOND)
    assert fired(log) == [("petition/0000", "warn"), ("petition/0000", "breach")]
    assert [r.event.due - T0 for r in log.scan() if isinstance(r.event, RungFired)] == [
        10 * SECOND,
        20 * SECOND,
    ]
    assert log.next_alarm() is None


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_any_size_of_batch_gives_the_same_log(log: PetitionLog, limit: int) -> None:
    open_petitions(log, 10)
    assert sweep(log, touch, T0 + 3_600 * SECOND, limit=limit).touched == 10
    assert sorted(fired(log)) == sorted(
        (f"petition/{n:04d}", rung) for n in range(10) for rung in ("warn", "breach")
    )


def test_a_batch_is_one_transaction(log: PetitionLog) -> None:
    open_petitions(log, 10)
    rests: list[int] = []
    sweep(log, touch, T0 + 3_600 * SECOND, limit=4, rest=lambda: rests.append(len(fired(log))))
    assert rests == [8, 16, 20]


def test_the_budget_ends_a_sweep_with_more_to_do(log: PetitionLog) -> None:
    open_petitions(log, 10)
    report = sweep(log, touch, T0 + 3_600 * SECOND, limit=4, budget=8)
    assert (report.touched, report.more) == (8, True)
    report = sweep(log, touch, T0 + 3_600 * SECOND, limit=4, budget=8)
    assert (report.touched, report.more) == (2, False)


def test_a_stream_that_fails_holds_up_nobody_and_is_tried_again(log: PetitionLog) -> None:
    open_petitions(log, 10)
    broken = {"petition/0000", "petition/0005"}

    def fragile(tx: Transaction, stream: str, now: Instant) -> None:
        touch(tx, stream, now)
        if stream == "petition/0000" in broken:
            raise ValueError("姓名 张三")
        if stream in broken:
            raise refuse(SUBJECT_ERASED)

    late = T0 + 3_600 * SECOND
    report = sweep(log, fragile, late, limit=3)
    assert report.failed == {"petition/0000": "ValueError", "petition/0005": "SUBJECT_ERASED"}
    assert (report.touched, report.next_alarm) == (8, T0 + 10 * SECOND)
    assert {stream for stream, _ in fired(log)}.isdisjoint(broken)
    broken.clear()
    assert sweep(log, fragile, late).touched == 2
    assert len(fired(log)) == 20


def test_a_stream_that_stays_due_is_touched_once_a_sweep(log: PetitionLog) -> None:
    open_petitions(log, 3)
    touched: list[str] = []

    def look_only(tx: Transaction, stream: str, now: Instant) -> None:
        touched.append(stream)

    report = sweep(log, look_only, T0 + 3_600 * SECOND)
    assert touched == ["petition/0000", "petition/0001", "petition/0002"]
    assert (report.touched, report.more) == (3, False)


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), OSError()])
def test_a_failing_store_fails_the_sweep(log: PetitionLog, error: Exception) -> None:
    open_petitions(log, 3)

    def failing(tx: Transaction, stream: str, now: Instant) -> None:
        raise error

    # The recorder has names of its own for what the driver raises.
    with pytest.raises(Exception, match=str(error) or None) as raised:
        sweep(log, failing, T0 + 3_600 * SECOND)
    assert type(raised.value).__name__ == type(error).__name__
    assert fired(log) == []


def test_two_sweepers_fire_nothing_twice(log: PetitionLog) -> None:
    open_petitions(log, 10)
    late = T0 + 3_600 * SECOND

    def interrupted(tx: Transaction, stream: str, now: Instant) -> None:
        """Between two batches of this sweep the other one runs."""
        touch(tx, stream, now)

    sweep(log, interrupted, late, limit=2, rest=lambda: sweep(log, touch, late, limit=3))
    assert len(fired(log)) == len(set(fired(log))) == 20


def test_the_delay_is_until_the_next_alarm(log: PetitionLog) -> None:
    def report(more: bool = False, next_alarm: Instant | None = None) -> SweepReport:
        return SweepReport(T0, 0, {}, more, next_alarm)

    assert delay_until_next(report(), T0) is None
    assert delay_until_next(report(next_alarm=T0 + 5 * SECOND), T0 + SECOND) == 4.0
    assert delay_until_next(report(next_alarm=T0 + SECOND), T0 + 5 * SECOND) == 0.0
    assert delay_until_next(report(more=True, next_alarm=T0), T0) == 0.0
    # Only what failed is left; it is tried again at the next heartbeat.
    assert delay_until_next(report(next_alarm=T0 - 1), T0) is None


def test_a_sweeper_sweeps_at_the_time_of_its_clock(log: PetitionLog) -> None:
    open_petitions(log, 2)
    clock = VirtualClock(T0)
    run = sweeper(log, touch, clock)
    assert run() == 10.0
    clock.set(T0 + 10 * SECOND)
    assert run() == 1.0
    assert fired(log) == [("petition/0000", "warn")]

"""A sweep records every act that is due, once, whatever happens to it half-way."""

from collections.abc import Iterator, Sequence

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.errors import Conflict, Fault, Unavailable, refuse
from sla_engine.escalation.armed import Ready
from sla_engine.ports import Claim, Transaction
from sla_engine.record import Instant
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import (
    ALARM_STAYS,
    RETRY_S,
    Sweeper,
    SweepReport,
    delay_until_next,
    planned,
    sweep,
)
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import KEY_TAKEN, STORE_BUSY, SUBJECT_ERASED
from tests.conformance.store.samples import T0
from tests.unit.scheduler.ladder import SECOND, fired, open_petitions, planner

touch = planned(planner)
LATE = T0 + 3_600 * SECOND


class Hasty(VirtualClock):
    """Stands still, but for the time that work takes."""

    def __init__(self, start: Instant) -> None:
        super().__init__(start)
        self.spent = 0.0

    def monotonic(self) -> float:
        return self.spent

    def spend(self, seconds: float) -> None:
        self.spent += seconds


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
    sweep(log, touch, LATE)
    assert fired(log) == [("petition/0000", "warn"), ("petition/0000", "breach")]
    assert [r.event.due - T0 for r in log.scan() if isinstance(r.event, RungFired)] == [
        10 * SECOND,
        20 * SECOND,
    ]
    assert log.next_alarm() is None


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_any_size_of_batch_gives_the_same_log(log: PetitionLog, limit: int) -> None:
    open_petitions(log, 10)
    assert sweep(log, touch, LATE, limit=limit).touched == 10
    assert sorted(fired(log)) == sorted(
        (f"petition/{n:04d}", rung) for n in range(10) for rung in ("warn", "breach")
    )


def test_a_batch_is_one_transaction(log: PetitionLog) -> None:
    open_petitions(log, 10)
    recorded: list[int] = []

    def look(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        touch(tx, streams, now)
        tx.after_commit(lambda: recorded.append(len(fired(log))))

    sweep(log, look, LATE, limit=4)
    assert recorded == [8, 16, 20]


def test_a_sweep_whose_time_is_over_ends_with_more_to_do(log: PetitionLog) -> None:
    open_petitions(log, 10)
    clock = Hasty(LATE)

    def slow(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        clock.spend(0.4)
        touch(tx, streams, now)

    sweeper = Sweeper(log, slow, clock, pace=unpaced(2), lasts_s=1.0)
    reports = [sweeper.sweep() for _ in range(2)]
    assert [(each.touched, each.more) for each in reports] == [(6, True), (4, False)]


def test_a_stream_that_fails_holds_up_nobody_and_is_tried_again(log: PetitionLog) -> None:
    open_petitions(log, 10)
    broken = {"petition/0000", "petition/0005"}

    def fragile(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        touch(tx, streams, now)
        if broken.intersection(streams) and "petition/0000" in streams:
            raise ValueError("姓名 张三")
        if broken.intersection(streams):
            raise refuse(SUBJECT_ERASED)

    report = sweep(log, fragile, LATE, limit=3)
    assert report.failed == {"petition/0000": "ValueError", "petition/0005": "SUBJECT_ERASED"}
    assert (report.touched, report.next_alarm) == (8, T0 + 10 * SECOND)
    assert {stream for stream, _ in fired(log)}.isdisjoint(broken)
    broken.clear()
    assert sweep(log, fragile, LATE).touched == 2
    assert len(fired(log)) == 20


def test_what_failed_is_left_alone_for_a_while(log: PetitionLog) -> None:
    open_petitions(log, 1)
    clock, tries = Hasty(LATE), list[Instant]()

    def broken(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        tries.append(now)
        raise ValueError

    sweeper = Sweeper(log, broken, clock, pace=unpaced(10))
    for _ in range(3):
        sweeper.sweep()
    assert len(tries) == 2  # with the batch, and alone
    clock.spend(RETRY_S)
    sweeper.sweep()
    assert len(tries) == 4


def test_a_stream_that_stays_due_is_touched_once_and_reported(log: PetitionLog) -> None:
    open_petitions(log, 3)
    touched: list[str] = []

    def look_only(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        touched.extend(streams)

    report = sweep(log, look_only, LATE)
    assert touched == ["petition/0000", "petition/0001", "petition/0002"]
    assert report.failed == dict.fromkeys(touched, ALARM_STAYS)
    assert not report.more


def test_what_cannot_be_read_as_a_plan_is_no_plan(
    log: PetitionLog, caplog: pytest.LogCaptureFixture
) -> None:
    open_petitions(log, 2)

    def unreadable(_claim: Claim, _now: Instant) -> Ready | None:
        raise KeyError("姓名 张三")

    report = sweep(log, touch, LATE, ready=unreadable)
    assert (report.touched, report.ready, report.failed, len(fired(log))) == (2, 0, {}, 4)
    assert "petition/0000" in caplog.text
    assert "张三" not in caplog.text


def test_a_store_that_is_away_ends_the_sweep(log: PetitionLog) -> None:
    open_petitions(log, 3)

    def failing(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        raise Unavailable(Fault(STORE_BUSY))

    with pytest.raises(Unavailable):
        sweep(log, failing, LATE)
    assert fired(log) == []


def test_a_batch_that_another_writer_was_quicker_than_is_done_again(log: PetitionLog) -> None:
    open_petitions(log, 3)
    quicker = [KEY_TAKEN]

    def beaten(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        touch(tx, streams, now)
        if quicker:
            raise Conflict(Fault(quicker.pop()))

    report = sweep(log, beaten, LATE)
    assert (report.touched, report.failed, len(fired(log))) == (3, {}, 6)


def test_who_always_meets_another_writer_holds_up_nobody(log: PetitionLog) -> None:
    open_petitions(log, 3)

    def beaten(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        touch(tx, streams, now)
        if "petition/0001" in streams:
            raise Conflict(Fault(KEY_TAKEN))

    report = sweep(log, beaten, LATE)
    assert (report.touched, report.failed) == (2, {"petition/0001": KEY_TAKEN})


def test_two_sweepers_fire_nothing_twice(log: PetitionLog) -> None:
    open_petitions(log, 10)

    def interrupted(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        """After this batch, and before the next, another sweeper takes one."""
        touch(tx, streams, now)
        tx.after_commit(lambda: sweep(log, touch, LATE, limit=3))

    sweep(log, interrupted, LATE, limit=2)
    assert len(fired(log)) == len(set(fired(log))) == 20


def test_short_terms_go_first_in_every_batch(log: PetitionLog) -> None:
    open_petitions(log, 6)
    short = {stream: row for stream, row in log.alarms() if stream >= "petition/0004"}
    with log.transact() as tx:
        for stream, row in short.items():
            tx.set_alarms(stream, [row._replace(lane=0)])
    sweep(log, touch, LATE, limit=3)
    order = list(dict.fromkeys(stream for stream, _ in fired(log)))
    assert order == [f"petition/{n:04d}" for n in (4, 5, 0, 1, 2, 3)]


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
    clock, told = VirtualClock(T0), list[SweepReport]()
    run = Sweeper(log, touch, clock, pace=unpaced(100), tell=told.append)
    assert run() == 10.0
    clock.set(T0 + 10 * SECOND)
    assert run() == 1.0
    assert fired(log) == [("petition/0000", "warn")]
    assert [(report.at, report.touched) for report in told] == [(T0, 0), (T0 + 10 * SECOND, 1)]


def test_what_is_done_in_quiet_times_waits_until_nothing_is_due(log: PetitionLog) -> None:
    open_petitions(log, 4)
    clock, quiet = Hasty(LATE), list[int]()

    def slow(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        clock.spend(0.6)
        touch(tx, streams, now)

    run = Sweeper(log, slow, clock, pace=unpaced(1), idle=lambda: quiet.append(len(fired(log))))
    assert run() == 0.0
    assert quiet == []
    assert run() is None
    assert quiet == [8]

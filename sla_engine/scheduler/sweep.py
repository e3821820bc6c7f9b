"""Firing what is due: claim, record the acts, advance the clocks, in one transaction.

Any number of sweepers may run. Touching a stream twice at one instant does nothing the second
time, and the log refuses an act whose key it has.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from eventsourcing.persistence import OperationalError

from sla_engine.clock import Clock
from sla_engine.errors import Refusal
from sla_engine.ports import AlarmRow, Log, Transaction
from sla_engine.record import Draft, Instant, Recorded

logger = logging.getLogger(__name__)

Planner = Callable[[str, Sequence[Recorded], Instant], tuple[Sequence[Draft], Sequence[AlarmRow]]]
"""From a stream's events and an instant: what to append, and the clocks as they stand then."""

Touch = Callable[[Transaction, str, Instant], None]
"""Bring a stream up to an instant within a transaction: acts appended, alarms set."""


_NOT_THE_STREAM = (OSError, sqlite3.OperationalError, OperationalError)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """`touched` streams were brought up to `at`. `failed` says why others were not; they keep
    their alarm and are tried again by the next sweep. `more`: the budget ran out first."""

    at: Instant
    touched: int
    failed: Mapping[str, str]
    more: bool
    next_alarm: Instant | None


class _Failed(Exception):
    """A touch failed; its transaction is rolled back."""


def planned(planner: Planner) -> Touch:
    """A touch from a pure planner."""

    def touch(tx: Transaction, stream: str, now: Instant) -> None:
        events = tx.load(stream)
        drafts, rows = planner(stream, events, now)
        if drafts:
            tx.append(stream, len(events), drafts)
        tx.set_alarms(stream, rows)

    return touch


def sweep(
    log: Log,
    touch: Touch,
    now: Instant,
    limit: int = 100,
    budget: int = 1_000,
    rest: Callable[[], object] = lambda: None,
) -> SweepReport:
    """Touch every stream that has an alarm at or before `now`.

    `limit` streams share a transaction, which is how long every other writer waits; `rest` is
    called between transactions. After `budget` streams the sweep ends with `more`.
    """
    touched: set[str] = set()
    failed: dict[str, str] = {}
    while (upcoming := log.next_alarm()) is not None and upcoming <= now:
        if len(touched) >= budget:
            return SweepReport(now, len(touched), failed, True, upcoming)
        claimed = _batch(log, touch, now, limit, touched | failed.keys())
        if not claimed:
            break
        for stream, reason in claimed.items():
            if reason:
                failed[stream] = reason
            else:
                touched.add(stream)
        rest()
    if failed:
        logger.error("%d streams cannot be swept: %s", len(failed), dict(list(failed.items())[:5]))
    return SweepReport(now, len(touched), failed, False, log.next_alarm())


def delay_until_next(report: SweepReport, now: Instant) -> float | None:
    """Seconds from `now` until a sweep has work again; None when nothing is known to come.

    A stream that failed keeps its alarm in the past, which is no reason to hurry.
    """
    if report.more:
        return 0.0
    if report.next_alarm is None or report.next_alarm <= report.at:
        return None
    return max(0.0, (report.next_alarm - now) / 1_000_000)


def sweeper(
    log: Log,
    touch: Touch,
    clock: Clock,
    limit: int = 100,
    rest: Callable[[], object] = lambda: None,
) -> Callable[[], float | None]:
    """What a `Waker` runs: one sweep at the clock's time, and how long until the next is due."""

    def run() -> float | None:
        report = sweep(log, touch, clock.now(), limit, rest=rest)
        return delay_until_next(report, clock.now())

    return run


def _batch(
    log: Log, touch: Touch, now: Instant, limit: int, been_at: Set[str]
) -> Mapping[str, str]:
    """One transaction's worth: stream -> "" or why it failed. Streams of `been_at` are left out:
    what is due again after a touch at the same instant would be due for ever."""
    streams: Sequence[str] = ()
    try:
        with log.transact() as tx:
            due = tx.due_streams(now, limit + len(been_at))
            streams = [stream for stream in due if stream not in been_at][:limit]
            for stream in streams:
                _touch(touch, tx, stream, now)
    except _Failed:
        return {stream: _alone(log, touch, now, stream) for stream in streams}
    return dict.fromkeys(streams, "")


def _alone(log: Log, touch: Touch, now: Instant, stream: str) -> str:
    """Touch one stream in its own transaction; returns why that failed, or ""."""
    try:
        with log.transact() as tx:
            _touch(touch, tx, stream, now)
    except _Failed as failure:
        return str(failure)
    return ""


def _touch(touch: Touch, tx: Transaction, stream: str, now: Instant) -> None:
    try:
        touch(tx, stream, now)
    except _NOT_THE_STREAM:
        raise
    except Exception as error:
        # Its text may quote personal data.
        reason = error.code if isinstance(error, Refusal) else type(error).__name__
        raise _Failed(reason) from error

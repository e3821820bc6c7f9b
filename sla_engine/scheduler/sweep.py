"""Firing what is due: claim, record the acts, advance the clocks, in one transaction.

Any number of sweepers may run. Touching a stream twice at one instant does nothing the second
time, and the log refuses an act whose key it has.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sla_engine.clock import Clock
from sla_engine.errors import Refusal
from sla_engine.ports import AlarmRow, Log, Transaction
from sla_engine.record import Draft, Instant, Recorded

logger = logging.getLogger(__name__)

Planner = Callable[
    [str, Sequence[Recorded], Instant], tuple[Sequence[Draft], Sequence[AlarmRow]]
]
"""From a stream's events and an instant: what to append, and the clocks as they stand then."""

Touch = Callable[[Transaction, str, Instant], None]
"""Bring a stream up to an instant within a transaction: acts appended, alarms set."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """`touched` streams were brought up to the instant. `failed` says why others were not; they
    keep their alarm and are tried again. `more`: the budget ran out first."""

    touched: int
    failed: Mapping[str, str]
    more: bool
    next_alarm: Instant | None


@dataclass(slots=True)
class _Tally:
    touched: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def done_with(self) -> int:
        return len(self.touched | self.failed.keys())


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
    tally = _Tally()
    while (upcoming := log.next_alarm()) is not None and upcoming <= now:
        if tally.done_with >= budget:
            return SweepReport(len(tally.touched), tally.failed, True, upcoming)
        if not _batch(log, touch, now, limit, tally):
            break
        rest()
    return SweepReport(len(tally.touched), tally.failed, False, log.next_alarm())


def delay_until_next(report: SweepReport, now: Instant) -> float | None:
    """Seconds from `now` to the next sweep that has work; None when no alarm is set.

    A stream that failed keeps its alarm in the past; that is no reason to hurry.
    """
    if report.more:
        return 0.0
    if report.next_alarm is None or report.next_alarm <= now:
        return None
    return (report.next_alarm - now) / 1_000_000


def sweeper(
    log: Log, touch: Touch, clock: Clock, limit: int = 100, rest: Callable[[], object] = lambda: None
) -> Callable[[], float | None]:
    """What a `Waker` runs: one sweep at the clock's time, and how long until the next is due."""

    def run() -> float | None:
        report = sweep(log, touch, clock.now(), limit, rest=rest)
        return delay_until_next(report, clock.now())

    return run


def _batch(log: Log, touch: Touch, now: Instant, limit: int, tally: _Tally) -> bool:
    """One transaction's worth; False when only streams are left that this sweep has been at."""
    try:
        with log.transact() as tx:
            streams = _claim(tx, now, limit, tally)
            for stream in streams:
                touch(tx, stream, now)
    ...

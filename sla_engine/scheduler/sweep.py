"""Firing what is due: claim, record the acts, advance the clocks, in one transaction.

Any number of sweepers may run, in any number of processes. A claimed stream is its sweeper's until
the transaction ends; touching a stream twice at one instant does nothing the second time; and the
log refuses an act whose key it has.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sla_engine.clock import Clock, VirtualClock
from sla_engine.errors import Conflict, Refusal, Unavailable, register
from sla_engine.escalation.alarms import LONG, SHORT
from sla_engine.escalation.armed import Ready
from sla_engine.ports import AlarmRow, Claim, Log, Transaction, attempt
from sla_engine.record import Draft, Instant, Recorded
from sla_engine.scheduler.guard import CLOCKS_DISAGREE
from sla_engine.scheduler.pace import Paced, unpaced

logger = logging.getLogger(__name__)

Planner = Callable[[str, Sequence[Recorded], Instant], tuple[Sequence[Draft], Sequence[AlarmRow]]]
"""From a stream's events and an instant: what to append, and the clocks as they stand then."""

Touch = Callable[[Transaction, Sequence[str], Instant], object]
"""Bring streams up to an instant within a transaction: acts appended, alarms set."""

ReadyMade = Callable[[Claim, Instant], Ready | None]
"""What a touch of a claimed stream would write, where its rows say so (`escalation.armed`)."""

ALARM_STAYS = register(
    "ALARM_STAYS",
    "案卷 {found} 处理之后提醒仍未解除",
    "an alarm of {found} was still there after its dossier had been brought up to date",
    "运行 sla-engine verify；索引会由巡检修复",
    "run sla-engine verify; the audit of the index mends it",
)

RETRY_S = 60.0
"""How long a stream that could not be touched is left alone."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """`touched` streams were brought up to `at`, `ready` of them without being read. `failed` says
    why others were not; they keep their alarm and are tried again later. `more`: its time was over
    first. `held` is the code of what keeps the sweep from acting, "" where nothing does."""

    at: Instant
    touched: int
    failed: Mapping[str, str]
    more: bool
    next_alarm: Instant | None
    ready: int = 0
    held: str = ""


class _Failed(Exception):
    """A touch failed; its transaction is rolled back."""


@dataclass(slots=True)
class _Done:
    """What a sweep has done so far: which streams it touched, each with the alarm that it had."""

    at: Instant = 0
    touched: dict[str, Instant | None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    ready: int = 0

    def succeed(self, claim: Claim) -> None:
        self.touched[claim.stream] = _first(claim)

    def fail(self, claim: Claim, reason: str) -> None:
        self.touched.pop(claim.stream, None)
        self.failed[claim.stream] = reason

    def knows(self, claim: Claim) -> bool:
        """Whether a stream was touched and still has the same alarm."""
        return claim.stream in self.touched and self.touched[claim.stream] == _first(claim)


def planned(planner: Planner) -> Touch:
    """A touch from a pure planner."""

    def touch(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
        for stream, events in tx.load_all(dict.fromkeys(streams, 0)).items():
            drafts, rows = planner(stream, events, now)
            if drafts:
                tx.append(stream, len(events), drafts)
            tx.set_alarms(stream, rows)

    return touch


def nothing_ready(_claim: Claim, _now: Instant) -> Ready | None:
    """Every stream is to be read."""
    return None


def sweep(
    log: Log,
    touch: Touch,
    now: Instant,
    limit: int = 100,
    ready: ReadyMade = nothing_ready,
) -> SweepReport:
    """One sweep at an instant, `limit` streams to a transaction, until nothing is due."""
    return Sweeper(log, touch, VirtualClock(now), ready=ready, pace=unpaced(limit)).sweep()


class Sweeper:
    """The sweeps of one process; called by a `Waker`.

    Streams with a short clock are claimed before any other, in every transaction. A sweep begins no
    transaction once it has lasted `lasts_s`, so that whoever called it can do what else there is.
    `tell` is given the report of each; `idle` is called when nothing is left to do.
    """

    def __init__(
        self,
        log: Log,
        touch: Touch,
        clock: Clock,
        *,
        pace: Paced,
        ready: ReadyMade = nothing_ready,
        lasts_s: float = 1.0,
        tell: Callable[[SweepReport], object] = lambda _report: None,
        idle: Callable[[], object] = lambda: None,
    ) -> None:
        self._log = log
        self._touch = touch
        self._clock = clock
        self._ready = ready
        self._pace = pace
        self._lasts = lasts_s
        self._tell = tell
        self._idle = idle
        self._retry: dict[str, float] = {}

    def __call__(self) -> float | None:
        """One sweep; returns the seconds until there is work again, None when none is known of."""
        report = self.sweep()
        self._tell(report)
        if report.held:
            return None
        if not report.more:
            self._idle()
        return delay_until_next(report, self._clock.now())

    def sweep(self) -> SweepReport:
        """Bring up to date every stream that has an alarm by now.

        Raises errors.Unavailable when the store cannot be worked with.
        """
        done, more, held = _Done(), False, ""
        try:
            more = self._drain(done)
        except Unavailable as refusal:
            if refusal.code != CLOCKS_DISAGREE:
                raise
            held = refusal.code
        if done.failed:
            logger.error("%d streams cannot be swept: %s", len(done.failed), _some(done.failed))
        upcoming = self._log.next_alarm()
        return SweepReport(
            done.at, len(done.touched), done.failed, more, upcoming, done.ready, held
        )

    def _drain(self, done: _Done) -> bool:
        """Batch after batch; whether there was more than its time allowed."""
        until = self._clock.monotonic() + self._lasts
        while self._is_due(done):
            if self._clock.monotonic() > until:
                return True
            if not self._pace(partial(self._batch, done)):
                break
        return False

    def _is_due(self, done: _Done) -> bool:
        done.at = self._clock.now()
        upcoming = self._log.next_alarm()
        return upcoming is not None and upcoming <= done.at

    def _batch(self, done: _Done, limit: int) -> int:
        """One transaction's worth of streams, each by itself where that fails; how many."""
        claims: list[Claim] = []
        try:
            done.ready += attempt(partial(self._together, done, limit, claims), tries=2)
        except (_Failed, Conflict):
            reasons = [self._alone(claim.stream, done.at) for claim in claims]
        else:
            reasons = [ALARM_STAYS if done.knows(claim) else "" for claim in claims]
        for claim, reason in zip(claims, reasons, strict=True):
            if reason:
                done.fail(claim, reason)
                self._retry[claim.stream] = self._clock.monotonic() + RETRY_S
            else:
                done.succeed(claim)
        return len(claims)

    def _together(self, done: _Done, limit: int, claims: list[Claim]) -> int:
        """Claim and bring up to date; how many were ready made."""
        besides = done.failed.keys() | self._left_alone()
        with self._log.transact() as tx:
            claims[:] = tx.claim(done.at, limit, SHORT, besides)
            if len(claims) < limit:
                besides |= {claim.stream for claim in claims}
                claims += tx.claim(done.at, limit - len(claims), LONG, besides)
            new = [claim for claim in claims if not done.knows(claim)]
            unready = [claim.stream for claim in new if not self._fire(tx, claim, done.at)]
            if unready:
                _guarded(self._touch, tx, unready, done.at)
        return len(new) - len(unready)

    def _fire(self, tx: Transaction, claim: Claim, now: Instant) -> bool:
        """Write what is due on a stream if that is ready made."""
        made = self._ready_made(claim, now)
        if made is None:
            return False
        if made.drafts:
            tx.append(claim.stream, claim.version, made.drafts)
        for row in made.rows:
            tx.put_alarm(claim.stream, row)
        return True

    def _ready_made(self, claim: Claim, now: Instant) -> Ready | None:
        """What cannot be read as a plan is no plan: the dossier is read and its rows made anew."""
        try:
            return self._ready(claim, now)
        except Exception as error:
            # Its text may quote personal data.
            logger.warning("the plan of %s cannot be read: %s", claim.stream, type(error).__name__)
            return None

    def _alone(self, stream: str, now: Instant) -> str:
        """Touch one stream in its own transaction; returns why that failed, or ""."""

        def touch() -> None:
            with self._log.transact() as tx:
                _guarded(self._touch, tx, (stream,), now)

        try:
            attempt(touch)
        except (_Failed, Conflict) as failure:
            return failure.code if isinstance(failure, Conflict) else str(failure)
        return ""

    def _left_alone(self) -> set[str]:
        """Streams that failed a short while ago: what is broken must not take all the time."""
        now = self._clock.monotonic()
        self._retry = {stream: at for stream, at in self._retry.items() if at > now}
        return set(self._retry)


def delay_until_next(report: SweepReport, now: Instant) -> float | None:
    """Seconds from `now` until a sweep has work again; None when nothing is known to come.

    A stream that failed keeps its alarm in the past, which is no reason to hurry.
    """
    if report.more:
        return 0.0
    if report.next_alarm is None or report.next_alarm <= report.at:
        return None
    return max(0.0, (report.next_alarm - now) / 1_000_000)


def _first(claim: Claim) -> Instant | None:
    return min((row.alarm_at for row in claim.due if row.alarm_at is not None), default=None)


def _guarded(touch: Touch, tx: Transaction, streams: Sequence[str], now: Instant) -> None:
    """A touch whose failure is a stream's own, not the store's."""
    try:
        touch(tx, streams, now)
    except (Conflict, Unavailable):
        raise
    except Exception as error:
        # Its text may quote personal data.
        reason = error.code if isinstance(error, Refusal) else type(error).__name__
        raise _Failed(reason) from error


def _some(failed: Mapping[str, str]) -> Mapping[str, str]:
    return dict(list(failed.items())[:5])

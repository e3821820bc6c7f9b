"""APScheduler as an alarm clock, and nothing more: the truth about what is due is in the log.

One interval job is pulled forward to the next alarm. A sweep happens at least every heartbeat, so
a lost hint costs no more than that; a monotonic watchdog replaces the scheduler when its thread
has died or the wall clock was set back under it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, RLock, Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from sla_engine.clock import Clock, SystemClock
from sla_engine.errors import Unavailable
from sla_engine.record import Instant

logger = logging.getLogger(__name__)

_SWEEP = "due-sweep"
_PARKED = 86_400.0


class Waker:
    """Runs `sweep` when something is due.

    `sweep` returns seconds until it will have work again, None when it knows of none. `clock` is
    the clock that alarms are set by; it need not agree with this machine's.
    """

    def __init__(
        self,
        sweep: Callable[[], float | None],
        clock: Clock,
        heartbeat: float = 1.0,
    ) -> None:
        self._sweep = sweep
        self._clock = clock
        self._heartbeat = heartbeat
        # APScheduler reads this machine's clock, so what is said to it must be in its terms.
        self._machine = SystemClock()
        self._lock = RLock()
        self._stop = Event()
        self._sweeping = False
        self._planned = self._last_end = self._last_good = self._machine.monotonic()
        self._hinted: float | None = None
        self._scheduler: BackgroundScheduler | None = None
        self._watchdog = Thread(target=self._watch, name="waker-watchdog", daemon=True)

    def start(self) -> None:
        """Sweep now and from now on."""
        self._revive()
        self._watchdog.start()

    def stop(self) -> None:
        """Returns when the sweep under way has ended."""
        self._stop.set()
        self._watchdog.join()
        _shut(self._scheduler, wait=True)

    def hint(self, due: Instant) -> None:
        """An alarm was set for `due`, here or in another process. Cheap; may be called after every
        commit, and never fails: a lost hint costs no more than a heartbeat."""
        with suppress(Unavailable):
            delay = (due - self._clock.now()) / 1_000_000
            if delay < self._heartbeat:
                with self._lock:
                    self._pull_forward(self._machine.monotonic() + max(0.0, delay))

    def healthy(self) -> bool:
        """Whether a sweep has succeeded within three heartbeats. `scheduler.running` would lie."""
        return self._machine.monotonic() - self._last_good <= 3 * self._heartbeat

    # ------------------------------------------------------------------------- within the job

    def _wake(self) -> None:
        with self._lock:
            if self._sweeping:
                return
            self._sweeping, self._hinted = True, None
            # No turn comes while this one is under way; a lost one is the watchdog's business.
            self._plan(self._machine.monotonic() + _PARKED)
        delay: float | None = None
        try:
            delay = self._sweep()
            self._last_good = self._machine.monotonic()
        except Unavailable as refusal:
            logger.warning("no sweep: %s", refusal)
        finally:
            # What else was raised is logged by APScheduler; the next heartbeat tries again.
            self._rearm(delay)

    def _rearm(self, delay: float | None) -> None:
        wait = self._heartbeat if delay is None else min(delay, self._heartbeat)
        with self._lock:
            self._sweeping = False
            self._last_end = self._machine.monotonic()
            at = self._last_end + wait
            self._plan(at if self._hinted is None else min(at, self._hinted))

    def _pull_forward(self, at: float) -> None:
        """Plan for the monotonic time `at` if that is earlier; during a sweep, remember it."""
        if self._sweeping:
            self._hinted = at if self._hinted is None else min(at, self._hinted)
        elif at < self._planned:
            self._plan(at)

    def _plan(self, at: float) -> None:
        self._planned = at
        if self._scheduler is not None and not self._stop.is_set():
            # A scheduler that lost its job sleeps on; the watchdog replaces it.
            with suppress(JobLookupError):
                self._scheduler.modify_job(_SWEEP, next_run_time=self._wall(at))

    def _wall(self, at: float) -> datetime:
        """A monotonic time in the terms of APScheduler."""
        ahead = max(0.0, at - self._machine.monotonic())
        return _instant(self._machine.now()) + timedelta(seconds=ahead)

    # -------------------------------------------------------------------------- life and death

    def _watch(self) -> None:
        while not self._stop.wait(self._heartbeat):
            silent = self._machine.monotonic() - self._last_end
            if silent > 3 * self._heartbeat and not self._sweeping:
                logger.error("no sweep for %.1f s; the scheduler is replaced", silent)
                self._revive()

    def _revive(self) -> None:
        """A fresh scheduler in place of whatever there was."""
        with self._lock:
            former, self._scheduler = self._scheduler, self._build()
            self._planned = self._last_end = self._machine.monotonic()
            self._scheduler.start()
        _shut(former, wait=False)

    def _build(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            # The next turn may begin before the pool has noticed that the last one has ended.
            executors={"default": ThreadPoolExecutor(3)},
            # The default grace of one second silently drops whatever is later.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 3},
            timezone=UTC,
        )
        now = _instant(self._machine.now())
        scheduler.add_job(
            self._wake, IntervalTrigger(seconds=self._heartbeat), id=_SWEEP, next_run_time=now
        )
        return scheduler


def _instant(now: Instant) -> datetime:
    return datetime.fromtimestamp(now / 1_000_000, UTC)


def _shut(scheduler: BackgroundScheduler | None, wait: bool) -> None:
    if scheduler is not None:
        with suppress(SchedulerNotRunningError):
            # A look at what is due may have begun: it must not find work for hands that are gone.
            scheduler.remove_all_jobs()
            scheduler.shutdown(wait=wait)

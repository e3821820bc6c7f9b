"""The database's time, believed only as long as this machine's clock agrees.

All processes that share a store share its time. But one wrong clock would fire everything that is
due in the coming weeks, so a second clock must say about the same. Which of two clocks is wrong
nobody can know: while they disagree nothing is recorded, and somebody is told.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Unavailable, register
from sla_engine.record import Instant

logger = logging.getLogger(__name__)

CLOCKS_DISAGREE = register(
    "CLOCKS_DISAGREE",
    "数据库时钟与本机时钟相差 {found}，超过允许的 {allowed}，暂停处理",
    "the database's clock and this machine's are {found} apart, more than the {allowed} allowed; "
    "nothing is recorded meanwhile",
    "核对两处的对时服务（NTP）；时钟一致后自动继续，积压的到期事项随即补办",
    "check the time service (NTP) on both; work goes on by itself once they agree, and whatever "
    "has become due is then done",
)


class _Reading(NamedTuple):
    """The primary's time at a monotonic time of this machine."""

    monotonic: float
    now: Instant


class GuardedClock:
    """Implements `clock.Clock`: the time of `primary` (a log's `now`), guarded by `second`.

    The primary is asked at most every `every_s` seconds; in between its time is carried on by this
    machine's monotonic clock, which nobody can set. Where there is no primary time (SQLite) the
    second clock's is taken.
    """

    def __init__(
        self,
        primary: Callable[[], Instant | None],
        second: Clock,
        within_s: float = 30.0,
        every_s: float = 1.0,
    ) -> None:
        self._primary = primary
        self._second = second
        self._within = within_s
        self._every = every_s
        self._reading: _Reading | None = None
        self._last: Instant = 0
        self.apart_s = 0.0
        """How far ahead of this machine the primary was when it was last asked."""

    @property
    def held(self) -> bool:
        """Whether the clocks disagreed when they were last compared."""
        return abs(self.apart_s) > self._within

    def monotonic(self) -> float:
        return self._second.monotonic()

    def now(self) -> Instant:
        """Raises errors.Unavailable `CLOCKS_DISAGREE`."""
        reading = self._reading
        if reading is None or self.monotonic() - reading.monotonic >= self._every:
            reading = self._reading = self._compare()
        if reading is None:
            return self._second.now()
        at = reading.now + round((self.monotonic() - reading.monotonic) * 1_000_000)
        return self._not_back(at)

    def _compare(self) -> _Reading | None:
        """Ask both clocks. The primary's time counts from when its answer is here: a process that
        stood still while it asked is behind the time, and never ahead of it."""
        now, here = self._primary(), self._second.monotonic()
        if now is None:
            return None
        was_held = self.held
        self.apart_s = (now - self._second.now()) / 1_000_000
        if self.held:
            if not was_held:
                logger.error("the clocks are %.1f s apart; nothing is recorded", self.apart_s)
            self._reading = None
            found, allowed = f"{self.apart_s:+.1f} s", f"{self._within:g} s"
            raise Unavailable(Fault(CLOCKS_DISAGREE, "clock", found, allowed))
        if was_held:
            logger.warning("the clocks agree again")
        return _Reading(here, now)

    def _not_back(self, at: Instant) -> Instant:
        """Small corrections do not take time back; a large one both clocks agree upon."""
        small = 0 < self._last - at <= self._within * 1_000_000
        self._last = self._last if small else at
        return self._last

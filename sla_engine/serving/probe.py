"""Looks at the store from time to time: figures that are read, and questions of readiness."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Unavailable
from sla_engine.projection import FollowedLog
from sla_engine.record import Instant
from sla_engine.scheduler.guard import CLOCKS_DISAGREE, GuardedClock
from sla_engine.serving.health import FOLLOWER_BEHIND, SCHEMA_DIFFERS, Check, Health
from sla_engine.serving.metrics import Metrics
from sla_engine.store import gauges
from sla_engine.store.application import PetitionLog

_MOST_LETTERS = 10_000


class StoreProbe:
    """What can be read of a store, at each `look`; the questions are answered from that.

    `log` is one of its own with little patience: whoever looks does not stand in line with those
    who work. `followers`: whose lag is told.
    """

    def __init__(
        self,
        log: PetitionLog,
        clock: Clock,
        metrics: Metrics,
        followers: Sequence[str],
        clocks_s: float,
    ) -> None:
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._followers = followers
        self._guarded = GuardedClock(log.now, clock, clocks_s)
        self._schema = self._found = gauges.schema(log)
        self._head = log.head()
        self._lags: dict[str, float] = {}
        self._away: tuple[Fault, ...] = ()
        self._apart: tuple[Fault, ...] = ()

    def look(self) -> None:
        """Read everything once."""
        self._away = self._apart = ()
        try:
            self._look()
        except Unavailable as refusal:
            if refusal.code == CLOCKS_DISAGREE:
                self._apart = refusal.faults
            else:
                self._away = refusal.faults

    def reachable(self) -> Iterable[Fault]:
        """Whether the store answered."""
        return self._away

    def agree(self) -> Iterable[Fault]:
        """Whether the store's clock and this machine's agreed."""
        return self._apart

    def current(self) -> Iterator[Fault]:
        """Whether the schema is still the one this process began with."""
        if self._found != self._schema:
            yield Fault(SCHEMA_DIFFERS, "", str(self._found), str(self._schema))

    def keeps_up(self, followers: Iterable[str], allowed_s: float) -> Iterator[Fault]:
        """Whether these followers were near the head."""
        for name in followers:
            lag = self._lags.get(name, 0.0)
            if lag > allowed_s:
                yield Fault(FOLLOWER_BEHIND, name, f"{lag:.0f}", f"{allowed_s:g}")

    def _look(self) -> None:
        now = self._clock.now()
        self._found = gauges.schema(self._log)
        self._look_at_followers(now)
        for lane, backlog in gauges.backlog(self._log, now).items():
            late = 0.0 if backlog.oldest is None else (now - backlog.oldest) / 1_000_000
            self._metrics.due.labels(lane).set(backlog.alarms)
            self._metrics.oldest.labels(lane).set(late)
        try:
            self._guarded.now()
        finally:
            self._metrics.offset.set(-self._guarded.apart_s)

    def _look_at_followers(self, now: Instant) -> None:
        head = self._log.head()
        self._metrics.head.set(head)
        self._metrics.events.inc(head - self._head)
        self._head = head
        age = cache(lambda after: _age(self._log, after, now))
        reached = self._log.positions()
        for name in self._followers:
            position = reached.get(name, 0)
            self._lags[name] = age(position) if position < head else 0.0
            self._metrics.lag_events.labels(name).set(max(0, head - position))
            self._metrics.lag_seconds.labels(name).set(self._lags[name])
            letters = sum(1 for _ in islice(self._log.dead_letters(name), _MOST_LETTERS))
            self._metrics.letters.labels(name).set(letters)


def _age(log: FollowedLog, after: int, now: Instant) -> float:
    """How long ago the first event behind a position was recorded, in seconds."""
    following = log.follow(after, 1)
    return max(0.0, (now - following[0].meta.recorded_at) / 1_000_000) if following else 0.0


def probing(
    look: Sequence[Callable[[], None]],
    health: Health,
    checks: Mapping[str, Check],
    every_s: float,
) -> Callable[[], float]:
    """The step of a loop that looks and asks. Where looking fails the questions are asked all the
    same: that the store is away is an answer."""

    def step() -> float:
        try:
            for each in look:
                each()
        finally:
            health.look(checks)
        return every_s

    return step

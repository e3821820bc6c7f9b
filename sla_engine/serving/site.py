"""What all roles of a process share: a store, rules, clocks, figures, and bells between them."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Unavailable
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import FollowerTransaction
from sla_engine.record import Instant
from sla_engine.scheduler.guard import GuardedClock
from sla_engine.serving.health import Check
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.probe import StoreProbe
from sla_engine.serving.role import Role
from sla_engine.settings import Settings
from sla_engine.store.application import open_store
from sla_engine.streams.client import connect, reaching
from sla_engine.streams.hints import Announcer, Listener
from sla_engine.wiring import Engine

HINTS = "sla-engine:hints"

Transact = Callable[[], AbstractContextManager[FollowerTransaction]]


class Bell:
    """Rung after a commit; whoever works in this process hears it, and other processes too where
    there is a Redis. Never fails: what is not heard is seen at the next look."""

    def __init__(self) -> None:
        self.on_moved: list[Callable[[], object]] = []
        self.on_due: list[Callable[[Instant], object]] = []
        self.announcer: Announcer | None = None

    def ring(self, due: Instant | None) -> None:
        """The log has grown; `due` is its earliest alarm."""
        self.moved()
        if self.announcer is not None:
            self.announcer.moved()
        if due is not None:
            self.due(due)
            if self.announcer is not None:
                self.announcer.due(due)

    def moved(self) -> None:
        for each in self.on_moved:
            each()

    def due(self, due: Instant) -> None:
        for each in self.on_due:
            each(due)


class Shared:
    """Implements `process.Site`. The roles are put in by whoever makes it."""

    def __init__(self, settings: Settings, rules: Rulebook, clock: Clock, metrics: Metrics) -> None:
        """Opens the store. Raises errors.Unavailable while it is away."""
        self.settings = settings
        self.clock = clock
        self.metrics = metrics
        log = open_store(settings.store, wait=settings.busy_s)
        log.transact = self._timed(log.transact)  # type: ignore[method-assign]  # of this one log
        self.guarded = GuardedClock(log.now, clock, settings.clocks_s)
        self.engine = Engine(log, self.guarded, settings, rules)
        self.engine.store = settings.store
        self.bell = Bell()
        self.listener: Listener | None = None
        self.roles: Sequence[Role] = ()
        self.followers: list[str] = [
            name for runner in self.engine.runners for name in runner.names
        ]
        self.probe = StoreProbe(log, clock, metrics, self.followers)
        self.look: list[Callable[[], None]] = [self.probe.look, self._look_at_work]
        self.checks: dict[str, Check] = {
            "store": self.probe.reachable,
            "schema": self.probe.current,
            "clocks": self._clocks_agree,
        }
        if settings.redis:
            self._join_redis()

    def close(self) -> None:
        for each in (self.listener, self.bell.announcer):
            if each is not None:
                each.close()
        self.engine.close()

    def news(self) -> None:
        """Something was committed here."""
        with suppress(Unavailable):
            self.bell.ring(self.engine.next_alarm())

    def _timed(self, transact: Transact) -> Transact:
        @contextmanager
        def timed() -> Iterator[FollowerTransaction]:
            with transact() as tx:
                yield tx
                decided = self.clock.monotonic()
                tx.after_commit(
                    lambda: self.metrics.commits.observe(self.clock.monotonic() - decided)
                )

        return timed

    def _join_redis(self) -> None:
        url = self.settings.redis
        self.bell.announcer = Announcer(connect(url, "hints"), HINTS, self.clock)
        self.listener = Listener(connect(url, "ears"), HINTS, self.bell.due, self.bell.moved)
        pulse = connect(url, "probe")

        def answers() -> Iterable[Fault]:
            with reaching():
                pulse.ping()
            return ()

        self.checks["redis"] = answers

    def _clocks_agree(self) -> Iterable[Fault]:
        self.guarded.now()
        self.metrics.offset.set(-self.guarded.apart_s)
        return ()

    def _look_at_work(self) -> None:
        """Rebuilds and campaigns under way."""
        log, head = self.engine.log, max(self.engine.log.head(), 1)
        self.metrics.rebuild.clear()
        for name in self.followers:
            if reached := log.position(f"{name}/rebuild"):
                self.metrics.rebuild.labels(name).set(reached / head)
        for campaign in self.engine.campaigns.all():
            self.metrics.campaign.labels(campaign.id).set(campaign.share)

"""What all roles of a process share: a store, rules, clocks, figures, and bells between them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cached_property

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Unavailable
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import FollowerTransaction
from sla_engine.record import Instant
from sla_engine.regions import one_store
from sla_engine.scheduler.guard import GuardedClock
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.writer import Limits, Writer
from sla_engine.serving.endpoint import Application
from sla_engine.serving.health import Check
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.probe import StoreProbe
from sla_engine.serving.role import Role
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog, open_store
from sla_engine.streams.client import connect, reaching
from sla_engine.streams.hints import Announcer, Listener
from sla_engine.wiring import Engine

HINTS = "sla-engine:hints"

_IMPATIENT_S = 2.0

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
        self.roles: Sequence[Role] = ()
        self.app: Application | None = None
        self.bell = Bell()
        with ExitStack() as opened:
            # With little patience first: that a store is away should soon be known.
            self._watched = self._open(opened, min(settings.busy_s, _IMPATIENT_S))
            self.engine = self._engine(self._open(opened, settings.busy_s), rules)
            self.followers = [name for each in self.engine.runners for name in each.names]
            self.probe = StoreProbe(
                self._watched, clock, metrics, self.followers, settings.clocks_s
            )
            self.look: list[Callable[[], None]] = [self.probe.look, self._look_at_work]
            self.checks: dict[str, Check] = {
                "store": self.probe.reachable,
                "schema": self.probe.current,
                "clocks": self.probe.agree,
            }
            if settings.redis:
                self._join_redis(opened)
            self._opened = opened.pop_all()

    def close(self) -> None:
        self._opened.close()

    def _open(self, opened: ExitStack, wait: float) -> PetitionLog:
        log = open_store(one_store(self.settings.store), wait=wait)
        opened.callback(log.close)
        return log

    def _engine(self, log: PetitionLog, rules: Rulebook) -> Engine:
        log.transact = self._timed(log.transact)  # type: ignore[method-assign]  # of this one log
        clock = GuardedClock(log.now, self.clock, self.settings.clocks_s)
        engine = Engine(log, clock, self.settings, rules)
        engine.store = self.settings.store
        return engine

    @cached_property
    def writer(self) -> Writer:
        """Every role that takes facts in shares its commits."""
        writer = Writer(self._take, Limits(batch=self.settings.batch))
        self.metrics.queue.set_function(lambda: writer.depth)
        return writer

    def _take(self, submissions: Sequence[Submission]) -> list[Outcome]:
        outcomes = self.engine.handler.take(submissions, self.engine.clock.now())
        self.metrics.batches.observe(len(outcomes))
        for (status, code), count in Counter(map(_told, outcomes)).items():
            self.metrics.submissions.labels(status, code).inc(count)
        self.news()
        return outcomes

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

    def _join_redis(self, opened: ExitStack) -> None:
        url = self.settings.redis
        self.bell.announcer = Announcer(connect(url, "hints"), HINTS, self.clock)
        opened.callback(self.bell.announcer.close)
        listener = Listener(connect(url, "ears"), HINTS, self.bell.due, self.bell.moved)
        opened.callback(listener.close)
        pulse = connect(url, "probe")

        def answers() -> Iterable[Fault]:
            with reaching():
                pulse.ping()
            return ()

        self.checks["redis"] = answers

    def _look_at_work(self) -> None:
        """Rebuilds and campaigns under way."""
        reached, head = self._watched.positions(), max(self._watched.head(), 1)
        self.metrics.rebuild.clear()
        for name in self.followers:
            if position := reached.get(f"{name}/rebuild"):
                self.metrics.rebuild.labels(name).set(position / head)
        for campaign in self.engine.campaigns.all():
            self.metrics.campaign.labels(campaign.id).set(campaign.share)


def _told(outcome: Outcome) -> tuple[str, str]:
    """What a submission is counted under: its status, and the code of a refusal."""
    return outcome.status, outcome.faults[0].code if outcome.faults else ""

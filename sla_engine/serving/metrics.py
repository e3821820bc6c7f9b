"""Every figure the processes give out, named here and nowhere else (docs/operations.md lists them).

Each process has figures of its own. Those that are read from the store (lag, alarms, letters) are
the same wherever they are read; add up the counters and take the maximum of the gauges.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

PREFIX = "sla_engine_"

M = TypeVar("M", bound=MetricWrapperBase)

_SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
_LAGS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600, 3_600, 86_400)


class Described(NamedTuple):
    """One figure as documents list it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types it not
        self.registry = CollectorRegistry()
        self._made: list[tuple[MetricWrapperBase, tuple[str, ...]]] = []
        self._of_the_log()
        self._of_followers()
        self._of_the_scheduler()
        self._of_work_under_way()
        self._of_the_process()

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self.registry)

    def described(self) -> Iterator[Described]:
        """Every figure, in the order of this page."""
        for metric, labels in self._made:
            (family,) = metric.describe()
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            yield Described(family.name + suffix, family.type, labels, family.documentation)

    def _of_the_log(self) -> None:
        self.events = self._counter(
            "events_appended", "events appended to the log since this process began, by whomever"
        )
        self.commits = self._histogram(
            "commit_seconds", "from the last decision of a transaction to its commit", _SECONDS
        )
        self.head = self._gauge("log_position", "position of the newest event in the log")
        self.submissions = self._counter(
            "intake", "submissions answered, by outcome and code", "status", "code"
        )
        self.batches = self._histogram("intake_batch_size", "submissions in one commit", _SIZES)
        self.queue = self._gauge("intake_queue", "submissions that wait for the writer")
        self.backlog = self._gauge(
            "stream_backlog", "entries of a Redis stream not yet acknowledged", "stream"
        )

    def _of_followers(self) -> None:
        self.lag_events = self._gauge(
            "follower_lag_events", "events a follower is behind the log", "follower"
        )
        self.lag_seconds = self._gauge(
            "follower_lag_seconds", "age of the first event a follower has not taken", "follower"
        )
        self.letters = self._gauge(
            "dead_letters", "what a follower or channel has put aside", "follower"
        )
        self.deliveries = self._counter(
            "deliveries", "attempts to deliver, by channel and outcome", "channel", "outcome"
        )

    def _of_the_scheduler(self) -> None:
        self.due = self._gauge("alarms_due", "alarms that have come and are not dealt with", "lane")
        self.oldest = self._gauge(
            "alarm_oldest_seconds", "how long the oldest of these has been due", "lane"
        )
        self.touched = self._counter("sweep_touched", "dossiers brought up to date by sweeps")
        self.failed = self._counter("sweep_failed", "dossiers that a sweep could not bring up")
        self.held = self._counter("sweep_held", "sweeps held back because clocks disagreed")
        self.sweeps = self._histogram("sweep_seconds", "duration of sweeps", _SECONDS)
        self.firing = self._histogram(
            "firing_lag_seconds", "from an alarm's instant to the sweep that dealt with it", _LAGS
        )
        self.offset = self._gauge(
            "clock_offset_seconds", "this machine's clock less the database's"
        )

    def _of_work_under_way(self) -> None:
        self.rebuild = self._gauge(
            "rebuild_ratio", "how far a rebuild has come, from 0 to 1", "model"
        )
        self.campaign = self._gauge(
            "campaign_ratio", "how far a campaign has come, from 0 to 1", "campaign"
        )

    def _of_the_process(self) -> None:
        self.ready = self._gauge("ready", "1 if a check of readiness passes, else 0", "check")
        self.failures = self._counter(
            "loop_failures", "steps of a loop that ended in an error, by its code", "loop", "code"
        )
        self.started = self._counter("loop_steps", "steps a loop has begun", "loop")
        self.build = Info(PREFIX + "build", "version and role", registry=self.registry)
        self._made.append((self.build, ("version", "role")))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return self._kept(Counter(PREFIX + name, text, labels, registry=self.registry), labels)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return self._kept(Gauge(PREFIX + name, text, labels, registry=self.registry), labels)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        made = Histogram(PREFIX + name, text, buckets=buckets, registry=self.registry)
        return self._kept(made, ())

    def _kept(self, made: M, labels: tuple[str, ...]) -> M:
        self._made.append((made, labels))
        return made

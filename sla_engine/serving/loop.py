"""A thread that does one step again and again, whatever becomes of it.

What a step raises is logged and counted, and the loop goes on after a pause that grows while
nothing succeeds: a database or a Redis that was away is found again without a restart.
"""

from collections.abc import Callable
from threading import Event, Thread

import structlog
from structlog.contextvars import bound_contextvars

from sla_engine.clock import Clock
from sla_engine.errors import Unavailable
from sla_engine.serving.logs import code_of
from sla_engine.serving.metrics import Metrics

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_TELL_EVERY = 20

log = structlog.stdlib.get_logger(__name__)

Step = Callable[[], float]
"""Does some work; seconds until it wants to be called again, 0 if there is more of it."""


class Loop:
    """Runs `step` in a thread of its own from `start` to `stop`."""

    def __init__(self, name: str, step: Step, role: str, metrics: Metrics, clock: Clock) -> None:
        self.name = name
        self.role = role
        self._step = step
        self._metrics = metrics
        self._clock = clock
        self._stopping, self._wake = Event(), Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._good = clock.monotonic()
        self._trouble = ""
        self._failures = 0

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is news: do not wait for the end of the pause."""
        self._wake.set()

    def ask_to_stop(self) -> None:
        """Begin no further step. Returns at once."""
        self._stopping.set()
        self._wake.set()

    def join(self, patience: float) -> bool:
        """Wait for the step under way; False if it has not ended within `patience` seconds."""
        if self._thread.is_alive():
            self._thread.join(max(0.0, patience))
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """Code of the error in which the last step ended; empty if it ended well."""
        return self._trouble

    def since_good(self) -> float:
        """Seconds since a step ended well, or since the beginning."""
        return self._clock.monotonic() - self._good

    def _run(self) -> None:
        with bound_contextvars(role=self.role):
            while not self._stopping.is_set():
                self._wake.clear()
                wait = self._once()
                if wait > 0 and not self._stopping.is_set():
                    self._wake.wait(wait)

    def _once(self) -> float:
        self._metrics.started.labels(self.name).inc()
        try:
            wait = self._step()
        except Exception as error:
            return self._after(error)
        if self._failures:
            log.info("loop goes on", loop=self.name, failures=self._failures)
        self._good, self._trouble, self._failures = self._clock.monotonic(), "", 0
        return wait

    def _after(self, error: Exception) -> float:
        self._trouble = code_of(error) or type(error).__name__
        self._metrics.failures.labels(self.name, self._trouble).inc()
        if self._failures % _TELL_EVERY == 0:
            say = log.warning if isinstance(error, Unavailable) else log.error
            say("loop waits", loop=self.name, failures=self._failures + 1, exc_info=error)
        self._failures += 1
        return float(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(self._failures, 10)))

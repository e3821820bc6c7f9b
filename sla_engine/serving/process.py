"""One process from its start to its end: an endpoint, a store, roles, and the signal to stop.

The endpoint is there before anything else, so that whoever asks learns why the process is not
ready. A store that is away is waited for. On SIGTERM or SIGINT nothing new is begun, what was
begun is finished, and after `stop_s` seconds what is left is given up: it was not acknowledged,
so it is done again by another process or after the next start. A second signal ends at once.
"""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Protocol

import structlog

from sla_engine import __version__
from sla_engine.clock import Clock
from sla_engine.errors import Unavailable
from sla_engine.serving.endpoint import TEXT, Application, Endpoint, Page, json_page
from sla_engine.serving.health import Check, Health
from sla_engine.serving.loop import Loop
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.notify import Notifier
from sla_engine.serving.probe import probing
from sla_engine.serving.role import WEB, Part, Role

_TICK_S, _PAUSE_S = 1.0, 2.0

log = structlog.stdlib.get_logger(__name__)


class Site(Protocol):
    """What the roles of a process share. Everything is opened by `Opened`, closed by `close`."""

    @property
    def roles(self) -> Sequence[Role]: ...

    @property
    def look(self) -> Sequence[Callable[[], None]]:
        """Reads figures."""
        ...

    @property
    def checks(self) -> Mapping[str, Check]:
        """Questions that concern every role."""
        ...

    @property
    def app(self) -> Application | None:
        """What the endpoint serves beside health and figures."""
        ...

    def close(self) -> None: ...


Open = Callable[[], Site]
"""Opens the store and makes the roles. Raises errors.Unavailable while the store is away, any
other Refusal when it is no use to wait."""


class Process:
    """Runs the roles of one process until it is told to stop."""

    def __init__(
        self, names: Sequence[str], clock: Clock, metrics: Metrics, probe_s: float, stop_s: float
    ) -> None:
        self.names = names
        self.clock = clock
        self.metrics = metrics
        self._probe_s = probe_s
        self._stop_s = stop_s
        self._health = Health(clock, metrics, valid_s=max(15.0, 4 * probe_s))
        self._stop = Event()
        self._parts: list[Part] = []
        self._listening: Endpoint | None = None
        self._notifier = Notifier()

    def run(
        self, open_site: Open, host: str, port: int | None, near: str = "*", proxies: str = ""
    ) -> bool:
        """Returns when all is stopped: whether everything that was begun was finished in time.
        `near`, `proxies`: as `Endpoint`."""
        self.metrics.build.info({"version": __version__, "role": "+".join(self.names)})
        with self._told_to_stop(), self._endpoint(host, port, near, proxies):
            # Up, if perhaps waiting: to be killed for that would not bring the store back.
            self._notifier.ready()
            site = self._opened(open_site)
            if site is None:
                return True
            try:
                self._work(site)
                return self._finish(site)
            finally:
                site.close()

    def stop(self) -> None:
        self._stop.set()

    # ------------------------------------------------------------------------------- its life

    def _opened(self, open_site: Open) -> Site | None:
        """The site, as soon as its store is there; None if the process was stopped before."""
        while not self._stop.is_set():
            try:
                return open_site()
            except Unavailable as away:
                log.warning("the store is waited for", code=away.code)
                self._health.look({"store": lambda away=away: away.faults})  # type: ignore[misc]
                self._notifier.status(f"waiting for the store ({away.code})")
                self._notifier.alive()
                self._stop.wait(_PAUSE_S)
        return None

    def _work(self, site: Site) -> None:
        step = probing(site.look, self._health, self._checks(site), self._probe_s)
        probe = Loop("probe", step, self.names[0], self.metrics, self.clock)
        for role in site.roles:
            role.start()
        probe.start()
        if self._listening is not None:
            self._listening.app = site.app
        self._parts = [probe, *(part for role in site.roles for part in role.parts)]
        self._notifier.status(f"serving {', '.join(self.names)}")
        log.info("serving", roles=list(self.names))
        while not self._stop.wait(_TICK_S):
            if all(part.alive for part in self._parts):
                self._notifier.alive()
        probe.ask_to_stop()

    def _finish(self, site: Site) -> bool:
        self._notifier.stopping()
        log.info("stopping")
        until = self.clock.monotonic() + self._stop_s
        clean = True
        for role in site.roles:
            in_time = role.stop(self.clock, until - self.clock.monotonic())
            if not in_time:
                log.error("not finished in time", unfinished=role.name)
            clean = clean and in_time
        log.info("stopped", clean=clean)
        return clean

    @staticmethod
    def _checks(site: Site) -> dict[str, Check]:
        found = dict(site.checks)
        for role in site.roles:
            found |= role.checks
        return found

    @contextmanager
    def _told_to_stop(self) -> Iterator[None]:
        def on_signal(number: int, _: FrameType | None) -> None:
            self._stop.set()
            signal.signal(number, signal.SIG_DFL)

        before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # ---------------------------------------------------------------------------- its answers

    @contextmanager
    def _endpoint(self, host: str, port: int | None, near: str, proxies: str) -> Iterator[None]:
        if port is None:
            yield
            return
        pages = {
            "/health/live": self._live,
            "/health/ready": self._ready,
            "/metrics": self._figures,
        }
        endpoint = self._listening = Endpoint(host, port, pages, near, proxies)
        endpoint.awaited = WEB in self.names
        endpoint.start()
        log.info("listening", address=endpoint.address)
        try:
            yield
        finally:
            endpoint.stop()

    def _live(self) -> Page:
        dead = [part.name for part in self._parts if not part.alive]
        live = not dead or self._stop.is_set()
        return json_page(live, {"live": live, "dead": dead})

    def _ready(self) -> Page:
        ready, findings = self._health.report()
        ready = ready and not self._stop.is_set()
        document = {
            "ready": ready,
            "stopping": self._stop.is_set(),
            "roles": list(self.names),
            "checks": [each.as_dict() for each in findings],
        }
        return json_page(ready, document)

    def _figures(self) -> Page:
        return Page(200, TEXT, self.metrics.text())

"""The four roles, each made of what the engine offers."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from structlog.contextvars import bound_contextvars

from sla_engine.clock import Clock
from sla_engine.delivery.book import dead_name
from sla_engine.delivery.channel import Channel
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.redis_stream import RedisStream
from sla_engine.delivery.settings import Delivery, Endpoint, load_delivery
from sla_engine.delivery.webhook import Webhook
from sla_engine.delivery.wording import Words
from sla_engine.errors import Fault, refuse, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import attempt
from sla_engine.record import Instant
from sla_engine.scheduler.alarm_index import Auditor
from sla_engine.scheduler.pace import Pace
from sla_engine.scheduler.sweep import Sweeper, SweepReport
from sla_engine.scheduler.waker import Waker
from sla_engine.serving.health import SWEEP_SILENT, Check
from sla_engine.serving.logs import code_of
from sla_engine.serving.loop import Loop
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.process import Open, Site
from sla_engine.serving.role import (
    DELIVERY,
    FOLLOWERS,
    INTAKE,
    ROLES,
    SCHEDULER,
    WEB,
    Role,
    in_time,
)
from sla_engine.serving.site import Shared
from sla_engine.settings import Settings
from sla_engine.streams.client import connect, reaching
from sla_engine.streams.forgetting import Forgetter
from sla_engine.streams.group import Keys
from sla_engine.streams.intake import StreamIntake, Terms
from sla_engine.streams.letters import Letters

ROLE_NEEDS = register(
    "ROLE_NEEDS",
    "角色{found}需要设置{allowed}",
    "the role {found} needs the setting {allowed}",
)

_IDLE_S, _IDLE_WITH_HINTS_S = 0.2, 1.0
_IDLE_CAMPAIGN_S = 5.0

Make = Callable[[Shared], Role]

# What each role cannot do without.
_NEEDS: Mapping[str, str] = {INTAKE: "redis", DELIVERY: "delivery"}


def asked_for(named: Sequence[str], settings: Settings, listens: bool = False) -> list[str]:
    """The roles a process plays: those named, else all for which the settings suffice, the web
    among them if it `listens` at a port. Raises `ROLE_NEEDS`."""
    lacking = {
        role: f"SLA_ENGINE_{need.upper()}"
        for role, need in _NEEDS.items()
        if not getattr(settings, need)
    }
    if not listens:
        lacking[WEB] = "--port"
    for role in named:
        if role in lacking:
            raise refuse(ROLE_NEEDS, "", role, lacking[role])
    return [role for role in ROLES if (role in named if named else role not in lacking)]


def opener(
    settings: Settings,
    names: Sequence[str],
    rules: Rulebook,
    clock: Clock,
    metrics: Metrics,
    more: Mapping[str, Make] = {},
) -> Open:
    """What opens the store of a process and makes its roles, of which `more` are brought along."""
    make: Mapping[str, Make] = {
        INTAKE: intake,
        SCHEDULER: scheduler,
        FOLLOWERS: followers,
        DELIVERY: delivery,
        **more,
    }

    def open_site() -> Site:
        shared = Shared(settings, rules, clock, metrics)
        try:
            shared.roles = [make[name](shared) for name in names]
        except BaseException:
            shared.close()
            raise
        return shared

    return open_site


# ----------------------------------------------------------------------------------------- intake


class _Intake(Loop):
    """Reads the stream; at its end leaves to others what it has not recorded."""

    def __init__(self, shared: Shared, stream: StreamIntake) -> None:
        super().__init__(INTAKE, stream.step, INTAKE, shared.metrics, shared.clock)
        self._shared = shared
        self._stream = stream

    def join(self, patience: float) -> bool:
        until = self._clock.monotonic() + patience
        if not super().join(patience):
            return False
        left = until - self._clock.monotonic()
        return in_time(self._end, left)

    def _end(self) -> None:
        self._stream.close()
        self._shared.writer.close()


def intake(shared: Shared) -> Role:
    """Facts from the Redis stream, through one writer."""
    settings = shared.settings
    stream = StreamIntake(
        connect(settings.redis, INTAKE),
        shared.writer.submit,
        shared.clock,
        settings.intake,
        f"{socket.gethostname()}:{os.getpid()}",
        Terms(batch=settings.batch, limit=settings.line_limit),
    )
    shared.look.append(_backlog(shared))
    return Role(INTAKE, [_Intake(shared, stream), _forgetting(shared)], {})


def _forgetting(shared: Shared) -> Loop:
    """Whoever is erased in the log is forgotten in Redis."""
    letters = Letters(connect(shared.settings.redis, "erasures"), Keys.of(shared.settings.intake))
    forgetter = Forgetter(shared.engine.log, letters, shared.engine.clock)
    return Loop("erasures", forgetter.step, INTAKE, shared.metrics, shared.clock)


def _backlog(shared: Shared) -> Callable[[], None]:
    name, redis = shared.settings.intake, connect(shared.settings.redis, "backlog")
    letters = Letters(redis, Keys.of(name))

    def look() -> None:
        with reaching():
            shared.metrics.backlog.labels(name).set(redis.xlen(name))
        shared.metrics.letters.labels(INTAKE).set(letters.count())

    return look


# -------------------------------------------------------------------------------------- scheduler


class _Wake:
    """The waker as a part of a role."""

    name = "sweep"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._sweeper = _sweeper(shared, self._tell)
        self._upcoming: Instant | None = None
        self.waker = Waker(self._sweep, shared.engine.clock)
        self.trouble = ""
        self.alive = True

    def start(self) -> None:
        self.waker.start()

    def ask_to_stop(self) -> None:
        """The sweep under way ends by itself."""

    def join(self, patience: float) -> bool:
        return in_time(self.waker.stop, patience)

    def _sweep(self) -> float | None:
        shared = self._shared
        with bound_contextvars(role=SCHEDULER), shared.metrics.sweeps.time():
            shared.metrics.started.labels(self.name).inc()
            try:
                shared.engine.refresh_rules()
                self._upcoming = shared.engine.next_alarm()
                wait = self._sweeper()
            except Exception as error:
                self.trouble = code_of(error) or type(error).__name__
                shared.metrics.failures.labels(self.name, self.trouble).inc()
                raise
            self.trouble = ""
            return wait

    def _tell(self, report: SweepReport) -> None:
        metrics = self._shared.metrics
        metrics.touched.inc(report.touched)
        metrics.failed.inc(len(report.failed))
        if report.held:
            metrics.held.inc()
        if report.touched:
            if self._upcoming is not None:
                metrics.firing.observe(max(0, report.at - self._upcoming) / 1_000_000)
            self._shared.bell.ring(None)


def _sweeper(shared: Shared, tell: Callable[[SweepReport], object]) -> Sweeper:
    engine = shared.engine
    return Sweeper(
        engine.log,
        engine.handler.touch_all,
        engine.clock,
        pace=Pace(shared.clock, most=engine.settings.sweep_limit),
        ready=engine.ready_made,
        tell=tell,
        idle=Auditor(engine.log, engine.alarm_rows, engine.clock),
    )


def scheduler(shared: Shared) -> Role:
    """Fires what is due."""
    wake = _Wake(shared)
    shared.bell.on_due.append(wake.waker.hint)

    def sweeps() -> Sequence[Fault]:
        healthy = wake.waker.healthy()
        return () if healthy else (Fault(SWEEP_SILENT, "", wake.trouble or "-"),)

    return Role(SCHEDULER, [wake, _campaigning(shared)], {"sweep": sweeps})


def _campaigning(shared: Shared) -> Loop:
    """Goes on with campaigns that nobody else goes on with."""
    campaigns = shared.engine.campaigns

    def step() -> float:
        unfinished = campaigns.unfinished()
        for each in unfinished:
            campaigns.step(each)
        return 0.0 if unfinished else _IDLE_CAMPAIGN_S

    return Loop("campaigns", step, SCHEDULER, shared.metrics, shared.clock)


# -------------------------------------------------------------------------------------- followers


def followers(shared: Shared) -> Role:
    """Read models, and what follows from acts; each at its own speed."""
    loops = []
    for runner in shared.engine.runners:
        name = runner.names[0] if len(runner.names) == 1 else "read models"
        loops.append(_following(shared, name, runner.step))
    shared.bell.on_moved += [loop.wake for loop in loops]
    allowed = shared.settings.ready_lag_s
    checks: dict[str, Check] = {FOLLOWERS: lambda: shared.probe.keeps_up(shared.followers, allowed)}
    return Role(FOLLOWERS, loops, checks)


def _following(shared: Shared, name: str, take: Callable[[], int]) -> Loop:
    idle = _IDLE_WITH_HINTS_S if shared.settings.redis else _IDLE_S

    def take_up() -> int:
        shared.engine.refresh_rules()
        return take()

    def step() -> float:
        head = shared.engine.log.head()
        if not attempt(take_up):
            return idle
        if shared.engine.log.head() > head:
            # What it led to in other dossiers may have alarms of its own.
            shared.news()
        return 0.0

    return Loop(name, step, FOLLOWERS, shared.metrics, shared.clock)


# --------------------------------------------------------------------------------------- delivery


def delivery(shared: Shared) -> Role:
    """One courier for each endpoint."""
    settings = load_delivery(Path(shared.settings.delivery), os.environ)
    couriers = [_courier(shared, each, settings) for each in settings.endpoints]
    loops = [_delivering(shared, each) for each in couriers]
    shared.bell.on_moved += [loop.wake for loop in loops]
    shared.followers += [each.name for each in couriers]
    shared.look.append(lambda: _count_dead(shared, settings))
    return Role(DELIVERY, loops, {})


def _count_dead(shared: Shared, settings: Delivery) -> None:
    for endpoint in settings.endpoints:
        name = dead_name(endpoint.name)
        shared.metrics.letters.labels(name).set(len(shared.engine.log.memory(name)))


def _courier(shared: Shared, endpoint: Endpoint, settings: Delivery) -> Courier:
    engine = shared.engine
    return Courier(
        engine.log,
        endpoint,
        _channel(shared, endpoint, settings),
        settings,
        Words(lambda: engine.rules),
        clock=engine.clock,
        chance=Random(),
    )


def _channel(shared: Shared, endpoint: Endpoint, settings: Delivery) -> Channel:
    if endpoint.kind == "webhook":
        return Webhook(endpoint)
    url = endpoint.url or shared.settings.redis
    return RedisStream(endpoint, connect(url, f"delivery:{endpoint.name}"), settings)


def _delivering(shared: Shared, courier: Courier) -> Loop:
    metrics = shared.metrics

    def step() -> float:
        shared.engine.refresh_rules()
        done = courier.step()
        for outcome, number in done.outcomes.items():
            metrics.deliveries.labels(courier.name, outcome).inc(number)
        return done.wait

    return Loop(courier.name, step, DELIVERY, metrics, shared.clock)

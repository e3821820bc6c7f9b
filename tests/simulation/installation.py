"""One history of an installation: who runs, what goes wrong when, and what must be true at last."""

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from projections import READ_MODELS
from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.clock import VirtualClock
from sla_engine.delivery.book import looked_into
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.wording import Words
from sla_engine.followers.projector import rebuild as rebuild_rows
from sla_engine.followers.runner import Runner
from sla_engine.record import Instant
from sla_engine.scheduler.alarm_index import Auditor
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import Sweeper, SweepReport
from sla_engine.wiring import Engine
from tests.simulation.source import Source, petitions
from tests.simulation.weather import LEAP, OUTAGE, SKEW, drawn, hour
from tests.simulation.world import BEGIN, Build, Process, World
from tests.support import index_loss
from tests.support.delivery import engine_at, talk_causes
from tests.support.delivery import petitions as standing
from tests.support.faults import faulty_channel
from tests.support.history import flaws, out_of_turn, streams_with_acts
from tests.support.post import ENDPOINT, SETTINGS, Post
from tests.support.witness import Witness

ROOT = Path(__file__).parents[2]
DAYS = 30
HORIZON = BEGIN + 120 * DAY
HEARTBEAT = 12 * HOUR
NOTICE = """
title = "模拟通知：三月二十六日放假一天"
number = "模拟〔2025〕3号"
region = "CN"
published = 2025-03-13
covers = []
verified = false

[[holiday]]
name = "模拟假日"
off = ["2025-03-26"]
work = ["2025-03-29"]
"""


class Sweeps(Protocol):
    """What fires what is due."""

    def sweep(self) -> SweepReport: ...


Role = Callable[[Process], Instant]
"""What a process does in its turn; returns when its next one is."""


class History(NamedTuple):
    """What one seed came to. `flaws`: none is right. `story`: what went wrong on the way."""

    seed: int
    trace: str
    flaws: list[str]
    story: list[str]
    events: int
    facts: int
    sent: int
    repeated: int
    deaths: int


def role_sweeper(engine: Engine) -> Sweeps:
    """As a process of that role has it."""

    auditor = Auditor(engine.log, engine.alarm_rows, engine.clock)
    touch, made, pace = engine.handler.touch_all, engine.ready_made, unpaced(3)
    return Sweeper(engine.log, touch, engine.clock, ready=made, pace=pace, idle=auditor)


def repeat(seed: int) -> str:
    """How to have a history once more: the command, and the commit it was seen at."""
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return f"python -m tests.simulation --seed {seed}    # at commit {commit}"


class Installation:
    """Two processes of each role on one store, and what befalls them."""

    def __init__(
        self,
        seed: int,
        count: int = 5,
        build: Build = Engine,
        sweeper: Callable[[Engine], Sweeps] | None = None,
    ) -> None:
        self.seed = seed
        self.sweeper = sweeper or role_sweeper
        self.world = World(seed, build)
        self.rng = self.world.rng
        self.weather = drawn(self.rng)
        facts = petitions(self.rng, count, BEGIN, 12)
        self.source = Source.of(self.rng, self.weather, facts)
        self.world.weather = self.weather
        self.post = Post(self.world.happens)
        self.processes: list[Process] = []
        self.roles: list[tuple[Process, Role]] = []
        self._start("embedded", self._run_due)
        for number in (1, 2):
            self._start(f"intake-{number}", self._receive)
            self._start(f"sweeper-{number}", self._sweep)
            self._start(f"follower-{number}", self._follow)
            self._start(f"courier-{number}", self._deliver)
        self.witness = Witness(poison="step_done" if self.weather.poison else "")
        self._start("slow", self._trail)
        self._befall()

    def _start(self, name: str, role: Role) -> Process:
        """A process that does its work again and again."""
        process = Process(self.world, name)
        self.processes.append(process)
        self.roles.append((process, role))

        def turn() -> None:
            again = self.world.now + HOUR
            try:
                again = role(process)
            finally:
                self.world.at(max(again, self.world.now + MINUTE), process, turn)

        self.world.at(BEGIN, process, turn)
        return process

    def _until_done(self, name: str, at: Instant, work: Callable[[Process], object]) -> None:
        """A process that does one thing, and again from the start if it dies or fails at it."""
        process = Process(self.world, name)

        def turn() -> None:
            done = False
            try:
                work(process)
                done = True
            finally:
                if not done:
                    self.world.at(self.world.now + HOUR, process, turn)

        self.world.at(at, process, turn)

    # --------------------------------------------------------------------------------- roles

    def _receive(self, process: Process) -> Instant:
        facts, outcomes = self.source.take_due(self.world.now), None
        try:
            if facts:
                process.engine.refresh_rules()
                outcomes = process.engine.handler.take(facts, process.engine.clock.now())
        finally:
            if outcomes is None:
                self.source.keep(facts, self.world.now)
            else:
                self.source.settle(facts, outcomes, self.world.now)
        coming, soon = self.source.next_at, self.rng.randrange(2 * 60) * MINUTE
        return self.world.now + HEARTBEAT if coming is None else coming + soon

    def _run_due(self, process: Process) -> Instant:
        """As the command line does it: everything that is due, and the followers behind it."""
        process.engine.run_due()
        return self.world.now + self.rng.randrange(1, 5) * DAY

    def _sweep(self, process: Process) -> Instant:
        process.engine.refresh_rules()
        alarm = process.own("sweeper", self.sweeper).sweep().next_alarm
        beat = self.world.now + HEARTBEAT
        if alarm is None or self.world.happens("missed"):
            return beat
        return min(beat, alarm)

    def _follow(self, process: Process) -> Instant:
        process.engine.follow()
        return self.world.now + self.rng.randrange(12, 60) * HOUR

    def _deliver(self, process: Process) -> Instant:
        courier = process.own("courier", lambda engine: self._courier(process, engine))
        for _ in range(5):
            if courier.step().wait:
                break
        return self.world.now + self.rng.randrange(6, 30) * HOUR

    def _courier(self, process: Process, engine: Engine) -> Courier:
        return Courier(
            engine.log,
            ENDPOINT,
            faulty_channel(self.post, process.hook),
            SETTINGS,
            Words(lambda: engine.rules),
            clock=engine.clock,
            chance=Random(self.rng.random()),
        )

    def _trail(self, process: Process) -> Instant:
        """A consumer that takes three events at a time and is always behind."""
        runner = Runner(process.engine.log, self.witness, batch=3)
        for _ in range(4):
            runner.step()
        return self.world.now + self.rng.randrange(6, 24) * HOUR

    # ------------------------------------------------------------------------- what befalls them

    def _befall(self) -> None:
        weather, rng, world = self.weather, self.rng, self.world
        god = Process(world, "fate")
        if weather.skewed:
            process, off = rng.choice(self.processes), rng.choice((-SKEW, SKEW))
            begin = hour(rng, BEGIN, 20)
            world.at(begin, god, lambda: process.step_clock(off))
            world.at(begin + rng.randrange(1, 96) * HOUR, god, lambda: process.step_clock(0))
        if weather.leap:
            begin = hour(rng, BEGIN, 25)
            world.at(begin, god, lambda: world.step_database_clock(LEAP))
            for process, role in self.roles:
                world.at(begin + rng.randrange(1, 9) * MINUTE, process, partial(role, process))
            world.at(begin + 10 * MINUTE, god, lambda: world.step_database_clock(0))
        if weather.outage:
            begin = hour(rng, BEGIN, 20)
            world.at(begin, god, lambda: world.black_out(OUTAGE))
        if weather.index_lost:
            begin = hour(rng, BEGIN, 25)
            self._until_done("vandal", begin, self._drop_index)
            self._until_done("keeper", begin + rng.randrange(12) * HOUR, self._rebuild_index)
        if weather.campaign:
            self._until_done("campaign", hour(rng, BEGIN + 10 * DAY, 12), self._load_notice)
        if weather.rebuilt:
            self._until_done("rebuild", hour(rng, BEGIN, 25), self._rebuild_rows)

    def _drop_index(self, process: Process) -> None:
        self.world.tell("the alarm index is gone")
        index_loss.lose(process.engine.log)

    def _rebuild_index(self, process: Process) -> None:
        index_loss.restore(process.engine)

    def _load_notice(self, process: Process) -> None:
        self.world.tell("a notice is loaded")
        process.engine.load_notice(NOTICE)

    def _rebuild_rows(self, process: Process) -> None:
        self.world.tell("a read model is rebuilt")
        rebuild_rows(process.engine.log, self.rng.choice(READ_MODELS), batch=20)

    # ----------------------------------------------------------------------------------- end

    def run(self) -> History:
        self.world.run(BEGIN + DAYS * DAY)
        survivor = self._end_in_peace()
        found = [*self.source.wrong, *self.world.wrong, *self._flaws(survivor)]
        return History(
            self.seed,
            self.world.trace,
            found,
            self.world.story,
            survivor.log.head(),
            len(self.source.answers),
            self.source.sent,
            self.source.repeated,
            sum(each.deaths for each in self.processes),
        )

    def _end_in_peace(self) -> Engine:
        """Every process is gone; one that is new sends what is left and lets the time pass."""
        world, source = self.world, self.source
        world.calm()
        last = Process(world, "survivor")
        survivor = last.engine
        if self.weather.index_lost:
            index_loss.restore(survivor)
        if self.weather.campaign:
            survivor.load_notice(NOTICE)
        while source.waiting:
            world.now = max(world.now, *(at for at, _ in source.waiting))
            facts, before = source.take_due(world.now), len(source.waiting)
            source.settle(facts, survivor.take(facts), world.now)
            if len(source.waiting) == before + len(facts):
                world.wrong += [f"{fact.key} is never taken" for fact in facts]
                break
        while (alarm := survivor.next_alarm()) is not None and alarm <= HORIZON:
            world.now = max(world.now, min(alarm + DAY, HORIZON))
            survivor.run_due()
        world.now = HORIZON
        courier = self._courier(last, survivor)
        courier.run()
        while courier.lag() or looked_into(survivor.log, ENDPOINT.name).size:
            world.now += HOUR
            courier.run()
        survivor.follow()
        Runner(survivor.log, self.witness).run()
        return survivor

    def _flaws(self, survivor: Engine) -> Iterator[str]:
        yield from flaws(survivor, self.source.answers)
        yield from self.witness.flaws(survivor.log)
        yield from self.post.flaws(survivor.log, Words(lambda: survivor.rules))
        if not (self.weather.index_lost or self.weather.campaign):
            for events in streams_with_acts(survivor.log.scan()).values():
                yield from out_of_turn(events, survivor.rules)
        if not self.weather.campaign:
            yield from self._unlike_calm(survivor)

    def _unlike_calm(self, survivor: Engine) -> Iterator[str]:
        """What stands otherwise than if nothing had gone wrong and every fact had come at once."""
        with engine_at(BEGIN) as calm:
            assert isinstance(calm.clock, VirtualClock)
            calm.clock.set(self.source.last_at)
            outcomes = calm.take(self.source.facts)
            assert {each.status for each in outcomes} <= {"recorded"}, "a possible history"
            calm.clock.set(HORIZON)
            calm.run_due()
            here, there = standing(survivor), standing(calm)
            for stream in here.keys() | there.keys():
                if here.get(stream) != there.get(stream):
                    yield f"{stream} stands at {here.get(stream)}, undisturbed {there.get(stream)}"
            if talk_causes(survivor) != talk_causes(calm):
                yield f"talks have causes {talk_causes(survivor)}, undisturbed {talk_causes(calm)}"

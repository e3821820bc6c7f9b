"""A simulated installation: several processes on one store, virtual time, and a seed.

The engine is the real one. Its ports are wrapped (`tests.support.faults`), so that a process can
die at each of their steps, before or after it, and so that while one process stands between two
transactions the others take their turn. Nothing else decides anything but one seeded `Random`; a
history is repeated by its seed, and its `trace` says whether it was.
"""

import heapq
import traceback
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import count
from random import Random
from typing import TypeVar, cast

from scenarios.workload import DAY, HOUR
from sla_engine.clock import Clock
from sla_engine.dossier.fold import fold
from sla_engine.errors import Conflict, Fault, Unavailable
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from sla_engine.scheduler.guard import GuardedClock
from sla_engine.settings import Settings
from sla_engine.sla.assess import assess
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import STORE_BUSY, STREAM_MOVED
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.simulation.weather import CALM, Weather
from tests.support.delivery import RULES
from tests.support.faults import COMMIT, Crash, Hook, Moment, faulty_clock, faulty_log, written_by

T = TypeVar("T")

BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
Build = Callable[[PetitionLog, Clock, Settings, Rulebook], Engine]

_CONTESTED = {"log.transact", "tx.append", COMMIT}
"""Where a writer learns that another one was quicker."""
_VANDALS = {"vandal", "keeper"}
"""Who writes alarms apart from events, on purpose."""
_LOCAL = {"clock.now", "clock.monotonic", "channel.open", "channel.send"}
"""What needs no store: a channel has troubles of its own."""


class World:
    """Time, chance, the store that outlives every process, and whose turn it is."""

    def __init__(self, seed: int, build: Build = Engine) -> None:
        self.rng = Random(seed)
        self.build = build
        self.now = BEGIN
        self.weather: Weather = CALM
        self.log = open_memory(make_secret=lambda: b"\0" * 32)
        self.database_off: Instant = 0
        """How far the database's clock is off."""
        self.story: list[str] = []
        self.busy: list[Process] = []
        self.wrong: list[str] = []
        self._checked = 0
        self._trace = blake2b(digest_size=16)
        self._agenda: list[tuple[Instant, int, Process, Callable[[], object]]] = []
        self._turn = count()

    # ------------------------------------------------------------------------------------ time

    def at(self, instant: Instant, process: "Process", do: Callable[[], object]) -> None:
        """Have a process do something at an instant."""
        heapq.heappush(self._agenda, (instant, next(self._turn), process, do))

    def run(self, until: Instant) -> None:
        """Let everything happen that is to happen before `until`."""
        while self._agenda and self._agenda[0][0] < until:
            at, _, process, do = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            self._trace.update(f"{self.now} {process.name}\n".encode())
            process.attempt(do)
        self.now = max(self.now, until)

    def _let_others_go(self) -> None:
        """While one process stands between two transactions, another does what it would do soon."""
        soon = [
            entry
            for entry in heapq.nsmallest(6, self._agenda)
            if entry[0] <= self.now + HOUR and entry[2] not in self.busy
        ]
        if soon and len(self.busy) < 3:
            entry = self.rng.choice(soon)
            self._agenda.remove(entry)
            heapq.heapify(self._agenda)
            entry[2].attempt(entry[3])

    # ---------------------------------------------------------------------------------- faults

    def hook(self, process: "Process") -> Hook:
        """What happens to a process at a step of a port."""

        def step(name: str, moment: Moment) -> None:
            self._trace.update(_LINES.get((name, moment)) or _line(name, moment))
            if moment is Moment.BEFORE and name.startswith("log.") and self.happens("between"):
                self._let_others_go()
            if name == COMMIT and moment is Moment.AFTER:
                self._look_at_commit(process)
            if self.weather is not CALM:
                self._strike(process, name, moment)

        return step

    def _look_at_commit(self, process: "Process") -> None:
        """Whatever was appended has committed together with its alarms, or not at all."""
        fresh = self.log.follow(self._checked, 1_000)
        self._checked = fresh[-1].position if fresh else self._checked
        for each in fresh:
            if self.weather.guarded and each.meta.recorded_at > self.now:
                self.wrong.append(f"{each.stream}@{each.version} was recorded before its time")
        if process.name not in _VANDALS and self.happens("looked_at"):
            for stream in filter(has_clocks, process.written):
                self._look_at(stream)

    def _look_at(self, stream: str) -> None:
        events = self.log.read(stream)
        if not events:
            return
        held = [row for name, row in self.log.alarms(stream) if name == stream]
        # A touch may have let a right lapse, of which nothing is recorded but the row.
        for now in (events[-1].meta.recorded_at, self.now):
            rows = alarm_rows(assess(fold(stream, events), kind_of(stream), RULES, now))
            if sorted(map(_promise, held)) == sorted(map(_promise, rows)):
                return
        self.wrong.append(f"{stream}@{len(events)} was committed without its alarms")

    def black_out(self, length: Instant) -> None:
        """Every process is down for so long: what was to happen meanwhile happens afterwards."""
        self.tell(f"everything is down for {length / HOUR:g} h")
        for process in {entry[2] for entry in self._agenda}:
            process.kill()
        self.now += length

    def step_database_clock(self, off: Instant) -> None:
        """The database's clock is set wrong by that much; 0 puts it right."""
        self.tell(f"the database's clock is off by {off / DAY:g} d")
        self.database_off = off

    def calm(self) -> None:
        """Nothing goes wrong any more, and every process starts anew."""
        self.weather, self.database_off = CALM, 0
        for process in {entry[2] for entry in self._agenda}:
            process.kill()
            process.machine.off = 0

    def _strike(self, process: "Process", name: str, moment: Moment) -> None:
        weather, drawn = self.weather, self.rng.random()
        if drawn < weather.crash:
            self.tell(f"crash: {process.name} {moment} {name}")
            raise Crash
        if name in _CONTESTED and moment is Moment.BEFORE and self.happens("taken"):
            self.tell(f"conflict: {process.name} {moment} {name}")
            raise Conflict(Fault(STREAM_MOVED, "simulated"))
        lost = name == COMMIT and moment is Moment.AFTER and self.happens("unheard")
        away = weather.crash <= drawn < weather.crash + weather.away and name not in _LOCAL
        if lost or away:
            self.tell(f"away: {process.name} {moment} {name}")
            raise Unavailable(Fault(STORE_BUSY, "simulated"))

    def happens(self, what: str) -> bool:
        chance: float = getattr(self.weather, what)
        return chance > 0 and self.rng.random() < chance

    def tell(self, what: str) -> None:
        """Note something of the history for people, and in the trace."""
        self._trace.update(what.encode())
        self.story.append(f"{(self.now - BEGIN) / DAY:7.3f} {what}")

    @property
    def trace(self) -> str:
        """Digest of every step that was taken and of everything that went wrong."""
        return self._trace.hexdigest()


_LINES: dict[tuple[str, Moment], bytes] = {}


def _line(name: str, moment: Moment) -> bytes:
    """A step as the trace has it."""
    return _LINES.setdefault((name, moment), f"{name} {moment}\n".encode())


def _promise(row: AlarmRow) -> tuple[object, ...]:
    """What a row of the index promises."""
    return (row.clause, row.cycle, row.alarm_at or 0, row.rung, row.due or 0, row.stopped or 0)


class _HostClock:
    """The clock of one machine: the true time, and how far it is off."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.off: Instant = 0

    def now(self) -> Instant:
        return self._world.now + self.off

    def monotonic(self) -> float:
        return self._world.now / 1_000_000


class Process:
    """One process of the installation: an engine while it is up, nothing in memory once it died."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.machine = _HostClock(world)
        self.deaths = 0
        self.hook = world.hook(self)
        self._engine: Engine | None = None
        self._own: dict[str, object] = {}
        self._log = faulty_log(world.log, self.hook)

    @property
    def engine(self) -> Engine:
        """The engine; a process that died is started anew, with nothing but what the store has."""
        if self._engine is None:
            clock: Clock = faulty_clock(self.machine, self.hook)
            if self.world.weather.guarded:
                clock = GuardedClock(self._database_time, clock)
            self._engine = self.world.build(self._log, clock, Settings(tolerance_s=0), RULES)
        return self._engine

    def own(self, name: str, make: Callable[[Engine], T]) -> T:
        """Something that the process has made of its engine, and keeps as long as that."""
        engine = self.engine
        if name not in self._own:
            self._own[name] = make(engine)
        return cast(T, self._own[name])

    @property
    def written(self) -> Sequence[str]:
        """Streams that its last transaction wrote events or alarms of."""
        return written_by(self._log)

    def _database_time(self) -> Instant:
        """What a database with a clock would say; the one in memory has none."""
        self._log.now()
        return self.world.now + self.world.database_off

    def attempt(self, do: Callable[[], T]) -> T | None:
        """Do something unless the process dies of it or what it needs is away."""
        self.world.busy.append(self)
        try:
            return do()
        except Crash:
            self.kill()
            self.deaths += 1
        except (Unavailable, Conflict) as refusal:
            self.world.tell(f"{self.name} gave up for now: {refusal.code}")
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.world.wrong.append(f"{self.name} died of {error!r} at {where.name}:{where.lineno}")
            self.kill()
        finally:
            self.world.busy.pop()
        return None

    def kill(self) -> None:
        """Nothing is left of what it had in memory."""
        self._engine = None
        self._own.clear()

    def step_clock(self, off: Instant) -> None:
        """Its machine's clock is set wrong by that much; 0 puts it right."""
        self.world.tell(f"the clock of {self.name} is off by {off / HOUR:g} h")
        self.machine.off = off

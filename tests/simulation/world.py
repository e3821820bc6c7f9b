"""A simulated installation: several processes on one store, virtual time, and a seed.

The engine is the real one. Its ports are wrapped (`tests.support.faults`), so that a process can
die at each of their steps, before or after it, and so that while one process stands between two
transactions the others take their turn. Nothing else decides anything but one seeded `Random`; a
history is repeated by its seed, and its `trace` says whether it was.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import count
from random import Random
from typing import TypeVar

from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.clock import Clock
from sla_engine.errors import Conflict, Fault, Unavailable
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import STORE_BUSY, STREAM_MOVED
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.simulation.weather import CALM, Weather
from tests.support.delivery import RULES
from tests.support.faults import COMMIT, Crash, Hook, Moment, faulty_log

T = TypeVar("T")

BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
Build = Callable[[PetitionLog, Clock, Settings, Rulebook], Engine]

_CONTESTED = {"log.transact", "tx.append", COMMIT}
"""Where a writer learns that another one was quicker."""


class World:
    """Time, chance, the store that outlives every process, and whose turn it is."""

    def __init__(self, seed: int, build: Build = Engine) -> None:
        self.rng = Random(seed)
        self.build = build
        self.now = BEGIN
        self.weather: Weather = CALM
        self.log = open_memory(make_secret=lambda: b"\0" * 32)
        self.story: list[str] = []
        self.busy: list[Process] = []
        self._inside = False
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
            self._trace.update(f"{self.now} {process.name} {name} {moment}\n".encode())
            if name == "log.transact" or name == COMMIT:
                self._inside = (name, moment) in _OPENS
            if name.startswith("log.") and moment is Moment.BEFORE and self._happens("between"):
                self._let_others_go()
            self._strike(process, name, moment)

        return step

    def _strike(self, process: "Process", name: str, moment: Moment) -> None:
        where = f"{process.name} {moment} {name}"
        if self._happens("crash"):
            self.tell(f"crash: {where}")
            raise Crash
        if name in _CONTESTED and moment is Moment.BEFORE and self._happens("taken"):
            self.tell(f"conflict: {where}")
            raise Conflict(Fault(STREAM_MOVED, "simulated"))
        unheard = (name, moment) == (COMMIT, Moment.AFTER) and self._happens("unheard")
        if unheard or (not name.startswith("clock.") and self._happens("away")):
            self.tell(f"away: {where}")
            raise Unavailable(Fault(STORE_BUSY, "simulated"))

    def _happens(self, what: str) -> bool:
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


_OPENS = {("log.transact", Moment.AFTER), (COMMIT, Moment.BEFORE)}


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
        self.clock = _HostClock(world)
        self.deaths = 0
        self._engine: Engine | None = None
        self._log = faulty_log(world.log, world.hook(self))

    @property
    def engine(self) -> Engine:
        """The engine; a process that died is started anew, with nothing but what the store has."""
        if self._engine is None:
            self._engine = self.world.build(self._log, self.clock, Settings(tolerance_s=0), RULES)
        return self._engine

    def attempt(self, do: Callable[[], T]) -> T | None:
        """Do something unless the process dies of it or what it needs is away."""
        self.world.busy.append(self)
        try:
            return do()
        except Crash:
            self._engine = None
            self.deaths += 1
        except (Unavailable, Conflict) as refusal:
            self.world.tell(f"{self.name} gave up for now: {refusal.code}")
        finally:
            self.world.busy.pop()
        return None

    def kill(self) -> None:
        """Between two actions."""
        self._engine = None


@contextmanager
def peace(world: World) -> Iterator[None]:
    """Nothing goes wrong any more."""
    weather, world.weather = world.weather, CALM
    yield
    world.weather = weather

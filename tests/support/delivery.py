"""Delivering a city's facts to an engine on virtual time, and what may be asked of the result."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from scenarios.workload import Arrival
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.dossier.chronicle import read
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.state import state_of
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.settings import Settings
from sla_engine.store.application import open_memory
from sla_engine.talk.decide import causes
from sla_engine.talk.kind import TALK
from sla_engine.wiring import Engine

RULES: Rulebook = load_rulebook()
PREMATURE = {"PHASE_IMPOSSIBLE", "NOT_REGISTERED", "SUSPENSION_IMPOSSIBLE", "NOTHING_TO_VOID",
             "EXTENSION_IMPOSSIBLE", "ASSIGNMENT_UNKNOWN", "DISPUTED_UNKNOWN", "NO_VERDICT_YET",
             "APPEAL_MISFIT"}  # fmt: skip


@contextmanager
def engine_at(start: Instant) -> Iterator[Engine]:
    """An engine in memory whose clock stands at `start`; the subjects' secrets are fixed."""
    log = open_memory(make_secret=lambda: b"\0" * 32)
    engine = Engine(log, VirtualClock(start), Settings(tolerance_s=0), RULES)
    try:
        yield engine
    finally:
        engine.close()


def move_to(engine: Engine, instant: Instant) -> None:
    """Let time pass: every alarm on the way is met at its instant."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    while (alarm := engine.next_alarm()) is not None and alarm <= instant:
        clock.set(max(alarm, clock.now()))
        assert not engine.run_due().failed
    clock.set(max(instant, clock.now()))


class Upstream:
    """A source system that sends again what was refused because its predecessor was missing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: list[Submission] = []
        self.given_up: list[str] = []

    def send(self, facts: Iterable[dict[str, object]]) -> Sequence[Outcome]:
        batch = [*self.waiting, *map(parse, facts)]
        outcomes = self.engine.take(batch)
        self.waiting = []
        for submission, outcome in zip(batch, outcomes, strict=True):
            codes = {fault.code for fault in outcome.faults}
            if codes & PREMATURE:
                self.waiting.append(submission)
            else:
                self.given_up.extend(codes)
        return outcomes

    def deliver(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            move_to(self.engine, arrival.at)
            self.send([arrival.fact])


def petitions(engine: Engine) -> dict[str, list[object]]:
    """Readings and standing acts of every petition, as they are now."""
    now = engine.clock.now()
    return {
        stream: state_of(engine.dossier(stream), engine.rules, now)
        for stream in engine.log.streams("petition/")
    }


def talk_causes(engine: Engine) -> dict[str, set[str]]:
    """For every unit the causes of its open talks that still stand, without act versions."""
    standing: dict[str, set[str]] = {}
    for stream in engine.log.streams("talk/"):
        chronicle = read(engine.dossier(stream), kind_of(stream))
        if chronicle.phase in TALK.live:
            names = {_plain(cause) for cause in causes(chronicle)}
            standing.setdefault(chronicle.traits["unit"], set()).update(names)
    return {unit: names for unit, names in standing.items() if names}


def _plain(cause: str) -> str:
    stream, clause, cycle, _version, rung = cause.split("|")
    return f"{stream}|{clause}|{cycle}|{rung}"

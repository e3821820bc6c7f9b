"""The fold of a dossier: total, cannot fail, holds no rule.

State is what was recorded, indexed. What follows from it (time order, lanes, pauses) is read by
`chronicle`; what is promised about it, by `sla`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sla_engine.dossier.events import (
    ACTS,
    AnomalyNoted,
    RungFired,
    RungWithdrawn,
    TermRefixed,
    Voided,
)
from sla_engine.record import Instant, Recorded


@dataclass(slots=True)
class Act:
    """A recorded act of the ladder and whether it still stands."""

    fired: RungFired
    recorded_at: Instant
    version: int
    withdrawn: int = 0

    @property
    def stands(self) -> bool:
        return self.withdrawn == 0

    def until(self, version: int) -> "Act":
        """As it was at a version that is not before its own."""
        withdrawn = self.withdrawn if self.withdrawn <= version else 0
        return Act(self.fired, self.recorded_at, self.version, withdrawn)


@dataclass(slots=True)
class Dossier:
    """One stream, folded. Changed only by `evolve`; `facts` are in the order of recording.

    `learned` is the version of the last event that a clock may depend on, `acted` that of the last
    act, `recorded_at` the latest instant at which any was recorded (which is not asked of a dossier
    as it was earlier). What follows from all this is kept with it and moved on: `reading` by
    `chronicle`, `clocks` by `sla.clocks`, `standing` by `sla.standing`.
    """

    stream: str
    version: int = 0
    facts: list[Recorded] = field(default_factory=list)
    voids: list[Recorded] = field(default_factory=list)
    acts: dict[tuple[str, str, str], list[Act]] = field(default_factory=dict)
    refixed: dict[tuple[str, str], list[Recorded]] = field(default_factory=dict)
    anomalies: list[Recorded] = field(default_factory=list)
    learned: int = 0
    acted: int = 0
    recorded_at: Instant = field(default=0, compare=False)
    reading: object = field(default=None, repr=False, compare=False)
    clocks: object = field(default=None, repr=False, compare=False)
    standing: object = field(default=None, repr=False, compare=False)

    @property
    def exists(self) -> bool:
        return bool(self.facts)

    @property
    def opening(self) -> Recorded:
        """The fact that opened the dossier."""
        return self.facts[0]

    def find(self, reference: str) -> Recorded | None:
        """The fact named "source:key" or "@version", None when there is none."""
        for recorded in (*self.facts, *self.voids):
            meta = recorded.meta
            if reference == f"@{recorded.version}":
                return recorded
            if meta.key and reference == f"{meta.source}:{meta.key}":
                return recorded
        return None

    def until(self, version: int) -> "Dossier":
        """The dossier as it was at an earlier version, without its anomalies."""
        dossier = self.known_at(version)
        dossier.acts = {
            key: [act.until(version) for act in acts if act.version <= version]
            for key, acts in self.acts.items()
        }
        return dossier

    def known_at(self, version: int) -> "Dossier":
        """What was learned up to an earlier version, without the acts."""
        return Dossier(
            self.stream,
            version,
            [fact for fact in self.facts if fact.version <= version],
            [void for void in self.voids if void.version <= version],
            refixed={
                key: [each for each in refixes if each.version <= version]
                for key, refixes in self.refixed.items()
            },
            learned=version,
            clocks=self.clocks,
        )

    def voided(self) -> dict[int, Recorded]:
        """Versions of facts that do not count, each with the void that took it away.

        A void may itself be voided; the later void is looked at first.
        """
        gone: dict[int, Recorded] = {}
        for void in reversed(self.voids):
            assert isinstance(void.event, Voided)
            target = self.find(void.event.fact)
            if void.version not in gone and target is not None:
                gone[target.version] = void
        return gone


def evolve(dossier: Dossier, recorded: Recorded) -> Dossier:
    """One event further. Events of unknown kinds are facts."""
    dossier.version = recorded.version
    dossier.recorded_at = max(dossier.recorded_at, recorded.meta.recorded_at)
    event = recorded.event
    if type(event) not in _BESIDES:
        dossier.learned = recorded.version
        dossier.facts.append(recorded)
    elif isinstance(event, RungFired):
        dossier.acted = recorded.version
        key = (event.clause, event.cycle, event.rung)
        act = Act(event, recorded.meta.recorded_at, recorded.version)
        dossier.acts.setdefault(key, []).append(act)
    elif isinstance(event, RungWithdrawn):
        dossier.acted = recorded.version
        for act in dossier.acts.get((event.clause, event.cycle, event.rung), ()):
            if act.fired.version == event.version:
                act.withdrawn = recorded.version
    elif isinstance(event, AnomalyNoted):
        dossier.anomalies.append(recorded)
    else:
        dossier.learned = recorded.version
        if isinstance(event, TermRefixed):
            dossier.refixed.setdefault((event.clause, event.cycle), []).append(recorded)
        else:
            dossier.voids.append(recorded)
    return dossier


_BESIDES = frozenset({*ACTS, Voided})


def fold(stream: str, events: Iterable[Recorded]) -> Dossier:
    """A dossier from its events."""
    dossier = Dossier(stream)
    for recorded in events:
        evolve(dossier, recorded)
    return dossier

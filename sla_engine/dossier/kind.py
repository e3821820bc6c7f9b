"""What tells one kind of dossier from another: its marks, its lanes, its phases.

A *mark* is the name under which a clause may refer to a fact. A *lane* is a stretch of a dossier
that has clocks of its own: an assignment of a petition, a round of a talk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sla_engine.dossier.events import (
    Carried,
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    Resumed,
    StepDone,
    Suspended,
)
from sla_engine.record import Event, Instant, Recorded, type_name


class Absence(NamedTuple):
    """Time [begin, end) in which a lane was not open; the log learned of its end at `known_at`."""

    begin: Instant
    end: Instant
    known_at: Instant


@dataclass(slots=True)
class Lane:
    """One lane: who is answerable in it and when it ended (None: still open).

    A lane that does not `lead` assists (协办): its facts are its own and move neither the phase of
    the dossier nor the clocks of the whole matter. `known_at` is when the log learned that it was
    opened, `away` the times between an end and a return.
    """

    name: str
    unit: str
    opened_at: Instant
    traits: Mapping[str, str]
    ended_at: Instant | None = None
    lead: bool = True
    finished: bool = False
    known_at: Instant = 0
    away: tuple[Absence, ...] = ()

    def held(self, at: Instant) -> bool:
        """Whether the lane was open at an instant."""
        if at < self.opened_at or (self.ended_at is not None and at >= self.ended_at):
            return False
        return not self.away or not any(each.begin <= at < each.end for each in self.away)

    def end_from(self, at: Instant) -> Instant | None:
        """When the lane ended, at an instant or next after it; None while it is open."""
        for each in self.away:
            if each.begin >= at:
                return each.begin
        return self.ended_at if self.ended_at is not None and self.ended_at >= at else None

    def learned(self, at: Instant) -> Instant:
        """When the log learned that the lane was open at an instant."""
        returns = (each.known_at for each in self.away if each.end <= at)
        return max(returns, default=self.known_at)


@dataclass(slots=True)
class Lanes:
    """All lanes so far, in order of opening; `current` is the last leading one still open. `shifts`
    counts how often one was opened or ended."""

    all: dict[str, Lane] = field(default_factory=dict)
    shifts: int = 0

    @property
    def current(self) -> Lane | None:
        for lane in reversed(self.all.values()):
            if lane.lead and lane.ended_at is None:
                return lane
        return None

    def leading(self, at: Instant) -> Lane | None:
        """The last leading lane that was open at an instant."""
        for lane in reversed(self.all.values()):
            if lane.lead and lane.held(at):
                return lane
        return None

    def assists(self, name: str) -> bool:
        """Whether that lane is there and does not lead."""
        lane = self.all.get(name)
        return lane is not None and not lane.lead

    def open(self, lane: Lane) -> str:
        self.all.setdefault(lane.name, lane)
        self.shifts += 1
        return lane.name

    def end(self, name: str, at: Instant) -> None:
        lane = self.all.get(name) or (self.current if not name else None)
        if lane is not None and lane.ended_at is None:
            lane.ended_at = at
            self.shifts += 1

    def reopen(self, name: str, at: Instant, known_at: Instant) -> None:
        """A lane that has ended is open again."""
        lane = self.all[name]
        if lane.ended_at is not None:
            lane.away += (Absence(lane.ended_at, at, known_at),)
            lane.ended_at = None
            self.shifts += 1

    def finish(self, name: str) -> None:
        """A lane has done its part."""
        if name in self.all:
            self.all[name].finished = True

    @property
    def done(self) -> bool:
        """Whether no open lane is left that has not done its part. A matter that none of those
        leads lies with the dispatcher, and is not done."""
        led = not self.all
        for lane in self.all.values():
            if lane.ended_at is None:
                if not lane.finished:
                    return False
                led = led or lane.lead
        return led

    def resolve(self, name: str) -> str:
        """The lane a fact belongs to: the one it names, else the current one, else none."""
        if name:
            return name
        current = self.current
        return current.name if current is not None else ""


def lane_named(event: Event) -> str:
    """The lane that a fact names, "" when it names none."""
    return getattr(event, "assignment", "") or getattr(event, "member", "")


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a phase table: in which phases a fact may come and which phase follows.

    `into` None: the phase stays. `choose` decides by the fact itself. In the phases of `stays` the
    fact comes too late to move anything. Where it chooses none, it takes a matter that is in the
    phase `undoes` back into the one `before` that.
    """

    allowed: frozenset[str]
    into: str | None = None
    choose: Callable[[Event], str | None] | None = None
    stays: frozenset[str] = frozenset()
    undoes: str = ""

    def next(self, phase: str, event: Event, before: str = "") -> str:
        if phase in self.stays:
            return phase
        into = self.choose(event) if self.choose is not None else self.into
        if into is None:
            return before if phase == self.undoes else phase
        return into


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of dossier.

    `enter` moves the lanes for a fact and returns the fact's own lane; `inherits` gives marks taken
    over from another dossier, `carries` what comes with them, `dated` marks that fall on instants
    the fact names; `defers` gives ground and end of a pause that a fact brings with it, `limit` the
    limit of its own. The facts of `finishes` say that their lane has done its part, those of
    `lifts` end an open suspension: what it held up is over, or is taken up anew. `ruled`: a policy
    pack judges its facts.
    """

    name: str
    steps: Mapping[type[Event], Step]
    live: frozenset[str]
    ends: frozenset[type[Event]]
    enter: Callable[[Lanes, Recorded], str]
    marks: Callable[[Event], tuple[str, ...]]
    traits: Callable[[Event], dict[str, str]]
    inherits: Callable[[Event], tuple[tuple[str, Instant], ...]] = lambda _event: ()
    carries: Callable[[Event], tuple[Carried, ...]] = lambda _event: ()
    dated: Callable[[Event], tuple[tuple[str, Instant], ...]] = lambda _event: ()
    defers: Callable[[Event], tuple[str, Instant] | None] = lambda _event: None
    limit: Callable[[Event], str] = lambda _event: ""
    finishes: frozenset[type[Event]] = frozenset()
    lifts: frozenset[type[Event]] = frozenset()
    ruled: bool = True


def plain_marks(event: Event) -> tuple[str, ...]:
    """The mark of a fact is its type name; a milestone's is the step it names."""
    return (event.step,) if isinstance(event, StepDone) else (type_name(event),)


def common_steps(live: frozenset[str], working: frozenset[str]) -> dict[type[Event], Step]:
    """Rows every kind shares. `live`: not ended; `working`: while clocks of work may run."""
    return {
        StepDone: Step(live),
        Suspended: Step(working),
        Resumed: Step(live),
        ExtensionRequested: Step(working),
        ExtensionGranted: Step(live),
        ExtensionDenied: Step(live),
    }

"""A dossier read in the order in which things happened, not in which they were learned.

Everything the clocks ask is answered from here, so a fact that arrives weeks late takes its place
in time and the reading is the same as if it had come at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from sla_engine.dossier.events import (
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    Resumed,
    Suspended,
)
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind, Lanes
from sla_engine.record import Instant, Recorded

ALL_DONE = "all_resolved"
"""Mark of the instant at which the last lane still open was finished (一件事一次办)."""


class Mark(NamedTuple):
    """A named instant. `known_at` is when the log learned it, `fact` the version it came with.

    `inherited`: it happened to another dossier about the same matter, which was merged into this.
    """

    name: str
    at: Instant
    lane: str
    known_at: Instant
    fact: Recorded
    inherited: bool = False


class Pause(NamedTuple):
    """A suspension [start, end); `end` None while it is open.

    `lane`: the one lane it holds up; "" for the whole matter.
    """

    ground: str
    start: Instant
    fact: Recorded
    end: Instant | None = None
    known_at: Instant = 0
    lane: str = ""


class Request(NamedTuple):
    """An extension asked for."""

    event: ExtensionRequested
    fact: Recorded


class Grant(NamedTuple):
    """An extension granted, with the request it answers."""

    request: Request
    event: ExtensionGranted
    fact: Recorded

    @property
    def amount(self) -> str:
        return self.event.amount or self.request.event.amount


@dataclass(slots=True)
class Chronicle:
    """The dossier in time order; `learned` says up to which version it has been read."""

    kind: Kind
    facts: list[Recorded] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    lanes: Lanes = field(default_factory=Lanes)
    pauses: list[Pause] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    denials: list[Recorded] = field(default_factory=list)
    ended_at: Instant | None = None
    phase: str = "new"
    voids: list[tuple[Recorded, Recorded]] = field(default_factory=list)
    traits: dict[str, str] = field(default_factory=dict)
    learned: int = 0

    @property
    def suspended(self) -> bool:
        return self.open_pause is not None

    @property
    def open_pause(self) -> Pause | None:
        return next((pause for pause in self.pauses if pause.end is None), None)

    def end_pause(self, pause: Pause, at: Instant, known_at: Instant) -> None:
        """A pause ends at `at`, or sooner than was known."""
        ended = pause._replace(end=at, known_at=max(pause.known_at, known_at))
        self.pauses[self.pauses.index(pause)] = ended

    def first(self, names: frozenset[str], lane: str | None = None) -> Mark | None:
        """The earliest mark with one of `names`, in `lane` when one is given."""
        for mark in self.marks:
            if mark.name in names and (lane is None or mark.lane == lane):
                return mark
        return None


def order(recorded: Recorded) -> tuple[Instant, int, int, str, int]:
    """Place in time: when it happened, the source's own sequence, its rank in the life of a
    matter, and last its identity, so that the order never depends on arrival."""
    meta = recorded.meta
    return (meta.occurred_at, meta.seq, recorded.event.RANK, meta.key, recorded.version)


def read(dossier: Dossier, kind: Kind, until: Recorded | None = None) -> Chronicle:
    """The chronicle of a dossier; with `until`, only what comes before that fact in time.

    What was read before is kept with the dossier and read on from: facts mostly come in the order
    in which they happened. It is not for callers to change.
    """
    known = dossier.reading
    if not isinstance(known, Chronicle) or known.kind is not kind or not _read_on(known, dossier):
        known = dossier.reading = _anew(dossier, kind)
    if until is None or not known.facts or order(known.facts[-1]) < order(until):
        return known
    return _anew(dossier, kind, until)


def _read_on(known: Chronicle, dossier: Dossier) -> bool:
    """Take in what was learned since; False when that does not simply follow what was read."""
    if known.learned == dossier.learned:
        return True
    unread = [fact for fact in dossier.facts if fact.version > known.learned]
    voided = dossier.voids and dossier.voids[-1].version > known.learned
    in_time = pairwise(map(order, (*known.facts[-1:], *unread)))
    if voided or not all(earlier < later for earlier, later in in_time):
        return False
    for recorded in unread:
        _take(known, recorded)
    known.marks.sort(key=lambda mark: mark.at)
    known.learned = dossier.learned
    return True


def _anew(dossier: Dossier, kind: Kind, until: Recorded | None = None) -> Chronicle:
    chronicle = Chronicle(kind, learned=dossier.learned)
    gone = dossier.voided()
    chronicle.voids = [(fact, gone[fact.version]) for fact in dossier.facts if fact.version in gone]
    for recorded in _in_time(dossier, gone, until):
        _take(chronicle, recorded)
    chronicle.marks.sort(key=lambda mark: mark.at)
    return chronicle


def _in_time(
    dossier: Dossier, gone: dict[int, Recorded], until: Recorded | None
) -> Iterator[Recorded]:
    limit = order(until) if until is not None else None
    for recorded in sorted(dossier.facts, key=order):
        if limit is not None and order(recorded) >= limit:
            return
        if recorded.version not in gone:
            yield recorded


def _take(chronicle: Chronicle, recorded: Recorded) -> None:
    kind, event = chronicle.kind, recorded.event
    meta = recorded.meta
    chronicle.facts.append(recorded)
    was_done = bool(kind.finishes) and chronicle.lanes.done
    lane = kind.enter(chronicle.lanes, recorded)
    for name in kind.marks(event):
        chronicle.marks.append(Mark(name, meta.occurred_at, lane, meta.recorded_at, recorded))
    for name, at in kind.inherits(event):
        chronicle.marks.append(Mark(name, at, "", meta.recorded_at, recorded, True))
    for name, at in kind.dated(event):
        chronicle.marks.append(Mark(name, at, "", meta.recorded_at, recorded))
    if type(event) in kind.finishes:
        chronicle.lanes.finish(lane)
        was_done = False
    if kind.finishes and not was_done and chronicle.lanes.done:
        chronicle.marks.append(Mark(ALL_DONE, meta.occurred_at, "", meta.recorded_at, recorded))
    chronicle.traits.update(kind.traits(event))
    step = kind.steps.get(type(event))
    if step is not None and not chronicle.lanes.assists(lane):
        chronicle.phase = step.next(chronicle.phase, event)
    if type(event) in kind.ends and chronicle.ended_at is None:
        chronicle.ended_at = meta.occurred_at
    deferral = kind.defers(event)
    if deferral is not None:
        _defer(chronicle, recorded, lane, *deferral)
    _pause_or_extend(chronicle, recorded)


def _defer(
    chronicle: Chronicle, recorded: Recorded, lane: str, ground: str, until: Instant
) -> None:
    """A pause whose end is known; it takes the place of what is left of an earlier one."""
    at, known_at = recorded.meta.occurred_at, recorded.meta.recorded_at
    for pause in chronicle.pauses:
        if pause.lane == lane and pause.end is not None and pause.end > at:
            chronicle.end_pause(pause, at, known_at)
    chronicle.pauses.append(Pause(ground, at, recorded, until, known_at, lane))


def _pause_or_extend(chronicle: Chronicle, recorded: Recorded) -> None:
    event, meta = recorded.event, recorded.meta
    if isinstance(event, Suspended):
        if not chronicle.suspended:
            pause = Pause(event.ground, meta.occurred_at, recorded, known_at=meta.recorded_at)
            chronicle.pauses.append(pause)
    elif isinstance(event, Resumed):
        running = chronicle.open_pause
        if running is not None:
            chronicle.end_pause(running, meta.occurred_at, meta.recorded_at)
    elif isinstance(event, ExtensionRequested):
        chronicle.requests.setdefault(event.request, Request(event, recorded))
    elif isinstance(event, ExtensionGranted):
        request = chronicle.requests.get(event.request)
        if request is not None:
            chronicle.grants.append(Grant(request, event, recorded))
    elif isinstance(event, ExtensionDenied):
        chronicle.denials.append(recorded)

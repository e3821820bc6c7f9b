"""A dossier read in the order in which things happened, not in which they were learned.

Everything the clocks ask is answered from here, so a fact that arrives weeks late takes its place
in time and the reading is the same as if it had come at once. The reading is a fold of one step
over the facts in time order; a fact that is the last in time is one step more.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

import msgspec

from sla_engine.dossier.events import (
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    Resumed,
    Suspended,
    VerdictSuperseded,
)
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind, Lanes
from sla_engine.record import Event, Instant, Recorded, Value

ALL_DONE = "all_resolved"
"""Mark of the instant at which the last lane still open was finished (一件事一次办)."""


class Mark(Value):
    """A named instant. `known_at` is when the log learned it, `fact` the version it came with.

    `inherited`: it happened to another dossier about the same matter, which was merged into this.
    """

    name: str
    at: Instant
    lane: str
    known_at: Instant
    fact: Recorded
    inherited: bool = False


class Pause(Value):
    """A suspension [start, end); `end` None while it is open.

    `lane`: the one lane it holds up; "" for the whole matter. `ended_by`: the fact that says when
    it ends.
    """

    ground: str
    start: Instant
    fact: Recorded
    end: Instant | None = None
    known_at: Instant = 0
    lane: str = ""
    ended_by: Recorded | None = None


class Request(Value):
    """An extension asked for."""

    event: ExtensionRequested
    fact: Recorded


class Grant(Value):
    """An extension granted, with the request it answers."""

    request: Request
    event: ExtensionGranted
    fact: Recorded

    @property
    def amount(self) -> str:
        return self.event.amount or self.request.event.amount


@dataclass(slots=True)
class Chronicle:
    """The dossier in time order; `learned` says up to which version it has been read.

    `packs` are the digests its facts are stamped with. `turns` counts the facts that changed what
    earlier marks mean: as long as it stays, marks have only been added at the end. `holds` counts
    the changes of pauses, grants and rulings. `seen` is how many facts of the dossier have been
    taken in, `done` whether every lane is (see `Lanes.done`). `before` is the phase before `phase`.
    `rulings` on verdicts are by clause and cycle.
    """

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
    before: str = ""
    voids: list[tuple[Recorded, Recorded]] = field(default_factory=list)
    traits: dict[str, str] = field(default_factory=dict)
    learned: int = 0
    packs: set[str] = field(default_factory=set)
    turns: int = 0
    holds: int = 0
    seen: int = 0
    done: bool = True
    rulings: dict[tuple[str, str], list[Recorded]] = field(default_factory=dict)

    @property
    def suspended(self) -> bool:
        return self.open_pause is not None

    @property
    def open_pause(self) -> Pause | None:
        for pause in self.pauses:
            if pause.end is None:
                return pause
        return None

    def end_pause(self, pause: Pause, at: Instant, known_at: Instant, by: Recorded) -> None:
        """A pause ends at `at`, or sooner than was known."""
        known_at = max(pause.known_at, known_at)
        ended = msgspec.structs.replace(pause, end=at, known_at=known_at, ended_by=by)
        self.pauses[self.pauses.index(pause)] = ended

    def add(self, mark: Mark) -> None:
        """A mark takes its place in time, behind those of the same instant."""
        if self.marks and mark.at < self.marks[-1].at:
            self.turns += 1
            insort(self.marks, mark, key=_at)
        else:
            self.marks.append(mark)

    def first(self, names: frozenset[str], lane: str | None = None) -> Mark | None:
        """The earliest mark with one of `names`, in `lane` when one is given."""
        for mark in self.marks:
            if mark.name in names and (lane is None or mark.lane == lane):
                return mark
        return None


_at: Callable[[Mark], Instant] = attrgetter("at")


def place(at: Instant, seq: int, event: Event, key: str) -> tuple[Instant, int, int, str]:
    """Place in time: when it happened, the source's own sequence, its rank in the life of a
    matter, and last its identity, so that the order never depends on arrival."""
    return (at, seq, event.RANK, key)


def order(recorded: Recorded) -> tuple[Instant, int, int, str, int]:
    """The place of a fact among those of its dossier."""
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
    if dossier.voids and dossier.voids[-1].version > known.learned:
        return False
    unread = dossier.facts[known.seen :]
    places = [order(fact) for fact in (*known.facts[-1:], *unread)]
    if places != sorted(places):
        return False
    for recorded in unread:
        _take(known, recorded)
    known.seen, known.learned = len(dossier.facts), dossier.learned
    return True


def _anew(dossier: Dossier, kind: Kind, until: Recorded | None = None) -> Chronicle:
    chronicle = Chronicle(kind, learned=dossier.learned, seen=len(dossier.facts))
    gone = dossier.voided()
    chronicle.voids = [(fact, gone[fact.version]) for fact in dossier.facts if fact.version in gone]
    for recorded in _in_time(dossier, gone, until):
        _take(chronicle, recorded)
    return chronicle


def _in_time(
    dossier: Dossier, gone: Mapping[int, Recorded], until: Recorded | None
) -> Iterator[Recorded]:
    limit = order(until) if until is not None else None
    for recorded in sorted(dossier.facts, key=order):
        if limit is not None and order(recorded) >= limit:
            return
        if recorded.version not in gone:
            yield recorded


def _take(chronicle: Chronicle, recorded: Recorded) -> None:
    """One step of the reading: the next fact in time."""
    kind, event, meta = chronicle.kind, recorded.event, recorded.meta
    at, of, marks = meta.occurred_at, type(event), chronicle.marks
    if marks and marks[-1].at >= at:
        chronicle.turns += 1
    chronicle.facts.append(recorded)
    if meta.pack:
        chronicle.packs.add(meta.pack)
    lane = _enter(chronicle, recorded)
    _mark(chronicle, recorded, lane)
    traits = kind.traits(event)
    if traits or kind.limit(event):
        chronicle.turns += 1
        chronicle.traits.update(traits)
    step = kind.steps.get(of)
    if step is not None and not chronicle.lanes.assists(lane):
        _move(chronicle, step.next(chronicle.phase, event, chronicle.before))
    if of in kind.ends and chronicle.ended_at is None:
        chronicle.ended_at = at
    deferral = kind.defers(event)
    if deferral is not None:
        _defer(chronicle, recorded, lane, *deferral)
    effect = _EFFECTS.get(of)
    if effect is None and of in kind.lifts and not chronicle.lanes.assists(lane):
        effect = _resume
    if effect is not None:
        chronicle.holds += 1
        effect(chronicle, recorded)


def _move(chronicle: Chronicle, phase: str) -> None:
    if phase != chronicle.phase:
        chronicle.before, chronicle.phase = chronicle.phase, phase


def _enter(chronicle: Chronicle, recorded: Recorded) -> str:
    """The fact's own lane. A lane that earlier marks named before it was there gives them their
    meaning."""
    lanes = chronicle.lanes
    before = len(lanes.all)
    lane = chronicle.kind.enter(lanes, recorded)
    if len(lanes.all) > before:
        opened = list(lanes.all)[before:]
        if any(mark.lane in opened for mark in chronicle.marks):
            chronicle.turns += 1
    return lane


def _mark(chronicle: Chronicle, recorded: Recorded, lane: str) -> None:
    kind, event, meta = chronicle.kind, recorded.event, recorded.meta
    at, known_at = meta.occurred_at, meta.recorded_at
    for name in kind.marks(event):
        chronicle.add(Mark(name, at, lane, known_at, recorded))
    for name, instant in kind.inherits(event):
        chronicle.add(Mark(name, instant, "", known_at, recorded, True))
    for name, instant in kind.dated(event):
        chronicle.add(Mark(name, instant, "", known_at, recorded))
    if kind.finishes:
        _finish(chronicle, recorded, lane)


def _finish(chronicle: Chronicle, recorded: Recorded, lane: str) -> None:
    """Mark the instant at which nothing is left to be done in any lane."""
    meta, was_done = recorded.meta, chronicle.done
    if type(recorded.event) in chronicle.kind.finishes:
        chronicle.lanes.finish(lane)
        was_done = False
    chronicle.done = chronicle.lanes.done
    if chronicle.done and not was_done:
        chronicle.add(Mark(ALL_DONE, meta.occurred_at, "", meta.recorded_at, recorded))


def _defer(
    chronicle: Chronicle, recorded: Recorded, lane: str, ground: str, until: Instant
) -> None:
    """A pause whose end is known; it takes the place of what is left of an earlier one."""
    at, known_at = recorded.meta.occurred_at, recorded.meta.recorded_at
    chronicle.holds += 1
    for pause in chronicle.pauses:
        if pause.lane == lane and pause.end is not None and pause.end > at:
            chronicle.end_pause(pause, at, known_at, recorded)
    chronicle.pauses.append(Pause(ground, at, recorded, until, known_at, lane, recorded))


def _suspend(chronicle: Chronicle, recorded: Recorded) -> None:
    meta, event = recorded.meta, recorded.event
    assert isinstance(event, Suspended)
    if not chronicle.suspended:
        pause = Pause(event.ground, meta.occurred_at, recorded, known_at=meta.recorded_at)
        chronicle.pauses.append(pause)


def _resume(chronicle: Chronicle, recorded: Recorded) -> None:
    running, meta = chronicle.open_pause, recorded.meta
    if running is not None:
        chronicle.end_pause(running, meta.occurred_at, meta.recorded_at, recorded)


def _request(chronicle: Chronicle, recorded: Recorded) -> None:
    event = recorded.event
    assert isinstance(event, ExtensionRequested)
    chronicle.requests.setdefault(event.request, Request(event, recorded))


def _grant(chronicle: Chronicle, recorded: Recorded) -> None:
    event = recorded.event
    assert isinstance(event, ExtensionGranted)
    request = chronicle.requests.get(event.request)
    if request is not None:
        chronicle.grants.append(Grant(request, event, recorded))


def _deny(chronicle: Chronicle, recorded: Recorded) -> None:
    chronicle.denials.append(recorded)


def _rule(chronicle: Chronicle, recorded: Recorded) -> None:
    event = recorded.event
    assert isinstance(event, VerdictSuperseded)
    chronicle.rulings.setdefault((event.clause, event.cycle), []).append(recorded)


_EFFECTS: Mapping[type[Event], Callable[[Chronicle, Recorded], None]] = {
    Suspended: _suspend,
    Resumed: _resume,
    ExtensionRequested: _request,
    ExtensionGranted: _grant,
    ExtensionDenied: _deny,
    VerdictSuperseded: _rule,
}

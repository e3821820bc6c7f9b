"""When a clock is due and when each rung of its ladder is reached.

A clock's life is cut into stretches at every pause, resumption and effective extension. In each
stretch the term is reckoned with what was then in effect; a rung counts when its instant falls
inside the stretch. So a warning rightly given before an extension stays given, and a breach is
voided by an extension that was asked for in time and granted late (rules D12, D13).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

import msgspec

from sla_engine.dossier.chronicle import Chronicle, Grant, Pause
from sla_engine.policy.clause import Rung
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import OPEN_NEXT
from sla_engine.record import Instant, Value
from sla_engine.sla.carried import carried_pauses, lengthened, lengthenings
from sla_engine.sla.cycle import Cycle, Refix
from sla_engine.sla.extension import Standing, objection
from sla_engine.sla.ladder import Course, Span, ladder
from sla_engine.sla.ruling import Ruling, fallen, restored_at
from sla_engine.worktime import Amount, Calendar, Reckoning, Term, Timetable


class Firing(Value):
    """A rung reached, or to be reached, by one clock.

    `at` is the instant it is reached, `legal` the instant named to people (for a breach: the due
    instant), `fire_at` when the act may go out: later than `at` when the clock was learned late.
    """

    rung: Rung
    at: Instant
    legal: Instant
    fire_at: Instant


class Stretch(Value):
    """A part of a clock's life with one term, one calendar and one set of pauses.

    `end` None: still going. `rungs` are the rungs with an instant in it, were it to last."""

    start: Instant
    end: Instant | None
    term: Term
    timetable: Timetable
    pauses: tuple[Span, ...]
    reckoning: Reckoning
    known_at: Instant
    rungs: Sequence[tuple[Rung, Instant]]


class Schedule(Value):
    """What follows for one clock from `changes`: the last stretch rules the due instant."""

    cycle: Cycle
    changes: Sequence[tuple[Instant, "Change"]]
    stretches: tuple[Stretch, ...]
    firings: tuple[Firing, ...]
    grants: tuple[Grant, ...]
    refused_grants: tuple[Grant, ...]

    @property
    def last(self) -> Stretch:
        return self.stretches[-1]

    @property
    def due(self) -> Instant | None:
        return self.last.reckoning.due

    @property
    def calendar(self) -> Calendar:
        return self.last.timetable.calendar


def schedule(
    cycle: Cycle, chronicle: Chronicle, rules: Rulebook, known: Schedule | None = None
) -> Schedule:
    """Due instant and rung instants of one clock, from start to its stop or open end.

    `known`: what followed before under the same rules; the answer where nothing has changed.
    """
    changes = _changes(cycle, chronicle)
    if known is not None and known.changes == changes and _as_it_began(known.cycle, cycle):
        if known.cycle == cycle:
            return known
        firings = _firings(cycle, known.stretches)
        return msgspec.structs.replace(known, cycle=cycle, firings=firings)
    builder = _Stretches(cycle, rules)
    for at, change in changes:
        builder.take(at, change)
    stretches = builder.finish()
    firings, grants = _firings(cycle, stretches), tuple(builder.grants)
    return Schedule(cycle, changes, stretches, firings, grants, tuple(builder.refused))


def _as_it_began(known: Cycle, cycle: Cycle) -> bool:
    """Whether two cycles differ in nothing but their end and what was ruled on them."""
    now = msgspec.structs.replace(
        known,
        stop=cycle.stop,
        stopped_by=cycle.stopped_by,
        cancelled_at=cycle.cancelled_at,
        rulings=cycle.rulings,
    )
    return bool(now == cycle)


Change = Pause | Grant | Refix


def _changes(cycle: Cycle, chronicle: Chronicle) -> list[tuple[Instant, Change]]:
    """Pauses the clause honours, extensions and revisions, in time order, while the clock ran.

    A grant counts even after the clock ended: it may void a breach (D13). It was asked for while
    the clock ran, and extends no other cycle.
    """
    clause, begin, since, end = cycle.clause, cycle.start.at, cycle.since, cycle.end
    changes: list[tuple[Instant, Change]] = []
    if not chronicle.pauses and not chronicle.grants and not cycle.refixes:
        return changes
    for pause in chronicle.pauses:
        if _honours(cycle, pause) and (pause.end is None or pause.end > since):
            changes.append((max(pause.start, since), pause))
            if pause.end is not None:
                changes.append((pause.end, pause))
    for grant in chronicle.grants:
        at, asked = grant.fact.meta.occurred_at, grant.request.fact.meta.occurred_at
        ran = begin <= asked and since <= at and (end is None or asked <= end)
        if grant.request.event.clause == clause.id and ran:
            changes.append((at, grant))
    changes.extend((max(refix.at, begin), refix) for refix in cycle.refixes)
    changes.sort(key=lambda change: change[0])
    return [
        change
        for change in changes
        if end is None or change[0] <= end or isinstance(change[1], Grant)
    ]


def _honours(cycle: Cycle, pause: Pause) -> bool:
    return pause.ground in cycle.clause.pauses and pause.lane in ("", cycle.lane)


class _Stretches:
    """Builds the stretches of one clock, change by change."""

    def __init__(self, cycle: Cycle, rules: Rulebook) -> None:
        self.cycle = cycle
        self.rules = rules
        self.calendar = cycle.calendar
        self.floor: Instant | None = None
        self.revised_at: Instant = 0
        brought = list(lengthenings(cycle))
        self.term, self.lengthened = lengthened(cycle.term, brought), len(brought)
        self.carried = tuple((each.start, each.end) for each in carried_pauses(cycle))
        self.pauses: dict[int, Span] = {}
        self.grants: list[Grant] = []
        self.refused: list[Grant] = []
        self.known_at = cycle.known_at
        self.done: list[Stretch] = []
        self.current = self._stretch(cycle.start.at)

    def take(self, at: Instant, change: Change) -> None:
        if isinstance(change, Grant):
            self._extend(at, change)
        elif isinstance(change, Refix):
            self._refix(at, change)
        else:
            self._pause(at, change)

    def finish(self) -> tuple[Stretch, ...]:
        return (*self.done, self.current)

    def _pause(self, at: Instant, pause: Pause) -> None:
        start = max(pause.start, self.cycle.since)
        self.pauses[pause.fact.version] = (start, at if pause.end == at else None)
        self.known_at = max(self.known_at, pause.known_at)
        self._cut(at)

    def _extend(self, at: Instant, grant: Grant) -> None:
        reckoning, first = self.current.reckoning, self.cycle.term.amount
        granted = self.lengthened + len(self.grants)
        standing = Standing(first, self.term.amount, granted, reckoning, self.current.timetable)
        if objection(self.cycle.clause.extension, grant, standing):
            self.refused.append(grant)
            return
        due = reckoning.due
        longer = self.term.amount + Amount.parse(grant.amount)
        self.term = replace(self.term, amount=longer)
        self.grants.append(grant)
        self.known_at = max(self.known_at, grant.fact.meta.recorded_at)
        self._cut(at if due is None else min(at, due))

    def _refix(self, at: Instant, refix: Refix) -> None:
        """A notice learned later knows everything that the ones learned before it knew."""
        if refix.known_at < self.revised_at:
            return
        self.calendar, self.floor, self.revised_at = refix.calendar, refix.floor, refix.known_at
        self.known_at = max(self.known_at, refix.known_at)
        self._cut(at)

    def _cut(self, at: Instant) -> None:
        """Begin a new stretch at `at`; what lay later is superseded from there."""
        kept = [stretch for stretch in (*self.done, self.current) if stretch.start < at]
        self.done = [
            msgspec.structs.replace(stretch, end=at)
            if stretch.end is None or stretch.end > at
            else stretch
            for stretch in kept
        ]
        self.current = self._stretch(at)

    def _stretch(self, at: Instant) -> Stretch:
        timetable = self.rules.timetable(self.cycle.pack, self.cycle.clause.hours, self.calendar)
        pauses = (*self.carried, *self.pauses.values())
        found = ladder(self.cycle, Course(self.term, timetable, pauses, self.floor))
        reckoning, rungs = found.reckoning, found.rungs
        return Stretch(at, None, self.term, timetable, pauses, reckoning, self.known_at, rungs)


def _firings(cycle: Cycle, stretches: Sequence[Stretch]) -> tuple[Firing, ...]:
    end, settle = cycle.end, cycle.pack.settle.micros
    firings: list[Firing] = []
    foreseen: dict[str, tuple[Instant, Instant]] = {}
    for stretch in stretches:
        for rung, instant in stretch.rungs:
            begun = instant < stretch.start
            if begun and any(firing.rung.id == rung.id for firing in firings):
                continue
            at = stretch.start if begun else instant
            # What is learned later and leaves a rung where it was does not make it news.
            before, known_at = foreseen.get(rung.id, (at, stretch.known_at))
            known_at = known_at if before == at else stretch.known_at
            foreseen[rung.id] = (at, known_at)
            if (stretch.end is None or at < stretch.end) and (end is None or at <= end):
                firing = _firing(cycle, stretch, rung, at, known_at)
                if cycle.rulings and rung.act != OPEN_NEXT:
                    breach = instant > (stretch.reckoning.due or instant)
                    firings += _upheld(cycle.rulings, firing, breach, settle)
                else:
                    firings.append(firing)
    firings.sort(key=_place)
    return tuple(firings)


_place = attrgetter("at", "rung.level")


def _upheld(
    rulings: Sequence[Ruling], firing: Firing, breach: bool, settle: int
) -> Iterator[Firing]:
    """What rulings leave of a firing; it was known anew when the last that took it fell."""
    rung = firing.rung.id
    if not fallen(rulings, rung, breach):
        since = restored_at(rulings, rung, breach)
        fire_at = firing.fire_at if since <= firing.at else max(firing.fire_at, since + settle)
        yield msgspec.structs.replace(firing, fire_at=fire_at)


def _firing(cycle: Cycle, stretch: Stretch, rung: Rung, at: Instant, foreseen: Instant) -> Firing:
    """A rung reached at an instant of a stretch, which was `foreseen` since then."""
    due, when = stretch.reckoning.due, rung.when
    breach = when.is_breach
    legal = due if breach and due is not None else at
    # After a stop that did not hold, nothing was known before that was learned.
    known_at = max(foreseen, 0)
    for stop, learned_at in cycle.reopened:
        if stop < at:
            known_at = max(known_at, learned_at)
    if known_at <= at:
        return Firing(rung, at, legal, at)
    settle = cycle.pack.settle.micros if rung.act != OPEN_NEXT else 0
    return Firing(rung, at, legal, known_at + settle)

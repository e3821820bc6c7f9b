"""When a clock is due and when each rung of its ladder is reached.

A clock's life is cut into stretches at every pause, resumption and effective extension. In each
stretch the term is reckoned with what was then in effect; a rung counts when its instant falls
inside the stretch. So a warning rightly given before an extension stays given, and a breach is
voided by an extension that was asked for in time and granted late (rules D12, D13).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import msgspec

from sla_engine.dossier.chronicle import Chronicle, Grant, Pause
from sla_engine.policy.clause import Anchor, ExtensionRule, Rung
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import OPEN_NEXT
from sla_engine.record import Instant
from sla_engine.sla.cycle import Cycle, Refix
from sla_engine.worktime import (
    Amount,
    Calendar,
    Reckoning,
    Term,
    Timetable,
    Unit,
    at_percent,
    opening_after,
    opening_before,
    reckon,
)

Span = tuple[Instant, Instant | None]


class Firing(NamedTuple):
    """A rung reached, or to be reached, by one clock.

    `at` is the instant it is reached, `legal` the instant named to people (for a breach: the due
    instant), `fire_at` when the act may go out: later than `at` when the clock was learned late.
    """

    rung: Rung
    at: Instant
    legal: Instant
    fire_at: Instant


class Stretch(NamedTuple):
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


class Schedule(NamedTuple):
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
        return known._replace(cycle=cycle, firings=_firings(cycle, known.stretches))
    builder = _Stretches(cycle, rules)
    for at, change in changes:
        builder.take(at, change)
    stretches = builder.finish()
    firings, grants = _firings(cycle, stretches), tuple(builder.grants)
    return Schedule(cycle, changes, stretches, firings, grants, tuple(builder.refused))


def _as_it_began(known: Cycle, cycle: Cycle) -> bool:
    """Whether two cycles differ in nothing but their end."""
    return known._replace(stop=cycle.stop, cancelled_at=cycle.cancelled_at) == cycle


Change = Pause | Grant | Refix


def _changes(cycle: Cycle, chronicle: Chronicle) -> list[tuple[Instant, Change]]:
    """Pauses the clause honours, extensions and revisions, in time order, while the clock ran.

    A grant counts even after the clock ended: it may void a breach (D13). It was asked for while
    the clock ran, and extends no other cycle.
    """
    clause, begin, end = cycle.clause, cycle.start.at, cycle.end
    changes: list[tuple[Instant, Change]] = []
    for pause in chronicle.pauses:
        if _honours(cycle, pause) and (pause.end is None or pause.end > begin):
            changes.append((max(pause.start, begin), pause))
            if pause.end is not None:
                changes.append((pause.end, pause))
    for grant in chronicle.grants:
        asked = grant.request.fact.meta.occurred_at
        ran = begin <= asked and (end is None or asked <= end)
        if grant.request.event.clause == clause.id and ran:
            changes.append((grant.fact.meta.occurred_at, grant))
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
        self.term = cycle.term
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
        start = max(pause.start, self.cycle.start.at)
        self.pauses[pause.fact.version] = (start, at if pause.end == at else None)
        self.known_at = max(self.known_at, pause.known_at)
        self._cut(at)

    def _extend(self, at: Instant, grant: Grant) -> None:
        due = self.current.reckoning.due
        if not self._allowed(grant, due):
            self.refused.append(grant)
            return
        amount = Amount.parse(grant.amount)
        self.term = replace(self.term, amount=self.term.amount + amount)
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

    def _allowed(self, grant: Grant, due: Instant | None) -> bool:
        """Asked before expiry and within the caps of the clause (D12)."""
        rule = self.cycle.clause.extension
        amount = Amount.parse(grant.amount)
        if rule is None or amount.unit is not self.cycle.term.amount.unit:
            return False
        asked = grant.request.fact.meta.occurred_at
        if due is not None and asked > self._last_call(due, rule):
            return False
        total = self.term.amount.n - self.cycle.term.amount.n + amount.n
        return (
            len(self.grants) < rule.max_count
            and (rule.each_max is None or amount.n <= rule.each_max.n)
            and (rule.total_max is None or total <= rule.total_max.n)
        )

    def _last_call(self, due: Instant, rule: ExtensionRule) -> Instant:
        """The latest instant at which an extension can still be asked for; whole days before the
        due date end at their 24:00."""
        ahead = rule.ask_before
        if ahead is None:
            return due
        if ahead.unit.is_hours:
            return _beside(due, -1, ahead, self.current)
        zone = self.calendar.zone
        last = self.current.reckoning.due_date or zone.date_of(due)
        day = (
            self.calendar.add_workdays(last, -int(ahead.n))
            if ahead.unit.is_working
            else last - timedelta(days=int(ahead.n))
        )
        return zone.midnight[day.toordinal() + 1]

    def _cut(self, at: Instant) -> None:
        """Begin a new stretch at `at`; what lay later is superseded from there."""
        kept = [stretch for stretch in (*self.done, self.current) if stretch.start < at]
        self.done = [
            stretch._replace(end=at if stretch.end is None or stretch.end > at else stretch.end)
            for stretch in kept
        ]
        self.current = self._stretch(at)

    def _stretch(self, at: Instant) -> Stretch:
        pack, clause = self.cycle.pack, self.cycle.clause
        timetable = self.rules.timetable(pack, clause.hours, self.calendar)
        pauses = tuple(self.pauses.values())
        reckoning = reckon(self.term, self.cycle.start.at, timetable, pauses)
        floor = self.floor
        if floor is not None and reckoning.due is not None and reckoning.due < floor:
            day = self.calendar.zone.date_of(floor - 1)
            reckoning = msgspec.structs.replace(reckoning, due=floor, due_date=day)
        begun = Stretch(at, None, self.term, timetable, pauses, reckoning, self.known_at, ())
        return begun._replace(rungs=_rungs(self.cycle, begun))


def _rungs(cycle: Cycle, stretch: Stretch) -> list[tuple[Rung, Instant]]:
    if stretch.reckoning.due is None:
        return []
    rungs = (rung for rung in cycle.clause.rungs if rung.from_cycle <= cycle.number)
    instants = ((rung, _instant(rung, cycle, stretch)) for rung in rungs)
    return [(rung, at) for rung, at in instants if at is not None]


def _firings(cycle: Cycle, stretches: tuple[Stretch, ...]) -> tuple[Firing, ...]:
    end, settle = cycle.end, cycle.pack.settle.micros
    firings: list[Firing] = []
    for stretch in stretches:
        due = stretch.reckoning.due
        for rung, instant in stretch.rungs:
            if instant < stretch.start and any(firing.rung is rung for firing in firings):
                continue
            at = max(instant, stretch.start)
            if (stretch.end is None or at < stretch.end) and (end is None or at <= end):
                breach = rung.when.anchor is Anchor.DUE and rung.when.offset is None
                legal = due if breach and due is not None else at
                known_at = _known_at(cycle, stretch, at)
                settled_at = known_at + (settle if rung.act != OPEN_NEXT else 0)
                firings.append(Firing(rung, at, legal, settled_at if known_at > at else at))
    return tuple(sorted(firings, key=lambda firing: (firing.at, firing.rung.level)))


def _known_at(cycle: Cycle, stretch: Stretch, at: Instant) -> Instant:
    """When it was known that a rung is reached at an instant of a stretch."""
    return max(stretch.known_at, *(known_at for stop, known_at in cycle.reopened if stop < at), 0)


def _instant(rung: Rung, cycle: Cycle, stretch: Stretch) -> Instant | None:
    """The instant of a rung in a stretch (see `policy.clause.When`).

    None: holidays have pushed it behind the due date, and now an open pause holds it up.
    """
    when, term, start = rung.when, stretch.term, cycle.start.at
    due = stretch.reckoning.due
    assert due is not None, "a paused clock has no rungs"
    if when.anchor is Anchor.PERCENT:
        return at_percent(term, start, stretch.timetable, stretch.pauses, when.percent)
    if when.offset is None:
        return due + 1
    if when.anchor is Anchor.START:
        within = replace(term, amount=when.offset, roll=False)
        return reckon(within, start, stretch.timetable, stretch.pauses).due
    return _beside(due, when.sign, when.offset, stretch)


def _beside(due: Instant, sign: int, offset: Amount, stretch: Stretch) -> Instant:
    """`offset` before or after the due instant; whole days open with the office or at 0:00."""
    if offset.unit is Unit.CLOCK_HOURS:
        return due + sign * offset.micros
    if offset.unit is Unit.WORK_HOURS:
        return stretch.timetable.add_work(due, sign * offset.micros)
    zone = stretch.timetable.calendar.zone
    due_date, days = stretch.reckoning.due_date or zone.date_of(due), int(offset.n)
    if offset.unit is Unit.CALENDAR_DAYS:
        midnight = zone.midnight[due_date.toordinal() + sign * days]
        # A term that ends at 24:00 is due at the midnight that begins the next day.
        return midnight if sign < 0 else max(midnight, due + 1)
    opening = opening_before if sign < 0 else opening_after
    return opening(stretch.timetable, due_date, days)

"""Which clocks a dossier has. One cycle is one running of one clause's clock.

A clause of the whole matter runs once from the earliest start mark (rule D16), or once for every
start mark when it repeats; ASSIGNMENT, TALK and MEMBER clauses run once in every lane.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import msgspec

from sla_engine.dossier.chronicle import ALL_DONE, Chronicle, Mark
from sla_engine.dossier.events import TermRefixed
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind, lane_named
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Clause, Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.sla.index import index_of
from sla_engine.worktime import Amount, Calendar, Term


class Refix(NamedTuple):
    """A calendar revision recorded for one clock: in effect from `at`, learned at `known_at`.

    `floor`: the term already notified, which the pack forbids to shorten."""

    at: Instant
    known_at: Instant
    calendar: Calendar
    floor: Instant | None


class Cycle(NamedTuple):
    """One clock. `term` is the clause's, or the one that the matter brought. `stop` is the instant
    it ended by being met or late, `cancelled_at` the instant it lost its object (return granted,
    merge, withdrawal). `calendar` is the edition it started under, `refixes` the recorded revisions
    since. `known_at`: when the log could first have computed it. `reopened`: stops that did not
    hold, and when that was learned; what comes after such a stop was not known before."""

    clause: Clause
    term: Term
    pack: Pack
    calendar: Calendar
    name: str
    lane: str
    start: Mark
    stop: Instant | None
    cancelled_at: Instant | None
    known_at: Instant
    refixes: tuple[Refix, ...]
    reopened: tuple[tuple[Instant, Instant], ...] = ()

    @property
    def end(self) -> Instant | None:
        """When it stopped or was cancelled; None while it is open."""
        return self.stop if self.stop is not None else self.cancelled_at

    @property
    def key(self) -> tuple[str, str]:
        """Clause and cycle: the clock's name within its dossier."""
        return (self.clause.id, self.name)

    @property
    def number(self) -> int:
        """Which running of a repeating clause this is, from 1 (always 1 for any other)."""
        return int(self.name.rpartition(".")[2]) if self.clause.repeat else 1


def cycles(dossier: Dossier, chronicle: Chronicle, rules: Rulebook) -> list[Cycle]:
    """Every clock of the dossier, in order of start."""
    return _Finder(dossier, chronicle, rules).all()


def pack_at(chronicle: Chronicle, mark: Mark, rules: Rulebook) -> Pack:
    """The pack edition that governs what `mark` began: as stamped, else as in force."""
    stamped = mark.fact.meta.pack
    if stamped:
        return rules.pack_by_digest(stamped)
    return _edition(chronicle.kind, rules)(chronicle.traits["pack"], mark.at, mark.known_at)


def _edition(kind: Kind, rules: Rulebook) -> Callable[[str, Instant, Instant], Pack]:
    """How the edition is found that governs a dossier: talks may follow one that came later."""
    return rules.talks_on if kind.name == Scope.TALK.kind else rules.pack_on


def rules_for(dossier: Dossier, kind: Kind, draft: Draft, rules: Rulebook) -> tuple[Pack, Calendar]:
    """The pack edition and the calendar by which a draft is judged: in force when it happened,
    known by now. What was opened under a pack that has since ended is finished under it.

    Raises `Refusal` POLICY_UNKNOWN, POLICY_NOT_IN_FORCE or REGION_UNKNOWN."""
    opening = dossier.opening.event if dossier.exists else draft.event
    traits, meta = kind.traits(opening), draft.meta
    edition = _edition(kind, rules)
    try:
        pack = edition(traits["pack"], meta.occurred_at, meta.recorded_at)
    except Refusal:
        if not dossier.exists:
            raise
        began = dossier.opening.meta
        pack = edition(traits["pack"], began.occurred_at, began.recorded_at)
    return pack, rules.calendar(pack, traits["region"] or pack.region, meta.recorded_at)


def stamp(dossier: Dossier, kind: Kind, draft: Draft, rules: Rulebook) -> Draft:
    """The draft with the digests of pack and calendar, where its fact may start a clock."""
    if not kind.ruled:
        return draft
    pack, calendar = rules_for(dossier, kind, draft, rules)
    dated = (name for name, _ in kind.dated(draft.event))
    # Any fact may be the one by which the last lane is done.
    done = (ALL_DONE,) if kind.finishes else ()
    if not pack.anchors.intersection((*kind.marks(draft.event), *dated, *done)):
        return draft
    stamped = msgspec.structs.replace(draft.meta, pack=pack.digest, calendar=calendar.digest)
    return Draft(stamped, draft.event)


def check_pins(dossier: Dossier, kind: Kind, rules: Rulebook) -> None:
    """Raises `Refusal` RULES_CHANGED where rules that a dossier was judged by are gone."""
    pins = {(fact.meta.pack, fact.meta.calendar) for fact in dossier.facts if fact.meta.pack}
    for pack_digest, calendar_digest in pins:
        pack = rules.pack_by_digest(pack_digest)
        region = kind.traits(dossier.opening.event)["region"] or pack.region
        rules.calendar_by_digest(pack, region, calendar_digest)


def term_of(clause: Clause, limit: str, start: Instant, calendar: Calendar) -> Term:
    """The clause's term, or the one that the fact itself brings: an amount, or its last day.

    Raises `Refusal` AMOUNT_FORMAT or AMOUNT_RANGE."""
    if not clause.own_limit or not limit:
        return clause.term
    try:
        last = date.fromisoformat(limit)
    except ValueError:
        amount = Amount.parse(limit)
        return replace(
            clause.term, amount=amount, roll=clause.term.roll and not amount.unit.is_hours
        )
    days = max((last - calendar.zone.date_of(start)).days, 0)
    return replace(clause.term, amount=Amount.parse(f"{days}日"), roll=False)


class _Finder:
    """Walks the marks of a chronicle once and opens a cycle where a clause says so."""

    def __init__(self, dossier: Dossier, chronicle: Chronicle, rules: Rulebook) -> None:
        self.dossier = dossier
        self.chronicle = chronicle
        self.rules = rules
        self.found: dict[tuple[str, str], Cycle] = {}
        limits = (chronicle.kind.limit(mark.fact.event) for mark in chronicle.marks)
        self._limit = next(filter(None, limits), "")
        self._of_lane: dict[str, Mapping[str, str]] = {}
        self._members = chronicle.lanes.all if chronicle.kind.name == Scope.ROUND.kind else {}

    def all(self) -> list[Cycle]:
        for index, mark in enumerate(self.chronicle.marks):
            if not mark.fact.meta.pack:
                continue  # A fact that starts a clock is stamped.
            pack = self.rules.pack_by_digest(mark.fact.meta.pack)
            for clause in index_of(pack).started.get(mark.name, ()):
                for lane in self._lanes(clause, mark):
                    name = self._name(clause, mark, lane)
                    if name is not None and (clause.id, name) not in self.found:
                        cycle = self._cycle(pack, clause, name, lane, index)
                        self.found[(clause.id, name)] = cycle
        return list(self.found.values())

    def _lanes(self, clause: Clause, mark: Mark) -> Sequence[str]:
        """Lanes in which a mark starts a clause: its own, but every member's where the mark is of
        the whole round."""
        lanes = self.chronicle.lanes.all.values()
        if clause.scope is Scope.MEMBER and not mark.lane:
            return [lane.name for lane in lanes if lane.held(mark.at)]
        return (mark.lane,)

    def _name(self, clause: Clause, mark: Mark, lane: str) -> str | None:
        """Name of the cycle that `mark` would open, None when the clause does not apply here."""
        if not self._applies(clause, mark, lane):
            return None
        prefix = lane if clause.scope.laned else ""
        return self._numbered(clause, mark, prefix) if clause.repeat else prefix or "1"

    def _applies(self, clause: Clause, mark: Mark, name: str) -> bool:
        """Whether a clause is about this kind of dossier, its traits, and the lane of the mark."""
        scope, lanes, ended_at = clause.scope, self.chronicle.lanes, self.chronicle.ended_at
        if scope.kind != self.chronicle.kind.name or not clause.match(self._traits(name)):
            return False
        if ended_at is not None and mark.at > ended_at:
            return False  # The end of a period comes, whether or not its round is still open.
        if scope.laned:
            return name in lanes.all
        return not lanes.assists(name) and not (clause.repeat and mark.inherited)

    def _traits(self, name: str) -> Mapping[str, str]:
        """Traits of the matter with those of a lane."""
        traits = self._of_lane.get(name)
        if traits is None:
            lane = self.chronicle.lanes.all.get(name)
            traits = {**self.chronicle.traits, **(lane.traits if lane else {})}
            self._of_lane[name] = traits
        return traits

    def _numbered(self, clause: Clause, mark: Mark, prefix: str) -> str | None:
        """A repeating clause opens its next cycle once the one before has ended."""
        dotted = f"{prefix}." if prefix else ""
        earlier = [
            cycle
            for cycle in self.found.values()
            if cycle.clause.id == clause.id and (not prefix or cycle.lane == prefix)
        ]
        if any(cycle.end is None or cycle.end > mark.at for cycle in earlier):
            return None
        return f"{dotted}{len(earlier) + 1}"

    def _cycle(self, pack: Pack, clause: Clause, name: str, lane: str, index: int) -> Cycle:
        mark = self.chronicle.marks[index]
        laned = clause.scope.laned
        stop = self._stop(clause, index, lane if laned else None)
        cancelled = self._cancelled(mark, lane if laned else None)
        if stop is not None and cancelled is not None:
            stop, cancelled = (stop, None) if stop <= cancelled else (None, cancelled)
        region = self.chronicle.traits.get("region", "") or pack.region
        calendar = self._calendar(pack, region, mark)
        return Cycle(
            clause=clause,
            term=term_of(clause, self._limit, mark.at, calendar),
            pack=pack,
            calendar=calendar,
            name=name,
            lane=lane,
            start=mark,
            stop=stop,
            cancelled_at=cancelled,
            known_at=self._known_at(clause, mark, lane if laned else ""),
            reopened=self._reopened(clause, lane if laned else ""),
            refixes=tuple(self._refixes(pack, region, clause.id, name)),
        )

    def _calendar(self, pack: Pack, region: str, mark: Mark) -> Calendar:
        """The edition a clock starts under: as stamped on its start, or as then known."""
        pin = mark.fact.meta.calendar
        if pin:
            return self.rules.calendar_by_digest(pack, region, pin)
        return self.rules.calendar(pack, region, mark.known_at)

    def _refixes(self, pack: Pack, region: str, clause: str, name: str) -> Iterator[Refix]:
        for recorded in self.dossier.refixed.get((clause, name), ()):
            event, meta = recorded.event, recorded.meta
            assert isinstance(event, TermRefixed)
            calendar = self.rules.calendar_by_digest(pack, region, meta.calendar)
            yield Refix(event.effective, meta.recorded_at, calendar, event.floor)

    def _stop(self, clause: Clause, index: int, lane: str | None) -> Instant | None:
        """When the clock was met: the first of `stop_any`, or the last of the `stop_all`."""
        wanted, firsts = (*clause.stop_any, *clause.stop_all), dict[str, Instant]()
        for mark in self.chronicle.marks[index + 1 :]:
            if mark.name in wanted and self._counts(mark, lane):
                firsts.setdefault(mark.name, mark.at)
        candidates = [firsts[name] for name in clause.stop_any if name in firsts]
        if clause.stop_all and all(name in firsts for name in clause.stop_all):
            candidates.append(max(firsts[name] for name in clause.stop_all))
        return min(candidates, default=None)

    def _counts(self, mark: Mark, lane: str | None) -> bool:
        """Whether a mark may stop a clock of `lane`, or of the whole matter when that is None. What
        concerns a whole round concerns every member."""
        if lane is None:
            return not self.chronicle.lanes.assists(mark.lane)
        return mark.lane == lane or (not mark.lane and lane in self._members)

    def _cancelled(self, mark: Mark, lane_name: str | None) -> Instant | None:
        lane = self.chronicle.lanes.all.get(lane_name) if lane_name is not None else None
        ends = (self.chronicle.ended_at, lane.end_from(mark.at) if lane is not None else None)
        return min((at for at in ends if at is not None and at >= mark.at), default=None)

    def _known_at(self, clause: Clause, mark: Mark, lane: str) -> Instant:
        """When this clock could first be computed as it now stands, apart from pauses and grants.

        The void of a mark that started it makes it newly known, and so does learning late that its
        lane was open.
        """
        member = self._members.get(lane)
        learned = member.learned(mark.at) if member is not None else mark.known_at
        voids = self._voids(clause.start, lane)
        return max(mark.known_at, learned, *(known_at for _, known_at in voids), 0)

    def _reopened(self, clause: Clause, lane: str) -> tuple[tuple[Instant, Instant], ...]:
        return tuple(self._voids((*clause.stop_any, *clause.stop_all), lane))

    def _voids(self, names: Sequence[str], lane: str) -> Iterator[tuple[Instant, Instant]]:
        """Instants of voided facts with these marks in a lane, and when the voids were learned."""
        kind = self.chronicle.kind
        for fact, void in self.chronicle.voids:
            event = fact.event
            done = (ALL_DONE,) if type(event) in kind.finishes else ()
            named = lane_named(event)
            if not {*kind.marks(event), *done}.isdisjoint(names) and lane in ("", named or lane):
                yield fact.meta.occurred_at, void.meta.recorded_at

"""Which clocks a dossier has, found mark by mark.

A clause of the whole matter runs once from the earliest start mark (rule D16), or once for every
start mark when it repeats; ASSIGNMENT, TALK and MEMBER clauses run once in every lane.

What was found is kept with the dossier and moved on by the marks that come behind it; where a fact
has changed what earlier marks mean, all of them are gone through again, by the same steps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from msgspec.structs import replace

from sla_engine.dossier.chronicle import ALL_DONE, Chronicle, Mark
from sla_engine.dossier.events import Carried, TermRefixed
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind, lane_named
from sla_engine.policy.clause import Clause, Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.sla.cycle import Cycle, Refix, term_of
from sla_engine.sla.index import index_of
from sla_engine.sla.ruling import rulings_on
from sla_engine.sla.schedule import Schedule, schedule
from sla_engine.worktime import Calendar

Key = tuple[str, str]


class Clocks(NamedTuple):
    """Every clock of a dossier by all it had `learned`, under `rules`; whatever the instant.

    `turns`, `holds` and `marked` say how far the chronicle had been read (see `Chronicle`)."""

    rules: Rulebook
    chronicle: Chronicle
    learned: int
    turns: int
    holds: int
    marked: int
    schedules: Mapping[Key, Schedule]


def clocks(dossier: Dossier, chronicle: Chronicle, rules: Rulebook) -> Mapping[Key, Schedule]:
    """The schedule of every clock, in order of start; kept with the dossier where the chronicle is
    the one kept with it."""
    kept = dossier.clocks
    if not isinstance(kept, Clocks) or kept.rules is not rules:
        kept = Clocks(rules, chronicle, -1, -1, -1, 0, {})
    if chronicle is not dossier.reading:
        return _moved(kept, dossier, chronicle)
    if kept.chronicle is not chronicle or kept.learned != dossier.learned:
        found = _moved(kept, dossier, chronicle)
        learned, marked = dossier.learned, len(chronicle.marks)
        turns, holds = chronicle.turns, chronicle.holds
        kept = dossier.clocks = Clocks(rules, chronicle, learned, turns, holds, marked, found)
    return kept.schedules


def check_pins(dossier: Dossier, kind: Kind, rules: Rulebook) -> None:
    """Raises `Refusal` RULES_CHANGED where rules that a dossier was judged by are gone."""
    if isinstance(dossier.clocks, Clocks) and dossier.clocks.rules is rules:
        return  # They were there when its clocks were reckoned.
    pins = {(fact.meta.pack, fact.meta.calendar) for fact in dossier.facts if fact.meta.pack}
    for pack_digest, calendar_digest in pins:
        pack = rules.pack_by_digest(pack_digest)
        region = kind.traits(dossier.opening.event)["region"] or pack.region
        rules.calendar_by_digest(pack, region, calendar_digest)


def _moved(kept: Clocks, dossier: Dossier, chronicle: Chronicle) -> Mapping[Key, Schedule]:
    """The clocks as the chronicle now has them; what is as it was stays as it was."""
    known, rules, found = kept.schedules, kept.rules, dict[Key, Cycle]()
    follows = kept.chronicle is chronicle and kept.turns == chronicle.turns
    if follows:
        found = {key: each.cycle for key, each in known.items()}
    held = follows and kept.holds == chronicle.holds
    moved: dict[Key, Schedule] = {}
    for key, cycle in _Walk(dossier, chronicle, rules, found).on(kept.marked if follows else 0):
        before = known.get(key)
        if before is None or not held or before.cycle is not cycle:
            moved[key] = schedule(cycle, chronicle, rules, before)
        else:
            moved[key] = before
    return moved


def cycles(dossier: Dossier, chronicle: Chronicle, rules: Rulebook) -> Mapping[Key, Cycle]:
    """Every clock without its schedule, found anew."""
    return dict(_Walk(dossier, chronicle, rules, {}).on(0))


class _Walk:
    """Walks the marks of a chronicle; ends the cycles that a mark ends and opens one where a clause
    says so."""

    def __init__(
        self, dossier: Dossier, chronicle: Chronicle, rules: Rulebook, found: dict[Key, Cycle]
    ) -> None:
        self.dossier = dossier
        self.chronicle = chronicle
        self.rules = rules
        self.found = found
        self.waiting: dict[Key, frozenset[str]] = {}
        """The marks that may end a cycle, for each that runs."""
        for cycle in found.values():
            if cycle.end is None:
                self._await(cycle)
        self._applying: dict[tuple[str, str], frozenset[str]] = {}
        self._members = chronicle.lanes.all if chronicle.kind.name == Scope.ROUND.kind else {}

    def on(self, index: int) -> Iterable[tuple[Key, Cycle]]:
        """All cycles, once the marks from `index` on have been walked."""
        self._look_again()
        marks = self.chronicle.marks
        for at in range(index, len(marks)):
            self._stop(at)
            if marks[at].fact.meta.pack:  # A fact that starts a clock is stamped.
                self._start(at)
        return self.found.items()

    def _look_again(self) -> None:
        """Whether those found before have lost their object since, were re-fixed or ruled on."""
        for key, cycle in self.found.items():
            if cycle.stop is None and cycle.cancelled_at is None:
                cancelled = self._cancelled(cycle.start, cycle.held_in)
                if cancelled is not None:
                    self.found[key] = replace(cycle, cancelled_at=cancelled)
        if self.dossier.refixed:
            for key, cycle in self.found.items():
                refixes = self._refixes(cycle.pack, *key)
                if refixes != cycle.refixes:
                    self.found[key] = replace(cycle, refixes=refixes)
        for key in self.chronicle.rulings.keys() & self.found.keys():
            cycle, rulings = self.found[key], rulings_on(self.chronicle, *key)
            if rulings != cycle.rulings:
                self.found[key] = replace(cycle, rulings=rulings)

    # ------------------------------------------------------------------------------- stops

    def _await(self, cycle: Cycle) -> None:
        self.waiting[cycle.key] = index_of(cycle.pack).ended[cycle.clause.id]

    def _stop(self, index: int) -> None:
        mark = self.chronicle.marks[index]
        for key in [key for key, names in self.waiting.items() if mark.name in names]:
            cycle = self.found[key]
            running = cycle.stop is None
            if running and cycle.cancelled_at is not None:
                running = mark.at <= cycle.cancelled_at
            if running and self._meets(index, cycle):
                stopped = replace(cycle, stop=mark.at, stopped_by=mark, cancelled_at=None)
                self.found[key] = stopped

    def _meets(self, index: int, cycle: Cycle) -> bool:
        """Whether a mark ends a clock: one of `stop_any`, or the last of the `stop_all`."""
        clause, mark = cycle.clause, self.chronicle.marks[index]
        last = mark.name in clause.stop_any
        if not (last or mark.name in clause.stop_all):
            return False
        lane = cycle.held_in
        counts = self._counts(mark, lane)
        if last or not counts:
            return counts
        begun = self.chronicle.marks.index(cycle.start)
        since = self.chronicle.marks[begun + 1 : index + 1]
        return {each.name for each in since if self._counts(each, lane)}.issuperset(clause.stop_all)

    def _counts(self, mark: Mark, lane: str | None) -> bool:
        """Whether a mark may stop a clock of `lane`, or of the whole matter when that is None. What
        concerns a whole round concerns every member."""
        if lane is None:
            return not self.chronicle.lanes.assists(mark.lane)
        return mark.lane == lane or (not mark.lane and lane in self._members)

    def _cancelled(self, start: Mark, lane_name: str | None) -> Instant | None:
        ended = self.chronicle.ended_at
        if ended is not None and ended < start.at:
            ended = None
        lane = self.chronicle.lanes.all.get(lane_name) if lane_name is not None else None
        end = lane.end_from(start.at) if lane is not None else None
        if end is None or ended is None:
            return ended if end is None else end
        return min(end, ended)

    # ------------------------------------------------------------------------------- starts

    def _start(self, index: int) -> None:
        mark = self.chronicle.marks[index]
        pack = self.rules.pack_by_digest(mark.fact.meta.pack)
        for clause in index_of(pack).started.get(mark.name, ()):
            for lane in self._lanes(clause, mark):
                if not self._applies(pack, clause, mark, lane):
                    continue
                name = self._name(clause, index, lane)
                if name is not None and (clause.id, name) not in self.found:
                    cycle = self._cycle(pack, clause, name, lane, mark)
                    self.found[cycle.key] = cycle
                    self._await(cycle)

    def _lanes(self, clause: Clause, mark: Mark) -> Sequence[str]:
        """Lanes in which a mark starts a clause: its own, but every member's where the mark is of
        the whole round."""
        if clause.scope is Scope.MEMBER and not mark.lane:
            lanes = self.chronicle.lanes.all.values()
            return [lane.name for lane in lanes if lane.held(mark.at)]
        return (mark.lane,)

    def _name(self, clause: Clause, index: int, lane: str) -> str | None:
        """Name of the cycle that a mark would open, None while the one before still runs."""
        prefix = lane if clause.scope.laned else ""
        return self._numbered(clause, index, prefix) if clause.repeat else prefix or "1"

    def _applies(self, pack: Pack, clause: Clause, mark: Mark, name: str) -> bool:
        """Whether a clause is about this kind of dossier, its traits, and the lane of the mark."""
        scope, lanes, ended_at = clause.scope, self.chronicle.lanes, self.chronicle.ended_at
        if scope.kind != self.chronicle.kind.name or clause.id not in self._apply(pack, name):
            return False
        if ended_at is not None and mark.at > ended_at:
            return False  # The end of a period comes, whether or not its round is still open.
        if scope.laned:
            return name in lanes.all
        if mark.inherited:
            carried = self._carried(clause, mark)
            return not clause.repeat and (carried is None or carried.began == mark.at)
        return not lanes.assists(name)

    def _carried(self, clause: Clause, mark: Mark) -> Carried | None:
        """What a mark that was taken over brings to one clause."""
        if not mark.inherited:
            return None
        brought = self.chronicle.kind.carries(mark.fact.event)
        return next((each for each in brought if each.clause == clause.id), None)

    def _apply(self, pack: Pack, name: str) -> frozenset[str]:
        """The clauses that fit the traits of the matter and of a lane."""
        known = self._applying.get((pack.digest, name))
        if known is None:
            lane = self.chronicle.lanes.all.get(name)
            of_lane = lane.traits if lane else {}
            known = index_of(pack).apply(self.chronicle.traits, of_lane)
            self._applying[pack.digest, name] = known
        return known

    def _numbered(self, clause: Clause, index: int, prefix: str) -> str | None:
        """A repeating clause opens its next cycle once the one before has ended."""
        dotted = f"{prefix}." if prefix else ""
        earlier = [
            cycle
            for cycle in self.found.values()
            if cycle.clause.id == clause.id and (not prefix or cycle.lane == prefix)
        ]
        if not all(self._over(cycle, index) for cycle in earlier):
            return None
        return f"{dotted}{len(earlier) + 1}"

    def _over(self, cycle: Cycle, index: int) -> bool:
        """Whether a cycle has ended by the instant of a mark, be it by a later one of the same."""
        marks = self.chronicle.marks
        at = marks[index].at
        if cycle.end is not None and cycle.end <= at:
            return True
        following = range(index + 1, len(marks))
        same = takewhile(lambda later: marks[later].at == at, following)
        return any(self._meets(later, cycle) for later in same)

    def _cycle(self, pack: Pack, clause: Clause, name: str, lane: str, mark: Mark) -> Cycle:
        own = lane if clause.scope.laned else None
        region = self.chronicle.traits.get("region", "") or pack.region
        calendar = self._calendar(pack, region, mark)
        limit = self._limit() if clause.own_limit else ""
        return Cycle(
            (clause.id, name),
            clause,
            term_of(clause, limit, mark.at, calendar),
            pack,
            calendar,
            lane,
            start=mark,
            stop=None,
            cancelled_at=self._cancelled(mark, own),
            known_at=self._known_at(clause, mark, own or ""),
            refixes=self._refixes(pack, clause.id, name),
            reopened=self._reopened(clause, own or ""),
            rulings=rulings_on(self.chronicle, clause.id, name),
            carried=self._carried(clause, mark),
        )

    def _limit(self) -> str:
        """The limit that the matter brought."""
        limits = (self.chronicle.kind.limit(mark.fact.event) for mark in self.chronicle.marks)
        return next(filter(None, limits), "")

    def _calendar(self, pack: Pack, region: str, mark: Mark) -> Calendar:
        """The edition a clock starts under: as stamped on its start, or as then known."""
        pin = mark.fact.meta.calendar
        if pin:
            return self.rules.calendar_by_digest(pack, region, pin)
        return self.rules.calendar(pack, region, mark.known_at)

    def _refixes(self, pack: Pack, clause: str, name: str) -> tuple[Refix, ...]:
        recorded = self.dossier.refixed.get((clause, name))
        return tuple(self._refix(pack, each) for each in recorded) if recorded else ()

    def _refix(self, pack: Pack, recorded: Recorded) -> Refix:
        event, meta = recorded.event, recorded.meta
        assert isinstance(event, TermRefixed)
        region = self.chronicle.traits.get("region", "") or pack.region
        calendar = self.rules.calendar_by_digest(pack, region, meta.calendar)
        return Refix(event.effective, meta.recorded_at, calendar, event.floor)

    def _known_at(self, clause: Clause, mark: Mark, lane: str) -> Instant:
        """When this clock could first be computed as it now stands, apart from pauses and grants.

        The void of a mark that started it makes it newly known, and so does learning late that its
        lane was open.
        """
        member = self._members.get(lane)
        known_at = max(mark.known_at, member.learned(mark.at) if member is not None else 0)
        if not self.chronicle.voids:
            return known_at
        return max(known_at, *(learned_at for _, learned_at in self._voids(clause.start, lane)), 0)

    def _reopened(self, clause: Clause, lane: str) -> tuple[tuple[Instant, Instant], ...]:
        if not self.chronicle.voids:
            return ()
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

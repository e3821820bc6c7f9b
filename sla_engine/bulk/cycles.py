"""Which clocks of a clause there are, in every petition of a partition at once.

The steps are those of `sla.clocks`: a mark ends cycles before it opens one, a clause of the whole
matter runs once unless it repeats, and a repeating one opens its next cycle once the one before
has ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sla_engine.bulk.facts import NEVER, Bools, Facts, Ints, Rows, pick, where
from sla_engine.bulk.ruling import Ruling
from sla_engine.bulk.timeline import Timeline, heads, timeline
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Clause, Pack
from sla_engine.record import Instant


class Rule(NamedTuple):
    """A clause of one pack; `pack` is its number among those that rule the partition."""

    pack: int
    clause: Clause


class Starts(NamedTuple):
    """Marks that start clocks, by group, then by time: their rows, groups (a petition or a lane)
    and instants."""

    row: Rows
    group: Rows
    at: Ints

    def pick(self, places: Rows) -> "Starts":
        return Starts(*(pick(column, places) for column in self))


class Cycles(NamedTuple):
    """Clocks of one clause of one pack. `row` is the mark that started each, `number` which running
    it is; `stop` and `cancelled` are instants, NEVER where it did not end so (`cancelled` None:
    nowhere)."""

    rule: Rule
    row: Rows
    group: Rows
    start: Ints
    number: int
    stop: Ints
    cancelled: Ints | None

    @property
    def end(self) -> Ints:
        return self.stop if self.cancelled is None else np.minimum(self.stop, self.cancelled)

    def pick(self, places: Rows) -> "Cycles":
        return self._replace(
            row=pick(self.row, places),
            group=pick(self.group, places),
            start=pick(self.start, places),
            stop=pick(self.stop, places),
            cancelled=None if self.cancelled is None else pick(self.cancelled, places),
        )


def families(packs: Sequence[Pack]) -> Mapping[str, Sequence[Rule]]:
    """The clauses about petitions, by id: editions of a pack have clauses of one name."""
    found: dict[str, list[Rule]] = {}
    for number, pack in enumerate(packs):
        for clause in pack.clauses:
            if clause.scope.kind == PETITION.name:
                found.setdefault(clause.id, []).append(Rule(number, clause))
    return found


def alike(family: Sequence[Rule]) -> bool:
    """Whether clauses of one name in several packs open their cycles in the same way."""
    return len({(rule.clause.scope, rule.clause.repeat) for rule in family}) == 1


class Finder:
    """Finds the clocks of one partition that have started by `at`."""

    def __init__(self, facts: Facts, ruling: Ruling, at: Instant) -> None:
        self.facts = facts
        self.ruling = ruling
        self.at = at
        self._ended = bool((facts.petitions.ended_at != NEVER).any())
        self._inherited = bool(facts.marks.inherited.any())
        self._uniform = ruling.uniform

    def cycles(self, family: Sequence[Rule]) -> Iterator[Cycles]:
        """The clocks of clauses of one name, which must be `alike`."""
        clause = family[0].clause
        line = timeline(self.facts, clause.scope.laned)
        found = [self._starts(rule, line) for rule in family]
        starts = found[0] if len(found) == 1 else _together([each.row for each in found], line)
        if line.last > self.at:
            starts = starts.pick(where(starts.at <= self.at))
        if clause.repeat:
            yield from self._repeating(family, starts, line)
        else:
            yield from self._split(family, _firsts(starts), line, 1)

    def _split(
        self, family: Sequence[Rule], starts: Starts, line: Timeline, number: int
    ) -> Iterator[Cycles]:
        """Clocks so started, each under the pack that rules its start."""
        for rule in family:
            mine = starts
            if len(family) > 1:
                mine = starts.pick(where(self.ruling.pack[starts.row] == rule.pack))
            if len(mine.row):
                yield self._run(rule, mine, line, number)

    def _repeating(
        self, family: Sequence[Rule], starts: Starts, line: Timeline
    ) -> Iterator[Cycles]:
        first = heads(starts.group)
        if first.all():
            yield from self._split(family, starts, line, 1)
            return
        place, number = where(first), 0
        while len(place):
            number += 1
            ends = np.full(len(place), NEVER)
            begun = starts if len(place) == len(starts.row) else starts.pick(place)
            for cycles in self._split(family, begun, line, number):
                ends[np.searchsorted(begun.group, cycles.group)] = cycles.end
                yield cycles
            place = _following(starts, place, ends)

    # -------------------------------------------------------------------------------- starts

    def _starts(self, rule: Rule, line: Timeline) -> Starts:
        """Every mark that would start a clock of the clause, were none running."""
        clause, marks = rule.clause, self.facts.marks
        found = [line.named(name) for name in dict.fromkeys(clause.start)]
        starts = Starts(*found[0][:3])
        if len(found) > 1:
            starts = _together([each.rows for each in found], line)
        fits = [self._has(*field, starts, clause) for field in clause.match.fields.items()]
        if not self._uniform:
            fits.append(pick(self.ruling.pack, starts.row) == rule.pack)
        if self._ended:
            ended_at = pick(self.facts.petitions.ended_at, self._petition(starts, clause))
            fits.append(starts.at <= ended_at)
        if clause.repeat and not clause.scope.laned and self._inherited:
            fits.append(~pick(marks.inherited, starts.row))
        masks = [mask for mask in fits if mask is not None]
        return starts if not masks else starts.pick(where(np.logical_and.reduce(masks)))

    def _has(
        self, name: str, values: Sequence[str], starts: Starts, clause: Clause
    ) -> Bools | None:
        """Where a trait of the petition, or of the lane of the mark, is one of `values` (None:
        everywhere)."""
        petitions, lanes = self.facts.petitions.traits, self.facts.lanes.traits
        if name in lanes:
            has = np.full(len(starts.row), "" in values)
            lane = pick(self.facts.marks.lane, starts.row)
            laned = where(lane >= 0)
            has[laned] = lanes[name].among(values)[lanes[name].codes[lane[laned]]]
            return has
        if name not in petitions:
            return None if "" in values else np.zeros(len(starts.row), np.bool_)
        codes, among = petitions[name].codes, petitions[name].among(values)
        if among.all():
            return None
        if not among.any():
            return np.zeros(len(starts.row), np.bool_)
        return pick(pick(among, codes), self._petition(starts, clause))

    def _petition(self, starts: Starts, clause: Clause) -> Rows:
        """Whose marks these are."""
        if not clause.scope.laned:
            return starts.group
        return pick(self.facts.marks.petition, starts.row)

    # --------------------------------------------------------------------------------- ends

    def _run(self, rule: Rule, starts: Starts, line: Timeline, number: int) -> Cycles:
        row, group, start = starts
        stop = pick(line.at, _stopped(rule.clause, starts, line))
        cancelled = self._cancelled(rule.clause, starts)
        if cancelled is not None:
            lost = stop > cancelled
            cancelled = np.where(lost, cancelled, NEVER)
            np.putmask(stop, lost, NEVER)
        return Cycles(rule, row, group, start, number, stop, cancelled)

    def _cancelled(self, clause: Clause, starts: Starts) -> Ints | None:
        """When each lost its object, with the petition or with its own lane; None: nowhere."""
        ends = []
        if self._ended:
            ended_at = self.facts.petitions.ended_at
            ends.append(pick(ended_at, self._petition(starts, clause)))
        if clause.scope.laned:
            ends.append(pick(self.facts.lanes.ended_at, starts.group))
        for end in ends:
            np.putmask(end, end < starts.at, NEVER)
        earliest = [end for end in ends if (end != NEVER).any()]
        return np.minimum.reduce(earliest) if earliest else None


def _stopped(clause: Clause, starts: Starts, line: Timeline) -> Rows:
    """The mark that ends each clock: one of `stop_any`, or the last of the `stop_all`."""
    row, group, _ = starts
    ends = [line.after(name, row, group) for name in clause.stop_any]
    if clause.stop_all:
        every = [line.after(name, row, group) for name in clause.stop_all]
        ends.append(np.maximum.reduce(every))
    assert ends, "a clause has marks that end it"
    return np.minimum.reduce(ends) if len(ends) > 1 else ends[0]


def _firsts(starts: Starts) -> Starts:
    first = heads(starts.group)
    return starts if first.all() else starts.pick(where(first))


def _together(several: Sequence[Rows], line: Timeline) -> Starts:
    """Marks of several names, or of several packs, as one."""
    row = line.ordered(np.sort(np.concatenate(several)))
    return Starts(row, pick(line.group, row), pick(line.at, row))


def _following(starts: Starts, place: Rows, end: Ints) -> Rows:
    """Places of the starts that come next, each once what began at `place` has ended."""
    found: list[Rows] = []
    group, following = starts.group[place], place + 1
    while True:
        there = (following < len(starts.row)) & (end != NEVER)
        there &= pick(starts.group, following) == group
        following, group, end = following[there], group[there], end[there]
        if not len(following):
            return np.sort(np.concatenate(found)) if found else following
        over = starts.at[following] >= end
        found.append(following[over])
        following, group, end = following[~over] + 1, group[~over], end[~over]

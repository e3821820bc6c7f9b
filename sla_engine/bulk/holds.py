"""What changes a term while it runs: suspensions, and extensions that take effect.

Both are gone through in time order, the k-th of every clock at once.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sla_engine.bulk.deadline import Deadline, Due, Span
from sla_engine.bulk.facts import NEVER, Bools, Codes, Facts, Ints, Rows, where
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Clause, ExtensionRule
from sla_engine.worktime import Amount
from sla_engine.worktime.instant import HOUR


class Clocks(NamedTuple):
    """Clocks of one clause: whose they are, when they started and ended."""

    petition: Rows
    start: Ints
    end: Ints

    def at(self, places: Rows) -> "Clocks":
        return Clocks(self.petition[places], self.start[places], self.end[places])


class Asked(NamedTuple):
    """One extension for each of the clocks at `place`: when it was asked for, when granted, the
    code of its amount."""

    place: Rows
    asked: Ints
    granted: Ints
    amount: Codes


class Holds:
    """The pauses and extensions of one partition."""

    def __init__(self, facts: Facts) -> None:
        self._pauses = facts.pauses
        self._grants = facts.grants
        self._petitions = len(facts)
        self._amounts = [_amount(text) for text in facts.grants.amount.values]

    @property
    def unreadable(self) -> Bools:
        """Petitions with an extension whose amount cannot be read."""
        lost = np.zeros(self._petitions, np.bool_)
        none = np.array([amount is None for amount in self._amounts], np.bool_)
        if none.any():
            lost[self._grants.petition[none[self._grants.amount.codes]]] = True
        return lost

    def due(self, clause: Clause, deadline: Deadline, clocks: Clocks) -> Due:
        """When each clock is due by all that happened to it."""
        size = np.full(len(clocks.start), clause.term.amount.size, np.int64)
        pauses = list(self._paused(clause, clocks))
        rule, known = clause.extension, np.ones(len(size), np.bool_)
        if rule is not None:
            caps = _Caps(clause, rule, self._amounts)
            granted = np.zeros(len(size), np.int64)
            for asked in self._asked(clause, clocks):
                standing = _standing(deadline, clocks.at(asked.place), size, pauses, asked)
                if standing.known is not None:
                    known[asked.place] &= standing.known
                effective = _in_time(deadline, standing, asked) & caps.allow(asked, size, granted)
                place = asked.place[effective]
                size[place] += caps.size[asked.amount[effective]]
                granted[place] += 1
        due = deadline.due(clocks.start, size, _known_by(pauses, clocks.end))
        return due if known.all() else due._replace(known=known & _known(due))

    def _paused(self, clause: Clause, clocks: Clocks) -> Iterator[Span]:
        """The k-th pause that the clause honours, where it was not over when the clock started."""
        pauses = self._pauses
        if not clause.pauses or not len(pauses.start):
            return
        honoured = pauses.ground.among(sorted(clause.pauses))[pauses.ground.codes]
        for place, row in self._each(where(honoured), pauses.petition, clocks):
            begin, end = np.full(len(clocks.start), NEVER), np.full(len(clocks.start), NEVER)
            ran = pauses.end[row] > clocks.start[place]
            held, by = place[ran], row[ran]
            begin[held] = np.maximum(pauses.start[by], clocks.start[held])
            end[held] = pauses.end[by]
            if len(held):
                yield Span(begin, end)

    def _asked(self, clause: Clause, clocks: Clocks) -> Iterator[Asked]:
        """The k-th extension granted, where it was asked for while the clock ran."""
        grants = self._grants
        rows = where(grants.clause.codes == grants.clause.code(clause.id))
        for place, row in self._each(rows, grants.petition, clocks):
            asked = grants.asked[row]
            ran = (clocks.start[place] <= asked) & (asked <= clocks.end[place])
            by = row[ran]
            yield Asked(place[ran], asked[ran], grants.at[by], grants.amount.codes[by])

    def _each(self, rows: Rows, owner: Rows, clocks: Clocks) -> Iterator[tuple[Rows, Rows]]:
        """For each k: clocks, by place, whose petition has a k-th of these rows, and that row."""
        if not len(rows):
            return
        offsets = np.searchsorted(owner[rows], np.arange(self._petitions + 1))
        first, last = offsets[clocks.petition], offsets[clocks.petition + 1]
        place = where(first < last)
        while len(place):
            yield place, rows[first[place]]
            first = first + 1
            place = place[first[place] < last[place]]


class _Caps:
    """What an extension may come to, by the code of its amount."""

    def __init__(
        self, clause: Clause, rule: ExtensionRule, amounts: Sequence[Amount | None]
    ) -> None:
        unit = clause.term.amount.unit
        scale = HOUR if unit.is_hours else 1
        same = [each is not None and each.unit is unit for each in amounts]
        small = [
            each is not None and (rule.each_max is None or each.n <= rule.each_max.n)
            for each in amounts
        ]
        self.size = np.array([0 if each is None else each.size for each in amounts], np.int64)
        self._fits = np.array(same, np.bool_) & np.array(small, np.bool_)
        self._count = rule.max_count
        most = Fraction(NEVER) if rule.total_max is None else rule.total_max.n * scale
        self._longest = min(clause.term.amount.size + int(most), NEVER)

    def allow(self, asked: Asked, size: Ints, granted: Ints) -> Bools:
        """Whether each stays within the caps: how many, how long, how long in all."""
        longer = size[asked.place] + self.size[asked.amount]
        few = granted[asked.place] < self._count
        return few & self._fits[asked.amount] & (longer <= self._longest)


def _standing(
    deadline: Deadline, clocks: Clocks, size: Ints, pauses: Sequence[Span], asked: Asked
) -> Due:
    """When these clocks were due as their extensions were granted."""
    until = np.minimum(asked.granted, clocks.end)
    here = [pause.of(asked.place) for pause in pauses]
    return deadline.due(clocks.start, size[asked.place], _known_by(here, until))


def _in_time(deadline: Deadline, standing: Due, asked: Asked) -> Bools:
    due = np.where(_known(standing), standing.at, NEVER)
    return asked.asked <= deadline.last_call(due)


def _known(due: Due) -> Bools:
    return np.ones(len(due.at), np.bool_) if due.known is None else due.known


def _known_by(pauses: Sequence[Span], until: Ints) -> list[Span]:
    """Pauses as they stood at an instant of each clock: begun by then, or ended."""
    spans = []
    for pause in pauses:
        begun, ended = pause.begin <= until, pause.end <= until
        if begun.any():
            begin = np.where(begun, pause.begin, NEVER)
            spans.append(Span(begin, np.where(begun & ended, pause.end, NEVER)))
    return spans


def _amount(text: str) -> Amount | None:
    try:
        return Amount.parse(text)
    except Refusal:
        return None

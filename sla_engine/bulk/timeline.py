"""Where marks lie: the first of a name after another mark, for many petitions at once.

Marks are numbered in time order within their petition, so what comes first is the smaller number.
Nothing here depends on rules; it is worked out once for a partition and kept with it.
"""

from typing import NamedTuple

import numpy as np

from sla_engine.bulk.facts import NEVER, Bools, Facts, Ints, Rows, pick, where


class Named(NamedTuple):
    """The marks of one name, by group, then by time. `group` and `at` are of each; `first` is, by
    group, its first one (`nowhere` where it has none), `alone` whether no group has two, `every`
    whether each has exactly one."""

    rows: Rows
    group: Rows
    at: Ints
    first: Rows
    alone: bool
    every: bool


class Timeline:
    """The marks of one partition as clocks of the whole matter see them, or, `laned`, those of its
    lanes. A `group` is what has one clock: a petition, or a lane."""

    def __init__(self, facts: Facts, laned: bool) -> None:
        marks, lanes = facts.marks, facts.lanes
        self.nowhere = len(marks.at)
        """The row of a mark that is not there; it is at NEVER."""
        self.at = np.append(marks.at, NEVER)
        self.last = int(marks.at.max(initial=0))
        self.groups = len(lanes.lead) if laned else len(facts)
        self.group = marks.lane if laned else marks.petition
        self._facts = facts
        self._laned = laned
        self._assisted = not laned and not lanes.lead.all()
        self._named: dict[str, Named] = {}

    def named(self, name: str) -> Named:
        """Every mark of a name, but those that concern none of these clocks: of no lane, or of
        lanes that only assist."""
        known = self._named.get(name)
        if known is None:
            known = self._named[name] = self._find(self._facts.marks.name.code(name))
        return known

    def _find(self, code: int) -> Named:
        marks = self._facts.marks
        rows = where(marks.name.codes == code) if code >= 0 else np.zeros(0, np.int64)
        if self._laned:
            rows = self.ordered(rows[marks.lane[rows] >= 0])
        elif self._assisted:
            lane = marks.lane[rows]
            rows = rows[(lane < 0) | self._facts.lanes.lead[lane]]
        group = pick(self.group, rows)
        fresh = heads(group)
        first = np.full(self.groups, self.nowhere, np.int64)
        first[group[fresh]] = rows[fresh]
        alone = bool(fresh.all())
        every = alone and len(rows) == self.groups
        return Named(rows, group, pick(self.at, rows), first, alone, every)

    def ordered(self, rows: Rows) -> Rows:
        """Ascending rows, by group."""
        groups = self.group[rows]
        if not self._laned or (groups[1:] >= groups[:-1]).all():
            return rows
        return rows[np.argsort(groups, kind="stable")]

    def after(self, name: str, rows: Rows, group: Rows) -> Rows:
        """The first mark of that name in the group of each of `rows` and after it; `nowhere` where
        there is none."""
        named = self.named(name)
        found = named.first if len(rows) == self.groups else pick(named.first, group)
        late = found <= rows
        if not late.any():
            return found
        places, found = where(late), found.copy()
        if named.alone:
            found[places] = self.nowhere
        else:
            found[places] = self._next(named, rows[places], group[places])
        return found

    def _next(self, named: Named, rows: Rows, group: Rows) -> Rows:
        place = np.searchsorted(self._key(named.rows), self._key(rows), "right")
        there = place < len(named.rows)
        found = named.rows[np.where(there, place, 0)]
        return np.where(there & (self.group[found] == group), found, self.nowhere)

    def _key(self, rows: Rows) -> Ints:
        """Numbers that order rows by group, then by time."""
        return self.group[rows] * (self.nowhere + 1) + rows


def timeline(facts: Facts, laned: bool) -> Timeline:
    """The timeline of a partition."""
    key = (Timeline, laned)
    known = facts.kept.get(key)
    if known is None:
        known = facts.kept[key] = Timeline(facts, laned)
    assert isinstance(known, Timeline)
    return known


def heads(groups: Rows) -> Bools:
    """Which of these, equal ones side by side, are the first of their kind."""
    first = np.ones(len(groups), np.bool_)
    np.not_equal(groups[1:], groups[:-1], out=first[1:])
    return first

"""Who is answerable for each clock, as `sla.assess.unit_at` says it, for many at once."""

from typing import NamedTuple

import numpy as np

from sla_engine.bulk.cycles import Cycles
from sla_engine.bulk.facts import NEVER, Codes, Facts, Ints, Rows, pick, where
from sla_engine.record import Instant


class Holder(NamedTuple):
    """By petition, the unit of its first lane and from when to when that leads (never, where it
    assists or there is none); `several`: the petitions with more than one lane."""

    unit: Codes
    since: Ints
    until: Ints
    several: Rows


class Units:
    """The units of one partition. `names` are those of its lanes, with "" for none."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        names = facts.lanes.unit.values
        self.names = names if "" in names else (*names, "")
        self._nobody = np.int32(self.names.index(""))
        self._holder = self._first_holders()
        self._shared = np.zeros(len(facts), np.bool_)
        self._shared[self._holder.several] = True
        self._inherited = bool(facts.marks.inherited.any())

    def of(self, cycles: Cycles, at: Instant) -> Codes:
        """The unit answerable at an instant, or when the clock ended."""
        if not cycles.rule.clause.names_unit:
            return np.full(len(cycles.group), self._nobody, np.int32)
        if cycles.rule.clause.scope.laned:
            return pick(self._facts.lanes.unit.codes, cycles.group)
        asked = np.minimum(cycles.end, at)
        unit = self._leading(cycles.group, asked)
        if self._inherited:
            self._taken_on(unit, cycles, asked)
        return unit

    def _first_holders(self) -> Holder:
        lanes, first = self._facts.lanes, self._facts.petitions.lanes
        counts = np.diff(first)
        size = len(counts)
        there = where(counts > 0)
        lane = first[there]
        unit = np.full(size, self._nobody, np.int32)
        since, until = np.full(size, NEVER), np.full(size, NEVER)
        unit[there] = lanes.unit.codes[lane]
        since[there] = np.where(lanes.lead[lane], lanes.opened_at[lane], NEVER)
        until[there] = lanes.ended_at[lane]
        return Holder(unit, since, until, where(counts > 1))

    def _leading(self, petition: Rows, at: Ints) -> Codes:
        """The unit of the last leading lane that was open at an instant."""
        holder, every = self._holder, len(petition) == len(self._facts)
        unit = holder.unit.copy() if every else pick(holder.unit, petition)
        since, until = holder.since, holder.until
        if not every:
            since, until = pick(since, petition), pick(until, petition)
        np.putmask(unit, (since > at) | (until <= at), self._nobody)
        if len(holder.several):
            places = where(pick(self._shared, petition))
            self._later_lanes(unit, petition, at, places)
        return unit

    def _later_lanes(self, unit: Codes, petition: Rows, at: Ints, places: Rows) -> None:
        lanes, first = self._facts.lanes, self._facts.petitions.lanes
        lane, last = first[petition[places]] + 1, first[petition[places] + 1]
        while len(places):
            asked = at[places]
            held = (lanes.opened_at[lane] <= asked) & (asked < lanes.ended_at[lane])
            held &= lanes.lead[lane]
            unit[places[held]] = lanes.unit.codes[lane[held]]
            more = lane + 1 < last
            places, lane, last = places[more], lane[more] + 1, last[more]

    def _taken_on(self, unit: Codes, cycles: Cycles, at: Ints) -> None:
        """A clock inherited in a merge may be older than the first dispatch, whose unit takes it
        on."""
        lanes, first = self._facts.lanes, self._facts.petitions.lanes
        for place in where(self._facts.marks.inherited[cycles.row]).tolist():
            petition = cycles.group[place]
            of_it = range(int(first[petition]), int(first[petition + 1]))
            lane = next((lane for lane in of_it if lanes.lead[lane]), None)
            if lane is not None and at[place] < lanes.opened_at[lane]:
                unit[place] = lanes.unit.codes[lane]


def units(facts: Facts) -> Units:
    """The units of a partition, kept with it."""
    known = facts.kept.get(Units)
    if known is None:
        known = facts.kept[Units] = Units(facts)
    assert isinstance(known, Units)
    return known

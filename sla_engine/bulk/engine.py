"""The columnar assessment: equal to `sla.assess` on every petition.

Whatever the arrays do not express is found by a mask and assessed one by one.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sla_engine.bulk.answer import STATES, Answer, Block, States
from sla_engine.bulk.cycles import Cycles, Finder, Rule, alike, families
from sla_engine.bulk.deadline import Deadline, Due, put, unknown
from sla_engine.bulk.facts import NEVER, Bools, Facts, Ints, Rows, pick, where
from sla_engine.bulk.holds import Clocks, Holds
from sla_engine.bulk.rulers import Days
from sla_engine.bulk.ruling import Ruling, as_stamped, from_the_start
from sla_engine.bulk.scalar import Asked, Refused, Single, one_by_one
from sla_engine.bulk.units import units
from sla_engine.policy.clause import Clause, Pack
from sla_engine.record import Instant
from sla_engine.sla.assess import State
from sla_engine.worktime import Calendar

_NUMBER = {state: np.int8(number) for number, state in enumerate(STATES)}


class Bulk:
    """Assesses partitions. What it has worked out of clauses and calendars serves the next one."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._deadlines: dict[tuple[str, str, str], Deadline] = {}
        self._days: dict[str, Days] = {}

    def answers(self, partitions: Iterable[Facts]) -> Iterator[Answer]:
        """An answer for each partition."""
        return map(self.answer, partitions)

    def answer(self, facts: Facts) -> Answer:
        """Every clock of every petition of a partition; what is refused of it is in the answer."""
        return _Partition(self, facts).answer()

    def deadline(self, pack: Pack, clause: Clause, calendar: Calendar) -> Deadline:
        """The due instants of a clause under a calendar."""
        key = (pack.digest, clause.id, calendar.digest)
        known = self._deadlines.get(key)
        if known is None:
            timetable = self.asked.rules.timetable(pack, clause.hours, calendar)
            days = self._days.setdefault(calendar.zone.name, Days(calendar.zone))
            known = self._deadlines[key] = Deadline(clause, timetable, days)
        return known


class _Partition:
    """One partition being assessed. `singly` gathers the petitions that go to `assess`."""

    def __init__(self, bulk: Bulk, facts: Facts) -> None:
        asked = bulk.asked
        self.bulk, self.asked, self.facts = bulk, asked, facts
        self.ruling: Ruling = (from_the_start if asked.anew else as_stamped)(facts, asked.rules)
        self.holds = Holds(facts)
        self.finder = Finder(facts, self.ruling, asked.at)
        self.families = families(self.ruling.packs)
        self.singly: Bools = self.ruling.lost | self.holds.unreadable
        if asked.anew:
            # Taken over in a merge: judged together, by when the first of it happened.
            self.singly[facts.marks.petition[facts.marks.inherited]] = True
        else:
            self.singly |= facts.petitions.refixed
        if asked.known_at is not None:
            self.singly |= facts.petitions.learned_at > asked.known_at

    def answer(self) -> Answer:
        blocks = [
            self._judged(number, cycles)
            for number, family in enumerate(self.families.values())
            for cycles in self._cycles(family)
        ]
        if self.singly.any():
            blocks = [each.pick(where(~pick(self.singly, each.petition))) for each in blocks]
        petitions = where(self.singly).tolist()
        rest = list(one_by_one(self.facts, petitions, self.asked))
        singles = [each for each in rest if isinstance(each, Single)]
        clauses = list(dict.fromkeys([*self.families, *(each.clause for each in singles)]))
        names = list(dict.fromkeys([*units(self.facts).names, *(each.unit for each in singles)]))
        return Answer(
            facts=self.facts,
            at=self.asked.at,
            clauses=tuple(clauses),
            units=tuple(names),
            blocks=(*blocks, *_blocks(singles, clauses, names)),
            singly=len(petitions),
            refused=tuple(each for each in rest if isinstance(each, Refused)),
        )

    def _cycles(self, family: Sequence[Rule]) -> Iterator[Cycles]:
        if alike(family):
            yield from self.finder.cycles(family)
            return
        # Clocks of one name that open differently: whoever may have both is assessed singly.
        self.singly |= self._mixed()
        for rule in family:
            yield from self.finder.cycles([rule])

    def _mixed(self) -> Bools:
        """Petitions ruled by more than one pack."""
        pack, petition = self.ruling.pack, self.facts.marks.petition
        ruled = where(pack >= 0)
        least = np.full(len(self.facts), len(self.ruling.packs))
        most = np.full(len(self.facts), -1)
        np.minimum.at(least, petition[ruled], pack[ruled])
        np.maximum.at(most, petition[ruled], pack[ruled])
        return least < most

    def _judged(self, number: int, cycles: Cycles) -> Block:
        """The clocks of one clause, judged."""
        clause, at = cycles.rule.clause, self.asked.at
        laned = clause.scope.laned
        petition = pick(self.facts.marks.petition, cycles.row) if laned else cycles.group
        due = self._due(cycles, petition)
        return Block(
            clause=number,
            number=cycles.number if clause.repeat else 0,
            petition=petition,
            lane=cycles.group if laned else None,
            start=cycles.start,
            due=due.at,
            stop=_by_now(cycles.stop, at),
            state=_states(cycles, due.at, at),
            provisional=due.loose,
            unit=units(self.facts).of(cycles, at),
        )

    def _due(self, cycles: Cycles, petition: Rows) -> Due:
        pack, clause = self.ruling.packs[cycles.rule.pack], cycles.rule.clause
        clocks = Clocks(petition, cycles.start, cycles.end)
        due = unknown(0)
        for calendar, places in self.ruling.calendars(pack, cycles.row):
            whole = len(places) == len(petition)
            mine = clocks if whole else clocks.at(places)
            found = (
                unknown(len(places))
                if calendar is None
                else self.holds.due(clause, self.bulk.deadline(pack, clause, calendar), mine)
            )
            if whole:
                due = found
            else:
                due = due if len(due.at) else unknown(len(petition))
                put(due, places, found)
        if due.known is not None and not due.known.all():
            self.singly[petition[~due.known]] = True
        return due


def _by_now(stop: Ints, at: Instant) -> Ints:
    """Stops that have come."""
    coming = (stop > at) & (stop != NEVER)
    return np.where(coming, NEVER, stop) if coming.any() else stop


def _states(cycles: Cycles, due: Ints, at: Instant) -> States:
    lapses, stopped = cycles.rule.clause.lapses, cycles.stop <= at
    state = np.full(len(due), _NUMBER[State.RUNNING])
    np.putmask(state, due < at, _NUMBER[State.LAPSED if lapses else State.OVERDUE])
    np.putmask(state, due == NEVER, _NUMBER[State.PAUSED])
    if cycles.cancelled is not None:
        np.putmask(state, cycles.cancelled <= at, _NUMBER[State.CANCELLED])
    np.putmask(state, stopped, _NUMBER[State.MET])
    late = _NUMBER[State.LAPSED if lapses else State.LATE]
    np.putmask(state, stopped & (cycles.stop > due), late)
    return state


def _blocks(
    singles: Sequence[Single], clauses: Sequence[str], names: Sequence[str]
) -> Iterator[Block]:
    """Clocks assessed one by one, by clause and running."""
    alike: dict[tuple[str, int, bool], list[Single]] = {}
    for each in singles:
        alike.setdefault((each.clause, each.number, each.lane < 0), []).append(each)
    for (clause, number, whole), group in alike.items():
        yield Block(
            clause=clauses.index(clause),
            number=number,
            petition=np.array([each.petition for each in group], np.int64),
            lane=None if whole else np.array([each.lane for each in group], np.int64),
            start=np.array([each.start for each in group], np.int64),
            due=np.array([each.due for each in group], np.int64),
            stop=np.array([each.stop for each in group], np.int64),
            state=np.array([_NUMBER[each.state] for each in group], np.int8),
            provisional=np.array([each.provisional for each in group], np.bool_),
            unit=np.array([names.index(each.unit) for each in group], np.int32),
        )

"""What other rules would have done: two answers about the same petitions, side by side."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sla_engine.bulk.answer import STATES, Answer
from sla_engine.bulk.facts import NEVER, Bools, Ints, Rows
from sla_engine.record import Instant
from sla_engine.sla.assess import State

EXAMPLES = 10

_LATE = (State.LATE, State.OVERDUE)
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One clock that comes out otherwise. Instants None: no clock there, or a pause is open;
    `before` and `after` None: no such clock under those rules."""

    stream: str
    clause: str
    cycle: str
    unit: str
    region: str
    due_before: Instant | None
    due_after: Instant | None
    before: State | None
    after: State | None

    @property
    def delay(self) -> int:
        """Microseconds by which the due instant moves; negative: sooner; 0 where there are not two
        of them."""
        if self.due_before is None or self.due_after is None:
            return 0
        return self.due_after - self.due_before


@dataclass(frozen=True, slots=True)
class Turned:
    """Clocks of a unit that turn: from in time to late (`worse`), or back (`better`)."""

    worse: int = 0
    better: int = 0

    def plus(self, other: "Turned") -> "Turned":
        return Turned(self.worse + other.worse, self.better + other.better)


@dataclass(frozen=True, slots=True)
class Impact:
    """How two answers differ.

    Of `clocks` that are in both, `moved` have another due instant, `later` and `sooner`; `flipped`
    counts changes of state, `units` those between in time and late by the unit first answerable.
    `days` counts moves by whole days, towards 0. `added` and `removed` clocks are in one answer
    only. `longest` is the longest delay, `examples` the first clocks that flipped, or moved where
    none did.
    """

    petitions: int = 0
    clocks: int = 0
    moved: int = 0
    later: int = 0
    sooner: int = 0
    added: int = 0
    removed: int = 0
    refused: int = 0
    flipped: Mapping[tuple[State, State], int] = field(default_factory=dict)
    units: Mapping[str, Turned] = field(default_factory=dict)
    days: Mapping[int, int] = field(default_factory=dict)
    longest: Change | None = None
    examples: tuple[Change, ...] = ()

    @property
    def turned(self) -> Turned:
        """All clocks that turn between in time and late."""
        total = Turned()
        for each in self.units.values():
            total = total.plus(each)
        return total

    def plus(self, other: "Impact") -> "Impact":
        """Both together, of different petitions."""
        flipped, units, days = dict(self.flipped), dict(self.units), dict(self.days)
        for moved, count in other.days.items():
            days[moved] = days.get(moved, 0) + count
        for pair, count in other.flipped.items():
            flipped[pair] = flipped.get(pair, 0) + count
        for unit, turned in other.units.items():
            units[unit] = units.get(unit, Turned()).plus(turned)
        longest = max(
            (each.longest for each in (self, other) if each.longest is not None),
            key=lambda change: change.delay,
            default=None,
        )
        examples = sorted((*self.examples, *other.examples), key=_weight)[:EXAMPLES]
        return Impact(
            petitions=self.petitions + other.petitions,
            clocks=self.clocks + other.clocks,
            moved=self.moved + other.moved,
            later=self.later + other.later,
            sooner=self.sooner + other.sooner,
            added=self.added + other.added,
            removed=self.removed + other.removed,
            refused=self.refused + other.refused,
            flipped=flipped,
            units=units,
            days=days,
            longest=longest,
            examples=tuple(examples),
        )


def _weight(change: Change) -> tuple[bool, str, str, str]:
    """Flips before moves; then by name, whatever the order of the partitions."""
    return (change.before is change.after, change.stream, change.clause, change.cycle)


def total(impacts: Iterable[Impact]) -> Impact:
    """All together."""
    whole = Impact()
    for each in impacts:
        whole = whole.plus(each)
    return whole


def compare(before: Answer, after: Answer) -> Impact:
    """How `after` differs from `before`: two answers about one partition, at one instant."""
    assert before.facts.petitions.streams is after.facts.petitions.streams, "of the same facts"
    pair = _Pair(before, after)
    old, new = pair.both
    due_old, due_new = before.columns.due[old], after.columns.due[new]
    moved = due_old != due_new
    timed = moved & (due_old != NEVER) & (due_new != NEVER)
    delay = np.where(timed, due_new - due_old, 0)
    was, now = before.columns.state[old], after.columns.state[new]
    flipped = was != now
    longest = int(delay.argmax()) if timed.any() and delay.max() > 0 else None
    return Impact(
        petitions=len(before.facts),
        clocks=len(old),
        moved=int(moved.sum()),
        later=int((delay > 0).sum()),
        sooner=int((delay < 0).sum()),
        added=len(pair.added),
        removed=len(pair.removed),
        refused=len({each.stream for each in (*before.refused, *after.refused)}),
        flipped=_flips(was[flipped], now[flipped]),
        units=_by_unit(before, old[flipped], was[flipped], now[flipped]),
        days=_by_days(delay[delay != 0]),
        longest=None if longest is None else pair.change(longest),
        examples=tuple(pair.examples(flipped, moved)),
    )


def _flips(was: Ints, now: Ints) -> dict[tuple[State, State], int]:
    codes, counts = np.unique(was.astype(np.int64) * len(STATES) + now, return_counts=True)
    return {
        (STATES[code // len(STATES)], STATES[code % len(STATES)]): int(count)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
    }


def _by_days(delay: Ints) -> dict[int, int]:
    days, counts = np.unique(np.trunc(delay / _DAY).astype(np.int64), return_counts=True)
    return dict(zip(days.tolist(), counts.tolist(), strict=True))


def _by_unit(before: Answer, rows: Rows, was: Ints, now: Ints) -> dict[str, Turned]:
    late = np.array([state in _LATE for state in STATES])
    units = before.columns.unit[rows]
    worse = np.bincount(units[~late[was] & late[now]], minlength=len(before.units))
    better = np.bincount(units[late[was] & ~late[now]], minlength=len(before.units))
    return {
        before.units[unit]: Turned(int(worse[unit]), int(better[unit]))
        for unit in np.flatnonzero(worse + better)
    }


class _Pair:
    """Two answers, aligned by petition, clause and cycle."""

    def __init__(self, before: Answer, after: Answer) -> None:
        self.before, self.after = before, after
        names = {name: code for code, name in enumerate({*before.clauses, *after.clauses})}
        old, new = (_keys(each, names) for each in (before, after))
        by_old, by_new = np.argsort(old, kind="stable"), np.argsort(new, kind="stable")
        place = np.searchsorted(new[by_new], old[by_old])
        there = place < len(new)
        there[there] = new[by_new[place[there]]] == old[by_old[there]]
        self.both = by_old[there], by_new[place[there]]
        self.removed = by_old[~there]
        self.added = np.setdiff1d(np.arange(len(new)), self.both[1])

    def examples(self, flipped: Bools, moved: Bools) -> Iterator[Change]:
        rows = [*np.flatnonzero(flipped)[:EXAMPLES], *np.flatnonzero(moved & ~flipped)[:EXAMPLES]]
        for row in rows[:EXAMPLES]:
            yield self.change(int(row))

    def change(self, index: int) -> Change:
        """The index-th clock that is in both."""
        old, new = int(self.both[0][index]), int(self.both[1][index])
        before, after = self.before.columns, self.after.columns
        return Change(
            stream=self.before.stream(old),
            clause=self.before.clauses[before.clause[old]],
            cycle=self.before.cycle(old),
            unit=self.before.units[before.unit[old]],
            region=self.before.regions[self.before.region[old]],
            due_before=_instant(before.due[old]),
            due_after=_instant(after.due[new]),
            before=STATES[before.state[old]],
            after=STATES[after.state[new]],
        )


def _keys(answer: Answer, names: Mapping[str, int]) -> Ints:
    """One number for each clock: whose, of which clause and lane, which running."""
    columns, lanes = answer.columns, len(answer.facts.lanes.names) + 1
    clause = np.array([names[name] for name in answer.clauses] or [0], np.int64)[columns.clause]
    runnings = 1 << 10
    assert not len(columns.number) or columns.number.max() < runnings, "a clock that runs so often"
    lane = columns.lane.astype(np.int64) + 1
    key = (columns.petition.astype(np.int64) * len(names) + clause) * lanes + lane
    return key * runnings + columns.number


def _instant(at: int) -> Instant | None:
    return None if at == NEVER else int(at)

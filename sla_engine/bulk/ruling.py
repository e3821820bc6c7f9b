"""By which pack and by which calendar each mark is judged.

Rules are asked once for all rows that get the same answer: for each stamp, or for each stretch of
time in which nothing changes that the rulebook knows.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from sla_engine.bulk.facts import Bools, Codes, Facts, Ints, Rows, pick, where
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.worktime import Calendar

Drawn = tuple[Calendar | None, Rows]
"""A calendar, None where it is refused, and the places of the rows that it is for."""


class Ruling(NamedTuple):
    """`pack` is the number, in `packs`, of the one that rules each mark; -1: no clock starts.

    `lost`: petitions some of whose rules are not to be found. `anew`: stamps do not count."""

    facts: Facts
    rules: Rulebook
    anew: bool
    packs: tuple[Pack, ...]
    pack: Codes
    lost: Bools

    @property
    def uniform(self) -> bool:
        """Whether one pack rules every mark."""
        return len(self.packs) == 1 and bool((self.pack == 0).all())

    def calendars(self, pack: Pack, rows: Rows) -> Iterator[Drawn]:
        """The calendars that these marks start clocks under, each with its places in `rows`."""
        stamps = self.facts.marks.calendar
        if self.anew or not stamps.values:
            yield from self._as_known(pack, rows, np.arange(len(rows)))
            return
        codes = pick(stamps.codes, rows)
        if len(codes) and stamps.values[codes[0]] and (codes == codes[0]).all():
            yield self._pinned(pack, rows[0], stamps.values[codes[0]]), np.arange(len(rows))
            return
        for code in range(len(stamps.values)):
            places = where(codes == code)
            if not len(places):
                continue
            if stamps.values[code]:
                yield self._pinned(pack, rows[places[0]], stamps.values[code]), places
            else:
                yield from self._as_known(pack, rows, places)

    def _pinned(self, pack: Pack, row: int, digest: str) -> Calendar | None:
        petition = self.facts.marks.petition[row]
        try:
            return self.rules.calendar_by_digest(pack, self._region(petition, pack), digest)
        except Refusal:
            return None

    def _region(self, petition: int, pack: Pack) -> str:
        regions = self.facts.petitions.traits.get("region")
        return (regions.text(petition) if regions is not None else "") or pack.region

    def _as_known(self, pack: Pack, rows: Rows, places: Rows) -> Iterator[Drawn]:
        """Calendars as known when each mark became known."""
        marks, traits = self.facts.marks, self.facts.petitions.traits
        petitions = marks.petition[rows[places]]
        regions = traits["region"].codes[petitions] if "region" in traits else 0 * petitions
        for code in np.unique(regions):
            mine = places[regions == code]
            region = self._region(marks.petition[rows[mine[0]]], pack)
            known_at = marks.known_at[rows[mine]]
            for calendar, found in _stepwise(known_at, self._drawing(pack, region)):
                yield calendar, mine[found]

    def _drawing(self, pack: Pack, region: str) -> Callable[[Instant], Calendar | None]:
        def draw(known_at: Instant) -> Calendar | None:
            try:
                return self.rules.calendar(pack, region, known_at)
            except Refusal:
                return None

        return draw


def _stepwise(
    instants: Ints, draw: Callable[[Instant], Calendar | None]
) -> Iterator[tuple[Calendar | None, Rows]]:
    """What `draw` gives for each instant, where equal answers at two instants are the answers for
    all between them: what is known only grows."""
    order = np.argsort(instants, kind="stable")
    spans = [(0, len(order) - 1)]
    while spans:
        first, last = spans.pop()
        earliest = draw(int(instants[order[first]]))
        latest = draw(int(instants[order[last]]))
        if _alike(earliest, latest):
            yield earliest, order[first : last + 1]
        else:
            middle = (first + last) // 2
            spans += [(first, middle), (middle + 1, last)]


def _alike(one: Calendar | None, other: Calendar | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.digest == other.digest


def as_stamped(facts: Facts, rules: Rulebook) -> Ruling:
    """The rules that governed, by the stamps on the facts."""
    stamps = facts.marks.pack
    packs: list[Pack] = []
    numbers = np.full(len(stamps.values), -1, np.int32)
    missing = np.zeros(len(stamps.values), np.bool_)
    for code, digest in enumerate(stamps.values):
        if not digest:
            continue
        try:
            packs.append(rules.pack_by_digest(digest))
        except Refusal:
            missing[code] = True
        else:
            numbers[code] = len(packs) - 1
    lost = np.zeros(len(facts), np.bool_)
    if missing.any():
        lost[facts.marks.petition[missing[stamps.codes]]] = True
    ruled = stamps.codes if (numbers == np.arange(len(numbers))).all() else numbers[stamps.codes]
    return Ruling(facts, rules, False, tuple(packs), ruled, lost)


def from_the_start(facts: Facts, rules: Rulebook) -> Ruling:
    """The rules that `rules` gives for each fact, whatever it is stamped with."""
    marks, names = facts.marks, facts.petitions.traits.get("pack")
    packs: list[Pack] = []
    ruled = np.full(len(marks.at), -1, np.int32)
    lost = np.zeros(len(facts), np.bool_)
    for code, name in enumerate(names.values if names is not None else ()):
        assert names is not None
        rows = where(names.codes[marks.petition] == code)
        for places in _cells(rules, name, facts, rows):
            row = places[0]
            try:
                pack = rules.pack_on(name, int(marks.at[row]), int(marks.known_at[row]))
            except Refusal:
                lost[marks.petition[places]] = True
                continue
            found = [each.digest for each in packs]
            if pack.digest not in found:
                packs.append(pack)
            ruled[places] = [*found, pack.digest].index(pack.digest)
    return Ruling(facts, rules, True, tuple(packs), ruled, lost)


def _cells(rules: Rulebook, name: str, facts: Facts, rows: Rows) -> Iterator[Rows]:
    """Rows between which no edition of a pack comes or goes, nor becomes known."""
    try:
        editions = rules.editions(name)
    except Refusal:
        editions = []
    edges = [
        rules.almanacs[pack.calendar].zone.midnight[day.toordinal()]
        for pack in editions
        for day in pack.effective
        if day is not None
    ]
    learned = sorted({pack.recorded_at for pack in editions})
    in_force = np.searchsorted(np.array(sorted(edges), np.int64), facts.marks.at[rows], "right")
    known = np.searchsorted(np.array(learned, np.int64), facts.marks.known_at[rows], "right")
    cells = in_force * (len(learned) + 1) + known
    for cell in np.unique(cells):
        yield rows[cells == cell]

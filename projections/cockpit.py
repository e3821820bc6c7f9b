"""The cockpit (驾驶舱): the figures above all lists, from cells and ranges of keys alone.

Nothing is counted by walking petitions, so a city of a million costs what a village does: a few
hundred cells, and for what became overdue today a count of keys. Days are those of China's one time
zone (rule D22).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from projections.days import begin_of, day_of, last_day_of
from projections.docket import RED, YELLOW, counts_due
from projections.lists import open_orders, open_talks
from sla_engine.projection import Columns, Shelf
from sla_engine.record import Instant

CELLS = "docket.cells"
WINDOW = 30
"""Days, before today, over which a unit's rate is taken."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one unit stands ("": the centre). `open` petitions that it holds or still owes something
    for and, of these, `overdue` (a clock of its own has run past its due instant), `due_today`
    (past or still to come), `red` and `yellow` by the most severe card it was given; of its clocks
    `judged` in the window those that were `met`.
    """

    unit: str
    open: int
    overdue: int
    due_today: int
    red: int
    yellow: int
    judged: int
    met: int

    @property
    def on_time(self) -> Fraction | None:
        """The rate, exactly; None of nothing."""
        return Fraction(self.met, self.judged) if self.judged else None


@dataclass(frozen=True, slots=True)
class Day:
    """What began and ended on a day, and how many red cards that stand were raised on it."""

    day: date
    registered: int
    ended: int
    red: int


@dataclass(frozen=True, slots=True)
class Cockpit:
    """All figures of one instant. `total` counts each petition once; `units` by name; `orders` of
    supervision that stand and are not settled, by act; open `talks` by tier; `trend`: the days
    before today and today, oldest first."""

    at: Instant
    total: Standing
    units: tuple[Standing, ...]
    trend: tuple[Day, ...]
    orders: Mapping[str, int]
    talks: Mapping[int, int]


def cockpit(shelf: Shelf, now: Instant, unit: str | None = None, days: int = 14) -> Cockpit:
    """The figures as of `now`, of all units or of one; the trend is always the whole city's."""
    units = tuple(standings(shelf, now, unit))
    return Cockpit(
        now,
        _total(shelf, now, units) if unit is None else units[0],
        units,
        tuple(trend(shelf, now, days)),
        open_orders(shelf, unit),
        open_talks(shelf, unit),
    )


def standings(shelf: Shelf, now: Instant, unit: str | None = None) -> Iterator[Standing]:
    """How every unit stands that has anything, by name; or one of them, whatever it has."""
    judged = _judged(shelf, now, unit)
    cells = _of_units(shelf, "unit|", unit)
    overdue = _overdue(shelf, [*cells.items()], now)
    for name in sorted({*cells, *judged} if unit is None else {unit}):
        counts, of_clocks = cells.get(name, {}), judged.get(name, Counter())
        yield _standing(name, counts, overdue[name], of_clocks, now)


def trend(shelf: Shelf, now: Instant, days: int) -> Iterator[Day]:
    """How much began, ended and went red on each of so many days, the last of them today."""
    today = date.fromisoformat(day_of(now))
    wanted = [today - timedelta(back) for back in reversed(range(days))]
    cells = shelf.rows_of(CELLS, [f"day|{each.isoformat()}" for each in wanted])
    for each in wanted:
        cell = cells.get(f"day|{each.isoformat()}", {})
        counted = (cell.get(name, 0) for name in ("registered", "ended", "red"))
        yield Day(each, *counted)


def _total(shelf: Shelf, now: Instant, units: Sequence[Standing]) -> Standing:
    """Of everybody: a petition counts once, however many units have to do with it."""
    counts = shelf.row(CELLS, "all|") or {}
    overdue = _overdue(shelf, [(None, counts)], now)[None]
    judged = {name: sum(getattr(each, name) for each in units) for name in ("judged", "met")}
    return _standing("", counts, overdue, judged, now)


def _standing(
    unit: str, counts: Columns, overdue: int, of_clocks: Mapping[str, int], now: Instant
) -> Standing:
    return Standing(
        unit=unit,
        open=counts.get("open", 0),
        overdue=overdue,
        due_today=counts.get(f"due:{day_of(now)}", 0),
        red=counts.get(RED, 0),
        yellow=counts.get(YELLOW, 0),
        judged=of_clocks["judged"],
        met=of_clocks["met"],
    )


def _overdue(
    shelf: Shelf, cells: Sequence[tuple[str | None, Columns]], now: Instant
) -> Counter[str | None]:
    """By unit (None: of all). Days that are over are known by their cell; today's petitions are
    counted up to now."""
    last = last_day_of(now)
    today = f"due:{last}"
    found = Counter[str | None]()
    for unit, counts in cells:
        found[unit] = sum(n for name, n in counts.items() if "due:" < name < today)
    units = [unit for unit, counts in cells if today in counts]
    begin = begin_of(date.fromisoformat(last)) + 1
    for unit, count in zip(units, counts_due(shelf, begin, now, units), strict=True):
        found[unit] += count
    return found


def _judged(shelf: Shelf, now: Instant, unit: str | None) -> dict[str, Counter[str]]:
    """What became of each unit's clocks on the days of the window."""
    today = date.fromisoformat(day_of(now))
    days = [today - timedelta(back) for back in range(1, WINDOW + 1)]
    found: dict[str, Counter[str]] = {}
    for month in sorted({each.isoformat()[:7] for each in days}):
        within = [f"{each.day:02d}" for each in days if each.isoformat().startswith(month)]
        for name, counts in _of_units(shelf, f"month|{month}|", unit).items():
            count = found.setdefault(name, Counter())
            for what in ("judged", "met"):
                count[what] += sum(counts.get(f"{what}:{day}", 0) for day in within)
    return {name: count for name, count in found.items() if count["judged"]}


def _of_units(shelf: Shelf, prefix: str, unit: str | None) -> dict[str, Columns]:
    if unit is not None:
        cell = shelf.row(CELLS, f"{prefix}{unit}")
        return {} if cell is None else {unit: cell}
    return {key.removeprefix(prefix): cell for key, cell in shelf.rows(CELLS, prefix)}

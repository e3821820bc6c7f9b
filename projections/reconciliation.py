"""Monthly reconciliation (月对账): what each list holds of each unit, month by month.

A row is one item, a cell (`reconciliation.cells`) one month of one unit in one list. Its key is
`PACK|REGION|YYYY-MM|LIST|UNIT`; its counters are `listed`, `rebounded` and `taken_over` (what came
in), `struck_off`, `cancelled` and `handed_over` (what went out), `late` (items whose limit ran out
while they were open, in the month of their first late instant) and `late_ended` (those of them
that went out). A cell may lie ahead: that of an item not yet due.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections import history
from projections.days import month_of
from projections.history import Line
from projections.items import Items, limits, spells
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Columns
from sla_engine.record import Instant

_IN = ("listed", "rebounded", "taken_over")
_OUT = ("struck_off", "cancelled", "handed_over")
_WENT = {"verified": "struck_off", "cancelled": "cancelled"}

Movement = tuple[Instant, str, str]
"""When, whose, which counter."""


class Reconciliation(Items):
    """Key: the stream. Columns: those of `items` and `counts`: [month, unit, {counter: n}]."""

    name = "reconciliation"

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines = history.standing(row["lines"])
        counts: dict[tuple[str, str], Counter[str]] = {}
        for at, unit, counter in (*_movements(lines), *_lateness(lines, clocks)):
            counts.setdefault((month_of(at), unit), Counter())[counter] += 1
        return {
            **super().finish(row, clocks),
            "counts": [[*name, dict(cell)] for name, cell in sorted(counts.items())],
        }

    def tally(self, row: Columns) -> Cells:
        head, name = f"{row['pack']}|{row['region']}", row["list"]
        return {f"{head}|{month}|{name}|{unit}": cell for month, unit, cell in row["counts"]}


def _movements(lines: Sequence[Line]) -> Iterator[Movement]:
    """What comes in and goes out. An item that is struck off is nobody's until it rebounds."""
    unit, is_open = "", False
    for line in lines:
        if line.type in ("listed", "rebounded") and not is_open:
            unit, is_open = line.says.get("unit", unit), True
            yield line.at, unit, line.type
        elif line.type in _WENT and is_open:
            is_open = False
            yield line.at, unit, _WENT[line.type]
        elif line.type == "assigned" and line.says["unit"] != unit:
            if is_open:
                yield line.at, unit, "handed_over"
                yield line.at, line.says["unit"], "taken_over"
            unit = line.says["unit"]


def _lateness(lines: Sequence[Line], clocks: Sequence[AlarmRow]) -> Iterator[Movement]:
    """When an open item became late, whose it was then, and when it was so no longer; a late item
    that is handed over is late with its new unit."""
    opened = spells(lines)
    for (_, end), limit in zip(opened, limits(clocks, opened), strict=True):
        if limit is None or limit.due is None:
            continue
        due, done = limit.due, limit.stopped if limit.stopped is not None else end
        if done is not None and done <= due:
            continue
        unit = _unit_at(lines, due)
        yield due + 1, unit, "late"
        for line in lines:
            if line.type == "assigned" and due < line.at and (end is None or line.at < end):
                yield line.at, unit, "late_ended"
                unit = line.says["unit"]
                yield line.at, unit, "late"
        if end is not None:
            yield end, unit, "late_ended"


def _unit_at(lines: Sequence[Line], at: Instant) -> str:
    units = [line.says["unit"] for line in lines if line.at <= at and "unit" in line.says]
    return str(units[-1]) if units else ""


# ---------------------------------------------------------------------------------------- reader


@dataclass(frozen=True, slots=True)
class Balance:
    """One list of one unit in one month. opening + new - struck_off = carried_over, always; `new`
    is what came in (listed, rebounded, taken over), `struck_off` what went out (struck off,
    cancelled, handed over), `moved` each of these by name. `overdue`: how many of those carried
    over are late at the end of the month. `signed`: the statement of each side, as it was signed.
    """

    pack: str
    region: str
    month: str
    list: str
    unit: str
    opening: int
    new: int
    struck_off: int
    carried_over: int
    overdue: int
    moved: Mapping[str, int]
    signed: Mapping[str, Mapping[str, Any]]


def balances(
    cells: Iterable[tuple[str, Mapping[str, int]]],
    month: str,
    rounds: Iterable[tuple[str, Columns]] = (),
) -> list[Balance]:
    """The account of every list and unit for `month` ("2024-05"), from the cells of all months
    and, for the statements that were signed, the rows of `rounds`."""
    before: dict[tuple[str, ...], Counter[str]] = {}
    within: dict[tuple[str, ...], Counter[str]] = {}
    for key, counters in cells:
        pack, region, when, name, unit = key.split("|", 4)
        if when <= month:
            sums = before if when < month else within
            sums.setdefault((pack, region, name, unit), Counter()).update(counters)
    statements = _signed(rounds, month)
    return [
        _balance(name, month, before.get(name, Counter()), within.get(name, Counter()), statements)
        for name in sorted(before.keys() | within.keys())
    ]


def _balance(
    name: tuple[str, ...],
    month: str,
    before: Counter[str],
    within: Counter[str],
    statements: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> Balance:
    pack, region, list_name, unit = name
    opening = sum(before[each] for each in _IN) - sum(before[each] for each in _OUT)
    new, gone = sum(within[each] for each in _IN), sum(within[each] for each in _OUT)
    both = before + within
    return Balance(
        pack,
        region,
        month,
        list_name,
        unit,
        opening=opening,
        new=new,
        struck_off=gone,
        carried_over=opening + new - gone,
        overdue=both["late"] - both["late_ended"],
        moved={each: within[each] for each in (*_IN, *_OUT)},
        signed=statements.get((pack, region, unit), {}),
    )


def _signed(
    rounds: Iterable[tuple[str, Columns]], month: str
) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Statements of a month by pack, region and member."""
    return {
        (row["pack"], row["region"], member): sides
        for _, row in rounds
        if row["period"] == month
        for member, sides in row["statements"].items()
    }

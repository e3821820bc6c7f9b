"""Stewards (包保、包联): what each project or enterprise waits for, who owes it, who has visited.

A cell (`stewards.cells`, `PACK|REGION|PROJECT`) sums up the project's items and, for members of
rounds, what was reported of them: `items`, `phase:PHASE`, `owes:UNIT|STEP` (open items),
`paper:UNIT|STEP|PAPER` (papers that are to follow, also to a step that is struck off),
`visits:SERIES` (reports), `figure:SERIES|NAME`. A step is an item's title, or its id without one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from projections import history
from projections.items import Items
from projections.rounds import Rounds
from sla_engine.item.kind import ITEM
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Columns
from sla_engine.record import Event, Recorded
from sla_engine.round.kind import ROUND

_ITEMS, _ROUNDS = Items(), Rounds()


class Stewards:
    """Key: the stream. Rows are those of `items` (where an item belongs to a project) and of
    `rounds`, kept for what they give to the cells."""

    name = "stewards"
    dossiers = (ITEM.name, ROUND.name)

    def interested(self, event: Event) -> bool:
        return _ITEMS.interested(event) or _ROUNDS.interested(event)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        if recorded.stream.startswith("round/"):
            return _ROUNDS.apply(row, recorded)
        item = _ITEMS.apply(row, recorded)
        return item if item is not None and item["project"] else None

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        return row if "series" in row else _ITEMS.finish(row, clocks)

    def tally(self, row: Columns) -> Cells:
        head = f"{row['pack']}|{row['region']}"
        given = _of_round(row) if "series" in row else {row["project"]: _of_item(row)}
        return {f"{head}|{project}": counters for project, counters in given.items()}


def _of_item(row: Columns) -> Mapping[str, int]:
    step = f"{row['unit']}|{row['title'] or row['item']}"
    owes = (f"owes:{step}",) if row["open"] else ()
    papers = (f"paper:{step}|{each}" for each in row["owed"])
    return dict.fromkeys(("items", f"phase:{row['phase']}", *owes, *papers), 1)


def _of_round(row: Columns) -> Mapping[str, Mapping[str, int]]:
    series, given = row["series"], dict[str, Counter[str]]()
    for line in history.standing(row["lines"]):
        if line.type == "reported":
            counters = given.setdefault(line.says["member"], Counter())
            counters[f"visits:{series}"] += 1
            for name, count in line.says.get("figures", {}).items():
                counters[f"figure:{series}|{name}"] += count
    return given


@dataclass(frozen=True, slots=True)
class Account:
    """What one project or enterprise comes to. `phases`: items by phase; `owes`: open items by
    unit and step; `papers` that are to follow, by unit and step; `visits` and `figures` by
    series."""

    pack: str
    region: str
    project: str
    items: int
    phases: Mapping[str, int]
    owes: Mapping[str, Mapping[str, int]]
    papers: Mapping[str, Mapping[str, tuple[str, ...]]]
    visits: Mapping[str, int]
    figures: Mapping[str, Mapping[str, int]]


def accounts(
    cells: Iterable[tuple[str, Mapping[str, int]]], walks: Collection[str]
) -> list[Account]:
    """The account of every project that has items or was visited in a series of `walks`, from
    `stewards.cells`."""
    found = [_account(key, counters, walks) for key, counters in cells]
    return [each for each in found if each.items or each.visits]


def _account(key: str, counters: Mapping[str, int], walks: Collection[str]) -> Account:
    pack, region, project = key.split("|", 2)
    figures = dict[str, dict[str, int]]()
    for name, count in _under("figure", counters).items():
        series, figure = _pair(name)
        if series in walks:
            figures.setdefault(series, {})[figure] = count
    return Account(
        pack,
        region,
        project,
        items=counters.get("items", 0),
        phases=_under("phase", counters),
        owes=_owes(counters),
        papers=_papers(counters),
        visits={name: n for name, n in _under("visits", counters).items() if name in walks},
        figures=figures,
    )


def _owes(counters: Mapping[str, int]) -> dict[str, dict[str, int]]:
    found = dict[str, dict[str, int]]()
    for name, count in _under("owes", counters).items():
        unit, step = _pair(name)
        found.setdefault(unit, {})[step] = count
    return found


def _papers(counters: Mapping[str, int]) -> dict[str, dict[str, tuple[str, ...]]]:
    found = dict[str, dict[str, tuple[str, ...]]]()
    for unit, rest in map(_pair, _under("paper", counters)):
        step, paper = _pair(rest)
        steps = found.setdefault(unit, {})
        steps[step] = (*steps.get(step, ()), paper)
    return found


def _under(prefix: str, counters: Mapping[str, int]) -> dict[str, int]:
    found = {name: n for name, n in sorted(counters.items()) if name.startswith(f"{prefix}:")}
    return {name.removeprefix(f"{prefix}:"): count for name, count in found.items()}


def _pair(name: str) -> tuple[str, str]:
    first, _, second = name.partition("|")
    return first, second

"""Several regions, one log each, read as one: rows stand side by side and cells add up.

A region's clocks, talks and boards depend on nothing outside its own log, so a country is as many
logs as it has regions. What is asked of all of them together is asked of their read models.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import Columns, Shelf, added

REGIONS_FILE_WRONG = register(
    "REGIONS_FILE_WRONG",
    "地区清单文件不对：{found}",
    "the list of regions is not right: {found}",
    '每行一个地区：[regions] 下写 地区名 = "数据库"',
    'under [regions], one line for each: NAME = "STORE"',
)
REGIONS_DIFFER = register(
    "REGIONS_DIFFER",
    "地区 {where} 的政策包与 {allowed} 不同，数字不能相加",
    "region {where} has other packs than {allowed}, so their numbers do not add up",
    "各地启用同样的政策包后再汇总",
    "activate the same packs everywhere, then ask again",
)

REGIONS_READ_ONLY = register(
    "REGIONS_READ_ONLY",
    "{found} 是地区清单，只能查看汇总",
    "{found} is a list of regions, which can only be read together",
    "办理时用某一地区自己的数据库",
    "name the store of one region to work in it",
)

SUFFIX = ".toml"
"""A store whose name ends so is a list of regions."""


class Reading(Shelf, Protocol):
    """What a report reads: an engine, or several regions as one."""

    clock: Clock

    @property
    def rules(self) -> Rulebook: ...

    def close(self) -> None: ...


class Regions:
    """The read models of several regions. Raises `Refusal` REGIONS_DIFFER when the regions do not
    know the same packs, whose measures the figures are."""

    def __init__(self, regions: Mapping[str, Reading]) -> None:
        self._regions = dict(regions)
        (first, one), *others = self._regions.items()
        self.clock = one.clock
        faults = [
            Fault(REGIONS_DIFFER, name, allowed=first)
            for name, each in others
            if _packs(each.rules) != _packs(one.rules)
        ]
        if faults:
            raise Refusal(faults)
        self._one = one

    @property
    def rules(self) -> Rulebook:
        return self._one.rules

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        """Rows of all regions by key; cells of the same key are added up."""
        read = (each.rows(table, prefix) for each in self._regions.values())
        rows = merge(*read, key=itemgetter(0))
        return _summed(rows) if _sums(table) else rows

    def row(self, table: str, key: str) -> Columns | None:
        return self.rows_of(table, [key]).get(key)

    def rows_of(self, table: str, keys: Sequence[str]) -> dict[str, Columns]:
        """Those of the rows that exist in any region; cells of the same key are added up."""
        found: dict[str, Columns] = {}
        for each in self._regions.values():
            for key, row in each.rows_of(table, keys).items():
                found[key] = added(found.get(key, {}), row) if _sums(table) else row
        return found

    def page(
        self,
        table: str,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        """The first of all regions' rows; cells of the same key are added up."""
        read = (
            each.page(table, prefix, after, limit, descending) for each in self._regions.values()
        )
        rows: Iterator[tuple[str, Columns]] = merge(*read, key=itemgetter(0), reverse=descending)
        return list(islice(_summed(rows) if _sums(table) else rows, limit))

    def counts(self, table: str, ranges: Sequence[tuple[str, str]]) -> list[int]:
        """How many keys all regions have in each range."""
        found = [each.counts(table, ranges) for each in self._regions.values()]
        return [sum(counts) for counts in zip(*found, strict=True)]

    def close(self) -> None:
        for each in self._regions.values():
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def one_store(where: str) -> str:
    """The same, unless it is a list of regions. Raises `Refusal` REGIONS_READ_ONLY."""
    if where.endswith(SUFFIX):
        raise refuse(REGIONS_READ_ONLY, "--store", where)
    return where


def stores_of(file: Path) -> dict[str, str]:
    """Region -> store, from a file of regions. Raises `Refusal` REGIONS_FILE_WRONG."""
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse(REGIONS_FILE_WRONG, str(file), error) from None
    regions = told.get("regions")
    if not isinstance(regions, dict) or not regions or set(told) != {"regions"}:
        raise refuse(REGIONS_FILE_WRONG, str(file), ", ".join(told) or "-")
    wrong = [Fault(REGIONS_FILE_WRONG, n, repr(s)) for n, s in regions.items() if not _text(s)]
    if wrong:
        raise Refusal(wrong)
    return regions


def _sums(table: str) -> bool:
    return table.endswith(".cells")


def _packs(rules: Rulebook) -> set[str]:
    return {pack.digest for pack in rules.packs}


def _text(store: object) -> bool:
    return isinstance(store, str) and bool(store)


def _summed(cells: Iterator[tuple[str, Columns]]) -> Iterator[tuple[str, Columns]]:
    for key, same in groupby(cells, key=itemgetter(0)):
        total: Columns = {}
        for _, counters in same:
            total = added(total, counters)
        if total:
            yield key, total

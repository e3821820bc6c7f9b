"""Reads the product's calendar files for the oracle, without the product's reader."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.oracle import Days, days_between

CALENDARS = Path(__file__).parents[2] / "sla_engine" / "data" / "calendars"


@dataclass(frozen=True)
class Paper:
    """One notice as the oracle needs it: whose, when known, which years and days."""

    region: str
    published: date
    covers: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]


@dataclass(frozen=True)
class Decision:
    """The statutory days, unadjusted, from the year `in_force` on."""

    published: date
    in_force: int
    days: frozenset[date]


def papers(folder: Path = CALENDARS) -> list[Paper]:
    """Every notice below `folder` (`<region>/<name>.toml`)."""
    tables = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/*.toml"))]
    return [_paper(table) for table in tables if "holiday" in table]


def decisions(folder: Path = CALENDARS) -> list[Decision]:
    table = tomllib.loads((folder / "cn" / "statutory.toml").read_text("utf-8"))
    return [_decision(entry, table["lunar"]) for entry in table["decision"]]


def days_of(
    published: Iterable[Paper],
    region: str = "CN",
    known_on: date | None = None,
    statutory: Sequence[Decision] = (),
) -> Days:
    """The days as a region knew them on a date: nation first, nearer regions after, later wins.

    Region codes nest by prefix: CN, CN-34, CN-3411, CN-341182. With `statutory` decisions a year
    without a notice rests on the latest of them then in force.
    """
    limit = known_on or date.max
    known = [p for p in published if region.startswith(p.region) and p.published <= limit]
    official = {year for paper in known for year in paper.covers}
    works = _provisional([d for d in statutory if d.published <= limit], official)
    years = official | {day.year for day in works}
    for paper in sorted(known, key=lambda p: (len(p.region), p.published)):
        works |= dict.fromkeys(paper.off, False) | dict.fromkeys(paper.work, True)
    return Days(
        frozenset(day for day, yes in works.items() if not yes),
        frozenset(day for day, yes in works.items() if yes),
        frozenset(years),
    )


def _provisional(statutory: Sequence[Decision], official: set[int]) -> dict[date, bool]:
    off: dict[date, bool] = {}
    for year in {day.year for decision in statutory for day in decision.days} - official:
        in_force = [decision for decision in statutory if decision.in_force <= year]
        if in_force:
            latest = max(in_force, key=lambda decision: decision.in_force)
            off |= {day: False for day in latest.days if day.year == year}
    return off


def _paper(table: Mapping[str, Any]) -> Paper:
    def named(*keys: str) -> frozenset[date]:
        texts = [text for item in table["holiday"] for key in keys for text in item.get(key, ())]
        return frozenset(day for text in texts for day in _range(text))

    return Paper(
        table["region"],
        table["published"],
        frozenset(table["covers"]),
        named("off", "special"),
        named("work", "resume"),
    )


def _decision(entry: Mapping[str, Any], lunar: Mapping[str, Mapping[str, date]]) -> Decision:
    years = {int(year) for table in lunar.values() for year in table}
    fixed = [
        day
        for text in entry["fixed"].values()
        for year in years
        for day in _range("..".join(f"{year}-{part}" for part in text.split("..")))
    ]
    moving = [
        day + timedelta(offset)
        for name, (first, last) in entry["lunar"].items()
        for day in lunar[name].values()
        for offset in range(first, last + 1)
    ]
    return Decision(entry["published"], entry["in_force"], frozenset([*fixed, *moving]))


def _range(text: str) -> Iterator[date]:
    """`2026-02-15` or `2026-02-15..2026-02-23`."""
    first, _, last = text.partition("..")
    begin = date.fromisoformat(first)
    yield begin
    if last:
        yield from days_between(begin, date.fromisoformat(last))

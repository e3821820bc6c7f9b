"""Published rates (考核指标) from the scorecard's cells, each with what stands behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from sla_engine.identity import digest
from sla_engine.policy.clause import Measure, Pack, Text

By = Literal["unit", "kind"]
Cell = tuple[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate or count of one group ("": all together), with what must be printed beside it.

    `numerator` and `denominator` are what counts, `excluded` how much of the denominator was taken
    out. A count has no denominator (0); exclusions are taken out of the count itself. `packs` and
    `calendars` are the digests of the editions by which was judged; `exclusions` the exclusions
    that were applied ("petition|number|ground|measures"), `disputes` those whose ruling took the
    place of a verdict. A composite names the figures it is made
    of in `parts`; its numerator over its denominator is the weighted mean.
    """

    measure: str
    group: str
    numerator: int
    denominator: int
    excluded: int
    formula: Text
    packs: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    parts: tuple["Figure", ...] = ()

    @property
    def share(self) -> Fraction | None:
        """The rate, exactly; None of nothing and of a count."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def exclusion_list(self) -> str:
        """Digest of the exclusions applied, an edition like that of pack and calendar."""
        return digest(self.exclusions)


class _Sums(NamedTuple):
    """What one group comes to: its counters, and what stands behind them."""

    counters: Mapping[str, int]
    packs: tuple[str, ...]
    calendars: tuple[str, ...]
    exclusions: tuple[str, ...]
    disputes: tuple[str, ...]


def figures(
    cells: Iterable[Cell], pack: Pack, first: date, last: date, by: By | None = None
) -> list[Figure]:
    """Every measure of `pack` over the days from `first` to `last`, both included: one figure in
    all, or one for each unit or kind of petition. Ask for days that have ended: a clock that runs
    late within the last day is counted late in the whole of it."""
    groups = {
        group: _with_what_is_behind(counters)
        for group, counters in sorted(_added(cells, pack.name, (first, last), by).items())
    }
    return [
        _figure(measure, group, sums, pack)
        for measure in pack.measures.values()
        for group, sums in groups.items()
    ]


def _added(
    cells: Iterable[Cell], pack: str, span: tuple[date, date], by: By | None
) -> Mapping[str, Mapping[str, int]]:
    """The counters of each group. Written out: a month of a large city has tens of thousands of
    cells, and somebody waits for the page."""
    groups: dict[str, dict[str, int]] = {} if by else {"": {}}
    begin, end = (day.isoformat() for day in span)
    for key, counters in cells:
        name, _, day, unit, kind = key.split("|", 4)
        if name == pack and begin <= day <= end:
            group = unit if by == "unit" else kind if by == "kind" else ""
            sums = groups.get(group)
            if sums is None:
                sums = groups[group] = {}
            for counter, count in counters.items():
                sums[counter] = sums.get(counter, 0) + count
    return groups


def _with_what_is_behind(counters: Mapping[str, int]) -> _Sums:
    found: dict[str, list[str]] = {}
    for name in sorted(each for each, count in counters.items() if "@" in each and count):
        kind, _, behind = name.partition("@")
        found.setdefault(kind, []).append(behind)
    kinds = ("pack", "calendar", "exclusion", "dispute")
    return _Sums(counters, *(tuple(found.get(kind, ())) for kind in kinds))


def _figure(measure: Measure, group: str, sums: _Sums, pack: Pack) -> Figure:
    if measure.weights:
        return _composite(measure, group, sums, pack)
    counters = sums.counters
    return Figure(
        measure.id,
        group,
        numerator=_counted(measure, measure.numerator, counters),
        denominator=_counted(measure, measure.denominator, counters),
        excluded=_left_out(measure, measure.denominator or measure.numerator, counters),
        formula=measure.formula,
        packs=sums.packs,
        calendars=sums.calendars,
        exclusions=tuple(_applied(measure, sums.exclusions)),
        disputes=sums.disputes,
    )


def _counted(measure: Measure, counters: Sequence[str], sums: Mapping[str, int]) -> int:
    """What counts: what was excluded from all does not stand in the counters, what was excluded
    from this measure does."""
    return sum(sums.get(each, 0) - sums.get(f"{measure.id}!{each}", 0) for each in counters)


def _left_out(measure: Measure, counters: Sequence[str], sums: Mapping[str, int]) -> int:
    return sum(sums.get(f"{measure.id}!{each}", 0) + sums.get(f"!{each}", 0) for each in counters)


def _applied(measure: Measure, exclusions: Iterable[str]) -> Iterator[str]:
    for name in exclusions:
        measures = name.rpartition("|")[2]
        if not measures or measure.id in measures.split(","):
            yield name


def _composite(measure: Measure, group: str, sums: _Sums, pack: Pack) -> Figure:
    parts = tuple(_figure(pack.measures[each], group, sums, pack) for each in measure.weights)
    shares = [part.share for part in parts]
    mean = Fraction(0)
    for share, weight in zip(shares, measure.weights.values(), strict=True):
        mean += (share or 0) * Fraction(weight, sum(measure.weights.values()))
    known = None not in shares
    return Figure(
        measure.id,
        group,
        numerator=mean.numerator if known else 0,
        denominator=mean.denominator if known else 0,
        excluded=sum(part.excluded for part in parts),
        formula=measure.formula,
        packs=sums.packs,
        calendars=sums.calendars,
        exclusions=tuple(sorted({each for part in parts for each in part.exclusions})),
        disputes=sums.disputes,
        parts=parts,
    )

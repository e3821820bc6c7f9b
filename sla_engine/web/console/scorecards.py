"""考核指标 · Scorecards: every rate with its formula, its numbers and what was left out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections.days import day_of
from projections.figures import By, Cell, Figure, figures
from sla_engine.documents.periods import percent
from sla_engine.drafting import pack_of
from sla_engine.errors import refuse
from sla_engine.policy.clause import Measure, Pack, Text
from sla_engine.showing.scorecards import SPAN_EMPTY
from sla_engine.web import pages
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_date

router = APIRouter(include_in_schema=False)

Reads = Annotated[Visitor, need("board:read")]

_CELLS = "scorecard.cells"
_ONE_DAY = timedelta(1)
_BEHIND = "}"
"""Sorts behind the bar that ends a name in a key."""
_GROUPS: Mapping[str, Text] = {
    "": Text("合计", "all together"),
    "unit": Text("按单位", "by unit"),
    "kind": Text("按类别", "by kind"),
}


class Line(NamedTuple):
    """A figure with the measure it is of. `share` of a bar, in percent."""

    figure: Figure
    measure: Measure
    shown: str
    numbers: str
    share: int


class Table(NamedTuple):
    """One measure over all groups; each in a row."""

    measure: Measure
    lines: list[Line]


@router.get("/scorecards")
def show(
    request: Request,
    house: HouseDep,
    visitor: Reads,
    *,
    pack: str = "",
    by: str = "",
    unit: str = "",
) -> Response:
    engine, now = house.engine, house.now()
    names = packs_scored(engine)
    query = request.query_params
    unit = visitor.unit or unit
    first, last = _span(query.get("from", ""), query.get("to", ""), date.fromisoformat(day_of(now)))
    name = pack or (names[0] if names else "")
    tables: list[Table] = []
    edition: Pack | None = None
    if name:
        edition = pack_of(engine, name, last, now)
        grouped: By | None = "unit" if by == "unit" else "kind" if by == "kind" else None
        cells = _cells(engine, name, first, last, unit)
        tables = list(_tables(figures(cells, edition, first, last, grouped), edition))
    return pages.render(
        request,
        "desk/scorecards.html",
        tables=tables,
        edition=edition,
        first=first,
        last=last,
        names={each: engine.rules.pack_on(each, now).title for each in names},
        groups=_GROUPS,
        asked={"pack": name, "by": by, "unit": unit},
        quick=_quick(date.fromisoformat(day_of(now)), {"pack": name, "by": by, "unit": unit}),
        behind=_behind(tables),
    )


def packs_scored(engine: Engine) -> list[str]:
    """Packs by which anything has been counted."""
    names = sorted({pack.name for pack in engine.rules.packs})
    return [name for name in names if engine.page(_CELLS, f"{name}|", limit=1)]


def _span(first: str, last: str, today: date) -> tuple[date, date]:
    """The days asked for, until yesterday; without any, this month, or the last one on its first
    day. Raises `Refusal` SPAN_EMPTY."""
    yesterday = today - _ONE_DAY
    until = min(parse_date(last, "to"), yesterday) if last else yesterday
    begin = parse_date(first, "from") if first else until.replace(day=1)
    if begin > until:
        raise refuse(SPAN_EMPTY, "from", begin.isoformat(), yesterday.isoformat())
    return begin, until


def _cells(engine: Engine, pack: str, first: date, last: date, unit: str) -> Iterator[Cell]:
    """The cells of those days alone, region by region and month by month."""
    for region in _regions(engine, pack):
        for month in _months(first, last):
            cells = engine.rows(_CELLS, f"{pack}|{region}|{month}")
            if unit:
                cells = (each for each in cells if each[0].split("|", 4)[3] == unit)
            yield from cells


def _regions(engine: Engine, pack: str) -> Iterator[str]:
    """Regions that have cells, by one look for each."""
    after = ""
    while found := engine.page(_CELLS, f"{pack}|", after, limit=1):
        region = found[0][0].split("|", 2)[1]
        yield region
        after = f"{pack}|{region}{_BEHIND}"


def _months(first: date, last: date) -> Iterator[str]:
    month = first.replace(day=1)
    while month <= last:
        yield f"{month:%Y-%m}"
        month = (month + timedelta(32)).replace(day=1)


def _tables(found: Sequence[Figure], pack: Pack) -> Iterator[Table]:
    for name, measure in pack.measures.items():
        lines = [_line(each, measure) for each in found if each.measure == name]
        if lines:
            yield Table(measure, lines)


def _line(figure: Figure, measure: Measure) -> Line:
    shown = percent(figure.numerator, figure.denominator) or "—"
    if measure.is_count:
        shown = str(figure.numerator)
    numbers = "—" if measure.weights else f"{figure.numerator} / {figure.denominator}"
    share = figure.share
    return Line(
        figure,
        measure,
        shown,
        "—" if measure.is_count else numbers,
        0 if share is None else min(round(100 * share), 100),
    )


def _quick(today: date, asked: Mapping[str, str]) -> list[tuple[Text, str]]:
    yesterday = today - _ONE_DAY
    month = yesterday.replace(day=1)
    before = month - _ONE_DAY
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    spans = (
        (Text("本月", "this month"), month, yesterday),
        (Text("上月", "last month"), before.replace(day=1), before),
        (Text("本季", "this quarter"), quarter, yesterday),
        (Text("本年", "this year"), month.replace(month=1), yesterday),
    )
    given = {name: value for name, value in asked.items() if value}
    return [
        (text, "?" + urlencode({**given, "from": first.isoformat(), "to": last.isoformat()}))
        for text, first, last in spans
    ]


def _behind(tables: Sequence[Table]) -> dict[str, Any]:
    """The editions and exclusions by which was judged."""
    every = [line.figure for table in tables for line in table.lines]
    return {
        "packs": sorted({digest[:12] for each in every for digest in each.packs}),
        "calendars": sorted({digest[:12] for each in every for digest in each.calendars}),
        "exclusions": sorted({name for each in every for name in each.exclusions}),
        "disputes": sorted({name for each in every for name in each.disputes}),
    }

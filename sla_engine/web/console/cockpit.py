"""驾驶舱 · The cockpit: figures that lead to lists, the trend, units, what needs supervision."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections import lists
from projections.cockpit import Cockpit, Day, Standing, cockpit
from projections.days import begin_of, day_of
from sla_engine.policy.clause import Text
from sla_engine.projection import Columns
from sla_engine.showing.names import Names
from sla_engine.web import pages
from sla_engine.web.console import supervision, told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.web.language import language_of
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False)

Reads = Annotated[Visitor, need("board:read")]

_DAYS = 30
_ORDERS = 8
_TIERS = (1, 2, 3)
_TREND = (
    (Text("登记", "registered"), "#0958d9", "circle"),
    (Text("归档", "ended"), "#1a6b34", "rect"),
    (Text("红牌", "red cards"), "#b3161b", "triangle"),
)
"""What is drawn of each day: its name, colour and shape."""


class Tile(NamedTuple):
    """A figure, and the list behind it where there is one."""

    name: Text
    figure: int
    href: str = ""
    tone: str = ""


@router.get("/")
def show(request: Request, house: HouseDep, visitor: Reads) -> Response:
    engine, now = house.engine, house.now()
    unit = visitor.unit or None
    figures = cockpit(engine, now, unit, _DAYS)
    orders = _orders(engine, unit)
    language = language_of(request)
    return pages.render(
        request,
        "desk/_cockpit.html" if pages.fragment(request) else "desk/cockpit.html",
        figures=figures,
        tiles=tiles(figures, date.fromisoformat(day_of(now)), whole=not unit),
        chart=_chart(figures.trend, language),
        units=ranked(figures.units),
        orders=orders,
        more_orders=sum(figures.orders.values()) - len(orders),
        week=_week(engine, figures, unit),
        tiers=_TIERS,
        cards=told.CARDS,
    )


def tiles(figures: Cockpit, today: date, *, whole: bool = True) -> list[Tile]:
    """What is counted above all lists. What came in and ended is counted for the whole city only,
    and is left out where one unit looks (`whole` false)."""
    total, day = figures.total, today.isoformat()
    return [
        Tile(Text("在办", "open"), total.open, _list()),
        Tile(Text("今日到期", "due today"), total.due_today, _list(due_from=day, due_until=day)),
        Tile(Text("已超时", "overdue"), total.overdue, _list(overdue="1"), "red"),
        Tile(Text("红牌", "red cards"), total.red, _list(card="red"), "red"),
        Tile(Text("黄牌", "yellow cards"), total.yellow, _list(card="yellow"), "yellow"),
        *(_today(figures.trend[-1], day) if whole else ()),
        Tile(Text("在办约谈", "open talks"), sum(figures.talks.values()), "/talks"),
    ]


def _today(last: Day, day: str) -> list[Tile]:
    """No list is in the order of ending."""
    registered = _list(state="any", registered_from=day, registered_until=day)
    return [
        Tile(Text("今日登记", "registered today"), last.registered, registered),
        Tile(Text("今日归档", "ended today"), last.ended, tone="green"),
    ]


def _list(**asked: str) -> str:
    return f"/petitions?{urlencode(asked)}" if asked else "/petitions"


def ranked(units: Sequence[Standing]) -> list[Standing]:
    """Whoever has most overdue first, then most red cards; by name where both are equal."""
    return sorted(units, key=lambda each: (-each.overdue, -each.red, -each.open, each.unit))


def _chart(trend: Sequence[Day], language: str) -> dict[str, Any]:
    counts = zip(*((each.registered, each.ended, each.red) for each in trend), strict=True)
    series = [
        {
            "name": told.say(name, language),
            "type": "line",
            "symbol": shape,
            "symbolSize": 6,
            "data": list(data),
        }
        for (name, _, shape), data in zip(_TREND, counts, strict=True)
    ]
    return {
        "grid": {"left": 36, "right": 12, "top": 36, "bottom": 28},
        "legend": {"top": 0},
        "color": [color for _, color, _ in _TREND],
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{d.day:%m-%d}" for d in trend]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": series,
    }


def _open_orders(engine: Engine, unit: str | None) -> list[Columns]:
    """By when they were due to be given; what came late into the log is no newer for that."""
    found = lists.page(engine, "supervision_list", limit=_ORDERS, unit=unit, only_open=True)
    return sorted(found.rows, key=itemgetter("at"), reverse=True)


def _orders(engine: Engine, unit: str | None) -> list[Columns]:
    names = Names(engine)
    return [supervision.told_of(engine, names, each) for each in _open_orders(engine, unit)]


def _week(engine: Engine, figures: Cockpit, unit: str | None) -> Mapping[int, list[Columns]]:
    """Talks that are held from Monday to Sunday, by tier."""
    today = date.fromisoformat(day_of(figures.at))
    monday = today - timedelta(today.weekday())
    begin, end = begin_of(monday), begin_of(monday + timedelta(7))
    rows = lists.talks_between(engine, begin, end, limit=100, unit=unit).rows
    return {tier: [row for row in rows if row["tier"] == tier] for tier in _TIERS}

"""督办台账 · Orders of supervision, a page at a time: what is open, or everything."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections import lists
from sla_engine import words
from sla_engine.projection import Columns
from sla_engine.showing.duties import belongs
from sla_engine.showing.names import Names, edition_of
from sla_engine.web import pages
from sla_engine.web.console.told import by
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False)

Reads = Annotated[Visitor, need("board:read")]

PAGE = 50


@router.get("/supervision")
def register(
    request: Request, house: HouseDep, visitor: Reads, state: str = "open", cursor: str = ""
) -> Response:
    """What came last into the log comes first; a handler sees what was given about their unit."""
    engine, unit = house.engine, visitor.unit or request.query_params.get("unit", "").strip()
    only_open = state != "any"
    found = lists.page(
        engine, "supervision_list", cursor, PAGE, unit=unit or None, only_open=only_open
    )
    names = Names(engine)
    asked = {"state": "open" if only_open else "any", **({"unit": unit} if unit else {})}
    return pages.render(
        request,
        "desk/supervision.html",
        rows=[told_of(engine, names, each) for each in found.rows],
        open=sum(lists.open_orders(engine, unit or None).values()),
        only_open=only_open,
        unit=unit,
        by=by,
        next=f"?{urlencode({**asked, 'cursor': found.next})}" if found.next else "",
    )


def told_of(engine: Engine, names: Names, order: Columns) -> Columns:
    """An order with its dossier's address and the words of its pack; `of`: what a number alone does
    not tell, the series of a round or the list of an item."""
    kind, _, name = order["stream"].partition("/")
    pack = edition_of(engine.rules, order.get("pack", ""))
    href = f"/{kind}s/{quote(name)}" if kind in ("petition", "talk", "dispute") else ""
    about = engine.row(f"{kind}s", order["stream"]) if kind in ("item", "round") else None
    return {
        **order,
        "name": name,
        "of": belongs(kind, about, names) if about else None,
        "href": href,
        "act": words.act(order["act"], pack),
    }

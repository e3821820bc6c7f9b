"""榜单 · Boards by series and period: places, scores, objections. Red is praise."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections import history
from sla_engine import words
from sla_engine.policy.clause import Place, Series, Text
from sla_engine.showing import boards
from sla_engine.showing.boards import Row
from sla_engine.web import pages
from sla_engine.web.gate import need
from sla_engine.web.house import HouseDep
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False)

_FULL = 100_00
_UPHELD, _DISMISSED = words.OUTCOMES["upheld"], words.OUTCOMES["rejected"]


class Seat(NamedTuple):
    """A member's place. `place` None: on no list; `score` in points, `share` of the full score."""

    member: str
    rank: int
    place: Place | None
    score: float
    share: int
    overturned: bool


class Board(NamedTuple):
    """One board as it stands."""

    row: Row
    series: Series
    phase: Text
    seats: list[Seat]
    rulings: Mapping[str, Text]


@router.get("/boards", dependencies=[need("board:read")])
def show(
    request: Request,
    house: HouseDep,
    series: str = "",
    period: str = "",
    unit: str = "",
) -> Response:
    """A board is published to all units, so a handler sees all of it."""
    engine = house.engine
    rows = boards.boards(engine, "", "", "")
    every = [_board(row, boards.series_of(engine, row), _rulings(engine, row)) for row in rows]
    shown = [
        each
        for each in every
        if series in ("", each.row["series"])
        and period in ("", each.row["period"])
        and unit in ("", *(seat.member for seat in each.seats))
    ]
    return pages.render(
        request,
        "desk/boards.html",
        boards=shown,
        all_series={each.row["series"]: each.series.name for each in every},
        periods=sorted({each.row["period"] for each in every}, reverse=True),
        units=sorted({seat.member for each in every for seat in each.seats}),
        asked={"series": series, "period": period, "unit": unit},
    )


def _rulings(engine: Engine, row: Row) -> Mapping[str, Text]:
    """What became of each member's objection; a ruling that was voided is none."""
    base = engine.row("board.base", f"round/{row['round']}")
    lines = history.standing(base["lines"]) if base is not None else []
    ruled = (line.says for line in lines if line.type == "objection_ruled")
    return {each["member"]: _UPHELD if each.get("upheld") else _DISMISSED for each in ruled}


def _board(row: Row, series: Series, rulings: Mapping[str, Text]) -> Board:
    phase = words.phase("round", row["phase"])
    return Board(row, series, phase, list(_seats(row, series)), rulings)


def _seats(row: Row, series: Series) -> Iterator[Seat]:
    places = {place.id: place for place in series.places}
    full = max((_FULL, *(each["score"] for each in row["places"])))
    for each in row["places"]:
        yield Seat(
            each["member"],
            each["rank"],
            places.get(each["place"]),
            each["score"] / 100,
            round(100 * each["score"] / full),
            each["member"] in row["overturned"],
        )

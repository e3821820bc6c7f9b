"""Boards, scorecards and reconciliation: what is published of units, and what stands behind it."""

from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.documents.form import Days
from sla_engine.showing import accounts, boards, scorecards
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.reading import Day, Unit, Word, told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.web.problems import tell

tell(boards.BOARD_UNKNOWN, 404)

router = reading.router("boards")

Watcher = Annotated[Visitor, need("board:read")]
Period = Annotated[
    str, Query(max_length=20, description="2024, 2024H1, 2024Q2, 2024-05, 2024-W21, 2024-05-20")
]

BOARD = shapes.thing(
    round=shapes.TEXT,
    series=shapes.TEXT,
    period=shapes.TEXT,
    phase=shapes.TEXT,
    pack=shapes.TEXT,
    drafted_at=shapes.TIME,
    places=shapes.many(
        shapes.thing(
            member=shapes.TEXT,
            place=shapes.TEXT,
            rank=shapes.COUNT,
            score=shapes.COUNT,
            status=shapes.maybe(shapes.TEXT),
        )
    ),
    objections=shapes.many(shapes.thing(member=shapes.TEXT, at=shapes.TIME)),
    overturned=shapes.many(shapes.TEXT),
)
FIGURE = shapes.thing(
    "A rate with the counters behind it; `denominator` null: a count",
    measure=shapes.TEXT,
    name=shapes.BOTH,
    group=shapes.TEXT,
    numerator=shapes.COUNT,
    denominator=shapes.maybe(shapes.COUNT),
    excluded=shapes.COUNT,
    percent=shapes.maybe(shapes.TEXT),
    formula=shapes.BOTH,
    basis=shapes.many(shapes.TEXT),
    status=shapes.TEXT,
    packs=shapes.many(shapes.TEXT),
    calendars=shapes.many(shapes.TEXT),
    exclusions=shapes.many(shapes.TEXT),
    exclusion_list=shapes.TEXT,
    disputes=shapes.many(shapes.TEXT),
    parts=shapes.many(shapes.keyed(shapes.ANY)),
)
SCORECARD = shapes.thing(
    "Days from `first` to `last`, both included; what is not yet due is in no denominator",
    pack=shapes.thing(name=shapes.TEXT, edition=shapes.TEXT),
    unit=shapes.TEXT,
    first=shapes.DATE,
    last=shapes.DATE,
    figures=shapes.many(FIGURE),
)
ACCOUNT = shapes.thing(
    "opening + new - struck_off = carried_over; `differences`: what was signed and is not so",
    month=shapes.TEXT,
    list=shapes.TEXT,
    name=shapes.BOTH,
    unit=shapes.TEXT,
    opening=shapes.COUNT,
    new=shapes.COUNT,
    struck_off=shapes.COUNT,
    carried_over=shapes.COUNT,
    overdue=shapes.COUNT,
    signed=shapes.keyed(shapes.ANY),
    differences=shapes.many(shapes.TEXT),
)


@router.get(
    "/boards",
    operation_id="listBoards",
    summary="榜单 · Boards",
    dependencies=[need("board:read")],
    responses=reading.listed(BOARD, "Boards"),
)
def list_boards(
    request: Request,
    house: HouseDep,
    *,
    unit: Unit = "",
    period: Period = "",
    series: Word = "",
) -> Response:
    """红黄黑榜, the latest first: every place, every objection. A board is published to all units,
    so a handler sees all of it."""
    if period:
        Days.of(period)
    found = boards.boards(house.engine, "", unit, period)
    shown = [row for row in found if series in ("", row["series"])]
    return reading.paged(
        request,
        reading.whole([dict(row) for row in shown]),
        lambda row: boards.as_dict(row, boards.series_of(house.engine, row)),
    )


@router.get(
    "/boards/{round_:path}",
    operation_id="readBoard",
    summary="一期榜单 · One board",
    dependencies=[need("board:read")],
    responses=told(BOARD, "The board", 404),
)
def read_board(
    request: Request,
    house: HouseDep,
    round_: Annotated[str, Path(min_length=1, max_length=400)],
) -> Response:
    """The board of one round."""
    (row,) = boards.boards(house.engine, round_, "", "")
    return reading.answer(request, boards.as_dict(row, boards.series_of(house.engine, row)))


@router.get(
    "/scorecard",
    operation_id="readScorecard",
    summary="考核指标 · Rates with what is behind them",
    responses=told(SCORECARD, "The scorecard"),
)
def read_scorecard(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    visitor: Watcher,
    *,
    pack: Annotated[str, Query(min_length=1, max_length=200, description="By its name.")],
    unit: Unit = "",
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
    period: Period = "",
    by: Annotated[Literal["unit", "kind"] | None, Query(description="One rate for each.")] = None,
) -> Response:
    """考核指标: every measure with its formula, its counters, the editions behind it; until
    yesterday, from the first of January unless it says otherwise."""
    days = Days.of(period) if period else None
    span = (
        (days.first, days.last)
        if days is not None
        else (reading.day(first, "from"), reading.day(last, "to"))
    )
    theirs = reading.narrowed(visitor, unit) or ""
    card = scorecards.card_of(house.engine, pack, theirs, span, by)
    return reading.answer(request, scorecards.document(card, theirs))


@router.get(
    "/reconciliation",
    operation_id="readReconciliation",
    summary="对账 · Reconciliation of a month",
    responses=reading.listed(ACCOUNT, "Accounts of lists"),
)
def read_reconciliation(
    request: Request,
    house: HouseDep,
    visitor: Watcher,
    *,
    month: Annotated[str, Query(max_length=7, description="2024-05; the present one.")] = "",
    pack: Word = "",
    list_: Annotated[str, Query(alias="list", max_length=200)] = "",
    unit: Unit = "",
) -> Response:
    """月对账: the account of each list beside what both sides signed."""
    if month:
        Days.of(month)
    theirs = reading.narrowed(visitor, unit) or ""
    asked = month or accounts.present(house.engine)
    found = accounts.accounts(house.engine, asked, pack, list_, theirs)
    return reading.paged(request, reading.whole([accounts.as_dict(each) for each in found]))

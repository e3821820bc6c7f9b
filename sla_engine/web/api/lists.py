"""What is to be done: petitions by due instant with their open clocks; items, rounds, callbacks."""

from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from projections import docket, lists
from projections.paging import Page, Way, walk
from sla_engine.projection import Columns
from sla_engine.showing.case import Case
from sla_engine.showing.duties import as_dict, duties_of
from sla_engine.showing.names import Levels, Names
from sla_engine.showing.plain import jsonable
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.reading import At, Cursor, JudgedAt, KnownAt, Limit, Party, Unit, Word, told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep

router = reading.router("lists")

Reader = Annotated[Visitor, need("petition:read")]
Watcher = Annotated[Visitor, need("board:read")]
Id = Annotated[str, Path(min_length=1, max_length=400)]
Open = Annotated[bool, Query(alias="open", description="Only what is open.")]

_WORK = {
    **shapes.DOCKET_ROW,
    "properties": {**shapes.DOCKET_ROW["properties"], "clocks": shapes.many(shapes.DUTY)},
    "required": [*shapes.DOCKET_ROW["required"], "clocks"],
}
ITEM = shapes.thing(
    item=shapes.TEXT,
    list=shapes.TEXT,
    unit=shapes.TEXT,
    phase=shapes.TEXT,
    open=shapes.FLAG,
    due=shapes.maybe(shapes.TIME),
    level=shapes.COUNT,
    pack=shapes.TEXT,
)
ROUND = shapes.thing(
    round=shapes.TEXT,
    series=shapes.TEXT,
    period=shapes.TEXT,
    phase=shapes.TEXT,
    members=shapes.many(shapes.TEXT),
    opened_at=shapes.TIME,
    pack=shapes.TEXT,
)
CALLBACK = shapes.thing(
    no=shapes.TEXT,
    kind=shapes.TEXT,
    matter=shapes.TEXT,
    unit=shapes.TEXT,
    resolved_at=shapes.TIME,
)


@router.get(
    "/worklist",
    operation_id="listWork",
    summary="在办清单 · Work, most urgent first",
    responses=reading.listed(_WORK, "Open petitions with their open clocks"),
)
def list_work(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    unit: Party = "",
    card: Annotated[str, Query(pattern="^(|red|yellow|any|none)$")] = "",
    due_before: At = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """What is overdue longest comes first, then what is due next."""
    asked = docket.Filter(
        unit=reading.narrowed_to_party(visitor, unit),
        card=card,  # type: ignore[arg-type]  # one of the words, by its pattern
        due_before=reading.instant(due_before, "due_before"),
    )
    found = docket.page(house.engine, asked, cursor, limit)
    rows = {f"petition/{row['no']}": row for row in found.rows}
    levels, names = Levels(house.engine), Names(house.engine)
    open_clocks: dict[str, list[object]] = {stream: [] for stream in rows}
    for duty in duties_of(house.engine, rows, house.now()):
        open_clocks[duty.stream].append(as_dict(duty, levels, names))
    return reading.paged(
        request,
        found,
        lambda row: {**jsonable(row), "clocks": open_clocks[f"petition/{row['no']}"]},
    )


@router.get(
    "/items",
    operation_id="listItems",
    summary="清单事项 · Items of lists",
    responses=reading.listed(ITEM, "List items"),
)
def list_items(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    only_open: Open = True,
    unit: Unit = "",
    list_: Annotated[str, Query(alias="list", max_length=200)] = "",
    project: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """清单事项: the open ones by their due instant; with `open=false` all, newest first."""
    wanted = {name: value for name, value in (("list", list_), ("project", project)) if value}
    whose = reading.narrowed(visitor, unit)
    found = lists.page(
        house.engine, "item_list", cursor, limit, unit=whose, only_open=only_open, **wanted
    )
    return reading.paged(request, found)


@router.get(
    "/items/{item:path}",
    operation_id="readItem",
    summary="一个事项 · One item",
    responses=told(shapes.STORY, "The item", 404),
)
def read_item(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    item: Id,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Card, clocks and timeline of one item."""
    return _story(request, house, visitor, f"item/{item}", known_at, judged_at)


@router.get(
    "/rounds",
    operation_id="listRounds",
    summary="期次 · Rounds",
    responses=reading.listed(ROUND, "Rounds"),
)
def list_rounds(
    request: Request,
    house: HouseDep,
    visitor: Watcher,
    *,
    series: Word = "",
    period: Word = "",
    pack: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """轮次, by their names."""
    wanted = {"series": series, "period": period, "pack": pack}
    return reading.paged(request, _walked(house, "rounds", visitor, wanted, cursor, limit))


@router.get(
    "/rounds/{round_:path}",
    operation_id="readRound",
    summary="一期 · One round",
    responses=told(shapes.STORY, "The round", 404),
)
def read_round(
    request: Request,
    house: HouseDep,
    visitor: Watcher,
    round_: Id,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Card, clocks and timeline of one round."""
    return _story(request, house, visitor, f"round/{round_}", known_at, judged_at)


@router.get(
    "/callbacks",
    operation_id="listCallbacks",
    summary="待回访 · Callbacks to be made",
    responses=reading.listed(CALLBACK, "Petitions to be called back"),
)
def list_callbacks(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    unit: Unit = "",
    pack: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """回访清单: resolved and not yet called back."""
    wanted = {"unit": reading.narrowed(visitor, unit) or "", "pack": pack}
    return reading.paged(request, _walked(house, "callbacks", visitor, wanted, cursor, limit))


def _walked(
    house: HouseDep,
    table: str,
    visitor: Visitor,
    wanted: dict[str, str],
    cursor: str,
    limit: int,
) -> Page:
    """A page of a register in the order of its keys."""

    def keep(row: Columns) -> bool:
        mine = not visitor.unit or visitor.unit in (row.get("unit"), *row.get("members", ()))
        return mine and all(not value or row[name] == value for name, value in wanted.items())

    return walk(house.engine, Way(table, ""), cursor, limit, keep)


def _story(
    request: Request,
    house: HouseDep,
    visitor: Visitor,
    stream: str,
    known_at: str | None,
    judged_at: str | None,
) -> Response:
    known = reading.instant(known_at, "known_at")
    at = reading.instant(judged_at, "judged_at")
    case: Case = reading.dossier(house, visitor, stream, known, at)
    return reading.answer(request, case.document())

"""Registers: orders of supervision (督办台账), disputes (争议台账), the roster (职务名录)."""

from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from projections import lists
from projections.paging import Way, walk
from sla_engine.showing.disputes import story
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.reading import Cursor, KnownAt, Limit, Unit, Word, told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep

router = reading.router("registers")

Watcher = Annotated[Visitor, need("board:read")]
Party = Annotated[Visitor, need("dispute:read")]
Open = Annotated[bool, Query(alias="open", description="Only what is open.")]

ORDER = shapes.thing(
    number=shapes.COUNT,
    stream=shapes.TEXT,
    act=shapes.TEXT,
    unit=shapes.TEXT,
    clause=shapes.TEXT,
    due=shapes.maybe(shapes.TIME),
    recorded_at=shapes.TIME,
    stands=shapes.FLAG,
    settled_at=shapes.maybe(shapes.TIME),
)
DISPUTE = shapes.thing(
    dispute=shapes.TEXT,
    kind=shapes.one_of("objection", "review", "appeal"),
    subject=shapes.TEXT,
    claim=shapes.TEXT,
    claimant=shapes.TEXT,
    phase=shapes.TEXT,
    open=shapes.FLAG,
    opened_at=shapes.TIME,
    due=shapes.maybe(shapes.TIME),
    outcome=shapes.TEXT,
)
OFFICE = shapes.thing(
    region=shapes.TEXT,
    role=shapes.TEXT,
    about=shapes.TEXT,
    holders=shapes.many(shapes.thing(holder=shapes.TEXT, unit=shapes.TEXT)),
)
VERDICT = shapes.thing(computed=shapes.TEXT, counts=shapes.TEXT, ruled_in=shapes.TEXT)
STORY = {
    **shapes.STORY,
    "properties": {
        **shapes.STORY["properties"],
        "dispute": shapes.thing(
            "The verdict as it was, the claim, the replays, the ruling, the verdict now",
            subject=shapes.TEXT,
            verdict=VERDICT,
            claim=shapes.keyed(shapes.TEXT),
            replays=shapes.many(shapes.thing(at=shapes.TIME, inputs=shapes.TEXT)),
            ruling=shapes.maybe(shapes.keyed(shapes.ANY)),
            now=VERDICT,
        ),
    },
    "required": [*shapes.STORY["required"], "dispute"],
}


@router.get(
    "/supervision",
    operation_id="listOrders",
    summary="督办台账 · Orders of supervision",
    responses=reading.listed(ORDER, "Orders of supervision"),
)
def list_orders(
    request: Request,
    house: HouseDep,
    visitor: Watcher,
    *,
    only_open: Open = True,
    unit: Unit = "",
    act: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """督办台账, the latest first."""
    whose = reading.narrowed(visitor, unit)
    wanted = {"act": act} if act else {}
    found = lists.page(
        house.engine, "supervision_list", cursor, limit, unit=whose, only_open=only_open, **wanted
    )
    return reading.paged(request, found)


@router.get(
    "/disputes",
    operation_id="listDisputes",
    summary="争议台账 · Disputes",
    responses=reading.listed(DISPUTE, "Disputes"),
)
def list_disputes(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    visitor: Party,
    *,
    only_open: Open = False,
    claimant: Unit = "",
    kind: Word = "",
    subject: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """争议台账, the latest first."""
    whose = reading.narrowed(visitor, claimant)
    wanted = {name: value for name, value in (("kind", kind), ("subject", subject)) if value}
    found = lists.page(
        house.engine, "dispute_list", cursor, limit, unit=whose, only_open=only_open, **wanted
    )
    return reading.paged(request, found)


@router.get(
    "/disputes/{dispute}",
    operation_id="readDispute",
    summary="一件争议 · One dispute",
    responses=told(STORY, "The dispute", 404),
)
def read_dispute(
    request: Request,
    house: HouseDep,
    visitor: Party,
    dispute: Annotated[str, Path(min_length=1, max_length=200)],
    *,
    known_at: KnownAt = None,
) -> Response:
    """A dispute's clocks and timeline, and its story from the verdict to the ruling."""
    known = reading.instant(known_at, "known_at")
    case = reading.dossier(house, visitor, f"dispute/{dispute}", known)
    told_story = story(house.engine, case, known)
    return reading.answer(request, {**case.document(), "dispute": told_story})


@router.get(
    "/roster",
    operation_id="listRoster",
    summary="任职名册 · Who holds which post",
    dependencies=[need("board:read")],
    responses=reading.listed(OFFICE, "Who holds which role"),
)
def list_roster(
    request: Request,
    house: HouseDep,
    *,
    region: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """职务名录: roles by region, each with who holds and who held it."""
    prefix = f"{region}|" if region else ""
    return reading.paged(request, walk(house.engine, Way("roster", prefix), cursor, limit))

"""Talks in three tiers (三级约谈): the register, and one talk with its clocks and timeline."""

from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from projections import lists
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.reading import At, Cursor, JudgedAt, KnownAt, Limit, Unit, Word, told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep

router = reading.router("talks")

Reader = Annotated[Visitor, need("talk:read")]
Part = Annotated[str, Path(min_length=1, max_length=200)]

TALK = shapes.thing(
    talk=shapes.TEXT,
    pack=shapes.TEXT,
    region=shapes.TEXT,
    unit=shapes.TEXT,
    tier=shapes.COUNT,
    round=shapes.COUNT,
    phase=shapes.TEXT,
    open=shapes.FLAG,
    causes=shapes.many(shapes.TEXT),
    petitions=shapes.many(shapes.TEXT),
    proposed_at=shapes.TIME,
    level=shapes.COUNT,
)


@router.get(
    "/talks",
    operation_id="listTalks",
    summary="约谈台账 · Talks",
    responses=reading.listed(TALK, "Talks"),
)
def list_talks(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    only_open: Annotated[bool, Query(alias="open", description="Only open ones.")] = False,
    unit: Unit = "",
    tier: Annotated[int | None, Query(ge=1, le=9)] = None,
    phase: Word = "",
    held_from: At = None,
    held_before: At = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """The register, newest first; with `held_from` and `held_before` what is or was to be held
    between the two, by that instant."""
    whose = reading.narrowed(visitor, unit)
    begin = reading.instant(held_from, "held_from")
    end = reading.instant(held_before, "held_before")
    if begin is not None and end is not None:
        found = lists.talks_between(house.engine, begin, end, cursor, limit, whose)
        return reading.paged(request, found)
    wanted = {name: value for name, value in (("tier", tier), ("phase", phase)) if value}
    found = lists.page(
        house.engine, "talk_list", cursor, limit, unit=whose, only_open=only_open, **wanted
    )
    return reading.paged(request, found)


@router.get(
    "/talks/{unit}/{talk}",
    operation_id="readTalk",
    summary="一次约谈 · One talk",
    responses=told(shapes.STORY, "The talk", 404),
)
def read_talk(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    unit: Part,
    talk: Part,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Card, clocks and timeline of one talk."""
    known = reading.instant(known_at, "known_at")
    at = reading.instant(judged_at, "judged_at")
    case = reading.dossier(house, visitor, f"talk/{unit}/{talk}", known, at)
    return reading.answer(request, case.document())

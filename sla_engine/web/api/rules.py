"""Rules read: policy packs, calendars with the notices behind every day, and when a term is due."""

from typing import Annotated, Literal

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import refuse
from sla_engine.policy.clause import OFFICE
from sla_engine.policy.rulebook import PACK_CALENDAR_UNKNOWN, Rulebook
from sla_engine.showing.calendars import as_dict as year_dict
from sla_engine.showing.packs import as_dict, summary
from sla_engine.showing.plain import rfc3339
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.reading import KnownAt, told
from sla_engine.web.gate import need
from sla_engine.web.house import HouseDep
from sla_engine.web.problems import tell
from sla_engine.wiring import Engine
from sla_engine.worktime import (
    Almanac,
    Amount,
    Instant,
    Term,
    Timetable,
    derive,
    narrate,
    parse_instant,
    reckon,
)
from sla_engine.worktime.derivation import plain
from sla_engine.worktime.survey import show

tell("REGION_UNKNOWN", 404)
tell("POLICY_UNKNOWN", 404)
tell(PACK_CALENDAR_UNKNOWN, 404)

router = reading.router("rules")

READS = [need("rules:read")]
Name = Annotated[str, Path(min_length=1, max_length=200)]
Region = Annotated[str, Path(min_length=1, max_length=40, description="CN, CN-45, …")]

PACK = shapes.thing(
    name=shapes.TEXT,
    edition=shapes.TEXT,
    title=shapes.BOTH,
    region=shapes.TEXT,
    calendar=shapes.TEXT,
    effective_from=shapes.DATE,
    effective_to=shapes.maybe(shapes.DATE),
    known_since=shapes.TIME,
    status=shapes.TEXT,
    digest=shapes.TEXT,
)
WHOLE_PACK = {
    **PACK,
    "properties": {**PACK["properties"], "clauses": shapes.many(shapes.keyed(shapes.ANY))},
    "required": [*PACK["required"], "clauses"],
}
YEAR = shapes.thing(
    "`provisional`: there is no notice for the year yet",
    year=shapes.COUNT,
    region=shapes.TEXT,
    digest=shapes.TEXT,
    provisional=shapes.FLAG,
    working_days=shapes.COUNT,
    days=shapes.many(
        shapes.thing(
            date=shapes.DATE,
            works=shapes.FLAG,
            kind=shapes.TEXT,
            name=shapes.TEXT,
            notice=shapes.TEXT,
        )
    ),
)
RECKONED = shapes.thing(
    "When a term is due, and why",
    due=shapes.maybe(shapes.TIME),
    due_date=shapes.maybe(shapes.DATE),
    start=shapes.TIME,
    provisional=shapes.FLAG,
    basis=shapes.maybe(shapes.TEXT),
    derivation=shapes.many(shapes.STEP),
    text_zh=shapes.many(shapes.TEXT),
    text_en=shapes.many(shapes.TEXT),
    calendar=shapes.TEXT,
)


@router.get(
    "/packs",
    operation_id="listPacks",
    summary="政策包 · Policy packs",
    dependencies=READS,
    responses=reading.listed(PACK, "Packs"),
)
def list_packs(request: Request, house: HouseDep) -> Response:
    """Every edition that is known, by name and by when it comes into force."""
    packs = sorted(_rules(house.engine).packs, key=lambda pack: (pack.name, pack.effective[0]))
    return reading.paged(request, reading.whole([summary(pack) for pack in packs]))


@router.get(
    "/packs/{name}/{edition}",
    operation_id="readPack",
    summary="一个政策包版本 · One edition of a pack",
    dependencies=READS,
    responses=told(WHOLE_PACK, "The pack", 404),
)
def read_pack(request: Request, house: HouseDep, name: Name, edition: Name) -> Response:
    """One edition: every clause with its ladder and basis, and the tables beside them."""
    editions = _rules(house.engine).editions(name)
    for pack in editions:
        if pack.edition == edition:
            return reading.answer(request, as_dict(pack))
    raise refuse("POLICY_UNKNOWN", "edition", edition, ", ".join(each.edition for each in editions))


@router.get(
    "/calendars/{region}/reckon",
    operation_id="reckonTerm",
    summary="推算期限 · Reckon a term",
    dependencies=READS,
    responses=told(RECKONED, "When it is due", 404),
)
def reckon_term(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    region: Region,
    *,
    term: Annotated[str, Query(min_length=1, max_length=40, description="5个工作日, 24小时, 30日")],
    start: Annotated[
        str,
        Query(
            alias="from",
            min_length=1,
            max_length=40,
            json_schema_extra={"format": "date-time"},
            description="When it begins.",
        ),
    ],
    pack: Annotated[
        str, Query(max_length=200, description="By the office hours of this pack.")
    ] = "",
    receipt: Annotated[
        Literal["as_is", "off_to_next", "close_to_next"],
        Query(description="Whether what comes outside hours counts from the next opening."),
    ] = "as_is",
    expiry: Literal["end_of_day", "close_of_business"] = "end_of_day",
    roll: Annotated[
        bool, Query(description="Whether a last day that is off moves to the next working day.")
    ] = False,
    known_at: KnownAt = None,
) -> Response:
    """When a term is due that begins then, with the working shown; nothing is looked up but the
    calendar. Days of years without a notice are provisional, and said to be."""
    at, known = parse_instant(start, "from"), reading.instant(known_at, "known_at")
    asked = Term(Amount.parse(term), receipt, expiry, roll)
    timetable = _timetable(_rules(house.engine), region, pack, at, known)
    reckoning, derivation = reckon(asked, at, timetable), derive(asked, at, timetable)
    zone = timetable.zone.name
    document = {
        "due": rfc3339(reckoning.due),
        "due_date": reckoning.due_date and reckoning.due_date.isoformat(),
        "start": rfc3339(reckoning.start),
        "provisional": reckoning.provisional,
        "basis": reckoning.basis,
        "derivation": [plain(step, zone) for step in derivation.steps],
        "text_zh": narrate.zh(derivation),
        "text_en": narrate.en(derivation),
        "calendar": timetable.calendar.digest,
    }
    return reading.answer(request, document)


@router.get(
    "/calendars/{region}/{year}",
    operation_id="readCalendar",
    summary="一年日历 · A year of the calendar",
    dependencies=READS,
    responses=told(YEAR, "The year", 404),
)
def read_calendar(
    request: Request,
    house: HouseDep,
    region: Region,
    year: Annotated[int, Path(ge=1970, le=2200)],
    *,
    known_at: KnownAt = None,
) -> Response:
    """Every day of a year: whether it works, what kind of day it is, which notice says so."""
    known = reading.instant(known_at, "known_at")
    calendar = _almanac(_rules(house.engine), region).calendar(region, known, provisional=True)
    return reading.answer(request, year_dict(calendar, year, show(calendar, year)))


def _rules(engine: Engine) -> Rulebook:
    engine.refresh_rules()
    return engine.rules


def _almanac(rules: Rulebook, region: str) -> Almanac:
    for almanac in rules.almanacs.values():
        if f"{region}-".startswith(f"{almanac.region}-"):
            return almanac
    regions = ", ".join(sorted(each.region for each in rules.almanacs.values()))
    raise refuse(PACK_CALENDAR_UNKNOWN, "region", region, regions)


def _timetable(
    rules: Rulebook, region: str, pack: str, at: Instant, known: Instant | None
) -> Timetable:
    calendar = _almanac(rules, region).calendar(region, known, provisional=True)
    if not pack:
        return Timetable(calendar)
    return Timetable(calendar, rules.pack_on(pack, at).hours[OFFICE])

"""三级约谈 · Talks: the board by tier and phase, one talk with its rounds, clocks and forms."""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections import lists
from sla_engine import words
from sla_engine.policy.clause import Text
from sla_engine.projection import Columns
from sla_engine.record import Instant
from sla_engine.talk.decide import causes, tier
from sla_engine.web import pages
from sla_engine.web.console import dossier, told
from sla_engine.web.console.case import Case, Known
from sla_engine.web.console.causes import Causes
from sla_engine.web.console.documents import papers
from sla_engine.web.console.dossier import Screen, serve_forms
from sla_engine.web.console.talk_forms import TALK_COMMANDS
from sla_engine.web.forms import FormRoute
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.language import language_of
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Reads = Annotated[Visitor, need("talk:read")]

_KIND = "talk"
_TIERS = (1, 2, 3)
_ON_A_COLUMN = 30
_PAGE = 50
TIER_NAMES = (Text("一级约谈", "Tier 1"), Text("二级约谈", "Tier 2"), Text("三级约谈", "Tier 3"))


class Slip(NamedTuple):
    """A talk on the board: its row, why it came about, the clock that is due next."""

    row: Columns
    causes: Sequence[str]
    due: Instant | None
    over: bool


class Column(NamedTuple):
    """One tier: its talks by phase, in the order of the phases; `more`: there are others."""

    tier: int
    name: Text
    phases: Mapping[str, tuple[Text, list[Slip]]]
    open: int
    more: bool


@router.get("/talks")
def board(request: Request, house: HouseDep, visitor: Reads) -> Response:
    engine, unit = house.engine, visitor.unit or request.query_params.get("unit") or None
    counts = lists.open_talks(engine, unit)
    now, language = house.now(), language_of(request)
    columns = [_column(engine, each, counts.get(each, 0), unit, (now, language)) for each in _TIERS]
    return pages.render(
        request,
        "desk/talks.html",
        columns=columns,
        unit=unit or "",
        asked=_of(unit),
        register=f"/talks/register{_of(unit)}",
        by=told.by,
    )


@router.get("/talks/register")
def register(request: Request, house: HouseDep, visitor: Reads, cursor: str = "") -> Response:
    """Every talk, newest first."""
    unit = visitor.unit or request.query_params.get("unit") or None
    found = lists.page(house.engine, "talk_list", cursor, _PAGE, unit=unit)
    return pages.render(
        request,
        "desk/talk_register.html",
        rows=found.rows,
        phases=words.TALK_PHASES,
        unit=unit or "",
        board=f"/talks{_of(unit)}",
        next=_of(unit, cursor=found.next) if found.next else "",
    )


def _of(unit: str | None, **more: str) -> str:
    """What follows an address, for one unit or for all."""
    asked = {**({"unit": unit} if unit else {}), **more}
    return f"?{urlencode(asked)}" if asked else ""


@router.get("/talks/{talk:path}")
def talk(request: Request, house: HouseDep, visitor: Reads, talk: str) -> Response:
    known = dossier.known_of(request.query_params, house.engine, f"{_KIND}/{talk}")
    return _page(request, house, visitor, opened(house.engine, visitor, talk, known))


def opened(engine: Engine, visitor: Visitor, talk: str, known: Known) -> Case:
    """Raises `Refusal` UNKNOWN_DOSSIER, KNOWN_TOO_EARLY."""
    return Case.open(engine, visitor, _KIND, talk, known)


# ----------------------------------------------------------------------------------------- board


def _column(
    engine: Engine, tier: int, count: int, unit: str | None, seen: tuple[Instant, str]
) -> Column:
    found = lists.page(
        engine, "talk_list", limit=_ON_A_COLUMN, unit=unit, only_open=True, tier=tier
    )
    phases: dict[str, tuple[Text, list[Slip]]] = {}
    for phase in words.TALK_PHASES:
        slips = [_slip(engine, row, *seen) for row in found.rows if row["phase"] == phase]
        if slips:
            phases[phase] = (words.phase(_KIND, phase), slips)
    return Column(tier, TIER_NAMES[tier - 1], phases, count, bool(found.next))


def _slip(engine: Engine, row: Columns, now: Instant, language: str) -> Slip:
    stream = f"{_KIND}/{row['talk']}"
    clocks = [clock for name, clock in engine.log.alarms(stream) if name == stream]
    due = min((each.owed_by for each in clocks if each.owed_by is not None), default=None)
    why = [told.say(each, language) for each in Causes(engine).told(row["causes"])]
    return Slip(row, list(dict.fromkeys(why)), due, due is not None and due < now)


# ------------------------------------------------------------------------------------------- one


def _page(request: Request, house: House, visitor: Visitor, case: Case) -> Response:
    view = dossier.view(request, house, visitor, case, TALK_COMMANDS)
    chronicle = case.chronicle
    return pages.render(
        request,
        "desk/talk.html",
        **view,
        record=_SCREEN.address(case.name),
        answers=[],
        papers=papers(case),
        unit=chronicle.traits["unit"],
        tier=TIER_NAMES[tier(chronicle) - 1],
        causes=_causes(house.engine, case, language_of(request)),
        rounds=list(chronicle.lanes.all.values()),
        tier_names=TIER_NAMES,
    )


def _causes(engine: Engine, case: Case, language: str) -> list[tuple[str, str]]:
    """Each standing cause in words, and the petition it is about."""
    found = causes(case.chronicle)
    told_of = zip(Causes(engine).told(found), found, strict=True)
    return [(told.say(text, language), _petition(cause)) for text, cause in told_of]


def _petition(cause: str) -> str:
    stream = cause.partition("|")[0]
    kind, _, name = stream.partition("/")
    return name if kind == "petition" and "|" in cause else ""


_SCREEN = Screen(_KIND, "/talks/{name:path}", opened)
serve_forms(router, _SCREEN, TALK_COMMANDS)

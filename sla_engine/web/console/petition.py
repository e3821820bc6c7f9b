"""诉求件 · One petition: heading, clocks, derivations, timeline on both time axes, forms."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.access.masking import masked_fields
from sla_engine.access.reading import read_personal
from sla_engine.access.registrar import Actor
from sla_engine.access.table import shipped
from sla_engine.errors import refuse
from sla_engine.petition.events import Registered
from sla_engine.record import Event
from sla_engine.web import gate, pages
from sla_engine.web.console import dossier, told
from sla_engine.web.console.case import NOW, Case, Known
from sla_engine.web.console.documents import papers
from sla_engine.web.console.dossier import Screen, serve_forms
from sla_engine.web.console.petition_forms import PETITION_COMMANDS, answers
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.paths import PETITION_AT
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Reads = Annotated[Visitor, need("petition:read")]
ReadsPeople = Annotated[Visitor, need("personal:read")]
_KIND = "petition"


@router.get(PETITION_AT)
def petition(request: Request, house: HouseDep, visitor: Reads, no: str) -> Response:
    known = dossier.known_of(request.query_params, house.engine, f"{_KIND}/{no}")
    case = opened(house.engine, visitor, no, known)
    return _page(request, house, visitor, case)


@router.post(f"{PETITION_AT}/personal")
@stands_on("/petitions/{no}")
def personal(
    request: Request,
    house: HouseDep,
    visitor: ReadsPeople,
    no: str,
    purpose: Annotated[str, Form()] = "",
) -> Response:
    """The petitioner's data in full, to whoever says for what; the log says who was shown it."""
    case = opened(house.engine, visitor, no, NOW)
    if not case.worked_by(visitor):
        raise refuse(gate.NOT_YOURS, "", no)
    shown = read_personal(
        house.engine.log,
        shipped(),
        _petitioner(case),
        (no, purpose),
        Actor(visitor.name, ",".join(sorted(visitor.roles)), visitor.source),
        house.now(),
    )
    return _page(request, house, visitor, case, shown=shown)


def opened(engine: Engine, visitor: Visitor, no: str, known: Known) -> Case:
    """Raises `Refusal` UNKNOWN_DOSSIER, KNOWN_TOO_EARLY."""
    return Case.open(engine, visitor, _KIND, no, known)


def _page(
    request: Request,
    house: House,
    visitor: Visitor,
    case: Case,
    shown: Mapping[str, str] | None = None,
) -> Response:
    view = dossier.view(request, house, visitor, case, PETITION_COMMANDS)
    return pages.render(
        request,
        "desk/petition.html",
        **view,
        **_people(house.engine, visitor, case, shown),
        record=_SCREEN.address(case.name),
        answers=list(answers()),
        talks=_talks(house.engine, visitor, case),
        papers=papers(case),
    )


def _people(
    engine: Engine, visitor: Visitor, case: Case, shown: Mapping[str, str] | None
) -> dict[str, Any]:
    """The petitioner's data, starred out unless it has just been asked for; none for a unit that
    has it no longer."""
    table, works = shipped(), case.worked_by(visitor)
    kept = masked_fields(engine.log.personal(_petitioner(case)), table.masks) if works else {}
    may = visitor.may("personal:read") and works and not case.known.past
    return {
        "people": kept if shown is None else shown,
        "personal": told.PERSONAL,
        "shown_in_full": shown is not None,
        "purposes": [(name, table.words(name)) for name in table.purposes] if may else [],
    }


def _petitioner(case: Case) -> str:
    return _registered(case.events[0].event)


def _registered(opening: Event) -> str:
    return opening.petitioner if isinstance(opening, Registered) else ""


def _talks(engine: Engine, visitor: Visitor, case: Case) -> list[str]:
    """Talks that a petition's clocks have led to, as far as they are the visitor's business."""
    unit = case.unit
    told = visitor.may("talk:read") and visitor.unit in ("", unit)
    if not told or not unit or case.known.past:
        return []
    rows = engine.page("talk_register", f"talk/{unit}/")
    return [row["talk"] for _, row in rows if case.name in row["petitions"]]


# ---------------------------------------------------------------------------------------- forms


_SCREEN = Screen(_KIND, "/petitions/{name:path}", opened)
serve_forms(router, _SCREEN, PETITION_COMMANDS)

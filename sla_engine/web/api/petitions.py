"""Petitions read: the list, one of them, its timeline on both time axes, why it is due when it is,
its documents, its case for the checker, and what is kept of the person."""

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from projections.docket import Filter, page
from sla_engine.access.masking import masked_fields
from sla_engine.access.reading import read_personal
from sla_engine.documents.register import FORMS, form_of
from sla_engine.documents.render import render
from sla_engine.drafting import drawn
from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.showing import clocks, papers
from sla_engine.showing.case import Case
from sla_engine.showing.plain import without
from sla_engine.showing.proof import proof
from sla_engine.web.api import openapi, reading, shapes
from sla_engine.web.api.openapi import problems_for
from sla_engine.web.api.reading import At, Cursor, JudgedAt, KnownAt, Limit, Party, Word, told
from sla_engine.web.doorkeeper import actor_of
from sla_engine.web.gate import NOT_YOURS, Visitor, need
from sla_engine.web.guards import check_asked_here
from sla_engine.web.house import HouseDep
from sla_engine.web.paths import PETITION_AT
from sla_engine.web.permits import knows_petitioner, works_on
from sla_engine.web.problems import tell
from sla_engine.wording import load_wording

CLOCK_ABSENT = tell(
    register(
        "CLOCK_ABSENT",
        "这件没有时钟“{found}”；有：{allowed}",
        "there is no clock {found} here; there are: {allowed}",
    ),
    404,
)
DOCUMENT_NOT_PETITIONS = tell(
    register(
        "DOCUMENT_NOT_PETITIONS",
        "文书“{found}”不是关于诉求的；可用：{allowed}",
        "the document {found} is not about a petition; there are: {allowed}",
    ),
    404,
)
tell("DOCUMENT_UNKNOWN", 404)

router = reading.router("petitions")

Reader = Annotated[Visitor, need("petition:read")]
No = Annotated[str, Path(min_length=1, max_length=200, description="Number of the petition.")]
_ABOUT = "petition"


@router.get(
    "/petitions",
    operation_id="listPetitions",
    summary="诉求清单 · Petitions, a page at a time",
    responses=reading.listed(shapes.DOCKET_ROW, "Petitions"),
)
def list_petitions(  # noqa: PLR0913  one argument for each parameter
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    order: Literal["due", "newest"] = "newest",
    state: Literal["open", "ended", "any"] = "any",
    card: Literal["", "red", "yellow", "any", "none"] = "",
    unit: Party = "",
    phase: Word = "",
    kind: Word = "",
    urgency: Word = "",
    pack: Word = "",
    region: Word = "",
    number: Annotated[str, Query(max_length=200, description="How the number begins.")] = "",
    due_from: At = None,
    due_before: At = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Petitions, newest first or by due instant. With `order=due` only those that are open."""
    asked = Filter(
        order=order,
        state=state if order == "newest" else "open",
        unit=reading.narrowed_to_party(visitor, unit),
        card=card,
        phase=phase,
        kind=kind,
        urgency=urgency,
        pack=pack,
        region=region,
        number=number,
        due_from=reading.instant(due_from, "due_from"),
        due_before=reading.instant(due_before, "due_before"),
    )
    return reading.paged(request, page(house.engine, asked, cursor, limit))


@router.get(
    f"{PETITION_AT}/timeline",
    operation_id="readTimeline",
    summary="时间线 · Timeline, as known and as corrected",
    responses=told(shapes.STORY, "The timeline", 404),
)
def read_timeline(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    no: No,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Facts and acts with both times, and the clocks: as known then with `known_at`, as corrected
    since with `judged_at` alone."""
    case = _case(house, visitor, no, known_at, judged_at)
    return reading.answer(request, _shown(visitor, case, case.document()))


@router.get(
    f"{PETITION_AT}/clocks",
    operation_id="readClocks",
    summary="时钟 · Clocks of a petition",
    responses=told(shapes.CLOCKS, "The clocks", 404),
)
def read_clocks(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    no: No,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Every clock with its verdict."""
    case = _case(house, visitor, no, known_at, judged_at)
    return reading.answer(request, _part(visitor, case, "clocks"))


@router.get(
    f"{PETITION_AT}/clocks/{{clause}}/{{cycle}}/why",
    operation_id="explainClock",
    summary="期限依据 · How a deadline comes about",
    responses=told(shapes.WHY, "The clock and its working", 404),
)
def explain_clock(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    no: No,
    clause: str,
    cycle: str,
    *,
    known_at: KnownAt = None,
    judged_at: JudgedAt = None,
) -> Response:
    """Why it is due when it is: the fact that starts it, every day counted or left out with the
    notice that made it so, pauses, extensions, rungs; as data and as words."""
    readings = _case(house, visitor, no, known_at, judged_at).assessment.readings
    for each in readings:
        if (each.clause.id, each.cycle.name) == (clause, cycle):
            return reading.answer(request, clocks.explained(each))
    there = ", ".join(f"{each.clause.id}/{each.cycle.name}" for each in readings)
    raise refuse(CLOCK_ABSENT, "", f"{clause}/{cycle}", there or "-")


@router.get(
    f"{PETITION_AT}/case",
    operation_id="readCase",
    summary="可核对的案卷 · A case that anybody can check",
    responses=told(shapes.keyed(shapes.ANY), "The case", 404),
)
def read_case(
    request: Request, house: HouseDep, visitor: Reader, no: No, *, known_at: KnownAt = None
) -> Response:
    """Facts and derivations for the independent checker (`python -m sla_engine.checker`)."""
    case = _case(house, visitor, no, known_at, None)
    return reading.answer(request, _shown(visitor, case, proof(house.engine, case.assessment, {})))


@router.get(
    f"{PETITION_AT}/documents/{{name}}",
    operation_id="drawDocument",
    summary="文书 · A document about a petition",
    responses={
        200: {
            "description": "The document",
            "content": {
                openapi.JSON_TYPE: {"schema": shapes.DOCUMENT},
                openapi.MSGPACK_TYPE: {"schema": shapes.DOCUMENT},
                "text/html": {"schema": shapes.TEXT},
                "text/markdown": {"schema": shapes.TEXT},
            },
        },
        **problems_for(404, 422),
    },
)
def draw_document(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    no: No,
    name: str,
    *,
    to: Annotated[Literal["json", "html", "md"], Query(alias="format")] = "json",
    known_at: KnownAt = None,
) -> Response:
    """A document drawn from the record: its fields, or a page to print, or Markdown."""
    if _ABOUT not in form_of(name).about:
        about = (form.name for form in FORMS.values() if _ABOUT in form.about)
        raise refuse(DOCUMENT_NOT_PETITIONS, "", name, ", ".join(about))
    at = reading.instant(known_at, "known_at")
    reading.dossier(house, visitor, f"{_ABOUT}/{no}", at)
    document = drawn(house.engine, name, f"{_ABOUT}/{no}", known_at=at)
    if to == "json":
        return reading.answer(request, papers.as_dict(document))
    text = render(document, to, load_wording())
    markdown = PlainTextResponse(text, media_type="text/markdown")
    return HTMLResponse(text) if to == "html" else markdown


_PERSONAL = shapes.thing(
    "`masked`: without a purpose nothing is shown that identifies anybody",
    no=shapes.TEXT,
    petitioner=shapes.TEXT,
    masked=shapes.FLAG,
    fields=shapes.keyed(shapes.TEXT),
)


@router.get(
    f"{PETITION_AT}/personal",
    operation_id="readPersonal",
    summary="个人信息（留痕） · Personal data, which is recorded",
    responses=told(_PERSONAL, "What is kept of the person", 404),
)
def read_personal_data(
    request: Request,
    house: HouseDep,
    visitor: Annotated[Visitor, need("personal:read")],
    no: No,
    *,
    purpose: Annotated[str, Query(max_length=40, description="For what it is read.")] = "",
) -> Response:
    """Personal data for a purpose, which is recorded with the reading; masked without one. A unit
    that has the petition no longer is shown nothing of the person. Nobody signed in reads it by a
    link: a browser that says where it comes from must come from these pages."""
    case = reading.dossier(house, visitor, f"{_ABOUT}/{no}")
    works = works_on(visitor, case.assessment.chronicle)
    table, subject = house.engine.access.table, case.petitioner
    if purpose and not works:
        raise refuse(NOT_YOURS, "purpose", no)
    if purpose and visitor.person:
        check_asked_here(request)
    if purpose:
        read, actor = (case.name, purpose), actor_of(visitor)
        log, now = house.engine.log, house.now()
        fields = dict(read_personal(log, table, subject, read, actor, now)) if subject else {}
    else:
        kept = house.engine.log.personal(subject) if subject and works else {}
        fields = masked_fields(kept, table.masks)
    document = {
        "no": case.name,
        "petitioner": subject if works else "",
        "masked": not purpose,
        "fields": fields,
    }
    return reading.answer(request, document, headers={"Cache-Control": "no-store"})


@router.get(
    PETITION_AT,
    operation_id="readPetition",
    summary="一件诉求 · One petition",
    responses={
        **told(shapes.SUMMARY, "The petition; ETag is its version", 404),
        304: {"description": "It is at the version of If-None-Match"},
    },
)
def read_petition(request: Request, house: HouseDep, visitor: Reader, no: No) -> Response:
    """Card and clocks as they stand."""
    case = reading.dossier(house, visitor, f"{_ABOUT}/{no}")
    version = case.dossier.version
    return reading.versioned(request, version, lambda: _part(visitor, case, "clocks"))


def _case(
    house: HouseDep, visitor: Visitor, no: str, known_at: str | None, judged_at: str | None
) -> Case:
    known = reading.instant(known_at, "known_at")
    at = reading.instant(judged_at, "judged_at")
    return reading.dossier(house, visitor, f"{_ABOUT}/{no}", known, at)


def _shown(visitor: Visitor, case: Case, document: dict[str, Any]) -> dict[str, Any]:
    """The document; who it is about only for whoever may see that."""
    if knows_petitioner(visitor, case.assessment.chronicle):
        return document
    told: dict[str, Any] = without("petitioner", document)
    return told


def _part(visitor: Visitor, case: Case, *names: str) -> dict[str, Any]:
    """The head of a dossier's document and these parts of it."""
    assert kind_of(case.stream).name == _ABOUT, "a petition is asked for by its number"
    wanted = {"no", "stream", "at", "as_known", "version", "card", *names}
    document = _shown(visitor, case, case.document())
    return {name: value for name, value in document.items() if name in wanted}

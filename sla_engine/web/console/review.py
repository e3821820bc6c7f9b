"""争议复核: the register of disputes, a dispute with its replays side by side, filing and ruling.

The same replays are shown for any petition.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from projections import lists
from sla_engine import words
from sla_engine.dispute.decide import CLAIMS, KINDS, OUTCOMES, REFUSALS, VERDICTS, opening
from sla_engine.dispute.kind import DISPUTE
from sla_engine.dossier.events import RungFired, RungWithdrawn, TermRefixed, VerdictSuperseded
from sla_engine.errors import Fault, Refusal
from sla_engine.identity import digest
from sla_engine.policy.clause import Scope, Text
from sla_engine.projection import Columns
from sla_engine.record import Instant, Recorded, fields_of
from sla_engine.showing import disputes
from sla_engine.showing.case import Case
from sla_engine.showing.questions import Review
from sla_engine.showing.written import deadline
from sla_engine.sla.assess import Reading
from sla_engine.web import gate, pages
from sla_engine.web.console import questions
from sla_engine.web.console.causes import Causes
from sla_engine.web.console.comparing import Comparison, compared
from sla_engine.web.console.sending import accepted, submission
from sla_engine.web.console.told import by
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.language import language_of
from sla_engine.web.paths import PETITION_AT
from sla_engine.web.permits import check_read, may_add, permission_for
from sla_engine.wiring import Engine
from sla_engine.worktime import Zone, format_instant, parse_instant

router = APIRouter(include_in_schema=False, route_class=FormRoute)

PAGE = 50

Reads = Annotated[Visitor, need("dispute:read")]
Files = Annotated[Visitor, need(permission_for(DISPUTE.name, "opened"))]
Replays = Annotated[Visitor, need("replay:run")]


# ------------------------------------------------------------------------------------ the register


@router.get("/disputes")
def register_of_disputes(
    request: Request,
    house: HouseDep,
    visitor: Reads,
    kind: str = "",
    state: str = "",
    cursor: str = "",
) -> Response:
    """争议台账, the latest first."""
    wanted = {**({"kind": kind} if kind in KINDS else {}), **_ended(state)}
    found = lists.page(
        house.engine,
        "dispute_list",
        cursor,
        PAGE,
        unit=visitor.unit or None,
        only_open=state == "open",
        **wanted,
    )
    return pages.render(
        request,
        "review/register.html",
        rows=[{**row, "says": _subject(house.engine, row)} for row in found.rows],
        more=found.next,
        exhausted=found.exhausted,
        kind=kind,
        by=by,
        state=state,
        words=words,
    )


def _ended(state: str) -> Mapping[str, bool]:
    return {"open": False} if state == "ended" else {}


def _subject(engine: Engine, opened: Columns) -> list[Text]:
    """What of the subject is disputed, in words: the clause, the act, the member of a board."""
    found = []
    if opened["clause"]:
        found.append(Causes(engine).clause(opened["subject"], opened["clause"]))
    if opened["rung"]:
        found.append(words.act(opened["rung"], None))
    if opened["member"]:
        found.append(Text(opened["member"], opened["member"]))
    return found


# ------------------------------------------------------------------------------------------ filing


@router.get("/disputes/new")
def filing(request: Request, house: HouseDep, visitor: Files, petition: str = "") -> Response:
    """提出争议: of a petition, by its clocks that have a verdict."""
    engine = house.engine
    readings: Sequence[Reading] = ()
    version, faults = 0, list[Fault]()
    if petition:
        try:
            stream = engine.stream_of(petition)
            assessment = engine.assess(stream)
            check_read(visitor, assessment.dossier)
        except Refusal as refusal:
            faults = list(refusal.faults)
        else:
            version = assessment.dossier.version
            readings = [each for each in assessment.readings if _disputable(each, visitor.unit)]
    return pages.render(
        request,
        "review/file.html",
        petition=petition,
        readings=[(f"{each.clause.id}|{each.cycle.name}", each) for each in readings],
        seen=version,
        faults=faults,
        words=words,
        kinds=KINDS,
        claims=CLAIMS,
        verdicts=VERDICTS,
        packs=[each for each in questions.editions(engine.rules) if _of_disputes(engine, each)],
        deadline=deadline,
    )


def _disputable(reading: Reading, unit: str) -> bool:
    return bool(reading.verdict) and unit in ("", reading.unit)


def _of_disputes(engine: Engine, choice: questions.Choice) -> bool:
    name, _, edition = choice.value.partition("@")
    return any(
        clause.scope is Scope.DISPUTE
        for pack in engine.rules.editions(name)
        if pack.edition == edition
        for clause in pack.clauses
    )


class Filing(BaseModel):
    """提出争议, as the form has it; `clock` is "CLAUSE|CYCLE"."""

    petition: str
    clock: str
    claim: str
    key: str
    kind: str = "review"
    pack: str = "disputes-generic"
    claimant: str = ""
    remedy: str = ""
    ground: str = ""
    office: str = ""
    signer: str = ""
    document: str = ""


_SAID = ("kind", "claim", "remedy", "ground", "office", "signer", "document")


@router.post("/disputes")
@stands_on("/disputes/new?petition={petition}")
async def file_dispute(
    house: HouseDep, visitor: Files, form: Annotated[Filing, Form()]
) -> Response:
    """提出."""
    subject = await run_in_threadpool(house.engine.stream_of, form.petition)
    clause, _, cycle = form.clock.partition("|")
    assessment = await run_in_threadpool(house.engine.assess, subject)
    check_read(visitor, assessment.dossier)
    reading = assessment.reading(clause, cycle or None)
    liable = reading.unit if reading is not None else ""
    gate.own(visitor, liable, form.petition)
    now = house.now()
    day, number = format_instant(now)[:10].replace("-", ""), digest([visitor.source, form.key])
    data = {
        **{name: getattr(form, name) for name in _SAID},
        "pack": form.pack.partition("@")[0],
        "subject": subject,
        "clause": clause,
        "cycle": cycle,
        "claimant": visitor.unit or form.claimant or liable or words.CENTRE.zh,
    }
    stream = f"{DISPUTE.name}/{day}-{number[:6]}"
    sent = submission(visitor, now, stream, "opened", data, key=form.key)
    outcome = accepted(await house.tell(sent))
    return see(outcome.stream.partition("/")[2])


def see(name: str) -> Response:
    return RedirectResponse(f"/disputes/{quote(name)}", HTTPStatus.SEE_OTHER)


# --------------------------------------------------------------------------------------- a dispute


class Effect(NamedTuple):
    """Something the engine did in the subject after the ruling."""

    at: Instant
    says: Text


@router.get("/disputes/{name}")
def dispute(request: Request, house: HouseDep, visitor: Reads, name: str) -> Response:
    """A dispute: claim, clocks, replays, ruling and what came of it."""
    return _dispute(request, house, visitor, name, "review/dispute.html")


@router.get("/disputes/{name}/report")
def report(request: Request, house: HouseDep, visitor: Replays, name: str) -> Response:
    """复核报告, to be printed."""
    return _dispute(request, house, visitor, name, "review/report.html")


def _dispute(
    request: Request, house: House, visitor: Visitor, name: str, template: str
) -> Response:
    engine = house.engine
    case = Case.open(engine, f"dispute/{name}", None)
    opened = opening(case.dossier)
    check_read(visitor, case.dossier)
    story = disputes.story(engine, case, None)
    form = questions.typed(request.query_params)
    against = format_instant(case.dossier.opening.meta.recorded_at)
    shown = _replays(request, house, opened.subject, form, against, visitor)
    return pages.render(
        request,
        template,
        name=name,
        case=case,
        opened=opened,
        filed=case.dossier.opening.meta,
        phase=case.assessment.chronicle.phase,
        seen=case.dossier.version,
        story=story,
        effects=list(_effects(engine.events(opened.subject), _ruled_at(story))),
        may_rule=visitor.may("dispute:rule") and case.dossier.opening.meta.actor != visitor.name,
        may_add=_may(visitor, "withdrawn") and may_add(visitor, case.dossier),
        may_record=_may(visitor, "replay_run"),
        said=_said,
        moment_of=_moment_of,
        subject=opened.subject.partition("/"),
        says=_subject(engine, fields_of(opened)),
        words=words,
        refusals=REFUSALS,
        outcomes=OUTCOMES,
        verdicts=VERDICTS,
        claims=CLAIMS,
        deadline=deadline,
        now=house.now(),
        **shown,
    )


def _may(visitor: Visitor, fact: str) -> bool:
    return visitor.may(permission_for(DISPUTE.name, fact))


def _ruled_at(story: Mapping[str, Any]) -> Instant | None:
    return parse_instant(story["ruling"]["at"]) if story["ruling"] else None


def _effects(events: Sequence[Recorded], since: Instant | None) -> Iterator[Effect]:
    """What the engine recorded in the subject since the ruling."""
    if since is None:
        return
    for each in events:
        event, at = each.event, each.meta.recorded_at
        if at < since:
            continue
        if isinstance(event, VerdictSuperseded):
            yield Effect(at, Text("结论由裁定取代", "the verdict is superseded by the ruling"))
        elif isinstance(event, RungWithdrawn):
            act = words.act(event.rung, None)
            yield Effect(at, Text(f"撤回 {act.zh}", f"withdrawn: {act.en}"))
        elif isinstance(event, TermRefixed):
            due = deadline(event.new_due)
            yield Effect(at, Text(f"期限重定为 {due}", f"term re-fixed: {due}"))
        elif isinstance(event, RungFired):
            act = words.act(event.act, None)
            yield Effect(at, Text(f"发出 {act.zh}", f"sent: {act.en}"))


def _said(code: str) -> Text:
    """A verdict or a finding in words: "late 2024-10-01T00:00:00+08:00"."""
    name, _, rest = code.partition(" ")
    known = words.VERDICTS.get(name) or words.STATES.get(name) or Text(name or "—", name or "—")
    told = _moment_of(rest)
    return Text(f"{known.zh} {told}".strip(), f"{known.en} {told}".strip())


def _moment_of(text: str) -> str:
    try:
        return deadline(parse_instant(text))
    except Refusal:
        return text


# ------------------------------------------------------------------------------------------ replays


@router.get(f"{PETITION_AT}/replay")
def petition_replay(request: Request, house: HouseDep, visitor: Replays, no: str) -> Response:
    """重演: what follows for a petition, by what was known when, under which rules."""
    stream = house.engine.stream_of(f"petition/{no}")
    form = questions.typed(request.query_params)
    shown = _replays(request, house, stream, form, "", visitor)
    return pages.render(request, "review/replay.html", no=no, words=words, **shown)


def _replays(
    request: Request,
    house: House,
    stream: str,
    form: questions.Typed,
    against: str,
    visitor: Visitor,
) -> dict[str, Any]:
    """What the templates show of replays; faults where the question cannot be answered."""
    if not visitor.may("replay:run"):
        return {"comparison": None, "choices": None, "form": form, "faults": []}
    engine, zone = house.engine, zone_of(house.engine)
    comparison: Comparison | None = None
    faults: Sequence[Fault] = ()
    plain = Review.of(engine, stream, questions.asked_of(questions.typed(_NOTHING), zone))
    try:
        review = Review.of(engine, stream, questions.asked_of(form, zone, against))
        comparison = compared(review, language_of(request))
    except Refusal as refusal:
        faults = refusal.faults
    return {
        "comparison": comparison,
        "choices": questions.choices(plain),
        "form": form,
        "faults": faults,
        "asked_again": request.url.query,
    }


_NOTHING = QueryParams("")


def zone_of(engine: Engine) -> Zone:
    return next(iter(engine.rules.almanacs.values())).zone

"""规则变更: a notice or an edition from the upload over dry runs and a second person's approval to
the campaign that brings open dossiers up to it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sla_engine import words
from sla_engine.errors import Refusal, refuse, register
from sla_engine.rules.proposal import (
    NOT_OWN_PROPOSAL,
    OWN_PROPOSAL,
    PROPOSAL_IMPOSSIBLE,
    PROPOSAL_TEXT_DIFFERS,
    Proposal,
)
from sla_engine.service.campaign import CAMPAIGN_UNKNOWN
from sla_engine.service.proposals import PROPOSAL_MOVED, PROPOSAL_UNKNOWN, By
from sla_engine.showing.questions import Wanted
from sla_engine.web import pages
from sla_engine.web.console import whatif
from sla_engine.web.console.drafts import FILE, NOTICE, PACK, Draft, draft_of
from sla_engine.web.console.running import FORECAST, begun, run_campaign
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.jobs import JOBS_FULL, Job
from sla_engine.web.problems import note_recorded, tell

UPLOAD_UNREADABLE = register(
    "UPLOAD_UNREADABLE",
    "文件读不懂：不是 UTF-8 文本，或超过 {allowed} 字节",
    "the file is no UTF-8 text, or longer than {allowed} bytes",
)
DRAFT_KIND = tell(
    register("DRAFT_KIND", "不认识“{found}”；应为：{allowed}", "{found} should be {allowed}"), 422
)

tell(OWN_PROPOSAL, 403)
tell(NOT_OWN_PROPOSAL, 403)
tell(PROPOSAL_UNKNOWN, 404)
tell(PROPOSAL_MOVED, 412)
tell(PROPOSAL_IMPOSSIBLE, 409)
tell(PROPOSAL_TEXT_DIFFERS, 409)
tell(CAMPAIGN_UNKNOWN, 404)

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Proposes = Annotated[Visitor, need("rules:propose")]
Approves = Annotated[Visitor, need("rules:approve")]
Field = Annotated[str, Form()]

_LONGEST = 1_048_576


def _uploaded_at(typed: Mapping[str, Any]) -> str:
    return "/policies" if typed.get("kind") == PACK else "/calendar"


@router.get("/drafts", dependencies=[need("rules:propose")])
def drafts() -> Response:
    """A draft is the answer to what was uploaded: whoever comes back without it begins there."""
    return RedirectResponse("/proposals", 303)


@router.post("/drafts", dependencies=[need("rules:propose")])
@stands_on(_uploaded_at)
def draft(
    request: Request,
    house: HouseDep,
    kind: Field,
    text: Field = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Check what was uploaded or pasted; all faults at once, else what it would change."""
    pages.stand_on(request, _uploaded_at({"kind": kind}))
    found = _read(house, kind, _uploaded(file) or text)
    status = 200 if found.sound else 422
    return pages.render(request, "rules/draft.html", status=status, draft=found, words=words)


def _uploaded(file: UploadFile | None) -> str:
    """The text of a file, "" where none was sent. Raises UPLOAD_UNREADABLE."""
    raw = b"" if file is None else file.file.read(_LONGEST + 1)
    try:
        if len(raw) <= _LONGEST:
            return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        pass
    raise refuse(UPLOAD_UNREADABLE, "file", "", str(_LONGEST))


def _read(house: House, kind: str, text: str) -> Draft:
    if kind not in (NOTICE, PACK):
        raise refuse(DRAFT_KIND, "kind", kind, f"{NOTICE} / {PACK}")
    # Browsers send lines of text areas with CR LF; a digest is of the text as it was written.
    return draft_of(house.engine.rules, kind, text.replace("\r\n", "\n"), house.now())


@router.post("/drafts/forecast")
@stands_on("/drafts", posted=True)
def forecast(house: HouseDep, visitor: Proposes, kind: Field, text: Field) -> Response:
    """试算: how many open dossiers move, which way, for whom."""
    return begun(_forecast(house, visitor, _sound(_read(house, kind, text))))


def _sound(found: Draft) -> Draft:
    if not found.sound:
        raise Refusal(found.faults)
    return found


def _forecast(house: House, visitor: Visitor, found: Draft) -> Job:
    engine = house.engine
    foresee = (
        (lambda advance: engine.foresee_notice(found.text, advance))
        if found.kind == NOTICE
        else (lambda advance: engine.foresee_packs({FILE: found.text}, advance))
    )
    total = engine.log.count_open()
    return house.jobs.begin(FORECAST, visitor.source, {"title": found.title}, total, foresee)


@router.post("/drafts/whatif")
@stands_on("/drafts", posted=True)
def history(
    house: HouseDep,
    visitor: Proposes,
    kind: Field,
    text: Field,
    since: Field = "",
    until: Field = "",
) -> Response:
    """试算历史: what it would have done to every petition, decided or not."""
    return begun(_whatif(house, visitor, _sound(_read(house, kind, text)), since, until))


def _whatif(house: House, visitor: Visitor, found: Draft, since: str, until: str) -> Job:
    wanted = (
        Wanted(pack_text=found.text, where=FILE)
        if found.kind == PACK
        else Wanted(notice_text=found.text)
    )
    return whatif.begin(house, visitor, wanted, (), (since, until))


# --------------------------------------------------------------------------------------- proposals


@router.get("/proposals", dependencies=[need("rules:read")])
def proposals(request: Request, house: HouseDep) -> Response:
    """Every proposal, those that wait for somebody first, then the latest."""
    found = sorted(house.engine.proposals.all(), key=lambda each: (not each.pending, -each.at))
    return pages.render(request, "rules/proposals.html", proposals=found, words=words)


@router.post("/proposals")
@stands_on("/drafts", posted=True)
def propose(
    house: HouseDep, visitor: Proposes, kind: Field, text: Field, key: Field, reason: Field = ""
) -> Response:
    """提出: what has no faults and is not loaded yet."""
    found = _sound(_read(house, kind, text))
    made = house.engine.proposals.make(
        kind, found.title, found.text, _by(visitor, key), FILE, reason
    )
    return _see(made)


def _by(visitor: Visitor, key: str = "") -> By:
    return By(visitor.name, visitor.source, key, "、".join(sorted(visitor.roles)))


def _see(proposal: Proposal) -> Response:
    return RedirectResponse(f"/proposals/{proposal.id}", 303)


@router.get("/proposals/{name}", dependencies=[need("rules:read")])
def proposal(request: Request, house: HouseDep, name: str) -> Response:
    """A proposal: what it changes, its text, and what may be done about it."""
    found = house.engine.proposals.get(name)
    draft = draft_of(house.engine.rules, found.what.kind, found.what.text, house.now())
    return pages.render(request, "rules/proposal.html", proposal=found, draft=draft, words=words)


@router.post("/proposals/{name}/approval")
@stands_on("/proposals/{name}")
def approve(  # noqa: PLR0917  the fields of the form
    request: Request,
    house: HouseDep,
    visitor: Approves,
    name: str,
    digest: Field,
    seen: Annotated[int, Form()],
    reason: Field = "",
) -> Response:
    """批准并启用: by somebody else than whoever proposed it; the campaign begins at once."""
    house.engine.proposals.approve(name, digest, _by(visitor), seen, reason)
    note_recorded(request)
    return _activated(house, visitor, name)


@router.post("/proposals/{name}/activation")
@stands_on("/proposals/{name}")
def activate(house: HouseDep, visitor: Approves, name: str) -> Response:
    """启用: what was approved and cut off before it was loaded."""
    return _activated(house, visitor, name)


def _activated(house: House, visitor: Visitor, name: str) -> Response:
    engine = house.engine
    done = engine.proposals.activate(name, _by(visitor))
    engine.follow()
    try:
        run_campaign(house, visitor, engine.campaigns.get(done.campaign))
    except Refusal as refusal:
        # The campaign is on record: its page says that it waits, and lets them go on with it.
        if refusal.code != JOBS_FULL:
            raise
    return RedirectResponse(f"/campaigns/{done.campaign}", 303)


@router.post("/proposals/{name}/refusal")
@stands_on("/proposals/{name}")
def turn_down(
    house: HouseDep,
    visitor: Approves,
    name: str,
    seen: Annotated[int, Form()],
    reason: Field = "",
) -> Response:
    """不予通过."""
    return _see(house.engine.proposals.refuse(name, _by(visitor), seen, reason))


@router.post("/proposals/{name}/withdrawal")
@stands_on("/proposals/{name}")
def withdraw(
    house: HouseDep,
    visitor: Proposes,
    name: str,
    seen: Annotated[int, Form()],
    reason: Field = "",
) -> Response:
    """撤回, by whoever proposed it."""
    return _see(house.engine.proposals.withdraw(name, _by(visitor), seen, reason))


@router.post("/proposals/{name}/forecast")
@stands_on("/proposals/{name}")
def forecast_again(house: HouseDep, visitor: Approves, name: str) -> Response:
    """试算, by whoever is to approve it."""
    what = house.engine.proposals.get(name).what
    return begun(_forecast(house, visitor, _sound(_read(house, what.kind, what.text))))


@router.post("/proposals/{name}/whatif")
@stands_on("/proposals/{name}")
def history_again(
    house: HouseDep, visitor: Approves, name: str, since: Field = "", until: Field = ""
) -> Response:
    """试算历史, by whoever is to approve it."""
    what = house.engine.proposals.get(name).what
    found = _sound(_read(house, what.kind, what.text))
    return begun(_whatif(house, visitor, found, since, until))

"""试算: what other rules would have done to every petition, as a job with a report."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.asking import calendar_at
from sla_engine.errors import Fault, Refusal, refuse
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.showing.questions import Brought, with_notice, with_pack
from sla_engine.showing.replays import heading
from sla_engine.showing.whatifs import WHATIF_OF_NOTHING, WhatIf, installed, question_of
from sla_engine.showing.written import Speech
from sla_engine.web import pages
from sla_engine.web.console import questions
from sla_engine.web.console.running import WHATIF, begun
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.jobs import Job
from sla_engine.worktime import parse_date

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Replays = Annotated[Visitor, need("replay:run")]


@router.get("/whatif")
def form(request: Request, house: HouseDep, visitor: Replays) -> Response:
    """What is to be compared with what stands."""
    rules = house.engine.rules
    return pages.render(
        request,
        "rules/whatif.html",
        packs=questions.editions(rules),
        notices=questions.notices(rules),
        jobs=[each for each in house.jobs.of(visitor.source) if each.kind == WHATIF],
    )


class Asking(BaseModel):
    """What is to be compared, as the form has it."""

    since: str = ""
    until: str = ""
    pack: str = ""
    pack_text: str = ""
    calendar: str = ""
    notice_text: str = ""
    without: list[str] = []

    @property
    def any(self) -> bool:
        """Whether anything is to be compared."""
        said = (self.pack, self.pack_text, self.calendar, self.notice_text, self.without)
        return any(said)


@router.post("/whatif")
@stands_on("/whatif")
def ask(house: HouseDep, visitor: Replays, form: Annotated[Asking, Form()]) -> Response:
    """Take the job on. Raises `Refusal` with every fault of what was typed."""
    if not form.any:
        raise refuse(WHATIF_OF_NOTHING, "", "", "政策 / 日历 / 通知")
    brought = _brought(house.engine.rules, form, house.now())
    return begun(begin(house, visitor, brought, tuple(form.without), (form.since, form.until)))


def _brought(rules: Rulebook, form: Asking, now: Instant) -> Brought:
    """Rules with whatever was pasted. Raises `Refusal` with the faults of all of it."""
    faults: list[Fault] = []
    pack = form.pack
    known: Instant | None = None
    try:
        if form.pack_text.strip():
            rules, pack = with_pack(rules, form.pack_text, "政策包 pack")
    except Refusal as refusal:
        faults += refusal.faults
    try:
        if form.notice_text.strip():
            rules, known = with_notice(rules, form.notice_text, now)
        elif form.calendar:
            known = calendar_at(rules, form.calendar, now)
    except Refusal as refusal:
        faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return Brought(rules, pack, known)


def begin(
    house: House,
    visitor: Visitor,
    brought: Brought,
    without: tuple[str, ...] = (),
    days: tuple[str, str] = ("", ""),
) -> Job:
    """A what-if over all petitions as a job. Raises `Refusal` for days that cannot be read, and
    `BULK_MISSING`, `JOBS_FULL`."""
    installed()
    since, until = days
    first = parse_date(since, "since") if since else None
    after = parse_date(until, "until") if until else None
    question = question_of(brought, without, house.now())
    asked = {"title": heading(question, Speech()), "since": since, "until": until}
    total = house.engine.counts("petition_card", [("petition/", "petition0")])[0]
    work = WhatIf(brought.rules, question, first, after)
    from sla_engine.web.console.impacts import answered  # noqa: PLC0415  numpy is an extra

    return house.jobs.begin(
        WHATIF,
        visitor.source,
        asked,
        total,
        lambda advance: answered(house.engine, work, since, until, advance),
    )

"""试算: what other rules would have done to every petition, as a job with a report."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import refuse
from sla_engine.showing.questions import Wanted, brought
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
    texts = (form.pack_text, form.notice_text, "政策包 pack")
    wanted = Wanted(form.pack, form.calendar, *texts)
    return begun(begin(house, visitor, wanted, tuple(form.without), (form.since, form.until)))


def begin(
    house: House,
    visitor: Visitor,
    wanted: Wanted,
    without: tuple[str, ...] = (),
    days: tuple[str, str] = ("", ""),
) -> Job:
    """A what-if over all petitions as a job. Raises `Refusal` for rules and days that cannot be
    read, and `BULK_MISSING`, `JOBS_FULL`."""
    installed()
    since, until = days
    first = parse_date(since, "since") if since else None
    after = parse_date(until, "until") if until else None
    judged = brought(house.engine.rules, wanted, now := house.now())
    question = question_of(judged, without, now)
    asked = {"title": heading(question, Speech()), "since": since, "until": until}
    total = house.engine.counts("petition_card", [("petition/", "petition0")])[0]
    work = WhatIf(judged.rules, question, first, after)
    from sla_engine.web.console.impacts import answered  # noqa: PLC0415  numpy is an extra

    return house.jobs.begin(
        WHATIF,
        visitor.source,
        asked,
        total,
        lambda advance: answered(house.engine, work, since, until, advance),
    )

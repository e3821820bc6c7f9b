"""Work under way: how far a job or a campaign has come, and what came of it.

A page asks for its own part again while the work goes on; without a script it is loaded again.
"""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sla_engine import words
from sla_engine.errors import refuse, register
from sla_engine.service.campaign import Campaign
from sla_engine.service.campaign_forecast import Forecast
from sla_engine.showing.forecasts import by_size
from sla_engine.showing.written import Speech, deadline, duration
from sla_engine.web import pages
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.jobs import Job, State
from sla_engine.web.language import language_of
from sla_engine.web.problems import tell

if TYPE_CHECKING:
    from sla_engine.web.console.impacts import Answered

NO_REPORT = tell(
    register("NO_REPORT", "任务没有可打印的报告", "this job has no report to print"),
    404,
)

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Reads = Annotated[Visitor, need("rules:read")]
Asks = Annotated[Visitor, need("replay:run", "rules:propose", "rules:approve")]
Approves = Annotated[Visitor, need("rules:approve")]

WHATIF, FORECAST, CAMPAIGN = "whatif", "forecast", "campaign"
KINDS = (WHATIF, FORECAST)
"""Kinds of job that have a page."""

_UNITS = 20


def begun(job: Job) -> Response:
    """To the page of a job that has been taken on."""
    return RedirectResponse(f"/tasks/{job.id}", 303)


@router.get("/tasks")
def tasks(request: Request, house: HouseDep, visitor: Asks) -> Response:
    """One's own jobs."""
    found = [each for each in house.jobs.of(visitor.source) if each.kind in KINDS]
    return pages.render(request, "rules/tasks.html", jobs=found)


@router.get("/tasks/{name}")
def task(request: Request, house: HouseDep, visitor: Asks, name: str) -> Response:
    """A job: its progress, then its result."""
    job = house.jobs.get(name, visitor.source)
    part = pages.fragment(request)
    return pages.render(
        request,
        "rules/_progress.html" if part else "rules/task.html",
        headers={"HX-Refresh": "true"} if part and job.state.over else {},
        job=job,
        **_told(request, job),
    )


def _told(request: Request, job: Job) -> dict[str, Any]:
    """What the templates show of a result."""
    speech = Speech()
    speech.lang = language_of(request)
    shown: dict[str, Any] = {
        "impact": None,
        "forecast": None,
        "words": words,
        "deadline": deadline,
        "span": lambda micros: duration(micros, speech.lang),
    }
    if isinstance(job.result, Forecast):
        return {**shown, "forecast": job.result, "units": by_size(job.result)[:_UNITS]}
    if job.kind == WHATIF and job.state is State.DONE:
        from sla_engine.web.console.impacts import view  # noqa: PLC0415  numpy is an extra

        return {**shown, **view(job.result, speech)}
    return shown


@router.get("/tasks/{name}/report")
def report(house: HouseDep, visitor: Asks, name: str) -> Response:
    """试算报告, to be printed."""
    job = house.jobs.get(name, visitor.source)
    if job.kind != WHATIF or job.state is not State.DONE:
        raise refuse(NO_REPORT)
    from sla_engine.web.console.impacts import report as drawn  # noqa: PLC0415

    found: Answered = job.result
    return HTMLResponse(drawn(found))


@router.post("/tasks/{name}/cancel")
@stands_on("/tasks/{name}")
def cancel(house: HouseDep, visitor: Asks, name: str) -> Response:
    """Not wanted any more."""
    house.jobs.cancel(house.jobs.get(name, visitor.source))
    return RedirectResponse("/tasks", 303)


# --------------------------------------------------------------------------------------- campaigns


@router.get("/campaigns", dependencies=[need("rules:read")])
def campaigns(request: Request, house: HouseDep) -> Response:
    """批次, the latest first."""
    found = sorted(house.engine.campaigns.all(), key=lambda c: (c.started_at, c.id), reverse=True)
    return pages.render(request, "rules/campaigns.html", campaigns=found)


@router.get("/campaigns/{name}")
def campaign(request: Request, house: HouseDep, visitor: Reads, name: str) -> Response:
    """How far open dossiers have been brought up to what was loaded."""
    found = house.engine.campaigns.get(name)
    part, over = pages.fragment(request), found.finished_at is not None
    waits = not over and not house.jobs.under_way(_asked(found))
    return pages.render(
        request,
        "rules/_campaign.html" if part else "rules/campaign.html",
        headers={"HX-Refresh": "true"} if part and over else {},
        campaign=found,
        waits=waits,
        may_go_on=visitor.may("rules:approve") and not over,
    )


@router.post("/campaigns/{name}/run")
@stands_on("/campaigns/{name}")
def go_on(house: HouseDep, visitor: Approves, name: str) -> Response:
    """Go on with one that was cut off."""
    run_campaign(house, visitor, house.engine.campaigns.get(name))
    return RedirectResponse(f"/campaigns/{name}", 303)


def run_campaign(house: House, visitor: Visitor, campaign: Campaign) -> None:
    """Have a campaign run beside the answers. Whoever looks on reads the log and not the job; one
    that is cut off is gone on with from its page, or by `campaign continue`. Raises `JOBS_FULL`."""
    if campaign.finished_at is not None or house.jobs.under_way(_asked(campaign)):
        return
    engine = house.engine
    house.jobs.begin(
        CAMPAIGN,
        visitor.source,
        _asked(campaign),
        campaign.cause.dossiers,
        lambda advance: engine.continue_campaign(
            campaign.id, lambda each: advance(each.done.dossiers)
        ),
    )


def _asked(campaign: Campaign) -> dict[str, str]:
    """What the job of a campaign was asked for."""
    return {"campaign": campaign.id}

"""The application: every router in one place."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from sla_engine import __version__
from sla_engine.web import guards, problems
from sla_engine.web.api import (
    boards,
    catalogue,
    commands,
    facts,
    jobs,
    lists,
    open311,
    openapi,
    petitions,
    registers,
    rules,
    stream,
    talks,
)
from sla_engine.web.console import (
    accounts,
    audit,
    calendar,
    desk,
    login,
    policies,
    proposals,
    review,
    ruling,
    running,
    system,
    whatif,
)
from sla_engine.web.house import House
from sla_engine.web.public import track

STATIC = Path(__file__).parent / "static"


def routers(house: House) -> Sequence[APIRouter]:
    """What is served, screens behind the API; the order is that of the documentation."""
    return (
        facts.router,
        commands.router,
        stream.router,
        petitions.router,
        lists.router,
        talks.router,
        registers.router,
        boards.router,
        jobs.router,
        rules.router,
        catalogue.router,
        *([open311.router] if house.settings.open311 else ()),
        login.router,
        accounts.router,
        audit.router,
        review.router,
        ruling.router,
        running.router,
        whatif.router,
        calendar.router,
        policies.router,
        proposals.router,
        system.router,
        track.router,
        *desk.ROUTERS,
    )


def create_app(house: House) -> FastAPI:
    """API and console over one house."""
    app = FastAPI(
        title="sla-engine",
        version=__version__,
        summary="诉求时限与督办引擎 · SLA and escalation engine for petitions",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.house = house
    problems.install(app)
    guards.install(app, house.settings)
    for router in routers(house):
        app.include_router(router)
    openapi.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), "static")
    return app

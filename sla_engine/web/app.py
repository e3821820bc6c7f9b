"""The application: every router in one place."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sla_engine import __version__
from sla_engine.settings import Settings
from sla_engine.web import problems
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
from sla_engine.web.guards import Guards
from sla_engine.web.house import House
from sla_engine.web.lane import Lane
from sla_engine.web.public import track

STATIC = Path(__file__).parent / "static"

# The figures of a process are at /metrics. FastAPI would look for others in the environment, for
# each request anew.
_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def routers(house: House) -> Sequence[APIRouter]:
    """What is served, screens behind the API; the order is that of the documentation, and what
    stands behind the number of a petition comes before the petition itself."""
    return (
        facts.router,
        commands.router,
        stream.router,
        jobs.router,
        petitions.router,
        lists.router,
        talks.router,
        registers.router,
        boards.router,
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


class _App(FastAPI):
    """Guards before everything, and the lane of facts before the framework's own layers."""

    def build_middleware_stack(self) -> ASGIApp:
        settings: Settings = self.state.house.settings
        return Guards(Lane(super().build_middleware_stack(), facts.router.routes), settings)


def create_app(house: House) -> FastAPI:
    """API and console over one house."""
    app = _App(
        title="sla-engine",
        version=__version__,
        summary="诉求时限与督办引擎 · SLA and escalation engine for petitions",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        telemetry=_SILENT,
    )
    app.state.house = house
    problems.install(app)
    for router in routers(house):
        app.include_router(router)
    openapi.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), "static")
    return app

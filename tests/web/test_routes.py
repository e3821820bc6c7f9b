"""Every route names what it takes, and every role gets through to what the table gives it and to
nothing else."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, routing
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.responses import Response
from starlette.testclient import TestClient

from sla_engine.access.table import shipped
from sla_engine.web.app import create_app
from sla_engine.web.gate import NOBODY, PUBLIC, Visitor
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from tests.support.access import NOW
from tests.support.delivery import engine_at
from tests.support.web import Fixed, submitting

TABLE = shipped()
WITHOUT = {"/openapi.json", "/static"}
"""Served by the framework: what the API is like, and the assets of the pages."""
OF_ADMINISTRATORS = ("/accounts", "/keys", "/audit", "/system", "/password")
OF_ANYBODY = ("/login", "/logout", "/track")
SAFE = {"GET", "HEAD", "OPTIONS"}


def person(role: str) -> Visitor:
    """Somebody with one role, by the table."""
    unit = "住建局" if TABLE.of_unit([role]) else ""
    return Visitor(role, f"console:{role}", frozenset({role}), TABLE.may([role]), unit, role)


def key(scope: str) -> Visitor:
    """A system whose key is for one thing."""
    return Visitor("k", "12345", frozenset(), frozenset({scope}), person=False)


VISITORS = {
    "nobody": NOBODY,
    **{role: person(role) for role in TABLE.roles},
    **{f"key {scope}": key(scope) for scope in ("facts:append", "board:read")},
}


def marks(route: RouteContext) -> list[str]:
    """The guards that a route has, its dependencies' among them, each with the permissions that
    open it."""
    found, waiting = list[str](), [route.dependant]
    while waiting:
        dependant = waiting.pop()
        found += [dependant.call.permission] if hasattr(dependant.call, "permission") else []
        waiting += dependant.dependencies
    return found


def opened_by(route: RouteContext) -> list[str]:
    """Any one of these lets a visitor through."""
    (mark,) = marks(route)
    return mark.split("|")


def routes(app: FastAPI) -> list[RouteContext]:
    """Every route of ours; fails for one that no permission could be put on."""
    found = [*iter_route_contexts(app.routes)]
    ours = [each for each in found if isinstance(each.original_route, APIRoute)]
    assert {each.path for each in found if each not in ours} <= WITHOUT
    return ours


def path_of(route: RouteContext) -> str:
    assert route.path is not None
    return route.path


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_at(NOW) as engine:
        yield engine


def app_for(engine: Engine, visitor: Visitor) -> FastAPI:
    return create_app(House(engine, submitting(engine), Fixed(visitor)))


def test_every_route_names_exactly_one_permission_and_one_that_there_is(engine: Engine) -> None:
    found = {
        (route.path, *sorted(route.methods or ())): marks(route)
        for route in routes(app_for(engine, NOBODY))
    }
    assert found
    wrong = {
        route: named
        for route, named in found.items()
        if len(named) != 1 or not {*named[0].split("|")} <= {*TABLE.permissions, PUBLIC}
    }
    assert wrong == {}


def test_a_route_that_names_none_is_found() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/x")
    def unguarded() -> None:
        """Nothing stands before it."""

    assert [marks(route) for route in routes(app)] == [[]]


def test_nothing_is_changed_by_nobody(engine: Engine) -> None:
    changing = {
        path_of(route)
        for route in routes(app_for(engine, NOBODY))
        if opened_by(route) == [PUBLIC] and {*(route.methods or ())} - SAFE
    }
    assert {path for path in changing if not path.startswith(OF_ANYBODY)} == set()


@pytest.mark.parametrize("name", VISITORS)
def test_everybody_gets_through_to_what_the_table_gives_them(
    engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, reached = VISITORS[name], list[str]()

    async def arrive(**_: object) -> Response:
        """The handler is no matter here, only who comes as far as that."""
        reached.append(name)
        return Response()

    monkeypatch.setattr(routing, "run_endpoint_function", arrive)
    app = app_for(engine, visitor)
    client = TestClient(app, headers={"accept": "application/json"}, follow_redirects=False)
    wrong, tried = [], 0
    for route in routes(app):
        may = any(map(visitor.may, opened_by(route)))
        path = path_of(route).replace("{", "").replace("}", "").replace(":path", "")
        for method in sorted(route.methods or ()):
            reached.clear()
            status = client.request(method, path).status_code
            # What is not complete is refused by whoever would have let it in.
            through = bool(reached) or status in (415, 422)
            refused = 403 if visitor.name else 401
            tried += 1
            if through != may or (not may and status != refused):
                wrong.append((method, path, opened_by(route), status))
    assert wrong == []
    assert tried > 10


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_administrators_come_to_no_business(engine: Engine, role: str) -> None:
    within = {
        path_of(route)
        for route in routes(app_for(engine, NOBODY))
        if opened_by(route) != [PUBLIC] and any(map(person(role).may, opened_by(route)))
    }
    assert within
    assert {path for path in within if not path.startswith(OF_ADMINISTRATORS)} == set()

"""The HTTP interface over an engine of the test's own, asked by whoever the test wants."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.testclient import TestClient

from scenarios.workload import DAY, Shape, city
from sla_engine.access.table import shipped
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.web.app import create_app
from sla_engine.web.gate import NOBODY, Visitor
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import Upstream, engine_at, move_to

BEGIN = parse_instant("2024-09-02T09:00:00+08:00")
END = parse_instant("2024-09-30T09:00:00+08:00")
PETITIONS = 60
_SHAPE = Shape(units=6, slow=0.4, rated=0.5, unfinished=0.3, excluded=0.03)


def visitor(*roles: str, unit: str = "", person: bool = True) -> Visitor:
    """Somebody who has these roles; nobody without any."""
    if not roles:
        return NOBODY
    permissions = shipped().may(roles)
    name = "-".join(roles)
    kind = "console" if person else "api"
    return Visitor(name, f"{kind}:{name}", frozenset(roles), permissions, unit, name, person)


class Fixed:
    """Lets in the one it was told of."""

    def __init__(self, who: Visitor) -> None:
        self.who = who

    def visitor(self, request: Request) -> Visitor:
        return self.who

    def lately(self, request: Request) -> Visitor | None:
        return self.who

    def still(self, request: Request, visitor: Visitor) -> bool:
        return visitor == self.who


def submitting(engine: Engine) -> Any:
    """A writer without a thread: what is submitted is recorded and followed at once."""

    def submit(submissions: Sequence[Submission]) -> Future[list[Outcome]]:
        future: Future[list[Outcome]] = Future()
        try:
            future.set_result(engine.take(submissions))
        except Exception as error:
            future.set_exception(error)
        return future

    return submit


def house_over(engine: Engine, who: Visitor = NOBODY) -> House:
    """A house over an engine."""
    return House(engine, submitting(engine), Fixed(who))


def client(engine: Engine, *roles: str, unit: str = "", person: bool = True) -> TestClient:
    """Somebody with these roles, at an app over this engine."""
    house = house_over(engine, visitor(*roles, unit=unit, person=person))
    return TestClient(create_app(house), follow_redirects=False)


@contextmanager
def small_city(petitions: int = PETITIONS) -> Iterator[Engine]:
    """A month of a small city: petitions, acts, talks, items, rounds; the clock stands at its end
    and some days more."""
    with engine_at(BEGIN) as engine:
        Upstream(engine).deliver(city(20240902, petitions, BEGIN, END, _SHAPE))
        move_to(engine, END + 20 * DAY)
        yield engine

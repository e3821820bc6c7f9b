"""Accounts, keys and browsers for tests: cheap hashes, real cookies, a clock that obeys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from starlette.testclient import TestClient

from sla_engine.access.doors import Patience
from sla_engine.access.events import AccountOpened
from sla_engine.access.gatehouse import gatehouse
from sla_engine.access.passwords import Passwords
from sla_engine.access.registrar import Issued, Wanted, at_machine
from sla_engine.access.sessions import Lengths
from sla_engine.clock import VirtualClock
from sla_engine.record import Instant
from sla_engine.settings import Settings
from sla_engine.web.app import create_app
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at
from tests.support.web import submitting

NOW = parse_instant("2024-09-13T09:00:00+08:00")
SECOND = 1_000_000
PASSWORD = "Correct-Horse-77"
HERE = at_machine("tester")
CHEAP = PasswordHasher.from_parameters(CHEAPEST)

PEOPLE = {
    "intake": "",
    "handler": "住建局",
    "supervisor": "",
    "reviewer": "",
    "system": "",
    "security": "",
    "audit": "",
}
"""One account for each role, by the name of the role, with its unit."""


@contextmanager
def staffed(settings: Settings | None = None) -> Iterator[Engine]:
    """An engine in memory with one account for each role, whose passwords are `PASSWORD`."""
    with engine_at(NOW) as engine:
        employ(engine, settings or Settings(tolerance_s=0))
        for role, unit in PEOPLE.items():
            opened = AccountOpened(role, f"{role} in person", (role,), unit)
            engine.access.registrar.establish(opened, HERE, PASSWORD)
        yield engine


def employ(engine: Engine, settings: Settings) -> None:
    """Give an engine these settings, and hashes that cost next to nothing."""
    engine.settings = settings
    engine.access = gatehouse(
        engine.log,
        engine.log.vault,
        engine.clock.now,
        lengths=Lengths(settings.session_idle_s, settings.session_s),
        patience=Patience(settings.login_failures, settings.address_failures, settings.lockout_s),
        passwords=Passwords(CHEAP, settings.password_length),
    )


def browser(engine: Engine, *, https: bool = False) -> TestClient:
    """Somebody's browser, with nobody signed in; whoever comes in does so with a real session."""
    if https:
        engine.settings = replace(engine.settings, origin="https://testserver")
    house = House(engine, submitting(engine), Doorkeeper(engine.access, engine.settings))
    app = create_app(house)
    base = "https://testserver" if https else "http://testserver"
    headers = {"accept": "text/html"}
    return TestClient(app, base, headers=headers, follow_redirects=False)


def signed_in(engine: Engine, name: str, password: str = PASSWORD) -> TestClient:
    """The browser of somebody who has come in."""
    there = browser(engine)
    came = there.post("/login", data={"name": name, "password": password})
    assert came.status_code == 303, came.text
    return there


def a_key(
    engine: Engine, *scopes: str, expires_at: Instant = 0, networks: tuple[str, ...] = ()
) -> Issued:
    """A key that is in effect, for facts of the source "12345"."""
    wanted = Wanted("热线", "12345", scopes, expires_at, networks)
    return engine.access.registrar.issue(wanted, HERE)


def later(engine: Engine, seconds: float) -> None:
    """Let time pass."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    clock.set(clock.now() + round(seconds * SECOND))

"""A furnished house: a small city's last weeks, and one login for each role."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from scenarios.showcase import PETITIONS, UNITS, beginning, showcase
from sla_engine.access.chance import of_machine, readable
from sla_engine.access.events import AccountOpened
from sla_engine.access.registrar import Wanted, at_machine
from sla_engine.clock import Clock, VirtualClock
from sla_engine.errors import refuse, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.settings import Settings
from sla_engine.wiring import Engine

DEMO_STORE_USED = register(
    "DEMO_STORE_USED",
    "{found} 已有内容；演示数据只写入新库",
    "{found} is in use; demonstration data is written into a new store alone",
    "换一个 --store，或不写 --store（用临时库）",
    "name another --store, or none (a temporary one is used)",
)

PEOPLE = (
    ("supervisor", "督办员", ""),
    ("handler", f"{UNITS[0]}承办员", UNITS[0]),
    ("reviewer", "复核员", ""),
    ("system", "系统管理员", ""),
    ("security", "安全保密管理员", ""),
    ("audit", "安全审计员", ""),
)
"""Account, which is also the role, with its title and unit."""

OPEN311 = "hotline-12345-generic"
"""The pack whose kinds are services there."""

UPSTREAM = "12345"
"""The source whose key is made."""


class Login(NamedTuple):
    """What somebody signs in with."""

    name: str
    title: str
    password: str


class Furnished(NamedTuple):
    """`key`: of an upstream system, for the API."""

    logins: Sequence[Login]
    key: str


def furnish(
    path: Path,
    settings: Settings,
    rules: Rulebook,
    clock: Clock,
    watch: Callable[[float], object] = lambda _percent: None,
    petitions: int = PETITIONS,
) -> Furnished:
    """Fill the new store `path` with about so many petitions. Raises `DEMO_STORE_USED`."""
    if path.exists():
        raise refuse(DEMO_STORE_USED, "", str(path))
    now = clock.now()
    with Engine.open(path, VirtualClock(beginning(now)), settings, rules) as engine:
        showcase(engine, now, petitions, watch)
    with Engine.open(path, clock, settings, rules) as engine:
        engine.run_due()
        return _let_in(engine)


def _let_in(engine: Engine) -> Furnished:
    registrar, machine = engine.access.registrar, at_machine("demo")
    logins = []
    for name, title, unit in PEOPLE:
        opened = AccountOpened(name, title, (name,), unit)
        registrar.establish(opened, machine, password := readable(of_machine))
        logins.append(Login(name, title, password))
    wanted = Wanted("上游受理系统", UPSTREAM, ["facts:append", "petition:read"])
    return Furnished(logins, registrar.issue(wanted, machine).text)

"""Whole screens at a million petitions: asked for over HTTP, read, drawn and sent, by somebody who
is signed in. The rival is the least that a page can cost here: the form to follow a petition, which
asks the store for nothing.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cache
from random import Random

import httpx2

from benchmarks.harness import Claim, Contender, Race, Thunk
from benchmarks.pages import NOW, UNITS, built
from projections.days import month_of
from sla_engine.access.events import AccountOpened
from sla_engine.access.registrar import at_machine
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.serving.endpoint import Endpoint
from sla_engine.settings import Settings
from sla_engine.web.app import create_app
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.house import House
from sla_engine.wiring import Engine

REQUESTS = 40

_PACK, _REGION = "hotline-12345-generic", "CN-3704"
_KINDS = ("咨询", "求助", "建议", "投诉", "举报")
_FREE = Settings(rate_address=0, rate_guess=0, rate_key=0)

Ask = Callable[[Random], str]


@cache
def _signed_in(petitions: int, role: str) -> httpx2.Client:
    """Somebody at a server over a store of that size. Nothing is recorded but their coming in."""
    engine = Engine.open(built(petitions), VirtualClock(NOW), _FREE, load_rulebook())
    _count_a_month(str(built(petitions)), min(28, petitions // 500))
    password = "longer-than-anybody-guesses"
    opened = AccountOpened(role, role, (role,))
    engine.access.registrar.establish(opened, at_machine("benchmark"), password)
    endpoint = Endpoint("127.0.0.1", 0, {})
    endpoint.app = create_app(House(engine, _refusing, Doorkeeper(engine.access, _FREE)))
    endpoint.start()
    client = httpx2.Client(base_url=endpoint.address, headers={"Accept": "text/html"})
    answer = client.post("/login", data={"name": role, "password": password})
    assert answer.status_code == 303, answer.text
    return client


def _refusing(submissions: Sequence[Submission]) -> "Future[list[Outcome]]":
    raise AssertionError(f"a screen that is looked at records nothing: {submissions}")


def _count_a_month(path: str, days: int) -> None:
    """Cells of the scorecard for so many days of this month, for every unit and kind."""
    counted = ("registered", "dispatched", "accepted", "resolved", "once", "callbacks")
    judged = [f"{clause}.{word}" for clause in ("help", "sign") for word in ("judged", "met")]
    cell = json.dumps(dict.fromkeys([*counted, *judged], 3))
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO projection_row VALUES ('scorecard.cells', 1, ?, ?)",
            ((key, cell) for key in _cells(month_of(NOW), days)),
        )


def _cells(month: str, days: int) -> Iterator[str]:
    for day in range(1, days + 1):
        for unit in range(UNITS):
            for kind in _KINDS:
                yield f"{_PACK}|{_REGION}|{month}-{day:02d}|U{unit:03d}|{kind}"


def _screen(role: str, ask: Ask, petitions: int) -> Race:
    client, rng = _signed_in(petitions, role), Random(7)

    def page(path: str) -> int:
        return client.get(path).status_code

    def least(_path: str) -> int:
        return client.get("/track").status_code

    return Race(
        [ask(rng) for _ in range(min(REQUESTS, petitions // 500))],
        [
            Contender("the screen", _each(page), one=page),
            Contender("a page that reads nothing", _each(least), one=least),
        ],
    )


def _each(one: Callable[[str], int]) -> Callable[[Sequence[str]], Thunk]:
    return lambda paths: lambda: [one(path) for path in paths]


def _of_unit(rng: Random) -> str:
    return f"/petitions?unit=U{rng.randrange(UNITS):03d}"


SCREENS: dict[str, tuple[str, Ask]] = {
    "cockpit": ("supervisor", lambda _: "/"),
    "petitions": ("supervisor", lambda _: "/petitions"),
    "petitions of a unit": ("supervisor", _of_unit),
    "petitions in one phase": ("supervisor", lambda _: "/petitions?phase=resolved"),
    "petitions, a filter that fits none": (
        "supervisor",
        lambda _: "/petitions?state=any&order=newest&region=none",
    ),
    "talks": ("supervisor", lambda _: "/talks"),
    "register of talks": ("supervisor", lambda _: "/talks/register"),
    "scorecard of a month": ("supervisor", lambda _: f"/scorecards?pack={_PACK}"),
    "audit": ("audit", lambda _: "/audit"),
    "system": ("system", lambda _: "/system"),
}


def _claim(name: str, role: str, ask: Ask) -> Claim:
    return Claim(
        f"screens: {name}",
        lambda petitions: _screen(role, ask, petitions),
        1_500,
        1_000_000,
        3,
    )


CLAIMS = [_claim(name, *asked) for name, asked in SCREENS.items()]

"""A real browser at a real server, over a small city of its own.

Debian's Chromium is driven headless. Whatever a page complains about on its console, and whatever
it asks of another machine, fails the test that opened it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sla_engine.catalog import load_rulebook
from sla_engine.cli.demo_city import Furnished, furnish
from sla_engine.clock import VirtualClock
from sla_engine.serving.endpoint import Endpoint
from sla_engine.settings import Settings
from sla_engine.web.app import create_app
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import Instant, parse_instant
from tests.support.delivery import move_to
from tests.support.shell import ROOT
from tests.support.web import submitting

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(os.environ.get("SHOTS", ROOT / "build" / "screens"))
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


NOW = parse_instant("2026-11-20T10:00:00+08:00")
"""A Friday morning."""


class Town(NamedTuple):
    """A served city whose clock the test moves. `furnished`: its logins and an upstream's key."""

    address: str
    furnished: Furnished
    engine: Engine

    def password(self, name: str) -> str:
        return next(login.password for login in self.furnished.logins if login.name == name)

    def wait_until(self, instant: Instant) -> None:
        """Let time pass; whatever falls due on the way is recorded."""
        move_to(self.engine, instant)


@contextmanager
def served_town(folder: Path, petitions: int = 60) -> Iterator[Town]:
    """A city in a store of its own, behind a real server on loopback."""
    store, rules, clock = folder / "town.sqlite", load_rulebook(), VirtualClock(NOW)
    settings = Settings(session_idle_s=10**8, session_s=10**8)
    furnished = furnish(store, settings, rules, clock, petitions=petitions)
    with Engine.open(store, clock, settings, rules) as engine:
        endpoint = Endpoint("127.0.0.1", 0, {})
        endpoint.app = create_app(
            House(engine, submitting(engine), Doorkeeper(engine.access, settings))
        )
        endpoint.start()
        stopping = Event()
        follower = Thread(target=_follow, args=(engine, stopping))
        follower.start()
        try:
            yield Town(endpoint.address, furnished, engine)
        finally:
            stopping.set()
            follower.join()
            endpoint.stop()


def _follow(engine: Engine, stopping: Event) -> None:
    while not stopping.wait(0.05):
        engine.follow()


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    assert CHROMIUM is not None
    with sync_playwright() as player:
        found = player.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield found
        finally:
            found.close()


class Visit:
    """One person at the browser. `faults` gathers what no page may do."""

    def __init__(self, browser: Browser, town: Town, size: dict[str, int], script: bool) -> None:
        self.town = town
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=town.address,
            viewport=size,  # type: ignore[arg-type]
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        self.page.on("request", self._asked)

    def sign_in(self, name: str) -> None:
        """As whoever has that role."""
        self.page.goto("/login")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", self.town.password(name))
        self.page.click("main button[type=submit], main button:not([type])")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def shot(self, name: str, whole: bool = True) -> None:
        """Keep a picture of the page as it stands, or of what is seen of it without scrolling."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_load_state("load")
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)

    def close(self) -> None:
        self.context.close()

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type} {message.text} at {self.page.url}")

    def _asked(self, request: Any) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            self.faults.append(f"asked {request.url}")

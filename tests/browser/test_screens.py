"""Every screen: it complains of nothing, everybody can use it, and its picture is kept."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import DESK, PHONE, Town, Visit

Visiting = Callable[..., Visit]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENS = {
    "cockpit": ("supervisor", "/"),
    "petitions": ("supervisor", "/petitions"),
    "petition": ("supervisor", "PETITION"),
    "talks": ("supervisor", "/talks"),
    "talk": ("supervisor", "TALK"),
    "supervision": ("supervisor", "/supervision?state=any"),
    "boards": ("supervisor", "/boards"),
    "scorecards": ("supervisor", "/scorecards"),
    "reconciliation": ("supervisor", "/reconciliation"),
    "disputes": ("reviewer", "/disputes"),
    "dispute": ("reviewer", "DISPUTE"),
    "calendar": ("supervisor", "/calendar"),
    "policies": ("supervisor", "/policies"),
    "proposals": ("supervisor", "/proposals"),
    "whatif": ("reviewer", "/whatif"),
    "accounts": ("system", "/accounts"),
    "keys": ("system", "/keys"),
    "audit": ("audit", "/audit"),
    "system": ("system", "/system"),
    "login": ("", "/login"),
    "track": ("", "/track"),
}
"""Screen, who looks at it, where it is."""
LISTS = ("petitions", "cockpit", "talks/register", "supervision")


def address(town: Town, path: str) -> str:
    """The path, or that of something the city has."""
    rows = town.engine.rows
    if path == "PETITION":
        late = (r for _, r in rows("petition_card") if r["level"] >= 40 and not r["closed_at"])
        return f"/petitions/{next(late)['no']}"
    if path == "TALK":
        return f"/talks/{next(r for _, r in rows('talk_register') if r['notified_at'])['talk']}"
    if path == "DISPUTE":
        return f"/disputes/{next(r for _, r in rows('dispute_register'))['dispute']}"
    return path


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_there_for_everybody(town: Town, visit: Visiting, screen: str) -> None:
    who, path = SCREENS[screen]
    one = visit(who)
    answer = one.page.goto(address(town, path))
    assert answer is not None
    assert answer.status == 200
    one.page.wait_for_function(
        "document.querySelectorAll('[data-chart]:not([data-drawn])').length == 0"
    )
    one.shot(screen, whole=False)
    assert [told(each) for each in Axe().run(one.page, options=_ONLY).response["violations"]] == []
    one.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    one.page.wait_for_function(f"document.documentElement.scrollWidth <= {PHONE['width']}")
    one.page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.mark.parametrize("screen", ["cockpit", "petition", "talks", "track"])
def test_a_screen_speaks_english_too(town: Town, visit: Visiting, screen: str) -> None:
    who, path = SCREENS[screen]
    one = visit(who)
    one.page.goto(f"{address(town, path)}?lang=en")
    assert one.page.locator("html").get_attribute("lang") == "en"
    one.shot(f"{screen}-en")


def test_everything_can_be_reached_by_keyboard(town: Town, visit: Visiting) -> None:
    one = visit("supervisor")
    one.page.goto("/petitions")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.className") == "skip"
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        one.page.keyboard.press("Tab")
        reached.add(one.page.evaluate("document.activeElement.tagName"))
    assert {"A", "BUTTON", "INPUT", "SELECT"} <= reached


@pytest.mark.parametrize("screen", LISTS if os.environ.get("SOAK") else LISTS[:2])
def test_a_list_on_a_phone_shows_every_column_without_scrolling(
    town: Town, visit: Visiting, screen: str
) -> None:
    one = visit("supervisor", size=PHONE)
    one.page.goto("/" if screen == "cockpit" else f"/{screen}")
    cells = one.page.locator("table.cards tbody tr").first.locator("th, td")
    boxes = [each.bounding_box() for each in cells.all()]
    assert len(boxes) > 3
    assert not [box for box in boxes if box is None or box["x"] + box["width"] > PHONE["width"]]
    assert not [td for td in cells.all()[1:] if not td.get_attribute("data-label")]
    one.shot(f"{screen.replace('/', '-')}-phone")
    violations = Axe().run(one.page, options=_ONLY).response["violations"]
    assert [told(each) for each in violations] == []


def test_the_slider_waits_for_the_last_key_and_keeps_the_focus(town: Town, visit: Visiting) -> None:
    one = visit("supervisor")
    one.page.goto(address(town, "PETITION"))
    slider = one.page.locator("#known-step")
    last = int(slider.input_value())
    assert last > 3
    slider.focus()
    with one.page.expect_navigation():
        for _ in range(3):
            one.page.keyboard.press("ArrowLeft")
    one.page.wait_for_selector("#known-step:focus")
    assert int(slider.input_value()) == last - 3
    one.page.keyboard.press("Shift+Tab")
    one.page.keyboard.press("Tab")
    with one.page.expect_navigation():
        one.page.keyboard.press("ArrowRight")
    one.page.wait_for_selector("#known-step:focus")
    assert int(slider.input_value()) == last - 2


@pytest.mark.parametrize("script", [True, False])
def test_a_refused_form_has_the_focus_on_what_is_wrong(
    town: Town, visit: Visiting, script: bool
) -> None:
    one = visit("system", script=script)
    one.page.goto("/accounts")
    one.page.fill("#name", "wangwu")
    one.page.fill("#title", "王五")
    for role in ("system", "audit"):
        one.page.check(f"[name=roles][value={role}]")
    one.page.click("form[action='/accounts'] button")
    one.page.wait_for_selector(".refused:focus")
    assert one.page.input_value("#title") == "王五"
    if script:
        violations = Axe().run(one.page, options=_ONLY).response["violations"]
        assert [told(each) for each in violations] == []
    one.page.keyboard.press("Tab")
    one.page.keyboard.press("Enter")
    place = one.page.evaluate("location.hash")
    assert one.page.get_attribute(place, "aria-invalid") == "true"
    assert [each for each in one.faults if "422" not in each] == []
    one.faults.clear()


_DRAWN = "document.querySelectorAll('[data-chart]:not([data-drawn])').length == 0"
_ONLY = {"runOnly": {"type": "tag", "values": TAGS}}


def told(violation: dict[str, Any]) -> str:
    """A violation with the places it is at."""
    places = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
    return f"{violation['id']}: {violation['help']} at {places}"

"""What comes out of a printer: the matter itself, without menu, and nothing to press."""

from collections.abc import Callable

import pytest

from tests.browser.test_screens import SCREENS, address
from tests.support.browser import Town, Visit

Visiting = Callable[..., Visit]

PRINTED = ["petition", "talk", "scorecards", "dispute"]
PRESSED = "form, button, input, select, textarea, .side, .top, .pager, .skip"


@pytest.mark.parametrize("screen", PRINTED)
def test_paper_shows_the_matter_and_nothing_to_press(
    town: Town, visit: Visiting, screen: str
) -> None:
    who, path = SCREENS[screen]
    one = visit(who)
    one.page.goto(address(town, path))
    heading = one.page.locator("main h1").first.inner_text()
    one.page.emulate_media(media="print")
    assert one.page.locator("main h1").first.is_visible()
    assert one.page.locator("main h1").first.inner_text() == heading
    shown = one.page.locator(PRESSED).locator("visible=true")
    assert [each.evaluate("it => it.outerHTML.slice(0, 90)") for each in shown.all()] == []
    assert one.page.pdf(format="A4").startswith(b"%PDF-")

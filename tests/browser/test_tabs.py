"""Several tabs of one browser: they share what tells them of changes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_journeys import call, taken
from tests.support.browser import Town, Visit

Visiting = Callable[..., Visit]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

TABS = 8
"""More than the connections that a browser holds to one host."""


def test_more_tabs_than_connections_all_load_and_all_hear_of_changes(
    town: Town, visit: Visiting
) -> None:
    one, no = visit("supervisor"), "TABS-1"
    tabs = [one.page, *(one.context.new_page() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto("/petitions?order=newest&state=any")
        expect(tab.locator("#rows")).not_to_contain_text(no)
    call(town, no, *taken(no))
    for tab in tabs:
        expect(tab.locator("#rows")).to_contain_text(no, timeout=15_000)

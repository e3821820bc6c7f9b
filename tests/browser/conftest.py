from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import CHROMIUM, DESK, Town, Visit, browser, served_town

Visiting = Callable[..., Visit]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One served city for all journeys; what they change, they change for themselves."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is found: apt-get install chromium fonts-noto-cjk")
    with served_town(tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest.fixture(scope="module")
def chromium(town: Town) -> Iterator[Browser]:
    # Its event loop is this thread's while it lives, and other tests have loops of their own.
    with browser() as found:
        yield found


@pytest.fixture
def visit(town: Town, chromium: Browser) -> Iterator[Visiting]:
    """Somebody at the browser: `visit("supervisor")`, `visit()` for the public. At the end no page
    may have complained, nor asked anything of another machine."""
    begun: list[Visit] = []

    def begin(name: str = "", size: dict[str, int] = DESK, script: bool = True) -> Visit:
        one = Visit(chromium, town, size, script)
        begun.append(one)
        if name:
            one.sign_in(name)
        return one

    yield begin
    for each in begun:
        each.close()
    assert [fault for each in begun for fault in each.faults] == []

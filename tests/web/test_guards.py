"""What stands before every route: other sites, what browsers are told, how many requests."""

import gc
import io
import logging
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from sla_engine.clock import SystemClock
from sla_engine.serving.logs import configure
from sla_engine.web import tally
from sla_engine.wiring import Engine
from sla_engine.worktime.instant import MINUTE, SECOND
from tests.support.access import PASSWORD, a_key, browser, signed_in, staffed


@pytest.fixture
def engine() -> Iterator[Engine]:
    with staffed() as engine:
        yield engine


def status(there: TestClient, **headers: str) -> int:
    """Of a form that is sent with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return there.post("/accounts/audit/lock", data={"reason": "x"}, headers=named).status_code


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "http://testserver"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver:8080"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"sec_fetch_site": "none"}, 303),
        ({"sec_fetch_site": "same-origin", "origin": "https://proxy.example"}, 303),
        ({"origin": "http://testserver"}, 303),
        ({}, 303),
    ],
)
def test_a_form_counts_only_if_it_comes_from_our_own_pages(
    engine: Engine, headers: dict[str, str], expected: int
) -> None:
    there = signed_in(engine, "system")
    assert status(there, **headers) == expected
    locked = engine.access.rights.account("audit").locked_until is not None
    assert locked == (expected == 303)


def test_a_page_may_be_reached_from_anywhere(engine: Engine) -> None:
    there = signed_in(engine, "system")
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert there.get("/accounts", headers=headers).status_code == 200


def test_behind_a_proxy_our_origin_is_the_one_that_was_set(engine: Engine) -> None:
    engine.settings = replace(engine.settings, origin="http://sla.example")
    assert status(signed_in(engine, "system"), origin="http://sla.example") == 303


def test_another_site_is_told_so_as_a_problem(engine: Engine) -> None:
    headers = {"sec-fetch-site": "cross-site", "accept": "application/json"}
    answer = browser(engine).post("/login", headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "CROSS_SITE"


@pytest.mark.parametrize(
    "path", ["/login", "/accounts", "/nowhere", "/static/theme.css", "/openapi.json", "/audit"]
)
def test_every_answer_says_what_a_browser_may_do_with_it(engine: Engine, path: str) -> None:
    headers = signed_in(engine, "system").get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "strict-transport-security" not in headers


def test_with_tls_browsers_are_told_to_come_back_by_nothing_else(engine: Engine) -> None:
    answer = browser(engine, https=True).get("/login")
    assert "max-age" in answer.headers["strict-transport-security"]


# ----------------------------------------------------------------------------------- rate limits


@pytest.fixture
def within_a_minute() -> None:
    """Requests of one test are counted in one minute of the machine's clock."""
    left = MINUTE - SystemClock().now() % MINUTE
    if left < 10 * SECOND:
        time.sleep(left / SECOND)


def limited(engine: Engine, **rates: Any) -> TestClient:
    engine.settings = replace(engine.settings, **rates)
    return browser(engine)


def test_whoever_asks_too_often_is_told_when_to_come_back(
    within_a_minute: None, engine: Engine
) -> None:
    there = limited(engine, rate_address=3)
    answers = [there.get("/login") for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert [each.headers["ratelimit"][:13] for each in answers[:3]] == [
        '"address";r=2', '"address";r=1', '"address";r=0',
    ]  # fmt: skip
    assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert there.get("/static/theme.css").status_code == 200


def test_passwords_are_not_guessed_by_the_hundred(within_a_minute: None, engine: Engine) -> None:
    there = limited(engine, rate_guess=2)
    answers = [there.post("/login", data={"name": "x", "password": "y"}) for _ in range(3)]
    assert [each.status_code for each in answers] == [401, 401, 429]
    assert there.get("/login").status_code == 200


def test_every_key_has_a_limit_of_its_own(within_a_minute: None, engine: Engine) -> None:
    there = limited(engine, rate_key=2, rate_address=1)
    one, other = ({"x-api-key": a_key(engine, "facts:append").text} for _ in range(2))
    asked = [there.get("/accounts", headers=each).status_code for each in (one, one, other, one)]
    assert asked == [403, 403, 403, 429]


def test_made_up_keys_have_the_limit_of_their_address_together(
    within_a_minute: None, engine: Engine
) -> None:
    there = limited(engine, rate_address=2)
    made_up = ({"x-api-key": f"sla_{number:012}_{'0' * 64}"} for number in range(5))
    headers = {"accept": "application/json"}
    answers = [there.get("/accounts", headers={**headers, **each}).status_code for each in made_up]
    assert answers == [401, 401, 401, 429, 429]


def test_without_limits_nobody_is_counted(engine: Engine) -> None:
    there = limited(engine, rate_address=0)
    assert "ratelimit" not in there.get("/login").headers


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """A server's loop ends with its process, a test's before it; its connections are thrown away
    here and not in the middle of somebody else's test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_processes_that_share_a_redis_count_together(
    nothing_left: None, engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "_REDIS_S", 30.0)  # a busy machine's Redis is not away
    engine.settings = replace(engine.settings, redis=redis_url)
    with limited(engine, rate_address=2) as one, limited(engine) as other:
        answers = [each.get("/login").status_code for each in (one, other, one)]
    assert answers == [200, 200, 429]


def test_while_redis_is_away_nobody_is_limited(engine: Engine) -> None:
    engine.settings = replace(engine.settings, redis="redis://127.0.0.1:1")
    with limited(engine, rate_address=1) as there:
        assert [there.get("/login").status_code for _ in range(3)] == [200] * 3


# --------------------------------------------------------------------------------- nothing leaks


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    unraisable, stream = sys.unraisablehook, io.StringIO()
    configure("web", stream, SystemClock(), logging.DEBUG)
    yield stream
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    sys.unraisablehook = unraisable
    logging.captureWarnings(False)
    logging.raiseExceptions = True


def test_no_secret_gets_into_a_line_or_an_answer(
    engine: Engine, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = signed_in(engine, "system")
    token, key = there.cookies["session"], a_key(engine, "facts:append").text
    pages = [there.get("/accounts"), there.post("/login", data={"name": "x", "password": PASSWORD})]
    pages += [there.get("/keys", headers={"x-api-key": key}), there.get("/nowhere")]
    pages.append(there.post("/password", data={"old": PASSWORD, "new": "a", "again": "a"}))

    def fails(*_: object) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(engine.access.doors, "enter", fails)
    careless = TestClient(there.app, raise_server_exceptions=False)
    pages.append(careless.post("/login", data={"name": "x", "password": PASSWORD}))
    assert pages[-1].status_code == 500
    logging.getLogger("elsewhere").warning("a call with %s", key)
    said = out.getvalue() + "".join(page.text for page in pages)
    assert "elsewhere" in said
    assert [each for each in (PASSWORD, token, key) if each in said] == []

"""Login by an identity provider: one that the test starts on loopback, honest or not."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from sla_engine.access.events import AccountOpened
from sla_engine.wiring import Engine
from tests.support.access import HERE, NOW, PASSWORD, SECOND, browser, later, staffed

CLIENT = "sla"


class Identity:
    """A provider: it signs whoever asks in as `who`. `claims` may change what it says, `key` what
    it signs with."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.who = "li@city.example"
        self.key = self.published = ECKey.generate_key("P-256", {"kid": "1"})
        self.change: dict[str, Any] = {}
        self.asked: dict[str, str] = {}

    def authorize(self, address: str) -> str:
        """What a browser does there; the code it brings back and its state."""
        self.asked = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
        return f"/login/oidc/callback?code=c1&state={self.asked['state']}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if form["code"] != "c1" or challenge != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = NOW // SECOND
        claims = {
            "iss": self.address, "aud": CLIENT, "sub": "17", "preferred_username": self.who,
            "iat": now, "exp": now + 300, "nonce": self.asked["nonce"], **self.change,
        }  # fmt: skip
        told = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": jwt.encode({"alg": "ES256", "kid": "1"}, told, self.key)}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, {
                    "issuer": self.address,
                    "authorization_endpoint": f"{self.address}/authorize",
                    "token_endpoint": f"{self.address}/token",
                    "jwks_uri": f"{self.address}/keys",
                }
            case "/keys":
                return 200, {"keys": [self.published.as_dict(private=False)]}
            case "/token":
                return self.token(form)
            case _:
                return 404, {}


@pytest.fixture
def identity() -> Iterator[Identity]:
    provider: Identity

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            form = parse_qs(self.rfile.read(length).decode())
            status, told = provider.answer(self.path, {key: each for key, (each,) in form.items()})
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Identity(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def engine(identity: Identity) -> Iterator[Engine]:
    with staffed() as engine:
        engine.settings = replace(engine.settings, oidc_issuer=identity.address, oidc_client=CLIENT)
        opened = AccountOpened("li", "李明", ("system",), "", "li@city.example")
        engine.access.registrar.establish(opened, HERE, PASSWORD)
        yield engine


def sent(there: TestClient, identity: Identity, goes_on: str = "/accounts") -> str:
    """Where a browser comes back to, after it was sent to the provider."""
    answer = there.get(f"/login/oidc?next={goes_on}")
    assert answer.status_code == 303
    return identity.authorize(answer.headers["location"])


def test_whoever_the_provider_vouches_for_comes_in(engine: Engine, identity: Identity) -> None:
    there = browser(engine)
    assert "/login/oidc" in there.get("/login").text
    came = there.get(sent(there, identity))
    assert (came.status_code, came.headers["location"]) == (303, "/accounts")
    assert there.get("/accounts").status_code == 200
    *_, last = engine.events("account/li")
    assert last.event.method == "oidc"  # type: ignore[attr-defined]
    assert identity.asked["code_challenge_method"] == "S256"
    assert identity.asked["redirect_uri"] == "http://testserver/login/oidc/callback"


@pytest.mark.parametrize("who", ["stranger@city.example", "", "li"])
def test_an_identity_that_has_no_account_does_not(
    engine: Engine, identity: Identity, who: str
) -> None:
    identity.who = who
    there = browser(engine)
    assert there.get(sent(there, identity)).status_code == 401
    assert "session" not in there.cookies


def test_an_account_that_was_closed_is_closed_to_the_provider_as_well(
    engine: Engine, identity: Identity
) -> None:
    engine.access.registrar.close("li", "", HERE)
    there = browser(engine)
    assert there.get(sent(there, identity)).status_code == 401


LIES: dict[str, Callable[[Identity], object]] = {
    "for somebody else": lambda it: it.change.update(aud="another"),
    "by somebody else": lambda it: it.change.update(iss="https://evil.example"),
    "of another login": lambda it: it.change.update(nonce="another"),
    "without a nonce": lambda it: it.change.update(nonce=None),
    "expired": lambda it: it.change.update(exp=NOW // SECOND - 61),
    "without an end": lambda it: it.change.update(exp=None),
    "signed by another key": lambda it: setattr(
        it, "key", ECKey.generate_key("P-256", {"kid": "1"})
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_lets_nobody_in(
    engine: Engine, identity: Identity, lie: str
) -> None:
    LIES[lie](identity)
    there = browser(engine)
    assert there.get(sent(there, identity)).status_code == 401
    assert there.get("/accounts").status_code == 303


def test_nobody_is_signed_in_by_another_s_link_and_no_link_works_twice(
    engine: Engine, identity: Identity
) -> None:
    attacker, victim = browser(engine), browser(engine)
    link = sent(attacker, identity)
    assert victim.get(link).status_code == 401
    assert attacker.get(link).status_code == 401
    link = sent(attacker, identity)
    cookie = attacker.cookies["oidc"]
    assert attacker.get(link).status_code == 303
    attacker.cookies.set("oidc", cookie)
    assert attacker.get(link).status_code == 401


def test_whoever_takes_too_long_begins_again(engine: Engine, identity: Identity) -> None:
    there = browser(engine)
    link = sent(there, identity)
    later(engine, 601)
    assert there.get(link).status_code == 401


def test_a_provider_that_is_away_is_said_to_be(engine: Engine, identity: Identity) -> None:
    engine.settings = replace(engine.settings, oidc_issuer="http://127.0.0.1:1")
    answer = browser(engine).get("/login/oidc", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (503, "OIDC_AWAY")


def test_a_provider_that_says_it_is_another_is_not_believed(
    engine: Engine, identity: Identity
) -> None:
    engine.settings = replace(
        engine.settings, oidc_issuer=identity.address.replace("127.0.0.1", "localhost")
    )
    answer = browser(engine).get("/login/oidc", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "OIDC_WRONG")


def test_without_a_provider_there_is_no_such_login(engine: Engine) -> None:
    engine.settings = replace(engine.settings, oidc_issuer="")
    there = browser(engine)
    assert "/login/oidc" not in there.get("/login").text
    answer = there.get("/login/oidc", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "OIDC_OFF")


def test_whatever_session_the_browser_had_ends(engine: Engine, identity: Identity) -> None:
    there = browser(engine)
    there.post("/login", data={"name": "audit", "password": PASSWORD})
    old = there.cookies["session"]
    assert there.get(sent(there, identity)).status_code == 303
    assert there.cookies["session"] != old
    assert engine.access.doors.person(old) is None

"""Signatures, what an answer means, and where a request may lead."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from sla_engine.clock import SystemClock
from sla_engine.delivery.channel import Result
from sla_engine.delivery.message import Parcel
from sla_engine.delivery.settings import Endpoint, key_of, well_formed
from sla_engine.delivery.webhook import Webhook, asked, judged, public, resolve, signed
from sla_engine.errors import Refusal
from tests.conformance.delivery.deeds import T0
from tests.unit.delivery.post import SECOND, message

OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2))
BODY = '{"id":"petition/P1@1","subject":{"zh":"黄牌"}}'.encode()


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_receiver_that_knows_either_secret_accepts_the_signature(secret: str) -> None:
    now = SystemClock().now() // SECOND
    headers = signed("petition/P1@1", now, BODY, [key_of(OLD), key_of(NEW)])
    assert Verifier(secret).verify(BODY, headers)["id"] == "petition/P1@1"


def test_the_signature_is_the_one_that_another_maker_writes() -> None:
    at = datetime.fromtimestamp(1_773_000_000, UTC)
    headers = signed("petition/P1@1", 1_773_000_000, BODY, [key_of(OLD)])
    assert headers["webhook-signature"] == Verifier(OLD).sign("petition/P1@1", at, BODY.decode())


@pytest.mark.parametrize(
    ("secret", "well"),
    [(OLD, True), ("whsec_", False), ("abc", False), ("whsec_?", False), ("", False)],
)
def test_a_secret_has_the_form_of_the_standard(secret: str, well: bool) -> None:
    assert well_formed(secret) is well


@pytest.mark.parametrize(
    ("status", "result", "away"),
    [
        (200, Result.DELIVERED, False),
        (204, Result.DELIVERED, False),
        (302, Result.FAILED, False),
        (400, Result.REFUSED, False),
        (401, Result.FAILED, False),
        (404, Result.FAILED, False),
        (409, Result.FAILED, False),
        (410, Result.GONE, True),
        (422, Result.REFUSED, False),
        (429, Result.FAILED, True),
        (500, Result.FAILED, False),
        (503, Result.FAILED, True),
    ],
)
def test_what_an_answer_means(status: int, result: Result, away: bool) -> None:
    outcome = judged(status, "", T0)
    assert (outcome.result, outcome.away) == (result, away)
    assert outcome.reason == ("" if result is Result.DELIVERED else f"HTTP_{status}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("120", 120),
        ("soon", 0),
        ("-5", 0),
        ("Sun, 08 Mar 2026 20:02:00 GMT", 120),
        ("Sun, 08 Mar 2026 19:00:00 GMT", 0),
    ],
)
def test_how_long_a_receiver_asks_to_be_left_alone(text: str, seconds: int) -> None:
    assert asked(text, T0) == seconds * SECOND


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
    ],
)
def test_an_address_of_a_private_network_is_known_in_every_form(address: str, open_: bool) -> None:
    assert public(address) is open_


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/hook",
        "https://",
        "https://name:word@example.org/",
        "http://127.0.0.1.example.org/",
        "http://10.0.0.1/",
        "https://a.org:port/",
        "",
    ],
)
def test_an_address_that_cannot_be_right_is_refused(url: str) -> None:
    with pytest.raises(Refusal, match="not allowed"):
        Webhook(Endpoint(name="x", kind="webhook", url=url, secrets=(OLD,)))


@pytest.mark.parametrize(
    "url", ["https://example.org/h", "http://127.0.0.1:9/h", "http://localhost/h", "http://[::1]/"]
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    Webhook(Endpoint(name="x", kind="webhook", url=url, secrets=(OLD,))).close()


def test_a_name_that_leads_into_a_private_network_gets_no_request() -> None:
    endpoint = Endpoint(name="x", kind="webhook", url="https://example.org/h", secrets=(OLD,))
    hook = Webhook(endpoint, resolve=lambda *_: ["10.0.0.1", "::1"])
    (outcome,) = hook.send([Parcel((message(),))], "", T0)
    assert (outcome.result, outcome.reason, outcome.away) == (
        Result.FAILED, "ADDRESS_PRIVATE", True,
    )  # fmt: skip
    hook.close()


def test_a_name_that_leads_nowhere_is_tried_again() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError(host)

    endpoint = Endpoint(name="x", kind="webhook", url="https://example.org/h", secrets=(OLD,))
    hook = Webhook(endpoint, resolve=nowhere)
    (outcome,) = hook.send([Parcel((message(),))], "", T0)
    assert (outcome.result, outcome.reason) == (Result.FAILED, "OSError")
    hook.close()


def test_the_machine_resolves_its_own_name() -> None:
    assert "127.0.0.1" in resolve("localhost", 80) or "::1" in resolve("localhost", 80)

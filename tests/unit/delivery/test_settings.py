"""The file of endpoints."""

from pathlib import Path

import pytest

from sla_engine.delivery.message import Recipient
from sla_engine.delivery.settings import Delivery, Endpoint, Patience, load_delivery
from sla_engine.errors import Refusal
from tests.unit.delivery.post import message
from tests.unit.delivery.test_webhook import NEW, OLD

SECRETS = {"OA_SECRET": OLD, "OA_SECRET_NEW": NEW, "BAD": "hunter2"}
GOOD = """
in_flight = 500
offices = ["supervisor", "discipline"]

[patience]
tries = 5

[[endpoint]]
name = "oa"
kind = "webhook"
url = "https://oa.example.org/sla"
secrets = ["OA_SECRET", "OA_SECRET_NEW"]
roles = ["handler"]
topics = ["act", "talk"]

[[endpoint]]
name = "bus"
kind = "stream"
since = "start"
"""


def load(folder: Path, text: str) -> Delivery:
    path = folder / "delivery.toml"
    path.write_text(text, encoding="utf-8")
    return load_delivery(path, SECRETS)


def faults(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refusal:
        load(folder, text)
    return [(fault.code, fault.where) for fault in refusal.value.faults]


def test_a_file_says_what_is_sent_where(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == Delivery(
        in_flight=500,
        offices=frozenset({"supervisor", "discipline"}),
        patience=Patience(tries=5),
        endpoints=(
            Endpoint(
                name="oa",
                kind="webhook",
                url="https://oa.example.org/sla",
                secrets=(OLD, NEW),
                roles=frozenset({"handler"}),
                topics=frozenset({"act", "talk"}),
            ),
            Endpoint(name="bus", kind="stream", since="start"),
        ),
    )


def test_an_empty_file_sends_nothing_anywhere(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Delivery()


def test_every_fault_is_named_at_once_and_no_secret_is_shown(tmp_path: Path) -> None:
    text = """
    in_flight = 0
    colour = "red"
    [[endpoint]]
    name = "Bad Name"
    kind = "pigeon"
    secrets = ["BAD", "MISSING"]
    topics = ["gossip"]
    """
    found = faults(tmp_path, text)
    assert sorted(found) == [
        ("ENDPOINT_WRONG", "colour"),
        ("ENDPOINT_WRONG", "endpoint.0.kind"),
        ("ENDPOINT_WRONG", "endpoint.0.name"),
        ("ENDPOINT_WRONG", "endpoint.0.topics.0"),
        ("ENDPOINT_WRONG", "in_flight"),
        ("SECRET_MISSING", "endpoint.0.secrets"),
        ("SECRET_MISSING", "endpoint.0.secrets"),
    ]
    with pytest.raises(Refusal) as refusal:
        load(tmp_path, text)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[[endpoint]]\nname = 'a'\nkind = 'webhook'\nurl = 'https://a.org'",
            ("ENDPOINT_WRONG", "a"),
        ),
        (
            "[[endpoint]]\nname = 'a'\nkind = 'stream'\n[[endpoint]]\nname = 'a'\nkind = 'stream'",
            ("ENDPOINT_WRONG", "endpoint.name"),
        ),
        ("endpoint = 3", ("ENDPOINT_WRONG", "endpoints")),
        ("[patience]\ntries = 0", ("ENDPOINT_WRONG", "patience.tries")),
        ("name = ", ("ENDPOINTS_UNREADABLE", "delivery.toml")),
    ],
)
def test_what_contradicts_itself_is_refused(
    tmp_path: Path, text: str, expected: tuple[str, str]
) -> None:
    assert faults(tmp_path, text) == [expected]


def test_a_secret_is_in_no_representation(tmp_path: Path) -> None:
    assert OLD not in repr(load(tmp_path, GOOD))


def test_an_endpoint_narrows_a_message_to_those_it_serves() -> None:
    both = message(to=[Recipient("U1", "handler"), Recipient("U2", "supervisor")])
    wide = Endpoint(name="a", kind="stream")
    assert wide.narrowed(both) == both
    narrow = Endpoint(name="a", kind="stream", units=frozenset({"U1"}))
    assert narrow.narrowed(both) == both.only_to(Recipient("U1", "handler"))
    assert Endpoint(name="a", kind="stream", roles=frozenset({"lead"})).narrowed(both) is None
    assert Endpoint(name="a", kind="stream", topics=frozenset({"talk"})).narrowed(both) is None

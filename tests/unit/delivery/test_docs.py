"""docs/delivery.md says what delivery does."""

from pathlib import Path

import msgspec

from sla_engine.delivery.channel import Result
from sla_engine.delivery.message import Parcel, Recipient
from sla_engine.delivery.settings import Delivery, load_delivery
from sla_engine.delivery.telling import TOPICS
from sla_engine.delivery.webhook import judged
from tests.house.test_docs import blocks, tables
from tests.house.tree import ROOT
from tests.unit.delivery.post import message
from tests.unit.delivery.test_webhook import NEW, OLD

PAGE = ROOT / "docs" / "delivery.md"


def test_every_field_of_a_message_and_of_a_digest_is_described() -> None:
    one, digest = tables(PAGE, "field")
    for parcel, described in (
        (Parcel((message(),)), one),
        (Parcel((message(),), Recipient("U1")), digest),
    ):
        fields = list(msgspec.json.decode(parcel.body()))
        assert sorted(row["field"].strip("`") for row in described) == sorted(fields)


def test_every_type_of_message_is_described() -> None:
    (told,) = tables(PAGE, "type")
    assert {row["type"].strip("`") for row in told} == set(TOPICS)


def test_the_example_has_the_fields_of_a_message() -> None:
    (example,) = blocks(PAGE, "json")
    shown = msgspec.json.decode(example.encode())
    assert shown.keys() == msgspec.json.decode(Parcel((message(),)).body()).keys()


def test_the_settings_shown_are_those_that_hold_when_they_are_left_out(tmp_path: Path) -> None:
    (example,) = blocks(PAGE, "toml")
    path = tmp_path / "delivery.toml"
    path.write_text(example, encoding="utf-8")
    shown = load_delivery(path, {"OA_SECRET": OLD, "OA_SECRET_NEW": NEW})
    assert [each.name for each in shown.endpoints] == ["bus", "oa"]
    bus, oa = shown.endpoints
    assert Delivery(endpoints=(bus, oa)) == shown
    assert (bus.longest, bus.since, oa.timeout_s, oa.private) == (100_000, "now", 10, False)


def test_answers_are_judged_as_described() -> None:
    (answers,) = tables(PAGE, "answer")
    refused = answers[1]["answer"].split(", ")
    away = [each for each in answers[3]["answer"].split(", ") if each.isdigit()]
    found = {status: judged(status, "", 0) for status in range(200, 600)}
    assert [
        str(status) for status, each in found.items() if each.result is Result.REFUSED
    ] == refused
    assert [
        str(status) for status, each in found.items() if each.away and each.result is Result.FAILED
    ] == away

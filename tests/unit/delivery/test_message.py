"""Ids, payloads, digests."""

import msgspec
import pytest

from sla_engine.delivery.message import Parcel, Recipient, event_id
from sla_engine.worktime import format_instant
from tests.conformance.delivery.deeds import T0
from tests.unit.delivery.post import HOUR, message

LEAD = Recipient("U1", "unit_lead")


def test_the_id_is_the_event_in_characters_that_a_header_can_carry() -> None:
    assert event_id("petition/ZZ1", 7) == "petition/ZZ1@7"
    assert event_id("talk/市城乡水务局/ab.c", 3) == (
        "talk/%E5%B8%82%E5%9F%8E%E4%B9%A1%E6%B0%B4%E5%8A%A1%E5%B1%80/ab%2Ec@3"
    )


def test_a_message_is_one_object_with_both_times() -> None:
    one = message(
        version=7, to=[LEAD], level=40, at=T0, recorded=T0 + HOUR, due=T0, details={"act": "red"}
    )
    assert msgspec.json.decode(Parcel((one,)).body()) == {
        "version": 1,
        "id": "petition/P1@7",
        "type": "act",
        "event": "dossier.rung_fired/1",
        "stream": "petition/P1",
        "at_version": 7,
        "position": 7,
        "to": [{"unit": "U1", "role": "unit_lead"}],
        "subject": {"zh": "第7项", "en": "number 7"},
        "at": format_instant(T0),
        "recorded": format_instant(T0 + HOUR),
        "due": format_instant(T0),
        "level": 40,
        "level_name": {"zh": "", "en": ""},
        "documents": [],
        "recalls": "",
        "details": {"act": "red"},
    }


def test_a_digest_counts_by_level_and_names_the_most_severe_first() -> None:
    members = tuple(
        message(version=n, level=level, at=T0 + n, level_name=(f"级{level}", f"level {level}"))
        for n, level in enumerate((20, 40, 20, 60), 1)
    )
    body = msgspec.json.decode(Parcel(members, LEAD).body())
    assert (body["type"], body["to"]) == ("digest", [{"unit": "U1", "role": "unit_lead"}])
    assert [(each["level"], each["count"]) for each in body["counts"]] == [
        (60, 1),
        (40, 1),
        (20, 2),
    ]
    assert body["counts"][0]["level_name"] == {"zh": "级60", "en": "level 60"}
    assert [each["at_version"] for each in body["entries"]] == [4, 2, 1, 3]
    assert body["entries"][0]["id"] == "petition/P1@4"
    assert body["subject"] == {
        "zh": "汇总4项（U1）：第4项等",
        "en": "4 in all: number 4, and others",
    }
    assert (body["at"], body["recorded"]) == (format_instant(T0 + 1), format_instant(T0))


def test_a_digest_of_one_speaks_of_that_one() -> None:
    body = msgspec.json.decode(Parcel((message(),), LEAD).body())
    assert body["subject"] == {"zh": "第1项", "en": "number 1"}


@pytest.mark.parametrize(
    ("members", "to", "same"),
    [
        ((1, 2), LEAD, True),
        ((1, 3), LEAD, False),
        ((1,), LEAD, False),
        ((1, 2), Recipient("U2", "unit_lead"), False),
    ],
)
def test_the_id_of_a_digest_follows_from_its_members_and_its_recipient(
    members: tuple[int, ...], to: Recipient, same: bool
) -> None:
    first = Parcel((message(version=1), message(version=2)), LEAD)
    other = Parcel(tuple(message(version=n) for n in members), to, edition=5)
    assert (first.id == other.id) is same
    assert first.id.startswith("digest/")
    assert first.id.isascii()

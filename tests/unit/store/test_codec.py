"""Bytes and back, old wire names, and what cannot be read."""

from typing import Any

import msgpack
import pytest
from eventsourcing.persistence import Cipher, Compressor, JSONTranscoder, Notification, StoredEvent

from sla_engine.errors import Refusal
from sla_engine.petition.events import Registered
from sla_engine.record import EVENTS, Meta
from sla_engine.store.codec import UPCASTERS, Entry, WireMapper, decode, encode
from sla_engine.store.keys import batch_of

META = Meta(occurred_at=1_773_000_000_000_000, recorded_at=1_773_000_000_000_001, source="12345")
EVENT = Registered("1", "pack", "投诉", "110105")

# Written by the draft of the format before release. Never update this value.
REGISTERED_0 = bytes.fromhex(
    "929dcf00064c88bb2fd000cf00064c88bb2fd001a0a0a0a53132333435a2313100a0a0a0a0a0"
    "99ac445a32303236303330392d31a76265696a696e67a6e68a95e8af89a6313130313035"
    "ab3132333435e783ade7babfa6757267656e74ace599aae5a3b0e689b0e6b091"
    "a3502d31a6633066666565"
)


def test_bytes_of_the_draft_format_are_read_as_events_of_today() -> None:
    assert decode("petition.registered/0", REGISTERED_0) == (
        Meta(
            occurred_at=1_773_000_000_000_000,
            recorded_at=1_773_000_000_000_001,
            source="12345",
            key="11",
        ),
        Registered(
            no="DZ20260309-1",
            pack="beijing",
            kind="投诉",
            region="110105",
            channel="12345热线",
            subject="",
            urgency="urgent",
            matter="噪声扰民",
            petitioner="P-1",
            commitment="c0ffee",
            historic=False,
        ),
    )


def test_stored_bytes_are_messagepack_of_two_lists() -> None:
    meta, body = msgpack.unpackb(encode((META, EVENT)))
    assert meta[:2] == [META.occurred_at, META.recorded_at]
    assert body[:4] == ["1", "pack", "投诉", "110105"]


def test_the_mapper_goes_there_and_back() -> None:
    mapper = WireMapper(JSONTranscoder())
    entry: Any = Entry("petition/1", 3, 0, META, EVENT)
    stored: Any = mapper.to_stored_event(entry)
    assert (stored.originator_id, stored.originator_version) == ("petition/1", 3)
    assert stored.topic == "petition.registered/1"
    columns = mapper.columns(batch_of([entry]))
    assert [tuple(row) for row in zip(*columns, strict=True)] == [stored[:4]]
    assert mapper.to_domain_event(stored) == entry


def test_the_mapper_takes_the_librarys_own_records() -> None:
    mapper = WireMapper(JSONTranscoder())
    state = encode((META, EVENT))
    plain = StoredEvent("petition/1", 1, "petition.registered/1", state)
    read: Any = mapper.to_domain_event(plain)
    assert read == ("petition/1", 1, 0, META, EVENT)
    numbered = Notification("petition/1", 1, "petition.registered/1", state, 9)
    read = mapper.to_domain_event(numbered)
    assert read == ("petition/1", 1, 9, META, EVENT)


def test_the_mapper_compresses_and_enciphers_when_told_to() -> None:
    class Reversed(Compressor):
        def compress(self, data: bytes) -> bytes:
            return data[::-1]

        def decompress(self, data: bytes) -> bytes:
            return data[::-1]

    class Flipped(Cipher):
        def __init__(self) -> None:
            pass

        def encrypt(self, plaintext: bytes) -> bytes:
            return bytes(byte ^ 255 for byte in plaintext)

        def decrypt(self, ciphertext: bytes) -> bytes:
            return bytes(byte ^ 255 for byte in ciphertext)

    mapper = WireMapper(JSONTranscoder(), compressor=Reversed(), cipher=Flipped())
    entry: Any = Entry("petition/1", 3, 0, META, EVENT)
    stored: Any = mapper.to_stored_event(entry)
    columns = mapper.columns(batch_of([entry]))
    assert [tuple(row) for row in zip(*columns, strict=True)] == [stored[:4]]
    assert stored.state == bytes(byte ^ 255 for byte in encode((META, EVENT))[::-1])
    assert mapper.to_domain_event(stored) == entry


def test_an_unknown_wire_name_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        decode("petition.teleported/1", encode((META, EVENT)))
    assert refused.value.code == "WIRE_UNKNOWN"
    assert refused.value.faults[0].found == "petition.teleported/1"


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"\xc1",
        encode((META, EVENT))[:-1],
        msgpack.packb([["秘密"], ["秘密"]]),
        msgpack.packb(
            [[1, 2], ["1", "pack", "投诉", "110105", *[""] * 6, False, "", "one too many"]]
        ),
    ],
)
def test_bytes_that_do_not_fit_are_refused_without_quoting_them(state: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        decode("petition.registered/1", state)
    assert refused.value.code == "WIRE_DAMAGED"
    assert "秘密" not in str(refused.value.faults[0].as_dict())


def test_fields_added_at_the_end_are_filled_in_for_older_bytes() -> None:
    meta, body = msgpack.unpackb(encode((META, EVENT)))
    assert decode("petition.registered/1", msgpack.packb([meta[:3], body[:4]])) == (
        Meta(occurred_at=META.occurred_at, recorded_at=META.recorded_at),
        EVENT,
    )


def test_upcasters_lead_to_wire_names_that_can_be_read() -> None:
    for old in UPCASTERS:
        assert old not in EVENTS

"""The body of an entry, in either form, and whom a broken one is about."""

import json
from typing import Any

import msgpack
import msgspec
import pytest

from sla_engine.errors import Refusal
from sla_engine.service.intake import parse
from sla_engine.streams.body import Address, address_in, read_body, veiled

LIMIT = 10_000
FACT: dict[str, Any] = {
    "petition": "P1",
    "type": "registered",
    "id": "1",
    "source": "s",
    "at": "2024-09-13T09:00:00+08:00",
    "petitioner": "caller-1",
    "personal": {"name": "张三"},
    "data": {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704"},
}


def codes(body: bytes, limit: int = LIMIT) -> list[str]:
    with pytest.raises(Refusal) as refused:
        read_body(body, limit)
    return [fault.code for fault in refused.value.faults]


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode])
def test_both_forms_say_the_same(encode: Any) -> None:
    assert read_body(encode(FACT), LIMIT) == parse(FACT)


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode])
def test_both_forms_have_the_same_limit_in_bytes(encode: Any) -> None:
    body = encode(FACT)
    assert read_body(body, len(body)).key == "1"
    assert codes(body, len(body) - 1) == ["INPUT_TOO_LONG"]


@pytest.mark.parametrize("value", [True, 1.5, 2**60, None, b"x", [1], {"x": {5: 6}}])
def test_what_messagepack_can_say_and_json_cannot_is_refused_like_json(value: Any) -> None:
    body = {**FACT, "data": {**FACT["data"], "kind": value, "matter": value}}
    in_json = msgspec.json.encode(body)
    said = []
    for each in (in_json, msgspec.msgpack.encode(body)):
        try:
            said.append(read_body(each, LIMIT))
        except Refusal as refusal:
            said.append(refusal.faults)  # type: ignore[arg-type]
    assert said[0] == said[1]


def in_messagepack(value: Any) -> bytes:
    """Also what is not Unicode."""
    packed: bytes = msgpack.packb(value, unicode_errors="surrogatepass")
    return packed


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
@pytest.mark.parametrize("encode", [lambda value: json.dumps(value).encode(), in_messagepack])
def test_a_text_that_cannot_be_stored_is_refused_in_both_forms(encode: Any, bad: str) -> None:
    body = encode({**FACT, "by": bad, "personal": {"name": bad}})
    with pytest.raises(Refusal) as refused:
        read_body(body, LIMIT)
    said = [(fault.code, fault.where) for fault in refused.value.faults]
    assert said == [("TEXT_UNSTORABLE", "personal"), ("TEXT_UNSTORABLE", "by")]
    assert address_in(body) == Address("petition/P1", "s", "1", "caller-1")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INPUT_NOT_JSON"),
        (b"[]", "INPUT_NOT_JSON"),
        (b"\xc0", "INPUT_NOT_JSON"),
        (b"\x81\xa1", "BODY_UNREADABLE"),
        (b"\x81\xa1\xff\x01", "BODY_UNREADABLE"),
        (b"\x81\xa1a\xc7\x01\x05a", "BODY_UNREADABLE"),
        (b'{"a":' * 1_500 + b"1" + b"}" * 1_500, "INPUT_NOT_JSON"),
        (b"\x81\xa1a" * 1_500 + b"\x01", "BODY_UNREADABLE"),
    ],
)
def test_what_is_neither_is_refused(body: bytes, code: str) -> None:
    assert codes(body) == [code]


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode])
def test_a_body_that_cannot_be_taken_still_says_whom_it_is_about(encode: Any) -> None:
    assert address_in(encode({**FACT, "type": 5, "more": 1})) == Address(
        "petition/P1", "s", "1", "caller-1"
    )


def test_a_petition_that_names_nobody_is_about_its_own_petitioner() -> None:
    assert address_in(b'{"petition": "P1"}') == Address("petition/P1", "", "", "of/P1")
    assert address_in(b'{"talk": "T1"}') == Address("talk/T1")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\x81", b'{"petition": 5, "source": [], "petitioner": {}}', b"[" * 9_999]
)
def test_what_says_nothing_is_about_nobody(body: bytes) -> None:
    assert address_in(body) == Address()


def test_a_veil_hides_who_it_is_and_that_it_is_the_same() -> None:
    assert veiled("13800001234", "1-1") == veiled("13800001234", "1-1")
    assert veiled("13800001234", "1-1") != veiled("13800001234", "1-2")
    assert "13800001234" not in veiled("13800001234", "1-1")
    assert veiled("", "1-1") == ""

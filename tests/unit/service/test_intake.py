"""From what an upstream system sends to a typed submission: every fault, all of them at once."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sla_engine.errors import Fault, Refusal
from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.petition.events import Dispatched, Registered, ReturnRuled
from sla_engine.record import type_name
from sla_engine.service.intake import (
    _NAMED_BY_ENVELOPE,
    INSTANTS,
    _at_once,
    _field_by_field,
    accepted,
    parse,
    parse_line,
)
from sla_engine.talk.events import TalkNotified, TalkProposed
from tests.support.given import instant
from tests.support.sizes import examples

GOOD: dict[str, Any] = {
    "petition": "P1",
    "type": "registered",
    "id": "e1",
    "source": "12345",
    "at": "2025-06-03T09:00:00+08:00",
    "data": {"pack": "demo", "kind": "投诉", "region": "CN-3704"},
}
TALK: dict[str, Any] = {
    **{key: GOOD[key] for key in ("id", "source", "at")},
    "talk": "T1",
    "type": "notified",
    "data": {"number": "1", "scheduled_at": "2025-06-05T09:00:00+08:00"},
}


def faults(value: dict[str, Any]) -> list[Fault]:
    with pytest.raises(Refusal) as refused:
        parse(value)
    return list(refused.value.faults)


def found(value: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.code, fault.where) for fault in faults(value)]


def without(*names: str) -> dict[str, Any]:
    return {key: each for key, each in GOOD.items() if key not in names}


# ------------------------------------------------------------------------------------- well formed


def test_a_registration_is_named_by_its_envelope() -> None:
    each = parse({**GOOD, "seq": 7, "by": "张", "role": "clerk", "unit": "U1", "cause": "c"})
    assert (each.stream, each.source, each.key) == ("petition/P1", "12345", "e1")
    assert each.occurred_at == instant("2025-06-03 09:00")
    assert (each.seq, each.actor, each.role, each.unit, each.cause) == (7, "张", "clerk", "U1", "c")
    assert isinstance(each.event, Registered)
    assert (each.event.no, each.event.pack, each.event.historic) == ("P1", "demo", False)


def test_personal_data_travels_beside_the_event_under_the_petitioners_reference() -> None:
    each = parse({**GOOD, "petitioner": "c7", "personal": {"name": "张三"}})
    assert (each.subject, dict(each.personal)) == ("c7", {"name": "张三"})
    assert isinstance(each.event, Registered)
    assert each.event.petitioner == "c7"
    assert "张三" not in repr(each.event)


def test_a_petitioner_without_a_reference_gets_one_per_petition() -> None:
    each = parse({**GOOD, "personal": {"name": "张三"}})
    assert each.subject == "of/P1"
    assert isinstance(each.event, Registered)
    assert each.event.petitioner == "of/P1"


def test_a_dispatch_is_named_after_its_event_unless_it_names_itself() -> None:
    sent = {**GOOD, "type": "dispatched", "data": {"unit": "U1"}}
    assert parse(sent).event == Dispatched("U1", "e1")
    named = parse({**sent, "data": {"unit": "U1", "assignment": "A1", "lead": False}})
    assert named.event == Dispatched("U1", "A1", lead=False)


def test_a_talk_is_addressed_by_its_own_name() -> None:
    proposed = {"pack": "p", "region": "CN", "unit": "U1", "tier": 1, "causes": ["c1"]}
    each = parse({**TALK, "type": "proposed", "data": proposed})
    assert each.event == TalkProposed("T1", "p", "CN", "U1", 1, ("c1",))


def test_instants_in_data_are_rfc_3339() -> None:
    each = parse(TALK)
    assert isinstance(each.event, TalkNotified)
    assert each.event.scheduled_at == instant("2025-06-05 09:00")
    suspended = {**GOOD, "type": "suspended", "data": {"ground": "g", "expected_until": None}}
    assert parse(suspended).event.expected_until is None  # type: ignore[attr-defined]


def test_a_line_is_one_object_of_json() -> None:
    assert parse_line(json.dumps(GOOD).encode()) == parse(GOOD)


# ---------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "INPUT_NOT_JSON"),
        (b"[]", "INPUT_NOT_JSON"),
        (b'{"petition": "\xff"}', "INPUT_NOT_JSON"),
        (b"{}" + b" " * 100, "INPUT_TOO_LONG"),
    ],
)
def test_a_line_that_cannot_be_read(line: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_line(line, limit=100)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["type", "id", "source", "at"])
def test_what_is_required_is_missing(name: str) -> None:
    assert ("FIELD_MISSING", name) in found(without(name))


ADDRESS = "petition | talk | item | round | dispute | roster"


def test_a_fact_is_about_one_dossier() -> None:
    assert ("FIELD_MISSING", ADDRESS) in found(without("petition"))
    assert ("FIELD_WRONG", ADDRESS) in found({**GOOD, "talk": "T1"})


def test_an_unknown_field_is_named_with_the_nearest_one() -> None:
    (fault,) = faults({**GOOD, "petitoner": "c7"})
    assert (fault.code, fault.found, fault.near) == ("FIELD_UNKNOWN", "petitoner", "petitioner")
    (fault,) = faults({**GOOD, "data": {**GOOD["data"], "chanel": "12345"}})
    assert (fault.code, fault.where, fault.near) == ("FIELD_UNKNOWN", "data", "channel")
    assert "petitioner" not in fault.allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", ""),
        ("id", "  "),
        ("source", 5),
        ("source", "engine"),
        ("petitioner", 13812345678),
        ("seq", -1),
        ("seq", True),
        ("seq", "1"),
        ("data", "free text"),
        ("personal", {"phone": 13812345678}),
        ("personal", ["张三"]),
    ],
)
def test_a_value_of_the_wrong_kind(name: str, value: object) -> None:
    assert ("FIELD_WRONG", name) in found({**GOOD, name: value})


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2025-06-03", "TIME_FORMAT"),
        ("2025-06-03T09:00:00", "TIME_OFFSET"),
        ("2025-02-30T09:00:00+08:00", "TIME_INVALID"),
        ("1925-06-03T09:00:00+08:00", "TIME_RANGE"),
    ],
)
def test_a_time_that_is_none(at: str, code: str) -> None:
    assert found({**GOOD, "at": at}) == [(code, "at")]
    assert found({**TALK, "data": {"number": "1", "scheduled_at": at}}) == [
        (code, "data.scheduled_at")
    ]


def test_a_time_in_data_is_text() -> None:
    assert found({**TALK, "data": {"number": "1", "scheduled_at": 5}}) == [
        ("FIELD_WRONG", "data.scheduled_at")
    ]


@pytest.mark.parametrize("name", ["registred", "rung_fired", "absorbed", "anomaly_noted"])
def test_a_type_that_is_none_or_is_the_engines_own(name: str) -> None:
    (fault,) = faults({**GOOD, "type": name})
    assert (fault.code, fault.where, fault.found) == ("TYPE_UNKNOWN", "type", name)
    assert "registered" in fault.allowed
    assert "rung_fired" not in fault.allowed


@pytest.mark.parametrize("name", ["cause_attached", "cause_overturned", "dispatched"])
def test_a_talk_has_types_of_its_own(name: str) -> None:
    assert found({**TALK, "type": name}) == [("TYPE_UNKNOWN", "type")]


def test_what_the_envelope_says_is_not_said_again_in_data() -> None:
    for name in ("no", "petitioner", "commitment"):
        (fault,) = faults({**GOOD, "data": {**GOOD["data"], name: "x"}})
        assert (fault.code, fault.found) == ("FIELD_UNKNOWN", name)


def test_data_is_complete_and_of_its_kinds() -> None:
    ruled = {**GOOD, "type": "return_ruled"}
    assert found({**ruled, "data": {}}) == [("FIELD_MISSING", "data.granted")]
    assert found({**ruled, "data": {"granted": "yes"}}) == [("FIELD_WRONG", "data.granted")]
    assert parse({**ruled, "data": {"granted": True}}).event == ReturnRuled(True)


def test_personal_data_belongs_to_petitions_alone() -> None:
    assert found({**TALK, "personal": {"name": "张三"}}) == [("FIELD_UNKNOWN", "")]


def test_every_fault_of_envelope_and_data_is_told_at_once() -> None:
    wrong = {
        "petition": "P1",
        "type": "registered",
        "id": "",
        "source": "engine",
        "at": "yesterday",
        "seq": -1,
        "personal": [],
        "extra": 1,
        "data": {"kind": 5, "surplus": 1},
    }
    assert sorted(found(wrong)) == [
        ("FIELD_MISSING", "data.pack"),
        ("FIELD_MISSING", "data.region"),
        ("FIELD_UNKNOWN", ""),
        ("FIELD_UNKNOWN", "data"),
        ("FIELD_WRONG", "data.kind"),
        ("FIELD_WRONG", "id"),
        ("FIELD_WRONG", "personal"),
        ("FIELD_WRONG", "seq"),
        ("FIELD_WRONG", "source"),
        ("TIME_FORMAT", "at"),
    ]


SECRET = ("张三丰", "13812345678")


@pytest.mark.parametrize(
    "wrong",
    [
        {"personal": ["张三丰", "13812345678"]},
        {"personal": {"name": "张三丰", "phone": 13812345678}},
        {"petitioner": 13812345678},
        {"petitioner": ["张三丰"]},
        {"data": "张三丰 13812345678"},
        {"data": {**GOOD["data"], "matter": {"name": "张三丰", "phone": "13812345678"}}},
        {"data": {**GOOD["data"], "kind": 13812345678}},
        {"type": "return_requested", "data": {"reason": ["张三丰", "13812345678"]}},
        {"phone": "13812345678", "name": "张三丰"},
    ],
)
def test_no_fault_quotes_what_may_be_somebodys_name_or_number(wrong: dict[str, Any]) -> None:
    for fault in faults({**GOOD, **wrong}):
        text = json.dumps(fault.as_dict(), ensure_ascii=False)
        assert not any(each in text for each in SECRET), text


def test_a_talks_attendees_are_not_quoted_either() -> None:
    wrong = {**TALK, "type": "held", "data": {"attendees": "张三丰"}}
    (fault,) = faults(wrong)
    assert fault.found == "str"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("reported", {"member": "U1", "figures": {"件": 10**30}}),
        ("drafted", {"places": [["U1", "black", 1, 10**30]]}),
        (
            "statement_signed",
            {"member": "U1", "side": "unit", "signer": "x", "opening": -(10**30), "new": 0,
             "struck_off": 0, "carried_over": 0},
        ),
    ],
)  # fmt: skip
def test_a_number_that_no_log_can_hold_is_refused(name: str, data: dict[str, object]) -> None:
    sent = {"round": "R1", "type": name, "id": "1", "source": "s",
            "at": "2025-06-03T09:00:00+08:00", "data": data}  # fmt: skip
    with pytest.raises(Refusal) as refused:
        parse(sent)
    assert [fault.code for fault in refused.value.faults] == ["FIELD_WRONG"]
    with pytest.raises(Refusal) as refused:
        parse({**sent, "data": {"member": "U1"}, "type": "member_left", "seq": 10**30})
    assert [fault.where for fault in refused.value.faults] == ["seq"]


# ------------------------------------------------------------------------------------- two readings


def _names(kind: str) -> list[str]:
    return sorted(accepted(kind))


GOOD_BY_TYPE: dict[object, Any] = {
    str: "x",
    int: 3,
    bool: True,
    tuple[str, ...]: ["a"],
    Mapping[str, str]: {"a": "yes"},
    Mapping[str, float]: {"a": 7.5},
}
INSTANT = "2025-06-05T09:00:00+08:00"
ANY: list[Any] = ["x", "", " ", 3, 2**53, -1, 1.0, True, None, ["a"], [1], {"a": "yes"}, {"a": 7.5}]


@given(seed=st.integers(0, 10**9))
@examples(400)
def test_what_is_converted_in_one_go_is_what_is_read_field_by_field(seed: int) -> None:
    rng = Random(seed)
    kind = rng.choice(ADDRESSED)
    cls = accepted(kind)[rng.choice(_names(kind))]
    data = {
        each.name: INSTANT if each.name in INSTANTS else GOOD_BY_TYPE.get(each.type, [])
        for each in structs.fields(cls)
        if each.name not in _NAMED_BY_ENVELOPE.get(cls, ())
        and (each.required or rng.random() < 0.6)
    }
    if rng.random() < 0.6:
        data[rng.choice([*cls.__struct_fields__, "odd"])] = rng.choice(ANY)
    sent: dict[str, Any] = {kind: "N1", "type": type_name(cls), "id": "e1", "source": "s"}
    sent |= {"at": rng.choice([INSTANT] * 19 + ["2025-06-05"]), "data": data}
    for name in ("seq", "by", "petitioner", "talk", "personal", "od"):
        if rng.random() < 0.04:
            sent[name] = rng.choice(ANY)
    try:
        slowly: object = _field_by_field(sent)
    except Refusal:
        slowly = None
    assert _at_once(sent) == slowly


# ------------------------------------------------------------------- texts that cannot be stored

RETURNED: dict[str, Any] = {**GOOD, "type": "return_requested"}
LONE = "\ud800"


@pytest.mark.parametrize(
    ("bad", "name"), [("\0", "U+0000"), (LONE, "U+D800"), ("\udfff", "U+DFFF")]
)
@pytest.mark.parametrize(
    ("place", "where"),
    [
        (lambda bad: {**GOOD, "by": f"张{bad}"}, "by"),
        (lambda bad: {**GOOD, "petition": f"P{bad}"}, "petition"),
        (lambda bad: {**RETURNED, "data": {"reason": bad}}, "data.reason"),
        (
            lambda bad: {**TALK, "data": {**TALK["data"], "attendees": ["甲", bad]}},
            "data.attendees",
        ),
        (lambda bad: {**GOOD, "personal": {"name": f"张{bad}"}}, "personal"),
        (lambda bad: {**GOOD, "personal": {f"张{bad}": "x"}}, "personal"),
        (lambda bad: {**GOOD, "data": {**GOOD["data"], f"x{bad}": 1}}, "data"),
    ],
)
def test_a_character_that_not_every_store_keeps_is_refused_with_its_field(
    place: Any, where: str, bad: str, name: str
) -> None:
    value = place(bad)
    said = {(each.code, each.where, each.found) for each in faults(value)}
    assert ("TEXT_UNSTORABLE", where, name) in said
    with pytest.raises(Refusal) as refused:
        parse_line(json.dumps(value).encode())
    assert list(refused.value.faults) == faults(value)
    shown = "".join(f"{fault.zh()}{fault.en()}" for fault in refused.value.faults)
    assert "张" not in shown
    assert shown.encode()


def test_it_is_told_together_with_everything_else_that_is_wrong() -> None:
    wrong = {**GOOD, "by": "\0", "seq": -1, "data": {**GOOD["data"], "subject": LONE, "x": 1}}
    assert found(wrong) == [
        ("TEXT_UNSTORABLE", "data.subject"),
        ("TEXT_UNSTORABLE", "by"),
        ("FIELD_WRONG", "seq"),
        ("FIELD_UNKNOWN", "data"),
    ]


@pytest.mark.parametrize("text", [r"\u0000", "\x01\x1f\x7f", "\uffff\U0010ffff😀", "\u202e"])
def test_what_only_looks_like_one_is_taken(text: str) -> None:
    value = {**GOOD, "by": f"x{text}"}
    assert parse(value) == parse_line(json.dumps(value).encode())
    assert parse(value).actor == f"x{text}"


def test_a_line_that_is_broken_otherwise_is_not_json_whatever_its_texts_hold() -> None:
    for line in (b'{"a": "\\ud800"', b'{"a": NaN}', b'{"a": "\xff", "b": "\\ud800"}'):
        with pytest.raises(Refusal) as refused:
            parse_line(line)
        assert refused.value.code == "INPUT_NOT_JSON"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({**GOOD, "id": "x" * 201}, "id"),
        ({**GOOD, "petition": "x" * 201}, "petition"),
        ({**GOOD, "type": "dispatched", "data": {"unit": "住" * 201}}, "data.unit"),
        ({**GOOD, "data": {**GOOD["data"], "subject": "x" * 201}}, "data.subject"),
    ],
)
def test_a_name_that_is_no_name_is_refused(value: dict[str, Any], where: str) -> None:
    assert found(value) == [("NAME_TOO_LONG", where)]


def test_what_people_write_may_be_long() -> None:
    asked = {**GOOD, "type": "return_requested", "data": {"reason": "不" * 5_000}}
    assert len(parse(asked).event.reason) == 5_000  # type: ignore[attr-defined]
    assert parse({**GOOD, "id": "x" * 200}).key == "x" * 200

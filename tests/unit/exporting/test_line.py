"""An event's words are the event, whatever it is."""

import ast
from pathlib import Path
from typing import Any

import pytest

import sla_engine
from sla_engine.exporting import table, xes
from sla_engine.exporting.line import (
    INSTANTS,
    META_TEXTS,
    activity,
    event_of,
    fields_of,
    iso,
    line_of,
    say,
    text_of,
    told,
    value_of,
)
from sla_engine.petition.events import Registered, Resolved
from sla_engine.record import EVENTS, Meta
from sla_engine.store.codec import encode
from sla_engine.worktime import parse_instant
from tests.golden.freeze import filled
from tests.support.exported import row
from tests.support.small_log import fired, meta, small

WIRES = sorted(EVENTS)


def annotated() -> dict[str, set[str]]:
    """Annotations of the fields of events as they are written, by name of the field."""
    found: dict[str, set[str]] = {}
    for path in Path(sla_engine.__path__[0]).rglob("*.py"):
        text = path.read_text("utf-8")
        tree = ast.parse(text if "@wire(" in text else "")
        for node in tree.body:
            if not isinstance(node, ast.ClassDef) or not any(
                "wire(" in ast.unparse(each) for each in node.decorator_list
            ):
                continue
            for each in node.body:
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    found.setdefault(each.target.id, set()).add(ast.unparse(each.annotation))
    return found


def test_the_fields_that_hold_instants_are_known() -> None:
    found, instants = annotated(), {"Instant", "Instant | None"}
    assert {name for name, kinds in found.items() if kinds & instants} == INSTANTS
    assert {name: found[name] for name in INSTANTS if not found[name] <= instants} == {}


def test_every_field_of_the_envelope_is_told() -> None:
    assert {*META_TEXTS, "occurred_at", "recorded_at", "seq"} == {*Meta.__struct_fields__}


@pytest.mark.parametrize("wire", WIRES)
def test_every_event_is_what_its_words_say(wire: str) -> None:
    event = filled(EVENTS[wire])
    assert event_of(wire, told(event)) == event


@pytest.mark.parametrize("wire", WIRES)
def test_every_field_is_what_its_text_says(wire: str) -> None:
    body = told(filled(EVENTS[wire]))
    for name, kind, _, _ in fields_of(EVENTS[wire]):
        meant = value_of(kind, text_of(kind, body[name]))
        assert event_of(wire, {**body, name: meant}) == filled(EVENTS[wire])


def test_what_is_empty_is_left_out_and_what_is_false_is_not() -> None:
    body = told(Registered("ZZ1", "p", "", "CN"))
    assert body == {"no": "ZZ1", "pack": "p", "kind": "", "region": "CN", "urgency": "normal",
                    "historic": False}  # fmt: skip


def test_a_default_that_says_something_is_told_and_its_emptiness_too() -> None:
    assert told(Resolved()) == {"outcome": "solved"}
    assert event_of(Resolved.WIRE, told(Resolved(outcome=""))) == Resolved(outcome="")


def test_instants_are_local_and_exact() -> None:
    assert iso(parse_instant("2025-01-01T00:00:00.000001Z")) == "2025-01-01T08:00:00.000001+08:00"


def test_an_activity_names_the_milestone_and_the_act() -> None:
    names = {activity(line_of(each).event) for each in small()}
    assert {"registered", "step_done:onsite_arrived", "rung_fired:talk"} <= names


@pytest.mark.parametrize("form", [xes, table._Form()])
def test_words_that_say_all_need_no_bytes(form: Any) -> None:
    kept = row("petition/ZZ1", 4, 4, meta("2025-01-24 17:30"), fired())
    assert "raw" not in str(say(kept, form.render, form.parse)).replace("'', ", "")


def older(event: object) -> bytes:
    """Bytes of a release that did not know the last field yet."""
    import msgpack

    head, body = msgpack.unpackb(encode((meta("2025-01-23 09:00"), event)))  # type: ignore[arg-type]
    packed: bytes = msgpack.packb([head, body[:-1]])
    return packed


@pytest.mark.parametrize("form", [xes, table._Form()])
@pytest.mark.parametrize(
    "kept",
    [
        ("petition/ZZ1", 1, 1, Resolved.WIRE, older(Resolved())),
        row("petition/\x00\x1b", 1, 1, meta("2025-01-23 09:00"), Resolved("\ufffe")),
        row("petition/ZZ1", 1, 1, Meta(occurred_at=-1, recorded_at=2**60), Resolved()),
    ],
)  # fmt: skip
def test_what_words_cannot_say_goes_along_as_bytes(kept: Any, form: Any) -> None:
    assert form.parse(say(kept, form.render, form.parse)) == kept

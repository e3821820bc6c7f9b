"""OCEL 2.0 as its schema has it, and as a log of objects has to be."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sla_engine.errors import Refusal
from sla_engine.exporting import json_stream
from sla_engine.exporting.json_stream import members
from sla_engine.exporting.manifest import Selection
from sla_engine.exporting.run import Format
from sla_engine.worktime import parse_instant
from tests.support.exported import exported, heard
from tests.support.small_log import CAUSE, PACK, small

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT.parent / "shared" / "data" / "ocel2_schema.json"
LOG: dict[str, Any] = json.loads(exported(small(), Format.OCEL))
KINDS = {"string", "time", "integer", "float", "boolean"}


def objects(log: dict[str, Any] = LOG) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in log["objects"]}


def related(each: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["objectId"], one["qualifier"]) for one in each["relationships"]}


def values(each: dict[str, Any], name: str) -> list[str]:
    return [one["value"] for one in each["attributes"] if one["name"] == name]


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in LOG["events"] if each["type"] == name)
    return found


def test_it_satisfies_the_schema_of_the_format() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    if not SCHEMA.is_file():
        pytest.skip("the schema of OCEL 2.0 is not distributed with the project")
    jsonschema.validate(LOG, json.loads(SCHEMA.read_text("utf-8")))


@pytest.mark.parametrize("of", ["event", "object"])
def test_every_type_is_declared_once_with_all_that_is_used(of: str) -> None:
    types = [each["name"] for each in LOG[f"{of}Types"]]
    assert max(Counter(types).values()) == 1
    declared = {
        each["name"]: {one["name"]: one["type"] for one in each["attributes"]}
        for each in LOG[f"{of}Types"]
    }
    assert {kind for fields in declared.values() for kind in fields.values()} <= KINDS
    for each in LOG[f"{of}s"]:
        fields = declared[each["type"]]
        for one in each["attributes"]:
            assert isinstance(one["value"], str)
            if fields[one["name"]] == "time" and one["value"] != "null":
                parse_instant(one["value"])
    assert {each["type"] for each in LOG[f"{of}s"]} == {*types}


def test_ids_are_unique_and_every_relation_leads_to_an_object() -> None:
    for of in ("events", "objects"):
        assert len({each["id"] for each in LOG[of]}) == len(LOG[of])
    named = {id_ for of in ("events", "objects") for each in LOG[of] for id_, _ in related(each)}
    assert named <= objects().keys()


def test_the_objects_are_what_officials_speak_of() -> None:
    assert {each["type"] for each in LOG["objects"]} >= {
        "petition", "talk", "item", "round", "tally", "unit", "clock", "escalation", "pack edition",
        "calendar edition",
    }  # fmt: skip
    (edition,) = [each for each in LOG["objects"] if each["type"] == "pack edition"]
    assert values(edition, "name") == [PACK]


def test_an_event_names_its_dossier_its_act_its_clock_and_its_cause() -> None:
    assert related(event("petition.rung_fired:talk")) == {
        ("petition/ZZ1", "dossier"), ("clock:petition/ZZ1|solve|1", "clock"),
        (f"act:{CAUSE}", "fired"), ("unit:水务局", "unit"),
    }  # fmt: skip
    assert related(event("talk.proposed")) == {
        ("talk/水务局/1", "dossier"), (f"act:{CAUSE}", "cause"), ("unit:水务局", "unit"),
        ("petition/ZZ1", "petitions"),
    }  # fmt: skip
    assert ("petition/ZZ1", "into") in related(event("petition.merged"))


def test_an_act_that_was_withdrawn_stands_no_more() -> None:
    act = objects()[f"act:{CAUSE}"]
    assert values(act, "standing") == ["true", "false"]
    assert values(act, "act") == ["talk"]


def test_a_dossier_tells_how_it_was_opened_and_whom_it_concerns() -> None:
    petition = objects()["petition/ZZ1"]
    assert values(petition, "kind") == ["投诉"]
    assert values(petition, "unit") == ["水务局"]
    assert values(petition, "phase") == ["dispatched"]
    assert ("unit:水务局", "unit") in related(petition)


def test_clocks_tell_how_they_stand() -> None:
    clocks = [each for each in LOG["objects"] if each["id"].startswith("clock:petition/ZZ1|")]
    states = [state for each in clocks for state in values(each, "state")]
    assert {"met", "overdue"} <= {*states}
    assert all(("petition/ZZ1", "dossier") in related(each) for each in clocks)


def test_a_selection_leads_to_objects_all_the_same() -> None:
    part = json.loads(exported(small(), Format.OCEL, Selection(kinds=frozenset({"talk"}))))
    named = {id_ for each in part["events"] for id_, _ in related(each)}
    assert f"act:{CAUSE}" in named
    assert named <= objects(part).keys()


def test_it_may_be_written_with_other_blanks() -> None:
    pretty = json.dumps(LOG, ensure_ascii=True, indent=3).encode()
    assert heard(pretty) == small()
    assert heard(b"\xef\xbb\xbf\n" + pretty) == small()


# -------------------------------------------------------------------------------- member by member


@pytest.mark.parametrize("chunk", [1, 2, 7, 1 << 16])
def test_a_long_text_is_read_member_by_member(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    text = ' { "a" : [ 1 , {"b": [2, "]"]} ,\n"\\u4e2d\\"" ], "n": -12.5e3,"e":[], "t":true } '
    assert list(members(io.BytesIO(text.encode()), "x")) == [
        ("a", 1), ("a", {"b": [2, "]"]}), ("a", '中"'), ("n", -12_500.0), ("t", True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EXPORT_CUT"), ("[]", "EXPORT_DAMAGED"), ('{"a":[1', "EXPORT_CUT"),
        ('{"a" 1}', "EXPORT_DAMAGED"), ('{"a":1} 2', "EXPORT_DAMAGED"), ('{"a":tru', "EXPORT_CUT"),
        ('{"a":[1 2]}', "EXPORT_DAMAGED"), ('{"a":"' + "b" * 90, "EXPORT_CUT"),
        ('{"a":{"b":' + "x" * 90 + "}}", "EXPORT_DAMAGED"), ('{"a":' + "[" * 9, "EXPORT_CUT"),
    ],
)  # fmt: skip
def test_text_that_is_no_such_object_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        list(members(io.BytesIO(text.encode()), "x"))
    assert caught.value.code == code

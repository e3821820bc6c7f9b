"""XES as the standard's schema has it, and as our own importer of foreign logs reads it."""

import io
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from sla_engine.exporting.run import Format
from sla_engine.exporting.xes import clean
from sla_engine.importing.matter import Matter
from sla_engine.importing.xes import read_xes
from tests.support.exported import exported, heard
from tests.support.small_log import small

DATA = exported(small(), Format.XES)
LOG = ET.fromstring(DATA)
ORDER = ("extension", "global", "classifier", "attribute", "trace")
TAGS = {"string", "date", "int", "float", "boolean", "id", "list"}
NAME = re.compile(r"[A-Za-z_:][\w:.-]*", re.ASCII)
TYPES: dict[str, Callable[[str], object]] = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
    "boolean": {"true": True, "false": False}.__getitem__,
}


def attributes(element: ET.Element) -> dict[str, str]:
    return {each.get("key", ""): each.get("value", "") for each in element if each.tag in TAGS}


def test_parts_of_the_log_come_in_the_order_of_the_schema() -> None:
    parts = ["attribute" if each.tag in TAGS else each.tag for each in LOG]
    assert [ORDER.index(part) for part in parts] == sorted(ORDER.index(part) for part in parts)
    assert {*parts} == {*ORDER}
    assert LOG.tag == "log"
    assert float(LOG.attrib["xes.version"]) == 1849.2016


def test_attributes_come_before_events_and_events_hold_nothing_else() -> None:
    for trace in LOG.iter("trace"):
        tags = [each.tag for each in trace]
        first = tags.index("event")
        assert {*tags[:first]} <= TAGS
        assert {*tags[first:]} == {"event"}
    assert all(each.tag in TAGS for event in LOG.iter("event") for each in event)


def test_every_attribute_has_a_name_once_and_a_value_of_its_type() -> None:
    for element in [*LOG.iter("log"), *LOG.iter("trace"), *LOG.iter("event")]:
        held = [each for each in element if each.tag in TAGS]
        assert {*Counter(each.attrib["key"] for each in held).values()} <= {1}
        for each in held:
            assert NAME.fullmatch(each.attrib["key"])
            TYPES[each.tag](each.attrib["value"])
            assert len(each) == 0


def test_what_is_declared_for_all_is_there_in_all() -> None:
    declared: dict[str, str] = {}
    for scope in ("trace", "event"):
        (globals_,) = [each for each in LOG.iter("global") if each.get("scope") == scope]
        declared = {each.attrib["key"]: each.tag for each in globals_}
        for element in LOG.iter(scope):
            held = {each.attrib["key"]: each.tag for each in element if each.tag in TAGS}
            assert declared.items() <= held.items()
    for classifier in LOG.iter("classifier"):
        assert re.fullmatch(r"\w+", classifier.attrib["name"])
        assert {*classifier.attrib["keys"].split()} <= declared.keys()


def test_standard_prefixes_are_declared() -> None:
    declared = {each.attrib["prefix"] for each in LOG.iter("extension")}
    used = {key.partition(":")[0] for each in LOG.iter() if (key := each.get("key"))}
    assert used - {"sla", "data"} == declared


def test_a_dossier_is_a_trace_with_what_opened_it() -> None:
    traces = [attributes(each) for each in LOG.iter("trace")]
    assert [each["concept:name"] for each in traces] == sorted({each[0] for each in small()})
    (own,) = [each for each in traces if each["concept:name"] == "petition/ZZ1"]
    assert own["sla:kind"] == "petition"
    assert own["sla:id"] == "ZZ1"
    assert own["data:kind"] == "投诉"


def test_who_did_it_stands_where_the_standard_has_it() -> None:
    held = [each for each in map(attributes, LOG.iter("event")) if "org:resource" in each]
    (own,) = [(each["org:resource"], each["org:role"], each["org:group"]) for each in held]
    assert own == ("王", "clerk", "热线中心")


def test_our_importer_of_foreign_logs_finds_every_dossier_and_event() -> None:
    found = [each for each in read_xes(io.BytesIO(DATA)) if isinstance(each, Matter)]
    told = {each.row.cells["concept:name"]: len(each.events) for each in found}
    assert told == Counter(each[0] for each in small())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("照片\t\r\n🙂", "照片\t\r\n🙂"), ("\x00\x1b\ufffe", "\ufffd" * 3), ("\x7f\x85", "\x7f\x85")],
)
def test_characters_that_xml_lacks_get_a_sign(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_comment_of_others_does_no_harm() -> None:
    text = DATA.decode().replace("<event>", "<event><!-- seen -->", 1)
    assert heard(text.encode()) == small()

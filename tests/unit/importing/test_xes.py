"""XES: traces one by one, and nothing that an XML file might try."""

import gzip
import io
from pathlib import Path

import pytest

from sla_engine.errors import Refusal
from sla_engine.importing import xes
from sla_engine.importing.matter import Matter, Refused
from sla_engine.importing.source import Source
from sla_engine.importing.xes import read_xes
from tests.unit.importing.tables import complaints

TRACE = """<trace>
 <string key="concept:name" value="{0}"/>
 <date key="start" value="2011-10-11T13:42:22.688+02:00"><string key="nested" value="no"/></date>
 <event>
  <string key="concept:name" value="arrived"/>
  <list key="tags"><string key="nested" value="no"/></list>
 </event>
 <event><string key="concept:name" value="replied"/></event>
</trace>
"""
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<global scope="trace"><string key="concept:name" value="name"/></global>
<string key="concept:name" value="the log itself"/>
"""


def log(*traces: str) -> str:
    return "".join((HEAD, *traces, "</log>"))


def read(text: str | bytes) -> list[Matter | Refused]:
    return list(read_xes(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def names(found: list[Matter | Refused]) -> list[str]:
    return [each.row.cells["concept:name"] for each in found if isinstance(each, Matter)]


def refusal(text: str | bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read(text)
    return caught.value.code


def test_a_trace_has_its_own_attributes_and_those_of_its_events() -> None:
    (trace,) = read(log(TRACE.format("case-1")))
    assert isinstance(trace, Matter)
    assert trace.row.cells == {
        "concept:name": "case-1",
        "start": "2011-10-11T13:42:22.688+02:00",
    }
    assert [event.cells["concept:name"] for event in trace.events] == ["arrived", "replied"]
    assert [event.order for event in trace.events] == [1, 2]
    assert (trace.row.line, [event.line for event in trace.events], trace.size) == (6, [9, 13], 3)


def test_events_keep_the_order_of_the_file_and_start_anew_in_each_trace() -> None:
    found = read(log(TRACE.format(1), TRACE.format(2)))
    assert names(found) == ["1", "2"]
    assert [[e.order for e in each.events] for each in found if isinstance(each, Matter)] == [
        [1, 2],
        [1, 2],
    ]


def test_a_prefix_for_the_namespace_is_nothing_new() -> None:
    text = '<x:log xmlns:x="u"><x:trace><x:string key="concept:name" value="1"/></x:trace></x:log>'
    assert names(read(text)) == ["1"]


def test_another_encoding_is_read_as_the_file_declares() -> None:
    text = log(TRACE.format("Gemeente Zuidoost é")).replace("UTF-8", "ISO-8859-1")
    assert names(read(text.encode("latin-1"))) == ["Gemeente Zuidoost é"]


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE log [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE log SYSTEM "http://example.org/log.dtd">',
        "<!DOCTYPE log>",
    ],
)
def test_a_document_type_is_refused_before_anything_is_read(declared: str) -> None:
    text = log(TRACE.format(1)).replace("<log", f"{declared}<log", 1)
    assert refusal(text) == "IMPORT_XES_DOCTYPE"


def test_an_entity_nobody_declared_breaks_the_file() -> None:
    found = read(log(TRACE.format("&xxe;")))
    assert complaints(found) == [(7, "IMPORT_XES_BROKEN")]


def test_what_is_not_a_log_is_refused() -> None:
    assert refusal("<html/>") == "IMPORT_XES_NOT_A_LOG"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "IMPORT_FILE_EMPTY"


@pytest.mark.parametrize("rest", ["<trace>", "<trace></event>", "", "\0", "plain & text"])
def test_a_file_that_breaks_off_keeps_what_came_before(rest: str) -> None:
    found = read(f"{HEAD}{TRACE.format(1)}{TRACE.format(2)}{rest}")
    assert names(found) == ["1", "2"]
    assert [code for _, code in complaints(found)] == ["IMPORT_XES_BROKEN"]


def test_text_that_is_no_xml_is_reported_by_line() -> None:
    assert complaints(read("no,asked\n1,2024")) == [(1, "IMPORT_XES_BROKEN")]


def test_a_trace_beyond_the_limit_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xes, "TRACE_LIMIT", 2_000)
    long = TRACE.format("x" * 2_000)
    found = read(log(TRACE.format(1), long, TRACE.format(3)))
    assert names(found) == ["1", "3"]
    assert complaints(found) == [(15, "IMPORT_XES_TOO_LARGE")]


def test_a_trace_of_too_many_events_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xes, "TRACE_LIMIT", 2_000)
    many = f"<trace>{'<event/>' * 100}</trace>"
    found = read(log(TRACE.format(1), many, TRACE.format(3)))
    assert names(found) == ["1", "3"]
    assert [code for _, code in complaints(found)] == ["IMPORT_XES_TOO_LARGE"]


def test_a_tag_that_does_not_end_is_not_held_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xes, "TAG_LIMIT", 200_000)
    endless = io.BytesIO(f'{HEAD}{TRACE.format(1)}<trace a="'.encode() + b"x" * 5_000_000)
    found = list(read_xes(endless))
    assert names(found) == ["1"]
    assert [code for _, code in complaints(found)] == ["IMPORT_XES_TOO_LARGE"]
    assert endless.tell() < 1_000_000


def test_elements_nested_without_end_are_refused() -> None:
    assert refusal(HEAD + "<list>" * 1_000) == "IMPORT_XES_TOO_LARGE"


def test_gzip_is_recognised_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    path.write_bytes(gzip.compress(log(TRACE.format(1)).encode()))
    with Source(path) as source:
        assert names(list(read_xes(source.stream))) == ["1"]
        assert (source.damage, source.fraction) == (None, 1.0)


@pytest.mark.parametrize("cut", [20, 200])
def test_a_gzip_that_breaks_off_keeps_what_came_before(tmp_path: Path, cut: int) -> None:
    packed = gzip.compress(log(*(TRACE.format(n) for n in range(5_000))).encode())
    path = tmp_path / "log.xes.gz"
    path.write_bytes(packed[: -cut * 10])
    with Source(path) as source:
        found = names(list(read_xes(source.stream)))
        assert found == [str(n) for n in range(len(found))]
        assert found
        assert source.damage is not None
        assert source.damage.code == "IMPORT_FILE_DAMAGED"


def test_a_gzip_with_a_wrong_byte_is_damaged(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(log(*(TRACE.format(n) for n in range(5_000))).encode()))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "log.xes.gz"
    path.write_bytes(packed)
    with Source(path) as source:
        found = list(read_xes(source.stream))
        assert source.damage is not None or complaints(found)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Refusal) as caught:
            Source(path)
        assert caught.value.code == "IMPORT_FILE_UNREADABLE"

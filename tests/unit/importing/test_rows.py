"""CSV as it comes: a good row is never lost to a bad one, and a bad one is never silent."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.errors import Refusal
from sla_engine.importing import rows
from sla_engine.importing.matter import Matter
from tests.unit.importing.tables import (
    CSV,
    EVENTS,
    HEADER,
    complaints,
    mapping,
    numbers,
    read,
)

GOOD = "{},2024-01-02,,complaint,,"


def file(*lines: str) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


def refusal(data: bytes | str, text: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as caught:
        read(data, mapping(text) if text else None)
    return [(fault.code, fault.found) for fault in caught.value.faults]


def test_a_row_is_read_by_the_names_of_the_header_with_its_line() -> None:
    first, second = read(file(GOOD.format(1), GOOD.format(2)))
    assert isinstance(first, Matter)
    assert isinstance(second, Matter)
    assert (first.row.line, second.row.line) == (2, 3)
    assert first.row.cells["no"] == "1"
    assert first.row.cells["asked"] == "2024-01-02"
    assert (first.events, first.size) == ((), 1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_they_do_anywhere(ending: str) -> None:
    data = file(GOOD.format(1), GOOD.format(2)).replace("\n", ending)
    assert numbers(read(data)) == ["1", "2"]


def test_the_last_line_need_not_end() -> None:
    assert numbers(read(file(GOOD.format(1)).rstrip("\n"))) == ["1"]


def test_blank_lines_are_passed_over_and_still_counted() -> None:
    found = read(file("", GOOD.format(1), "", "", "x,y"))
    assert numbers(found) == ["1"]
    assert complaints(found) == [(6, "IMPORT_ROW_COLUMNS")]


def test_a_quoted_field_may_hold_lines_delimiters_and_quotes() -> None:
    found = read(file('1,2024-01-02,,"com,\n""pla""int\n",,', GOOD.format(2), "x"))
    assert numbers(found) == ["1", "2"]
    assert isinstance(found[0], Matter)
    assert found[0].row.cells["kind"] == 'com,\n"pla"int\n'
    assert isinstance(found[1], Matter)
    assert found[1].row.line == 5
    assert complaints(found) == [(6, "IMPORT_ROW_COLUMNS")]


@pytest.mark.parametrize("bad", ["1,2", "1,2,3,4,5,6,7", "1"])
def test_a_row_with_another_number_of_columns_is_refused_with_both_numbers(bad: str) -> None:
    found = read(file(GOOD.format(1), bad, GOOD.format(2)))
    assert numbers(found) == ["1", "2"]
    assert complaints(found) == [(3, "IMPORT_ROW_COLUMNS")]
    fault = next(each for each in found if not isinstance(each, Matter)).faults[0]
    assert (fault.found, fault.allowed) == (str(bad.count(",") + 1), "6")


@pytest.mark.parametrize(
    "bad", ['1,"2024,,,,', '"1,2024-01-02,,complaint,,', '1,2024-01-02,,"comp"laint,,']
)
def test_a_quote_that_is_never_closed_takes_no_other_row_along(bad: str) -> None:
    lines = [GOOD.format(n) for n in range(10)]
    found = read(file(*lines[:5], bad, *lines[5:]))
    assert numbers(found) == [str(n) for n in range(10)]
    assert [line for line, _ in complaints(found)] == [7]


def test_an_open_quote_that_a_later_row_closes_takes_none_but_its_own() -> None:
    quoted = '{},2024-01-02,,"complaint",,'
    lines = [quoted.format(n) for n in range(6)]
    found = read(file(*lines[:3], '9,2024-01-02,,"complaint,,', *lines[3:]))
    assert numbers(found) == [str(n) for n in range(6)]
    assert [line for line, _ in complaints(found)] == [5]


def test_a_row_with_a_nul_byte_is_refused() -> None:
    found = read(file(GOOD.format(1), "2\0,2024-01-02,,complaint,,", GOOD.format(3)))
    assert numbers(found) == ["1", "3"]
    assert complaints(found) == [(3, "IMPORT_ROW_NUL")]


def test_a_field_beyond_the_limit_is_refused() -> None:
    long = "x" * (csv.field_size_limit() + 1)
    found = read(file(GOOD.format(1), f"2,2024-01-02,,{long},,", GOOD.format(3)))
    assert numbers(found) == ["1", "3"]
    assert complaints(found) == [(3, "IMPORT_ROW_TOO_LONG")]


def test_a_line_beyond_the_limit_is_refused_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROW_LIMIT", 100)
    found = read(file(GOOD.format(1), "y" * 99, "z" * 100, "w" * 1_000, GOOD.format(3)))
    assert numbers(found) == ["1", "3"]
    assert complaints(found) == [
        (3, "IMPORT_ROW_TOO_LONG"),
        (4, "IMPORT_ROW_TOO_LONG"),
        (5, "IMPORT_ROW_TOO_LONG"),
    ]


def test_a_row_of_many_lines_beyond_the_limit_is_refused_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "ROW_LIMIT", 100)
    lines = [GOOD.format(n) for n in range(8)]
    found = read(file('9,2024-01-02,,"complaint,,', *lines))
    assert numbers(found) == [str(n) for n in range(8)]
    assert complaints(found) == [(2, "IMPORT_ROW_TOO_LONG")]


def test_bytes_of_another_encoding_cost_their_own_row_alone() -> None:
    data = file(GOOD.format(1), GOOD.format("二"), GOOD.format(3)).encode("gb18030")
    found = read(data)
    assert numbers(found) == ["1", "3"]
    assert complaints(found) == [(3, "IMPORT_ROW_ENCODING")]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-8", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_chinese_is_read_in_the_encoding_the_mapping_declares(encoding: str, declared: str) -> None:
    of = mapping(CSV, ('format = "csv"', f'format = "csv"\nencoding = "{declared}"'))
    assert numbers(read(file(GOOD.format("来信一")).encode(encoding), of)) == ["来信一"]


def test_another_delimiter_may_be_declared() -> None:
    of = mapping(CSV, ('format = "csv"', 'format = "csv"\ndelimiter = ";"'))
    assert numbers(read(file(GOOD.format(1)).replace(",", ";"), of)) == ["1"]


def test_an_empty_file_is_refused() -> None:
    assert refusal("") == [("IMPORT_FILE_EMPTY", "")]
    assert refusal("\n\n") == [("IMPORT_FILE_EMPTY", "")]


def test_a_header_alone_is_a_file_without_rows() -> None:
    assert read(HEADER) == []


def test_missing_columns_are_all_named_with_those_that_are_there() -> None:
    header = HEADER.replace("asked", "askd").replace("phone", "tel")
    with pytest.raises(Refusal) as caught:
        read(header)
    assert [(fault.code, fault.found, fault.near) for fault in caught.value.faults] == [
        ("IMPORT_COLUMN_MISSING", "phone", ""),
        ("IMPORT_COLUMN_MISSING", "asked", "askd"),
    ]
    assert caught.value.faults[0].allowed == header.replace(",", ", ")


def test_a_file_without_a_header_shows_nothing_of_its_first_row() -> None:
    with pytest.raises(Refusal) as caught:
        read("7,2024-01-02,,complaint,张三,13800000000\n")
    assert {fault.allowed for fault in caught.value.faults} == {"-"}
    assert "13800000000" not in str(caught.value)


def test_a_column_that_comes_twice_is_refused_only_if_it_is_read() -> None:
    assert refusal(f"{HEADER},no") == [("IMPORT_COLUMN_TWICE", "no")]
    assert read(f"{HEADER},note,note") == []


def test_a_header_that_cannot_be_read_refuses_the_file() -> None:
    assert refusal(HEADER.replace("who", "w\0o")) == [("IMPORT_ROW_NUL", "")]


def test_neighbouring_event_rows_of_a_case_are_one_matter() -> None:
    lines = ("case,at,what", "a,1,x", "a,2,y", "b,3,x", "a,4,z")
    found = read("\n".join(lines), mapping(EVENTS))
    matters = [each for each in found if isinstance(each, Matter)]
    assert [[row.cells["at"] for row in each.events] for each in matters] == [
        ["1", "2"],
        ["3"],
        ["4"],
    ]
    assert [each.row for each in matters] == [each.events[0] for each in matters]
    assert [each.size for each in matters] == [2, 1, 1]
    assert [row.order for each in matters for row in each.events] == [1, 2, 3, 4]


def test_a_run_of_event_rows_beyond_the_limit_comes_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "RUN_LIMIT", 3)
    lines = ("case,at,what", *(f"a,{n},x" for n in range(7)))
    found = read("\n".join(lines), mapping(EVENTS))
    assert [each.size for each in found if isinstance(each, Matter)] == [3, 3, 1]


def test_rows_come_before_the_file_has_been_read_to_its_end() -> None:
    endless = _Endless()
    found = rows.read_csv(io.BufferedReader(endless), mapping())
    assert isinstance(next(found), Matter)
    assert endless.given < 100_000


class _Endless(io.RawIOBase):
    """A file that never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self._bytes = self._forever()

    def _forever(self) -> Iterator[int]:
        yield from f"{HEADER}\n".encode()
        while True:
            yield from f"{GOOD.format(1)}\n".encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        for place in range(len(buffer)):
            buffer[place] = next(self._bytes)
        self.given += len(buffer)
        return len(buffer)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=6))
def test_whatever_is_written_as_csv_is_read_as_it_was(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER.split(","), *table])
    found = read(text.getvalue())
    assert [list(each.row.cells.values()) for each in found if isinstance(each, Matter)] == table
    assert complaints(found) == []


@given(st.text(st.sampled_from('ab,"\n\0 ' + "\udc80"), max_size=30), st.integers(0, 4))
def test_whatever_one_line_holds_the_plain_rows_round_it_are_read(junk: str, place: int) -> None:
    good = [GOOD.format(f"good{n}") for n in range(4)]
    lines = [*good[:place], junk.replace("\n", ""), *good[place:]]
    found = read(file(*lines).encode("utf-8", "surrogateescape"))
    read_back = [number for number in numbers(found) if number.startswith("good")]
    assert read_back == [f"good{n}" for n in range(4)]

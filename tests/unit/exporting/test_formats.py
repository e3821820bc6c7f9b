"""Every format holds every event, and notices whatever was done to it."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sla_engine.errors import CATALOGUE, Refusal
from sla_engine.exporting.files import fresh, unpacked
from sla_engine.exporting.manifest import Selection, manifest_of
from sla_engine.exporting.run import Format, read
from tests.support.exported import ALL, exported, heard
from tests.support.given import instant
from tests.support.small_log import small

TEXTS = (Format.XES, Format.OCEL, Format.CSV)
REFUSALS = {"EXPORT_CUT", "EXPORT_DAMAGED", "EXPORT_UNREADABLE", "EXPORT_NEWER"}


def refusal(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        heard(data)
    return caught.value


@pytest.mark.parametrize("form", ALL)
def test_what_was_exported_is_read_again(form: Format) -> None:
    assert heard(exported(small(), form)) == small()


def test_wide_columns_are_read_again() -> None:
    assert heard(exported(small(), Format.CSV, wide=True)) == small()


@pytest.mark.parametrize("form", ALL)
def test_equal_logs_make_equal_files(form: Format) -> None:
    assert exported(small(), form) == exported(small(), form)


@pytest.mark.parametrize("form", ALL)
def test_the_manifest_says_how_much_there_is(form: Format) -> None:
    manifest, _ = read(io.BytesIO(exported(small(), form)), "log")
    assert (manifest.events, manifest.head, manifest.selection) == (len(small()), len(small()), {})
    assert manifest.taken_at == "2026-11-02T09:00:00+08:00"


# ------------------------------------------------------------------------------------ a selection

PART = Selection(since=instant("2025-01-23 09:10"), until=instant("2025-01-24 17:30"))


@pytest.mark.parametrize("form", ALL)
def test_a_part_says_so_and_makes_no_log(form: Format) -> None:
    found = refusal(exported(small(), form, PART))
    assert found.code == "EXPORT_PARTIAL"
    assert "2025-01-23T09:10:00+08:00" in found.faults[0].found


def lines(selection: Selection) -> list[tuple[str, str]]:
    text = exported(small(), Format.CSV, selection).decode("utf-8-sig")
    return [(each["stream"], each["activity"]) for each in csv.DictReader(io.StringIO(text))]


def test_a_selection_is_by_time_by_dossier_and_by_kind() -> None:
    assert lines(PART) == [
        ("petition/ZZ1", "dispatched"), ("petition/ZZ1", "step_done:onsite_arrived")
    ]  # fmt: skip
    assert {stream for stream, _ in lines(Selection(kinds=frozenset({"talk", "round"})))} == {
        "talk/水务局/1", "round/R1"
    }  # fmt: skip
    only = Selection(streams=frozenset({"petition/ZZ2"}), until=instant("2025-01-30 08:00"))
    assert [name for _, name in lines(only)] == ["registered", "merged"]


def test_where_nothing_is_selected_nothing_is_written() -> None:
    with pytest.raises(Refusal) as caught:
        exported(small(), Format.XES, Selection(since=instant("2030-01-01 00:00")))
    assert caught.value.code == "EXPORT_NOTHING"


# ----------------------------------------------------------------------------- what was done to it


@pytest.mark.parametrize("form", ALL)
def test_a_file_that_breaks_off_anywhere_is_refused(form: Format) -> None:
    data = exported(small(), form)
    whole = len(data.rstrip())
    for end in {*range(0, whole, max(1, whole // 150)), whole - 1, whole - 2}:
        # A line end that is missing at the very end is no loss.
        assert refusal(data[:end]).code in REFUSALS, end


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("水务局", "城管局"),
        ("2025-01-23T09:10:00+08:00", "2025-01-23T09:10:01+08:00"),
        ("onsite_arrived", "onsite_arrives"),
        ("petition.dispatched/1", "petition.dispatched/2"),
        ("petition.dispatched/1", "petition.resolved/1"),
        ("k2", "k3"),
    ],
)
def test_a_change_is_noticed_at_its_event(form: Format, before: str, after: str) -> None:
    data = exported(small(), form).decode()
    # Objects and traces repeat events for tools; what is read are the events.
    begin = data.index("registered/1")
    changed = data[:begin] + data[begin:].replace(before, after, 1)
    assert changed != data
    found = refusal(changed.encode())
    assert found.code == "EXPORT_DAMAGED"
    assert any(character.isdigit() for character in found.faults[0].where)


DEEP = "[" * 100_000


@pytest.mark.parametrize("odd", [None, 5, True, [], {}, 10**30, "9" * 30, DEEP])
@pytest.mark.parametrize("part", ["name", "value"])
def test_whatever_stands_for_a_word_of_ocel_is_damage(odd: object, part: str) -> None:
    """In the place of each attribute of the opening in turn."""
    log = json.loads(exported(small(), Format.OCEL))
    for attribute in log["events"][0]["attributes"]:
        before, attribute[part] = attribute[part], odd
        assert refusal(json.dumps(log).encode()).code == "EXPORT_DAMAGED"
        attribute[part] = before


@pytest.mark.parametrize("odd", ["", "9" * 30, "-1", DEEP, "null", "\0"])
def test_whatever_stands_in_a_cell_is_damage(odd: str) -> None:
    """In each cell of the second event in turn; the last column is the manifest's."""
    rows = list(csv.reader(io.StringIO(exported(small(), Format.CSV).decode("utf-8-sig"))))
    for column, before in enumerate(rows[2][:-1]):
        rows[2][column] = odd
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        if before != odd:
            assert refusal(text.getvalue().encode("utf-8-sig")).code == "EXPORT_DAMAGED"
        rows[2][column] = before


def test_a_manifest_without_end_is_unreadable() -> None:
    data = b'{"sla:manifest":' + b"[" * 100_000
    assert refusal(data).code in REFUSALS
    with pytest.raises(Refusal):
        manifest_of(DEEP, "log")


def test_the_place_of_a_change_is_named() -> None:
    place = {
        form: refusal(exported(small(), form).decode().replace("k2", "k3", 1).encode())
        .faults[0]
        .where
        for form in TEXTS
    }
    assert place[Format.CSV] == "log:3"
    assert place[Format.OCEL] == "log event 2"
    assert place[Format.XES].startswith("log:")


def swapped(rows: list[str]) -> list[str]:
    return [*rows[:2], rows[3], rows[2], *rows[4:]]


def doubled(rows: list[str]) -> list[str]:
    return [*rows[:3], rows[2], *rows[3:]]


def missing(rows: list[str]) -> list[str]:
    return [*rows[:3], *rows[4:]]


@pytest.mark.parametrize(
    ("change", "code"),
    [(swapped, "EXPORT_DAMAGED"), (doubled, "EXPORT_DAMAGED"), (missing, "EXPORT_CUT")],
)
def test_events_out_of_order_twice_or_missing_are_noticed(
    change: Callable[[list[str]], list[str]], code: str
) -> None:
    rows = exported(small(), Format.CSV).decode().split("\r\n")
    assert refusal("\r\n".join(change(rows)).encode()).code == code


@pytest.mark.parametrize("form", TEXTS)
def test_an_export_of_another_format_is_refused(form: Format) -> None:
    data = exported(small(), form)
    for before in (b'"format":1', b'""format"":1'):
        data = data.replace(before, before[:-1] + b"2")
    assert refusal(data).code == "EXPORT_NEWER"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"case,activity\r\n1,a\r\n", b"<log/>", b"<log><trace><event/></trace></log>",
        b"{}", b'{"events":[]}', b"PAR1", b"<html/>", b"\xff\xfe", b'{"sla:manifest":3}',
        b"<!DOCTYPE log><log/>",
    ],
)  # fmt: skip
def test_what_we_did_not_export_is_refused(data: bytes) -> None:
    assert refusal(data).code in REFUSALS


def test_a_foreign_parquet_file_is_refused() -> None:
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"case": ["1"]}), file)
    assert refusal(file.getvalue()).code == "EXPORT_UNREADABLE"


def test_without_pyarrow_parquet_is_refused_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = exported(small(), Format.PARQUET)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for attempt in (lambda: heard(data), lambda: exported(small(), Format.PARQUET)):
        with pytest.raises(Refusal) as caught:
            attempt()
        assert caught.value.code == "EXPORT_LIBRARY_MISSING"
    assert "sla-engine[bulk]" in CATALOGUE["EXPORT_LIBRARY_MISSING"].hint_en
    assert heard(exported(small(), Format.XES)) == small()


# ----------------------------------------------------------------------------------------- files


def put(path: Path, *parts: bytes) -> None:
    with fresh(path) as file:
        file.writelines(parts)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    with pytest.raises(TypeError):
        put(path, b"half", "no bytes")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    put(path, b"whole")
    assert path.read_bytes() == b"whole"
    with pytest.raises(Refusal) as caught:
        put(path)
    assert caught.value.code == "EXPORT_EXISTS"


def test_a_name_that_ends_in_gz_is_packed_and_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    put(path, b"text")
    assert gzip.decompress(path.read_bytes()) == b"text"
    path = path.rename(path.with_suffix(".odd"))
    with unpacked(path) as stream:
        assert stream.read() == b"text"

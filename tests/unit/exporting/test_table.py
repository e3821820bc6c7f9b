"""CSV for people with a spreadsheet, and Parquet for those with a query engine."""

import csv
import io
import json

import pytest

from sla_engine.exporting import parquet
from sla_engine.exporting.run import Format
from sla_engine.exporting.table import guarded, plain
from sla_engine.petition.events import Admitted
from sla_engine.rules.events import NoticeLoaded
from tests.support.exported import exported, heard, stored
from tests.support.small_log import meta, small

TEXT = exported(small(), Format.CSV).decode("utf-8")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_spreadsheet_knows_the_encoding_and_the_line_ends() -> None:
    assert TEXT.startswith("\ufeffstream,")
    assert TEXT.count("\r\n") == len(small()) + 1
    assert "\n" not in TEXT.replace("\r\n", "")


def test_a_row_is_an_event() -> None:
    first = rows(TEXT)[0]
    assert first["stream"] == "petition/ZZ1"
    assert first["activity"] == "registered"
    assert first["occurred_at"] == "2025-01-23T09:00:00+08:00"
    assert first["actor"] == "王"
    assert json.loads(first["body"])["kind"] == "投诉"
    assert [bool(each["export"]) for each in rows(TEXT)] == [True] + [False] * (len(small()) - 1)


def test_common_fields_get_columns_on_demand() -> None:
    wide = rows(exported(small(), Format.CSV, wide=True).decode())
    assert [each["data.unit"] for each in wide][:4] == ["", "水务局", "", "水务局"]
    assert wide[3]["data.due"] == "2025-01-24T17:30:00+08:00"
    assert wide[3]["data.act"] == "talk"


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-1", "@x", "\t=1", " =1", "＝1", "\r", "%0A", "|cmd", "'", "'=1", "''"]
)
def test_no_text_is_taken_for_a_formula_and_none_is_lost(text: str) -> None:
    assert guarded(text).startswith("'")
    assert plain(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "a=1", "12345", "市水务局", "{}", "a'b"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == plain(text) == text


def test_a_formula_in_a_fact_is_a_text_in_the_file() -> None:
    said = meta("2025-01-23 09:00", actor="=HYPERLINK(1)")
    kept = stored([("petition/=1", said, Admitted("=1"))])
    data = exported(kept, Format.CSV)
    assert rows(data.decode())[0]["actor"] == "'=HYPERLINK(1)"
    assert heard(data) == kept


def test_a_cell_may_be_longer_than_the_library_thinks_right() -> None:
    before = csv.field_size_limit()
    notice = NoticeLoaded("国办发明电", "d", 'a"b\r\nc,' * 30_000)
    kept = stored([("rules/notices", meta("2025-01-23 09:00"), notice)])
    assert heard(exported(kept, Format.CSV)) == kept
    assert csv.field_size_limit() == before


def test_parquet_has_types_groups_and_a_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet as library

    monkeypatch.setattr(parquet, "ROW_GROUP", 5)
    opened = library.ParquetFile(io.BytesIO(exported(small(), Format.PARQUET)))
    types = {field.name: str(field.type) for field in opened.schema_arrow}
    assert types["occurred_at"] == "timestamp[us, tz=Asia/Shanghai]"
    assert types["position"] == "int64"
    assert types["activity"] == "dictionary<values=string, indices=int32, ordered=0>"
    assert opened.metadata.num_row_groups == 4
    column = opened.metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert json.loads(opened.schema_arrow.metadata[b"sla-engine"])["events"] == len(small())
    table = opened.read().to_pydict()
    assert table["actor"][:2] == ["王", None]
    assert table["occurred_at"][0].isoformat() == "2025-01-23T09:00:00+08:00"

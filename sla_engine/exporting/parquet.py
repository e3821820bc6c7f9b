"""Parquet: typed columns, one row for each event, for data frames and query engines.

Needs pyarrow, which `pip install 'sla-engine[bulk]'` brings; nothing else here does.
"""

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import msgspec

from sla_engine.batches import batched
from sla_engine.errors import refuse, register
from sla_engine.exporting.line import (
    META_TEXTS,
    Line,
    activity,
    hear,
    meta_of,
    row_of,
    say,
)
from sla_engine.exporting.manifest import UNREADABLE, Manifest, manifest_of
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.serving.archive import Row

if TYPE_CHECKING:
    import pyarrow

LIBRARY_MISSING = register(
    "EXPORT_LIBRARY_MISSING",
    "没有安装 {found}，不能读写 Parquet",
    "{found} is not installed, so Parquet is neither written nor read",
    "安装：pip install 'sla-engine[bulk]'",
    "pip install 'sla-engine[bulk]'",
)

ROW_GROUP = 65_536
ZONE = "Asia/Shanghai"

_MANIFEST = b"sla-engine"
_READ_AT_ONCE = 4_096
_INTEGERS = ("version", "position", "seq")
_TIMES = ("occurred_at", "recorded_at")
_LONG = ("key", "cause", "body_digest", "body", "raw", "check", "stream")
COLUMNS = (
    "stream", "version", "position", "activity", "type", *_TIMES, "seq", *META_TEXTS,
    "body", "raw", "check",
)  # fmt: skip
_LARGEST = (1 << 63) - 1


def write(file: IO[bytes], snapshot: Snapshot) -> None:
    """All events in their order. Raises `EXPORT_LIBRARY_MISSING`."""
    arrow, parquet = _library()
    manifest = {_MANIFEST: msgspec.json.encode(snapshot.manifest)}
    schema = _schema(arrow).with_metadata(manifest)
    rows = (say(row, _render, _parse) for row in snapshot.in_order())
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batched(rows, ROW_GROUP):
            columns = zip(*batch, strict=True)
            arrays = [
                arrow.array(column, field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def read(file: IO[bytes], name: str) -> tuple[Manifest, Iterator[tuple[str, Row]]]:
    """The manifest, and each event with its place in the file.

    Raises `EXPORT_UNREADABLE`, `EXPORT_LIBRARY_MISSING` and what `manifest_of` does; the events
    `EXPORT_DAMAGED`.
    """
    arrow, parquet = _library()
    try:
        opened = parquet.ParquetFile(file)
    except (arrow.ArrowException, OSError) as error:
        raise refuse(UNREADABLE, name, type(error).__name__) from error
    text = (opened.schema_arrow.metadata or {}).get(_MANIFEST)
    if text is None or opened.schema_arrow.names != list(COLUMNS):
        raise refuse(UNREADABLE, name, ", ".join(opened.schema_arrow.names[:4]))
    return manifest_of(text.decode(), name), _events(arrow, opened, name)


def _events(arrow: Any, opened: Any, name: str) -> Iterator[tuple[str, Row]]:
    number = 0
    try:
        for batch in opened.iter_batches(_READ_AT_ONCE):
            for values in zip(*_columns(arrow, batch), strict=True):
                number += 1
                where = f"{name} row {number}"
                yield where, hear(values, _render, _parse, where)
    except (arrow.ArrowException, OSError) as error:
        raise refuse(UNREADABLE, f"{name} row {number + 1}", type(error).__name__) from error


def _columns(arrow: Any, batch: "pyarrow.RecordBatch") -> Iterable[list[Any]]:
    for column, name in zip(batch.columns, COLUMNS, strict=True):
        yield (column.cast(arrow.int64()) if name in _TIMES else column).to_pylist()


def _library() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415  an extra, and slow to load
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise refuse(LIBRARY_MISSING, "", "pyarrow") from error
    return pyarrow, pyarrow.parquet


def _schema(arrow: Any) -> Any:
    return arrow.schema([(name, _type(arrow, name)) for name in COLUMNS])


def _type(arrow: Any, name: str) -> Any:
    if name in _INTEGERS:
        return arrow.int64()
    if name in _TIMES:
        return arrow.timestamp("us", tz=ZONE)
    if name in _LONG:
        return arrow.string()
    return arrow.dictionary(arrow.int32(), arrow.string())


def _render(line: Line) -> tuple[Any, ...]:
    meta = line.meta
    return (
        line.stream, line.version, line.position, activity(line.event), line.wire,
        meta.occurred_at, meta.recorded_at, min(meta.seq, _LARGEST),
        *(getattr(meta, name) or None for name in META_TEXTS),
        msgspec.json.encode(line.body).decode(), line.raw or None, line.check,
    )  # fmt: skip


def _parse(values: tuple[Any, ...]) -> Row:
    stream, version, position, _, wire, occurred_at, recorded_at, seq = values[:8]
    texts = [text or "" for text in values[8 : 8 + len(META_TEXTS)]]
    body, raw, _ = values[-3:]
    meta = meta_of(occurred_at, recorded_at, seq, texts)
    told = msgspec.json.decode(body, type=dict)
    return row_of((stream, version, position), wire, meta, told, raw or "")

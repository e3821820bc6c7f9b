"""Partitions as Parquet: a folder for each, a file for each of its tables.

Any engine that reads Parquet can use the tables: texts are dictionary-encoded, instants are
microseconds in UTC, null where there is none. `events` holds every event as recorded
(MessagePack of `[meta, body]` under its wire name), for whatever the columns do not express.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sla_engine.bulk.facts import (
    NEVER,
    Coded,
    Facts,
    Grants,
    Ints,
    Lanes,
    Marks,
    Pauses,
    Petitions,
)
from sla_engine.record import EVENTS, Event, Meta, Recorded

_PART = "part-{:05d}"
_TRAIT = "trait."
_INSTANT = pa.timestamp("us", tz="UTC")
_OFFSETS = ("begins", "lanes")

T = TypeVar("T")


class Kept(NamedTuple):
    """One row an event, in the order of recording within its petition."""

    petition: Sequence[int]
    version: Sequence[int]
    position: Sequence[int]
    wire: Sequence[str]
    state: Sequence[bytes]


def write(folder: Path, partitions: Iterable[Facts]) -> list[Path]:
    """A folder for each partition, in `folder`, which must not hold any yet; their paths."""
    paths = []
    for number, facts in enumerate(partitions):
        path = folder / _PART.format(number)
        path.mkdir(parents=True)
        for name, table in facts.tables.items():
            pq.write_table(_table(table), path / f"{name}.parquet")
        pq.write_table(_events(facts), path / "events.parquet")
        paths.append(path)
    return paths


def parts(folder: Path) -> list[Path]:
    """The partitions of a folder, in order."""
    return sorted(folder.glob(_PART.format(0)[:5] + "*"))


def read(path: Path) -> Facts:
    """One partition. Its events are read when they are asked for."""
    tables = {
        name: pq.read_table(path / f"{name}.parquet")
        for name in ("petitions", "marks", "lanes", "pauses", "grants")
    }
    return Facts(
        _read_petitions(tables["petitions"]),
        _read(Marks, tables["marks"]),
        _read(Lanes, tables["lanes"]),
        _read(Pauses, tables["pauses"]),
        _read(Grants, tables["grants"]),
        lambda wanted: _recorded(path, wanted),
    )


# ------------------------------------------------------------------------------------ writing


def _table(table: Any) -> pa.Table:
    """A table of columns; of an offset, the row count of each petition is what is written."""
    columns: dict[str, pa.Array] = {}
    for name, column in table._asdict().items():
        if isinstance(column, Mapping):
            columns |= {f"{_TRAIT}{trait}": _coded(coded) for trait, coded in column.items()}
        elif isinstance(column, Coded):
            columns[name] = _coded(column)
        elif isinstance(table, Petitions) and name in _OFFSETS:
            columns[name] = pa.array(np.diff(column))
        else:
            columns[name] = _plain(column)
    return pa.table(columns)


def _coded(column: Coded) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(column.codes), pa.array(column.values, pa.string())
    )


def _plain(column: Any) -> pa.Array:
    if isinstance(column, np.ndarray) and column.dtype == np.int64:
        return pa.array(column, _INSTANT, mask=column == NEVER)
    return pa.array(column)


def _events(facts: Facts) -> pa.Table:
    encode = msgspec.msgpack.Encoder().encode
    rows = [
        (petition, each.version, each.position, each.event.WIRE, encode((each.meta, each.event)))
        for petition, events in facts.recorded(range(len(facts))).items()
        for each in events
    ]
    types = (pa.int32(), pa.int32(), pa.int64(), pa.string(), pa.binary())
    columns = zip(*rows, strict=True) if rows else ((),) * len(types)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(dict(zip(Kept._fields, arrays, strict=True)))


# ------------------------------------------------------------------------------------ reading


def _read(kind: type[T], table: pa.Table) -> T:
    named: dict[str, Any] = {"traits": _traits(table)}
    for name in table.column_names:
        if not name.startswith(_TRAIT):
            named[name] = _column(table[name])
    fields = cast(Any, kind)._fields
    return cast(T, cast(Any, kind)(**{name: named[name] for name in fields}))


def _read_petitions(table: pa.Table) -> Petitions:
    read = _read(Petitions, table)
    return read._replace(begins=_offsets(read.begins), lanes=_offsets(read.lanes))


def _offsets(counts: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _traits(table: pa.Table) -> Mapping[str, Coded]:
    return {
        name.removeprefix(_TRAIT): _column(table[name])
        for name in table.column_names
        if name.startswith(_TRAIT)
    }


def _column(chunks: pa.ChunkedArray) -> Any:
    column = chunks.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(column.type):
        return Coded(_codes(column), tuple(column.dictionary.to_pylist()))
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).fill_null(NEVER).to_numpy(zero_copy_only=False)
    if pa.types.is_string(column.type):
        return column.to_pylist()
    return column.to_numpy(zero_copy_only=False)


def _codes(column: pa.DictionaryArray) -> Any:
    return column.indices.to_numpy(zero_copy_only=False).astype(np.int32)


def _recorded(path: Path, wanted: Sequence[int]) -> Mapping[int, Sequence[Recorded]]:
    """The events of some petitions, as recorded."""
    streams = pq.read_table(path / "petitions.parquet", columns=["streams"])["streams"].to_pylist()
    filters = [("petition", "in", list(wanted))]
    table = pq.read_table(path / "events.parquet", filters=filters)
    found: dict[int, list[Recorded]] = {petition: [] for petition in wanted}
    decoders: dict[str, msgspec.msgpack.Decoder[tuple[Meta, Event]]] = {}
    for row in zip(*(table[name].to_pylist() for name in Kept._fields), strict=True):
        kept = dict(zip(Kept._fields, row, strict=True))
        wire = kept["wire"]
        if wire not in decoders:
            decoders[wire] = msgspec.msgpack.Decoder(GenericAlias(tuple, (Meta, EVENTS[wire])))
        meta, event = decoders[wire].decode(kept["state"])
        petition = kept["petition"]
        recorded = Recorded(streams[petition], kept["version"], kept["position"], meta, event)
        found[petition].append(recorded)
    return found

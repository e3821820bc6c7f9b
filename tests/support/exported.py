"""Rows as a store of their own, exported into bytes and read again."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sla_engine.exporting.manifest import Selection
from sla_engine.exporting.run import Format, read, write
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.record import Event, Meta
from sla_engine.serving.archive import Row
from sla_engine.store.codec import encode
from sla_engine.store.portable import Member
from tests.support.given import SHIPPED, instant

TAKEN = instant("2026-11-02 09:00")
ALL = tuple(Format)


class Rows:
    """A store as a snapshot sees it."""

    kind = "rows"

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def one(self, statement: str) -> Any:
        raise AssertionError(f"nobody asks {statement}")

    def rows(self, member: Member) -> Iterator[Row]:
        by_stream = member.order.startswith("originator_id")
        yield from sorted(self._rows, key=lambda row: row[:2] if by_stream else row[2:3])


def row(stream: str, version: int, position: int, meta: Meta, event: Event) -> Row:
    """An event as a store holds it."""
    return (stream, version, position, event.WIRE, encode((meta, event)))


def stored(events: Iterable[tuple[str, Meta, Event]]) -> list[Row]:
    """Events in the order of the log, with the versions and positions they get there."""
    versions: dict[str, int] = {}
    rows = []
    for position, (stream, meta, event) in enumerate(events, 1):
        versions[stream] = version = versions.get(stream, 0) + 1
        rows.append(row(stream, version, position, meta, event))
    return rows


def exported(
    rows: Sequence[Row], form: Format, selection: Selection | None = None, wide: bool = False
) -> bytes:
    """The file of an export."""
    file = io.BytesIO()
    snapshot = Snapshot(Rows(rows), selection or Selection(), TAKEN, lambda _count: None)
    write(file, form, snapshot, SHIPPED, wide)
    return file.getvalue()


def heard(data: bytes, name: str = "log") -> list[Row]:
    """The events of an export, in the order of the log."""
    _, rows = read(io.BytesIO(data), name)
    return sorted(rows, key=lambda each: each[2])

"""CSV (RFC 4180): one row for each event, in UTF-8 with a byte order mark, for a spreadsheet too.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. Such a text gets an
apostrophe in front, and so does one that begins with an apostrophe; reading takes one away again,
so nothing is lost. The first row carries the manifest.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import msgspec

from sla_engine.errors import refuse
from sla_engine.exporting.files import CUT, as_text
from sla_engine.exporting.line import (
    DAMAGED,
    META_TEXTS,
    Line,
    activity,
    hear,
    iso,
    kinds_of,
    meta_of,
    row_of,
    say,
    text_of,
)
from sla_engine.exporting.manifest import UNREADABLE, Manifest, manifest_of
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.serving.archive import Row
from sla_engine.worktime import parse_instant

_HEAD = ("stream", "version", "position", "activity", "type", "occurred_at", "recorded_at", "seq")
_BODY = ("body", "raw", "check")
COLUMNS = (*_HEAD, *META_TEXTS, *_BODY)
WIDE = (
    "region", "kind", "channel", "unit", "assignment", "step", "ground", "reason", "outcome",
    "satisfied", "clause", "rung", "act", "level", "tier", "due",
)  # fmt: skip
"""Fields of events that get a column of their own on demand."""

_PREFIX = "data."
_MANIFEST = "export"
_STRANGE = re.compile(r"'|[\s\x00-\x1f]|[=+\-@＝＋－＠|%]")
_APOSTROPHE = "'"
_LONGEST = 1 << 28


class _Form(NamedTuple):
    """Columns of a file; `wide` those that repeat fields of the event."""

    wide: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        return (*COLUMNS, *(f"{_PREFIX}{name}" for name in self.wide), _MANIFEST)

    def render(self, line: Line) -> list[str]:
        meta = line.meta
        body = msgspec.json.encode(line.body).decode()
        return [
            line.stream, str(line.version), str(line.position), activity(line.event), line.wire,
            iso(meta.occurred_at), iso(meta.recorded_at), str(meta.seq),
            *(getattr(meta, name) for name in META_TEXTS),
            body, line.raw, line.check, *self._repeated(line),
        ]  # fmt: skip

    def parse(self, cells: list[str]) -> Row:
        stream, version, position, _, wire, occurred_at, recorded_at, seq = cells[: len(_HEAD)]
        texts = cells[len(_HEAD) : len(_HEAD) + len(META_TEXTS)]
        body, raw, _ = cells[len(COLUMNS) - len(_BODY) : len(COLUMNS)]
        meta = meta_of(parse_instant(occurred_at), parse_instant(recorded_at), int(seq), texts)
        place = (stream, int(version), int(position))
        return row_of(place, wire, meta, msgspec.json.decode(body, type=dict), raw)

    def _repeated(self, line: Line) -> Iterable[str]:
        kinds = kinds_of(line.wire)
        for name in self.wide:
            yield text_of(kinds[name], line.body[name]) if name in line.body else ""


def write(file: IO[bytes], snapshot: Snapshot, wide: bool) -> None:
    """All events in their order; `wide`: with a column for each field of `WIDE`."""
    form = _Form(WIDE if wide else ())
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(form.header)
    manifest = msgspec.json.encode(snapshot.manifest).decode()
    for row in snapshot.in_order():
        said = say(row, form.render, form.parse)
        writer.writerow([*map(guarded, said), manifest])
        manifest = ""
    text.detach()


def read(file: IO[bytes], name: str) -> tuple[Manifest, Iterator[tuple[str, Row]]]:
    """The manifest, and each event with its place in the file.

    Raises `EXPORT_UNREADABLE` and what `manifest_of` does; the events `EXPORT_DAMAGED`.
    """
    cells = _cells(file, name)
    _, header = next(cells, (0, []))
    form = _form(header, name)
    first = next(cells, None)
    if first is None or len(first[1]) != len(header):
        raise refuse(CUT, name, "no event")
    manifest = manifest_of(first[1][-1], name)
    first[1][-1] = ""
    return manifest, _events(first, cells, form, name)


def _form(header: list[str], name: str) -> _Form:
    for form in (_Form(), _Form(WIDE)):
        if tuple(header) == form.header:
            return form
    raise refuse(UNREADABLE, name, ", ".join(header[:4]))


def _events(
    first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]], form: _Form, name: str
) -> Iterator[tuple[str, Row]]:
    number, cells = first
    width = len(form.header)
    while True:
        where = f"{name}:{number}"
        if len(cells) != width or cells[-1]:
            raise refuse(DAMAGED, where, f"{len(cells)} columns, {width} are right")
        said = list(map(plain, cells[:-1]))
        yield where, hear(said, form.render, form.parse, where)
        following = next(rest, None)
        if following is None:
            return
        number, cells = following


def _cells(file: IO[bytes], name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins on."""
    with as_text(file) as text:
        reader = csv.reader(text, strict=True)
        while True:
            begin = reader.line_num + 1
            try:
                with _roomy():
                    cells = next(reader, None)
            except csv.Error as error:
                code = CUT if "end of data" in str(error) else DAMAGED
                raise refuse(code, f"{name}:{begin}", str(error)) from error
            if cells is None:
                return
            yield begin, cells


@contextmanager
def _roomy() -> Iterator[None]:
    """A notice or a pack is one cell; the limit of the library is the whole process's."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if not text or text[0].isalnum() or not _STRANGE.match(text):
        return text
    return f"{_APOSTROPHE}{text}"


def plain(cell: str) -> str:
    """What a guarded cell says."""
    return cell.removeprefix(_APOSTROPHE)

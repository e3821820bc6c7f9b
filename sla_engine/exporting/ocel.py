"""OCEL 2.0 JSON: events in the order of the log, each with the objects it is about.

Every value is text, as the format's schema demands; its type is declared with the type of the
event. Event types carry the kind of dossier (`petition.dispatched`), so that events of the same
name on a petition and on a round stay apart. Members that only the whole log can tell (types,
objects) come behind the events, so nothing has to be held back.
"""

from collections.abc import Iterator
from typing import IO, Any

import msgspec

from sla_engine.errors import refuse
from sla_engine.exporting.json_stream import members
from sla_engine.exporting.line import (
    JSON,
    META_TEXTS,
    STRING,
    TIME,
    Line,
    activity,
    hear,
    iso,
    kinds_of,
    meta_of,
    row_of,
    say,
    texts_of,
    value_of,
)
from sla_engine.exporting.manifest import UNREADABLE, Manifest, kind_of, manifest_of
from sla_engine.exporting.ocel_objects import Objects, declared
from sla_engine.exporting.relations import relations
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.policy.rulebook import Rulebook
from sla_engine.serving.archive import Row
from sla_engine.worktime import parse_instant

Said = dict[str, Any]
"""An event as the file has it."""

MANIFEST = "sla:manifest"

_DATA = "data."
_ENVELOPE = {
    "stream": STRING, "version": "integer", "position": "integer", "type": STRING,
    "recorded_at": TIME, "seq": "integer", **dict.fromkeys(META_TEXTS, STRING),
    "raw": STRING, "check": STRING,
}  # fmt: skip


def write(file: IO[bytes], snapshot: Snapshot, rules: Rulebook) -> None:
    """All events and objects. `rules` tell how the clocks of a dossier stand; raises `Refusal` as
    `assess` where it has no pack for one."""
    objects, types = Objects(rules, snapshot), _Types()
    file.write(b'{"%s":%s,\n"events":[\n' % (MANIFEST.encode(), _json(snapshot.manifest)))
    _write_items(file, _events(snapshot, objects, types))
    file.write(b'],\n"eventTypes":[\n')
    _write_items(file, types.told())
    file.write(b'],\n"objects":[\n')
    _write_items(file, objects.told())
    file.write(b'],\n"objectTypes":[\n')
    _write_items(file, objects.types())
    file.write(b"]}\n")


def _events(snapshot: Snapshot, objects: Objects, types: "_Types") -> Iterator[Said]:
    for row in snapshot.in_order():
        said = say(row, render, parse)
        types.note(said)
        objects.note(row[0], said["relationships"])
        yield said


def _write_items(file: IO[bytes], items: Iterator[Said]) -> None:
    before = b""
    for item in items:
        file.write(before + _json(item))
        before = b",\n"
    file.write(b"\n")


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def read(file: IO[bytes], name: str) -> tuple[Manifest, Iterator[tuple[str, Row]]]:
    """The manifest, and each event with its place in the file.

    Raises `EXPORT_UNREADABLE`, `EXPORT_CUT`, `EXPORT_DAMAGED` and what `manifest_of` does.
    """
    found = members(file, name)
    key, value = next(found, ("", None))
    if key != MANIFEST:
        raise refuse(UNREADABLE, name, key or "{}")
    return manifest_of(_json(value).decode(), name), _heard(found, name)


def _heard(found: Iterator[tuple[str, Any]], name: str) -> Iterator[tuple[str, Row]]:
    number = 0
    for key, value in found:
        if key == "events":
            number += 1
            where = f"{name} event {number}"
            yield where, hear(value, render, parse, where)


# --------------------------------------------------------------------------------------- events


def render(line: Line) -> Said:
    """An event with its attributes and the objects it is about."""
    attributes = [(name, text) for name, text in _envelope(line) if text]
    attributes += [(_DATA + name, text) for name, _, text in texts_of(line)]
    return {
        "id": f"e{line.position}",
        "type": f"{kind_of(line.stream)}.{activity(line.event)}",
        "time": iso(line.meta.occurred_at),
        "attributes": [{"name": name, "value": text} for name, text in attributes],
        "relationships": [
            {"objectId": id_, "qualifier": qualifier} for id_, qualifier in relations(line)
        ],
    }


def parse(said: Said) -> Row:
    """The event that is told. Raises KeyError, TypeError or ValueError where none is."""
    told = {each["name"]: each["value"] for each in said["attributes"]}
    wire = told["type"]
    kinds = kinds_of(wire)
    names = [name.removeprefix(_DATA) for name in told if name.startswith(_DATA)]
    body = {name: value_of(kinds[name], told[_DATA + name]) for name in names}
    meta = meta_of(
        parse_instant(said["time"]),
        parse_instant(told["recorded_at"]),
        int(told.get("seq", "0")),
        [told.get(name, "") for name in META_TEXTS],
    )
    place = (told["stream"], int(told["version"]), int(told["position"]))
    return row_of(place, wire, meta, body, told.get("raw", ""))


def _envelope(line: Line) -> Iterator[tuple[str, str]]:
    meta = line.meta
    yield "stream", line.stream
    yield "version", str(line.version)
    yield "position", str(line.position)
    yield "type", line.wire
    yield "recorded_at", iso(meta.recorded_at)
    yield "seq", str(meta.seq) if meta.seq else ""
    for name in META_TEXTS:
        yield name, getattr(meta, name)
    yield "raw", line.raw
    yield "check", line.check


class _Types:
    """Types of the events that occur, with the attributes they may have."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}

    def note(self, said: Said) -> None:
        wire = next(each["value"] for each in said["attributes"] if each["name"] == "type")
        fields = self._known.setdefault(said["type"], dict(_ENVELOPE))
        for name, kind in kinds_of(wire).items():
            fields[_DATA + name] = STRING if kind == JSON else kind

    def told(self) -> Iterator[Said]:
        for name, fields in sorted(self._known.items()):
            yield declared(name, fields)

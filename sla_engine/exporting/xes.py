"""XES (IEEE 1849): one trace for each dossier, in the order of their bytes.

Standard attributes carry what they stand for (`org:resource` who did it, `org:group` their unit);
`sla:` is the rest of the envelope, `data:` a field of the event itself. Attributes of a trace
repeat its opening event, for tools that look for them there.
"""

import re
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.sax.saxutils import quoteattr

import msgspec

from sla_engine.exporting.line import (
    BOOLEAN,
    INTEGER,
    META_TEXTS,
    TIME,
    Line,
    activity,
    iso,
    kinds_of,
    meta_of,
    row_of,
    say,
    texts_of,
    value_of,
)
from sla_engine.exporting.manifest import kind_of
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.serving.archive import Row
from sla_engine.worktime import parse_instant

MANIFEST = "sla:manifest"
NAME = "concept:name"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
<string key="sla:kind" value=""/>
<string key="sla:id" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<string key="lifecycle:transition" value="complete"/>
<date key="time:timestamp" value="1970-01-01T08:00:00+08:00"/>
<string key="sla:type" value=""/>
</global>
<classifier name="Activity" scope="event" keys="concept:name"/>
<classifier name="Type" scope="event" keys="sla:type"/>
<string key="lifecycle:model" value="standard"/>
"""
_STANDARD = {"actor": "org:resource", "role": "org:role", "unit": "org:group"}
_TAGS = {TIME: "date", INTEGER: "int", BOOLEAN: "boolean"}
_OWN, _DATA = "sla:", "data:"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile('[&<>"\t\n\r]')
_LARGEST = 1 << 63

Attribute = tuple[str, str, str]
"""Tag, key and value."""


class Said(NamedTuple):
    """An event as the file has it: the name of its trace, and the event's own attributes."""

    trace: str
    attributes: tuple[Attribute, ...]


def write(file: IO[bytes], snapshot: Snapshot) -> None:
    """All dossiers of which something is selected."""
    manifest = msgspec.json.encode(snapshot.manifest).decode()
    file.write(_HEAD.encode() + _xml(("string", MANIFEST, manifest)))
    for _, rows in snapshot.dossiers():
        chosen = (row for row in rows if snapshot.selection.takes(row))
        first = next(chosen, None)
        if first is not None:
            _write_trace(file, first, chosen)
    file.write(b"</log>\n")


def _write_trace(file: IO[bytes], first: Row, rest: Iterator[Row]) -> None:
    opening = say(first, render, parse)
    file.write(b"<trace>\n")
    for attribute in of_trace(opening, first[1] == 1):
        file.write(_xml(attribute))
    file.write(_event(opening))
    for row in rest:
        file.write(_event(say(row, render, parse)))
    file.write(b"</trace>\n")


def of_trace(opening: Said, opens: bool) -> Iterator[Attribute]:
    """Attributes of a trace, by its first event; `opens`: that is the dossier's own first."""
    name = opening.trace
    yield "string", NAME, name
    yield "string", f"{_OWN}kind", kind_of(name)
    yield "string", f"{_OWN}id", name.partition("/")[2]
    if opens:
        yield from (each for each in opening.attributes if each[1].startswith(_DATA))


def _event(said: Said) -> bytes:
    return b"<event>\n" + b"".join(map(_xml, said.attributes)) + b"</event>\n"


def _xml(attribute: Attribute) -> bytes:
    tag, key, value = attribute
    quoted = quoteattr(value) if _SPECIAL.search(value) else f'"{value}"'
    return f'<{tag} key="{key}" value={quoted}/>\n'.encode()


def render(line: Line) -> Said:
    """An event as attributes."""
    return Said(clean(line.stream), tuple(_attributes(line)))


def parse(said: Said) -> Row:
    """The event that attributes tell. Raises KeyError or ValueError where they tell none."""
    told = {key: value for _, key, value in said.attributes}
    wire = told[f"{_OWN}type"]
    kinds = kinds_of(wire)
    names = [key.removeprefix(_DATA) for key in told if key.startswith(_DATA)]
    body = {name: value_of(kinds[name], told[_DATA + name]) for name in names}
    meta = meta_of(
        parse_instant(told["time:timestamp"]),
        parse_instant(told[f"{_OWN}recorded_at"]),
        int(told.get(f"{_OWN}seq", "0")),
        [told.get(_STANDARD.get(name, _OWN + name), "") for name in META_TEXTS],
    )
    place = (said.trace, int(told[f"{_OWN}version"]), int(told[f"{_OWN}position"]))
    return row_of(place, wire, meta, body, told.get(f"{_OWN}raw", ""))


def clean(text: str) -> str:
    """The text with a sign in place of each character that XML cannot carry."""
    return text if text.isprintable() else _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _attributes(line: Line) -> Iterator[Attribute]:
    meta = line.meta
    yield "date", "time:timestamp", iso(meta.occurred_at)
    yield "string", NAME, clean(activity(line.event))
    yield "string", "lifecycle:transition", "complete"
    yield "string", f"{_OWN}type", line.wire
    yield "int", f"{_OWN}version", str(line.version)
    yield "int", f"{_OWN}position", str(line.position)
    yield "date", f"{_OWN}recorded_at", iso(meta.recorded_at)
    if meta.seq:
        yield "int", f"{_OWN}seq", str(min(meta.seq, _LARGEST - 1))
    for name in META_TEXTS:
        if text := getattr(meta, name):
            yield "string", _STANDARD.get(name, _OWN + name), clean(text)
    for name, kind, text in texts_of(line):
        yield _tag(kind, text), _DATA + name, clean(text)
    if line.raw:
        yield "string", f"{_OWN}raw", line.raw
    yield "string", f"{_OWN}check", line.check


def _tag(kind: str, text: str) -> str:
    """The tag for a field; what no tag of its kind may hold is a string."""
    if text == "null" or (kind == INTEGER and not -_LARGEST <= int(text) < _LARGEST):
        return "string"
    return _TAGS.get(kind, "string")

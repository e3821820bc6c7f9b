"""One event in words that any format can carry, and the event those words mean.

Instants are told as local time with offset, to the microsecond; empty fields are left out. What
the words of a format cannot carry exactly (bytes that an older release wrote, characters that XML
does not know) goes along as bytes, in `raw`. Reading tells the event again and compares, so a file
in which anything was changed is noticed at that event.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec

from sla_engine.dossier.events import RungFired, StepDone
from sla_engine.errors import Refusal, refuse, register
from sla_engine.record import EVENTS, Event, Instant, Meta
from sla_engine.serving.archive import Row
from sla_engine.store.codec import decode, encode
from sla_engine.worktime import format_instant, parse_instant

DAMAGED = register(
    "EXPORT_DAMAGED",
    "与导出时不同（{found}）",
    "not what was exported ({found})",
    "文件被改动过；重新导出",
    "the file was changed; export it again",
)

INSTANTS = frozenset(
    {
        "at", "begins", "due", "effective", "ends", "expected_until", "expires_at", "floor",
        "known_at", "new_due", "old_due", "scheduled_at", "told_at", "until",
    }
)  # fmt: skip
"""Fields of events that hold instants, whatever the event."""

META_TEXTS = (
    "actor", "role", "unit", "source", "key", "cause", "pack", "calendar", "anomaly",
    "body_digest", "precision",
)  # fmt: skip
"""Fields of the envelope that are text."""

STRING, TIME, INTEGER, BOOLEAN, JSON = "string", "time", "integer", "boolean", "json"
"""How a field of an event is told."""

X = TypeVar("X")
Body = dict[str, Any]

_NONE = "null"
_EARLIEST = 0
_LATEST = parse_instant("2200-12-31T23:59:59.999999+08:00")
_CHECK = 16
_WRONG = (
    Refusal, msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, OverflowError,
    RecursionError, binascii.Error,
)  # fmt: skip
_KINDS = MappingProxyType({str: STRING, int: INTEGER, bool: BOOLEAN})


class Line(NamedTuple):
    """An event and its words. `wire` is today's name of the event; `check` a digest of its row;
    `raw` empty where the words say all."""

    stream: str
    version: int
    position: int
    wire: str
    meta: Meta
    event: Event
    body: Body
    check: str
    raw: str = ""


class Field(NamedTuple):
    """A field of an event: how it is told, and what it is when it is left out."""

    name: str
    kind: str
    required: bool
    default: Any


# ----------------------------------------------------------------------------- a row and its words


def line_of(row: Row) -> Line:
    """An event as stored, in words. Raises `Refusal` as `codec.decode`."""
    stream, version, position, wire, state = row
    meta, event = decode(wire, state)
    return Line(stream, version, position, event.WIRE, meta, event, told(event), _check(row))


def row_of(place: tuple[str, int, int], wire: str, meta: Meta, body: Body, raw: str) -> Row:
    """What is stored of an event that was told: `place` is stream, version and position."""
    if raw:
        row: Row = msgspec.msgpack.decode(base64.b64decode(raw, validate=True), type=_ROW)
        return row
    return (*place, wire, encode((meta, event_of(wire, body))))


def say(row: Row, render: Callable[[Line], X], parse: Callable[[X], Row]) -> X:
    """An event as a format has it: by `render`, with its bytes where `parse` could not tell it
    from that alone."""
    line = line_of(row)
    said = render(line)
    try:
        faithful = parse(said) == row
    except _WRONG:
        faithful = False
    return said if faithful else render(line._replace(raw=_packed(row)))


def hear(said: X, render: Callable[[Line], X], parse: Callable[[X], Row], where: str) -> Row:
    """The event that a format tells. Raises `EXPORT_DAMAGED` if it is not as it was told."""
    try:
        row = parse(said)
        told_again = say(row, render, parse)
    except _WRONG as error:
        raise refuse(DAMAGED, where, _reason(error)) from error
    if told_again != said:
        raise refuse(DAMAGED, where, _difference(said, told_again))
    return row


def meta_of(occurred_at: Instant, recorded_at: Instant, seq: int, texts: Iterable[str]) -> Meta:
    """The envelope; `texts` in the order of `META_TEXTS`."""
    named = dict(zip(META_TEXTS, texts, strict=True))
    return Meta(occurred_at=occurred_at, recorded_at=recorded_at, seq=seq, **named)


def activity(event: Event) -> str:
    """What a process map shows: the event's name, a milestone and an act with their own."""
    if isinstance(event, StepDone):
        return f"{event.NAME}:{event.step}"
    if isinstance(event, RungFired):
        return f"{event.NAME}:{event.act}"
    return event.NAME


# ----------------------------------------------------------------------------------- the event


def told(event: Event) -> Body:
    """The event's fields as JSON knows them; empty ones are left out."""
    body: Body = {}
    for name, kind, _, default in fields_of(type(event)):
        value = getattr(event, name)
        if not value and not isinstance(value, int) and value == default:
            continue
        if kind == TIME and value is not None:
            value = iso(value)
        body[name] = value if kind != JSON else msgspec.to_builtins(value)
    return body


def event_of(wire: str, body: Body) -> Event:
    """The event that was told. Raises KeyError, ValueError, `Refusal` or msgspec's errors."""
    cls = EVENTS[wire]
    fields, values = fields_of(cls), []
    if strange := body.keys() - {field.name for field in fields}:
        raise KeyError(min(strange))
    for name, kind, required, default in fields:
        value = body[name] if required else body.get(name, default)
        if kind == TIME and isinstance(value, str):
            value = parse_instant(value)
        values.append(value)
    return msgspec.convert(values, cls)


def text_of(kind: str, value: Any) -> str:
    """A field's value as text, for formats that have no JSON."""
    if kind == JSON or value is None:
        return msgspec.json.encode(value).decode()
    if kind == BOOLEAN:
        return "true" if value else "false"
    return str(value)


def value_of(kind: str, text: str) -> Any:
    """What the text of a field means. Raises ValueError."""
    if kind == INTEGER:
        return int(text)
    if kind == TIME and text == _NONE:
        return None
    if kind in (JSON, BOOLEAN):
        return msgspec.json.decode(text)
    return text


def texts_of(line: Line) -> Iterable[tuple[str, str, str]]:
    """Name, kind and text of each field that the event has."""
    kinds = kinds_of(line.wire)
    return [(name, kinds[name], text_of(kinds[name], value)) for name, value in line.body.items()]


def iso(at: Instant) -> str:
    """Local time with offset, to the microsecond."""
    return format_instant(min(max(at, _EARLIEST), _LATEST))


@lru_cache
def fields_of(cls: type[Event]) -> tuple[Field, ...]:
    """The fields of an event in their order."""
    hints = get_type_hints(cls)
    return tuple(
        Field(each.name, _kind(each.name, hints[each.name]), each.required, _default(each))
        for each in msgspec.structs.fields(cls)
    )


@lru_cache
def kinds_of(wire: str) -> dict[str, str]:
    """How the fields of an event are told, by name."""
    return {field.name: field.kind for field in fields_of(EVENTS[wire])}


def _kind(name: str, hint: Any) -> str:
    return TIME if name in INSTANTS else _KINDS.get(hint, JSON)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.required else field.default


# --------------------------------------------------------------------------------------- digests

_ROW = tuple[str, int, int, str, bytes]


def _packed(row: Row) -> str:
    return base64.b64encode(msgspec.msgpack.encode(row)).decode()


def _check(row: Row) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(row)).hexdigest()[:_CHECK]


def _reason(error: Exception) -> str:
    return error.code if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"


def _difference(said: Any, again: Any) -> str:
    """The first thing that differs, as far as it can be named."""
    pairs = zip(said, again, strict=False) if isinstance(said, list | tuple) else ()
    return next((f"{a!r} ≠ {b!r}" for a, b in pairs if a != b), "≠")

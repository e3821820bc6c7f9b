"""What is sent, in any of the ways it may be sent, and the answer in the way it is asked for.

One address takes JSON, MessagePack and CloudEvents 1.0 (structured, binary, batch). Whatever comes
is brought into the one form of docs/intake.md; everything behind here knows no media type.

A CloudEvent is a fact: `id` and `source` are the fact's own, `time` is `at`, `subject` says which
dossier ("petition/NO"), and `type` ends with the fact's type, behind a dot or alone. Extensions
are `by`, `role`, `unit`, `cause`, `seq` and `petitioner`; others are for those on the way. Personal
data stands in `data.personal`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.service.intake import FIELD_MISSING, FIELD_WRONG
from sla_engine.service.texts import decoded
from sla_engine.settings import Settings
from sla_engine.web.api.openapi import EVENT_TYPE, EVENTS_TYPE, JSON_TYPE, MSGPACK_TYPE
from sla_engine.web.problems import tell

PACKED = frozenset({MSGPACK_TYPE, "application/x-msgpack", "application/vnd.msgpack"})
TAKEN = (JSON_TYPE, MSGPACK_TYPE, EVENT_TYPE, EVENTS_TYPE)

BODY_UNKNOWN = tell(
    register(
        "BODY_UNKNOWN",
        "不收类型为“{found}”的内容；可用：{allowed}",
        "content of type {found} is not taken; there are: {allowed}",
        "在 Content-Type 中写明内容类型",
        "name the type of the content in Content-Type",
    ),
    415,
    {"Accept-Post": ", ".join(TAKEN)},
)
BODY_TOO_LARGE = tell(
    register(
        "BODY_TOO_LARGE",
        "请求内容超过 {allowed} 字节",
        "the body has more than {allowed} bytes",
        "分几次发送；已记录的再发无妨",
        "send it in parts; what was recorded before may be sent again",
    ),
    413,
)
BATCH_TOO_LARGE = tell(
    register(
        "BATCH_TOO_LARGE",
        "一批 {found} 件，超过上限 {allowed}",
        "a batch of {found} facts, the limit is {allowed}",
        "分几次发送",
        "send it in parts",
    ),
    413,
)
BODY_BROKEN = tell(
    register(
        "BODY_BROKEN",
        "内容无法按 {allowed} 读出（{found}）",
        "the body cannot be read as {allowed} ({found})",
    ),
    400,
)
EVENT_WRONG = register(
    "EVENT_WRONG",
    "不是合格的 CloudEvents 1.0 事件（{found}）",
    "not an event by CloudEvents 1.0 ({found})",
)

_EXTENSIONS = ("by", "role", "unit", "cause", "seq", "petitioner")
_BINARY = "ce-specversion"
_WEIGHT = re.compile(r"[01](\.\d{0,3})?")
_DIGITS = 20
"""More of them are too many, however long they are."""

_UNREADABLE = (ValueError, TypeError, RecursionError, OverflowError, AttributeError)
# Quoted in an error, a value might be somebody's name or number.
_WHERE = re.compile(r" \(.*|:.*", re.DOTALL)


class Sent(NamedTuple):
    """What was sent, in the form of docs/intake.md and not looked at yet; a `Refusal` in place of
    an event that is none. `many`: as a batch, which is answered as one, however few there are.
    `size`: bytes of all of it."""

    values: Sequence[Any]
    many: bool
    size: int = 0


async def received(request: Request, settings: Settings) -> Sent:
    """The body of a request. Raises `Refusal`: BODY_UNKNOWN, BODY_TOO_LARGE, BATCH_TOO_LARGE,
    BODY_BROKEN, EVENT_WRONG."""
    kind = _kind(request)
    body = await _read(request, settings.body_limit)
    sent = _decoded(kind, request.headers, body)
    if len(sent.values) > settings.batch_limit:
        raise refuse(BATCH_TOO_LARGE, "", len(sent.values), str(settings.batch_limit))
    return sent._replace(size=len(body))


def answer(
    request: Request, document: object, status: int = 200, headers: Mapping[str, str] = {}
) -> Response:
    """JSON, or MessagePack where that is preferred."""
    if packed(request):
        return Response(msgspec.msgpack.encode(document), status, headers, MSGPACK_TYPE)
    return Response(msgspec.json.encode(document), status, headers, JSON_TYPE)


def packed(request: Request) -> bool:
    """Whether the answer is to be MessagePack: it is named, and JSON is not preferred to it."""
    weights = dict(map(_weighted, request.headers.get("accept", "").split(",")))
    named = max((weights[each] for each in PACKED if each in weights), default=0.0)
    wide = weights.get("application/*", weights.get("*/*", 0.0))
    return named > 0 and named >= weights.get(JSON_TYPE, wide)


def _weighted(part: str) -> tuple[str, float]:
    """A media type of an Accept with its weight; 0 of one that is no number."""
    kind, *parameters = (each.strip().lower() for each in part.split(";"))
    weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return kind, float(weight) if _WEIGHT.fullmatch(weight) else 0.0


# --------------------------------------------------------------------------------------- reading


def _kind(request: Request) -> str:
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = MSGPACK_TYPE if named in PACKED else named
    if kind not in TAKEN:
        raise refuse(BODY_UNKNOWN, "", named, ", ".join(TAKEN))
    return kind


async def _read(request: Request, limit: int) -> bytes:
    """Counts while it reads: what is said of a body's length need not be so."""
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise refuse(BODY_TOO_LARGE, "", "", str(limit))
        more = message.get("more_body", False)
    return bytes(body)


def _decoded(kind: str, headers: Mapping[str, str], body: bytes) -> Sent:
    if kind == EVENTS_TYPE:
        return Sent([_fact_or_refusal(each) for each in _array(_plain(kind, body))], True)
    if kind == EVENT_TYPE:
        return Sent([_fact_or_refusal(_plain(kind, body))], False)
    if _BINARY in headers:
        return Sent([_binary(kind, headers, body)], False)
    value = _plain(kind, body)
    return Sent(value, True) if isinstance(value, list) else Sent([value], False)


def _plain(kind: str, body: bytes) -> Any:
    try:
        if kind == MSGPACK_TYPE:
            # By way of JSON: binary and extension types, and keys that are no texts, end here.
            return decoded(msgspec.json.encode(msgspec.msgpack.decode(body)))
        return decoded(body)
    except _UNREADABLE as error:
        found = _WHERE.sub("", str(error)) or type(error).__name__
        raise refuse(BODY_BROKEN, "", found, kind) from None


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise refuse(EVENT_WRONG, "", type(value).__name__)
    return value


# ------------------------------------------------------------------------------------ CloudEvents


class _Event(CloudEvent):
    """The kit would make up an id or a time that is not there."""

    def __init__(
        self, attributes: dict[str, Any], data: dict[str, Any] | str | bytes | None = None
    ) -> None:
        missing = [name for name in ("specversion", "id") if name not in attributes]
        if missing:
            raise Refusal([Fault(FIELD_MISSING, name) for name in missing])
        self.timed = "time" in attributes
        super().__init__(attributes, data)


def _fact_or_refusal(value: Any) -> Any:
    """Of one event of a batch the others know nothing."""
    try:
        return _structured(value)
    except Refusal as refusal:
        return refusal


def _structured(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refuse(EVENT_WRONG, "", type(value).__name__)
    with _told():
        event = JSONFormat().read(_Event, json.dumps(value))
    data = event.get_data()
    return _fact_of(event, _in_base64(event, data) if isinstance(data, bytes) else data)


def _in_base64(event: BaseCloudEvent, data: bytes) -> Any:
    """What stood in `data_base64`, by the type that the event names; JSON where it names none."""
    named = (event.get_datacontenttype() or JSON_TYPE).partition(";")[0].strip().lower()
    if named in PACKED:
        return _plain(MSGPACK_TYPE, data)
    return _plain(JSON_TYPE, data) if named == JSON_TYPE or named.endswith("+json") else data


def _binary(kind: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    with _told():
        event = from_binary(HTTPMessage(dict(headers), b""), JSONFormat(), _Event)
    return _fact_of(event, _plain(kind, body) if body else None)


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with an event by its own rules. Its values are not repeated."""
    try:
        yield
    except CloudEventValidationError as error:
        faults = [Fault(EVENT_WRONG, name, name) for name in error.errors]
        raise Refusal(faults) from None
    except _UNREADABLE as error:
        raise refuse(EVENT_WRONG, "", type(error).__name__) from None


def _fact_of(event: BaseCloudEvent, data: Any) -> Mapping[str, Any]:
    """The event as a fact."""
    attributes = event.get_attributes()
    fact = {name: attributes[name] for name in _EXTENSIONS if name in attributes}
    fact |= {"id": event.get_id(), "source": event.get_source()}
    fact["type"] = event.get_type().rpartition(".")[2]
    if isinstance(event, _Event) and event.timed:
        fact["at"] = attributes["time"].isoformat()
    if isinstance(seq := fact.get("seq"), str) and seq.isascii() and seq.isdigit():
        fact["seq"] = int(seq[:_DIGITS])
    if subject := event.get_subject():
        kind, _, name = subject.partition("/")
        if kind not in ADDRESSED or not name:
            allowed = " | ".join(f"{each}/…" for each in ADDRESSED)
            raise refuse(FIELD_WRONG, "subject", kind, allowed)
        fact[kind] = name
    return {**fact, **_data_of(data)}


def _data_of(data: Any) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict) or "personal" not in data:
        return {"data": data}
    plain = dict(data)
    return {"personal": plain.pop("personal"), "data": plain}

"""From what an upstream system sends to a typed submission, with every fault at once.

One submission is one JSON object (docs/intake.md). Personal data travels in `personal` alone and
is never echoed in an error. What is right, as nearly all of it is, is converted in one go; what is
not is read once more, field by field, to say everything that is wrong with it.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import msgspec

from sla_engine.dispute.events import DisputeOpened
from sla_engine.dossier.events import ACTS, VerdictSuperseded, Voided
from sla_engine.dossier.kind import Kind
from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.escalation.kinds import ADDRESSED, KINDS
from sla_engine.item.events import ItemListed
from sla_engine.petition.events import Absorbed, Dispatched, Registered, ReworkOrdered
from sla_engine.petition.kind import PETITION
from sla_engine.record import ENGINE, Event, Instant, type_name
from sla_engine.roster.events import Appointed
from sla_engine.round.events import RoundOpened
from sla_engine.service.texts import LONGEST, decoded, mended, overlong, storable
from sla_engine.talk.events import CauseAttached, CauseOverturned, TalkProposed
from sla_engine.worktime import parse_instant

INPUT_NOT_JSON = register(
    "INPUT_NOT_JSON",
    "不是合法的 JSON 对象（{found}）",
    "not a JSON object ({found})",
    "每行一个 JSON 对象，UTF-8 编码",
    "send one JSON object per line, in UTF-8",
)
INPUT_TOO_LONG = register(
    "INPUT_TOO_LONG",
    "本行 {found} 字节，超过上限 {allowed}",
    "this line has {found} bytes, the limit is {allowed}",
)
FIELD_UNKNOWN = register(
    "FIELD_UNKNOWN",
    "没有字段“{found}”；可用：{allowed}",
    "there is no field {found}; there are: {allowed}",
)
FIELD_MISSING = register("FIELD_MISSING", "缺少必填字段", "this field is required")
FIELD_WRONG = register(
    "FIELD_WRONG",
    "值 {found} 不对：应为 {allowed}",
    "found {found} where {allowed} is needed",
)
TYPE_UNKNOWN = register(
    "TYPE_UNKNOWN",
    "没有事件类型“{found}”；可用：{allowed}",
    "there is no event type {found}; there are: {allowed}",
)

ENVELOPE = {
    *ADDRESSED, "type", "id", "source", "at", "seq", "by", "role", "unit", "cause",
    "data", "personal", "petitioner",
}  # fmt: skip
INSTANTS = {"scheduled_at", "expected_until", "begins", "ends", "told_at"}
_ENGINE_ONLY = (*ACTS, Absorbed, CauseAttached, CauseOverturned, VerdictSuperseded)
_WITHHELD = "(withheld 不显示)"
# Integers up to here are the same in every JSON reader, and the log has room for their sums.
LARGEST = 2**53 - 1
# What stands in the wrong place may be somebody's name or number; only its type is shown.
_FREE_TEXT = (str, tuple[str, ...])
# What the envelope names and `data` therefore may not.
_NAMED_BY_ENVELOPE: dict[type[Event], tuple[str, ...]] = {
    Registered: ("no", "petitioner", "commitment"),
    TalkProposed: ("talk",),
    ItemListed: ("item",),
    RoundOpened: ("round",),
    DisputeOpened: ("dispute",),
    Appointed: ("region",),
}
_ADDRESS = " | ".join(ADDRESSED)


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as sent: parsed, not yet decided. `personal` never reaches an event. `seen`: at which
    version the dossier was when its sender looked, which is no part of the fact; None does not say.
    """

    stream: str
    event: Event
    source: str
    key: str
    occurred_at: Instant
    seq: int = 0
    actor: str = ""
    role: str = ""
    unit: str = ""
    cause: str = ""
    subject: str = ""
    personal: Mapping[str, str] = {}
    precision: str = ""
    seen: int | None = None


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """The types of what is sent."""

    type: str
    id: str
    source: str
    at: str
    petition: str = ""
    talk: str = ""
    item: str = ""
    round: str = ""
    dispute: str = ""
    roster: str = ""
    seq: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] = 0
    by: str = ""
    role: str = ""
    unit: str = ""
    cause: str = ""
    petitioner: str = ""
    data: dict[str, Any] = {}
    personal: dict[str, str] = {}


class Fields(NamedTuple):
    """What a sender may say in `data` for a class of events, and what they must."""

    known: Sequence[msgspec.structs.FieldInfo]
    required: Sequence[str]


class _Shape(NamedTuple):
    """What `data` may hold for a class of events: its fields with their defaults, those that must
    be there, those that are instants. `counts`: whether there are integers among them."""

    fields: Sequence[tuple[str, Any]]
    known: frozenset[str]
    required: frozenset[str]
    instants: frozenset[str]
    counts: bool


def parse_line(line: bytes, limit: int = 1_048_576) -> Submission:
    """One line of JSON; `limit` in bytes. Raises `Refusal` with every fault found."""
    if len(line) > limit:
        raise refuse(INPUT_TOO_LONG, "", len(line), str(limit))
    try:
        value = decoded(line)
        if isinstance(value, dict):
            return parse(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(INPUT_NOT_JSON, "", str(error)) from None
    raise refuse(INPUT_NOT_JSON, "", type(value).__name__)


def parse(value: Mapping[str, Any]) -> Submission:
    """One decoded object. Raises `Refusal` with every fault found."""
    return (_at_once(value) if storable(value) else None) or _field_by_field(value)


def _at_once(value: Mapping[str, Any]) -> Submission | None:
    """The submission, None where anything is wrong."""
    named = [name for name in ADDRESSED if name in value]
    texts = [each for each in value.values() if type(each) is str]
    sound = all(each.strip() and len(each) <= LONGEST for each in texts)
    if len(named) != 1 or not sound or ("personal" in value and named != [PETITION.name]):
        return None
    try:
        sent = msgspec.convert(value, _Envelope)
        name = value[named[0]]
        cls = accepted(named[0]).get(sent.type)
        event = _whole_event(cls, name, value) if cls and sent.source != ENGINE else None
        return _submission(value, named[0], event, parse_instant(sent.at)) if event else None
    except (msgspec.ValidationError, Refusal):
        return None


def _field_by_field(value: Mapping[str, Any]) -> Submission:
    """The same, with every fault found."""
    value, faults = mended(value)
    faults += _envelope_faults(value)
    event = None
    try:
        event = _event_of(value)
    except Refusal as refusal:
        faults += refusal.faults
    if event is None or faults:
        raise Refusal(faults)
    kind, _ = _addressed(value)
    return _submission(value, kind.name, event, parse_instant(value["at"]))


def _submission(value: Mapping[str, Any], kind: str, event: Event, at: Instant) -> Submission:
    name, given = value[kind], value.get
    return Submission(
        stream=f"{kind}/{name}",
        event=event,
        source=value["source"],
        key=value["id"],
        occurred_at=at,
        seq=given("seq", 0),
        actor=given("by", ""),
        role=given("role", ""),
        unit=given("unit", ""),
        cause=given("cause", ""),
        subject=_subject(value, name),
        personal=given("personal", {}),
    )


def _envelope_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    for name in sorted(set(value) - ENVELOPE):
        yield _unknown(FIELD_UNKNOWN, "", name, ENVELOPE)
    addressed = [name for name in ADDRESSED if name in value]
    if not addressed:
        yield Fault(FIELD_MISSING, _ADDRESS)
    elif len(addressed) > 1:
        yield Fault(FIELD_WRONG, _ADDRESS, ", ".join(addressed), "one of them 其中之一")
    for name in ("type", "id", "source", "at"):
        if name not in value:
            yield Fault(FIELD_MISSING, name)
    yield from _text_faults(value)
    seq = value.get("seq", 0)
    if type(seq) is not int or not 0 <= seq <= LARGEST:
        yield Fault(FIELD_WRONG, "seq", shorten(seq), "integer from 0 非负整数")
    if not isinstance(value.get("data", {}), dict):
        yield Fault(FIELD_WRONG, "data", type(value["data"]).__name__, "object 对象")
    if "petition" not in value and "personal" in value:
        yield Fault(FIELD_UNKNOWN, "", "personal", "a petition's facts alone 只随诉求件报送")
    yield from _personal_faults(value.get("personal", {}))
    if isinstance(value.get("at"), str):
        yield from _instant_faults("at", value["at"])


def _text_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    for name in sorted((ENVELOPE - {"seq", "data", "personal"}) & set(value)):
        if not isinstance(value[name], str) or not value[name].strip():
            found = _WITHHELD if name == "petitioner" else shorten(value[name])
            yield Fault(FIELD_WRONG, name, found, "non-empty text 非空文本")
    yield from overlong(value)
    if value.get("source") == ENGINE:
        yield Fault(FIELD_WRONG, "source", ENGINE, "the sender's own name 来源自己的名称")


def _personal_faults(personal: Any) -> Iterator[Fault]:
    if not isinstance(personal, dict) or not all(isinstance(v, str) for v in personal.values()):
        yield Fault(FIELD_WRONG, "personal", _WITHHELD, "object of texts 文本键值")


def _instant_faults(where: str, text: str) -> Iterator[Fault]:
    try:
        parse_instant(text)
    except Refusal as refusal:
        for fault in refusal.faults:
            yield Fault(fault.code, where, fault.found, fault.allowed)


def _addressed(value: Mapping[str, Any]) -> tuple[Kind, str]:
    name = next(name for name in ADDRESSED if name in value)
    return KINDS[name], value[name]


def _event_of(value: Mapping[str, Any]) -> Event | None:
    """The event; None where the envelope leaves open what it should be. Raises `Refusal`."""
    named = [each for each in ADDRESSED if isinstance(value.get(each), str)]
    readable = isinstance(value.get("type"), str) and isinstance(value.get("data", {}), dict)
    if len(named) != 1 or not readable:
        return None
    kind, name = _addressed(value)
    return _event(_event_class(kind, value["type"]), name, value)


def _event_class(kind: Kind, name: str) -> type[Event]:
    known = accepted(kind.name)
    cls = known.get(name)
    if cls is None:
        raise Refusal(_unknown(TYPE_UNKNOWN, "type", name, known))
    return cls


@lru_cache
def accepted(kind: str) -> dict[str, type[Event]]:
    """Event types that may be sent for a kind of dossier, by name."""
    classes: tuple[type[Event], ...] = (*KINDS[kind].steps, Voided)
    return {type_name(each): each for each in classes if each not in _ENGINE_ONLY}


def fields_sent(cls: type[Event]) -> Fields:
    """The fields of an event as senders know them: without those that the envelope names."""
    named = _NAMED_BY_ENVELOPE.get(cls, ())
    known = [each for each in msgspec.structs.fields(cls) if each.name not in named]
    implied = _defaults(cls, "", {"type": "", "data": {}})
    return Fields(known, [e.name for e in known if e.required and e.name not in implied])


def _event(cls: type[Event], name: str, value: Mapping[str, Any]) -> Event:
    data = _defaults(cls, name, value)
    hints, fields = _hints(cls), {}
    faults = list(overlong(value.get("data", {}), "data."))
    known = set(cls.__struct_fields__) - {*_NAMED_BY_ENVELOPE.get(cls, ())}
    for unknown in sorted(set(data) - set(cls.__struct_fields__)):
        faults.append(_unknown(FIELD_UNKNOWN, "data", unknown, known))
    for field_name in cls.__struct_fields__:
        if field_name in data:
            try:
                fields[field_name] = _convert(field_name, data[field_name], hints[field_name])
            except Refusal as refusal:
                faults.extend(refusal.faults)
    required = cls.__struct_fields__[: len(cls.__struct_fields__) - len(cls.__struct_defaults__)]
    faults.extend(Fault(FIELD_MISSING, f"data.{each}") for each in required if each not in data)
    if faults:
        raise Refusal(faults)
    return cls(**fields)


def _whole_event(cls: type[Event], name: str, value: Mapping[str, Any]) -> Event | None:
    """The event converted in one go; None, or a `Refusal`, where anything is wrong."""
    data, shape = _defaults(cls, name, value), _shape(cls)
    if not shape.required <= data.keys() <= shape.known or next(overlong(data), None):
        return None
    for each in shape.instants & data.keys():
        if data[each] is not None:
            if not isinstance(data[each], str):
                return None
            data[each] = parse_instant(data[each])
    event = msgspec.convert([data.get(each, default) for each, default in shape.fields], cls)
    too_large = shape.counts and any(abs(each) > LARGEST for each in _integers(event))
    return None if too_large else event


@lru_cache
def _shape(cls: type[Event]) -> _Shape:
    fields = msgspec.structs.fields(cls)
    return _Shape(
        fields=[(each.name, _default(each)) for each in fields],
        known=frozenset(each.name for each in fields),
        required=frozenset(each.name for each in fields if each.required),
        instants=frozenset(each.name for each in fields) & INSTANTS,
        counts=_counts(cls),
    )


def _default(each: msgspec.structs.FieldInfo) -> Any:
    made = each.default_factory is not msgspec.NODEFAULT
    return each.default_factory() if made else each.default


def _counts(hint: Any) -> bool:
    """Whether a field may hold integers."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return any(_counts(each.type) for each in msgspec.structs.fields(hint))
    return hint is int or any(map(_counts, get_args(hint)))


def _defaults(cls: type[Event], name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """What the envelope already says and need not be repeated in `data`."""
    data = dict(value.get("data", {}))
    named = _NAMED_BY_ENVELOPE.get(cls, ())
    for each in named:
        if each in data:
            raise refuse(FIELD_UNKNOWN, "data", each, "the envelope names it")
    if named:
        data[named[0]] = name
    if cls is Registered:
        data["petitioner"] = _subject(value, name)
    if cls in (Dispatched, ReworkOrdered):
        data.setdefault("assignment", value.get("id", ""))
    if cls is Dispatched:
        data.setdefault("unit", "")
    return data


@lru_cache
def _hints(cls: type[Event]) -> dict[str, Any]:
    return get_type_hints(cls)


def _convert(name: str, value: Any, hint: Any) -> Any:
    where = f"data.{name}"
    if name in INSTANTS and value is not None:
        if not isinstance(value, str):
            raise refuse(FIELD_WRONG, where, value, "RFC 3339 time with offset 带时区的时间")
        faults = list(_instant_faults(where, value))
        if faults:
            raise Refusal(faults)
        return parse_instant(value)
    try:
        converted = msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        found = type(value).__name__ if hint in _FREE_TEXT else value
        raise refuse(FIELD_WRONG, where, found, str(error)) from None
    for each in _integers(converted):
        if abs(each) > LARGEST:
            raise refuse(FIELD_WRONG, where, shorten(each), f"-{LARGEST} … {LARGEST}")
    return converted


def _integers(value: Any) -> Iterator[int]:
    """Every integer in a field."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        yield from _integers(tuple(value.values()))
    elif isinstance(value, tuple):
        for each in value:
            yield from _integers(each)
    elif isinstance(value, msgspec.Struct):
        yield from _integers(msgspec.structs.astuple(value))


def _subject(value: Mapping[str, Any], name: str) -> str:
    """The petitioner's reference: as sent, else a registration gets one of its own."""
    own = f"of/{name}" if value["type"] == "registered" else ""
    return str(value.get("petitioner", own))


def _unknown(code: str, where: str, found: str, known: Any) -> Fault:
    names = sorted(known)
    near = difflib.get_close_matches(found, names, 1)
    return Fault(code, where, shorten(found), ", ".join(names), near[0] if near else "")

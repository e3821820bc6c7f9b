"""The body of an entry: one submission in JSON or in MessagePack, and whom it is about."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgpack
import msgspec

from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.service.intake import INPUT_TOO_LONG, Submission, parse_line
from sla_engine.service.texts import decoded, mended

BODY_UNREADABLE = register(
    "BODY_UNREADABLE",
    "既不是JSON对象也不是MessagePack对象（{found}）",
    "neither a JSON object nor a MessagePack map ({found})",
    "一条消息一件事实，放在字段 data 中",
    "send one fact in each entry, in its field `data`",
)

# A MessagePack map begins with one of these bytes, and JSON with none of them.
_MAPS = frozenset({*range(0x80, 0x90), 0xDE, 0xDF})
_UNREADABLE = (ValueError, RecursionError, TypeError)


class Address(NamedTuple):
    """Where a fact belongs, as far as that can be told; "" where it cannot. `subject` is the
    petitioner's reference, which stays within the process."""

    stream: str = ""
    source: str = ""
    key: str = ""
    subject: str = ""


def read_body(data: bytes, limit: int) -> Submission:
    """A submission; `limit` in bytes. Raises `Refusal` with every fault found."""
    if len(data) > limit:
        raise refuse(INPUT_TOO_LONG, "", len(data), str(limit))
    text = _as_json(data)
    try:
        return parse_line(text, len(text))
    except RecursionError as error:
        raise refuse(BODY_UNREADABLE, "", str(error)) from None


def address_in(data: bytes) -> Address:
    """Whom a body is about, which may be wrong in any way. A petition that names no petitioner is
    taken to have one of its own, as a registration would give it."""
    try:
        value, _ = mended(decoded(_as_json(data)))
    except Exception:
        return Address()
    if not isinstance(value, dict):
        return Address()
    kind = next((each for each in ADDRESSED if _text(value, each)), "")
    name = _text(value, kind)
    own = f"of/{name}" if kind == ADDRESSED[0] and name else ""
    return Address(
        f"{kind}/{name}" if kind else "",
        _text(value, "source"),
        _text(value, "id"),
        _text(value, "petitioner") or own,
    )


def veiled(subject: str, salt: str) -> str:
    """A subject's reference as it may stand in Redis beside a message: nobody reads it there, and
    it is another one beside each message. "" for nobody."""
    if not subject:
        return ""
    return blake2b(subject.encode(), key=salt.encode(), digest_size=16).hexdigest()


def _as_json(data: bytes) -> bytes:
    """There is one way in; MessagePack is brought into its form first."""
    if data[:1] and data[0] in _MAPS:
        try:
            return _transcribed(data)
        except _UNREADABLE as error:
            raise refuse(BODY_UNREADABLE, "", str(error)) from None
    return data


def _transcribed(data: bytes) -> bytes:
    try:
        return msgspec.json.encode(msgspec.msgpack.decode(data))
    except UnicodeDecodeError:
        # Half a surrogate pair is let through, for its field is to be named.
        return json.dumps(msgpack.unpackb(data, unicode_errors="surrogatepass")).encode()


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name, "")
    return found if isinstance(found, str) else ""

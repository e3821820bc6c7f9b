"""What JSON can say and not every store can keep: NUL, half of a surrogate pair, names without end.

It is refused where it comes in, with the field it stands in, so that the answer does not depend on
the store and one fact that has it does not spoil a batch.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sla_engine.errors import Fault, register

TEXT_UNSTORABLE = register(
    "TEXT_UNSTORABLE",
    "文本含有不能保存的字符 {found}",
    "the text holds the character {found}, which cannot be stored",
    "去掉 NUL（U+0000）和不成对的代理码（U+D800–U+DFFF）后重发",
    "leave out NUL (U+0000) and unpaired surrogates (U+D800–U+DFFF), then send it again",
)

NAME_TOO_LONG = register(
    "NAME_TOO_LONG",
    "名称或编号有 {found} 个字，超过上限 {allowed}",
    "this name or number has {found} characters, the limit is {allowed}",
)

LONGEST = 200
"""Characters of a name; several of them together are still a key that every store can hold."""

PROSE = frozenset({
    "basis", "claim", "contact", "despite", "document", "evidence", "finding", "ground", "items",
    "materials", "matter", "note", "outcome", "place", "project", "question", "reason", "remedy",
    "requirements", "title",
})  # fmt: skip
"""Fields that hold what people write. Every other text names something."""

_NUL = b"\\u0000"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Mended(NamedTuple):
    """A value without such characters, and a fault for each text that had one."""

    value: Any
    faults: list[Fault]


def mended(value: Any, where: str = "") -> Mended:
    """What stands in `personal` is named by that alone: its keys are a sender's own words."""
    faults: list[Fault] = []
    return Mended(_mend(value, where, faults), faults)


def storable(value: Any) -> bool:
    """Whether that is sure at a glance; where it is not, `mended` says."""
    try:
        return _NUL not in msgspec.json.encode(value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return False


def decoded(line: bytes) -> Any:
    """The value of a JSON text. Half a surrogate pair is let through, for its field is to be named.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError.
    """
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            value = json.loads(line.decode("utf-8", "surrogatepass"))
        except ValueError:
            value = None
        if not mended(value).faults:
            raise
        return value


def _mend(value: Any, where: str, faults: list[Fault]) -> Any:
    if isinstance(value, str):
        found = _UNSTORABLE.search(value)
        if found is None:
            return value
        faults.append(Fault(TEXT_UNSTORABLE, where, f"U+{ord(found[0]):04X}"))
        return _UNSTORABLE.sub(_REPLACEMENT, value)
    if isinstance(value, Mapping):
        pairs = ((_mend(key, where, faults), each) for key, each in value.items())
        return {key: _mend(each, _below(where, key), faults) for key, each in pairs}
    if isinstance(value, list | tuple):
        return [_mend(each, where, faults) for each in value]
    return value


def _below(where: str, key: object) -> str:
    if where == "personal":
        return where
    return f"{where}.{key}" if where else str(key)


def overlong(fields: Mapping[str, Any], where: str = "") -> Iterator[Fault]:
    """A fault for each name among these fields that is too long."""
    for field, value in fields.items():
        if field not in PROSE:
            for each in value if isinstance(value, list | tuple) else (value,):
                if isinstance(each, str) and len(each) > LONGEST:
                    yield Fault(NAME_TOO_LONG, f"{where}{field}", str(len(each)), str(LONGEST))

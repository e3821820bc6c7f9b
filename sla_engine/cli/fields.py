"""One JSON object from outside, read field by field; each refusal names field, value and remedy."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.policy.faults import nearest
from sla_engine.worktime import Instant, parse_date, parse_instant

INPUT_JSON = register(
    "INPUT_JSON",
    "不是合法的 JSON：{found}",
    "this is not valid JSON: {found}",
    "每行一个 JSON 对象，UTF-8 编码",
    "one JSON object to a line, in UTF-8",
)
INPUT_TYPE = register(
    "INPUT_TYPE",
    "“{found}”的类型不对",
    "{found!r} is of the wrong type",
    "应为{allowed}",
    "expected {allowed}",
)
INPUT_MISSING = register(
    "INPUT_MISSING", "缺少必填项", "a required field is missing", "补上{allowed}", "add {allowed}"
)
INPUT_FIELD = register(
    "INPUT_FIELD",
    "没有“{found}”这一项",
    "there is no field {found!r}",
    "可用的有：{allowed}",
    "known fields: {allowed}",
)
INPUT_CHOICE = register(
    "INPUT_CHOICE",
    "“{found}”不在可选之列",
    "{found!r} is not one of the choices",
    "可选：{allowed}",
    "choose from: {allowed}",
)
INPUT_RANGE = register(
    "INPUT_RANGE",
    "“{found}”超出范围",
    "{found} is out of range",
    "应在{allowed}之内",
    "it must lie in {allowed}",
)

MISSING = object()

_decoder = msgspec.json.Decoder()


def decode(line: bytes) -> Any:
    """JSON bytes -> plain values; raises `Refusal` INPUT_JSON."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(INPUT_JSON, "", str(error)) from None


class Fields:
    """Typed look-ups in one object; `known` are all the fields it may have."""

    __slots__ = ("_table", "where")

    def __init__(self, value: Any, where: str, known: frozenset[str]) -> None:
        if type(value) is not dict:
            raise refuse(INPUT_TYPE, where, _shown(value), "object")
        if not known.issuperset(value):
            extra = next(key for key in value if key not in known)
            raise _one_of(INPUT_FIELD, where, extra, sorted(known))
        self._table: Mapping[str, Any] = value
        self.where = where

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def place(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def get(self, key: str) -> Any:
        """The raw value; raises `Refusal` INPUT_MISSING."""
        try:
            return self._table[key]
        except KeyError:
            raise refuse(INPUT_MISSING, self.place(key), "", key) from None

    def all(self, keys: Sequence[str]) -> list[Any]:
        """Raw values in the order of `keys`, `MISSING` where left out."""
        table = self._table
        return [table.get(key, MISSING) for key in keys]

    def text(self, key: str) -> str:
        value = self.get(key)
        if type(value) is not str:
            raise self.wrong(key, value, "string")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when left out."""
        value = self._table.get(key, False)
        if type(value) is not bool:
            raise self.wrong(key, value, "true / false")
        return value

    def integer(self, key: str, lowest: int, highest: int) -> int:
        value = self.get(key)
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise self.wrong(key, value, "integer")
        if not lowest <= value <= highest:
            raise refuse(INPUT_RANGE, self.place(key), value, f"{lowest}..{highest}")
        return value

    def number(self, key: str, lowest: int, highest: int) -> Fraction | int:
        """A number without rounding: 0.1 is a tenth."""
        value = self.get(key)
        if type(value) is not int and type(value) is not float:
            raise self.wrong(key, value, "number")
        if not lowest <= value <= highest:
            raise refuse(INPUT_RANGE, self.place(key), value, f"{lowest}..{highest}")
        return value if type(value) is int else Fraction(repr(value))

    def choice(self, key: str, choices: Mapping[str, Any]) -> Any:
        value = self.text(key)
        if value not in choices:
            raise _one_of(INPUT_CHOICE, self.place(key), value, list(choices))
        return choices[value]

    def instant(self, key: str) -> Instant:
        return parse_instant(self.text(key), self.place(key))

    def date(self, key: str) -> date:
        return parse_date(self.text(key), self.place(key))

    def pauses(self, key: str) -> Iterator[tuple[Instant, Instant | None]]:
        """`[[instant, instant or null], ...]`; none when left out."""
        value = self._table.get(key, [])
        if type(value) is not list:
            raise self.wrong(key, value, "[[time, time or null], ...]")
        for index, pair in enumerate(value):
            where = f"{self.place(key)}[{index}]"
            if type(pair) is not list or [type(edge) for edge in pair] not in _PAIRS:
                raise refuse(INPUT_TYPE, where, _shown(pair), "[time, time or null]")
            begin, end = pair
            yield (
                parse_instant(begin, where),
                None if end is None else parse_instant(end, where),
            )

    def wrong(self, key: str, value: Any, expected: str) -> Refusal:
        return refuse(INPUT_TYPE, self.place(key), _shown(value), expected)


def _one_of(code: str, where: str, found: str, names: list[str]) -> Refusal:
    near = nearest(found[:80], names)
    return Refusal(Fault(code, where, shorten(found), ", ".join(names), near))


def _shown(value: Any) -> Any:
    """A scalar as it is; of anything larger only its kind."""
    return {dict: "object", list: "array", type(None): "null"}.get(type(value), value)


_PAIRS = ([str, str], [str, type(None)])

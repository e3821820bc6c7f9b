"""One TOML table, taken key by key; a key nobody asked for is a typing error with a near match."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.worktime import Instant, parse_date, parse_instant

SCENARIO_KEY_UNKNOWN = register(
    "SCENARIO_KEY_UNKNOWN",
    "没有“{found}”这个字段，可用的有：{allowed}",
    "there is no key {found!r}; there are: {allowed}",
)
SCENARIO_KEY_MISSING = register(
    "SCENARIO_KEY_MISSING",
    "缺少字段“{found}”",
    "the key {found!r} is missing",
)
SCENARIO_VALUE = register(
    "SCENARIO_VALUE",
    "“{found}”不是可用的值，应为：{allowed}",
    "{found!r} is not a usable value; it should be: {allowed}",
)

T = TypeVar("T")

_PERCENT = re.compile(r"\d+(?:\.\d+)?|none", re.ASCII)


class Table:
    """A table being read. Faults go to the common list; a key with a fault reads as its default."""

    def __init__(self, raw: Mapping[str, Any], where: str, faults: list[Fault]) -> None:
        self.raw = raw
        self.where = where
        self.faults = faults
        self.asked: list[str] = []

    def need(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The value of a key that must be there; None, with the fault noted, when it is not."""
        if key not in self.raw:
            self.asked.append(key)
            self.fault(SCENARIO_KEY_MISSING, self.where, key)
            return None
        return self.take(key, read)

    def take(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The value of a key, None when it is absent or wrong."""
        self.asked.append(key)
        if key not in self.raw:
            return None
        try:
            return read(self.raw[key])
        except Refusal as refusal:
            for each in refusal.faults:
                where = self.at(key, each.where)
                self.faults.append(Fault(each.code, where, each.found, each.allowed, each.near))
            return None

    def text(self, key: str) -> str:
        return self.take(key, text) or ""

    def flag(self, key: str) -> bool:
        return self.take(key, flag) or False

    def tables(self, key: str, lines: Sequence[int] = ()) -> list["Table"]:
        """The tables of an array, each with its place for people: `step 3 (line 40)`.

        `lines` are the line numbers of the array's headers, where they are known.
        """
        return [
            Table(raw, self.at(f"{key} {index}", *(f"(line {n})" for n in line)), self.faults)
            for index, raw in enumerate(self.take(key, dicts) or (), 1)
            for line in (lines[index - 1 : index],)
        ]

    def close(self) -> None:
        """Every key that was not asked for is a fault."""
        for key in self.raw:
            if key not in self.asked:
                self.faults.append(unknown(SCENARIO_KEY_UNKNOWN, self.at(key), key, self.asked))

    def fault(self, code: str, where: str, found: Any, allowed: str = "") -> None:
        self.faults.append(Fault(code, where, shorten(found), allowed))

    def at(self, *parts: str) -> str:
        return " ".join(part for part in (self.where, *parts) if part)


def unknown(code: str, where: str, found: str, names: Iterable[str]) -> Fault:
    """A fault for a name that is not among `names`, with the nearest one."""
    known = sorted(names)
    near = get_close_matches(found, known, 1)
    return Fault(code, where, shorten(found), ", ".join(known) or "-", near[0] if near else "")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refuse(SCENARIO_VALUE, "", value, "text")
    return value


def unit(value: Any) -> str:
    """A unit; "" is the centre."""
    return value if value == "" else text(value)


def texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise refuse(SCENARIO_VALUE, "", value, '["…", "…"]')
    return tuple(text(each) for each in value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise refuse(SCENARIO_VALUE, "", value, "true / false")
    return value


def number(value: Any) -> int:
    if type(value) is not int:
        raise refuse(SCENARIO_VALUE, "", value, "0, 1, 2 …")
    return value


def column(value: Any) -> object:
    """What a read model may hold: texts, numbers, lists and tables of them. An instant stands for
    its microseconds, a date for its text, `"none"` for nothing."""
    if value == "none":
        return None
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [column(each) for each in value]
    if isinstance(value, dict):
        return {name: column(each) for name, each in value.items()}
    if not isinstance(value, str | int | float):
        raise refuse(SCENARIO_VALUE, "", value, "text / 0, 1, 2 … / true / false / [ ] / { }")
    return value


def percent(value: Any) -> str:
    """A share in percent, as many decimals as are to be compared; `"none"`: of nothing."""
    if isinstance(value, bool) or not _PERCENT.fullmatch(str(value)):
        raise refuse(SCENARIO_VALUE, "", value, "98.62 / none")
    return str(value)


def instant(value: Any) -> Instant:
    """Text or a TOML date-time, always with its offset."""
    if isinstance(value, datetime):
        return parse_instant(value.isoformat())
    return parse_instant(text(value))


def moment(value: Any) -> Instant | None:
    """An instant, or `"none"` where there must not be one."""
    return None if value == "none" else instant(value)


def day(value: Any) -> date | None:
    """A TOML date or text; `"none"` where there must not be one."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return None if value == "none" else parse_date(text(value))


def calendar_day(value: Any) -> date:
    """A TOML date or text."""
    found = day(value)
    if found is None:
        raise refuse(SCENARIO_VALUE, "", value, "2024-09-30")
    return found


def one_of(names: Iterable[str]) -> Callable[[Any], str]:
    """A reader that takes one of these names."""

    def read(value: Any) -> str:
        if value not in names:
            raise Refusal(unknown(SCENARIO_VALUE, "", str(value), names))
        return str(value)

    return read


def table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refuse(SCENARIO_VALUE, "", value, "{ … }")
    return value


def dicts(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise refuse(SCENARIO_VALUE, "", value, "[ { … }, { … } ]")
    return [table(each) for each in value]

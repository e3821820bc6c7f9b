"""Notice and statute files, already read as tables, into notices and statutes.

A file is edited by a person, so every fault in it is reported at once.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sla_engine.errors import Fault, Refusal, register, shorten
from sla_engine.worktime.edition import Notice, Statute
from sla_engine.worktime.instant import EPOCH

CALENDAR_FIELD = register(
    "CALENDAR_FIELD",
    "“{found}”不能这样写",
    "{found!r} cannot stand here",
    "应为{allowed}",
    "expected {allowed}",
)
CALENDAR_MISSING = register(
    "CALENDAR_MISSING", "缺少必填项", "a required key is missing", "写上{allowed}", "add {allowed}"
)
CALENDAR_UNKNOWN = register(
    "CALENDAR_UNKNOWN",
    "没有“{found}”这一项",
    "there is no key {found!r}",
    "可用的有：{allowed}",
    "known keys: {allowed}",
)
CALENDAR_TWICE = register(
    "CALENDAR_TWICE",
    "{found}写了两次",
    "{found} is named twice",
    "一天在同一通知里只能写一次",
    "a notice names a day once",
)

_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?", re.ASCII)
_MONTH_DAYS = re.compile(r"(\d{2}-\d{2})(?:\.\.(\d{2}-\d{2}))?", re.ASCII)
_LONGEST = 366

_NOTICE_KEYS = {
    "title": str,
    "number": str,
    "region": str,
    "issued": date,
    "published": date,
    "recorded": datetime,
    "covers": list,
    "verified": bool,
    "source": str,
    "note": str,
    "holiday": list,
}
_NOTICE_REQUIRED = ("title", "region", "published", "covers", "holiday")
_HOLIDAY_KEYS = {"name": str, "off": list, "special": list, "work": list, "resume": list}
_DECISION_KEYS = {
    "number": str,
    "title": str,
    "published": date,
    "in_force": int,
    "entitlement": int,
    "fixed": dict,
    "lunar": dict,
}

T = TypeVar("T")


class _Table:
    """One table of a file: typed look-ups that collect faults instead of raising them."""

    def __init__(
        self,
        table: Any,
        where: str,
        keys: Mapping[str, type],
        required: tuple[str, ...],
        faults: list[Fault],
    ) -> None:
        self.where = where
        self.faults = faults
        self._table: Mapping[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            self.fault("", CALENDAR_FIELD, table, "a table")
        for key, value in self._table.items():
            if key not in keys:
                self.fault(key, CALENDAR_UNKNOWN, key, ", ".join(keys))
            elif not _is_a(value, keys[key]):
                self.fault(key, CALENDAR_FIELD, value, keys[key].__name__)
        for key in required:
            if key not in self._table:
                self.fault(key, CALENDAR_MISSING, "", key)
        self._sound = {k: v for k, v in self._table.items() if k in keys and _is_a(v, keys[k])}

    def get(self, key: str, default: T) -> T:
        value: T = self._sound.get(key, default)
        return value

    def fault(self, key: str, code: str, found: Any, allowed: str = "") -> None:
        place = f"{self.where} {key}".strip()
        self.faults.append(Fault(code, place, shorten(found), allowed))


def _is_a(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, datetime):
        return kind is datetime and value.tzinfo is not None
    return isinstance(value, kind)


def notice_from(table: Any, where: str) -> Notice:
    """A notice file's table -> `Notice`; raises `Refusal` with every CALENDAR_* fault."""
    faults: list[Fault] = []
    top = _Table(table, where, _NOTICE_KEYS, _NOTICE_REQUIRED, faults)
    off: dict[date, str] = {}
    work: dict[date, str] = {}
    special: set[date] = set()
    for index, entry in enumerate(top.get("holiday", [])):
        holiday = _Table(entry, f"{where} holiday[{index}]", _HOLIDAY_KEYS, ("name",), faults)
        name = holiday.get("name", "")
        for key, days in (("off", off), ("special", off), ("work", work), ("resume", work)):
            for day in _days(holiday, key):
                if day in off or day in work:
                    holiday.fault(key, CALENDAR_TWICE, day.isoformat())
                days[day] = name
                if key == "special":
                    special.add(day)
    covers = top.get("covers", [])
    for year in covers:
        if not _is_a(year, int) or not 1949 <= year <= 2200:
            top.fault("covers", CALENDAR_FIELD, year, "years, [2026]")
    if faults:
        raise Refusal(faults)
    recorded: datetime | None = top.get("recorded", None)
    return Notice(
        title=top.get("title", ""),
        number=top.get("number", None),
        region=top.get("region", ""),
        issued=top.get("issued", None),
        published=top.get("published", date.min),
        recorded=None if recorded is None else (recorded - EPOCH) // timedelta(microseconds=1),
        covers=tuple(covers),
        off=off,
        work=work,
        special=frozenset(special),
        verified=top.get("verified", True),
        source=top.get("source", ""),
        note=top.get("note", ""),
    )


def _days(table: _Table, key: str) -> Iterator[date]:
    """The days of a list like `["2026-02-15..2026-02-23", "2026-03-01"]`."""
    expected = '["2026-02-15..2026-02-23"]'
    for text in table.get(key, []):
        shape = _DAYS.fullmatch(text) if isinstance(text, str) else None
        try:
            first = date.fromisoformat(shape[1]) if shape else None
            last = date.fromisoformat(shape[2] or shape[1]) if shape else None
        except ValueError:
            first = last = None
        if first is None or last is None or not 0 <= (last - first).days < _LONGEST:
            table.fault(key, CALENDAR_FIELD, text, expected)
            continue
        yield from (first + timedelta(days=k) for k in range((last - first).days + 1))


def statutes_from(table: Any, where: str) -> list[Statute]:
    """A statutory file's table -> its editions; raises `Refusal` with every CALENDAR_* fault.

    `decision` holds the editions: `fixed` gives days by name as `MM-DD` or a range, `lunar`
    offsets from a day that moves. `lunar` at the top gives these days by name and year.
    """
    faults: list[Fault] = []
    top = _Table(
        table, where, {"status": str, "decision": list, "lunar": dict}, ("decision",), faults
    )
    moving = {
        name: {int(year): day for year, day in by_year.items()}
        for name, by_year in top.get("lunar", dict[str, dict[str, date]]()).items()
    }
    years = sorted({year for by_year in moving.values() for year in by_year})
    statutes = []
    for index, entry in enumerate(top.get("decision", [])):
        place = f"{where} decision[{index}]"
        decision = _Table(entry, place, _DECISION_KEYS, tuple(_DECISION_KEYS), faults)
        statutes.append(
            Statute(
                number=decision.get("number", ""),
                title=decision.get("title", ""),
                published=decision.get("published", date.min),
                in_force=decision.get("in_force", 0),
                entitlement=decision.get("entitlement", 0),
                days=_statutory_days(decision, years, moving),
            )
        )
    if faults:
        raise Refusal(faults)
    return statutes


def _statutory_days(
    decision: _Table, years: list[int], moving: Mapping[str, Mapping[int, date]]
) -> dict[date, str]:
    days: dict[date, str] = {}
    for year in years:
        if year < decision.get("in_force", 0):
            continue
        for name, text in decision.get("fixed", dict[str, str]()).items():
            shape = _MONTH_DAYS.fullmatch(text)
            if shape is None:
                decision.fault("fixed", CALENDAR_FIELD, text, "MM-DD..MM-DD")
                continue
            _name(days, f"{year}-{shape[1]}", f"{year}-{shape[2] or shape[1]}", name)
        for name, (first, last) in decision.get("lunar", dict[str, tuple[int, int]]()).items():
            for offset in range(first, last + 1):
                day = moving[name][year] + timedelta(days=offset)
                days[day] = _joined(days.get(day), name)
    return days


def _name(days: dict[date, str], first: str, last: str, name: str) -> None:
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        days[day] = _joined(days.get(day), name)
        day += timedelta(days=1)


def _joined(known: str | None, name: str) -> str:
    return f"{known}、{name}" if known else name

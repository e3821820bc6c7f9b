"""Notice and statute files, already read as tables, into notices and statutes.

A file is edited by a person, so every fault in it is reported at once.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sla_engine.errors import Fault, Refusal, register, shorten
from sla_engine.worktime.edition import Notice, Statute
from sla_engine.worktime.instant import EPOCH, FIRST_YEAR, LAST_YEAR

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
_MONTH, _DAY = r"(0[1-9]|1[0-2])", r"(0[1-9]|1\d|2[0-8])"
_MONTH_DAYS = re.compile(rf"{_MONTH}-{_DAY}(?:\.\.{_MONTH}-{_DAY})?", re.ASCII)
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
_STATUTORY_KEYS = {"status": str, "decision": list, "lunar": dict}
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
    days = _named_days(top)
    covers: list[Any] = top.get("covers", [])
    for year in covers:
        if not _is_a(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
            top.fault("covers", CALENDAR_FIELD, year, "[2026]")
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
        off=days["off"] | days["special"],
        work=days["work"] | days["resume"],
        special=frozenset(days["special"]),
        resumed=frozenset(days["resume"]),
        verified=top.get("verified", True),
        source=top.get("source", ""),
        note=top.get("note", ""),
    )


def _named_days(top: _Table) -> dict[str, dict[date, str]]:
    """Days by what happens on them, each with the holiday it is named after."""
    days: dict[str, dict[date, str]] = {"off": {}, "special": {}, "work": {}, "resume": {}}
    holidays: list[Any] = top.get("holiday", [])
    for index, entry in enumerate(holidays):
        place = f"{top.where} holiday[{index}]"
        holiday = _Table(entry, place, _HOLIDAY_KEYS, ("name",), top.faults)
        for key, named in days.items():
            for day in _days(holiday, key):
                if any(day in others for others in days.values()):
                    holiday.fault(key, CALENDAR_TWICE, day.isoformat())
                named[day] = holiday.get("name", "")
    return days


def _days(table: _Table, key: str) -> Iterator[date]:
    """The days of a list like `["2026-02-15..2026-02-23", "2026-03-01"]`."""
    expected = '["2026-02-15..2026-02-23"]'
    texts: list[Any] = table.get(key, [])
    for text in texts:
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
    the first and last day off as offsets from a day that moves. The table `lunar` at the top
    gives these days by name and year.
    """
    faults: list[Fault] = []
    top = _Table(table, where, _STATUTORY_KEYS, ("decision", "lunar"), faults)
    moving = _moving_days(top)
    decisions: list[Any] = top.get("decision", [])
    statutes = []
    for index, entry in enumerate(decisions):
        place = f"{where} decision[{index}]"
        decision = _Table(entry, place, _DECISION_KEYS, tuple(_DECISION_KEYS), faults)
        statutes.append(
            Statute(
                number=decision.get("number", ""),
                title=decision.get("title", ""),
                published=decision.get("published", date.min),
                in_force=decision.get("in_force", 0),
                entitlement=decision.get("entitlement", 0),
                days=_statutory_days(decision, moving),
            )
        )
    if faults:
        raise Refusal(faults)
    return statutes


def _moving_days(top: _Table) -> dict[str, dict[int, date]]:
    """Festival -> year -> its civil date."""
    moving: dict[str, dict[int, date]] = {}
    by_name: dict[str, Any] = top.get("lunar", {})
    for name, by_year in by_name.items():
        years = by_year if isinstance(by_year, dict) else {}
        if not all(_is_a(d, date) and year == str(d.year) for year, d in years.items()):
            years = {}
        if not years:
            top.fault("lunar", CALENDAR_FIELD, by_year, "2027 = 2027-02-06")
        moving[name] = {int(year): day for year, day in years.items()}
    return moving


def _statutory_days(decision: _Table, moving: Mapping[str, Mapping[int, date]]) -> dict[date, str]:
    """The decision's days in every tabulated year from its coming into force."""
    in_force = decision.get("in_force", 0)
    years = sorted({year for by_year in moving.values() for year in by_year if year >= in_force})
    days: dict[date, str] = {}
    fixed: dict[str, Any] = decision.get("fixed", {})
    lunar: dict[str, Any] = decision.get("lunar", {})
    for name, text in fixed.items():
        span = _month_days(text)
        if span is None:
            decision.fault("fixed", CALENDAR_FIELD, text, "MM-DD..MM-DD")
            continue
        begin, end = span
        for year in years:
            _add(days, date(year, *begin), date(year, *end), name)
    for name, offsets in lunar.items():
        if name not in moving or not _is_offsets(offsets):
            decision.fault("lunar", CALENDAR_FIELD, {name: offsets}, "[-1, 2]")
            continue
        for year in years:
            if year in moving[name]:
                first, last = (moving[name][year] + timedelta(days=k) for k in offsets)
                _add(days, first, last, name)
    return days


def _month_days(text: Any) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """`10-01..10-03` -> ((10, 1), (10, 3)); None if it is no such thing."""
    shape = _MONTH_DAYS.fullmatch(text) if isinstance(text, str) else None
    if shape is None:
        return None
    month, day, last_month, last_day = (int(part) if part else 0 for part in shape.groups())
    first = month, day
    return first, (last_month, last_day) if last_month else first


def _is_offsets(offsets: Any) -> bool:
    return (
        isinstance(offsets, list)
        and len(offsets) == 2
        and all(_is_a(offset, int) for offset in offsets)
        and offsets[0] <= offsets[1]
    )


def _add(days: dict[date, str], first: date, last: date, name: str) -> None:
    """Name every day of a range; a day of two festivals carries both names."""
    for k in range((last - first).days + 1):
        day = first + timedelta(days=k)
        days[day] = f"{days[day]}、{name}" if day in days else name

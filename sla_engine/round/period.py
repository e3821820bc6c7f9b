"""Periods of a series: "2024-05-20", "2024-W21", "2024-05", "2024Q2", "2024H1", "2024"."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Cycle

PERIOD_FORMAT = register(
    "PERIOD_FORMAT",
    "“{found}”不是{allowed}这样的周期",
    "{found} is not a period like {allowed}",
)


class Period(NamedTuple):
    """Local days [first, after) and the name of the period that follows."""

    first: date
    after: date
    next: str


def period_of(name: str, cycle: Cycle) -> Period:
    """The period of that name; raises `Refusal` PERIOD_FORMAT."""
    pattern, example, read = _FORMS[cycle]
    found = re.fullmatch(pattern, name, re.ASCII)
    try:
        if found is None:
            raise ValueError
        first, after = read(*map(int, found.groups()))
    except (ValueError, OverflowError):
        raise refuse(PERIOD_FORMAT, "period", name, example) from None
    return Period(first, after, period_name(after, cycle))


def cycle_of(name: str) -> Cycle:
    """Which kind of period a name is; raises `Refusal` PERIOD_FORMAT."""
    for cycle, (pattern, _example, _read) in _FORMS.items():
        if re.fullmatch(pattern, name, re.ASCII):
            return cycle
    raise refuse(PERIOD_FORMAT, "period", name, " / ".join(form[1] for form in _FORMS.values()))


def period_name(day: date, cycle: Cycle) -> str:
    """Name of the period that holds a day."""
    week = day.isocalendar()
    return {
        "day": day.isoformat(),
        "week": f"{week.year}-W{week.week:02}",
        "month": f"{day.year:04}-{day.month:02}",
        "quarter": f"{day.year:04}Q{(day.month + 2) // 3}",
        "half_year": f"{day.year:04}H{1 if day.month <= 6 else 2}",
        "year": f"{day.year:04}",
    }[cycle]


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    end = month + count
    return date(year, month, 1), date(year + (end > 12), end - 12 if end > 12 else end, 1)


def _day(year: int, month: int, day: int) -> tuple[date, date]:
    first = date(year, month, day)
    return first, first + timedelta(days=1)


def _week(year: int, week: int) -> tuple[date, date]:
    first = date.fromisocalendar(year, week, 1)
    return first, first + timedelta(days=7)


CALENDAR_CYCLES: dict[str, Cycle] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "half_year": "half_year",
    "year": "year",
}

_Form = tuple[str, str, Callable[..., tuple[date, date]]]

_FORMS: dict[Cycle, _Form] = {
    "day": (r"(\d{4})-(\d\d)-(\d\d)", "2024-05-20", _day),
    "week": (r"(\d{4})-W(\d\d)", "2024-W21", _week),
    "month": (r"(\d{4})-(\d\d)", "2024-05", lambda year, month: _months(year, month, 1)),
    "quarter": (
        r"(\d{4})Q([1-4])",
        "2024Q2",
        lambda year, quarter: _months(year, 3 * quarter - 2, 3),
    ),
    "half_year": (r"(\d{4})H([12])", "2024H1", lambda year, half: _months(year, 6 * half - 5, 6)),
    "year": (r"(\d{4})", "2024", lambda year: _months(year, 1, 12)),
}

"""How long a term is: a number of one unit, as clauses write it (`10个工作日`, `30分钟`)."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Self

from sla_engine.errors import refuse, register
from sla_engine.worktime.instant import HOUR, MINUTE, SECOND

AMOUNT_FORMAT = register(
    "AMOUNT_FORMAT",
    "期限“{found}”看不懂",
    "the amount {found!r} cannot be read",
    "写成{allowed}这样的形式",
    "write it like {allowed}",
)
AMOUNT_RANGE = register(
    "AMOUNT_RANGE",
    "期限“{found}”不能用",
    "the amount {found!r} cannot be used",
    "应为{allowed}",
    "it must be {allowed}",
)
AMOUNT_UNITS = register(
    "AMOUNT_UNITS",
    "单位不同的期限不能相加：{found}",
    "amounts of different units do not add: {found}",
)

_EXAMPLES = "10个工作日 / 0.5个工作日 / 15日 / 1个月 / 2小时 / 30分钟 / 2个工作小时"
_CENTURY_DAYS = 36_525


class Unit(Enum):
    """What is counted. Values are the names used in vectors and packs.

    What a unit is like stands in plain attributes: looking up a member on the class costs more
    than a whole day's counting. `is_hours`: measured exactly, in microseconds. `is_working`:
    only days that work are counted.
    """

    WORKDAYS = "workdays"
    HALF_WORKDAYS = "half_workdays"
    CALENDAR_DAYS = "calendar_days"
    CALENDAR_MONTHS = "calendar_months"
    CLOCK_HOURS = "clock_hours"
    WORK_HOURS = "work_hours"

    is_hours: bool
    is_halves: bool
    is_months: bool
    is_working: bool

    def __init__(self, name: str) -> None:
        self.is_hours = name.endswith("hours")
        self.is_halves = name.startswith("half")
        self.is_months = name.endswith("months")
        self.is_working = "work" in name


_LIMITS = {
    Unit.WORKDAYS: _CENTURY_DAYS,
    Unit.HALF_WORKDAYS: 2 * _CENTURY_DAYS,
    Unit.CALENDAR_DAYS: _CENTURY_DAYS,
    Unit.CALENDAR_MONTHS: 1_200,
    Unit.CLOCK_HOURS: 24 * _CENTURY_DAYS,
    Unit.WORK_HOURS: 24 * _CENTURY_DAYS,
}

_WORDS: tuple[tuple[str, Unit, Fraction], ...] = (
    ("个?工作日", Unit.WORKDAYS, Fraction(1)),
    ("个?半日", Unit.HALF_WORKDAYS, Fraction(1)),
    ("个?自然日|日|天", Unit.CALENDAR_DAYS, Fraction(1)),
    ("个?月", Unit.CALENDAR_MONTHS, Fraction(1)),
    ("个?工作小时", Unit.WORK_HOURS, Fraction(1)),
    ("个?工作分钟", Unit.WORK_HOURS, Fraction(1, 60)),
    ("个?工作秒", Unit.WORK_HOURS, Fraction(1, 3600)),
    ("个?小时", Unit.CLOCK_HOURS, Fraction(1)),
    ("分钟", Unit.CLOCK_HOURS, Fraction(1, 60)),
    ("秒", Unit.CLOCK_HOURS, Fraction(1, 3600)),
)
_FORMS = tuple(
    (re.compile(rf"(\d{{1,9}}(?:\.\d{{1,9}})?)\s*(?:{words})", re.ASCII), unit, scale)
    for words, unit, scale in _WORDS
)


@dataclass(frozen=True, slots=True)
class Amount:
    """`n` of `unit`. Days, half-days and months are whole; hours go down to a microsecond.

    `size` is the same length on the unit's ruler: days, half-days, months, or microseconds.
    Nothing at all is an amount (`0日`: by the end of the day), except in half-days. Raises
    `Refusal` AMOUNT_RANGE for negative, broken or century-long amounts.
    """

    n: Fraction
    unit: Unit
    size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = self.n * HOUR if self.unit.is_hours else self.n
        limit = _LIMITS[self.unit]
        least = 1 if self.unit.is_halves else 0
        if not least <= self.n <= limit or size.denominator != 1:
            step = "1 µs" if self.unit.is_hours else "1"
            raise refuse(
                AMOUNT_RANGE,
                "",
                f"{_plain(self.n)} {self.unit.value}",
                f"{least}..{limit} ({step})",
            )
        object.__setattr__(self, "size", int(size))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Chinese text -> amount; `0.5个工作日` is one half-day (`HALF_WORKDAYS`).

        Raises `Refusal` AMOUNT_FORMAT or AMOUNT_RANGE.
        """
        bare = text.strip()
        if bare in ("半个工作日", "半日"):
            return cls(Fraction(1), Unit.HALF_WORKDAYS)
        for form, unit, scale in _FORMS:
            if found := form.fullmatch(bare):
                n = Fraction(found[1]) * scale
                if unit is Unit.WORKDAYS and n.denominator == 2:
                    return cls(n * 2, Unit.HALF_WORKDAYS)
                return cls(n, unit)
        raise refuse(AMOUNT_FORMAT, "", text, _EXAMPLES)

    @property
    def micros(self) -> int:
        """Microseconds of an hour amount."""
        assert self.unit.is_hours, f"{self.unit.value} has no fixed length"
        return self.size

    def __add__(self, other: Self) -> Self:
        if self.unit is not other.unit:
            raise refuse(AMOUNT_UNITS, "", f"{self} + {other}")
        return type(self)(self.n + other.n, self.unit)

    def __str__(self) -> str:
        number, form = _words(self)
        return f"{number}{form.zh}"

    def en(self) -> str:
        """English text, `10 working days`."""
        number, form = _words(self)
        return f"{number} {form.en if number == '1' else form.en_many}"


@dataclass(frozen=True, slots=True)
class _Form:
    zh: str
    en: str
    en_many: str


_WORKDAY = _Form("个工作日", "working day", "working days")
_NAMES = {
    Unit.WORKDAYS: _WORKDAY,
    Unit.HALF_WORKDAYS: _Form("个半日", "half-day", "half-days"),
    Unit.CALENDAR_DAYS: _Form("日", "day", "days"),
    Unit.CALENDAR_MONTHS: _Form("个月", "month", "months"),
    Unit.CLOCK_HOURS: _Form("小时", "hour", "hours"),
    Unit.WORK_HOURS: _Form("个工作小时", "working hour", "working hours"),
}
_MINUTES = {
    Unit.CLOCK_HOURS: _Form("分钟", "minute", "minutes"),
    Unit.WORK_HOURS: _Form("个工作分钟", "working minute", "working minutes"),
}
_SECONDS = {
    Unit.CLOCK_HOURS: _Form("秒", "second", "seconds"),
    Unit.WORK_HOURS: _Form("个工作秒", "working second", "working seconds"),
}


def _words(amount: Amount) -> tuple[str, _Form]:
    """The largest unit in which the number is whole, as clauses write it."""
    n, unit = amount.n, amount.unit
    if unit is Unit.HALF_WORKDAYS and n.numerator % 2:
        return _plain(n / 2), _WORKDAY
    if n.denominator == 1 or not unit.is_hours:
        return _plain(n), _NAMES[unit]
    if amount.size % MINUTE == 0:
        return _plain(Fraction(amount.size, MINUTE)), _MINUTES[unit]
    return _plain(Fraction(amount.size, SECOND)), _SECONDS[unit]


def _plain(n: Fraction) -> str:
    return f"{Decimal(n.numerator) / Decimal(n.denominator):f}"

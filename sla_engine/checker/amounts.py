"""Lengths of terms as clauses write them, in both languages."""

import re
from fractions import Fraction
from typing import NamedTuple

SECOND = 1_000_000
HOUR = 3600 * SECOND

_WORDS = (
    ("个?工作日", "working days?", "workdays", 1),
    ("个?半日", "half-days?", "half_workdays", 1),
    ("个?自然日|日|天", "days?", "calendar_days", 1),
    ("个?月", "months?", "calendar_months", 1),
    ("个?工作小时", "working hours?", "work_hours", HOUR),
    ("个?工作分钟", "working minutes?", "work_hours", 60 * SECOND),
    ("个?工作秒", "working seconds?", "work_hours", SECOND),
    ("个?小时", "hours?", "clock_hours", HOUR),
    ("分钟", "minutes?", "clock_hours", 60 * SECOND),
    ("秒", "seconds?", "clock_hours", SECOND),
)


class Amount(NamedTuple):
    """Days, half-days or months, or microseconds of plain or working time."""

    unit: str
    size: int


def amount_of(text: str) -> Amount | None:
    """A length in either language; None for what is none."""
    bare = text.strip()
    if bare in ("半个工作日", "半日"):
        return Amount("half_workdays", 1)
    for chinese, english, unit, one in _WORDS:
        found = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*(?:{chinese}|{english})", bare, re.ASCII)
        if found is None:
            continue
        size = Fraction(found[1]) * one
        if unit == "workdays" and size.denominator == 2:
            return Amount("half_workdays", int(size * 2))
        return Amount(unit, int(size)) if size.denominator == 1 else None
    return None

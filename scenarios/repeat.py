"""A step that comes again and again: the same facts with another number, a while later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scenarios.table import SCENARIO_VALUE, Table, number, text
from sla_engine.errors import refuse
from sla_engine.worktime import Amount, Unit
from sla_engine.worktime.instant import DAY

NUMBER = "{n}"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`times` in all, each `every` microseconds after the one before."""

    times: int = 1
    every: int = 0

    def batches(self, size: int) -> Iterator[list[tuple[int, int]]]:
        """Each time's number, from 1, and how much later than the first it is; in batches of those
        that come at one instant, `size` at the most."""
        size = size if self.every == 0 else 1
        for first in range(1, self.times + 1, size):
            last = min(first + size, self.times + 1)
            yield [(n, (n - 1) * self.every) for n in range(first, last)]


def read_repeat(each: Table) -> Repeat:
    """How often a step comes; once where it does not say."""
    times, every = each.take("repeat", _times), each.take("every", _every)
    return Repeat(times or 1, every or 0)


def numbered(value: Any, n: int) -> Any:
    """A value with `{n}` in every text of it replaced."""
    if isinstance(value, str):
        return value.replace(NUMBER, str(n))
    if isinstance(value, dict):
        return {numbered(key, n): numbered(each, n) for key, each in value.items()}
    if isinstance(value, list):
        return [numbered(each, n) for each in value]
    return value


def _times(value: Any) -> int:
    times = number(value)
    if times < 1:
        raise refuse(SCENARIO_VALUE, "", value, "1, 2, 3 …")
    return times


def _every(value: Any) -> int:
    """Microseconds of minutes, hours or natural days; other units have no fixed length."""
    amount = Amount.parse(text(value))
    if amount.unit is Unit.CLOCK_HOURS:
        return amount.size
    if amount.unit is Unit.CALENDAR_DAYS:
        return amount.size * DAY
    raise refuse(SCENARIO_VALUE, "", value, "10分钟 / 2小时 / 1日")

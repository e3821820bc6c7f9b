"""The civil day and month of an instant (rule D22: reckoned in China's one time zone)."""

from datetime import date
from functools import lru_cache

from sla_engine.record import Instant
from sla_engine.worktime.instant import zone_of

_ZONE = zone_of("Asia/Shanghai")


def day_of(at: Instant) -> str:
    """ "2024-10-15"."""
    return _text(_ZONE.day_of(at))


def last_day_of(due: Instant) -> str:
    """The day on which something is due: 24:00 ends a day and does not begin the next."""
    return day_of(due - 1)


def month_of(at: Instant) -> str:
    """ "2024-10"."""
    return day_of(at)[:7]


def begin_of(day: date) -> Instant:
    """The first instant of a day."""
    return _ZONE.midnight[day.toordinal()]


@lru_cache(maxsize=4096)
def _text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()

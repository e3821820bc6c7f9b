"""Instants and the days they fall on.

An `Instant` is an `int`: microseconds since 1970-01-01T00:00Z. A day is handled by its ordinal
(`date.toordinal`), because days are counted far more often than they are shown.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sla_engine.errors import refuse, register

Instant: TypeAlias = int

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()

TIME_FORMAT = register(
    "TIME_FORMAT",
    "时间“{found}”格式不对",
    "time {found!r} is not in the accepted form",
    "写成{allowed}",
    "write it as {allowed}",
)
TIME_OFFSET = register(
    "TIME_OFFSET",
    "时间“{found}”没有写明时区偏移",
    "time {found!r} has no offset, so it is no instant",
    "在末尾加上{allowed}",
    "end it with {allowed}",
)
TIME_INVALID = register(
    "TIME_INVALID",
    "没有“{found}”这个时间",
    "{found!r} does not exist on any calendar or clock",
)
TIME_RANGE = register(
    "TIME_RANGE",
    "时间“{found}”超出可受理的年份（{allowed}）",
    "time {found!r} lies outside the years that are taken ({allowed})",
)
ZONE_UNKNOWN = register(
    "ZONE_UNKNOWN",
    "没有时区“{found}”",
    "there is no time zone {found!r}",
    "用{allowed}",
    "use {allowed}",
)

FIRST_YEAR, LAST_YEAR = 1970, 2200

_FORM = "2026-10-10T17:30:00+08:00"
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_instant(
    text: str, where: str = "", first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> Instant:
    """RFC 3339 text with an offset -> instant; digits finer than a microsecond are dropped.

    Raises `Refusal` TIME_FORMAT, TIME_OFFSET, TIME_INVALID, or TIME_RANGE when the year as
    written lies outside `first_year`..`last_year`.
    """
    shape = _RFC3339.fullmatch(text)
    if shape is None:
        raise refuse(TIME_FORMAT, where, text, _FORM)
    if shape[1] is None:
        raise refuse(TIME_OFFSET, where, text, "+08:00 / Z")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise refuse(TIME_INVALID, where, text) from None
    if not first_year <= moment.year <= last_year:
        raise refuse(TIME_RANGE, where, text, f"{first_year}..{last_year}")
    return _micros(moment)


def parse_date(
    text: str, where: str = "", first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> date:
    """`YYYY-MM-DD` -> date; the same refusals as `parse_instant`."""
    if _DATE.fullmatch(text) is None:
        raise refuse(TIME_FORMAT, where, text, "2026-10-10")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise refuse(TIME_INVALID, where, text) from None
    if not first_year <= day.year <= last_year:
        raise refuse(TIME_RANGE, where, text, f"{first_year}..{last_year}")
    return day


def format_instant(instant: Instant, zone: str = "Asia/Shanghai") -> str:
    """Local text with offset, `2026-10-10T17:30:00+08:00`; a fraction only when there is one."""
    seconds, micros = divmod(instant, SECOND)
    moment = datetime.fromtimestamp(seconds, zone_of(zone).info)
    return (moment.replace(microsecond=micros) if micros else moment).isoformat()


def _micros(moment: datetime) -> Instant:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


class _Midnights(dict[int, Instant]):
    """Ordinal -> first instant of that day, worked out once; at most one entry per day asked."""

    def __init__(self, info: ZoneInfo) -> None:
        super().__init__()
        self._info = info

    def __missing__(self, day: int) -> Instant:
        start = date.fromordinal(day)
        self[day] = value = _micros(datetime(start.year, start.month, start.day, tzinfo=self._info))
        return value


class Zone:
    """A time zone as the days it makes; daylight saving gives days of 23 and 25 hours."""

    __slots__ = ("_usual", "info", "midnight", "name")

    def __init__(self, name: str) -> None:
        try:
            self.info = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise refuse(ZONE_UNKNOWN, "", name, "Asia/Shanghai") from None
        self.name = name
        self.midnight = _Midnights(self.info)
        self._usual = EPOCH_ORDINAL * DAY - self.midnight[EPOCH_ORDINAL]

    def day_of(self, instant: Instant) -> int:
        """Ordinal of the local day that holds `instant`."""
        day = (instant + self._usual) // DAY
        if instant < self.midnight[day]:
            return day - 1
        if instant >= self.midnight[day + 1]:
            return day + 1
        return day

    def date_of(self, instant: Instant) -> date:
        return date.fromordinal(self.day_of(instant))

    def spans(self, day: int, sessions: Iterable[tuple[int, int]]) -> list[tuple[Instant, Instant]]:
        """Sessions given by the clock, in microseconds after 00:00 (24:00 at most), as instants.

        Where clocks are put forward a session may lose its beginning, or all of itself.
        """
        midnight = self.midnight[day]
        if self.midnight[day + 1] - midnight == DAY:
            return [(midnight + begin, midnight + end) for begin, end in sessions]
        spans = []
        free = midnight
        for begin, end in sessions:
            opening = max(self.wall(day, begin), free)
            free = max(self.wall(day, end), opening)
            spans.append((opening, free))
        return spans

    def wall(self, day: int, micros: int) -> Instant:
        """When clocks first show a time; a time they skip counts on from before the change."""
        if micros == DAY:
            return self.midnight[day + 1]
        start = date.fromordinal(day)
        noted = datetime(start.year, start.month, start.day, tzinfo=self.info)
        return _micros(noted + timedelta(microseconds=micros))


@lru_cache(maxsize=64)
def zone_of(name: str) -> Zone:
    """The one `Zone` of that name; raises `Refusal` ZONE_UNKNOWN."""
    return Zone(name)

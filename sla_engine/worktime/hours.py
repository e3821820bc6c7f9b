"""Office hours: sessions of a working day, by season of the year."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self, TypeAlias

from sla_engine.errors import Fault, Refusal, register, shorten
from sla_engine.identity import digest
from sla_engine.worktime.instant import DAY, HOUR, MINUTE

Session: TypeAlias = tuple[int, int]

HOURS_FORMAT = register(
    "HOURS_FORMAT",
    "作息时间“{found}”看不懂",
    "office hours {found!r} cannot be read",
    "写成{allowed}",
    "write them as {allowed}",
)
HOURS_ORDER = register(
    "HOURS_ORDER",
    "作息时间“{found}”次序不对或有重叠",
    "office hours {found!r} overlap or are out of order",
    "应当{allowed}",
    "they must be {allowed}",
)

_FORM = '[["06-01", [["08:30", "12:00"], ["14:30", "18:00"]]], ["10-01", …]]'
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)


@dataclass(frozen=True)
class OfficeHours:
    """Seasons in the order of the year: (first day as month * 100 + day, sessions).

    Sessions are pairs of microseconds after 00:00. Days before the first season of the year
    belong to the last one. A make-up working day keeps the hours of its season.
    """

    seasons: tuple[tuple[int, tuple[Session, ...]], ...]

    @classmethod
    def from_seasons(cls, seasons: Sequence[Any], where: str = "") -> Self:
        """`[["MM-DD", [["HH:MM", "HH:MM"], ...]], ...]` -> office hours.

        Raises `Refusal` with every HOURS_FORMAT and HOURS_ORDER fault found.
        """
        faults: list[Fault] = []
        read = _read_seasons(seasons, where, faults)
        if faults:
            raise Refusal(faults)
        return cls(tuple(read))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical content."""
        return digest(self.seasons)

    @cached_property
    def has_halves(self) -> bool:
        """Every day has a morning and an afternoon: what half-days need."""
        return all(len(sessions) == 2 for _, sessions in self.seasons)

    @cached_property
    def _firsts(self) -> list[int]:
        return [first for first, _ in self.seasons]

    def on(self, day: date) -> tuple[Session, ...]:
        """Sessions of a working day."""
        season = bisect_right(self._firsts, day.month * 100 + day.day) - 1
        return self.seasons[season][1]


def _read_seasons(
    seasons: Any, where: str, faults: list[Fault]
) -> list[tuple[int, tuple[Session, ...]]]:
    if not isinstance(seasons, list | tuple) or not seasons:
        faults.append(Fault(HOURS_FORMAT, where, shorten(seasons), _FORM))
        return []
    read: list[tuple[int, tuple[Session, ...]]] = []
    for index, season in enumerate(seasons):
        place = f"{where}[{index}]"
        if not isinstance(season, list | tuple) or len(season) != 2:
            faults.append(Fault(HOURS_FORMAT, place, shorten(season), _FORM))
            continue
        first = _read_month_day(season[0], f"{place}[0]", faults)
        if read and first <= read[-1][0]:
            faults.append(
                Fault(HOURS_ORDER, f"{place}[0]", shorten(season[0]), "in the order of the year")
            )
        read.append((first, tuple(_read_sessions(season[1], f"{place}[1]", faults))))
    return read


def _read_month_day(text: Any, where: str, faults: list[Fault]) -> int:
    shape = _MONTH_DAY.fullmatch(text) if isinstance(text, str) else None
    if shape:
        month, day = int(shape[1]), int(shape[2])
        try:
            date(2000, month, day)
        except ValueError:
            pass
        else:
            return month * 100 + day
    faults.append(Fault(HOURS_FORMAT, where, shorten(text), "MM-DD"))
    return 0


def _read_sessions(sessions: Any, where: str, faults: list[Fault]) -> list[Session]:
    if not isinstance(sessions, list | tuple) or not sessions:
        faults.append(Fault(HOURS_FORMAT, where, shorten(sessions), '[["09:00", "17:00"]]'))
        return []
    read: list[Session] = []
    for index, session in enumerate(sessions):
        place = f"{where}[{index}]"
        if (
            not isinstance(session, list | tuple)
            or len(session) != 2
            or not all(isinstance(edge, str) and _CLOCK.fullmatch(edge) for edge in session)
        ):
            faults.append(Fault(HOURS_FORMAT, place, shorten(session), '["09:00", "17:00"]'))
            continue
        begin, end = _micros(session[0]), _micros(session[1])
        if begin >= end or (read and begin < read[-1][1]):
            faults.append(
                Fault(HOURS_ORDER, place, shorten(session), "ascending and without overlap")
            )
        read.append((begin, end))
    return read


def _micros(clock: str) -> int:
    value = int(clock[:2]) * HOUR + int(clock[3:]) * MINUTE
    assert 0 <= value <= DAY
    return value

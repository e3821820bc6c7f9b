"""Times as logs write them: each form is tried in turn, and says how precise it is.

A form is "rfc3339" (a time with its offset) or a pattern of `strptime` directives. A pattern
without an offset is wall time in the declared zone; of an hour that clocks show twice the first
is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from sla_engine.errors import Refusal, refuse
from sla_engine.worktime import Instant, parse_instant
from sla_engine.worktime.instant import (
    EPOCH,
    FIRST_YEAR,
    LAST_YEAR,
    TIME_FORMAT,
    TIME_INVALID,
    TIME_RANGE,
    zone_of,
)

DayAt = Literal["start", "end"]

RFC3339 = "rfc3339"
DAY = "day"
DIRECTIVES = frozenset("YmdHIMSfpz%")
_FINER = (("S", ""), ("M", "minute"), ("H", "hour"), ("I", "hour"))
_MICROSECOND = timedelta(microseconds=1)


class Moment(NamedTuple):
    """An instant and how precisely the log knew it ("" means to the second or better)."""

    at: Instant
    precision: str


@dataclass(frozen=True, slots=True)
class Clockface:
    """How one column writes its times. `day_at`: what a day without a time of day stands for."""

    forms: tuple[str, ...]
    zone: str
    day_at: DayAt = "start"

    def read(self, text: str, where: str = "") -> Moment:
        """The moment that `text` names.

        Raises `Refusal` TIME_FORMAT, TIME_OFFSET, TIME_INVALID or TIME_RANGE.
        """
        refusals: list[Refusal] = []
        for form in self.forms:
            try:
                return self._as(form, text, where)
            except Refusal as refusal:
                refusals.append(refusal)
        raise self._telling(refusals, text, where)

    def _as(self, form: str, text: str, where: str) -> Moment:
        if form == RFC3339:
            return Moment(parse_instant(text, where), "")
        try:
            written = datetime.strptime(text, form)  # noqa: DTZ007  the zone follows
        except ValueError:
            raise refuse(TIME_FORMAT, where, text, form) from None
        if not FIRST_YEAR <= written.year <= LAST_YEAR:
            raise refuse(TIME_RANGE, where, text, f"{FIRST_YEAR}..{LAST_YEAR}")
        precision = precision_of(form)
        at = self._day(written) if precision == DAY else self._instant(written, text, where)
        return Moment(at, precision)

    def _day(self, written: datetime) -> Instant:
        midnight, day = zone_of(self.zone).midnight, written.toordinal()
        return midnight[day] if self.day_at == "start" else midnight[day + 1] - 1

    def _instant(self, written: datetime, text: str, where: str) -> Instant:
        moment = written
        if written.tzinfo is None:
            moment = written.replace(tzinfo=zone_of(self.zone).info)
            if moment.astimezone(UTC).astimezone(moment.tzinfo) != moment:
                # Clocks were put forward over this time.
                raise refuse(TIME_INVALID, where, text)
        return (moment - EPOCH) // _MICROSECOND

    def _telling(self, refusals: Sequence[Refusal], text: str, where: str) -> Refusal:
        """A form that fits an impossible time says more than the forms that do not fit."""
        for refusal in refusals:
            if refusal.code != TIME_FORMAT:
                return refusal
        return refuse(TIME_FORMAT, where, text, " / ".join(self.forms))


def directives(form: str) -> frozenset[str]:
    """Letters of the directives in a pattern, `Ymd` of `%Y-%m-%d`."""
    return frozenset(re.findall("%(.?)", form))


def precision_of(form: str) -> str:
    """The finest thing a pattern states: "" for seconds, else "minute", "hour" or "day"."""
    stated = directives(form)
    return next((name for letter, name in _FINER if letter in stated), DAY)

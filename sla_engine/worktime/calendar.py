"""Working days of one region as known at one time: immutable, compiled, answers by look-up."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate, chain, compress

from sla_engine.errors import UnpublishedYear
from sla_engine.identity import digest
from sla_engine.worktime.day import PLAIN_WEEKEND, PLAIN_WORKDAY, Day
from sla_engine.worktime.instant import Zone
from sla_engine.worktime.span import BEYOND


@lru_cache(maxsize=512)
def _dates(year: int) -> tuple[date, ...]:
    first = date(year, 1, 1)
    return tuple(first + timedelta(days=k) for k in range((date(year + 1, 1, 1) - first).days))


class Stretch:
    """Consecutive years whose days are known; the ruler on which working days are counted.

    `before[i]` working days lie before the i-th day of the stretch; `days[k]` is its k-th
    working day. `works[i]` is 1 for a working day.
    """

    __slots__ = ("before", "days", "first", "last", "works")

    def __init__(self, years: range, weekend: frozenset[int], named: Mapping[int, Day]) -> None:
        self.first = date(years[0], 1, 1).toordinal()
        self.last = date(years[-1], 12, 31).toordinal()
        self.works = self._working(weekend, named)
        self.before = array("i", accumulate(self.works, initial=0))
        dates = chain.from_iterable(map(_dates, years))
        self.days: list[date] = list(compress(dates, self.works))

    def _working(self, weekend: frozenset[int], named: Mapping[int, Day]) -> bytearray:
        length = self.last - self.first + 1
        weekday = (self.first - 1) % 7
        week = bytes((weekday + k) % 7 not in weekend for k in range(7))
        works = bytearray((week * (length // 7 + 1))[:length])
        for ordinal, day in named.items():
            if self.first <= ordinal <= self.last:
                works[ordinal - self.first] = day.works
        return works

    def mark(self, day: int) -> int:
        """Working days of this stretch before `day`; raises `UnpublishedYear` outside it."""
        if not self.first <= day <= self.last + 1:
            raise UnpublishedYear(date.fromordinal(day).year)
        return self.before[day - self.first]

    def cut(self, day: int) -> int:
        """`mark` of a pause's edge: what lies outside is clamped, `BEYOND` after the end."""
        if day > self.last + 1:
            return BEYOND
        return self.before[max(day - self.first, 0)]

    def day(self, mark: int) -> date:
        """The working day that begins at `mark`; raises `UnpublishedYear` past either end."""
        if mark >= len(self.days):
            raise UnpublishedYear(date.fromordinal(self.last + 1).year)
        if mark < 0:
            raise UnpublishedYear(date.fromordinal(self.first - 1).year)
        return self.days[mark]


@dataclass(frozen=True)
class Content:
    """What calendars are compiled from: every named day, and the years they settle.

    `provisional` maps each year that rests on a statute alone to that statute's citation.
    Regions without a notice of their own share the content of the wider region.
    """

    zone: Zone
    weekend: frozenset[int]
    published: frozenset[int]
    provisional: Mapping[int, str]
    named: Mapping[int, Day]

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        years = sorted(self.published | self.provisional.keys())
        return tuple(Stretch(run, self.weekend, self.named) for run in _runs(years))


class Calendar:
    """Working days by look-up. `loose_from` is the first year that is only provisional.

    A day of a year without a notice raises `UnpublishedYear`, unless the calendar was asked
    for provisionally and the statute's days are tabulated for that year.
    """

    def __init__(self, region: str, content: Content) -> None:
        self.region = region
        self.zone = content.zone
        self.published = content.published
        self.provisional_years = frozenset(content.provisional)
        self.loose_from = min(content.provisional, default=MAXYEAR + 1)
        self.stretches = content.stretches
        self._content = content
        self._named = content.named

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical content: equal digests answer every question alike."""
        content = self._content
        return digest(
            {
                "region": self.region,
                "zone": content.zone.name,
                "weekend": sorted(content.weekend),
                "published": sorted(content.published),
                "provisional": sorted(content.provisional.items()),
                "days": [
                    (date.fromordinal(ordinal).isoformat(), day.kind.value, day.name, day.notice)
                    for ordinal, day in sorted(content.named.items())
                ],
            }
        )

    @cached_property
    def provisional_from(self) -> date | None:
        """First day of the first year, from the earliest published on, that has no notice."""
        if not self.published:
            return None
        year = min(self.published)
        while year in self.published:
            year += 1
        return date(year, 1, 1)

    def is_workday(self, day: date) -> bool:
        return self.works(day.toordinal())

    def works(self, ordinal: int) -> bool:
        stretch = self.stretch(ordinal)
        return stretch.works[ordinal - stretch.first] == 1

    def day(self, day: date) -> Day:
        """Kind, name and notice of a day."""
        ordinal = day.toordinal()
        stretch = self.stretch(ordinal)
        plain = PLAIN_WORKDAY if stretch.works[ordinal - stretch.first] else PLAIN_WEEKEND
        return self._named.get(ordinal, plain)

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th working day strictly after `day`, before it for n < 0; `day` for n = 0."""
        ordinal = day.toordinal()
        if n > 0:
            stretch = self.stretch(ordinal + 1)
            mark = stretch.before[ordinal + 1 - stretch.first] + n - 1
            return stretch.days[mark] if mark < len(stretch.days) else stretch.day(mark)
        if n == 0:
            return day
        stretch = self.stretch(ordinal - 1)
        return stretch.day(stretch.before[ordinal - stretch.first] + n)

    def workdays_between(self, a: date, b: date) -> int:
        """Working days in (a, b]; negative, over (b, a], when b is the earlier."""
        if b < a:
            return -self.workdays_between(b, a)
        if a == b:
            return 0
        after, last = a.toordinal() + 1, b.toordinal()
        stretch = self.stretch(after)
        if last > stretch.last:
            raise UnpublishedYear(date.fromordinal(stretch.last + 1).year)
        return stretch.before[last + 1 - stretch.first] - stretch.before[after - stretch.first]

    def roll(self, day: date) -> date:
        """`day` if it works, else the next working day (a make-up weekend is one)."""
        ordinal = day.toordinal()
        stretch = self.stretch(ordinal)
        return stretch.day(stretch.before[ordinal - stretch.first])

    def stretch(self, ordinal: int) -> Stretch:
        """The known stretch that holds a day; raises `UnpublishedYear`."""
        for stretch in self.stretches:
            if stretch.first <= ordinal <= stretch.last:
                return stretch
        raise UnpublishedYear(date.fromordinal(ordinal).year)

    def basis(self, years: Iterable[int]) -> str | None:
        """What an answer that looked up days of `years` provisionally rests on; None if firm."""
        loose = sorted(self.provisional_years.intersection(years))
        if not loose:
            return None
        statutes = "；".join(dict.fromkeys(self._content.provisional[year] for year in loose))
        return f"{'、'.join(map(str, loose))}年：周末与法定节假日（{statutes}），不含调休"


def _runs(years: Iterable[int]) -> list[range]:
    runs: list[range] = []
    for year in years:
        if runs and runs[-1].stop == year:
            runs[-1] = range(runs[-1].start, year + 1)
        else:
            runs.append(range(year, year + 1))
    return runs

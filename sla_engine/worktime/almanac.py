"""Every notice the process knows, from which calendars are drawn by region and by date known."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property

import msgspec

from sla_engine.errors import refuse, register
from sla_engine.identity import digest
from sla_engine.worktime.calendar import Calendar, Content
from sla_engine.worktime.day import Day, DayKind
from sla_engine.worktime.edition import Notice, Statute
from sla_engine.worktime.instant import Instant, zone_of

REGION_UNKNOWN = register(
    "REGION_UNKNOWN",
    "地区代码“{found}”不对",
    "region {found!r} is not a region of this calendar",
    "写成{allowed}",
    "write it like {allowed}",
)
NOTICE_CONFLICT = register(
    "NOTICE_CONFLICT",
    "同一通知“{found}”有两种内容；已发布的通知不得修改",
    "notice {found!r} exists with two contents; a released notice never changes",
)

_KEPT = 512


class Almanac:
    """All notices and statutes of one country, with its zone and its weekly days of rest.

    `weekend` holds weekdays, Monday = 0. Precedence: national notices by publication, then
    those of the province, the prefecture and the county, each by publication; the later wins.
    """

    def __init__(
        self,
        *,
        region: str,
        zone: str,
        weekend: Iterable[int] = (5, 6),
        notices: Iterable[Notice] = (),
        statutes: Iterable[Statute] = (),
    ) -> None:
        self.region = region
        self.zone = zone_of(zone)
        self.weekend = frozenset(weekend)
        self.statutes = tuple(sorted(statutes, key=lambda s: (s.in_force, s.published)))
        self._shape = re.compile(rf"{re.escape(region)}(-\d\d(\d\d(\d\d)?)?)?", re.ASCII)
        self.notices = self._release(notices)
        regions = {region, *(notice.region for notice in self.notices)}
        self._shelves = {each: _Shelf(self, each) for each in regions}
        self._calendars: dict[tuple[object, ...], Calendar] = {}
        self._contents: dict[tuple[object, ...], Content] = {}

    def _release(self, notices: Iterable[Notice]) -> tuple[Notice, ...]:
        """Dated, ordered, each once as it was first recorded.

        Raises `Refusal` NOTICE_CONFLICT or REGION_UNKNOWN.
        """
        released: dict[tuple[str, date, str], Notice] = {}
        for notice in notices:
            self._levels(notice.region)
            midnight = self.zone.midnight[notice.published.toordinal()]
            recorded = midnight if notice.recorded is None else notice.recorded
            dated = replace(notice, recorded=recorded)
            key = (dated.region, dated.published, dated.citation)
            known = released.setdefault(key, dated)
            if replace(known, recorded=recorded) != dated:
                raise refuse(NOTICE_CONFLICT, dated.region, dated.citation)
            if recorded < (known.recorded or 0):
                released[key] = dated
        return tuple(sorted(released.values(), key=lambda n: (n.region, n.rank)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything it knows, whatever the order it was given in."""
        known = (self.region, self.zone.name, self.weekend, self.notices, self.statutes)
        return digest(msgspec.to_builtins(known, str_keys=True, order="deterministic"))

    def with_notice(self, notice: Notice) -> "Almanac":
        """A new almanac that also knows `notice`."""
        return Almanac(
            region=self.region,
            zone=self.zone.name,
            weekend=self.weekend,
            notices=(*self.notices, notice),
            statutes=self.statutes,
        )

    def without(self, citations: Iterable[str]) -> "Almanac":
        """A new almanac that never heard of the notices with these citations."""
        gone = set(citations)
        return Almanac(
            region=self.region,
            zone=self.zone.name,
            weekend=self.weekend,
            notices=(each for each in self.notices if each.citation not in gone),
            statutes=self.statutes,
        )

    def calendar(
        self,
        region: str | None = None,
        known_at: Instant | None = None,
        provisional: bool = False,
    ) -> Calendar:
        """The calendar of `region` (default: the country) from what was recorded by `known_at`.

        Left out, `known_at` means everything. The same question gives the same object while
        it is remembered. Raises `Refusal` REGION_UNKNOWN.
        """
        place = self.region if region is None else region
        known = tuple(
            (shelf, count)
            for level in self._levels(place)
            if (shelf := self._shelves.get(level)) and (count := shelf.known(known_at))
        )
        statutes = self._statutes_known(known_at) if provisional else 0
        key = (place, known, statutes)
        calendar = self._calendars.get(key)
        if calendar is None:
            if len(self._calendars) >= _KEPT:
                self._calendars.clear()
            calendar = self._calendars[key] = Calendar(place, self._content(known, statutes))
        return calendar

    def _levels(self, region: str) -> tuple[str, ...]:
        if self._shape.fullmatch(region) is None:
            raise refuse(REGION_UNKNOWN, "region", region, f"{self.region}, {self.region}-3411")
        root = len(self.region)
        return (self.region, *(region[:end] for end in range(root + 3, len(region) + 1, 2)))

    def _statutes_known(self, known_at: Instant | None) -> int:
        if known_at is None:
            return len(self.statutes)
        midnight = self.zone.midnight
        return sum(midnight[s.published.toordinal()] <= known_at for s in self.statutes)

    def _content(self, known: tuple[tuple["_Shelf", int], ...], statutes: int) -> Content:
        """What the first notices of each shelf and the first statutes come to; compiled once."""
        content = self._contents.get((known, statutes))
        if content is None:
            content = self._contents[known, statutes] = self._settle(
                [entry for shelf, count in known for entry in shelf.first(count)],
                self.statutes[:statutes],
            )
        return content

    def _settle(
        self,
        notices: Sequence[tuple[Notice, Mapping[int, Day]]],
        statutes: Sequence[Statute],
    ) -> Content:
        published = frozenset(year for notice, _ in notices for year in notice.covers)
        basis = _in_force(statutes, published)
        named = {
            day.toordinal(): Day(DayKind.STATUTORY_HOLIDAY, name, statute.citation)
            for year, statute in basis.items()
            for day, name in statute.days.items()
            if day.year == year
        }
        for _, days in notices:
            named.update(days)
        provisional = {year: statute.citation for year, statute in basis.items()}
        return Content(self.zone, self.weekend, published, provisional, named)

    def classify(self, notice: Notice) -> dict[int, Day]:
        """Each day a notice names, by ordinal, with its kind."""
        days: dict[int, Day] = {}
        for day, name in notice.off.items():
            days[day.toordinal()] = Day(self._rest(notice, day), name, notice.citation)
        for day, name in notice.work.items():
            kind = DayKind.MAKEUP_WORKDAY if day.weekday() in self.weekend else DayKind.WORKDAY
            days[day.toordinal()] = Day(kind, name, notice.citation)
        return days

    def _rest(self, notice: Notice, day: date) -> DayKind:
        if notice.region != self.region:
            return DayKind.REGIONAL_HOLIDAY
        if day in notice.special:
            return DayKind.SPECIAL_HOLIDAY
        statute = self.statute(day.year)
        if statute is not None and day in statute.days:
            return DayKind.STATUTORY_HOLIDAY
        return DayKind.WEEKEND if day.weekday() in self.weekend else DayKind.ADJUSTED_REST_DAY

    def statute(self, year: int) -> Statute | None:
        """The edition of the statute in force in a year; None before the first."""
        in_force = [statute for statute in self.statutes if statute.in_force <= year]
        return in_force[-1] if in_force else None


class _Shelf:
    """The notices of one region in the order in which they became known."""

    def __init__(self, almanac: Almanac, region: str) -> None:
        mine = [notice for notice in almanac.notices if notice.region == region]
        mine.sort(key=lambda notice: (notice.recorded, notice.rank))
        self._entries = [(notice, almanac.classify(notice)) for notice in mine]
        self._recorded = [notice.recorded or 0 for notice in mine]

    def known(self, known_at: Instant | None) -> int:
        """How many of them were recorded by `known_at`."""
        if known_at is None:
            return len(self._recorded)
        return bisect_right(self._recorded, known_at)

    def first(self, count: int) -> list[tuple[Notice, dict[int, Day]]]:
        """The first `count` to become known, in the order in which they prevail."""
        return sorted(self._entries[:count], key=lambda entry: entry[0].rank)


def _in_force(statutes: Iterable[Statute], published: frozenset[int]) -> dict[int, Statute]:
    """The edition that each unpublished year rests on, as far as its days are tabulated."""
    return {
        day.year: statute
        for statute in statutes
        for day in statute.days
        if day.year not in published
    }

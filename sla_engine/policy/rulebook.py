"""The rulebook: every pack and every calendar the process knows, answered by look-up.

Immutable from outside; what is compiled or found once is remembered, because each assessment of
each petition asks here.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import TypeAlias, TypeVar

from sla_engine.errors import Refusal, refuse, register
from sla_engine.identity import digest
from sla_engine.policy.clause import ALL_HOURS, OFFICE, Pack
from sla_engine.policy.editions import lint_editions
from sla_engine.worktime import Almanac, Calendar, Instant, Notice, Timetable

POLICY_UNKNOWN = register(
    "POLICY_UNKNOWN",
    "没有政策包“{found}”，已装入的有：{allowed}",
    "there is no policy pack {found!r}; loaded are: {allowed}",
)
POLICY_NOT_IN_FORCE = register(
    "POLICY_NOT_IN_FORCE",
    "政策包在 {found} 没有生效的版本，已有版本：{allowed}",
    "the pack has no edition in force on {found}; its editions are: {allowed}",
    "核对日期，或装入当时有效的版本",
    "check the date, or load the edition that was in force",
)
PACK_CALENDAR_UNKNOWN = register(
    "PACK_CALENDAR_UNKNOWN",
    "没有日历“{found}”，已装入的有：{allowed}",
    "there is no calendar {found!r}; loaded are: {allowed}",
)
RULES_CHANGED = register(
    "RULES_CHANGED",
    "找不到当时采用的规则（摘要 {found}），数据文件可能被改动",
    "the rules that were used (digest {found}) are no longer to be found; a data file has changed",
    "自备的政策包用 --packs 指明所在文件夹；放假通知和政策包一经发布不得修改，改过的请恢复原文件",
    "name the folder of your own packs with --packs; a notice or pack that was changed after its "
    "release must be restored",
)

K = TypeVar("K")
V = TypeVar("V")

Edition: TypeAlias = tuple[Instant, Instant | None, Instant, Pack]

_KEPT = 512


class Rulebook:
    """Packs by name and edition, calendars by name.

    `almanacs` are keyed by the name packs use in `[pack] calendar`. Raises `Refusal`
    PACK_CALENDAR_UNKNOWN for a pack whose calendar is not among them, EDITIONS_OVERLAP or
    PACK_DUPLICATE for editions of a name that are in each other's way.
    """

    def __init__(self, almanacs: Mapping[str, Almanac], packs: Iterable[Pack] = ()) -> None:
        self.almanacs = dict(almanacs)
        self.packs = tuple(packs)
        faults = lint_editions(self.packs)
        if faults:
            raise Refusal(faults)
        self._by_digest = {pack.digest: pack for pack in self.packs}
        self._editions = self._in_order()
        self._known: dict[tuple[str, str], _Knowledge] = {}
        self._pinned: dict[tuple[str, str, str], Calendar] = {}
        self._timetables: dict[tuple[str, str], Timetable] = {}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every pack and notice known: processes with equal digests judge alike."""
        packs = sorted((pack.name, pack.digest, pack.recorded_at) for pack in self.packs)
        return digest((packs, {name: each.digest for name, each in self.almanacs.items()}))

    def pack(self, name: str, on: date, known_at: Instant | None = None) -> Pack:
        """The edition in force on a local date, from those known by `known_at` (None: all).

        Raises `Refusal` POLICY_UNKNOWN or POLICY_NOT_IN_FORCE.
        """
        zone = self._almanac(self._edition_list(name)[0][3]).zone
        return self.pack_on(name, zone.midnight[on.toordinal()], known_at)

    def pack_on(self, name: str, at: Instant, known_at: Instant | None = None) -> Pack:
        """The edition in force at an instant; otherwise as `pack`."""
        for begin, end, recorded_at, pack in self._edition_list(name):
            if begin <= at and (known_at is None or recorded_at <= known_at):
                if end is None or at < end:
                    return pack
                break
        raise self._not_in_force(name, at)

    def editions(self, name: str) -> list[Pack]:
        """Every edition of a pack, whenever in force. Raises `Refusal` POLICY_UNKNOWN."""
        return [pack for *_, pack in self._edition_list(name)]

    def pack_by_digest(self, digest: str) -> Pack:
        """The pack a judgment was made by. Raises `Refusal` RULES_CHANGED."""
        pack = self._by_digest.get(digest)
        if pack is None:
            raise refuse(RULES_CHANGED, "pack", digest)
        return pack

    def talks_of(self, pack: Pack, at: Instant, known_at: Instant | None = None) -> Pack:
        """The pack that governs the talks which a pack leads to; itself when it has rules for
        them, or when there are none. Raises `Refusal` as `talks_on`."""
        if pack.talk is not None or not pack.talks_by:
            return pack
        return self.talks_on(pack.talks_by, at, known_at)

    def talks_on(self, name: str, at: Instant, known_at: Instant | None = None) -> Pack:
        """The edition that governs a talk at an instant. A pack may take its rules for talks from
        one that came later: until that is in force, its first edition governs.

        Raises `Refusal` POLICY_UNKNOWN, or POLICY_NOT_IN_FORCE once the last edition has ended.
        """
        begin, _end, recorded_at, first = self._edition_list(name)[-1]
        if at < begin or (known_at is not None and known_at < recorded_at):
            return first
        return self.pack_on(name, at, known_at)

    def calendar(self, pack: Pack, region: str, known_at: Instant | None = None) -> Calendar:
        """The calendar of `region` as known at an instant; unpublished years are provisional.

        Raises `Refusal` REGION_UNKNOWN.
        """
        return self._knowledge(pack, region).at(known_at)

    def calendar_by_digest(self, pack: Pack, region: str, digest: str) -> Calendar:
        """The calendar edition a clock is pinned to. Raises `Refusal` RULES_CHANGED."""
        key = (pack.calendar, region, digest)
        calendar = self._pinned.get(key)
        if calendar is None:
            calendar = self._knowledge(pack, region).find(digest)
            _keep(self._pinned, key, calendar)
        return calendar

    def revised_at(self, pack: Pack, region: str, digest: str, known_at: Instant) -> Instant:
        """When the first notice was published that the calendar of `digest` lacks and the one
        known at `known_at` has. Judgments made before that instant stand."""
        return self._knowledge(pack, region).revised_at(digest, known_at)

    def timetable(self, pack: Pack, hours: str, calendar: Calendar) -> Timetable:
        """Working time of a calendar under the pack's hours of that name.

        A clock that runs 24x7 needs sessions only for the working-day offsets of its rungs, so
        it gets the office hours.
        """
        schedule = pack.hours[OFFICE if hours == ALL_HOURS else hours]
        key = (schedule.digest, calendar.digest)
        timetable = self._timetables.get(key)
        if timetable is None:
            timetable = Timetable(calendar, schedule)
            _keep(self._timetables, key, timetable)
        return timetable

    def with_notice(self, notice: Notice) -> "Rulebook":
        """A new rulebook whose calendar of the notice's country also knows it."""
        for name, almanac in self.almanacs.items():
            if f"{notice.region}-".startswith(f"{almanac.region}-"):
                return Rulebook({**self.almanacs, name: almanac.with_notice(notice)}, self.packs)
        raise _no_calendar(notice.region, self.almanacs)

    def with_pack(self, pack: Pack) -> "Rulebook":
        """A new rulebook in which `pack` stands for its name and edition."""
        others = (each for each in self.packs if _identity(each) != _identity(pack))
        return Rulebook(self.almanacs, (*others, pack))

    def alone(self, pack: Pack) -> "Rulebook":
        """A new rulebook in which `pack` is the only edition of its name."""
        others = (each for each in self.packs if each.name != pack.name)
        return Rulebook(self.almanacs, (*others, pack))

    def _in_order(self) -> dict[str, tuple[Edition, ...]]:
        """Editions by name, the latest to come into force first."""
        editions: dict[str, list[Edition]] = {}
        for pack in self.packs:
            midnight = self._almanac(pack).zone.midnight
            begin, end = pack.effective
            edition = (
                midnight[begin.toordinal()],
                None if end is None else midnight[end.toordinal()],
                pack.recorded_at,
                pack,
            )
            editions.setdefault(pack.name, []).append(edition)
        return {
            name: tuple(sorted(each, key=lambda edition: edition[0], reverse=True))
            for name, each in editions.items()
        }

    def _edition_list(self, name: str) -> tuple[Edition, ...]:
        editions = self._editions.get(name)
        if editions is None:
            raise refuse(POLICY_UNKNOWN, "pack", name, ", ".join(sorted(self._editions)) or "-")
        return editions

    def _not_in_force(self, name: str, at: Instant) -> Refusal:
        editions = self._editions[name]
        spans = (f"{p.edition} [{p.effective[0]}, {p.effective[1] or '…'})" for *_, p in editions)
        day = self._almanac(editions[0][3]).zone.date_of(at)
        return refuse(POLICY_NOT_IN_FORCE, f"pack {name}", day.isoformat(), "; ".join(spans))

    def _almanac(self, pack: Pack) -> Almanac:
        almanac = self.almanacs.get(pack.calendar)
        if almanac is None:
            raise _no_calendar(pack.calendar, self.almanacs)
        return almanac

    def _knowledge(self, pack: Pack, region: str) -> "_Knowledge":
        key = (pack.calendar, region)
        knowledge = self._known.get(key)
        if knowledge is None:
            knowledge = _Knowledge(self._almanac(pack), region)
            _keep(self._known, key, knowledge)
        return knowledge


class _Knowledge:
    """The calendars of one region, one for each time something about it became known."""

    def __init__(self, almanac: Almanac, region: str) -> None:
        midnight = almanac.zone.midnight
        self._almanac = almanac
        self._region = region
        self._learned = sorted(
            {
                notice.recorded
                for notice in almanac.notices
                if notice.recorded is not None and region.startswith(notice.region)
            }
            | {midnight[statute.published.toordinal()] for statute in almanac.statutes}
        )
        self._calendars: list[Calendar | None] = [None] * (len(self._learned) + 1)

    def at(self, known_at: Instant | None) -> Calendar:
        """The calendar as known at an instant, None meaning by now."""
        learned = self._learned
        count = len(learned) if known_at is None else bisect_right(learned, known_at)
        calendar = self._calendars[count]
        if calendar is None:
            calendar = self._calendars[count] = self._draw(count)
        return calendar

    def find(self, digest: str) -> Calendar:
        """The calendar of that digest, whenever it was the one known."""
        return self._draw(self._count(digest))

    def revised_at(self, digest: str, known_at: Instant) -> Instant:
        """When the first thing learned after the calendar of `digest` was published."""
        midnight, since = self._almanac.zone.midnight, self._learned[self._count(digest) :]
        published = [
            midnight[notice.published.toordinal()]
            for notice in self._almanac.notices
            if notice.recorded in since
            and notice.recorded <= known_at
            and self._region.startswith(notice.region)
        ]
        return min(published, default=known_at)

    def _count(self, digest: str) -> int:
        """How many things were known when the calendar of that digest was the one known."""
        for count in range(len(self._learned), -1, -1):
            if self._draw(count).digest == digest:
                return count
        raise refuse(RULES_CHANGED, f"calendar {self._region}", digest)

    def _draw(self, count: int) -> Calendar:
        """The calendar after the first `count` things were learned."""
        if count:
            known_at = self._learned[count - 1]
        else:
            known_at = self._learned[0] - 1 if self._learned else 0
        return self._almanac.calendar(self._region, known_at, provisional=True)


def _identity(pack: Pack) -> tuple[str, str]:
    return (pack.name, pack.edition)


def _no_calendar(found: str, almanacs: Mapping[str, Almanac]) -> Refusal:
    return refuse(PACK_CALENDAR_UNKNOWN, "calendar", found, ", ".join(sorted(almanacs)) or "-")


def _keep(cache: dict[K, V], key: K, value: V) -> None:
    """Remember, within bounds: a process that meets every county must not keep every one."""
    if len(cache) >= _KEPT:
        cache.clear()
    cache[key] = value

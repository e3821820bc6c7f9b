"""Days as the notices have them: which work, which do not, and who says so.

Read from the notice files themselves. A calendar is what was known at some time; it is found by its
digest, worked out here from the same content in the same canonical form.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sla_engine.checker.reasons import Forged, Unreadable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
ONE = timedelta(days=1)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKS = ("workday", "makeup_workday")

Day = dict[str, str]


def digest_of(content: Any) -> str:
    """SHA-256 of the canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_iso
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _iso(value: Any) -> str:
    """A TOML date or time, with Z for UTC."""
    return str(value.isoformat()).replace("+00:00", "Z")


class Notice(NamedTuple):
    """One notice: `off` and `work` name days after a holiday."""

    region: str
    rank: tuple[date, date, str, str]
    known_at: int
    covers: frozenset[int]
    off: dict[date, str]
    special: frozenset[date]
    work: dict[date, str]
    citation: str


class Statute(NamedTuple):
    """One edition of the statutory days, and the days themselves in every year tabulated."""

    citation: str
    published: date
    in_force: int
    days: dict[date, str]


class Country:
    """All notices of one country under its root folder, and those given beside them."""

    def __init__(self, root: Path, given: Iterable[tuple[str, int]], without: set[str]) -> None:
        table = _toml((root / "calendar.toml").read_text(encoding="utf-8"))
        self.region: str = table["region"]
        self.zone = Zone(table["zone"])
        self.weekend = frozenset(_WEEK.index(day) for day in table["weekend"])
        self.statutes: list[Statute] = []
        self._found: dict[tuple[str, str], Calendar] = {}
        found: dict[tuple[str, date, str], Notice] = {}
        for name, text, recorded in _texts(root, given):
            if name == "statutory.toml":
                self.statutes = sorted(_statutes(_toml(text)), key=_in_order)
                continue
            notice = self._notice(_toml(text), recorded)
            key = (notice.region, notice.rank[0], notice.citation)
            known = found.get(key)
            if recorded is None and notice.citation in without:
                continue
            if known is None or notice.known_at < known.known_at:
                found[key] = notice
        self.notices = [n for n in found.values() if n.region.startswith(self.region)]

    def _notice(self, table: dict[str, Any], recorded: int | None) -> Notice:
        published: date = table["published"]
        known_at = self.zone.midnight(published)
        if table.get("recorded") is not None:
            known_at = (table["recorded"] - EPOCH) // MICRO
        days: dict[str, dict[date, str]] = {"off": {}, "special": {}, "work": {}, "resume": {}}
        for holiday in table["holiday"]:
            for key, named in days.items():
                named.update(dict.fromkeys(_listed(holiday.get(key, [])), holiday["name"]))
        number, title = table.get("number"), table["title"]
        return Notice(
            region=table["region"],
            rank=(published, table.get("issued") or published, number or "", title),
            known_at=known_at if recorded is None else recorded,
            covers=frozenset(table["covers"]),
            off=days["off"] | days["special"],
            special=frozenset(days["special"]),
            work=days["work"] | days["resume"],
            citation=number or title,
        )

    def calendar(self, region: str, digest: str) -> "Calendar":
        """The calendar of a region with that digest, whenever it was the one known."""
        if (region, digest) not in self._found:
            self._found[region, digest] = self._find(region, digest)
        return self._found[region, digest]

    def _find(self, region: str, digest: str) -> "Calendar":
        mine = [notice for notice in self.notices if region.startswith(notice.region)]
        moments = {notice.known_at for notice in mine}
        moments |= {self.zone.midnight(statute.published) for statute in self.statutes}
        for moment in sorted(moments | {min(moments, default=0) - 1}, reverse=True):
            found = Calendar(self, region, [n for n in mine if n.known_at <= moment], moment)
            if found.digest == digest:
                return found
        raise Forged("CALENDAR_UNKNOWN", "calendar", digest, "-")

    def statute(self, year: int) -> Statute | None:
        """The edition in force in a year."""
        in_force = [statute for statute in self.statutes if statute.in_force <= year]
        return in_force[-1] if in_force else None

    def kind(self, notice: Notice, day: date) -> str:
        """What a notice makes of a day that it names."""
        rests = day.weekday() in self.weekend
        if day in notice.work:
            return "makeup_workday" if rests else "workday"
        if notice.region != self.region:
            return "regional_holiday"
        if day in notice.special:
            return "special_holiday"
        statute = self.statute(day.year)
        if statute is not None and day in statute.days:
            return "statutory_holiday"
        return "weekend" if rests else "adjusted_rest_day"


class Calendar:
    """The days of a region from what was known at one time. A year without a notice rests on the
    statutory days alone, and is provisional; beyond their table nothing is known."""

    def __init__(self, country: Country, region: str, notices: list[Notice], known_at: int) -> None:
        self.zone, self._weekend, self._days = country.zone, country.weekend, dict[date, Day]()
        self.region = region
        self._published = frozenset(year for notice in notices for year in notice.covers)
        rests: dict[int, Statute] = {}
        for statute in country.statutes:
            if country.zone.midnight(statute.published) <= known_at:
                rests |= {d.year: statute for d in statute.days if d.year not in self._published}
        self._basis = {year: statute.citation for year, statute in rests.items()}
        for year, statute in rests.items():
            for day, name in statute.days.items():
                if day.year == year:
                    self._days[day] = _day("statutory_holiday", name, statute.citation)
        for notice in sorted(notices, key=lambda n: (len(n.region), n.rank)):
            for day, name in (notice.off | notice.work).items():
                self._days[day] = _day(country.kind(notice, day), name, notice.citation)
        self.digest = self._digest()

    def _digest(self) -> str:
        return digest_of(
            {
                "region": self.region,
                "zone": self.zone.name,
                "weekend": sorted(self._weekend),
                "published": sorted(self._published),
                "provisional": sorted(self._basis.items()),
                "days": [
                    (day.isoformat(), *self._days[day].values()) for day in sorted(self._days)
                ],
            }
        )

    def day(self, day: date) -> Day | None:
        """Kind, name and notice of a day; None where nothing is known of its year."""
        if day.year not in self._published and day.year not in self._basis:
            return None
        plain = "weekend" if day.weekday() in self._weekend else "workday"
        return self._days.get(day) or _day(plain, "", "")

    def works(self, day: date) -> bool:
        """Whether a day is a working day; refuses where nothing is known."""
        known = self.day(day)
        if known is None:
            raise Forged("YEAR_UNKNOWN", "calendar", day.year, "-")
        return known["kind"] in _WORKS

    def next_workday(self, day: date, by: int = 1) -> date:
        """The first working day after a day, or with -1 before it."""
        day += by * ONE
        while not self.works(day):
            day += by * ONE
        return day

    def basis(self, years: Iterable[int]) -> str | None:
        """What an answer that depends on these years provisionally rests on."""
        loose = sorted(self._basis.keys() & set(years))
        if not loose:
            return None
        statutes = "；".join(dict.fromkeys(self._basis[year] for year in loose))
        return f"{'、'.join(map(str, loose))}年：周末与法定节假日（{statutes}），不含调休"

    def loose(self, last: date) -> bool:
        """Whether a day lies in the first provisional year, or after it began."""
        return bool(self._basis) and last.year >= min(self._basis)


class Zone:
    """A time zone: days and instants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._info = ZoneInfo(name)

    def midnight(self, day: date) -> int:
        """The first instant of a day, in microseconds since 1970."""
        return (datetime(day.year, day.month, day.day, tzinfo=self._info) - EPOCH) // MICRO

    def day(self, instant: int) -> date:
        """The local day of an instant."""
        return (EPOCH + instant * MICRO).astimezone(self._info).date()


def _in_order(statute: Statute) -> tuple[int, date]:
    return statute.in_force, statute.published


def _day(kind: str, name: str, notice: str) -> Day:
    return {"kind": kind, "name": name, "notice": notice}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(str(error)) from None


def _texts(root: Path, given: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str, int | None]]:
    for folder in (root, *sorted(root.parent.glob(f"{root.name}-*"))):
        for path in sorted(folder.glob("*.toml")):
            if path.name != "calendar.toml":
                yield path.name, path.read_text(encoding="utf-8"), None
    for text, recorded in given:
        yield "", text, recorded


def _listed(spans: Iterable[str]) -> Iterator[date]:
    """`2026-02-15..2026-02-23` day by day."""
    for span in spans:
        first, _, last = span.partition("..")
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last or first):
            yield day
            day += ONE


def _statutes(table: dict[str, Any]) -> Iterator[Statute]:
    moving = table["lunar"]
    tabulated = sorted({int(year) for days in moving.values() for year in days})
    for decision in table["decision"]:
        days: dict[date, str] = {}
        years = [year for year in tabulated if year >= decision["in_force"]]
        for name, text in decision["fixed"].items():
            first, _, last = text.partition("..")
            for year in years:
                _name(days, _listed([f"{year}-{first}..{year}-{last or first}"]), name)
        for name, (first, last) in decision["lunar"].items():
            for year in years:
                at = moving[name].get(str(year))
                if at is not None:
                    _name(days, _listed([f"{at + first * ONE}..{at + last * ONE}"]), name)
        yield Statute(decision["number"], decision["published"], decision["in_force"], days)


def _name(days: dict[date, str], span: Iterable[date], name: str) -> None:
    for day in span:
        days[day] = f"{days[day]}、{name}" if day in days else name

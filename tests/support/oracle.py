"""A slow second opinion on working time, sharing no arithmetic with `sla_engine.worktime`.

The kernel counts with prefix tables over integers. This module walks: day after day with
`datetime`, session after session as a list of open spans, one aware instant at a time. It reads
the notices its own way and knows none of the kernel's types, so a mistake has to be made twice,
differently, to pass. Speed is no concern here.

Instants are aware `datetime`s; amounts are whole days, months, half days or `timedelta`s.
"""

import tomllib
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Pause = tuple[datetime, datetime | None]
Sessions = Sequence[tuple[str, str]]
Seasons = Sequence[tuple[str, Sessions]]

ONE_DAY = timedelta(days=1)
FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Unpublished(Exception):
    """A working day was asked for in a year without a notice."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(str(year))


@dataclass(frozen=True)
class Almanac:
    """Which days work: `off` and `work` are the days named by notices, latest word already won."""

    off: frozenset[date]
    work: frozenset[date]
    years: frozenset[int]
    weekend: frozenset[int] = frozenset({5, 6})

    def works(self, day: date) -> bool:
        if day.year not in self.years:
            raise Unpublished(day.year)
        if day in self.work:
            return True
        return day not in self.off and day.weekday() not in self.weekend


@dataclass(frozen=True)
class Office:
    """An almanac and its opening hours in one time zone; seasons as (MM-DD, sessions)."""

    almanac: Almanac
    seasons: Seasons
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    def midnight(self, day: date) -> datetime:
        return self._at(day, "00:00")

    def date_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def works(self, day: date) -> bool:
        return self.almanac.works(day)

    def sessions(self, day: date) -> list[Span]:
        """Open spans of a working day, in order; none on a day off."""
        if not self.works(day):
            return []
        return [(self._at(day, a), self._at(day, b)) for a, b in self._hours(day)]

    def opening(self, day: date) -> datetime:
        return self.sessions(day)[0][0]

    def close(self, day: date) -> datetime:
        return self.sessions(day)[-1][1]

    def next_workday(self, day: date) -> date:
        return next(d for d in days_after(day) if self.works(d))

    def last_workday_before(self, day: date) -> date:
        return next(d for d in days_before(day) if self.works(d))

    def open_spans(self, start: datetime) -> Iterator[Span]:
        """Open spans from `start` on, the first one cut if it has begun."""
        day = self.date_of(start)
        while True:
            for a, b in self.sessions(day):
                if b > start:
                    yield max(a, start), b
            day += ONE_DAY

    def open_spans_back(self, end: datetime) -> Iterator[Span]:
        """Open spans before `end`, latest first, the first one cut if it is under way."""
        day = self.date_of(end)
        while True:
            for a, b in reversed(self.sessions(day)):
                if a < end:
                    yield a, min(b, end)
            day -= ONE_DAY

    def _hours(self, day: date) -> Sessions:
        begun = [s for s in sorted(self.seasons) if s[0] <= day.strftime("%m-%d")]
        return begun[-1][1] if begun else max(self.seasons)[1]

    def _at(self, day: date, clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        if hour == 24:
            day, hour = day + ONE_DAY, 0
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)


def days_after(day: date) -> Iterator[date]:
    while True:
        day += ONE_DAY
        yield day


def days_before(day: date) -> Iterator[date]:
    while True:
        day -= ONE_DAY
        yield day


# --- questions about days and about working time -------------------------------------------


def add_workdays(office: Office, day: date, n: int) -> date:
    """The n-th working day after (before, if negative) `day`; the day itself when n is 0."""
    walk = days_after(day) if n > 0 else days_before(day)
    left = abs(n)
    while left:
        day = next(walk)
        left -= office.works(day)
    return day


def workdays_between(office: Office, a: date, b: date) -> int:
    """Working days in (a, b], negative when reversed."""
    if b < a:
        return -workdays_between(office, b, a)
    return sum(office.works(d) for d in days_after_until(a, b))


def days_after_until(a: date, b: date) -> Iterator[date]:
    day = a + ONE_DAY
    while day <= b:
        yield day
        day += ONE_DAY


def work_between(office: Office, a: datetime, b: datetime) -> timedelta:
    """Open time in [a, b), negative when reversed."""
    if b < a:
        return -work_between(office, b, a)
    total = timedelta()
    day = office.date_of(a)
    while office.midnight(day) < b:
        total += overlap(office.sessions(day), a, b)
        day += ONE_DAY
    return total


def add_work(office: Office, start: datetime, amount: timedelta) -> datetime:
    """Earliest instant by which `amount` of open time has run since `start`; latest if negative."""
    if not amount:
        return start
    if amount < timedelta():
        return _subtract_work(office, start, -amount)
    for a, b in office.open_spans(start):
        if b - a >= amount:
            return a + amount
        amount -= b - a
    raise AssertionError("open spans never end")


def _subtract_work(office: Office, start: datetime, amount: timedelta) -> datetime:
    for a, b in office.open_spans_back(start):
        if b - a >= amount:
            return b - amount
        amount -= b - a
    raise AssertionError("open spans never end")


def overlap(spans: Iterable[Span], a: datetime, b: datetime) -> timedelta:
    return sum((max(timedelta(), min(y, b) - max(x, a)) for x, y in spans), timedelta())


# --- terms ---------------------------------------------------------------------------------

DayUnit = Literal["workdays", "calendar_days", "calendar_months"]
Unit = DayUnit | Literal["half_workdays", "clock_hours", "work_hours"]
DAY_UNITS = ("workdays", "calendar_days", "calendar_months")


@dataclass(frozen=True)
class Promise:
    """A term in plain words: `n` counts days, months or half days; `span` is a length of time."""

    unit: Unit
    n: int = 0
    span: timedelta = timedelta()
    receipt: Literal["as_is", "off_to_next", "close_to_next"] = "as_is"
    close_of_business: bool = False
    roll: bool = False


@dataclass(frozen=True)
class Left:
    """What is left: `days` (or half days) for counted terms, `time` for running ones."""

    days: int | None
    time: timedelta | None
    overdue: bool
    due: datetime | None
    paused: bool


@dataclass(frozen=True)
class Course:
    """One promise running in one office from one arrival, with its pauses."""

    office: Office
    promise: Promise
    arrived: datetime
    pauses: Sequence[Pause] = ()

    @property
    def start(self) -> datetime:
        """The arrival after the receipt rule."""
        if self.promise.receipt == "as_is":
            return self.arrived
        day = self.office.date_of(self.arrived)
        if not self.office.works(day):
            return self.office.opening(self.office.next_workday(day))
        if self.promise.receipt == "off_to_next":
            return self.arrived
        if self.arrived > self.office.close(day):
            return self.office.opening(self.office.next_workday(day))
        return max(self.arrived, self.office.opening(day))

    # which days, sessions or seconds count

    def pause_day(self, instant: datetime) -> date:
        """Under close of business an instant after the close belongs to the next day."""
        day = self.office.date_of(instant)
        if self.promise.close_of_business and self.office.works(day):
            return day + ONE_DAY if instant > self.office.close(day) else day
        return day

    def given_back(self, day: date) -> bool:
        return any(
            self.pause_day(p) <= day and (r is None or day < self.pause_day(r))
            for p, r in self.pauses
        )

    def lost_for_good(self, day: date) -> bool:
        """Whether from `day` on every day lies in a pause nobody has ended."""
        return any(r is None and self.pause_day(p) <= day for p, r in self.pauses)

    def counts(self, day: date) -> bool:
        if self.given_back(day):
            return False
        return self.promise.unit != "workdays" or self.office.works(day)

    def running_spans(self) -> Iterator[Span]:
        """Spans in which a clock of hours runs, from the start on, pauses cut out."""
        spans: Iterable[Span] = (
            [(self.start, FAR)]
            if self.promise.unit == "clock_hours"
            else self.office.open_spans(self.start)
        )
        stopped = min((p for p, r in self.pauses if r is None), default=FAR)
        for a, b in spans:
            if a >= stopped:
                return
            yield from cut((a, b), self.pauses)

    # the answers

    def due_date(self) -> date | None:
        """Last day of a day term, before any instant is fixed; None while paused without end."""
        day = self.office.date_of(self.start)
        if self.promise.unit == "calendar_months":
            left = (months_on(day, self.promise.n) - day).days
        else:
            left = self.promise.n
        while left:
            day += ONE_DAY
            if self.lost_for_good(day):
                return None
            left -= self.counts(day)
        while self.promise.roll and (self.given_back(day) or not self.office.works(day)):
            day += ONE_DAY
            if self.lost_for_good(day):
                return None
        return day

    def due(self) -> datetime | None:
        if self.promise.unit in DAY_UNITS:
            last = self.due_date()
            return None if last is None else self.end_of(last)
        if self.promise.unit == "half_workdays":
            halves = self.half_days()
            return halves[-1][1] if halves else None
        return self.reached(self.promise.span)

    def end_of(self, day: date) -> datetime:
        if self.promise.close_of_business and self.office.works(day):
            return self.office.close(day)
        return self.office.midnight(day + ONE_DAY)

    def half_days(self) -> list[Span]:
        """The sessions that count: those that begin after the start, on days not given back."""
        found: list[Span] = []
        day = self.office.date_of(self.start)
        while len(found) < self.promise.n:
            if self.lost_for_good(day):
                return []
            if not self.given_back(day):
                found += [s for s in self.office.sessions(day) if s[0] > self.start]
            day += ONE_DAY
        return found[: self.promise.n]

    def reached(self, amount: timedelta) -> datetime | None:
        """Earliest instant at which `amount` has run on a clock of hours."""
        if not amount:
            return self.start
        for a, b in self.running_spans():
            if b - a >= amount:
                return a + amount
            amount -= b - a
        return None

    def elapsed_until(self, at: datetime) -> timedelta:
        """Time run by `at` on a clock of hours."""
        total = timedelta()
        for a, b in self.running_spans():
            if a >= at:
                break
            total += min(b, at) - a
        return total

    def left(self, at: datetime) -> Left:
        due = self.due()
        overdue = due is not None and at > due
        if self.promise.unit in DAY_UNITS:
            return Left(self.days_left(at), None, overdue, due, due is None)
        left = self.promise.span - self.elapsed_until(at)
        return Left(None, left, overdue, due, due is None)

    def days_left(self, at: datetime) -> int:
        last, today = self.due_date(), self.office.date_of(at)
        if last is None:
            return self.frozen()
        if today <= last:
            return sum(map(self.counts, days_after_until(today, last)))
        return -sum(map(self.counts, days_after_until(last, today)))

    def frozen(self) -> int:
        """Days not yet used up when a pause without end began."""
        first = min(self.pause_day(p) for p, r in self.pauses if r is None)
        start = self.office.date_of(self.start)
        used = sum(map(self.counts, days_after_until(start, first - ONE_DAY)))
        return self.promise.n - used

    def day_spans(self) -> list[Span]:
        """Spans that make up a day term: its counted days, or their open hours for work days."""
        last, due = self.due_date(), self.due()
        assert last is not None
        assert due is not None
        spans: list[Span] = []
        for day in days_after_until(self.office.date_of(self.start), last):
            if not self.counts(day):
                continue
            if self.promise.unit == "workdays":
                spans += self.office.sessions(day)
            else:
                spans.append((self.office.midnight(day), self.office.midnight(day + ONE_DAY)))
        return [(a, min(b, due)) for a, b in spans if a < due]

    def progress(self, at: datetime) -> tuple[timedelta, timedelta, int]:
        """Elapsed, total, and the whole per cent, on the term's own clock."""
        if self.promise.unit in ("clock_hours", "work_hours"):
            elapsed, total = self.elapsed_until(at), self.promise.span
        else:
            spans = self.half_days() if self.promise.unit == "half_workdays" else self.day_spans()
            total = sum((b - a for a, b in spans), timedelta())
            elapsed = overlap(spans, datetime(1, 1, 2, tzinfo=UTC), at)
        return elapsed, total, elapsed * 100 // total

    def at_percent(self, percent: int) -> datetime | None:
        """First instant at which elapsed * 100 >= percent * total."""
        if self.promise.unit in ("clock_hours", "work_hours"):
            return self.reached(part(self.promise.span, percent))
        spans = self.half_days() if self.promise.unit == "half_workdays" else self.day_spans()
        wanted = part(sum((b - a for a, b in spans), timedelta()), percent)
        for a, b in spans:
            if b - a >= wanted:
                return a + wanted
            wanted -= b - a
        return None

    def opening_before(self, k: int) -> datetime:
        """Opening of the k-th working day before the due date."""
        last = self.due_date()
        assert last is not None
        return self.office.opening(add_workdays(self.office, last, -k))


def part(total: timedelta, percent: int) -> timedelta:
    """So many per cent of `total`, rounded up to the microsecond."""
    return -(-total * percent // 100)


def months_on(day: date, n: int) -> date:
    """The same day n months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def cut(span: Span, pauses: Sequence[Pause]) -> list[Span]:
    """What is left of `span` outside all pauses, in order."""
    pieces = [span]
    for p, r in pauses:
        stop = FAR if r is None else r
        pieces = [
            piece
            for a, b in pieces
            for piece in ((a, min(b, p)), (max(a, stop), b))
            if piece[0] < piece[1]
        ]
    return pieces


# --- reading notices ------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """One notice as the oracle needs it: who, when known, which days."""

    region: str
    published: date
    covers: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]


def almanac(papers: Iterable[Paper], region: str = "CN", known_on: date | None = None) -> Almanac:
    """The days as a region knew them on a date: nation first, nearer regions after, later wins.

    Region codes nest by prefix: CN, CN-34, CN-3411, CN-341182.
    """
    known = [
        p
        for p in papers
        if region.startswith(p.region) and (known_on is None or p.published <= known_on)
    ]
    state: dict[date, bool] = {}
    for paper in sorted(known, key=lambda p: (len(p.region), p.published)):
        state.update(dict.fromkeys(paper.off, False) | dict.fromkeys(paper.work, True))
    years = frozenset(year for p in known for year in p.covers)
    return Almanac(
        frozenset(d for d, works in state.items() if not works),
        frozenset(d for d, works in state.items() if works),
        years,
    )


def read_papers(folder: Path) -> list[Paper]:
    """Every notice below `folder` (`<region>/<name>.toml`)."""
    tables = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/*.toml"))]
    return [paper(table) for table in tables if "holiday" in table]


def paper(table: Mapping[str, Any]) -> Paper:
    def named(*keys: str) -> frozenset[date]:
        texts = [text for item in table["holiday"] for key in keys for text in item.get(key, ())]
        return frozenset(day for text in texts for day in day_range(text))

    return Paper(
        table["region"],
        table["published"],
        frozenset(table["covers"]),
        named("off", "special"),
        named("work", "resume"),
    )


def day_range(text: str) -> Iterator[date]:
    """`2026-02-15` or `2026-02-15..2026-02-23`."""
    first, _, last = text.partition("..")
    yield date.fromisoformat(first)
    if last:
        yield from days_after_until(date.fromisoformat(first), date.fromisoformat(last))

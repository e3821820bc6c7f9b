"""A slow second opinion on working time, sharing no arithmetic with `sla_engine.worktime`.

The kernel counts with prefix tables over integers. This module walks: day after day with
`datetime`, session after session as a list of open spans. It knows none of the kernel's types
and reads the notices its own way (`tests.support.gazette`), so a mistake has to be made twice,
differently, to pass. Speed is no concern here.

Instants are aware `datetime`s; amounts are whole days, months, half days, or a `timedelta`.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Pause = tuple[datetime, datetime | None]
Seasons = Sequence[tuple[str, Sequence[tuple[str, str]]]]

ONE_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Unpublished(Exception):
    """A working day was asked for in a year without a notice."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(str(year))


@dataclass(frozen=True)
class Days:
    """Which days work: `off` and `work` are the days somebody named, the last word already won."""

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
    """Days and opening hours of one place in one time zone; seasons as (MM-DD, sessions)."""

    days: Days
    seasons: Seasons
    zone: str = "Asia/Shanghai"

    def works(self, day: date) -> bool:
        return self.days.works(day)

    def works_if_known(self, day: date) -> bool:
        return day.year in self.days.years and self.works(day)

    def date_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def midnight(self, day: date) -> datetime:
        return self._at(day, "00:00")

    def sessions(self, day: date) -> list[Span]:
        """Open spans of a day, in order; none on a day off."""
        if not self.works(day):
            return []
        spans: list[Span] = []
        earliest = self.midnight(day)
        for opens, closes in self._hours(day):
            # Where clocks are put forward a session may lose its beginning, or all of itself.
            begin = max(self._at(day, opens), earliest)
            earliest = max(self._at(day, closes), begin)
            spans.append((begin, earliest))
        return spans

    def opening(self, day: date) -> datetime:
        return self.sessions(day)[0][0]

    def close(self, day: date) -> datetime:
        return self.sessions(day)[-1][1]

    def spans_after(self, start: datetime) -> Iterator[Span]:
        """Open spans from `start` on, the first one cut if it has begun."""
        for day in days_from(self.date_of(start)):
            yield from ((max(a, start), b) for a, b in self.sessions(day) if b > start)

    def spans_before(self, end: datetime) -> Iterator[Span]:
        """Open spans before `end`, latest first, the first one cut if it is under way."""
        for day in days_back_from(self.date_of(end - TICK)):
            yield from ((a, min(b, end)) for a, b in reversed(self.sessions(day)) if a < end)

    def _hours(self, day: date) -> Sequence[tuple[str, str]]:
        begun = [season for season in sorted(self.seasons) if season[0] <= f"{day:%m-%d}"]
        return (begun or sorted(self.seasons))[-1][1]

    def _at(self, day: date, clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        if hour == 24:
            day, hour = day + ONE_DAY, 0
        local = datetime.combine(day, time(hour, minute), ZoneInfo(self.zone))
        return local.astimezone(UTC)


def days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += ONE_DAY


def days_back_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day -= ONE_DAY


def days_between(a: date, b: date) -> Iterator[date]:
    """The days in (a, b]."""
    return takewhile(lambda day: day <= b, days_from(a + ONE_DAY))


# --- days and open time ---------------------------------------------------------------------


def add_workdays(office: Office, day: date, n: int) -> date:
    """The n-th working day after (before, if negative) `day`; the day itself when n is 0."""
    walk = days_from(day + ONE_DAY) if n > 0 else days_back_from(day - ONE_DAY)
    left = abs(n)
    while left:
        day = next(walk)
        left -= office.works(day)
    return day


def workdays_between(office: Office, a: date, b: date) -> int:
    """Working days in (a, b], negative when reversed."""
    if b < a:
        return -workdays_between(office, b, a)
    return sum(map(office.works, days_between(a, b)))


def roll(office: Office, day: date) -> date:
    return next(filter(office.works, days_from(day)))


def work_between(office: Office, a: datetime, b: datetime) -> timedelta:
    """Open time in [a, b), negative when reversed."""
    if b < a:
        return -work_between(office, b, a)
    days = takewhile(lambda day: office.midnight(day) < b, days_from(office.date_of(a)))
    return sum((overlap(office.sessions(day), a, b) for day in days), timedelta())


def add_work(office: Office, start: datetime, amount: timedelta) -> datetime:
    """Earliest instant by which `amount` of open time has run since `start`; latest if negative."""
    if amount >= timedelta():
        return start if not amount else pour(office.spans_after(start), amount)
    left = -amount
    for a, b in office.spans_before(start):
        if b - a >= left:
            return b - left
        left -= b - a
    raise AssertionError("open spans never end")


def pour(spans: Iterable[Span], amount: timedelta) -> datetime:
    """The instant at which `spans`, laid end to end, have held `amount`."""
    for a, b in spans:
        if b - a >= amount:
            return a + amount
        amount -= b - a
    raise NeverReached


class NeverReached(Exception):
    """The clock stops before so much has run."""


def overlap(spans: Iterable[Span], a: datetime, b: datetime) -> timedelta:
    return length((max(x, a), min(y, b)) for x, y in spans if max(x, a) < min(y, b))


def length(spans: Iterable[Span]) -> timedelta:
    return sum((b - a for a, b in spans), timedelta())


def cut(span: Span, pauses: Sequence[Pause]) -> list[Span]:
    """What is left of `span` outside all pauses, in order."""
    pieces = [span]
    for begin, resume in pauses:
        end = FAR if resume is None else resume
        pieces = [p for a, b in pieces for p in ((a, min(b, begin)), (max(a, end), b))]
        pieces = [(a, b) for a, b in pieces if a < b]
    return pieces


# --- terms ----------------------------------------------------------------------------------

Unit = Literal[
    "workdays", "half_workdays", "calendar_days", "calendar_months", "clock_hours", "work_hours"
]
UNITS: tuple[Unit, ...] = get_args(Unit)
HOURS = ("clock_hours", "work_hours")


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
class Cell:
    """What a counted term counts, a day or half of one: it begins, and open time ends in it."""

    day: date
    begin: datetime
    session: Span | None = None


@dataclass(frozen=True)
class Course:
    """One promise running in one office from one arrival, with its pauses (no two overlap)."""

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
            return self.office.opening(roll(self.office, day))
        if self.promise.receipt == "off_to_next":
            return self.arrived
        if self.arrived > self.office.close(day):
            return self.office.opening(roll(self.office, day + ONE_DAY))
        return max(self.arrived, self.office.opening(day))

    # --- what counts

    def size(self) -> int:
        """How many cells the term has."""
        if self.promise.unit != "calendar_months":
            return self.promise.n
        day = self.office.date_of(self.start)
        return (months_on(day, self.promise.n) - day).days

    def cells_after(self, instant: datetime) -> Iterator[Cell]:
        """Cells that begin after `instant` and count, until a pause without end."""
        for day in days_from(self.office.date_of(instant)):
            if self._stopped_by(day):
                return
            for cell in self._cells_of(day):
                if self._stopped_in(cell):
                    return
                if cell.begin > instant and not self._given_back(cell):
                    yield cell

    def _cells_of(self, day: date) -> list[Cell]:
        midnight = self.office.midnight(day)
        if self.promise.unit in ("calendar_days", "calendar_months"):
            return [Cell(day, midnight)]
        if not self.office.works(day):
            return []
        if self.promise.unit == "workdays":
            return [Cell(day, midnight)]
        morning, afternoon = self.office.sessions(day)
        return [Cell(day, midnight, morning), Cell(day, afternoon[0], afternoon)]

    def _given_back(self, cell: Cell) -> bool:
        """A cell whose end finds the clock stopped."""
        return any(
            self._comes_by(p, cell) and (r is None or not self._comes_by(r, cell))
            for p, r in self.pauses
        )

    def _stopped_in(self, cell: Cell) -> bool:
        """Whether the clock is stopped for good by the end of this cell."""
        return any(r is None and self._comes_by(p, cell) for p, r in self.pauses)

    def _stopped_by(self, day: date) -> bool:
        """Whether no cell of this day or any later one can run."""
        begins = [p for p, r in self.pauses if r is None]
        if self.promise.unit == "half_workdays":
            return any(self.office.date_of(p) < day for p in begins)
        return any(self._day_for_pauses(p) <= day for p in begins)

    def _comes_by(self, instant: datetime, cell: Cell) -> bool:
        """Whether `instant` is one the end of the cell looks back on."""
        if cell.session:
            return instant <= cell.session[1]
        return self._day_for_pauses(instant) <= cell.day

    def _day_for_pauses(self, instant: datetime) -> date:
        """Under close of business an instant after a close belongs to the next day."""
        day = self.office.date_of(instant)
        closes = self.promise.close_of_business and self.office.works_if_known(day)
        return day + ONE_DAY if closes and instant > self.office.close(day) else day

    def counted(self) -> list[Cell] | None:
        """The cells of the term, in order; None while a pause without end keeps one away."""
        cells = list(islice(self.cells_after(self.start), self.size()))
        return cells if len(cells) == self.size() else None

    def unstopped(self) -> "Course":
        """The same course as if no pause were without end."""
        ended = [(p, r) for p, r in self.pauses if r is not None]
        return replace(self, pauses=ended)

    def running(self) -> Iterator[Span]:
        """Spans in which a clock of hours runs: from the start on, pauses cut out."""
        stopped = min((p for p, r in self.pauses if r is None), default=FAR)
        always: Iterable[Span] = [(self.start, FAR)]
        clock = self.promise.unit == "clock_hours"
        for a, b in always if clock else self.office.spans_after(self.start):
            if a >= stopped:
                return
            yield from cut((a, b), self.pauses)

    # --- when it ends

    def due_date(self) -> date | None:
        """Last day of a counted term; None while it is paused without end."""
        cells = self.counted()
        if cells is None:
            return None
        day = cells[-1].day if cells else self.office.date_of(self.start)
        while self.promise.roll and not self._can_end_on(day):
            day += ONE_DAY
            if self._stopped_by(day):
                return None
        return day

    def _can_end_on(self, day: date) -> bool:
        cell = Cell(day, self.office.midnight(day))
        return self.office.works(day) and not self._given_back(cell)

    def due(self) -> datetime | None:
        if self.promise.unit in HOURS:
            return self.reached(self.running(), self.promise.span)
        if self.promise.unit == "half_workdays":
            cells = self.counted()
            return cells[-1].session[1] if cells and cells[-1].session else None
        last = self.due_date()
        if last is None:
            return None
        if self.promise.close_of_business and self.office.works(last):
            return self.office.close(last)
        return self.office.midnight(last + ONE_DAY)

    def reached(self, spans: Iterable[Span], amount: timedelta) -> datetime | None:
        if not amount:
            return self.start
        try:
            return pour(spans, amount)
        except NeverReached:
            return None

    # --- how it stands

    def time_left(self, at: datetime) -> timedelta:
        """What is left of a term of hours; negative when it has run over."""
        return self.promise.span - self.run_until(at)

    def run_until(self, at: datetime) -> timedelta:
        """Time run by `at`; while a pause lasts nobody need know the days it goes through."""
        asleep = [p for p, r in self.pauses if p <= at and (r is None or at < r)]
        until = min([at, *asleep])
        if until <= self.start:
            return timedelta()
        spans: Iterable[Span] = [(self.start, until)]
        if self.promise.unit == "work_hours":
            first, last = self.office.date_of(self.start), self.office.date_of(until - TICK)
            days = days_between(first - ONE_DAY, last)
            spans = [span for day in days for span in self.office.sessions(day)]
        awake = (piece for span in spans for piece in cut(span, self.pauses))
        return overlap(awake, self.start, until)

    def cells_left(self, at: datetime) -> int:
        """Days or half days still to come after the one `at` falls in; negative when late."""
        at = max(at, self.start)
        cells, last = self.counted(), self.due_date()
        if cells is None or last is None:
            return max(self.size() - len(self._begun_within(self.start, at)), 0)
        end = max([self.office.midnight(last), *(cell.begin for cell in cells)])
        if at < end:
            return len(self._begun_within(at, end))
        return -len(self._begun_within(end, at))

    def _begun_within(self, a: datetime, b: datetime) -> list[Cell]:
        """Cells that begin in (a, b]."""
        return list(takewhile(lambda cell: cell.begin <= b, self.cells_after(a)))

    def spans(self) -> list[Span]:
        """Time in which a counted term runs, up to the instant it is due."""
        cells, due = self.counted(), self.due()
        assert cells is not None
        assert due is not None
        if self.promise.unit == "half_workdays":
            return [cell.session for cell in cells if cell.session]
        if self.promise.unit == "workdays":
            return [span for cell in cells for span in self.office.sessions(cell.day)]
        civil = [
            (cell.begin, self.office.midnight(cell.day + ONE_DAY))
            for cell in self._begun_within(self.start, due)
        ]
        return [(a, min(b, due)) for a, b in civil if a < due]

    def stop(self) -> datetime:
        """When the first cell begins that a pause without end keeps from running."""
        if not any(r is None for _, r in self.pauses):
            return FAR
        return next(
            cell.begin
            for cell in self.unstopped().cells_after(self.start)
            if self._stopped_in(cell)
        )

    def progress(self, at: datetime) -> tuple[timedelta, timedelta]:
        """What has run and what there is in all, on the term's own clock.

        While a pause is without end: as much as ran before it, of what there would be without it.
        """
        if self.promise.unit in HOURS:
            return self.run_until(at), self.promise.span
        if self.due() is None:
            return self.unstopped().progress(min(at, self.stop()))
        spans = self.spans()
        return overlap(spans, datetime(1, 1, 2, tzinfo=UTC), at), length(spans)

    def at_percent(self, percent: int) -> datetime | None:
        """The first whole second of the term's own clock with elapsed * 100 >= percent * total."""
        if self.promise.unit in HOURS:
            return self.reached(self.running(), share(self.promise.span, percent))
        if self.due() is None:
            reached = self.unstopped().at_percent(percent)
            return reached if reached and reached <= self.stop() else None
        spans = self.spans()
        return self.reached(spans, share(length(spans), percent))

    def opening_before(self, k: int) -> datetime:
        """Opening of the k-th working day before the due date."""
        last = self.due_date()
        assert last is not None
        return self.office.opening(add_workdays(self.office, last, -k))


def share(total: timedelta, percent: int) -> timedelta:
    """So many per cent, up to the next whole second but no more than all of it."""
    seconds = -(-total * percent // timedelta(seconds=100))
    return min(timedelta(seconds=seconds), total)


def months_on(day: date, n: int) -> date:
    """The same day n months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

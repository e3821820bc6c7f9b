"""Why a term ends when it does: every day counted or skipped, every pause, in order.

The steps retell the one `course` that `reckon` takes: the walk below counts off what the rulers
measured and asserts that it arrives at the same place, so an explanation cannot drift from the
answer. Steps are plain data; `narrate` turns them into text.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, TypeAlias

import msgspec

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime.amount import Unit
from sla_engine.worktime.calendar import Calendar
from sla_engine.worktime.day import Day
from sla_engine.worktime.instant import SECOND, Instant, format_instant
from sla_engine.worktime.ruler import Halves
from sla_engine.worktime.span import Pause, merge
from sla_engine.worktime.term import Course, Reckoning, Term, course, size_in_days
from sla_engine.worktime.timetable import Timetable


class _Step(msgspec.Struct, frozen=True, tag_field="step"):
    """Encoded, a step names its kind under `step`."""


class Started(_Step, frozen=True, tag="start"):
    """The fact, and its local day, which is not counted by day terms."""

    at: Instant
    date: date


class Shifted(_Step, frozen=True, tag="shift"):
    """The receipt rule moved the fact; `why` is off_day, after_close or before_opening."""

    since: Instant
    to: Instant
    why: str
    day: Day


class Counted(_Step, frozen=True, tag="count"):
    """The n-th day, or half-day (`part` am or pm). `day` is None where no calendar was asked."""

    date: date
    n: int
    day: Day | None
    part: str = ""


class Skipped(_Step, frozen=True, tag="skip"):
    """A day, or half-day, that was not counted: off, or `paused`."""

    date: date
    day: Day | None
    paused: bool = False
    part: str = ""


class Suspended(_Step, frozen=True, tag="pause"):
    """A pause met on the way; `until` is None while it is open."""

    since: Instant
    until: Instant | None


class Ran(_Step, frozen=True, tag="run"):
    """An hour clock ran from `since` to `until`; `total` microseconds have run by then."""

    since: Instant
    until: Instant
    total: int


class Rolled(_Step, frozen=True, tag="roll"):
    """The last day was off and moved."""

    since: date
    to: date


class CutOff(_Step, frozen=True, tag="cutoff"):
    """When the last day ends: end_of_day, close_of_business, or end_of_session of a half-day."""

    rule: str
    at: Instant


class Due(_Step, frozen=True, tag="due"):
    """The answer; None while a pause is open."""

    at: Instant | None
    date: date | None
    provisional: bool
    basis: str | None


Step: TypeAlias = Started | Shifted | Counted | Skipped | Suspended | Ran | Rolled | CutOff | Due


class Derivation(msgspec.Struct, frozen=True):
    """A reckoning and the steps to it, with all that is needed to check them again.

    `amount` is the amount as clauses write it, `unit` and `size` the same in numbers (days,
    half-days, months, microseconds). `calendar` and `hours` are content digests. Everything is
    plain data: `msgspec.json.encode` writes it, and `msgspec.json.decode` reads it back.
    """

    amount: str
    amount_en: str
    unit: Unit
    size: int
    receipt: str
    expiry: str
    roll: bool
    region: str
    zone: str
    calendar: str
    hours: str | None
    pauses: tuple[Pause, ...]
    reckoning: Reckoning
    steps: tuple[Step, ...]


def derive(
    term: Term, start: Instant, timetable: Timetable, pauses: Iterable[Pause] = ()
) -> Derivation:
    """The answer of `reckon` with every step to it. Raises as `reckon`."""
    merged = merge(pauses)
    way = course(term, start, timetable, merged)
    hours = timetable.hours
    return Derivation(
        amount=str(term.amount),
        amount_en=term.amount.en(),
        unit=term.amount.unit,
        size=term.amount.size,
        receipt=term.receipt,
        expiry=term.expiry,
        roll=term.roll,
        region=timetable.calendar.region,
        zone=timetable.zone.name,
        calendar=timetable.calendar.digest,
        hours=None if hours is None else hours.digest,
        pauses=merged,
        reckoning=way.reckoning,
        steps=tuple(_steps(term, start, timetable, merged, way)),
    )


def walk_days(calendar: Calendar, first: date, last: date) -> Iterator[Counted | Skipped]:
    """Every day of `first`..`last`, working days counted; raises `UnpublishedYear`."""
    n = 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        today = date.fromordinal(ordinal)
        day = calendar.day(today)
        n += day.works
        yield Counted(today, n, day) if day.works else Skipped(today, day)


def walk_hours(timetable: Timetable, since: Instant, until: Instant) -> Iterator[Step]:
    """The working time in [since, until), session by session; raises `UnpublishedYear`."""
    return _summed(_sessions(timetable, since, until))


def plain(step: Step, zone: str) -> dict[str, Any]:
    """A step as JSON takes it: times as local text, lengths in seconds, `step` names its kind."""
    table: dict[str, Any] = msgspec.to_builtins(step)
    for key in ("at", "since", "until", "to"):
        if isinstance(table.get(key), int):
            table[key] = format_instant(table[key], zone)
    if "total" in table:
        table["total_s"] = table.pop("total") / SECOND
    return table


def _steps(
    term: Term, start: Instant, timetable: Timetable, pauses: tuple[Pause, ...], way: Course
) -> Iterator[Step]:
    answer = way.reckoning
    yield Started(start, timetable.zone.date_of(start))
    if answer.start != start:
        yield _shift(start, answer.start, timetable)
    unit = term.amount.unit
    if unit.is_hours:
        yield from _hours(term, timetable, way)
    elif unit.is_halves:
        yield from _halves(term, timetable, pauses, way)
    else:
        yield from _days(term, timetable, pauses, way)
    if answer.due is not None and not unit.is_hours:
        yield CutOff(_rule(term, timetable, answer), answer.due)
    yield Due(answer.due, answer.due_date, answer.provisional, answer.basis)


def _shift(start: Instant, begun: Instant, timetable: Timetable) -> Shifted:
    day = timetable.calendar.day(timetable.zone.date_of(start))
    if not day.works:
        why = "off_day"
    elif timetable.zone.day_of(start) == timetable.zone.day_of(begun):
        why = "before_opening"
    else:
        why = "after_close"
    return Shifted(start, begun, why, day)


def _days(
    term: Term, timetable: Timetable, pauses: tuple[Pause, ...], way: Course
) -> Iterator[Step]:
    answer = way.reckoning
    working = term.amount.unit.is_working
    stops = _Stops(pauses, way)
    counted = 0
    end = stops.open_from if answer.nominal is None else answer.nominal.toordinal() + 1
    for ordinal in range(way.zero + 1, end):
        yield from stops.met(ordinal)
        today = date.fromordinal(ordinal)
        day = _day(timetable, today)
        paused = stops.holds(ordinal)
        if paused or (working and not _works(day)):
            yield Skipped(today, day, paused)
        else:
            counted += 1
            yield Counted(today, counted, day)
    if answer.nominal is None:
        yield from stops.met(end)
        return
    size = size_in_days(term.amount, way.zero)
    assert counted == size, f"walked to {counted} of {size}"
    yield from _rolling(timetable, answer.nominal, answer.due_date, stops)


def _rolling(
    timetable: Timetable, nominal: date, last: date | None, stops: "_Stops"
) -> Iterator[Step]:
    end = stops.open_from if last is None else last.toordinal()
    for ordinal in range(nominal.toordinal() + 1, end):
        yield from stops.met(ordinal)
        today = date.fromordinal(ordinal)
        yield Skipped(today, _day(timetable, today), stops.holds(ordinal))
    yield from stops.met(end)
    if last is not None and last != nominal:
        yield Rolled(nominal, last)


class _Stops:
    """The pauses of a walk, told when it comes to them; not those over before it began."""

    def __init__(self, pauses: tuple[Pause, ...], way: Course) -> None:
        self._cuts = way.cuts
        self._coming = [
            (begin, pause)
            for pause, (begin, _) in zip(pauses, way.cuts, strict=True)
            if pause[1] is None or pause[1] > way.reckoning.start
        ]

    @property
    def open_from(self) -> int:
        """Where the walk ends when nothing is due: at the open pause."""
        return self._cuts[-1][0]

    def met(self, mark: int) -> Iterator[Suspended]:
        while self._coming and self._coming[0][0] <= mark:
            yield Suspended(*self._coming.pop(0)[1])

    def holds(self, mark: int) -> bool:
        return any(
            begin <= mark and (resume is None or mark < resume) for begin, resume in self._cuts
        )


def _halves(
    term: Term, timetable: Timetable, pauses: tuple[Pause, ...], way: Course
) -> Iterator[Step]:
    answer = way.reckoning
    halves = Halves(timetable, answer.start)
    stops = _Stops(pauses, way)
    mark, counted, ordinal = halves.after(answer.start), 0, way.zero
    while counted < term.amount.size:
        yield from stops.met(mark)
        if answer.due is None and mark >= stops.open_from:
            return
        today, part = halves.half(mark)
        for off in range(ordinal + 1, today.toordinal()):
            yield Skipped(date.fromordinal(off), _day(timetable, date.fromordinal(off)))
        ordinal = today.toordinal()
        name, day = ("am", "pm")[part], _day(timetable, today)
        if stops.holds(mark):
            yield Skipped(today, day, True, name)
        else:
            counted += 1
            yield Counted(today, counted, day, name)
        mark += 1
    assert answer.due_date == date.fromordinal(ordinal), "the walk ends on the day of the answer"


def _hours(term: Term, timetable: Timetable, way: Course) -> Iterator[Step]:
    total = 0
    for step in _summed(_pieces(term, timetable, way)):
        total = step.total if isinstance(step, Ran) else total
        yield step
    assert way.reckoning.due is None or total == term.amount.size, f"{total} µs were walked"


_Piece: TypeAlias = tuple[Instant, Instant] | Skipped | Suspended


def _summed(pieces: Iterable[_Piece]) -> Iterator[Step]:
    """Spans with the time run so far; a day off that a pause interrupts is told once."""
    total = 0
    off: Skipped | None = None
    for piece in pieces:
        if isinstance(piece, tuple):
            total += piece[1] - piece[0]
            yield Ran(piece[0], piece[1], total)
        elif piece != off:
            yield piece
        off = piece if isinstance(piece, Skipped) else off


def _pieces(term: Term, timetable: Timetable, way: Course) -> Iterator[_Piece]:
    """Spans in which the clock ran, between the pauses and the days off that stopped it."""
    since, due = way.reckoning.start, way.reckoning.due
    for begin, resume in way.cuts:
        if due is not None and begin >= due:
            break
        yield from _running(term, timetable, since, begin)
        if resume is None:
            yield Suspended(begin, None)
            return
        if resume > since:
            yield Suspended(begin, resume)
        since = max(since, resume)
    assert due is not None, "only an open pause leaves a term without an end"
    yield from _running(term, timetable, since, due)


def _running(term: Term, timetable: Timetable, since: Instant, until: Instant) -> Iterator[_Piece]:
    if term.amount.unit.is_working:
        yield from _sessions(timetable, since, until)
    elif since < until:
        yield since, until


def _sessions(timetable: Timetable, since: Instant, until: Instant) -> Iterator[_Piece]:
    if since >= until:
        return
    zone = timetable.zone
    for ordinal in range(zone.day_of(since), zone.day_of(until - 1) + 1):
        today = date.fromordinal(ordinal)
        day = timetable.calendar.day(today)
        if not day.works:
            yield Skipped(today, day)
            continue
        for opening, close in timetable.sessions(today):
            begin, end = max(opening, since), min(close, until)
            if begin < end:
                yield begin, end


def _day(timetable: Timetable, day: date) -> Day | None:
    """The day if the calendar knows it: civil days run through years without a notice too."""
    try:
        return timetable.calendar.day(day)
    except UnpublishedYear:
        return None


def _works(day: Day | None) -> bool:
    return day is not None and day.works


def _rule(term: Term, timetable: Timetable, answer: Reckoning) -> str:
    """The rule that applied: a day off has no close, so it ends at 24:00 whatever the term says."""
    if term.amount.unit.is_halves:
        return "end_of_session"
    assert answer.due_date is not None, "a term that is due has a last day"
    midnight = timetable.zone.midnight[answer.due_date.toordinal() + 1]
    return "end_of_day" if answer.due == midnight else term.expiry

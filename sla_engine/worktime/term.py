"""When a term ends: receipt rule, counting, pauses, rolling and cut-off.

Every unit has a ruler that turns days or instants into marks; the amount is spent along it with
the pauses cut out (`span.spend`), and the mark reached is read back as a day or an instant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from sla_engine.errors import refuse, register
from sla_engine.worktime.amount import Amount
from sla_engine.worktime.instant import Instant
from sla_engine.worktime.ruler import CIVIL, CLOCK, DayRuler, Halves, Ruler, marks
from sla_engine.worktime.span import Cut, Pause, merge, spend
from sla_engine.worktime.timetable import Timetable

TERM_RULE = register(
    "TERM_RULE",
    "期限规则“{found}”不能用",
    "the term's rule {found!r} cannot be used",
    "只能是{allowed}",
    "it must be one of {allowed}",
)

RECEIPTS = ("as_is", "off_to_next", "close_to_next")
EXPIRIES = ("end_of_day", "close_of_business")


@dataclass(frozen=True, slots=True)
class Term:
    """An amount and the rules by which it is counted.

    `receipt`: when the fact counts as received. `as_is` as it happened; `off_to_next` on an
    off day at the opening of the next working day; `close_to_next` also after the close (next
    opening) and before the opening (that opening). `expiry`: the last day ends at 24:00 or at
    its close. `roll`: a last day that is off moves to the next working day (day terms only).
    Raises `Refusal` TERM_RULE.
    """

    amount: Amount
    receipt: str = "as_is"
    expiry: str = "end_of_day"
    roll: bool = False

    def __post_init__(self) -> None:
        if self.receipt not in RECEIPTS:
            raise refuse(TERM_RULE, "receipt", self.receipt, " / ".join(RECEIPTS))
        if self.expiry not in EXPIRIES:
            raise refuse(TERM_RULE, "expiry", self.expiry, " / ".join(EXPIRIES))
        if self.roll and self.amount.unit.is_hours:
            raise refuse(TERM_RULE, "roll", True, "false (hours end at an instant)")


class Reckoning(msgspec.Struct, frozen=True):
    """When a term is due.

    `due` and `due_date` are None while a pause is open. `start` is the fact after the receipt
    rule. `nominal` is the last day before rolling (None for hours). `basis` says what a
    provisional answer rests on.
    """

    due: Instant | None
    due_date: date | None
    start: Instant
    provisional: bool = False
    basis: str | None = None
    nominal: date | None = None


def reckon(
    term: Term, start: Instant, timetable: Timetable, pauses: Iterable[Pause] = ()
) -> Reckoning:
    """When `term` is due for a fact at `start`, `pauses` left out.

    Raises `UnpublishedYear` when a day must be counted that no notice covers, and `Refusal`
    PAUSE_REVERSED, OFFICE_HOURS_MISSING or HALVES_MISSING.
    """
    unit = term.amount.unit
    if unit.is_hours and not unit.is_working and term.receipt == "as_is" and not pauses:
        due = start + term.amount.size  # Plain time asks no calendar.
        return Reckoning(due, timetable.zone.date_of(due), start)
    return course(term, start, timetable, merge(pauses) if pauses else ()).reckoning


class Course(msgspec.Struct, frozen=True):
    """The way a reckoning went; derivation and readings follow the same way.

    `zero` is the ordinal of the day of receipt, which never counts. `cuts` are the pauses on
    the term's own scale: day ordinals for day terms, half-day marks for half-days, instants
    for hours.
    """

    reckoning: Reckoning
    zero: int
    cuts: tuple[Cut, ...]


class _End(msgspec.Struct, frozen=True, gc=False):
    """Where a count arrived: None where an open pause holds it up."""

    due: Instant | None
    last: date | None
    nominal: date | None
    cuts: tuple[Cut, ...]


def course(term: Term, start: Instant, timetable: Timetable, pauses: tuple[Pause, ...]) -> Course:
    """`reckon` with its intermediate results; `pauses` must come from `merge`."""
    begun = receive(term.receipt, start, timetable)
    zero = timetable.zone.day_of(begun)
    unit = term.amount.unit
    if unit.is_hours:
        end = _hours(term, begun, timetable, pauses)
    elif unit.is_halves:
        end = _halves(term, begun, timetable, pauses)
    else:
        end = _days(term, zero, timetable, pauses)
    basis = None
    if end.last is not None and end.last.year >= timetable.calendar.loose_from:
        basis = timetable.calendar.basis(_looked_up(term, start, begun, timetable, end))
    answer = Reckoning(end.due, end.last, begun, basis is not None, basis, end.nominal)
    return Course(answer, zero, end.cuts)


def _looked_up(
    term: Term, start: Instant, begun: Instant, timetable: Timetable, end: _End
) -> set[int]:
    """Years whose days the answer depends on."""
    zone = timetable.zone
    spans: list[tuple[date, date]] = []
    if term.receipt != "as_is":
        spans.append((zone.date_of(start), zone.date_of(begun)))
    assert end.last is not None, "an open term depends on what has not happened yet"
    unit = term.amount.unit
    if unit.is_working:
        whole_days = not unit.is_hours and not unit.is_halves
        spans.append((zone.date_of(begun) + timedelta(days=whole_days), end.last))
    elif end.nominal is not None and (term.roll or term.expiry != "end_of_day"):
        spans.append((end.nominal, end.last))
    return {year for first, last in spans for year in range(first.year, last.year + 1)}


def receive(receipt: str, start: Instant, timetable: Timetable) -> Instant:
    """The instant at which a fact counts as received."""
    if receipt == "as_is":
        return start
    calendar = timetable.calendar
    day = timetable.zone.date_of(start)
    if not calendar.is_workday(day):
        return timetable.opening(calendar.roll(day))
    if receipt == "off_to_next":
        return start
    sessions = timetable.sessions(day)
    if start > sessions[-1][1]:
        return timetable.opening(calendar.add_workdays(day, 1))
    return max(start, sessions[0][0])


def _hours(term: Term, begun: Instant, timetable: Timetable, pauses: tuple[Pause, ...]) -> _End:
    ruler = hour_ruler(term, begun, timetable)
    end = spend(ruler.mark(begun), term.amount.size, marks(ruler, pauses))
    if end is None:
        return _End(None, None, None, pauses)
    due = max(begun, ruler.at(end))
    return _End(due, timetable.zone.date_of(due), None, pauses)


def hour_ruler(term: Term, begun: Instant, timetable: Timetable) -> Ruler:
    """Working time or plain time."""
    return timetable.ruler(begun) if term.amount.unit.is_working else CLOCK


def _halves(term: Term, begun: Instant, timetable: Timetable, pauses: tuple[Pause, ...]) -> _End:
    halves = Halves(timetable, begun)
    cuts = tuple(
        (halves.boundary(begin), None if end is None else halves.boundary(end))
        for begin, end in pauses
    )
    end = spend(halves.after(begun), term.amount.size, cuts)
    if end is None:
        return _End(None, None, None, cuts)
    last, part = halves.half(end - 1)
    return _End(timetable.sessions(last)[part][1], last, last, cuts)


def _days(term: Term, zero: int, timetable: Timetable, pauses: tuple[Pause, ...]) -> _End:
    ruler = day_ruler(term, zero, timetable)
    cuts = _day_cuts(term, timetable, pauses) if pauses else ()
    size = size_in_days(term.amount, zero)
    end = spend(ruler.mark(zero + 1), size, marks(ruler, cuts) if cuts else ())
    if end is None:
        return _End(None, None, None, cuts)
    nominal = ruler.day(end - 1)
    last = _roll(timetable, nominal, cuts) if term.roll else nominal
    due = None if last is None else _cutoff(term, last, timetable)
    return _End(due, last, nominal, cuts)


def day_ruler(term: Term, zero: int, timetable: Timetable) -> DayRuler:
    """Working days or civil days; no day is looked up for a term of length zero."""
    if term.amount.unit.is_working and term.amount.size:
        return timetable.calendar.stretch(zero + 1)
    return CIVIL


def _day_cuts(term: Term, timetable: Timetable, pauses: Iterable[Pause]) -> tuple[Cut, ...]:
    """Days not counted: from the day of pausing up to, not including, the day of resuming."""
    return tuple(
        (
            _day_under(term, timetable, begin),
            None if end is None else _day_under(term, timetable, end),
        )
        for begin, end in pauses
    )


def _day_under(term: Term, timetable: Timetable, instant: Instant) -> int:
    """Its local day; under close of business, what follows a close belongs to the next day.

    A day of an unknown year has no close. Whoever counts as far is refused by the counting.
    """
    ordinal = timetable.zone.day_of(instant)
    if term.expiry == "end_of_day":
        return ordinal
    close = _closing(timetable, ordinal)
    return ordinal + 1 if close is not None and instant > close else ordinal


def _closing(timetable: Timetable, ordinal: int) -> Instant | None:
    """The close of a known working day."""
    for stretch in timetable.calendar.stretches:
        if stretch.first <= ordinal <= stretch.last and stretch.works[ordinal - stretch.first]:
            return _last_close(timetable, date.fromordinal(ordinal))
    return None


def _last_close(timetable: Timetable, day: date) -> Instant:
    return timetable.zone.spans(day.toordinal(), timetable.office_hours.on(day))[-1][1]


def _roll(timetable: Timetable, nominal: date, cuts: Sequence[Cut]) -> date | None:
    """The first working, unpaused day from `nominal` on; None if an open pause comes first."""
    rolled = timetable.calendar.roll(nominal)
    for begin, resume in cuts:
        if resume is not None and resume <= nominal.toordinal():
            continue
        if rolled.toordinal() < begin:
            break
        if resume is None:
            return None
        rolled = max(rolled, timetable.calendar.roll(date.fromordinal(resume)))
    return rolled


def _cutoff(term: Term, last: date, timetable: Timetable) -> Instant:
    ordinal = last.toordinal()
    if term.expiry == "close_of_business" and timetable.calendar.works(ordinal):
        return _last_close(timetable, last)
    return timetable.zone.midnight[ordinal + 1]


def size_in_days(amount: Amount, zero: int) -> int:
    """Months, counted from the day of receipt to the same day or the end of the month, in days."""
    if not amount.unit.is_months:
        return amount.size
    start = date.fromordinal(zero)
    month = start.year * 12 + start.month - 1 + amount.size
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    last_day = (following - first).days
    return first.toordinal() + min(start.day, last_day) - 1 - zero

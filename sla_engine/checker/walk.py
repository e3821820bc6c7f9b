"""A term walked day by day, or session by session: the steps that must be told, and the answer.

No table, no arithmetic of lengths: each day is asked whether it works and whether a pause holds it,
and is counted or not, until the term is used up.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sla_engine.checker.amounts import Amount
from sla_engine.checker.days import ONE, Calendar
from sla_engine.checker.packs import Hours

Pause = tuple[int, int | None]
Step = dict[str, Any]


class Term(NamedTuple):
    """A length and the rules by which it is counted."""

    amount: Amount
    receipt: str
    expiry: str
    roll: bool


def merged(pauses: list[Pause]) -> list[Pause]:
    """In order, joined where they touch; what is empty left out."""
    out: list[Pause] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if end == begin:
            continue
        last = out[-1][1] if out else begin - 1
        if last is None:
            break
        if begin > last:
            out.append((begin, end))
        else:
            out[-1] = (out[-1][0], None if end is None else max(end, last))
    return out


class Walk:
    """One term from one instant. `steps` are what follows; `due`, `last` (the day on which it is
    due) and `nominal` (the same before rolling) the answer; None while a pause is open."""

    def __init__(
        self, term: Term, start: int, calendar: Calendar, hours: Hours, pauses: list[Pause]
    ) -> None:
        self.term, self.start, self.calendar, self.hours = term, start, calendar, hours
        self.pauses = merged(pauses)
        self.due: int | None = None
        self.last: date | None = None
        self.nominal: date | None = None
        self.begun = self._received()
        self.zero = self._day(self.begun)
        self._told = [each for each in self.pauses if each[1] is None or each[1] > self.begun]
        self.steps = list(self._steps())

    # ------------------------------------------------------------------------------ receipt

    def _received(self) -> int:
        day, receipt = self._day(self.start), self.term.receipt
        if receipt == "as_is":
            return self.start
        if not self.calendar.works(day):
            return self._sessions(self.calendar.next_workday(day))[0][0]
        if receipt == "off_to_next":
            return self.start
        sessions = self._sessions(day)
        if self.start > sessions[-1][1]:
            return self._sessions(self.calendar.next_workday(day))[0][0]
        return max(self.start, sessions[0][0])

    def _shift(self) -> Step:
        day = self._day(self.start)
        why = "before_opening" if day == self.zero else "after_close"
        if not self.calendar.works(day):
            why = "off_day"
        told = {"since": self.start, "to": self.begun, "why": why}
        return {"step": "shift", **told, "day": self.calendar.day(day)}

    # -------------------------------------------------------------------------------- steps

    def _steps(self) -> Iterator[Step]:
        yield {"step": "start", "at": self.start, "date": self._day(self.start).isoformat()}
        if self.begun != self.start:
            yield self._shift()
        unit = self.term.amount.unit
        if unit.endswith("hours"):
            yield from self._hours()
        elif unit == "half_workdays":
            yield from self._halves()
        else:
            yield from self._days()
        if self.due is not None and not unit.endswith("hours"):
            yield {"step": "cutoff", "rule": self._rule(), "at": self.due}
        basis = self.basis
        told = {"at": self.due, "date": self.last.isoformat() if self.last else None}
        yield {"step": "due", **told, "provisional": basis is not None, "basis": basis}

    def _rule(self) -> str:
        assert self.last is not None
        if self.term.amount.unit == "half_workdays":
            return "end_of_session"
        midnight = self.calendar.zone.midnight(self.last + ONE)
        return "end_of_day" if self.due == midnight else self.term.expiry

    # --------------------------------------------------------------------------------- days

    def _days(self) -> Iterator[Step]:
        working, size, n, day = self.term.amount.unit == "workdays", self._size(), 0, self.zero
        if not size:  # Nothing is left to count, but a pause that holds its day holds it too.
            held = [end for begin, end in self._cuts() if begin <= day < (end or date.max)]
            day = held[0] - ONE if held and held[0] else day
            if held and held[0] is None:
                yield from self._tell(self.zero)
                return
            for passed in _between(self.zero, day + ONE):
                yield from self._tell(passed)
                yield self._skip(passed, True)
        while n < size:
            day += ONE
            yield from self._tell(day)
            if self._held(day) and self._forever(day):
                return
            if self._held(day) or (working and not self.calendar.works(day)):
                yield self._skip(day, self._held(day))
            else:
                n += 1
                told = {"date": day.isoformat(), "n": n}
                yield {"step": "count", **told, "day": self.calendar.day(day), "part": ""}
        self.nominal = day
        yield from self._rolled(day)

    def _rolled(self, nominal: date) -> Iterator[Step]:
        """The last day moves on while it does not work or is held, where the term rolls."""
        day = nominal
        while self.term.roll and (self._held(day) or not self.calendar.works(day)):
            if self._held(day) and self._forever(day):
                return
            if day != nominal:
                yield from self._tell(day)
                yield self._skip(day, self._held(day))
            day += ONE
            yield from self._tell(day)
        yield from self._tell(day)
        if day != nominal:
            yield {"step": "roll", "since": nominal.isoformat(), "to": day.isoformat()}
        self.last, self.due = day, self.calendar.zone.midnight(day + ONE)
        if self.term.expiry == "close_of_business" and self.calendar.works(day):
            self.due = self._sessions(day)[-1][1]

    def _size(self) -> int:
        """Days to count; months run to the same day of the month, or to its last."""
        unit, size = self.term.amount
        if unit != "calendar_months":
            return size
        month = self.zero.year * 12 + self.zero.month - 1 + size
        first, after = (date(m // 12, m % 12 + 1, 1) for m in (month, month + 1))
        return (first - self.zero).days + min(self.zero.day, (after - first).days) - 1

    def _cuts(self) -> list[tuple[date, date | None]]:
        """Days that pauses hold: from the day of pausing up to the day of resuming. Where a day
        ends at its close, what comes after the close is of the next day."""
        return [
            (self._under(begin), None if end is None else self._under(end))
            for begin, end in self.pauses
        ]

    def _under(self, instant: int) -> date:
        day = self._day(instant)
        if self.term.expiry == "end_of_day" or not self.calendar.day(day):
            return day
        after = self.calendar.works(day) and instant > self._sessions(day)[-1][1]
        return day + ONE if after else day

    def _held(self, day: date) -> bool:
        return any(begin <= day and (end is None or day < end) for begin, end in self._cuts())

    def _forever(self, day: date) -> bool:
        return any(begin <= day and end is None for begin, end in self._cuts())

    def _skip(self, day: date, paused: bool, part: str = "") -> Step:
        told = {"date": day.isoformat(), "day": self.calendar.day(day)}
        return {"step": "skip", **told, "paused": paused, "part": part}

    def _tell(self, day: date) -> Iterator[Step]:
        """The pauses that have begun by a day and were not told before."""
        while self._told and self._under(self._told[0][0]) <= day:
            yield _suspended(*self._told.pop(0))

    # ------------------------------------------------------------------------------- halves

    def _halves(self) -> Iterator[Step]:
        """Two to a working day, each ending with its session; the one of the start not counted."""
        n, before = 0, self.zero
        for day, part, close in self._half_days():
            while self._told and self._told[0][0] <= close:
                yield _suspended(*self._told.pop(0))
            held = [end for begin, end in self.pauses if begin <= close < (end or close + 1)]
            if None in held:
                return
            for off in _between(before, day):
                yield self._skip(off, False)
            before = day
            name = ("am", "pm")[part]
            if held:
                yield self._skip(day, True, name)
                continue
            n += 1
            told = {"date": day.isoformat(), "n": n, "day": self.calendar.day(day), "part": name}
            yield {"step": "count", **told}
            if n == self.term.amount.size:
                self.nominal = self.last = day
                self.due = close
                return

    def _half_days(self) -> Iterator[tuple[date, int, int]]:
        """Every half-day after the one of the start, with its close."""
        day, part = self.zero, 2
        if self.calendar.works(day) and self.begun < self._sessions(day)[1][0]:
            part = 1
        while True:
            if part == 2:
                day, part = self.calendar.next_workday(day), 0
            yield day, part, self._sessions(day)[part][1]
            part += 1

    # -------------------------------------------------------------------------------- hours

    def _hours(self) -> Iterator[Step]:
        """Pieces of time in which the clock ran, until the term is used up."""
        total, off = 0, None
        for step in self._pieces():
            if step["step"] == "run":
                left = self.term.amount.size - total
                step["until"] = min(step["until"], step["since"] + left)
                total += step["until"] - step["since"]
                step["total"] = total
            if step["step"] != "skip" or step != off:
                yield step
            off = step if step["step"] == "skip" else off
            if step["step"] == "run" and total == self.term.amount.size:
                self.due = step["until"]
                break
        if not self.term.amount.size:
            self.due = self.begun
        self.last = None if self.due is None else self._day(self.due)

    def _pieces(self) -> Iterator[Step]:
        if not self.term.amount.size:
            return
        since = self.begun
        for begin, end in self.pauses:
            yield from self._running(since, begin)
            if end is None:
                yield _suspended(begin, end)
                return
            if end > since:
                yield _suspended(begin, end)
            since = max(since, end)
        yield from self._running(since, None)

    def _running(self, since: int, until: int | None) -> Iterator[Step]:
        """Working sessions and days off, or plain time, from an instant up to another."""
        if self.term.amount.unit == "clock_hours":
            end = since + self.term.amount.size if until is None else until
            if since < end:
                yield {"step": "run", "since": since, "until": end, "total": 0}
            return
        day = self._day(since)
        while until is None or (since < until and day <= self._day(until - 1)):
            if not self.calendar.works(day):
                yield self._skip(day, False)
            else:
                for opens, closes in self._sessions(day):
                    begin, end = max(opens, since), closes if until is None else min(closes, until)
                    if begin < end:
                        yield {"step": "run", "since": begin, "until": end, "total": 0}
            day += ONE

    def worked_back(self, instant: int, micros: int) -> int:
        """The latest instant from which so much working time runs until another."""
        day, left = self._day(instant - 1), micros
        while True:
            for opens, closes in reversed(self._sessions(day)) if self.calendar.works(day) else ():
                end = min(closes, instant)
                if end - opens >= left:
                    return end - left
                left -= max(end - opens, 0)
            day -= ONE

    # ------------------------------------------------------------------------- provisional

    @property
    def basis(self) -> str | None:
        """What the answer provisionally rests on: the years whose days it depends on."""
        if self.last is None or not self.calendar.loose(self.last):
            return None
        years: set[int] = set()
        if self.term.receipt != "as_is":
            years |= _years(self._day(self.start), self.zero)
        unit = self.term.amount.unit
        if "work" in unit:
            years |= _years(self.zero + ONE if unit == "workdays" else self.zero, self.last)
        elif self.nominal and (self.term.roll or self.term.expiry != "end_of_day"):
            years |= _years(self.nominal, self.last)
        return self.calendar.basis(years)

    def reckoning(self) -> Step:
        """The answer as a derivation has it."""
        return {
            "due": self.due,
            "due_date": self.last.isoformat() if self.last else None,
            "start": self.begun,
            "provisional": self.basis is not None,
            "basis": self.basis,
            "nominal": self.nominal.isoformat() if self.nominal else None,
        }

    def _day(self, instant: int) -> date:
        return self.calendar.zone.day(instant)

    def _sessions(self, day: date) -> list[tuple[int, int]]:
        return self.hours.sessions(self.calendar, day)


def _suspended(since: int, until: int | None) -> Step:
    return {"step": "pause", "since": since, "until": until}


def _between(first: date, last: date) -> list[date]:
    """The days after one and before another."""
    return [first + n * ONE for n in range(1, (last - first).days)]


def _years(first: date, last: date) -> set[int]:
    return set(range(first.year, last.year + 1))

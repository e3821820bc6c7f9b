"""What changed a term while its clock ran: pauses, extensions and calendar revisions, from the
facts, in the order in which they took effect."""

from datetime import date, timedelta
from typing import Any

from sla_engine.checker.amounts import Amount, amount_of
from sla_engine.checker.days import ONE, Calendar, Country
from sla_engine.checker.packs import Clause
from sla_engine.checker.reasons import hold
from sla_engine.checker.runs import Run
from sla_engine.checker.stream import Carried, Fact, Pause, Stream
from sla_engine.checker.walk import Term, Walk

Key = tuple[int, int]
"""A pause by the version of the fact that tells of it, and its beginning."""


class Changes:
    """The term of one clock as it stands after all that happened to it.

    `pauses` and `revisions` are as a derivation must tell them, `extensions` as well; `term`,
    `calendar` and `floor` are what the last walk goes by.
    """

    def __init__(
        self, stream: Stream, run: Run, term: Term, country: Country, calendar: Calendar
    ) -> None:
        self.stream, self.run, self.clause = stream, run, run.clause
        self.first, self.term, self.country, self.calendar = term, term, country, calendar
        self.carried = stream.carried(run.clause.id, run.mark)
        self.since = run.mark.at if self.carried is None else run.mark.fact.at
        self.floor: int | None = None
        self.granted = 0
        self.spans: dict[Key, tuple[int, int | None]] = {}
        self.told: dict[Key, dict[str, Any]] = {}
        self.extensions: list[dict[str, Any]] = []
        self.revisions: list[dict[str, Any]] = []
        self._revised_at = 0
        if self.carried is not None:
            self._carry(self.carried)
        for at, _, change in sorted(self._found(), key=lambda each: each[:2]):
            if run.end is not None and at > run.end and change not in stream.grants:
                continue
            if isinstance(change, Pause):
                self._pause(at, change)
            elif change in stream.grants:
                self._extend(change)
            else:
                self._revise(at, change)

    @property
    def pauses(self) -> list[dict[str, Any]]:
        """Every pause that held the clock, as it must be told."""
        return list(self.told.values())

    def walk(self) -> Walk:
        """The term as it stands, walked."""
        spans, hours = list(self.spans.values()), self.clause.hours
        return Walk(self.term, self.run.mark.at, self.calendar, hours, spans)

    def honours(self, pause: Pause) -> bool:
        """Whether the clause lets a pause hold its clock."""
        return pause.ground in self.clause.pauses and pause.lane in ("", self.run.lane)

    def _found(self) -> list[tuple[int, int, Any]]:
        """Every change with its instant, those of one instant in the order of their kinds."""
        begin, since, end = self.run.mark.at, self.since, self.run.end
        found: list[tuple[int, int, Any]] = []
        for pause in self.stream.pauses:
            if self.honours(pause) and (pause.end is None or pause.end > since):
                found.append((max(pause.start, since), 0, pause))
                if pause.end is not None:
                    found.append((pause.end, 0, pause))
        for grant in self.stream.grants:
            request = self.stream.requests[grant.data["request"]]
            ran = begin <= request.at and (end is None or request.at <= end)
            if ran and since <= grant.at and request.data["clause"] == self.clause.id:
                found.append((grant.at, 1, grant))
        for revision in self.stream.revisions(self.clause.id, self.run.name):
            found.append((max(revision.data["effective"], begin), 2, revision))
        return found

    def _carry(self, carried: Carried) -> None:
        """What had held up and extended the clock of a duplicate, which the merge tells of."""
        fact = self.run.mark.fact
        for ground, begin, end in carried.pauses:
            if ground in self.clause.pauses:
                self._held(ground, (begin, end), fact, fact)
        for request, text, approver in carried.extensions:
            amount = amount_of(text)
            if amount is not None and amount.unit == self.first.amount.unit:
                told = {"request": request, "asked": fact.ref(), "granted": fact.ref()}
                self._lengthen(amount, None, {**told, "approver": approver})

    def _pause(self, at: int, pause: Pause) -> None:
        start, ended = max(pause.start, self.since), pause.end == at
        span, by = (start, at if ended else None), pause.ended_by if ended else None
        self._held(pause.ground, span, pause.opened_by, by)

    def _held(self, ground: str, span: tuple[int, int | None], fact: Fact, by: Fact | None) -> None:
        self.spans[fact.version, span[0]] = span
        self.told[fact.version, span[0]] = {
            "ground": ground,
            "since": span[0],
            "until": span[1],
            "opened_by": fact.ref(),
            "ended_by": by.ref() if by is not None else None,
        }

    def _revise(self, at: int, fact: Fact) -> None:
        """A revision learned later knows all that the ones before it knew."""
        if fact.recorded_at < self._revised_at:
            return
        self._revised_at, self.floor = fact.recorded_at, fact.data["floor"]
        if self.floor is not None:
            hold("FLOOR", "revisions", self.clause.keeps_notified, True)
            hold("FLOOR", "revisions", self.floor, fact.data["old_due"])
        self.calendar = self.country.calendar(self.calendar.region, fact.calendar)
        told = {"at": at, "recorded_at": fact.recorded_at, "calendar": fact.calendar}
        self.revisions.append({**told, "floor": self.floor})

    def _extend(self, grant: Fact) -> None:
        request = self.stream.requests[grant.data["request"]]
        amount = amount_of(grant.data["amount"] or request.data["amount"])
        told = {"request": request.data["request"], "asked": request.ref(), "granted": grant.ref()}
        self._lengthen(amount, request.at, {**told, "approver": grant.data["approver"]})

    def _lengthen(self, amount: Amount | None, asked: int | None, told: dict[str, Any]) -> None:
        """`asked` None: it had taken effect in a duplicate."""
        walk = self.walk()
        due = walk.due
        if due is not None and self.floor is not None:
            due = max(due, self.floor)
        last_call = None if due is None or not self.clause.extension else self._last_call(walk, due)
        against = "" if asked is None else self._against(amount, asked, last_call)
        if not against and amount is not None:
            longer = Amount(amount.unit, self.term.amount.size + amount.size)
            self.term, self.granted = self.term._replace(amount=longer), self.granted + 1
        reckoned = {"amount": amount, "due_before": due, "last_call": last_call}
        self.extensions.append({**told, **reckoned, "against": against})

    def _against(self, amount: Amount | None, asked: int, last_call: int | None) -> str:
        """What keeps an extension from taking effect."""
        clause, first = self.clause, self.first.amount
        if clause.extension is None:
            return "not_allowed"
        if amount is None or amount.unit != first.unit:
            return "other_unit"
        each, total = clause.cap("each_max"), clause.cap("total_max")
        added = self.term.amount.size - first.size + amount.size
        refused = {
            "asked_late": last_call is not None and asked > last_call,
            "too_many": self.granted >= clause.extension["max_count"],
            "too_long": each is not None and amount.size > each.size,
            "too_long_in_all": total is not None and added > total.size,
        }
        return next((name for name, holds in refused.items() if holds), "")

    def _last_call(self, walk: Walk, due: int) -> int:
        """The latest instant to ask; whole days before the due date end at their 24:00."""
        ahead, calendar = self.clause.cap("ask_before"), self.calendar
        if ahead is None:
            return due
        if ahead.unit == "clock_hours":
            return due - ahead.size
        if ahead.unit == "work_hours":
            return walk.worked_back(due, ahead.size)
        day = walk.last if walk.due == due and walk.last else calendar.zone.day(due - 1)
        return calendar.zone.midnight(_before(calendar, day, ahead) + ONE)


def _before(calendar: Calendar, day: date, ahead: Amount) -> date:
    """So many days before a day."""
    if ahead.unit != "workdays":
        return day - timedelta(days=ahead.size)
    for _ in range(ahead.size):
        day = calendar.next_workday(day, -1)
    return day


def first_term(clause: Clause, amount: Amount, roll: bool) -> Term:
    """The term of a clause before anything happened to it."""
    return Term(amount, clause.receipt, clause.expiry, roll)

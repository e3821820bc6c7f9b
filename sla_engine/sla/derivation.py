"""Why a clock stands as it does: the one object from which it is told and by which it is checked.

Plain data, JSON both ways (`msgspec.json`): the fact that started the clock, every day counted or
left out, every pause with its ground, every extension with its approver or with what was against
it, and the verdict. Nothing is reckoned here that the schedule has not reckoned already.
"""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from sla_engine.dossier.chronicle import Grant, Pause
from sla_engine.policy.clause import Text
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import Reading
from sla_engine.sla.carried import Lengthening, carried_pauses, lengthenings
from sla_engine.sla.cycle import Cycle, Refix
from sla_engine.sla.extension import Standing, last_call, objection
from sla_engine.sla.schedule import Schedule
from sla_engine.worktime import Amount, Derivation, Reckoning, Term, Timetable, derive, reckon


class Words(msgspec.Struct, frozen=True):
    """Chinese for officials, English beside it."""

    zh: str
    en: str


class FactRef(msgspec.Struct, frozen=True):
    """A recorded fact, named by its version in the stream and by its source's own id."""

    version: int
    type: str
    source: str
    key: str
    occurred_at: Instant
    recorded_at: Instant


class Edition(msgspec.Struct, frozen=True):
    """The edition of a pack that governs a clock."""

    name: str
    edition: str
    digest: str
    title: Words


class Began(msgspec.Struct, frozen=True):
    """The mark that started a clock, at `at`; `inherited` from a petition that was merged."""

    mark: str
    at: Instant
    fact: FactRef
    inherited: bool


class Held(msgspec.Struct, frozen=True):
    """A pause on a ground that the clause honours; `until` None: open when the clock was read, or
    when it ended."""

    ground: str
    name: Words
    since: Instant
    until: Instant | None
    opened_by: FactRef
    ended_by: FactRef | None


class Extended(msgspec.Struct, frozen=True):
    """An extension granted. `due_before` is when the term would be due without it, `last_call` the
    latest instant to ask for it; both None while a pause is open. `against`: what kept it from
    taking effect (`sla.extension`), "" where it did."""

    request: str
    amount: str
    asked: FactRef
    granted: FactRef
    approver: str
    due_before: Instant | None
    last_call: Instant | None
    against: str


class Revised(msgspec.Struct, frozen=True):
    """A calendar revision that moved the clock: in effect from `at`, recorded at `recorded_at`.
    `floor`: the term already notified, which is not brought forward."""

    at: Instant
    recorded_at: Instant
    calendar: str
    floor: Instant | None


class Verdict(msgspec.Struct, frozen=True):
    """How the clock stands at `at`. `mark` of the fact `stopped_by` stopped it; `cancelled_at`: it
    lost its object. `ruled` is what a dispute, `dispute`, has put in the verdict's place."""

    at: Instant
    state: str
    stopped_at: Instant | None
    mark: str
    stopped_by: FactRef | None
    cancelled_at: Instant | None
    ruled: str
    dispute: str


class ClockDerivation(msgspec.Struct, frozen=True):
    """The derivation of one clock of one stream.

    `lane` "": a clock of the whole matter. `amount` is the term before extensions; `calendar` the
    digest of the edition it began under. `working` holds the steps of the term as it stands at
    last; `due` differs from its answer only where a revision's `floor` is later.
    """

    stream: str
    clause: str
    cycle: str
    lane: str
    name: Words
    pack: Edition
    basis: tuple[str, ...]
    status: str
    amount: str
    calendar: str
    began: Began
    pauses: tuple[Held, ...]
    extensions: tuple[Extended, ...]
    revisions: tuple[Revised, ...]
    working: Derivation
    due: Instant | None
    verdict: Verdict


def derivation_of(reading: Reading) -> ClockDerivation:
    """The derivation of a clock as `reading` found it."""
    schedule, cycle = reading.schedule, reading.cycle
    clause, pack, last = cycle.clause, cycle.pack, schedule.last
    changes = _Changes(schedule)
    return ClockDerivation(
        stream=cycle.start.fact.stream,
        clause=clause.id,
        cycle=cycle.name,
        lane=cycle.held_in or "",
        name=_words(clause.name),
        pack=Edition(pack.name, pack.edition, pack.digest, _words(pack.title)),
        basis=clause.basis,
        status=clause.status,
        amount=str(cycle.term.amount),
        calendar=cycle.calendar.digest,
        began=Began(
            cycle.start.name, cycle.start.at, fact_ref(cycle.start.fact), cycle.start.inherited
        ),
        pauses=tuple(_held(each, cycle) for each in changes.pauses.values()),
        extensions=tuple(changes.extensions),
        revisions=tuple(changes.revisions),
        working=derive(last.term, cycle.start.at, last.timetable, last.pauses),
        due=schedule.due,
        verdict=_verdict(reading),
    )


def fact_ref(fact: Recorded) -> FactRef:
    """A fact as a derivation names it."""
    meta = fact.meta
    return FactRef(
        fact.version, fact.event.WIRE, meta.source, meta.key, meta.occurred_at, meta.recorded_at
    )


def _words(text: Text) -> Words:
    return Words(text.zh, text.en)


def _held(pause: Pause, cycle: Cycle) -> Held:
    named = cycle.pack.grounds.get(pause.ground)
    return Held(
        ground=pause.ground,
        name=_words(named) if named is not None else Words(pause.ground, pause.ground),
        since=pause.start,
        until=pause.end,
        opened_by=fact_ref(pause.fact),
        ended_by=fact_ref(pause.ended_by) if pause.ended_by is not None else None,
    )


def _verdict(reading: Reading) -> Verdict:
    cycle, ruling = reading.cycle, reading.ruling
    cancelled = cycle.cancelled_at
    mark = cycle.stopped_by if reading.stopped_at is not None else None
    return Verdict(
        at=reading.at,
        state=reading.state.value,
        stopped_at=reading.stopped_at,
        mark=mark.name if mark is not None else "",
        stopped_by=fact_ref(mark.fact) if mark is not None else None,
        cancelled_at=cancelled if cancelled is not None and cancelled <= reading.at else None,
        ruled=ruling.verdict if ruling is not None else "",
        dispute=ruling.dispute if ruling is not None else "",
    )


class _Changes:
    """What changed a term while its clock ran, told in order; each extension against the term as it
    stood before it."""

    def __init__(self, schedule: Schedule) -> None:
        self._cycle = schedule.cycle
        self._hours = schedule.last.timetable.hours
        self._granted = {grant.fact.version for grant in schedule.grants}
        self._term: Term = schedule.cycle.term
        self._timetable = Timetable(schedule.cycle.calendar, self._hours)
        self._revised_at: Instant = 0
        self._effective = 0
        self.extensions: list[Extended] = []
        self.revisions: list[Revised] = []
        brought = carried_pauses(self._cycle)
        self.pauses = {(each.fact.version, each.start): each for each in brought}
        for each in lengthenings(self._cycle):
            self._lengthen(each)
        for at, change in schedule.changes:
            if isinstance(change, Pause):
                self._pause(at, change)
            elif isinstance(change, Grant):
                self._extend(change)
            else:
                self._revise(at, change)

    def _pause(self, at: Instant, pause: Pause) -> None:
        """Its beginning, and a second time its end."""
        ended, start = pause.end == at, max(pause.start, self._cycle.since)
        told = pause if ended else msgspec.structs.replace(pause, end=None, ended_by=None)
        self.pauses[pause.fact.version, start] = msgspec.structs.replace(told, start=start)

    def _revise(self, at: Instant, refix: Refix) -> None:
        if refix.known_at < self._revised_at:
            return
        self._revised_at = refix.known_at
        self._timetable = Timetable(refix.calendar, self._hours)
        self.revisions.append(Revised(at, refix.known_at, refix.calendar.digest, refix.floor))

    def _lengthen(self, each: Lengthening) -> None:
        """An extension taken over: the merge is the fact that tells of it."""
        fact, before = fact_ref(self._cycle.start.fact), self._before(self._standing())
        told = (each.request, str(each.amount), fact, fact, each.approver)
        self.extensions.append(Extended(*told, *before, against=""))
        self._take_effect(each.amount)

    def _extend(self, grant: Grant) -> None:
        amount, standing = Amount.parse(grant.amount), self._standing()
        against = objection(self._cycle.clause.extension, grant, standing)
        assert (against == "") == (grant.fact.version in self._granted), "as the schedule has it"
        due_before, latest = self._before(standing)
        self.extensions.append(
            Extended(
                request=grant.request.event.request,
                amount=str(amount),
                asked=fact_ref(grant.request.fact),
                granted=fact_ref(grant.fact),
                approver=grant.event.approver,
                due_before=due_before,
                last_call=latest,
                against=against,
            )
        )
        if not against:
            self._take_effect(amount)

    def _standing(self) -> Standing:
        first, now = self._cycle.term.amount, self._term.amount
        return Standing(first, now, self._effective, self._reckoned(), self._timetable)

    def _before(self, standing: Standing) -> tuple[Instant | None, Instant | None]:
        """When the term would be due without the extension at hand, and the latest call for it."""
        rule = self._cycle.clause.extension
        return standing.reckoning.due, last_call(rule, standing) if rule is not None else None

    def _take_effect(self, amount: Amount) -> None:
        self._effective += 1
        self._term = replace(self._term, amount=self._term.amount + amount)

    def _reckoned(self) -> Reckoning:
        """The term by what has changed so far."""
        start = self._cycle.start.at
        spans = tuple(self._spans())
        reckoning = reckon(self._term, start, self._timetable, spans)
        floor = self.revisions[-1].floor if self.revisions else None
        if floor is None or reckoning.due is None or reckoning.due >= floor:
            return reckoning
        day = self._timetable.zone.date_of(floor - 1)
        return msgspec.structs.replace(reckoning, due=floor, due_date=day)

    def _spans(self) -> Iterator[tuple[Instant, Instant | None]]:
        for pause in self.pauses.values():
            yield pause.start, pause.end

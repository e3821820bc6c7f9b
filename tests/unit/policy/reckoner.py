"""A plain reading of what a case means, written apart from the engine's own.

It knows start, stop, pauses, extensions and rungs, and nothing of lateness of knowledge, lanes or
voids. The packs' cases are checked with it, so that they are not checked by the code they are
there to check.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sla_engine.policy.cases import CaseReading
from sla_engine.policy.clause import Anchor, Case, CaseFact, Clause, Pack, Rung, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import (
    Amount,
    Instant,
    Term,
    Timetable,
    Unit,
    at_percent,
    opening_after,
    opening_before,
    reckon,
)

Span = tuple[Instant, Instant | None]


def run_case(pack: Pack, case: Case, rulebook: Rulebook) -> list[CaseReading]:
    """Every clock of a case."""
    calendar = rulebook.calendar(pack, pack.region, case.known_at)
    is_talk = any(fact.type == "proposed" for fact in case.facts)
    readings: list[CaseReading] = []
    for clause in pack.clauses:
        if (clause.scope is Scope.TALK) == is_talk and clause.match(case.traits):
            timetable = rulebook.timetable(pack, clause.hours, calendar)
            for number, start in enumerate(_starts(clause, case.facts), 1):
                readings.append(_reading(clause, number, start, case.facts, timetable))
    return readings


def _starts(clause: Clause, facts: Sequence[CaseFact]) -> list[Instant]:
    starts = [fact.at for fact in facts if fact.type in clause.start]
    return starts if clause.repeat else starts[:1]


def _reading(
    clause: Clause, number: int, start: Instant, facts: Sequence[CaseFact], timetable: Timetable
) -> CaseReading:
    term = replace(clause.term, amount=_extended(clause, facts))
    pauses = list(_pauses(clause, facts))
    reckoning = reckon(term, start, timetable, pauses)
    rungs = {}
    if reckoning.due is not None:
        assert reckoning.due_date is not None
        rungs = {
            rung.id: _instant(rung, term, start, timetable, pauses, reckoning.due)
            for rung in clause.rungs
            if rung.from_cycle <= number
        }
    return CaseReading(clause=clause.id, due=reckoning.due, rungs=rungs)


def _extended(clause: Clause, facts: Sequence[CaseFact]) -> Amount:
    amount = clause.term.amount
    for fact in facts:
        if fact.type == "extension_granted" and fact.fields["clause"] == clause.id:
            amount = amount + Amount.parse(str(fact.fields["amount"]))
    return amount


def _pauses(clause: Clause, facts: Sequence[CaseFact]) -> Iterator[Span]:
    ends = [fact.at for fact in facts if fact.type == "resumed"]
    for fact in facts:
        if fact.type == "suspended" and fact.fields["ground"] in clause.pauses:
            yield fact.at, min((end for end in ends if end >= fact.at), default=None)


def _instant(
    rung: Rung,
    term: Term,
    start: Instant,
    timetable: Timetable,
    pauses: Sequence[Span],
    due: Instant,
) -> Instant:
    when = rung.when
    if when.anchor is Anchor.PERCENT:
        reached = at_percent(term, start, timetable, pauses, when.percent)
    elif when.offset is None:
        reached = due + 1
    elif when.anchor is Anchor.START:
        reached = reckon(
            replace(term, amount=when.offset, roll=False), start, timetable, pauses
        ).due
    elif when.offset.unit is Unit.WORKDAYS:
        last = timetable.zone.date_of(due - 1 if term.expiry == "end_of_day" else due)
        opening = opening_before if when.sign < 0 else opening_after
        reached = opening(timetable, last, int(when.offset.n))
    elif when.offset.unit is Unit.WORK_HOURS:
        reached = timetable.add_work(due, when.sign * when.offset.micros)
    else:
        reached = due + when.sign * when.offset.micros
    assert reached is not None
    return reached

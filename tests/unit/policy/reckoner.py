"""A plain reading of what a case means, written apart from the engine's own.

It knows start, stop, members, pauses, extensions and rungs, and nothing of lateness of knowledge,
redispatch or voids. The packs' cases are checked with it, so that they are not checked by the code
they are there to check.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sla_engine.policy.case import Case, CaseFact
from sla_engine.policy.cases import REACHED, CaseReading, counts, scope_of
from sla_engine.policy.clause import (
    Anchor,
    Clause,
    ExtensionRule,
    Pack,
    Rung,
    Scope,
    Trigger,
)
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
    """Every clock of a case, or every trigger that it reaches."""
    calendar = rulebook.calendar(pack, pack.region, case.known_at)
    if counts(case):
        timetable = rulebook.timetable(pack, "office", calendar)
        return [each for trigger in pack.triggers for each in _trigger(trigger, case, timetable)]
    kind = scope_of(case, pack.steps).kind
    readings: list[CaseReading] = []
    for clause in pack.clauses:
        timetable = rulebook.timetable(pack, clause.hours, calendar)
        for member in _members(clause, case):
            traits = {**case.traits, **({"member": member} if member else {})}
            if clause.scope.kind == kind and clause.match(traits):
                facts = [f for f in case.facts if f.fields.get("member", member) == member]
                readings += _cycles(clause, sorted(facts, key=lambda f: f.at), timetable)
    return readings


def _members(clause: Clause, case: Case) -> list[str]:
    if clause.scope is not Scope.MEMBER:
        return [""]
    named = [str(f.fields["member"]) for f in case.facts if "member" in f.fields]
    opened = [f.fields["members"] for f in case.facts if "members" in f.fields]
    listed = [str(name) for names in opened if isinstance(names, tuple) for name in names]
    return list(dict.fromkeys([*listed, *named])) or [case.traits.get("member", "member")]


def _cycles(
    clause: Clause, facts: Sequence[CaseFact], timetable: Timetable
) -> Iterator[CaseReading]:
    ended: Instant | None = -1
    number = 0
    for index, fact in enumerate(facts):
        if fact.type not in clause.start or ended is None or (number and fact.at < ended):
            continue
        number += 1
        ended = _stop(clause, facts[index + 1 :])
        yield _reading(clause, number, fact, ended, facts, timetable)
        if not clause.repeat:
            return


def _stop(clause: Clause, later: Sequence[CaseFact]) -> Instant | None:
    firsts: dict[str, Instant] = {}
    for fact in later:
        firsts.setdefault(fact.type, fact.at)
    ends = [firsts[mark] for mark in clause.stop_any if mark in firsts]
    if clause.stop_all and set(clause.stop_all) <= firsts.keys():
        ends.append(max(firsts[mark] for mark in clause.stop_all))
    return min(ends, default=None)


def _reading(
    clause: Clause,
    number: int,
    started: CaseFact,
    ended: Instant | None,
    facts: Sequence[CaseFact],
    timetable: Timetable,
) -> CaseReading:
    term = _term(clause, started, timetable)
    term = _extended(clause, term, started, facts, timetable)
    pauses = list(_pauses(clause, facts))
    reckoning = reckon(term, started.at, timetable, pauses)
    rungs = {}
    if reckoning.due is not None:
        rungs = {
            rung.id: at
            for rung in clause.rungs
            if rung.from_cycle <= number
            for at in [_instant(rung, term, started.at, timetable, pauses, reckoning.due)]
            if ended is None or at <= ended
        }
    return CaseReading(clause=clause.id, due=reckoning.due, rungs=rungs)


def _term(clause: Clause, started: CaseFact, timetable: Timetable) -> Term:
    """The clause's own, or that of an item that brings its limit or its last day."""
    own = str(started.fields.get("limit", ""))
    if not clause.own_limit or not own:
        return clause.term
    if own[:4].isdigit() and own[4:5] == "-":
        days = (date.fromisoformat(own) - timetable.zone.date_of(started.at)) / timedelta(days=1)
        return replace(clause.term, amount=Amount.parse(f"{int(days)}日"), roll=False)
    return replace(clause.term, amount=Amount.parse(own))


def _extended(
    clause: Clause,
    term: Term,
    started: CaseFact,
    facts: Sequence[CaseFact],
    timetable: Timetable,
) -> Term:
    """The term with every extension that was asked for in time and lies within the caps."""
    rule, first, asked, given = clause.extension, term.amount, CaseFact("", 0, {}), 0
    for fact in facts:
        if fact.fields.get("clause") != clause.id or rule is None:
            continue
        if fact.type == "extension_requested":
            asked = fact
        elif fact.type == "extension_granted":
            more = Amount.parse(str(fact.fields.get("amount") or asked.fields["amount"]))
            due = reckon(term, started.at, timetable, list(_pauses(clause, facts))).due
            added = term.amount.n + more.n - first.n
            if (
                (due is None or asked.at <= _last_call(rule, due, timetable))
                and given < rule.max_count
                and (rule.each_max is None or more.n <= rule.each_max.n)
                and (rule.total_max is None or added <= rule.total_max.n)
            ):
                given, term = given + 1, replace(term, amount=term.amount + more)
    return term


def _last_call(rule: ExtensionRule, due: Instant, timetable: Timetable) -> Instant:
    """Whole working days ahead end with their day."""
    if rule.ask_before is None:
        return due
    assert rule.ask_before.unit is Unit.WORKDAYS, "the packs ask ahead in working days"
    last = timetable.zone.date_of(due - 1)
    opening = opening_before(timetable, last, int(rule.ask_before.n))
    return timetable.zone.midnight[timetable.zone.date_of(opening).toordinal() + 1]


_LIFTING = ("resumed", "resolved", "rework_ordered", "verified", "rebounded", "struck_off")


def _pauses(clause: Clause, facts: Sequence[CaseFact]) -> Iterator[Span]:
    ends = [fact.at for fact in facts if fact.type in _LIFTING]
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
    elif when.offset.unit is Unit.CLOCK_HOURS:
        reached = due + when.sign * when.offset.micros
    elif when.offset.unit is Unit.WORK_HOURS:
        reached = timetable.add_work(due, when.sign * when.offset.micros)
    else:
        last = timetable.zone.date_of(due - 1 if term.expiry == "end_of_day" else due)
        if when.offset.unit is Unit.WORKDAYS:
            opening = opening_before if when.sign < 0 else opening_after
            return opening(timetable, last, int(when.offset.n))
        midnight = timetable.zone.midnight[last.toordinal() + when.sign * int(when.offset.n)]
        reached = midnight if when.sign < 0 else max(midnight, due + 1)
    assert reached is not None
    return reached


def _trigger(trigger: Trigger, case: Case, timetable: Timetable) -> Iterator[CaseReading]:
    """Counted by hand: what lies in one calendar period, one window, or one run of rounds."""
    zone = timetable.zone
    names = set(trigger.counts)
    facts = [f for f in case.facts if names & {f.type, f.type.partition("@")[0]}]
    facts.sort(key=lambda each: each.at)
    at: list[Instant] = []
    if trigger.consecutive:
        run: list[int] = []
        for fact in facts:
            place = _round_number(str(fact.fields["period"]))
            run = [*run, place] if run and place == run[-1] + 1 else [place]
            at += [fact.at] if len(run) >= trigger.at_least else []
    elif trigger.within in _PERIODS:
        periods: dict[object, list[Instant]] = {}
        for fact in facts:
            day = zone.date_of(fact.at)
            periods.setdefault(_PERIODS[trigger.within](day), []).append(fact.at)
        at = [
            each[trigger.at_least - 1] for each in periods.values() if len(each) >= trigger.at_least
        ]
    else:
        window = Term(Amount.parse(trigger.within))
        for first, last in zip(facts, facts[trigger.at_least - 1 :], strict=False):
            due = reckon(window, first.at, timetable).due
            at += [last.at] if due is not None and last.at <= due else []
    for instant in at:
        yield CaseReading(clause=trigger.id, due=instant, rungs={REACHED: instant})


_PERIODS: Mapping[str, Callable[[date], object]] = {
    "day": lambda day: day,
    "week": lambda day: tuple(day.isocalendar())[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, (day.month - 1) // 3),
    "half_year": lambda day: (day.year, day.month > 6),
    "year": lambda day: day.year,
}


def _round_number(period: str) -> int:
    """Quarters and months as numbers that follow each other."""
    year, separator, rest = period[:4], period[4:5], period[5:]
    return int(year) * {"Q": 4, "-": 12, "H": 2}[separator] + int(rest)

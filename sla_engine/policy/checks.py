"""What a pack must hold to make sense as a whole: checks over tables that are each well formed.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import combinations, pairwise

from sla_engine.errors import Fault
from sla_engine.policy.clause import (
    ALL_HOURS,
    OFFICE,
    Anchor,
    Clause,
    Match,
    Rung,
    Scope,
    TalkRules,
)
from sla_engine.policy.faults import (
    CASE_EMPTY,
    CLAUSE_CONTRADICTS,
    CLAUSE_HOURS_MISFIT,
    CLAUSE_NEVER_STOPS,
    CLAUSE_STOPS_AT_ONCE,
    CLAUSE_UNKNOWN,
    EFFECTIVE_ORDER,
    EXTENSION_TOTAL,
    EXTENSION_UNIT,
    LADDER_LOOPS,
    PACK_DUPLICATE,
    PACK_KEY_MISSING,
    RUNG_CYCLE,
    RUNG_ORDER,
    RUNG_TIER,
    RUNG_UNKNOWN,
    RUNG_UNREACHABLE,
    TALK_MISSING,
    TALK_TIER_UNNAMED,
    fault,
    unknown,
)
from sla_engine.policy.nominal import hours, position
from sla_engine.policy.parse import Draft
from sla_engine.policy.vocabulary import opening_marks
from sla_engine.worktime import Unit

Faults = Iterator[Fault]


def effective(draft: Draft) -> Faults:
    """An edition ends after it begins."""
    head = draft.head
    if head is not None and head.effective_to is not None:
        first, last = head.effective_from, head.effective_to
        if last <= first:
            yield fault(EFFECTIVE_ORDER, draft.at("pack", "effective_to"), last, first)


def office(draft: Draft) -> Faults:
    """Working-day offsets of every clock need the office hours, even where it runs 24x7."""
    if draft.declared.hours and OFFICE not in draft.declared.hours:
        yield fault(PACK_KEY_MISSING, draft.at("hours", OFFICE), OFFICE)


def duplicates(draft: Draft) -> Faults:
    """Ids name one thing each."""
    for level in _repeated(level.ordinal for level in draft.levels):
        yield fault(PACK_DUPLICATE, draft.at("level", level), level)
    for name in _repeated(clause.id for clause in draft.clauses):
        yield fault(PACK_DUPLICATE, draft.at("clause", name), name)
    for name in _repeated(case.name for case in draft.cases):
        yield fault(PACK_DUPLICATE, draft.at("case", name), name)
    for clause in draft.clauses:
        for name in _repeated(rung.id for rung in clause.rungs):
            yield fault(PACK_DUPLICATE, draft.at("clause", clause.id, "rung", name), name)


def _repeated(names: Iterable[Hashable]) -> list[Hashable]:
    return [name for name, times in Counter(names).items() if times > 1]


def stops(draft: Draft) -> Faults:
    """Every clock can be stopped by something that comes after its start."""
    for clause in draft.clauses:
        where = draft.at("clause", clause.id, "stop")
        before = opening_marks(clause.scope)
        possible = any(mark not in before for mark in clause.stop_any) or (
            bool(clause.stop_all) and before.isdisjoint(clause.stop_all)
        )
        if not possible:
            named = (*clause.stop_any, *clause.stop_all)
            yield fault(CLAUSE_NEVER_STOPS, where, ", ".join(named) or "-")
        for mark in clause.start:
            if mark in clause.stop_any:
                yield fault(CLAUSE_STOPS_AT_ONCE, where, mark)


def fitting_hours(draft: Draft) -> Faults:
    """What needs sessions has them."""
    for clause in draft.clauses:
        at = draft.at("clause", clause.id, "hours")
        for found in _needs_sessions(clause):
            if clause.hours == ALL_HOURS:
                yield fault(CLAUSE_HOURS_MISFIT, at, found, clause.hours)
        schedule = draft.hours.get(OFFICE if clause.hours == ALL_HOURS else clause.hours)
        halves = clause.term.amount.unit is Unit.HALF_WORKDAYS
        if halves and schedule is not None and not schedule.has_halves:
            yield fault(CLAUSE_HOURS_MISFIT, at, clause.term.amount, clause.hours)


def _needs_sessions(clause: Clause) -> Iterator[str]:
    if clause.term.amount.unit in (Unit.WORK_HOURS, Unit.HALF_WORKDAYS):
        yield str(clause.term.amount)
    if clause.term.expiry == "close_of_business":
        yield clause.term.expiry
    if clause.term.receipt != "as_is":
        yield clause.term.receipt


def extensions(draft: Draft) -> Faults:
    """Extensions add to the limit, so they are in its unit; one is no more than all."""
    for clause in draft.clauses:
        rule, limit = clause.extension, clause.term.amount
        if rule is None:
            continue
        for key, amount in (("each_max", rule.each_max), ("total_max", rule.total_max)):
            if amount is not None and amount.unit is not limit.unit:
                at = draft.at("clause", clause.id, "extension", key)
                yield fault(EXTENSION_UNIT, at, amount, limit)
        each, total = rule.each_max, rule.total_max
        if each is not None and total is not None and each.unit is total.unit and each.n > total.n:
            at = draft.at("clause", clause.id, "extension", "each_max")
            yield fault(EXTENSION_TOTAL, at, each, total)


def contradictions(draft: Draft) -> Faults:
    """Two clauses that bind the same petitions over the same stretch promise the same."""
    for first, second in combinations(draft.clauses, 2):
        if (
            _stretch(first) == _stretch(second)
            and _overlap(first.match, second.match)
            and first.term != second.term
        ):
            limits = f"{second.term.amount} / {first.term.amount}"
            where = draft.at("clause", second.id, "limit")
            yield fault(CLAUSE_CONTRADICTS, where, first.id, limits)


def _stretch(clause: Clause) -> tuple[object, ...]:
    marks = (clause.start, clause.stop_any, clause.stop_all)
    return (clause.scope, *(frozenset(each) for each in marks))


def _overlap(first: Match, second: Match) -> bool:
    shared = first.fields.keys() & second.fields.keys()
    return all(set(first.fields[name]) & set(second.fields[name]) for name in shared)


def reachable(draft: Draft) -> Faults:
    """Every rung lies on its clock: after the start and, where it says so, before the due."""
    for clause, rung in _rungs(draft):
        allowed = _out_of_reach(clause, rung)
        if allowed:
            at = draft.at("clause", clause.id, "rung", rung.id, "at")
            written = draft.written[(clause.id, rung.id)]
            yield fault(RUNG_UNREACHABLE, at, written, allowed)


def _out_of_reach(clause: Clause, rung: Rung) -> str:
    """What would be in reach, "" when the rung is."""
    when, limit = rung.when, clause.term.amount
    if when.anchor is Anchor.PERCENT:
        return "" if 1 <= when.percent <= 99 else "1%…99%"
    if when.offset is None:
        return ""
    length, offset = hours(limit, limit), hours(when.offset, limit)
    if when.anchor is Anchor.START:
        return "" if offset < length else f"start … < start+{limit}"
    if when.sign < 0 and offset >= length:
        return f"> due-{limit}"
    return ""


def order(draft: Draft) -> Faults:
    """The later a rung, the graver."""
    for clause in draft.clauses:
        limit = clause.term.amount
        for cycle in sorted({rung.from_cycle for rung in clause.rungs}):
            rungs = [rung for rung in clause.rungs if rung.from_cycle == cycle]
            placed = sorted(rungs, key=lambda rung: (position(rung.when, limit), rung.level))
            for earlier, later in pairwise(placed):
                if later.level < earlier.level:
                    at = draft.at("clause", clause.id, "rung", later.id, "level")
                    yield fault(RUNG_ORDER, at, later.level, f"{earlier.id} {earlier.level}")


def cycles(draft: Draft) -> Faults:
    """Only a clause that repeats has a second cycle."""
    for clause, rung in _rungs(draft):
        if rung.from_cycle > 1 and not clause.repeat:
            at = draft.at("clause", clause.id, "rung", rung.id, "from_cycle")
            yield fault(RUNG_CYCLE, at, rung.from_cycle)


def tiers(draft: Draft) -> Faults:
    """A talk has a tier within the pack's tiers, and nothing else has one."""
    top = draft.talk.top_tier if draft.talk is not None else None
    for clause, rung in _rungs(draft):
        at = draft.at("clause", clause.id, "rung", rung.id, "tier")
        if rung.act != "talk":
            if rung.tier:
                yield fault(RUNG_TIER, at, rung.tier, "-")
        elif rung.tier == 0 or (top is not None and rung.tier > top):
            yield fault(RUNG_TIER, at, rung.tier or "-", f"1…{top}" if top else "1…")


def talks(draft: Draft) -> Faults:
    """A pack whose ladders propose talks says how they are held."""
    for clause, rung in _rungs(draft):
        if rung.act == "talk":
            at = draft.at("clause", clause.id, "rung", rung.id, "act")
            if "talk" not in draft.raw:
                yield fault(TALK_MISSING, at, rung.id, "[talk]")
            if Scope.TALK.value not in draft.declared.scopes:
                yield fault(TALK_MISSING, at, rung.id, '[[clause]] scope = "talk"')


def parties(draft: Draft) -> Faults:
    """Every tier has its parties and its notice lead; no entry is for a tier that is not."""
    if draft.talk is None:
        return
    for key, given in (
        ("parties", draft.talk.parties.keys()),
        ("notice_lead", draft.talk.notice_lead.keys()),
    ):
        every = _tiers(draft.talk)
        for tier in sorted(every - given):
            yield fault(TALK_TIER_UNNAMED, draft.at("talk", key), tier, draft.talk.top_tier)
        for tier in sorted(given - every):
            yield fault(RUNG_TIER, draft.at("talk", key, tier), tier, f"1…{draft.talk.top_tier}")


def _tiers(talk: TalkRules) -> set[int]:
    return set(range(1, talk.top_tier + 1))


def loops(draft: Draft) -> Faults:
    """No ladder leads from the top tier to the next one."""
    if draft.talk is None:
        return
    top = draft.talk.top_tier
    for clause, rung in _rungs(draft):
        if rung.act == "next_tier":
            bound = clause.match.fields.get("tier", (str(top),))
            if any(not tier.isdigit() or int(tier) >= top for tier in bound):
                at = draft.at("clause", clause.id, "rung", rung.id, "act")
                yield fault(LADDER_LOOPS, at, rung.id, top)


def cases(draft: Draft) -> Faults:
    """A case asks something of clauses and rungs that there are."""
    names = draft.declared.rungs.keys()
    for case in draft.cases:
        if not any(each.due is not None or each.rungs or each.absent for each in case.expect):
            yield fault(CASE_EMPTY, draft.at("case", case.name, "expect"))
        for each in case.expect:
            at = draft.at("case", case.name, "expect", each.clause)
            if each.clause not in names:
                yield unknown(CLAUSE_UNKNOWN, at, each.clause, names)
                continue
            rungs = draft.declared.rungs[each.clause]
            for rung in sorted(each.rungs.keys() - rungs):
                yield unknown(RUNG_UNKNOWN, f"{at}.rungs", rung, rungs)


def _rungs(draft: Draft) -> Iterator[tuple[Clause, Rung]]:
    for clause in draft.clauses:
        for rung in clause.rungs:
            yield clause, rung


CHECKS: tuple[Callable[[Draft], Faults], ...] = (
    effective,
    office,
    duplicates,
    stops,
    fitting_hours,
    extensions,
    contradictions,
    reachable,
    order,
    cycles,
    tiers,
    talks,
    parties,
    loops,
    cases,
)

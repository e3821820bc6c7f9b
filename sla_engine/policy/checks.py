"""What a pack must hold to make sense as a whole: checks over tables that are each well formed.

A check takes the draft and yields faults; `CHECKS` is the list of them all.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import combinations

from sla_engine.errors import Fault, register
from sla_engine.policy import annex_checks, ladder_checks, talk_checks
from sla_engine.policy.cases import REACHED, scope_of
from sla_engine.policy.clause import ALL_HOURS, OFFICE, Clause, Match, Scope
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
    LIST_UNKNOWN,
    MARK_UNKNOWN,
    PACK_DUPLICATE,
    PACK_KEY_MISSING,
    RUNG_UNKNOWN,
    SERIES_UNKNOWN,
    fault,
    unknown,
)
from sla_engine.policy.nominal import hours
from sla_engine.policy.parse import Draft
from sla_engine.policy.vocabulary import RIGHTS, marks_of, opening_marks
from sla_engine.worktime import Unit

EXTENSION_ASK = register(
    "EXTENSION_ASK",
    "须提前“{found}”申请延期，而期限只有“{allowed}”，永远来不及",
    "an extension must be asked for {found} ahead of a limit of {allowed}: it is always too late",
)
CLAUSE_OWN_LIMIT = register(
    "CLAUSE_OWN_LIMIT",
    "只有以 listed 起算的清单事项条款可以自带期限，此条是“{found}”",
    "only a clause of items that starts on `listed` takes a limit of its own; this is of {found}",
)
CLAUSE_BARS_NOTHING = register(
    "CLAUSE_BARS_NOTHING",
    "期满失权的条款须在 stop 写明哪个节点不再接受",
    "a clause whose right lapses names in `stop` what is refused from then on",
)
CLAUSE_BARS_DUTY = register(
    "CLAUSE_BARS_DUTY",
    "“{found}”是义务，期满之后仍须履行，不能失权；可失权的有：{allowed}",
    "{found!r} is a duty that is still owed after the due instant; what may lapse: {allowed}",
    "逾期不办的条款去掉 late，失权的条款在 stop 中只写权利的行使",
    "drop `late` where a duty is overdue; where a right lapses, `stop` names its exercise alone",
)
CLAUSE_BESIDE = register(
    "CLAUSE_BESIDE",
    "与条款 {found} 并不同起同止，无须写 beside",
    "it does not share start, stop and matters with clause {found}; it needs no `beside`",
)
CASE_UNASKED = register(
    "CASE_UNASKED",
    "批准延期之前案例没有写条款“{found}”的延期申请",
    "the case grants an extension of {found!r} that it has not asked for",
)

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
        ahead = rule.ask_before
        if ahead is not None and hours(ahead, limit) >= hours(limit, limit):
            at = draft.at("clause", clause.id, "extension", "ask_before")
            yield fault(EXTENSION_ASK, at, ahead, limit)


def own_limits(draft: Draft) -> Faults:
    """Only an item that is listed brings a limit of its own."""
    for clause in draft.clauses:
        if clause.own_limit and clause.scope is not Scope.ITEM:
            at = draft.at("clause", clause.id, "own_limit")
            yield fault(CLAUSE_OWN_LIMIT, at, clause.scope.value)


def lapses(draft: Draft) -> Faults:
    """What lapses at the due instant is a right: a duty is still owed after it."""
    for clause in draft.clauses:
        if clause.late != "barred":
            continue
        at = draft.at("clause", clause.id, "late")
        rights = RIGHTS | draft.declared.steps
        if not clause.stop_any:
            yield fault(CLAUSE_BARS_NOTHING, at, clause.id)
        for mark in sorted(set(clause.stop_any) - rights):
            yield fault(CLAUSE_BARS_DUTY, at, mark, ", ".join(sorted(rights)))


def contradictions(draft: Draft) -> Faults:
    """Clauses that bind the same matters over the same stretch promise the same, unless one says
    that it runs beside the other."""
    for first, second in combinations(draft.clauses, 2):
        if not _alike(first, second) or first.id in second.beside or second.id in first.beside:
            continue
        here, there = _promise(second), _promise(first)
        if here != there:
            differ = [pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]]
            limits = "; ".join(f"{one} / {other}" for one, other in differ)
            where = draft.at("clause", second.id, "limit")
            yield fault(CLAUSE_CONTRADICTS, where, first.id, limits)


def companions(draft: Draft) -> Faults:
    """A clause runs beside one that it would contradict, not beside any."""
    clauses = {clause.id: clause for clause in draft.clauses}
    for clause in draft.clauses:
        for name in clause.beside:
            other = clauses.get(name)
            if other is clause or (other is not None and not _alike(clause, other)):
                yield fault(CLAUSE_BESIDE, draft.at("clause", clause.id, "beside"), name)


def _alike(first: Clause, second: Clause) -> bool:
    """Whether one matter can have a clock of each that runs from and to the same marks."""
    return (
        first.scope is second.scope
        and not set(first.start).isdisjoint(second.start)
        and _end(first) == _end(second)
        and _overlap(first.match, second.match)
    )


def _end(clause: Clause) -> tuple[frozenset[str], frozenset[str]]:
    """What stops it; all of one mark is any of one."""
    if len(clause.stop_all) == 1:
        return frozenset((*clause.stop_any, *clause.stop_all)), frozenset()
    return frozenset(clause.stop_any), frozenset(clause.stop_all)


def _promise(clause: Clause) -> tuple[str, ...]:
    """All that decides when it is due, in words."""
    term = clause.term
    roll = "roll" if term.roll else "no roll"
    pauses = ", ".join(sorted(clause.pauses)) or "-"
    return (str(term.amount), term.receipt, term.expiry, roll, clause.hours, pauses, clause.late)


def _overlap(first: Match, second: Match) -> bool:
    shared = first.fields.keys() & second.fields.keys()
    return all(set(first.fields[name]) & set(second.fields[name]) for name in shared)


def matched(draft: Draft) -> Faults:
    """A clause for some lists or series names those that there are."""
    for clause in draft.clauses:
        for key, code, names in (
            ("list", LIST_UNKNOWN, draft.declared.lists),
            ("series", SERIES_UNKNOWN, draft.declared.series),
        ):
            for value in clause.match.fields.get(key, ()):
                if value not in names:
                    at = draft.at("clause", clause.id, "match", key)
                    yield unknown(code, at, value, names)


def cases(draft: Draft) -> Faults:
    """A case asks something of clauses, triggers and rungs that there are."""
    rungs = {**dict.fromkeys(draft.declared.triggers, _REACHED), **draft.declared.rungs}
    for case in draft.cases:
        if not any(each.due is not None or each.rungs or each.absent for each in case.expect):
            yield fault(CASE_EMPTY, draft.at("case", case.name, "expect"))
        for each in case.expect:
            at = draft.at("case", case.name, "expect", each.clause)
            if each.clause not in rungs:
                yield unknown(CLAUSE_UNKNOWN, at, each.clause, rungs)
                continue
            for rung in sorted(each.rungs.keys() - rungs[each.clause]):
                yield unknown(RUNG_UNKNOWN, f"{at}.rungs", rung, rungs[each.clause])


def told(draft: Draft) -> Faults:
    """The facts of a case can be of one dossier, and each says what it must."""
    for case in draft.cases:
        marks = {*marks_of(scope_of(case, draft.declared.steps)), *draft.declared.steps}
        requested: set[object] = set()
        for number, fact in enumerate(case.facts):
            at = draft.at("case", case.name, "facts", number)
            if ":" not in fact.type and fact.type not in marks:
                yield unknown(MARK_UNKNOWN, f"{at}.type", fact.type, marks)
            for key in _SAYS.get(fact.type, ()):
                if key not in fact.fields:
                    yield fault(PACK_KEY_MISSING, f"{at}.{key}", key)
            clause = fact.fields.get("clause", "")
            if fact.type == "extension_granted" and clause not in requested:
                yield fault(CASE_UNASKED, at, clause)
            if fact.type == "extension_requested":
                requested.add(clause)


_REACHED = frozenset({REACHED})
_SAYS = {
    "suspended": ("ground",),
    "extension_requested": ("clause", "amount"),
    "extension_granted": ("clause",),
}

CHECKS: tuple[Callable[[Draft], Faults], ...] = (
    effective,
    office,
    duplicates,
    stops,
    fitting_hours,
    extensions,
    own_limits,
    lapses,
    contradictions,
    companions,
    matched,
    *ladder_checks.CHECKS,
    *talk_checks.CHECKS,
    *annex_checks.CHECKS,
    cases,
    told,
)

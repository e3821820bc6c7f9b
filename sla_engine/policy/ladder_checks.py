"""What a ladder must hold: every rung can come, graver with time, and none leads round in a circle.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import pairwise

from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Anchor, Clause, Rung, Scope, Series
from sla_engine.policy.faults import (
    LIST_UNKNOWN,
    RUNG_CYCLE,
    RUNG_ORDER,
    RUNG_UNREACHABLE,
    fault,
    unknown,
)
from sla_engine.policy.nominal import hours, position
from sla_engine.policy.parse import Draft
from sla_engine.policy.vocabulary import AGAINST_THE_UNIT, OPEN_NEXT, PROBLEMS, acts_of

RUNG_BARRED = register(
    "RUNG_BARRED",
    "期满即失权，到期之后不会有逾期，“{found}”永远等不到；到期之后可用：{allowed}",
    "the right lapses at the due instant and nobody is late after it, so {found} never comes; "
    "after the due instant there are: {allowed}",
)
RUNG_AFTER_END = register(
    "RUNG_AFTER_END",
    "“{allowed}”提请上一级之后本轮时钟即告终止，排在其后的“{found}”永远等不到",
    "the clock ends when {allowed} proposes the next tier; {found}, which is later, never comes",
)
NOBODY_TO_TALK_TO = register(
    "NOBODY_TO_TALK_TO",
    "“{found}”针对承办单位，而本条由受理中心负责；可用：{allowed}",
    "{found} is done to a unit, but the centre answers for this clause; there are: {allowed}",
    '由承办单位负责的，写明 liable = "unit"',
    'where the unit answers for it, say liable = "unit"',
)
TOLD_TO_NOBODY = register(
    "TOLD_TO_NOBODY",
    "本条由受理中心负责，“{found}”没有送达对象，无人知悉",
    "the centre answers for this clause, and {found} is sent to nobody",
    "在 to 中写明角色",
    "name the roles in `to`",
)
ROUND_LOOPS = register(
    "ROUND_LOOPS",
    "时钟以 opened 起算，“{found}”使每一轮一开启就开启下一轮，永无止境",
    "the clock starts on `opened`, so with {found} every round opens the next, without end",
    "改以 period_ended 或 closed 起算",
    "start on period_ended or on closed",
)
ROUND_TOO_SOON = register(
    "ROUND_TOO_SOON",
    "“{found}”可能早于本轮周期结束，下一轮尚不能开启；此处可用：{allowed}",
    "{found} may come before the period of the round has ended, too soon for the next one to be "
    "opened; here there are: {allowed}",
    '以 period_ended 起算，写 at = "start"',
    'start on period_ended, with at = "start"',
)
ROUND_BY_HAND = register(
    "ROUND_BY_HAND",
    "系列“{found}”没有周期，没有下一轮可开启",
    "the series {found!r} has no cycle, so there is no next round to open",
    "给系列写上 cycle，或用 match 的 series 把有周期的系列分出来",
    "give the series a cycle, or select by match.series those that have one",
)
LIST_LOOPS = register(
    "LIST_LOOPS",
    "问题清单的事项逾期又列入问题清单，“{found}”会原地循环",
    "an overdue item of the list of problems would be listed as a problem again; {found} goes "
    "round in a circle",
    "用 match 的 list 把问题清单分出来",
    "use match.list to leave the list of problems out",
)

Faults = Iterator[Fault]

_WITH_A_UNIT = frozenset({"talk", "list"})
_OF_ITSELF = frozenset({"next_tier", "open_next", "deem_accepted"})
"""Acts that come to something although nobody is told."""


def reachable(draft: Draft) -> Faults:
    """Every rung lies on its clock: after the start and, where it says so, before the due."""
    for clause, rung in rungs_of(draft):
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


def lapsed(draft: Draft) -> Faults:
    """Where a clock lapses at the due instant, nobody is late after it."""
    for clause, rung in rungs_of(draft):
        if clause.lapses and _late(rung) and rung.act in AGAINST_THE_UNIT:
            at = draft.at("clause", clause.id, "rung", rung.id, "act")
            allowed = ", ".join(sorted(acts_of(clause.scope) - AGAINST_THE_UNIT))
            yield fault(RUNG_BARRED, at, rung.act, allowed)


def addressed(draft: Draft) -> Faults:
    """A talk is with a unit, what is listed is a unit's problem; and where no unit answers, an act
    is told to roles alone."""
    for clause, rung in rungs_of(draft):
        if clause.names_unit:
            continue
        at = partial(draft.at, "clause", clause.id, "rung", rung.id)
        if rung.act in _WITH_A_UNIT:
            allowed = ", ".join(sorted(acts_of(clause.scope) - _WITH_A_UNIT))
            yield fault(NOBODY_TO_TALK_TO, at("act"), rung.act, allowed)
        if not rung.to and rung.act not in _OF_ITSELF:
            yield fault(TOLD_TO_NOBODY, at("to"), rung.act)


def _late(rung: Rung) -> bool:
    """Whether it comes after the due instant; `due-0个工作日` and `due+0…` lie on the due date."""
    when = rung.when
    on_due_date = when.offset is not None and not when.offset.n
    return when.anchor is Anchor.DUE and when.sign >= 0 and not on_due_date


def outlived(draft: Draft) -> Faults:
    """A round of a talk ends where the next tier is proposed; no rung waits behind that."""
    for clause in draft.clauses:
        limit = clause.term.amount
        raising = [rung for rung in clause.rungs if rung.act == "next_tier"]
        for rung in clause.rungs:
            before = [
                each
                for each in raising
                if each.from_cycle <= rung.from_cycle
                and position(each.when, limit) < position(rung.when, limit)
            ]
            if before:
                at = draft.at("clause", clause.id, "rung", rung.id, "at")
                yield fault(RUNG_AFTER_END, at, rung.id, before[0].id)


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
    for clause, rung in rungs_of(draft):
        if rung.from_cycle > 1 and not clause.repeat:
            at = draft.at("clause", clause.id, "rung", rung.id, "from_cycle")
            yield fault(RUNG_CYCLE, at, rung.from_cycle)


def next_rounds(draft: Draft) -> Faults:
    """A round opens the next one only where there is a next one, and not before its own time."""
    for clause, rung in rungs_of(draft):
        if rung.act != OPEN_NEXT:
            continue
        at = draft.at("clause", clause.id, "rung", rung.id, "act")
        series = [each for each in draft.series if _binds(clause, each)]
        if "opened" in clause.start:
            yield fault(ROUND_LOOPS, at, rung.id)
        else:
            days = max((_DAYS[each.cycle] for each in series if each.cycle), default=0)
            yield from _too_soon(draft, clause, rung, 24 * days)
        for each in series:
            if not each.cycle:
                yield fault(ROUND_BY_HAND, at, each.id)


_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366}
"""Days of the longest period of each cycle."""

_OVER = frozenset({"period_ended", "closed"})
"""Marks behind which the period is over; a round that was closed sooner opens no other."""


def _binds(clause: Clause, series: Series) -> bool:
    return series.id in clause.match.fields.get("series", (series.id,))


def _too_soon(draft: Draft, clause: Clause, rung: Rung, period: int) -> Faults:
    """Whether a rung is sure to come after the period of its round, which is of so many hours."""
    over = _OVER | {"period_begun"} if _waits(clause, rung) >= period else _OVER
    if not over.issuperset(clause.start):
        at = draft.at("clause", clause.id, "rung", rung.id, "at")
        allowed = f"period_ended / closed / period_begun (start+{period}小时)"
        yield fault(ROUND_TOO_SOON, at, draft.written[(clause.id, rung.id)], allowed)


def _waits(clause: Clause, rung: Rung) -> Fraction:
    """Hours that pass at least between the start of a clock and a rung, for all one can say."""
    when, limit = rung.when, clause.term.amount
    if when.anchor is Anchor.START and when.offset is not None:
        return hours(when.offset, when.offset)
    return hours(limit, limit) if _late(rung) else Fraction(0)


def problems(draft: Draft) -> Faults:
    """What is listed as a problem goes on the pack's list of problems, and only once."""
    for clause, rung in rungs_of(draft):
        if rung.act != "list":
            continue
        at = draft.at("clause", clause.id, "rung", rung.id, "act")
        if PROBLEMS not in draft.declared.lists:
            yield unknown(LIST_UNKNOWN, at, PROBLEMS, draft.declared.lists)
        elif clause.scope is Scope.ITEM and of_problems(clause):
            yield fault(LIST_LOOPS, at, rung.id)


def of_problems(clause: Clause) -> bool:
    """Whether a clause of items binds those of the list of problems."""
    return PROBLEMS in clause.match.fields.get("list", (PROBLEMS,))


def rungs_of(draft: Draft) -> Iterator[tuple[Clause, Rung]]:
    """Every rung with its clause."""
    for clause in draft.clauses:
        for rung in clause.rungs:
            yield clause, rung


CHECKS: tuple[Callable[[Draft], Faults], ...] = (
    reachable,
    lapsed,
    addressed,
    outlived,
    order,
    cycles,
    next_rounds,
    problems,
)

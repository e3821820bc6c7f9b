"""What the triggers of a pack must hold: each can be reached, and none feeds on what it leads to.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections.abc import Callable, Iterator

from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Anchor, Clause, Rung, Scope, Trigger
from sla_engine.policy.faults import LIST_UNKNOWN, fault, unknown
from sla_engine.policy.ladder_checks import of_problems, rungs_of
from sla_engine.policy.measure_checks import first_circle
from sla_engine.policy.parse import Draft
from sla_engine.policy.vocabulary import PROBLEMS
from sla_engine.worktime import Amount, Unit

TRIGGER_SPAN = register(
    "TRIGGER_SPAN",
    "累计须写 within，连续须写 consecutive = true 而不写 within：{found}",
    "what adds up has `within`, what is consecutive has none: {found}",
)
TRIGGER_CONSECUTIVE = register(
    "TRIGGER_CONSECUTIVE",
    "“{found}”不能按连续计：连续须是同一系列的榜次，且不少于 2 次；可用的有：{allowed}",
    "{found} cannot be consecutive: that takes places of one series, two or more; there are: "
    "{allowed}",
)
TRIGGER_NEVER = register(
    "TRIGGER_NEVER",
    "“{found}”永远不会发生，触发条件等不到；可用的有：{allowed}",
    "{found} never happens, so the trigger is never reached; there are: {allowed}",
)
TRIGGER_TOO_MANY = register(
    "TRIGGER_TOO_MANY",
    "在此期间至多 {allowed} 次，累计不到 {found} 次",
    "there are at most {allowed} of them in that time, never {found}",
)
TRIGGER_PRAISE = register(
    "TRIGGER_PRAISE",
    "“{found}”是表扬，不能累计成追责",
    "{found} is an honour and cannot add up to a charge",
)
TRIGGER_LOOPS = register(
    "TRIGGER_LOOPS",
    "触发的结果又计入触发条件，会一轮接一轮：{found}",
    "what it leads to counts towards it again, round after round: {found}",
    "触发的约谈须高于所累计的层级；触发的动作不得又在累计之列",
    "a talk it leads to must be above those it counts, and an act must not be among those counted",
)

Faults = Iterator[Fault]

_SHORTEST = {"day": 1, "week": 7, "month": 28, "quarter": 90, "half_year": 181, "year": 365}
_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366}


def spans(draft: Draft) -> Faults:
    """A trigger counts within a time, or what is consecutive; not both."""
    for trigger in draft.triggers:
        if bool(trigger.within) == trigger.consecutive:
            yield fault(TRIGGER_SPAN, draft.at("trigger", trigger.id, "within"), trigger.id)
        known = "series" not in draft.partial
        if trigger.consecutive and known and not _one_series(draft, trigger):
            places = sorted(f"place:{place}" for place in draft.declared.places)
            at = draft.at("trigger", trigger.id, "consecutive")
            yield fault(TRIGGER_CONSECUTIVE, at, trigger.id, ", ".join(places) or "-")


def _one_series(draft: Draft, trigger: Trigger) -> bool:
    """Whether it counts two or more places of one series whose rounds follow each other."""
    boards = [
        {f"place:{place.id}" for place in series.places} for series in draft.series if series.cycle
    ]
    return trigger.at_least > 1 and any(set(trigger.counts) <= board for board in boards)


def happening(draft: Draft) -> Faults:
    """What a trigger counts can happen, often enough, and is no honour."""
    praise = {f"place:{p.id}" for series in draft.series for p in series.places if p.praise}
    known = _happens(draft)
    for trigger in draft.triggers:
        at = draft.at("trigger", trigger.id, "counts")
        for what in trigger.counts:
            if what in praise:
                yield fault(TRIGGER_PRAISE, at, what)
            elif what not in known and "clause" not in draft.partial:
                kind = what.partition(":")[0]
                alike = sorted(each for each in known if each.startswith(f"{kind}:"))
                yield fault(TRIGGER_NEVER, at, what, ", ".join(alike) or "-")
        most = _most(draft, trigger)
        if most is not None and trigger.at_least > most:
            yield fault(TRIGGER_TOO_MANY, draft.at("trigger", trigger.id), trigger.at_least, most)


def _happens(draft: Draft) -> set[str]:
    """Everything that may be counted and can happen in this pack; what the centre owes counts
    against no unit. Talks count in the pack that governs them."""
    acts = [(rung.act, clause.id) for clause, rung in rungs_of(draft) if clause.names_unit]
    acts += [(trigger.act, trigger.id) for trigger in draft.triggers]
    return {
        *(f"act:{act}" for act, _ in acts),
        *(f"act:{act}@{source}" for act, source in acts),
        *(f"place:{place}" for place in draft.declared.places),
        *(f"talk:{tier}" for tier in range(1, _top(draft) + 1)),
    }


def _top(draft: Draft) -> int:
    """The highest tier of the pack's own talks; 0 when it has none, as far as can be read."""
    if draft.talk is None:
        return 9 if "talk" in draft.raw else 0
    return draft.talk.top_tier


def _most(draft: Draft, trigger: Trigger) -> int | None:
    """How often a unit can be on the boards counted within that time, one of each published late;
    None: who knows."""
    if (
        "series" in draft.partial
        or not trigger.within
        or not all(what.startswith("place:") for what in trigger.counts)
    ):
        return None
    most = 0
    for series in draft.series:
        if {f"place:{place.id}" for place in series.places}.isdisjoint(trigger.counts):
            continue
        if not series.cycle:
            return None
        most += 1 + _span(trigger.within) // _SHORTEST[series.cycle]
    return most


def _span(within: str) -> int:
    """Days of a calendar period or a length, at the most."""
    if within in _LONGEST:
        return _LONGEST[within]
    amount = Amount.parse(within)
    unit = "month" if amount.unit is Unit.CALENDAR_MONTHS else "day"
    return int(amount.n) * _LONGEST[unit]


def problems(draft: Draft) -> Faults:
    """What is listed as a problem goes on the pack's list of problems."""
    for trigger in draft.triggers:
        if trigger.act == "list" and PROBLEMS not in draft.declared.lists:
            at = draft.at("trigger", trigger.id, "act")
            yield unknown(LIST_UNKNOWN, at, PROBLEMS, draft.declared.lists)


def loops(draft: Draft) -> Faults:
    """No trigger counts, at whatever remove, what it leads to by itself."""
    feeds = {
        trigger.id: {
            other.id
            for other in draft.triggers
            if not _yields(draft, trigger).isdisjoint(other.counts)
        }
        for trigger in draft.triggers
    }
    circle = first_circle(feeds)
    if circle:
        yield fault(TRIGGER_LOOPS, draft.at("trigger", circle[0], "counts"), " → ".join(circle))


def _yields(draft: Draft, trigger: Trigger) -> set[str]:
    """What a reached trigger may add to the counts of its unit: its act, the talk at its tier or,
    raised, above, and what a problem brings with it as soon as it is listed."""
    found = {f"act:{trigger.act}", f"act:{trigger.act}@{trigger.id}"}
    if trigger.act == "talk":
        found |= {f"talk:{tier}" for tier in range(trigger.tier, _top(draft) + 1)}
    if trigger.act == "list":
        for clause, rung in rungs_of(draft):
            if _at_once(clause, rung):
                found |= {f"act:{rung.act}", f"act:{rung.act}@{clause.id}"}
    return found


def _at_once(clause: Clause, rung: Rung) -> bool:
    """Whether a problem has that act the moment it is listed."""
    when = rung.when
    begins = when.anchor is Anchor.START and when.offset is not None and not when.offset.n
    listed = clause.scope is Scope.ITEM and "listed" in clause.start and of_problems(clause)
    return begins and listed


CHECKS: tuple[Callable[[Draft], Faults], ...] = (spans, happening, problems, loops)

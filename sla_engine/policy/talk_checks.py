"""What a pack must hold about talks: rules of its own or those of another pack, tiers that end.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections.abc import Callable, Iterator

from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Scope, TalkRules
from sla_engine.policy.faults import (
    LADDER_LOOPS,
    RUNG_TIER,
    TALK_MISSING,
    TALK_TIER_UNNAMED,
    fault,
)
from sla_engine.policy.ladder_checks import rungs_of
from sla_engine.policy.parse import Draft

TALK_TWICE = register(
    "TALK_TWICE",
    "既有自己的 [talk]，又写了 talks_by = “{found}”，只能留一个",
    "the pack has a [talk] of its own and talks_by = {found!r}; one of the two must go",
)
TALK_CLAUSE_STRAY = register(
    "TALK_CLAUSE_STRAY",
    "“{found}”是约谈条款，本方案没有自己的 [talk]，这一条永远不会起算",
    "{found} is a clause of talks, and the pack has no [talk] of its own: it never starts",
    "约谈条款写在主管约谈的政策包里",
    "clauses of talks belong to the pack that governs the talks",
)

Faults = Iterator[Fault]

_TALK_CLAUSE = '[[clause]] scope = "talk"'


def talks(draft: Draft) -> Faults:
    """A pack whose ladders propose talks says how they are held, or who says so."""
    own = "talk" in draft.raw
    other = draft.head.talks_by if draft.head is not None else "?"
    if own and draft.head is not None and other:
        yield fault(TALK_TWICE, draft.at("pack", "talks_by"), other)
    for at, name in _proposals(draft):
        if not own and not other:
            yield fault(TALK_MISSING, at, name, "[talk] / talks_by")
        elif own and Scope.TALK.value not in draft.declared.scopes:
            yield fault(TALK_MISSING, at, name, _TALK_CLAUSE)
    for clause in draft.clauses:
        if clause.scope is Scope.TALK and not own:
            yield fault(TALK_CLAUSE_STRAY, draft.at("clause", clause.id, "scope"), clause.id)


def _proposals(draft: Draft) -> Iterator[tuple[str, str]]:
    """Place and name of every rung and trigger that proposes a talk."""
    for clause, rung in rungs_of(draft):
        if rung.act == "talk":
            yield draft.at("clause", clause.id, "rung", rung.id, "act"), rung.id
    for trigger in draft.triggers:
        if trigger.act == "talk":
            yield draft.at("trigger", trigger.id, "act"), trigger.id


def tiers(draft: Draft) -> Faults:
    """A talk has a tier within the pack's tiers, and nothing else has one."""
    for clause, rung in rungs_of(draft):
        at = draft.at("clause", clause.id, "rung", rung.id, "tier")
        yield from _tier(draft, at, rung.act, rung.tier)
    for trigger in draft.triggers:
        yield from _tier(draft, draft.at("trigger", trigger.id, "tier"), trigger.act, trigger.tier)


def _tier(draft: Draft, at: str, act: str, tier: int) -> Faults:
    top = draft.talk.top_tier if draft.talk is not None else None
    if act != "talk":
        if tier:
            yield fault(RUNG_TIER, at, tier, "-")
    elif tier == 0 or (top is not None and tier > top):
        yield fault(RUNG_TIER, at, tier or "-", f"1…{top}" if top else "1…")


def bound_tiers(draft: Draft) -> Faults:
    """No clause is for a tier that there is not."""
    if draft.talk is None:
        return
    known = {str(tier) for tier in _tiers(draft.talk)}
    for clause in draft.clauses:
        for tier in clause.match.fields.get("tier", ()):
            if tier not in known:
                at = draft.at("clause", clause.id, "match", "tier")
                yield fault(RUNG_TIER, at, tier, f"1…{draft.talk.top_tier}")


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
    for clause, rung in rungs_of(draft):
        if rung.act == "next_tier" and str(top) in clause.match.fields.get("tier", (str(top),)):
            at = draft.at("clause", clause.id, "rung", rung.id, "act")
            yield fault(LADDER_LOOPS, at, rung.id, top)


CHECKS: tuple[Callable[[Draft], Faults], ...] = (
    talks,
    tiers,
    bound_tiers,
    parties,
    loops,
)

"""May this fact about a talk be true, and what is to be recorded for it?

Every `if` of the talk is here: a barred delegate is a no-show, a notice must precede the talk, a
person who jumps a tier is named, a talk whose last cause fell is withdrawn and recalled.
"""

from collections.abc import Iterator, Sequence

import msgspec

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import VERIFIER_IS_OWNER, common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import OFFICE, Pack, TalkRules
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import ENGINE, Draft, Instant
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.permit import GROUND_NOT_IN_PACK, pack_faults
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    NoShow,
    RectificationReported,
    RectificationVerified,
    TalkHeld,
    TalkNotified,
    TalkPostponed,
    TalkProposed,
    TalkWithdrawn,
    TierRaised,
)
from sla_engine.talk.kind import TALK
from sla_engine.worktime import Term, Timetable, format_instant, reckon

TIER_IMPOSSIBLE = register(
    "TIER_IMPOSSIBLE",
    "约谈级别 {found} 不可用；可用：{allowed}",
    "tier {found} is not possible; possible: {allowed}",
)
APPROVER_MISSING = register(
    "APPROVER_MISSING",
    "越级约谈须写明批准人",
    "a direct jump to a higher tier names its approver",
)
NOTICE_TOO_SHORT = register(
    "NOTICE_TOO_SHORT",
    "约谈时间 {found} 早于通知期限，最早 {allowed}",
    "the talk at {found} leaves too short a notice; earliest {allowed}",
)
NO_TALK_RULES = register(
    "NO_TALK_RULES",
    "政策包 {found} 没有约谈规则",
    "pack {found} has no talk rules",
)


def decide(
    dossier: Dossier, draft: Draft, rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    chronicle, faults = common_faults(dossier, TALK, draft, now, tolerance)
    if faults:
        raise Refusal(faults)
    pack, calendar = rules_for(dossier, TALK, draft, rules)
    if pack.talk is None:
        raise Refusal(Fault(NO_TALK_RULES, "pack", pack.name))
    timetable = rules.timetable(pack, OFFICE, calendar)
    faults = list(pack_faults(dossier, chronicle, draft, pack, rules))
    faults += _own_faults(chronicle, draft, pack, pack.talk, timetable)
    if faults:
        raise Refusal(faults)
    return _consequences(chronicle, draft, pack.talk)


def causes(chronicle: Chronicle) -> list[str]:
    """Causes of the talk that still stand, in order."""
    standing: list[str] = []
    for recorded in chronicle.facts:
        event = recorded.event
        if isinstance(event, TalkProposed):
            standing.extend(event.causes)
        elif isinstance(event, CauseAttached) and event.cause not in standing:
            standing.append(event.cause)
        elif isinstance(event, CauseOverturned) and event.cause in standing:
            standing.remove(event.cause)
    return standing


def notified(chronicle: Chronicle) -> tuple[str, ...]:
    """Everybody who was served a notice of the talk."""
    people = (fact.event.person for fact in chronicle.facts if isinstance(fact.event, TalkNotified))
    return tuple(dict.fromkeys(person for person in people if person))


def tier(chronicle: Chronicle) -> int:
    """Tier of the current round, 0 before there is one."""
    lane = chronicle.lanes.current
    return int(lane.traits["tier"]) if lane is not None else 0


def _own_faults(
    chronicle: Chronicle, draft: Draft, pack: Pack, talk: TalkRules, timetable: Timetable
) -> Iterator[Fault]:
    event = draft.event
    if isinstance(event, TalkProposed | TierRaised):
        lowest = tier(chronicle) + 1
        if not lowest <= event.tier <= talk.top_tier:
            allowed = ", ".join(str(each) for each in range(lowest, talk.top_tier + 1)) or "-"
            yield Fault(TIER_IMPOSSIBLE, "tier", str(event.tier), allowed)
        jumps = isinstance(event, TierRaised) or event.tier > 1
        if jumps and draft.meta.source != ENGINE and not event.approver:
            yield Fault(APPROVER_MISSING, "approver")
    if isinstance(event, TalkNotified | TalkPostponed):
        earliest = _earliest(chronicle, draft, talk, timetable)
        if event.scheduled_at < earliest:
            found, allowed = format_instant(event.scheduled_at), format_instant(earliest)
            yield Fault(NOTICE_TOO_SHORT, "scheduled_at", found, allowed)
    if isinstance(event, TalkPostponed) and event.reason not in pack.grounds:
        yield unknown(GROUND_NOT_IN_PACK, "reason", event.reason, pack.grounds)
    if isinstance(event, RectificationVerified) and event.verifier in _signers(chronicle):
        yield Fault(VERIFIER_IS_OWNER, "verifier", event.verifier)


def _earliest(chronicle: Chronicle, draft: Draft, talk: TalkRules, timetable: Timetable) -> Instant:
    """First instant at which the talk may be held: the notice lead of its tier has passed."""
    at = draft.meta.occurred_at
    lead = talk.notice_lead.get(tier(chronicle))
    if lead is None or isinstance(draft.event, TalkPostponed):
        return at
    due_date = reckon(Term(lead), at, timetable).due_date
    assert due_date is not None
    return timetable.opening(due_date)


def _signers(chronicle: Chronicle) -> set[str]:
    return {
        fact.event.signer
        for fact in chronicle.facts
        if isinstance(fact.event, RectificationReported) and fact.event.signer
    }


def _consequences(chronicle: Chronicle, draft: Draft, talk: TalkRules) -> Sequence[Draft]:
    event, meta = draft.event, draft.meta
    if isinstance(event, TalkHeld) and event.delegated and not talk.delegation_allowed:
        return [Draft(meta, NoShow(note="delegated 由他人代替参加"))]
    if isinstance(event, TalkWithdrawn):
        everybody = dict.fromkeys((*notified(chronicle), *event.recalled))
        return [Draft(meta, TalkWithdrawn(event.reason, tuple(everybody)))]
    if isinstance(event, CauseOverturned) and set(causes(chronicle)) == {event.cause}:
        follows = msgspec.structs.replace(meta, key="", source=ENGINE, cause=event.cause)
        reason = "全部事由已被推翻 every cause was overturned"
        withdrawn = TalkWithdrawn(reason, notified(chronicle))
        return [draft, Draft(follows, withdrawn)]
    return [draft]

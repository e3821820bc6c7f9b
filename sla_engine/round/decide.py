"""May this fact about a round be true, and what is to be recorded for it?"""

from collections.abc import Iterator, Sequence

import msgspec

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Pack, Series
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import ENGINE, Draft, Instant
from sla_engine.round.board import draft as drafted
from sla_engine.round.board import standing, totals
from sla_engine.round.events import (
    Drafted,
    MemberJoined,
    Objected,
    ObjectionRuled,
    PlaceOverturned,
    Published,
    RoundOpened,
    Scored,
    StatementSigned,
)
from sla_engine.round.kind import OPEN, ROUND
from sla_engine.round.period import period_of
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.permit import pack_faults
from sla_engine.worktime import Calendar

SERIES_NOT_IN_PACK = register(
    "SERIES_NOT_IN_PACK",
    "政策包没有轮次系列“{found}”；可用：{allowed}",
    "the pack has no series {found}; it has: {allowed}",
)
MEMBER_UNKNOWN = register(
    "MEMBER_UNKNOWN",
    "“{found}”不是本轮成员；成员：{allowed}",
    "{found} is not a member of this round; members: {allowed}",
    "先送 member_joined，再重发本条",
    "send member_joined first, then this one again",
)
MEMBER_TAKEN = register(
    "MEMBER_TAKEN", "“{found}”已是本轮成员", "{found} is a member of this round already"
)
DIMENSION_NOT_IN_SERIES = register(
    "DIMENSION_NOT_IN_SERIES",
    "没有评分维度“{found}”；可用：{allowed}",
    "there is no dimension {found}; there are: {allowed}",
)
SCORE_RANGE = register(
    "SCORE_RANGE", "得分 {found} 不在 {allowed} 之内", "score {found} is not within {allowed}"
)
STATEMENT_UNBALANCED = register(
    "STATEMENT_UNBALANCED",
    "对账不平：{found}，应结转 {allowed}",
    "the statement does not balance: {found}; carried over must be {allowed}",
    "期初 + 新增 − 销号 = 结转",
    "opening + new − struck off = carried over",
)
PLACE_UNKNOWN = register(
    "PLACE_UNKNOWN",
    "没有榜次“{found}”；可用：{allowed}",
    "there is no place {found}; there are: {allowed}",
)
SIDE_UNKNOWN = register(
    "SIDE_UNKNOWN",
    "没有签字方“{found}”；可用：{allowed}",
    "a statement is not signed by {found}; sides: {allowed}",
)
NOT_DRAFTED = register(
    "NOT_DRAFTED",
    "{found}尚无初稿，不能发布",
    "{found} has no draft yet and cannot be published",
    "先送 drafted，异议期满后发布",
    "send drafted first and publish after the objection window",
)
OBJECTION_PENDING = register(
    "OBJECTION_PENDING",
    "{found}的异议尚未裁定",
    "the objection of {found} has not been ruled on",
)
NO_OBJECTION = register(
    "NO_OBJECTION",
    "{found}没有待裁定的异议",
    "there is no objection of {found} to rule on",
)
SIDES = ("unit", "office")


def decide(
    dossier: Dossier, draft: Draft, rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    chronicle, faults = common_faults(dossier, ROUND, draft, now, tolerance)
    if faults:
        raise Refusal(faults)
    pack, calendar = rules_for(dossier, ROUND, draft, rules)
    faults = list(pack_faults(dossier, chronicle, draft, pack, rules))
    opened = dossier.opening.event if dossier.exists else draft.event
    name = ROUND.traits(opened)["series"]
    series = pack.series.get(name)
    if series is None:
        raise Refusal([*faults, unknown(SERIES_NOT_IN_PACK, "series", name, pack.series)])
    faults += _member_faults(chronicle, draft)
    faults += _own_faults(chronicle, draft, series)
    if faults:
        raise Refusal(faults)
    return [_completed(chronicle, draft, pack, series, calendar)]


def _member_faults(chronicle: Chronicle, draft: Draft) -> Iterator[Fault]:
    event, lanes = draft.event, chronicle.lanes.all
    named = getattr(event, "member", None)
    if named is None:
        return
    lane = lanes.get(named)
    present = lane is not None and lane.held(draft.meta.occurred_at)
    # What was said against whoever has left is still ruled on.
    known = present or (lane is not None and isinstance(event, ObjectionRuled | PlaceOverturned))
    if isinstance(event, MemberJoined) and present:
        yield Fault(MEMBER_TAKEN, "member", named)
    elif not isinstance(event, MemberJoined) and not known:
        yield unknown(MEMBER_UNKNOWN, "member", named, lanes)


def _own_faults(chronicle: Chronicle, draft: Draft, series: Series) -> Iterator[Fault]:
    event = draft.event
    if isinstance(event, Scored):
        yield from _score_faults(event, series)
    if isinstance(event, StatementSigned):
        yield from _statement_faults(event)
    if isinstance(event, Drafted | ObjectionRuled):
        yield from _place_faults(chronicle, event, series)
    # Disputes are checked as they are ruled on; two of them may take the same place.
    if isinstance(event, ObjectionRuled | PlaceOverturned) and draft.meta.source != ENGINE:
        yield from _ruling_faults(chronicle, event)
    if isinstance(event, Published):
        if series.places and chronicle.phase == OPEN:
            yield Fault(NOT_DRAFTED, "type", series.name.zh)
        for member in pending(chronicle):
            yield Fault(OBJECTION_PENDING, "member", member)


def _score_faults(event: Scored, series: Series) -> Iterator[Fault]:
    for dimension, score in event.scores.items():
        if series.dimensions and dimension not in series.dimensions:
            yield unknown(DIMENSION_NOT_IN_SERIES, "scores", dimension, series.dimensions)
        if not 0 <= score <= 100:
            yield Fault(SCORE_RANGE, f"scores.{dimension}", str(score), "0-100")


def _statement_faults(event: StatementSigned) -> Iterator[Fault]:
    if event.side not in SIDES:
        yield unknown(SIDE_UNKNOWN, "side", event.side, SIDES)
    carried = event.opening + event.new - event.struck_off
    if carried != event.carried_over:
        found = f"{event.opening} + {event.new} − {event.struck_off} ≠ {event.carried_over}"
        yield Fault(STATEMENT_UNBALANCED, "carried_over", found, str(carried))


def _place_faults(
    chronicle: Chronicle, event: Drafted | ObjectionRuled, series: Series
) -> Iterator[Fault]:
    known = [place.id for place in series.places]
    named = (
        [(each.member, each.place) for each in event.places]
        if isinstance(event, Drafted)
        else [(event.member, event.place)]
    )
    for member, place in named:
        if place and place not in known:
            yield unknown(PLACE_UNKNOWN, "place", place, known)
        if member not in chronicle.lanes.all:
            yield unknown(MEMBER_UNKNOWN, "member", member, chronicle.lanes.all)


def _ruling_faults(
    chronicle: Chronicle, event: ObjectionRuled | PlaceOverturned
) -> Iterator[Fault]:
    if isinstance(event, ObjectionRuled) and event.member not in pending(chronicle):
        yield Fault(NO_OBJECTION, "member", event.member)
    if isinstance(event, PlaceOverturned):
        placed = [each.member for each in standing(chronicle) if each.place]
        if event.member not in placed:
            yield unknown(PLACE_UNKNOWN, "member", event.member, placed)


def pending(chronicle: Chronicle) -> list[str]:
    """Members whose objection has not been ruled on."""
    waiting: dict[str, None] = {}
    for fact in chronicle.facts:
        if isinstance(fact.event, Objected):
            waiting[fact.event.member] = None
        elif isinstance(fact.event, ObjectionRuled):
            waiting.pop(fact.event.member, None)
    return list(waiting)


def _completed(
    chronicle: Chronicle, draft: Draft, pack: Pack, series: Series, calendar: Calendar
) -> Draft:
    """An opening gets the bounds of its period, a draft the places that the rules give."""
    event = draft.event
    if isinstance(event, RoundOpened) and series.cycle:
        period, midnight = period_of(event.period, series.cycle), calendar.zone.midnight
        event = msgspec.structs.replace(
            event,
            begins=midnight[period.first.toordinal()],
            ends=midnight[period.after.toordinal()],
            region=event.region or pack.region,
        )
    elif isinstance(event, Drafted) and not event.places:
        event = Drafted(drafted(totals(chronicle), series.places))
    return Draft(draft.meta, event)

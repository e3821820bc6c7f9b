"""May this fact about a petition be true, and what is to be recorded for it?

`decide` is pure: dossier, draft, rules and now in; drafts or a `Refusal` with every fault out.
"""

from collections.abc import Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import common_faults
from sla_engine.dossier.events import StepDone
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Lane
from sla_engine.errors import Fault, Refusal, register
from sla_engine.petition.events import (
    Accepted,
    CallbackDone,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Resolved,
    ReturnRequested,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Event, Instant
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.permit import pack_faults

ASSIGNMENT_UNKNOWN = register(
    "ASSIGNMENT_UNKNOWN",
    "没有承办编号“{found}”；现有：{allowed}",
    "there is no assignment {found}; there are: {allowed}",
)
ASSIGNMENT_TAKEN = register(
    "ASSIGNMENT_TAKEN",
    "承办编号“{found}”已用过",
    "assignment {found} was used before",
    "每次派单（改派、重办）使用新的编号",
    "give every dispatch, redispatch and rework a new one",
)
ASSIGNMENT_ENDED = register(
    "ASSIGNMENT_ENDED",
    "承办“{found}”当时已经终止（退单获准或已改派）；当时在办：{allowed}",
    "assignment {found} had ended by then (returned or replaced); in hand then: {allowed}",
    "由现承办单位以自己的承办编号报送；若事情发生在终止之前，请写明真实发生时间",
    "whoever holds it now reports under their own; what happened before the end says when it did",
)
EXCLUSION_NOT_IN_PACK = register(
    "EXCLUSION_NOT_IN_PACK",
    "剔除事由代码“{found}”不在政策包内；可用：{allowed}",
    "ground of exclusion {found} is not in the pack; it has: {allowed}",
)
EXCLUSION_TAKEN = register(
    "EXCLUSION_TAKEN",
    "剔除编号“{found}”已用过",
    "exclusion {found} was used before",
)
EXCLUSION_UNKNOWN = register(
    "EXCLUSION_UNKNOWN",
    "没有生效中的剔除“{found}”；现有：{allowed}",
    "there is no exclusion {found} in effect; there are: {allowed}",
)
QUESTION_NOT_IN_PACK = register(
    "QUESTION_NOT_IN_PACK",
    "回访问题“{found}”不在政策包内；可用：{allowed}",
    "callback question {found} is not in the pack; it has: {allowed}",
)
ANSWER_UNKNOWN = register(
    "ANSWER_UNKNOWN",
    "回访答复“{found}”不可用；可用：{allowed}",
    "a callback answer cannot be {found}; it is one of: {allowed}",
    "自由文字请放入 personal",
    "free text goes into personal",
)
ROUTE_NONE = register(
    "ROUTE_NONE",
    "派单目录中没有适用的承办单位（{found}）",
    "no route of the pack applies ({found})",
    "写明 unit，或补充政策包的 [[route]]、名录中的任职",
    "name the unit, or add a [[route]] to the pack or the office holder to the roster",
)
MEASURE_NOT_IN_PACK = register(
    "MEASURE_NOT_IN_PACK",
    "指标“{found}”不在政策包内；可用：{allowed}",
    "measure {found} is not in the pack; it has: {allowed}",
)
ANSWERS = ("yes", "partly", "no")


def decide(
    dossier: Dossier, draft: Draft, rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault.

    `tolerance` in µs: how far ahead of `now` a source's clock may be.
    """
    chronicle, faults = common_faults(dossier, PETITION, draft, now, tolerance)
    if not faults:
        pack, _ = rules_for(dossier, PETITION, draft, rules)
        faults = list(_own_faults(dossier, chronicle, draft, pack, rules))
    if faults:
        raise Refusal(faults)
    return [draft]


def _own_faults(
    dossier: Dossier, chronicle: Chronicle, draft: Draft, pack: Pack, rules: Rulebook
) -> Iterator[Fault]:
    event = draft.event
    yield from pack_faults(dossier, chronicle, draft, pack, rules)
    yield from _assignment_faults(chronicle, draft)
    if isinstance(event, Excluded):
        yield from _exclusion_faults(chronicle, event, pack)
    if isinstance(event, ExclusionLifted) and event.exclusion not in excluded(chronicle):
        open_ = ", ".join(excluded(chronicle)) or "-"
        yield Fault(EXCLUSION_UNKNOWN, "exclusion", event.exclusion, open_)
    if isinstance(event, CallbackDone):
        for question, answer in event.answers.items():
            if question not in pack.questions:
                yield unknown(QUESTION_NOT_IN_PACK, "answers", question, pack.questions)
            elif answer not in ANSWERS:
                yield unknown(ANSWER_UNKNOWN, f"answers.{question}", answer, ANSWERS)


def _assignment_faults(chronicle: Chronicle, draft: Draft) -> Iterator[Fault]:
    event, at, lanes = draft.event, draft.meta.occurred_at, chronicle.lanes.all
    if isinstance(event, Dispatched | ReworkOrdered):
        if event.assignment in lanes:
            yield Fault(ASSIGNMENT_TAKEN, "assignment", event.assignment)
        replaces = event.replaces if isinstance(event, Dispatched) else ""
        if replaces and replaces not in lanes:
            yield Fault(ASSIGNMENT_UNKNOWN, "replaces", replaces, ", ".join(lanes))
        return
    named = getattr(event, "assignment", "")
    if named and named not in lanes:
        yield Fault(ASSIGNMENT_UNKNOWN, "assignment", named, ", ".join(lanes))
    elif named and isinstance(event, _BY_THE_HOLDER) and not _holds(lanes[named], event, at):
        held = ", ".join(lane.name for lane in lanes.values() if lane.held(at)) or "-"
        yield Fault(ASSIGNMENT_ENDED, "assignment", named, held)


def _holds(lane: Lane, event: Event, at: Instant) -> bool:
    """Whether whoever held a lane still speaks for it. A milestone and the handing-over to which it
    leads may be of one instant."""
    return lane.held(at) or (isinstance(event, StepDone) and lane.ended_at == at)


_BY_THE_HOLDER = (Accepted, ReturnRequested, Resolved, StepDone)
"""What the unit of an assignment says of its own work."""


def excluded(chronicle: Chronicle) -> dict[str, Excluded]:
    """Exclusions in effect, by their number."""
    found: dict[str, Excluded] = {}
    for fact in chronicle.facts:
        if isinstance(fact.event, Excluded):
            found[fact.event.exclusion] = fact.event
        elif isinstance(fact.event, ExclusionLifted):
            found.pop(fact.event.exclusion, None)
    return found


def _exclusion_faults(chronicle: Chronicle, event: Excluded, pack: Pack) -> Iterator[Fault]:
    if event.ground not in pack.exclusions:
        yield unknown(EXCLUSION_NOT_IN_PACK, "ground", event.ground, pack.exclusions)
    used = [fact.event for fact in chronicle.facts if isinstance(fact.event, Excluded)]
    if any(each.exclusion == event.exclusion for each in used):
        yield Fault(EXCLUSION_TAKEN, "exclusion", event.exclusion)
    for measure in event.measures:
        if measure not in pack.measures:
            yield unknown(MEASURE_NOT_IN_PACK, "measures", measure, pack.measures)

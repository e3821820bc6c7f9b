"""May this fact about a petition be true, and what is to be recorded for it?

`decide` is pure: dossier, draft, rules and now in; drafts or a `Refusal` with every fault out.
"""

from collections.abc import Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Fault, Refusal, register
from sla_engine.petition.events import Dispatched, ReturnRequested, ReworkOrdered
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.sla.assess import assess_chronicle
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.permit import pack_faults
from sla_engine.worktime import format_instant

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
RETURN_TOO_LATE = register(
    "RETURN_TOO_LATE",
    "退单期限已过（{allowed}），逾期未退视为接收",
    "the return limit has passed ({allowed}); silence counts as acceptance",
)


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
    if isinstance(event, ReturnRequested):
        yield from _return_faults(dossier, chronicle, draft, rules)


def _assignment_faults(chronicle: Chronicle, draft: Draft) -> Iterator[Fault]:
    event, lanes = draft.event, chronicle.lanes.all
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


def _return_faults(
    dossier: Dossier, chronicle: Chronicle, draft: Draft, rules: Rulebook
) -> Iterator[Fault]:
    """A return is possible until its clock has run out (D17, D18)."""
    at = draft.meta.occurred_at
    assessment = assess_chronicle(dossier, chronicle, rules, at)
    lane = chronicle.lanes.resolve(getattr(draft.event, "assignment", ""))
    for reading in assessment.readings:
        due = reading.due
        if (
            reading.clause.scope is Scope.ASSIGNMENT
            and "return_requested" in reading.clause.stop_any
            and reading.cycle.lane == lane
            and due is not None
            and at > due
        ):
            until = format_instant(due, reading.schedule.calendar.zone.name)
            yield Fault(RETURN_TOO_LATE, "type", "return_requested", until)

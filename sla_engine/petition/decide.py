"""May this fact about a petition be true, and what is to be recorded for it?

`decide` is pure: dossier, draft, rules and now in; drafts or a `Refusal` with every fault out.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.decide import GROUND_NOT_IN_PACK, common_faults, placed
from sla_engine.dossier.events import (
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    StepDone,
    Suspended,
)
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.errors import Fault, Refusal, register
from sla_engine.petition.events import Dispatched, ReturnRequested, ReworkOrdered
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.sla.assess import assess_chronicle
from sla_engine.sla.cycle import rules_for
from sla_engine.worktime import Amount, format_instant

STEP_NOT_IN_PACK = register(
    "STEP_NOT_IN_PACK",
    "政策包没有环节“{found}”；可用：{allowed}",
    "the pack has no step {found}; it has: {allowed}",
)
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
EXTENSION_IMPOSSIBLE = register(
    "EXTENSION_IMPOSSIBLE",
    "不能延期（{found}）：{allowed}",
    "cannot extend ({found}): {allowed}",
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
    if isinstance(event, StepDone) and event.step not in pack.steps:
        yield _unknown(STEP_NOT_IN_PACK, "step", event.step, pack.steps)
    if isinstance(event, Suspended) and event.ground not in pack.grounds:
        yield _unknown(GROUND_NOT_IN_PACK, "ground", event.ground, pack.grounds)
    yield from _assignment_faults(chronicle, draft)
    if isinstance(event, ExtensionRequested | ExtensionGranted | ExtensionDenied):
        yield from _extension_faults(dossier, chronicle, draft, pack, rules)
    if isinstance(event, ReturnRequested):
        yield from _return_faults(dossier, chronicle, draft, rules)


def _unknown(code: str, where: str, found: str, known: Iterable[str]) -> Fault:
    names = sorted(known)
    near = difflib.get_close_matches(found, names, 1)
    return Fault(code, where, found, ", ".join(names), near[0] if near else "")


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


def _extension_faults(
    dossier: Dossier, chronicle: Chronicle, draft: Draft, pack: Pack, rules: Rulebook
) -> Iterator[Fault]:
    event = draft.event
    if isinstance(event, ExtensionRequested):
        yield from _request_faults(chronicle, event, pack)
        return
    assert isinstance(event, ExtensionGranted | ExtensionDenied)
    request = chronicle.requests.get(event.request)
    answered = {grant.event.request for grant in chronicle.grants}
    answered |= {
        denial.event.request
        for denial in chronicle.denials
        if isinstance(denial.event, ExtensionDenied)
    }
    if request is None or event.request in answered:
        open_ones = ", ".join(sorted(set(chronicle.requests) - answered)) or "-"
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, f"待批 pending: {open_ones}")
    elif isinstance(event, ExtensionGranted) and not _takes_effect(dossier, draft, rules):
        why = "到期后才申请或超出次数、天数上限 asked after expiry, or beyond the caps"
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, why)


def _request_faults(chronicle: Chronicle, event: ExtensionRequested, pack: Pack) -> Iterator[Fault]:
    clauses = {clause.id: clause for clause in pack.clauses if clause.extension is not None}
    clause = clauses.get(event.clause)
    if clause is None:
        yield _unknown(EXTENSION_IMPOSSIBLE, "clause", event.clause, clauses)
        return
    if event.request in chronicle.requests:
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, "编号已用 id taken")
    try:
        amount = Amount.parse(event.amount)
    except Refusal as refusal:
        yield from refusal.faults
        return
    if amount.unit is not clause.term.amount.unit:
        yield Fault(
            EXTENSION_IMPOSSIBLE, "amount", event.amount, f"单位 unit: {clause.term.amount}"
        )


def _takes_effect(dossier: Dossier, draft: Draft, rules: Rulebook) -> bool:
    """Whether the clock itself would honour the grant: asked in time, within the caps."""
    trial = Dossier(dossier.stream, dossier.version, [*dossier.facts], [*dossier.voids])
    trial.refixed = dossier.refixed
    evolve(trial, placed(dossier, draft))
    chronicle = read(trial, PETITION)
    assessment = assess_chronicle(trial, chronicle, rules, draft.meta.occurred_at)
    event = draft.event
    assert isinstance(event, ExtensionGranted)
    return any(
        grant.event.request == event.request
        for reading in assessment.readings
        for grant in reading.schedule.grants
    )


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

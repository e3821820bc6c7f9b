"""What a pack and the clocks say against a fact, whatever kind of dossier it is about."""

from collections.abc import Iterator

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.decide import placed
from sla_engine.dossier.events import (
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    StepDone,
    Suspended,
)
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft
from sla_engine.sla.assess import assess_chronicle
from sla_engine.worktime import Amount

STEP_NOT_IN_PACK = register(
    "STEP_NOT_IN_PACK",
    "政策包没有环节“{found}”；可用：{allowed}",
    "the pack has no step {found}; it has: {allowed}",
)
GROUND_NOT_IN_PACK = register(
    "GROUND_NOT_IN_PACK",
    "中止事由代码“{found}”不在政策包内；可用：{allowed}",
    "suspension ground {found} is not in the pack; it has: {allowed}",
)
EXTENSION_IMPOSSIBLE = register(
    "EXTENSION_IMPOSSIBLE",
    "不能延期（{found}）：{allowed}",
    "cannot extend ({found}): {allowed}",
)


def pack_faults(
    dossier: Dossier, chronicle: Chronicle, draft: Draft, pack: Pack, rules: Rulebook
) -> Iterator[Fault]:
    """Faults of milestones, suspensions and extensions; `chronicle` ends just before the draft."""
    event = draft.event
    if isinstance(event, StepDone) and event.step not in pack.steps:
        yield unknown(STEP_NOT_IN_PACK, "step", event.step, pack.steps)
    if isinstance(event, Suspended) and event.ground not in pack.grounds:
        yield unknown(GROUND_NOT_IN_PACK, "ground", event.ground, pack.grounds)
    if isinstance(event, ExtensionRequested):
        yield from _request_faults(chronicle, event, pack)
    if isinstance(event, ExtensionGranted | ExtensionDenied):
        yield from _answer_faults(dossier, chronicle, draft, event, rules)


def _request_faults(chronicle: Chronicle, event: ExtensionRequested, pack: Pack) -> Iterator[Fault]:
    clauses = {clause.id: clause for clause in pack.clauses if clause.extension is not None}
    clause = clauses.get(event.clause)
    if clause is None:
        yield unknown(EXTENSION_IMPOSSIBLE, "clause", event.clause, clauses)
        return
    if event.request in chronicle.requests:
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, "编号已用 id taken")
    try:
        amount = Amount.parse(event.amount)
    except Refusal as refusal:
        yield from refusal.faults
        return
    if amount.unit is not clause.term.amount.unit:
        unit = f"单位 unit: {clause.term.amount}"
        yield Fault(EXTENSION_IMPOSSIBLE, "amount", event.amount, unit)


def _answer_faults(
    dossier: Dossier,
    chronicle: Chronicle,
    draft: Draft,
    event: ExtensionGranted | ExtensionDenied,
    rules: Rulebook,
) -> Iterator[Fault]:
    pending = [request for request in chronicle.requests if request not in _answered(chronicle)]
    if event.request not in pending:
        known = ", ".join(sorted(pending)) or "-"
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, f"待批 pending: {known}")
    elif isinstance(event, ExtensionGranted) and not _takes_effect(
        dossier, chronicle, draft, event, rules
    ):
        why = "到期后才申请或超出次数、天数上限 asked after expiry, or beyond the caps"
        yield Fault(EXTENSION_IMPOSSIBLE, "request", event.request, why)


def _answered(chronicle: Chronicle) -> set[str]:
    granted = {grant.event.request for grant in chronicle.grants}
    return granted | {
        denial.event.request
        for denial in chronicle.denials
        if isinstance(denial.event, ExtensionDenied)
    }


def _takes_effect(
    dossier: Dossier,
    chronicle: Chronicle,
    draft: Draft,
    event: ExtensionGranted,
    rules: Rulebook,
) -> bool:
    """Whether the clock itself would honour the grant: asked in time, within the caps."""
    trial = evolve(dossier.until(dossier.version), placed(dossier, draft))
    assessment = assess_chronicle(trial, read(trial, chronicle.kind), rules, draft.meta.occurred_at)
    return any(
        grant.event.request == event.request
        for reading in assessment.readings
        for grant in reading.schedule.grants
    )

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
from sla_engine.dossier.kind import Kind, lane_named
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.sla.assess import State, assess_chronicle
from sla_engine.sla.cycle import term_of
from sla_engine.sla.index import index_of
from sla_engine.worktime import Amount, format_instant

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
TIME_BARRED = register(
    "TIME_BARRED",
    "“{found}”期限已过（{allowed}），逾期不再受理",
    "the limit of {found} has passed ({allowed}); it comes too late",
    "逾期未退单视为签收，逾期未提异议视为无异议",
    "silence counts as acceptance, or as no objection",
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
    yield from _bar_faults(dossier, chronicle, draft, pack, rules)
    if not isinstance(event, _SHARED):
        return
    if isinstance(event, StepDone):
        steps = {step for each in _editions(chronicle, pack, rules) for step in each.steps}
        if event.step not in steps:
            yield unknown(STEP_NOT_IN_PACK, "step", event.step, steps)
    if isinstance(event, Suspended):
        grounds = {ground for each in _editions(chronicle, pack, rules) for ground in each.grounds}
        if event.ground not in grounds:
            yield unknown(GROUND_NOT_IN_PACK, "ground", event.ground, grounds)
    if isinstance(event, ExtensionRequested):
        yield from _request_faults(chronicle, event, pack, rules)
    if isinstance(event, ExtensionGranted | ExtensionDenied):
        yield from _answer_faults(dossier, chronicle, draft, event, rules)


_SHARED = (StepDone, Suspended, ExtensionRequested, ExtensionGranted, ExtensionDenied)


def _editions(chronicle: Chronicle, pack: Pack, rules: Rulebook) -> list[Pack]:
    """The edition in force, and those by which clocks of the matter run to their end."""
    others = sorted(chronicle.packs - {pack.digest})
    return [pack, *map(rules.pack_by_digest, others)]


def _bar_faults(
    dossier: Dossier, chronicle: Chronicle, draft: Draft, pack: Pack, rules: Rulebook
) -> Iterator[Fault]:
    """A right that is exercised after its term has run out (D17, D18; windows of review)."""
    marks, editions = chronicle.kind.marks(draft.event), _editions(chronicle, pack, rules)
    if all(index_of(each).barred.keys().isdisjoint(marks) for each in editions):
        return
    at, lane = draft.meta.occurred_at, _lane_of(chronicle, draft)
    readings = assess_chronicle(dossier, chronicle, rules, at).readings
    # A clause that repeats gives the right anew: its latest cycle counts.
    latest = {
        (each.clause.id, each.clause.scope.laned and each.cycle.lane): each for each in readings
    }
    for reading in latest.values():
        if reading.clause.barred.isdisjoint(marks) or reading.state is State.CANCELLED:
            continue
        due = reading.due
        if (
            due is not None
            and at > due
            and (not reading.clause.scope.laned or lane == reading.cycle.lane)
        ):
            until = format_instant(due, reading.schedule.calendar.zone.name)
            yield Fault(TIME_BARRED, "type", reading.clause.name.zh, until)


def _lane_of(chronicle: Chronicle, draft: Draft) -> str:
    """The lane that a fact names, or falls into."""
    return chronicle.lanes.resolve(lane_named(draft.event))


def _request_faults(
    chronicle: Chronicle, event: ExtensionRequested, pack: Pack, rules: Rulebook
) -> Iterator[Fault]:
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
    opening = chronicle.facts[0]
    calendar = rules.calendar(pack, chronicle.traits["region"] or pack.region)
    limit = chronicle.kind.limit(opening.event)
    term = term_of(clause, limit, opening.meta.occurred_at, calendar)
    if amount.unit is not term.amount.unit:
        unit = f"单位 unit: {term.amount}"
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
    """Whether the clock itself, as it stood then, would honour the grant: asked in time, within the
    caps."""
    grant = placed(dossier, draft)
    trial, behind = evolve(dossier.until(dossier.version), grant), grant.version + 1
    then = read(trial, chronicle.kind, grant._replace(version=behind))
    assessment = assess_chronicle(trial, then, rules, draft.meta.occurred_at)
    return any(
        grant.event.request == event.request
        for reading in assessment.readings
        for grant in reading.schedule.grants
    )


def final(dossier: Dossier, kind: Kind, rules: Rulebook, at: Instant) -> bool:
    """Whether a matter is finally closed at `at` (三级终结): a final milestone was reached, or the
    window of a final clause has passed unused."""
    chronicle = read(dossier, kind)
    assessment = assess_chronicle(dossier, chronicle, rules, at)
    packs = {reading.cycle.pack.digest: reading.cycle.pack for reading in assessment.readings}
    ends = {mark for pack in packs.values() for mark in pack.final}
    if any(mark.name in ends and mark.at <= at for mark in chronicle.marks):
        return True
    return any(
        reading.clause.final and reading.state is State.LAPSED for reading in assessment.readings
    )

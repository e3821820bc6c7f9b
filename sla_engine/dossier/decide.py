"""May this fact be true? Checks that every kind of dossier shares.

A fact is judged at its own place in time, not at its arrival. A refusal names the phase and what
is allowed in it; a fact whose predecessor is still on its way is simply sent again.
"""

from collections.abc import Iterator

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import Resumed, Suspended, VerdictSuperseded, Voided
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind, Step
from sla_engine.errors import Fault, register, shorten
from sla_engine.record import Draft, Event, Instant, Recorded, type_name
from sla_engine.worktime import format_instant

PHASE_IMPOSSIBLE = register(
    "PHASE_IMPOSSIBLE",
    "“{found}”在当前环节不可能发生；此时允许：{allowed}",
    "{found} cannot happen in this phase; allowed here: {allowed}",
    "若其前序事件尚未送达，请先补送，再重发本条",
    "if an earlier event is still on its way, send that first and this one again",
)
NOT_OF_THIS_KIND = register(
    "NOT_OF_THIS_KIND",
    "此类案卷没有“{found}”这种事件；允许：{allowed}",
    "this kind of dossier has no {found}; allowed: {allowed}",
)
IN_THE_FUTURE = register(
    "IN_THE_FUTURE",
    "发生时间 {found} 晚于现在（最迟 {allowed}）",
    "it is said to have happened at {found}, later than now (latest: {allowed})",
    "核对来源系统时钟",
    "check the clock of the source system",
)
SUSPENSION_IMPOSSIBLE = register(
    "SUSPENSION_IMPOSSIBLE",
    "不能{found}：{allowed}",
    "cannot do {found}: {allowed}",
)
NOTHING_TO_VOID = register(
    "NOTHING_TO_VOID",
    "没有可撤销的事实 {found}；写作“来源:事件号”或“@版本”，且不能撤销立案事实",
    "no fact {found} to void; write source:key or @version, and never the opening fact",
)

VERIFIER_IS_OWNER = register(
    "VERIFIER_IS_OWNER",
    "核查人“{found}”就是整改反馈签署人，须由他人核查",
    "verifier {found} signed the rectification report; somebody else must verify",
)


def placed(dossier: Dossier, draft: Draft) -> Recorded:
    """The draft as it would stand if it were appended next."""
    return Recorded(dossier.stream, dossier.version + 1, 0, draft.meta, draft.event)


def common_faults(
    dossier: Dossier, kind: Kind, draft: Draft, now: Instant, tolerance: int
) -> tuple[Chronicle, list[Fault]]:
    """The chronicle just before the draft, and everything that speaks against it."""
    chronicle = read(dossier, kind, placed(dossier, draft))
    return chronicle, list(_faults(dossier, kind, chronicle, draft, now + tolerance))


def _faults(
    dossier: Dossier, kind: Kind, chronicle: Chronicle, draft: Draft, latest: Instant
) -> Iterator[Fault]:
    event, name = draft.event, type_name(draft.event)
    if draft.meta.occurred_at > latest:
        found, allowed = format_instant(draft.meta.occurred_at), format_instant(latest)
        yield Fault(IN_THE_FUTURE, "at", found, allowed)
    if isinstance(event, Voided):
        yield from _void_faults(dossier, event)
        return
    if isinstance(event, VerdictSuperseded):
        return  # A ruling comes when it comes, whatever has become of the matter.
    step = kind.steps.get(type(event))
    if step is None:
        yield Fault(NOT_OF_THIS_KIND, "type", name, _names(kind))
    elif chronicle.phase not in _allowed(kind, chronicle, step, event):
        yield Fault(PHASE_IMPOSSIBLE, chronicle.phase, name, allowed_in(kind, chronicle.phase))
    if isinstance(event, Suspended) and chronicle.suspended:
        yield Fault(SUSPENSION_IMPOSSIBLE, "type", name, "already suspended 已处于中止状态")
    if isinstance(event, Resumed) and not chronicle.suspended:
        yield Fault(SUSPENSION_IMPOSSIBLE, "type", name, "not suspended 未处于中止状态")


def _allowed(kind: Kind, chronicle: Chronicle, step: Step, event: Event) -> frozenset[str]:
    """Phases in which the fact may come; an assisting lane follows its own course."""
    assists = chronicle.lanes.assists(getattr(event, "assignment", ""))
    return step.allowed | kind.live if assists else step.allowed


def _void_faults(dossier: Dossier, event: Voided) -> Iterator[Fault]:
    target = dossier.find(event.fact)
    opening = dossier.facts[0].version if dossier.exists else 0
    if target is None or target.version == opening or target.version in dossier.voided():
        yield Fault(NOTHING_TO_VOID, "fact", shorten(event.fact))


def allowed_in(kind: Kind, phase: str) -> str:
    """The facts a phase allows, for a message."""
    return ", ".join(
        sorted(type_name(event) for event, step in kind.steps.items() if phase in step.allowed)
    )


def _names(kind: Kind) -> str:
    return ", ".join(sorted(type_name(event) for event in kind.steps))

"""May this fact about a dispute be true, by its own dossier and the rules for disputes?

What the subject says to it - whether there is such a verdict - is asked where both are at hand.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from sla_engine.dispute.events import (
    DisputeOpened,
    DisputeRefused,
    DisputeRuled,
    ReplayRun,
)
from sla_engine.dispute.kind import DISPUTE, ENDED, about
from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import IN_THE_FUTURE, common_faults, placed
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant, Recorded
from sla_engine.sla.assess import assess
from sla_engine.sla.cycle import rules_for, stamp
from sla_engine.sla.permit import TIME_BARRED, pack_faults
from sla_engine.worktime import format_instant

DISPUTE_CODE = register(
    "DISPUTE_CODE",
    "“{found}”不是可用的代码；可用：{allowed}",
    "{found} is not one of the codes: {allowed}",
)
DISPUTE_ABOUT = register(
    "DISPUTE_ABOUT",
    "争议对象不明：只能写其中一种：{allowed}",
    "it is not clear what is disputed; write one of: {allowed}",
)
NO_DISPUTE_RULES = register(
    "NO_DISPUTE_RULES",
    "政策包 {found} 没有争议条款",
    "pack {found} has no clauses for disputes",
    '用有 scope = "dispute" 条款的政策包，例如 disputes-generic',
    "name a pack with clauses of scope dispute, such as disputes-generic",
)
RULING_MISFIT = register(
    "RULING_MISFIT",
    "裁定与争议不符：{found}；应为：{allowed}",
    "the ruling does not fit the dispute: {found}; it should be: {allowed}",
)
RULER_IS_PARTY = register(
    "RULER_IS_PARTY",
    "“{found}”是争议一方，须由他人裁定",
    "{found} is a party to the dispute; somebody else must rule",
)
REPLAY_FORMAT = register(
    "REPLAY_FORMAT",
    "复算记录有误：{found}；应为 {allowed}",
    "the record of a replay is not right: {found}; it should be {allowed}",
)

KINDS = ("objection", "review", "appeal")
"""榜单或考核异议, 复核, 申诉."""
CLAIMS = ("not_late", "other_unit", "wrong_calendar", "fact_wrong", "exclude")
REFUSALS = ("late", "not_entitled", "no_subject", "ruled_before", "incomplete")
OUTCOMES = ("upheld", "partly", "rejected")
VERDICTS = ("met", "late", "excluded")
_OF_ACTS = ("excluded", "late")
_BY_FACTS = frozenset({"other_unit", "fact_wrong"})
"""Claims that a corrected fact may answer instead of another verdict."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def decide(
    dossier: Dossier, draft: Draft, rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    chronicle, faults = common_faults(dossier, DISPUTE, draft, now, tolerance)
    if faults:
        raise Refusal(faults)
    pack, _ = rules_for(dossier, DISPUTE, draft, rules)
    if all(clause.scope is not Scope.DISPUTE for clause in pack.clauses):
        raise Refusal(Fault(NO_DISPUTE_RULES, "pack", pack.name))
    faults = list(pack_faults(dossier, chronicle, draft, pack, rules))
    faults += _own_faults(dossier, draft, pack)
    if not faults and isinstance(draft.event, DisputeOpened):
        faults += _late_faults(dossier, draft, rules)
    if faults:
        raise Refusal(faults)
    return [_completed(chronicle, draft)]


def opening(dossier: Dossier) -> DisputeOpened:
    """The fact that opened a dispute."""
    event = dossier.opening.event
    assert isinstance(event, DisputeOpened), "a dispute begins with its opening"
    return event


def ruling(chronicle: Chronicle) -> Recorded | None:
    """The fact that ruled on a dispute: the first, for any later one came too late; None once the
    dispute has ended without."""
    if chronicle.phase in ENDED:
        return None
    return next((each for each in chronicle.facts if isinstance(each.event, DisputeRuled)), None)


def _own_faults(dossier: Dossier, draft: Draft, pack: Pack) -> Iterator[Fault]:
    event = draft.event
    if isinstance(event, DisputeOpened):
        yield from _opening_faults(draft, event, pack)
    elif isinstance(event, DisputeRefused):
        yield from _codes(ground=(event.ground, REFUSALS))
    elif isinstance(event, ReplayRun):
        yield from _replay_faults(event)
    elif isinstance(event, DisputeRuled):
        yield from _ruling_faults(opening(dossier), event)


def _codes(**said: tuple[str, Sequence[str]]) -> Iterator[Fault]:
    """Fields that hold something else than one of their codes."""
    for where, (found, known) in said.items():
        if found not in known:
            yield unknown(DISPUTE_CODE, where, found, known)


def _opening_faults(draft: Draft, event: DisputeOpened, pack: Pack) -> Iterator[Fault]:
    yield from _codes(kind=(event.kind, KINDS), claim=(event.claim, CLAIMS))
    if event.remedy:
        yield from _codes(remedy=(event.remedy, VERDICTS))
    if bool(event.clause) == bool(event.member) or (event.rung and not event.clause):
        yield Fault(DISPUTE_ABOUT, "clause", "", "clause (+ rung) / member")
    if event.claim == "exclude" and event.ground not in pack.exclusions:
        yield unknown(DISPUTE_CODE, "ground", event.ground, pack.exclusions)
    at, told_at = draft.meta.occurred_at, event.told_at
    if told_at is not None and told_at > at:
        yield Fault(IN_THE_FUTURE, "told_at", format_instant(told_at), format_instant(at))


def _late_faults(dossier: Dossier, draft: Draft, rules: Rulebook) -> Iterator[Fault]:
    """A dispute opened after the window of a clause that bars it."""
    stamped, at = stamp(dossier, DISPUTE, draft, rules), draft.meta.occurred_at
    trial = evolve(Dossier(dossier.stream), placed(dossier, stamped))
    for reading in assess(trial, DISPUTE, rules, at).readings:
        due = reading.due
        if "disputed" in reading.clause.barred and due is not None and at > due:
            until = format_instant(due, reading.schedule.calendar.zone.name)
            yield Fault(TIME_BARRED, "type", reading.clause.name.zh, until)


def _replay_faults(event: ReplayRun) -> Iterator[Fault]:
    for where, found in (("inputs", event.inputs), ("result", event.result)):
        if _DIGEST.fullmatch(found) is None:
            yield Fault(REPLAY_FORMAT, where, where, "SHA-256")


def _ruling_faults(opened: DisputeOpened, event: DisputeRuled) -> Iterator[Fault]:
    yield from _codes(outcome=(event.outcome, OUTCOMES))
    if event.ground:
        yield from _codes(ground=(event.ground, CLAIMS))
    if event.ruler in (opened.claimant, opened.signer):
        yield Fault(RULER_IS_PARTY, "ruler", event.ruler)
    granted, of = event.outcome != "rejected", about(opened)
    if event.verdict:
        verdicts = () if of == "place" or not granted else _OF_ACTS if of == "act" else VERDICTS
        if event.verdict not in verdicts:
            yield Fault(RULING_MISFIT, "verdict", event.verdict, " / ".join(verdicts) or "-")
    elif granted and of == "clock" and opened.claim not in _BY_FACTS:
        yield Fault(RULING_MISFIT, "verdict", "-", " / ".join(VERDICTS))
    if event.place and (of != "place" or not granted):
        yield Fault(RULING_MISFIT, "place", event.place, "-")


def _completed(chronicle: Chronicle, draft: Draft) -> Draft:
    """An act that is ruled against falls; what is found true is what was claimed, unless said."""
    event = draft.event
    if not isinstance(event, DisputeRuled) or event.outcome == "rejected":
        return draft
    opened = chronicle.facts[0].event
    assert isinstance(opened, DisputeOpened), "a dispute begins with its opening"
    verdict = event.verdict or ("excluded" if about(opened) == "act" else "")
    ground = event.ground or opened.claim
    return Draft(draft.meta, msgspec.structs.replace(event, verdict=verdict, ground=ground))

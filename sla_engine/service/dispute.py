"""What a dispute has to know of its subject: that there is a verdict, when it was told, whose."""

from collections.abc import Callable, Iterator

import msgspec

from sla_engine.dispute.decide import REPLAY_FORMAT, RULING_MISFIT, opening, ruling
from sla_engine.dispute.events import DisputeOpened, DisputeRuled, ReplayRun
from sla_engine.dispute.kind import DISPUTE, about
from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.decide import placed
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Fault, Refusal, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.rulings import objection
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import ENGINE, Draft, Instant
from sla_engine.replay.question import Question
from sla_engine.round import decide as round_
from sla_engine.round.board import published, standing
from sla_engine.round.events import Drafted, Objected, ObjectionRuled, Published
from sla_engine.round.kind import ROUND
from sla_engine.sla.assess import Reading, assess
from sla_engine.sla.cycle import rules_for

DISPUTED_UNKNOWN = register(
    "DISPUTED_UNKNOWN",
    "没有“{found}”可供争议；有：{allowed}",
    "there is no {found} to dispute; there are: {allowed}",
)
NO_VERDICT_YET = register(
    "NO_VERDICT_YET",
    "“{found}”此时尚无结论（{allowed}），不能提出争议",
    "there is no verdict on {found} yet ({allowed}), so it cannot be disputed",
)
APPEAL_MISFIT = register(
    "APPEAL_MISFIT",
    "不能针对争议 {found} 提出：{allowed}",
    "it cannot go against dispute {found}: {allowed}",
)
RULED_BY_DISPUTE = register(
    "RULED_BY_DISPUTE",
    "{found}的异议以争议案卷提出，由该案卷裁定：{allowed}",
    "the objection of {found} was raised in a dispute and is ruled on there: {allowed}",
    "用 dispute rule 裁定",
    "rule with dispute rule",
)

Open = Callable[[str], Pending]

DISPUTABLE = ("petition", "talk", "item", "round")
"""Kinds of dossier of which a verdict may be in dispute."""


def complete(draft: Draft, open_: Open, rules: Rulebook) -> Draft:
    """What the subject knows better than the sender: the cycle meant, the act, when it was told,
    the office that runs a board. Where there is nothing of the kind, `check` will say so."""
    event = draft.event
    assert isinstance(event, DisputeOpened)
    subject = _subject(event, open_)
    if subject is None:
        return draft
    filled: dict[str, object] = {}
    if event.clause:
        reading = _reading(subject, event, rules, draft.meta.occurred_at)
        if reading is not None:
            act = _act(subject, event, reading.cycle.name)
            filled |= {"cycle": reading.cycle.name, "act": act.fired.version if act else None}
            filled["told_at"] = _told(subject, reading, act)
    elif event.member:
        filled["told_at"] = _placed_at(read(subject, ROUND), draft.meta.occurred_at)
    if event.appeals:
        filled["told_at"] = _ruled_at(open_(f"dispute/{event.appeals}").dossier)
    filled["region"] = kind_of(event.subject).traits(subject.opening.event)["region"]
    kept = {name: value for name, value in filled.items() if getattr(event, name) in ("", None)}
    return Draft(draft.meta, msgspec.structs.replace(event, **kept))


def check(dossier: Dossier, draft: Draft, open_: Open, rules: Rulebook) -> None:
    """Raises `Refusal` when the subject of a dispute speaks against a fact, or a dispute against a
    ruling in its subject."""
    event = draft.event
    if isinstance(event, DisputeOpened):
        faults = [*_subject_faults(draft, event, open_, rules), *_appeal_faults(event, open_)]
    elif isinstance(event, ReplayRun):
        faults = list(_question_faults(event))
    elif isinstance(event, DisputeRuled) and dossier.exists:
        faults = list(_place_faults(draft, event, opening(dossier), open_, rules))
    elif isinstance(event, ObjectionRuled) and draft.meta.source != ENGINE and dossier.exists:
        faults = list(_elsewhere(read(dossier, ROUND), event))
    else:
        return
    if faults:
        raise Refusal(faults)


def _subject(event: DisputeOpened, open_: Open) -> Dossier | None:
    if event.subject.split("/", 1)[0] not in DISPUTABLE:
        return None
    subject = open_(event.subject).dossier
    return subject if subject.exists else None


def _subject_faults(
    draft: Draft, event: DisputeOpened, open_: Open, rules: Rulebook
) -> Iterator[Fault]:
    subject = _subject(event, open_)
    if subject is None:
        allowed = " / ".join(f"{each}/…" for each in DISPUTABLE)
        yield Fault(DISPUTED_UNKNOWN, "subject", event.subject, allowed)
    elif event.clause:
        yield from _clock_faults(draft, event, subject, rules)
    elif event.member:
        yield from _member_faults(draft, event, subject, rules)


def _question_faults(event: ReplayRun) -> Iterator[Fault]:
    """What is put on record can be asked again, and holds nothing else."""
    try:
        msgspec.json.decode(event.question, type=Question)
    except (msgspec.DecodeError, RecursionError):
        yield Fault(REPLAY_FORMAT, "question", "question", "JSON of a question, docs/replay.md")


# ---------------------------------------------------------------------------------------- clocks


def _reading(
    subject: Dossier, event: DisputeOpened, rules: Rulebook, at: Instant
) -> Reading | None:
    assessment = assess(subject, kind_of(subject.stream), rules, at)
    return assessment.reading(event.clause, event.cycle or None)


def _clock_faults(
    draft: Draft, event: DisputeOpened, subject: Dossier, rules: Rulebook
) -> Iterator[Fault]:
    at = draft.meta.occurred_at
    reading = _reading(subject, event, rules, at)
    if reading is None:
        every = assess(subject, kind_of(subject.stream), rules, at).readings
        known = sorted({f"{each.clause.id}/{each.cycle.name}" for each in every})
        found = "/".join(filter(None, (event.clause, event.cycle)))
        yield unknown(DISPUTED_UNKNOWN, "clause", found, known)
    elif event.rung:
        if _act(subject, event, reading.cycle.name) is None:
            yield unknown(DISPUTED_UNKNOWN, "rung", event.rung, _rungs(subject, reading))
    elif not reading.verdict:
        yield Fault(NO_VERDICT_YET, "clause", event.clause, reading.state.value)


def _rungs(subject: Dossier, reading: Reading) -> set[str]:
    return {rung for clause, cycle, rung in subject.acts if (clause, cycle) == reading.key}


def _act(subject: Dossier, event: DisputeOpened, cycle: str) -> Act | None:
    """The act in dispute: the one named, else the last of its rung."""
    acts = subject.acts.get((event.clause, cycle, event.rung), []) if event.rung else []
    named = [act for act in acts if event.act in (None, act.fired.version)]
    return named[-1] if named else None


def _told(subject: Dossier, reading: Reading, act: Act | None) -> Instant:
    """When somebody was first told of an act, or of a breach; else when the verdict was there.
    Whoever disputes it knew of it: what went out later, in a log that learned late, told nobody."""
    if act is not None:
        return min(act.recorded_at, reading.at)
    due, stop = reading.due, reading.stopped_at
    late = due is not None and (stop is None or stop > due)
    told = [
        each.recorded_at
        for (clause, cycle, _), acts in subject.acts.items()
        for each in acts
        if (clause, cycle) == reading.key
        and due is not None
        and each.fired.at > due
        and each.recorded_at <= reading.at
    ]
    known = due + 1 if late and due is not None else stop
    return min(told, default=reading.at if known is None else known)


# ---------------------------------------------------------------------------------------- boards


def _placed_at(chronicle: Chronicle, by: Instant) -> Instant | None:
    """When a board was published by an instant, or else its draft served."""
    for of in (Published, Drafted):
        for fact in chronicle.facts:
            if isinstance(fact.event, of) and fact.meta.occurred_at <= by:
                return fact.meta.occurred_at
    return None


def _member_faults(
    draft: Draft, event: DisputeOpened, subject: Dossier, rules: Rulebook
) -> Iterator[Fault]:
    if subject.stream.split("/", 1)[0] != ROUND.name:
        yield Fault(DISPUTED_UNKNOWN, "member", event.member, "round/…")
        return
    chronicle = read(subject, ROUND)
    if event.kind == "objection":
        if event.member in round_.pending(chronicle):
            yield Fault(round_.OBJECTION_PENDING, "member", event.member)
        trial = Draft(msgspec.structs.replace(draft.meta, key=""), objection(event))
        try:
            round_.decide(subject, trial, rules, draft.meta.recorded_at)
        except Refusal as refusal:
            yield from refusal.faults
    elif not published(chronicle):
        yield Fault(NO_VERDICT_YET, "member", event.member, chronicle.phase)
    else:
        members = {each.member for each in standing(chronicle) if each.place}
        if event.member not in members:
            yield unknown(DISPUTED_UNKNOWN, "member", event.member, members)


def _place_faults(
    draft: Draft, event: DisputeRuled, opened: DisputeOpened, open_: Open, rules: Rulebook
) -> Iterator[Fault]:
    """The place that a ruling gives is one of the series; once published, places only fall, and
    no longer by an objection."""
    if about(opened) != "place":
        return
    subject = open_(opened.subject).dossier
    phase = read(subject, ROUND, placed(subject, draft)).phase
    granted = opened.kind == "objection" and event.outcome != "rejected"
    if granted and phase not in ROUND.steps[ObjectionRuled].allowed:
        review = "rejected（榜单已发布，改走复核 the board is out: by a review）"
        yield Fault(RULING_MISFIT, "outcome", event.outcome, review)
    if not event.place:
        return
    pack, _ = rules_for(subject, ROUND, Draft(draft.meta, subject.opening.event), rules)
    series = pack.series[read(subject, ROUND).traits["series"]]
    known = [each.id for each in series.places] if opened.kind == "objection" else []
    if event.place not in known:
        yield unknown(round_.PLACE_UNKNOWN, "place", event.place, known)


def _elsewhere(chronicle: Chronicle, event: ObjectionRuled) -> Iterator[Fault]:
    """An objection that a dispute raised is ruled on in the dispute."""
    for fact in reversed(chronicle.facts):
        if isinstance(fact.event, Objected) and fact.event.member == event.member:
            if fact.meta.source == ENGINE:
                yield Fault(RULED_BY_DISPUTE, "member", event.member, fact.meta.cause)
            return


# --------------------------------------------------------------------------------------- appeals


def _ruled_at(first: Dossier) -> Instant | None:
    if not first.exists:
        return None
    ruled = ruling(read(first, DISPUTE))
    return None if ruled is None else ruled.meta.occurred_at


def _appeal_faults(event: DisputeOpened, open_: Open) -> Iterator[Fault]:
    """An appeal goes against the ruling of another dispute, about the same."""
    if not event.appeals:
        return
    first = open_(f"dispute/{event.appeals}").dossier
    if _ruled_at(first) is None:
        yield Fault(APPEAL_MISFIT, "appeals", event.appeals, "已裁定的争议 a dispute that is ruled")
    elif _disputed(opening(first)) != _disputed(event):
        same = "同一对象 the same subject, clock, act or place"
        yield Fault(APPEAL_MISFIT, "appeals", event.appeals, same)


def _disputed(event: DisputeOpened) -> tuple[str, ...]:
    return (event.subject, event.clause, event.cycle, event.rung, event.member)

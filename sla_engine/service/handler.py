"""Intake into the log: touch, decide, settle, append, in one transaction.

Before a submission is applied, every rung already due is recorded (evaluate on touch), so the
result does not depend on how late the sweep was. After the last submission for a dossier, acts
that lost their ground are withdrawn and new ones recorded. Then all of it is appended at once,
together with the intake keys and the alarm index.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from sla_engine.dossier.chronicle import place
from sla_engine.dossier.events import AnomalyNoted
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Conflict, Fault, Refusal, Unavailable, refuse, register
from sla_engine.escalation.alarms import DAY
from sla_engine.escalation.armed import armed_rows
from sla_engine.escalation.kinds import DECIDE, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.identity import commitment
from sla_engine.petition.events import Registered
from sla_engine.petition.kind import NEW, PETITION
from sla_engine.policy.rulebook import RULES_CHANGED, Rulebook
from sla_engine.ports import Answer, Log, Transaction, attempt
from sla_engine.record import ENGINE, Draft, Event, Instant, Meta
from sla_engine.service import across
from sla_engine.service.body import body_digest as digest_of
from sla_engine.service.body import same_body
from sla_engine.service.intake import Submission
from sla_engine.service.merge import carry_over
from sla_engine.service.shelf import Shelf
from sla_engine.sla.clocks import check_pins
from sla_engine.sla.cycle import stamp

KEY_REUSED = register(
    "KEY_REUSED",
    "事件号 {found} 已用于另一内容",
    "event id {found} was used before for another body",
    "更正请另发新事件号；原记录不变，本次已记异常",
    "send a correction under a new id; the first record stands and this attempt is noted",
)
NOT_REGISTERED = register(
    "NOT_REGISTERED",
    "案卷 {found} 尚未立案",
    "there is no dossier {found} yet",
    "先送立案事件（registered / proposed），再重发本条",
    "send its opening event (registered / proposed) first, then this one again",
)
ALREADY_REGISTERED = register(
    "ALREADY_REGISTERED",
    "案卷 {found} 已经立案",
    "dossier {found} is already open",
    "同一诉求重复到达请用并单（merged）；更正立案信息请另发事实",
    "for the same matter arriving twice use merged; corrections are further facts",
)
STREAM_ELSEWHERE = register(
    "STREAM_ELSEWHERE",
    "案卷已有新的变化：现为版本 {found}，提交时看到的是版本 {allowed}",
    "the dossier has changed: it is at version {found}, and version {allowed} was looked at",
    "重新查看后再提交",
    "look at it again, then send it again",
)
HISTORY_ONLY = register(
    "HISTORY_ONLY",
    "只有历史导入可以把诉求件标为历史件",
    "only an import of history may mark a petition as historic",
    "去掉 historic，或用 sla-engine import 导入",
    "leave historic out, or use sla-engine import",
)
_FORGIVEN_IN_HISTORY = frozenset(
    {"PHASE_IMPOSSIBLE", "SUSPENSION_IMPOSSIBLE", "TIME_BARRED", "STEP_NOT_IN_PACK"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission: recorded, repeated (the first answer again) or refused."""

    status: str
    stream: str
    version: int = 0
    faults: tuple[Fault, ...] = ()


class _Unsettled(Refusal):
    """Facts that could be taken one by one start a clock that cannot be reckoned."""


@dataclass(slots=True)
class _Batch:
    """One transaction's work: dossiers opened so far and the outcome of each submission. `touched`
    is the version of a dossier once what was due on it is recorded."""

    tx: Transaction
    rules: Rulebook
    now: Instant
    history: bool
    shelf: Shelf
    ready: dict[str, Dossier] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    pending: dict[str, Pending] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)

    def prepare(self, streams: Iterable[str]) -> None:
        """Read the dossiers that will be needed, at once; nobody else changes them meanwhile."""
        dossiers = self.shelf.take_all(self.tx, dict.fromkeys(streams))
        self.ready.update(dossiers)
        self.due |= self.tx.due_among(dossiers, self.now)

    def open(self, stream: str) -> Pending:
        """The dossier with every act already due on it; touched once."""
        pending = self.pending.get(stream)
        if pending is None:
            if stream not in self.ready:
                self.prepare((stream,))
            pending = Pending(self.ready.pop(stream))
            check_pins(pending.dossier, kind_of(stream), self.rules)
            if stream in self.due:
                catch_up(pending, kind_of(stream), self.rules, self.now)
            self.pending[stream] = pending
            self.touched[stream] = pending.dossier.version
        return pending

    def elsewhere(self, stream: str, seen: int) -> bool:
        """Whether anything but what was due came to a dossier since it was at version `seen`."""
        pending = self.open(stream)
        return seen != pending.base or pending.dossier.version != self.touched[stream]


class Loaded(Protocol):
    """What the log holds of the rules, as far as a handler has to know it."""

    def refresh(self) -> None:
        """Take up what was loaded since; before a transaction."""
        ...

    def overtaken(self, tx: Transaction) -> bool:
        """Whether there are other rules by now than were known when `tx` began."""
        ...

    def hold(self, tx: Transaction, rules: Rulebook) -> None:
        """Have `tx` raise Conflict at its end if by then there are other rules than these. So
        whatever is judged by old rules lies before the new ones in the log, where their campaign
        finds it."""
        ...


class _Nothing:
    """Rules are brought along and never loaded."""

    def refresh(self) -> None: ...
    def overtaken(self, tx: Transaction) -> bool:
        return False

    def hold(self, tx: Transaction, rules: Rulebook) -> None: ...


_NOTHING = _Nothing()


class Handler:
    """Takes submissions into a log under the rules in force."""

    def __init__(
        self,
        log: Log,
        rules: Callable[[], Rulebook],
        tolerance: int = 0,
        loaded: Loaded = _NOTHING,
        short_term: Instant = DAY,
    ) -> None:
        """In µs, `tolerance`: how far ahead a source's clock may be; `short_term`: which terms are
        swept before longer ones (`escalation.alarms`)."""
        self.log = log
        self.rules = rules
        self.tolerance = tolerance
        self.shelf = Shelf()
        self._loaded = loaded
        self._short_term = short_term

    def take(
        self, submissions: Sequence[Submission], now: Instant, history: bool = False
    ) -> list[Outcome]:
        """Record what can be recorded, in one transaction; one outcome each, in order.

        `history`: an import of the past. Impossible facts are recorded with an anomaly mark.
        """
        try:
            return attempt(lambda: self._take(submissions, now, history))
        except _Unsettled as refusal:
            if len(submissions) == 1:
                return [Outcome("refused", submissions[0].stream, 0, refusal.faults)]
            # One of them starts a clock that cannot be reckoned; the others are not to suffer.
            alone = {
                index: self.take([submissions[index]], now, history)[0]
                for index in _in_time(submissions)
            }
            return [alone[index] for index in range(len(submissions))]

    def _take(
        self, submissions: Sequence[Submission], now: Instant, history: bool
    ) -> list[Outcome]:
        self._loaded.refresh()
        with self.log.transact() as tx:
            return self.within(tx, submissions, now, history)

    def within(
        self,
        tx: Transaction,
        submissions: Sequence[Submission],
        now: Instant,
        history: bool = False,
    ) -> list[Outcome]:
        """The same inside a transaction that somebody else commits."""
        batch = _Batch(tx, self.rules(), now, history, self.shelf)
        self._loaded.hold(tx, batch.rules)
        batch.answers.update(tx.answers([(each.source, each.key) for each in submissions]))
        news = (e.stream for e in submissions if (e.source, e.key) not in batch.answers)
        batch.prepare(news)
        for index in _in_time(submissions):
            batch.outcomes[index] = self._one(batch, submissions[index])
        with self.judging(tx):
            _commit(batch, self._short_term)
        return [batch.outcomes[index] for index in range(len(submissions))]

    def touch(self, tx: Transaction, stream: str, now: Instant) -> None:
        """Record whatever is due on a dossier; a sweep and a calendar revision do only this."""
        self.touch_all(tx, (stream,), now)

    def touch_all(self, tx: Transaction, streams: Sequence[str], now: Instant) -> Sequence[Event]:
        """`touch` for several dossiers, read at once; what was recorded."""
        batch = _Batch(tx, self.rules(), now, False, self.shelf)
        batch.prepare(streams)
        with self.judging(tx):
            for stream in streams:
                batch.open(stream)
            _commit(batch, self._short_term)
        return [draft.event for each in batch.pending.values() for draft in each.drafts]

    @contextmanager
    def judging(self, tx: Transaction) -> Iterator[None]:
        """A dossier that was judged by rules which another process has just loaded is no dossier
        whose rules are gone: raises Conflict, and the next try knows them."""
        try:
            yield
        except Refusal as refusal:
            self._check_known(tx, refusal)
            raise

    def _check_known(self, tx: Transaction, refusal: Refusal) -> None:
        """Raises Conflict where a refusal comes of rules that are not known here yet."""
        if refusal.code == RULES_CHANGED and self._loaded.overtaken(tx):
            raise Conflict(refusal.faults) from refusal

    def _one(self, batch: _Batch, submission: Submission) -> Outcome:
        try:
            return self._answer(batch, _of_petitioner(batch, submission))
        except (Conflict, Unavailable):
            raise  # Nothing is wrong with the submission.
        except Refusal as refusal:
            self._check_known(batch.tx, refusal)
            return Outcome("refused", submission.stream, 0, refusal.faults)

    def _answer(self, batch: _Batch, submission: Submission) -> Outcome:
        body_digest = digest_of(batch.tx, submission)
        known = batch.answers.get((submission.source, submission.key))
        if known is not None:
            return _answer_again(batch, submission, known, body_digest)
        version = self._record(batch, submission, body_digest)
        answer = Answer(submission.stream, version, body_digest)
        batch.answers[(submission.source, submission.key)] = answer
        return Outcome("recorded", submission.stream, version)

    def _record(self, batch: _Batch, submission: Submission, body_digest: str) -> int:
        pending, kind = batch.open(submission.stream), kind_of(submission.stream)
        _check_seen(batch, submission)
        draft = _draft(submission, batch.now, body_digest)
        _check_opening(pending.dossier, kind, draft, batch.history)
        drafts = self._decide(batch, pending.dossier, draft)
        if submission.personal:
            batch.tx.keep_personal(submission.subject, submission.personal)
        version = 0
        for each in drafts:
            stamped = stamp(pending.dossier, kind, each, batch.rules)
            recorded = pending.write(_committed(batch.tx, stamped, submission))
            version = version or recorded.version
        if kind is PETITION:
            carry_over(submission.stream, batch.open, batch.rules, batch.now)
        return version

    def _decide(self, batch: _Batch, dossier: Dossier, draft: Draft) -> Sequence[Draft]:
        rules, now, kind = batch.rules, batch.now, kind_of(dossier.stream)
        draft = across.complete(dossier, draft, batch.open, rules)
        across.check(dossier, draft, batch.open, rules)
        try:
            return DECIDE[kind.name](dossier, draft, rules, now, self.tolerance)
        except Refusal as refusal:
            forgiven = all(fault.code in _FORGIVEN_IN_HISTORY for fault in refusal.faults)
            if not batch.history or not forgiven:
                raise
            meta = msgspec.structs.replace(draft.meta, anomaly=refusal.code)
            return [Draft(meta, draft.event)]


def _in_time(submissions: Sequence[Submission]) -> Iterable[int]:
    """Indexes in the order in which the facts happened, so that a batch's order says nothing."""

    def key(index: int) -> tuple[object, ...]:
        sent = submissions[index]
        return place(sent.occurred_at, sent.seq, sent.event, sent.key)

    return sorted(range(len(submissions)), key=key)


def _draft(submission: Submission, now: Instant, body_digest: str) -> Draft:
    meta = Meta(
        occurred_at=submission.occurred_at,
        recorded_at=now,
        actor=submission.actor,
        role=submission.role,
        unit=submission.unit,
        source=submission.source,
        key=submission.key,
        seq=submission.seq,
        cause=submission.cause,
        body_digest=body_digest,
        precision=submission.precision,
    )
    return Draft(meta, submission.event)


def _of_petitioner(batch: _Batch, submission: Submission) -> Submission:
    """Personal data of a later fact belongs to the petitioner whom the registration named, so
    that one erasure finds all of it."""
    if not submission.personal or submission.subject:
        return submission
    dossier = batch.open(submission.stream).dossier
    opening = dossier.opening.event if dossier.exists else None
    subject = opening.petitioner if isinstance(opening, Registered) else ""
    return msgspec.structs.replace(submission, subject=subject)


def _committed(tx: Transaction, draft: Draft, submission: Submission) -> Draft:
    """A registration carries the salted commitment to the petitioner's data."""
    event = draft.event
    if not isinstance(event, Registered) or not submission.personal:
        return draft
    salted = commitment(tx.secret(submission.subject), dict(submission.personal))
    return Draft(draft.meta, msgspec.structs.replace(event, commitment=salted))


def _check_seen(batch: _Batch, submission: Submission) -> None:
    """Whoever decides upon what they saw must have seen all of it."""
    stream, seen = submission.stream, submission.seen
    if seen is not None and batch.elsewhere(stream, seen):
        version = batch.pending[stream].dossier.version
        raise refuse(STREAM_ELSEWHERE, "", version, str(seen))


def _check_opening(dossier: Dossier, kind: Kind, draft: Draft, history: bool) -> None:
    """A dossier is opened once, and before anything else; only an import opens a historic one."""
    step = kind.steps.get(type(draft.event))
    allowed = step.allowed if step is not None else frozenset()
    if dossier.exists and allowed == {NEW}:
        raise refuse(ALREADY_REGISTERED, "", dossier.stream)
    if not dossier.exists and NEW not in allowed:
        raise refuse(NOT_REGISTERED, "", dossier.stream)
    if isinstance(draft.event, Registered) and draft.event.historic and not history:
        raise refuse(HISTORY_ONLY, "data.historic", "true", "false")


def _answer_again(
    batch: _Batch, submission: Submission, known: Answer, body_digest: str
) -> Outcome:
    if same_body(batch.tx, submission, known.body_digest, body_digest):
        return Outcome("repeated", known.stream, known.version)
    where = f"{submission.source}:{submission.key}"
    pending = batch.open(known.stream)
    noted = AnomalyNoted(KEY_REUSED, where, body_digest)
    if all(anomaly.event != noted for anomaly in pending.dossier.anomalies):
        meta = Meta(occurred_at=batch.now, recorded_at=batch.now, source=ENGINE)
        pending.write(Draft(meta, noted))
    return Outcome("refused", known.stream, 0, (Fault(KEY_REUSED, "id", where),))


def _commit(batch: _Batch, short_term: Instant) -> None:
    """Settle every dossier and append all of it."""
    for stream, pending in batch.pending.items():
        if not pending.dossier.exists:
            continue
        try:
            assessment = catch_up(pending, kind_of(stream), batch.rules, batch.now)
        except Refusal as refusal:
            raise _Unsettled(refusal.faults) from None
        drafts = pending.drafts
        if drafts:
            batch.tx.append(stream, pending.base, drafts)
        batch.tx.set_alarms(stream, armed_rows(assessment, batch.rules, short_term))
        if pending.as_folded:
            batch.shelf.give_back(batch.tx, pending.dossier)
    for dossier in batch.ready.values():
        batch.shelf.give_back(batch.tx, dossier)


def outcome_dict(outcome: Outcome) -> Mapping[str, object]:
    """JSON-ready answer for one submission."""
    answer: dict[str, object] = {"status": outcome.status, "stream": outcome.stream}
    if outcome.version:
        answer["version"] = outcome.version
    if outcome.faults:
        answer["faults"] = [fault.as_dict() for fault in outcome.faults]
    return answer

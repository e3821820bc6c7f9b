"""One writer for a process: whoever has facts hands them over, and those that wait share a commit.

While one transaction is on its way to the disk the next one gathers, so that many threads with one
fact each cost hardly more commits than one thread with many. What is accepted is bounded; beyond
that the sender is told to come again, which its keys make harmless.
"""

import logging
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import Future
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from sla_engine.errors import Conflict, Fault, Unavailable, register
from sla_engine.ports import attempt
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1
"""When a sender who was told to come again may do so."""

INTAKE_FULL = register(
    "INTAKE_FULL",
    "待收队列已满（{found}）",
    "intake is full ({found} waiting)",
    "未写入任何内容；{allowed}秒后以原事件号重发",
    "nothing was written; send the same again after {allowed} s, under the same ids",
)
INTAKE_CLOSED = register(
    "INTAKE_CLOSED",
    "本进程正在停止，不再接收",
    "this process is stopping and takes nothing more",
    "{allowed}秒后以原事件号重发",
    "send the same again after {allowed} s, under the same ids",
)
SUBMISSION_FAILED = register(
    "SUBMISSION_FAILED",
    "处理本条时程序出错（{found}）",
    "a fault in the program while taking this submission ({found})",
    "未写入；可以重发，反复出现请联系运维",
    "nothing of it was written; it may be sent again, and an operator is needed if that recurs",
)

FAILED = "failed"
"""Status of a submission that the program could not deal with; nothing of it was written."""

_LINGERS = 8

# What a parsed submission costs in memory besides its texts.
_OBJECTS = 1_000

Take = Callable[[Sequence[Submission]], list[Outcome]]
"""Records submissions in one transaction; one outcome for each, in order."""


class Limits(NamedTuple):
    """`batch`: submissions of one transaction. `linger_s`: how long a transaction is held open for
    company, where the one before had some; a few times that if more keep coming. `waiting`,
    `waiting_bytes`: what is accepted and not yet answered; a single call that is larger than that
    is taken when nothing else waits."""

    batch: int = 200
    linger_s: float = 0.001
    waiting: int = 20_000
    waiting_bytes: int = 64 << 20


_DEFAULT = Limits()


class _Call:
    """What one caller handed over, and the answers so far."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.weight = sum(map(_weight, submissions))
        self.answers: list[Outcome | None] = [None] * len(submissions)
        self.missing = len(submissions)
        self.future: Future[list[Outcome]] = Future()
        # A fact on its way into the log cannot be called back.
        self.future.set_running_or_notify_cancel()


class _Entry(NamedTuple):
    """One submission of a call."""

    call: _Call
    place: int

    @property
    def submission(self) -> Submission:
        return self.call.submissions[self.place]


class Writer:
    """Takes submissions from any number of threads and records them in as few transactions as may
    be, one after the other. Use it as a context manager.

    `commits`, `recorded` (submissions answered), `largest` (of one commit) and `turned_away`
    (calls refused as INTAKE_FULL) count since the start; `depth` and `weight` (bytes) are what is
    accepted and not yet answered.
    """

    def __init__(self, take: Take, limits: Limits = _DEFAULT) -> None:
        self._take = take
        self._limits = limits
        self._queue: deque[_Entry] = deque()
        lock = Lock()
        self._news, self._company = Condition(lock), Condition(lock)
        self._expected = 1
        self._closing = False
        self.depth = self.weight = 0
        self.commits = self.recorded = self.largest = self.turned_away = 0
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def submit(self, submissions: Sequence[Submission]) -> "Future[list[Outcome]]":
        """Hand over submissions; the future has one outcome for each, in order.

        They may be spread over several transactions, in the order in which they happened. Raises
        errors.Unavailable at once (INTAKE_FULL, INTAKE_CLOSED); the future raises it when the store
        was away. Some of a call may then be recorded: sent again, those are answered `repeated`.
        """
        call = _Call(submissions)
        if not submissions:
            call.future.set_result([])
            return call.future
        entries = sorted((_Entry(call, place) for place in range(call.missing)), key=_in_time)
        with self._news:
            self._admit(call)
            self._queue.extend(entries)
            self._news.notify()
            if len(self._queue) >= self._expected:
                self._company.notify()
        return call.future

    def take(self, submission: Submission) -> Outcome:
        """One submission, answered when its commit is on the disk."""
        return self.submit([submission]).result()[0]

    def close(self) -> None:
        """Finish what was accepted and refuse what comes now."""
        with self._news:
            self._closing = True
            self._news.notify()
            self._company.notify()
        self._thread.join()

    # ------------------------------------------------------------------------ what is accepted

    def _admit(self, call: _Call) -> None:
        if self._closing:
            raise Unavailable(Fault(INTAKE_CLOSED, allowed=str(RETRY_AFTER_S)))
        depth, weight = self.depth + call.missing, self.weight + call.weight
        over = depth > self._limits.waiting or weight > self._limits.waiting_bytes
        if over and self.depth:
            self.turned_away += 1
            raise Unavailable(Fault(INTAKE_FULL, "", str(self.depth), str(RETRY_AFTER_S)))
        self.depth, self.weight = depth, weight

    def _release(self, call: _Call) -> None:
        with self._news:
            self.depth -= len(call.submissions)
            self.weight -= call.weight

    # --------------------------------------------------------------------------- the one thread

    def _run(self) -> None:
        entries: Sequence[_Entry] = ()
        try:
            while entries := self._gather():
                self._record(entries)
        finally:
            # After a clean stop nothing is left; whatever else ended the thread, nobody waits on.
            with self._news:
                self._closing = True
                left = [*entries, *self._queue]
            self._fail(_unanswered(left), Fault(INTAKE_CLOSED, allowed=str(RETRY_AFTER_S)))

    def _gather(self) -> list[_Entry]:
        """The next transaction's worth; empty when there is nothing more to come."""
        with self._news:
            while not self._queue and not self._closing:
                self._news.wait()
            self._linger()
            self._expected = min(len(self._queue), self._limits.batch)
            return [self._queue.popleft() for _ in range(self._expected)]

    def _linger(self) -> None:
        """Wait for as many as came last time, for they are likely to come again, while some do."""
        for _ in range(_LINGERS):
            known = len(self._queue)
            if known >= self._expected or self._closing:
                return
            self._company.wait(self._limits.linger_s)
            if len(self._queue) == known:
                return

    def _record(self, entries: Sequence[_Entry]) -> None:
        submissions = [entry.submission for entry in entries]
        try:
            outcomes = attempt(lambda: self._take(submissions))
        except (Conflict, Unavailable) as refusal:
            self._fail(_unanswered(entries), *refusal.faults)
        except Exception as error:
            self._divide(entries, error)
        else:
            self.commits += 1
            self.largest = max(self.largest, len(entries))
            self._answer(entries, outcomes)

    def _divide(self, entries: Sequence[_Entry], error: Exception) -> None:
        """Find the one that the program cannot deal with, so that the others do not suffer."""
        if len(entries) == 1:
            self._answer(entries, [_failed(entries[0].submission, error)])
            return
        ordered, middle = sorted(entries, key=_in_time), len(entries) // 2
        for half in (ordered[:middle], ordered[middle:]):
            # Where the store went away meanwhile, the callers of both halves know it already.
            if waiting := [entry for entry in half if not entry.call.future.done()]:
                self._record(waiting)

    def _answer(self, entries: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
        for (call, place), outcome in zip(entries, outcomes, strict=True):
            call.answers[place] = outcome
            call.missing -= 1
            self.recorded += 1
            if not call.missing:
                self._release(call)
                call.future.set_result([each for each in call.answers if each is not None])

    def _fail(self, calls: Set[_Call], *faults: Fault) -> None:
        """Tell these callers that their submissions may or may not be recorded."""
        with self._news:
            self._queue = deque(each for each in self._queue if each.call not in calls)
        for call in calls:
            self._release(call)
            call.future.set_exception(Unavailable(faults))


def _unanswered(entries: Iterable[_Entry]) -> Set[_Call]:
    return {entry.call for entry in entries if not entry.call.future.done()}


def _failed(submission: Submission, error: Exception) -> Outcome:
    kind = type(error).__name__
    # The text of an error may quote personal data; where it arose does not.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s at %s:%s", submission.stream, kind, frame.filename, frame.lineno)
    faults = (Fault(SUBMISSION_FAILED, "", kind),)
    return Outcome(FAILED, submission.stream, 0, faults)


def _in_time(entry: _Entry) -> tuple[int, int, int, str]:
    """Place in time, as far as it can be told without the dossier."""
    submission = entry.submission
    return submission.occurred_at, submission.seq, submission.event.RANK, submission.key


def _weight(submission: Submission) -> int:
    """Bytes that a submission holds while it waits, about."""
    texts = msgspec.msgpack.encode((submission.event, submission.personal))
    return _OBJECTS + len(texts)

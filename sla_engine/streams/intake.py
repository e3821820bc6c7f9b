"""Intake from a Redis Stream by a consumer group: read, record, and only then acknowledge.

An entry stays pending until its fact is in the log. Whatever is killed, it is taken again, and the
log recognises what it has. Entries are recorded in batches; one that was delivered before is
suspect and is taken alone: if it kills the process, it raises nobody else's count, and after a
bounded number of deliveries it is buried with the reason.

Facts of one petition may come in any order and through several consumers: the log sorts them by
when they happened, and one that has overtaken its predecessor is held for a while.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple

from redis import Redis

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Refusal, Unavailable, register
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import FIELD_MISSING, Submission
from sla_engine.service.premature import PREMATURE
from sla_engine.service.writer import FAILED, SUBMISSION_FAILED
from sla_engine.streams.body import address_in, read_body
from sla_engine.streams.group import Consumer, Entry, Keys, Verdict
from sla_engine.streams.letters import DAY_S, Letters, about, faults_json, letter_fields
from sla_engine.worktime import format_instant

LOST_IN_TRANSPORT = register(
    "LOST_IN_TRANSPORT",
    "消息正文在处理前已从流中删去",
    "the body was trimmed from the stream before it was taken",
    "请来源系统以原事件号重发，并放宽流的长度上限",
    "ask the sender to send it again under its id, and give the stream more room",
)
TRIES_EXHAUSTED = register(
    "TRIES_EXHAUSTED",
    "投递{found}次均未处理完：进程中途终止，或正文没有送达",
    "delivered {found} times and never dealt with: the process ended, or the body did not arrive",
    "查明原因后重放",
    "find out why, then replay it",
)

REFUSED = "refused"

Submit = Callable[[Sequence[Submission]], "Future[list[Outcome]]"]
"""`service.writer.Writer.submit`."""


class Terms(NamedTuple):
    """`batch`: entries read at once. `limit`: bytes of one body. `tries`: deliveries before an
    entry is buried. `idle_s`: after how long a silent consumer's entries are taken over; longer
    than any commit. `patience_s`: how long a fact waits for the one before it. `keep_s`: how long
    letters and answers are kept."""

    batch: int = 200
    limit: int = 1_048_576
    tries: int = 5
    idle_s: float = 60.0
    patience_s: float = 60.0
    keep_s: int = 14 * DAY_S


_DEFAULT = Terms()


class _Read(NamedTuple):
    """An entry that could be read, at a monotonic time."""

    entry: Entry
    submission: Submission
    since: float


class StreamIntake:
    """One consumer of the group. One thread calls `step` again and again, and then `close`.

    `tally` counts entries by what became of them: recorded, repeated, refused, failed, buried.
    """

    def __init__(
        self,
        redis: Redis,
        submit: Submit,
        clock: Clock,
        stream: str,
        name: str,
        terms: Terms = _DEFAULT,
    ) -> None:
        """`name` of this consumer: one that no other process has."""
        keys = Keys.of(stream)
        self._submit = submit
        self._clock = clock
        self._terms = terms
        self._consumer = Consumer(redis, keys, name, terms.idle_s)
        self._letters = Letters(redis, keys)
        self._done: list[str] = []
        self._verdicts: list[Verdict] = []
        self._waiting: list[_Read] = []
        self._early: dict[str, _Read] = {}
        self._next_round = clock.monotonic()
        self.tally: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """How many entries this consumer has in hand; bounded by a few batches."""
        return len(self._waiting) + len(self._early)

    def step(self) -> float:
        """Deal with what there is, waiting a moment for it; returns 0: there may be more.

        Raises errors.Unavailable when Redis, the store or the writer is away or full. Then nothing
        more is read, and the next step goes on from there.
        """
        if self._clock.monotonic() >= self._next_round:
            self._consumer.keep(each.entry for each in self._in_hand())
            self._record()
            self._make_round()
            self._next_round = self._clock.monotonic() + self._terms.idle_s / 4
        self._record()
        self._receive(self._consumer.read(self._terms.batch))
        self._record()
        return 0.0

    def close(self) -> None:
        """Leave to others what is not yet recorded."""
        with suppress(Unavailable):
            self._tell()
            self._consumer.hand_back(each.entry for each in self._in_hand())

    def _in_hand(self) -> list[_Read]:
        return [*self._waiting, *self._early.values()]

    # ---------------------------------------------------------------------- what others have left

    def _make_round(self) -> None:
        """From time to time: what is held, for its predecessor may have come in through another
        consumer; what was abandoned; what is too old."""
        self._waiting += self._release(lambda _: True)
        self._record()
        for id_, delivered in self._consumer.abandoned(self._terms.batch):
            if id_ not in self._early and (entry := self._claim(id_, delivered)) is not None:
                self._receive([entry])
                self._record()
        self._letters.expire(self._clock.now() - self._terms.keep_s * 1_000_000)
        self._consumer.tidy()

    def _claim(self, id_: str, delivered: int) -> Entry | None:
        """Its last delivery is for burying it with all that can be said of it; where even that did
        not arrive, it is buried unseen."""
        if delivered > self._terms.tries:
            return Entry(id_, None, delivered)
        return self._consumer.claim(id_, delivered)

    def _may_wait(self, read: _Read) -> bool:
        return self._clock.monotonic() - read.since < self._terms.patience_s

    def _release(self, ripe: Callable[[_Read], bool]) -> list[_Read]:
        """Facts that were held and are to be tried again."""
        return [self._early.pop(read.entry.id) for read in [*self._early.values()] if ripe(read)]

    def _release_of(self, streams: Collection[str]) -> list[_Read]:
        return self._release(lambda read: read.submission.stream in streams)

    # ------------------------------------------------------------------------------- what is read

    def _receive(self, entries: Iterable[Entry]) -> None:
        now = self._clock.monotonic()
        for entry in entries:
            try:
                self._waiting.append(_Read(entry, self._read(entry), now))
            except Refusal as refusal:
                self._conclude(entry, refusal.faults, bury=True)
            except Exception as error:
                # Its text may quote personal data.
                fault = Fault(SUBMISSION_FAILED, "", type(error).__name__)
                self._conclude(entry, (fault,), bury=True)

    def _read(self, entry: Entry) -> Submission:
        """The submission in an entry. Raises `Refusal` where it is to be buried."""
        if entry.gone:
            raise Refusal(Fault(LOST_IN_TRANSPORT))
        if entry.deliveries > self._terms.tries:
            raise Refusal(Fault(TRIES_EXHAUSTED, "", str(self._terms.tries)))
        if entry.body is None:
            raise Refusal(Fault(FIELD_MISSING, "data"))
        return read_body(entry.body, self._terms.limit)

    # ------------------------------------------------------------------------- what becomes of it

    def _record(self) -> None:
        """Record what waits, then what was held for one of these, and let Redis know."""
        while self._waiting:
            outcomes = self._submit([each.submission for each in self._waiting]).result()
            taken, self._waiting = self._waiting, []
            for read, outcome in zip(taken, outcomes, strict=True):
                self._decide(read, outcome)
            self._waiting = self._release_of({each.stream for each in outcomes if each.version})
        self._tell()

    def _decide(self, read: _Read, outcome: Outcome) -> None:
        entry, early = read.entry, {fault.code for fault in outcome.faults} <= PREMATURE
        room = len(self._early) < 5 * self._terms.batch
        if outcome.status not in (REFUSED, FAILED):
            self.tally[outcome.status] += 1
            self._done.append(entry.id)
        elif outcome.status == FAILED:
            self.tally[FAILED] += 1
            if entry.deliveries >= self._terms.tries:
                self._conclude(entry, outcome.faults, bury=True)
        elif early and room and self._may_wait(read):
            self._early[entry.id] = read
        else:
            self._conclude(entry, outcome.faults, bury=False)

    def _conclude(self, entry: Entry, faults: Collection[Fault], bury: bool) -> None:
        now, whom = self._clock.now(), about(entry.id, address_in(entry.body or b""))
        answer = {**whom, "status": REFUSED, "faults": faults_json(faults)}
        letter = letter_fields(entry.id, entry.deliveries, faults, now, whom) if bury else {}
        self.tally["buried" if bury else REFUSED] += 1
        self._verdicts.append(Verdict(entry.id, {**answer, "at": format_instant(now)}, letter))

    def _tell(self) -> None:
        """Whatever is kept here until Redis has heard it is bounded, because nothing is read
        meanwhile."""
        if self._done or self._verdicts:
            keep_s = self._terms.keep_s
            since = self._clock.now() - keep_s * 1_000_000
            self._consumer.tell(self._done, self._verdicts, since, keep_s)
            self._done, self._verdicts = [], []

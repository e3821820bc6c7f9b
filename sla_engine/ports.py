"""Every seam of the engine on one page.

The core knows these protocols, adapters implement them, `wiring` joins the two. The log is the
one truth: alarms, projections and talks' memory are followers of it or written in its transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeVar

from sla_engine.errors import Conflict
from sla_engine.record import Draft, Instant, Recorded

T = TypeVar("T")


class AlarmRow(NamedTuple):
    """One row per clock of a stream: its next rung. `alarm_at` None: exhausted or stopped.

    A row also carries what a worklist orders by and what a scorecard counts, so that it never has
    to be computed at reading: when the clock `started` and by which `mark`, when it ended
    (`stopped`; by losing its object if `state` is "cancelled"), and who is `liable`: whoever is
    answerable at its end, or at its first late instant if that comes before. These follow from the
    facts alone, whenever the row was written. `state` does not say that a clock is overdue, which
    comes about without an alarm, nor that it has lapsed: `missed` is what it is once `due` has
    passed ("overdue" or "lapsed"), and whoever reads it compares.

    `lane` 0 is swept before lane 1, so that a backlog of long terms never delays a short one.
    `plan` holds the acts to come, ready made (`escalation.armed`), by the calendar whose digest is
    `rules`. Whoever appends to a stream writes its rows in the same transaction.
    """

    clause: str
    cycle: str
    state: str
    level: int
    unit: str
    due: Instant | None
    alarm_at: Instant | None
    rung: str
    started: Instant = 0
    stopped: Instant | None = None
    liable: str = ""
    mark: str = ""
    missed: str = "overdue"
    lane: int = 1
    rules: str = ""
    plan: bytes = b""

    @property
    def binds(self) -> bool:
        """Whether somebody is late once the due instant has passed."""
        return self.missed == "overdue"

    @property
    def owed_by(self) -> Instant | None:
        """By when something is owed; None where the clock has ended, stands still or only gives a
        right."""
        return self.due if self.stopped is None and self.binds else None

    def state_at(self, now: Instant) -> str:
        """The state of a clock, no sweep having to have seen that it is overdue or has lapsed."""
        missed = self.state == "running" and self.due is not None and now > self.due
        return self.missed if missed else self.state


class Claim(NamedTuple):
    """A stream with alarms that have come: the version it is at, and all of its rows that are due,
    of whatever lane."""

    stream: str
    version: int
    due: Sequence[AlarmRow]


class Answer(NamedTuple):
    """What the log holds under an intake key: where it went and the digest of its body."""

    stream: str
    version: int
    body_digest: str


class Transaction(Protocol):
    """Reads and writes that commit together or not at all. Held briefly; no network inside.

    A stream that is loaded or claimed is this transaction's until it ends: no other writer changes
    it meanwhile. Events, keys and alarms are gathered and written in one go at the end, in the
    order of `append`; whoever reads within the transaction sees them. What only shows then (a key
    that is taken) is raised when the block ends.
    """

    def load(self, stream: str, after: int = 0) -> Sequence[Recorded]:
        """The events of a stream behind version `after`, in order; empty when there is none."""
        ...

    def load_all(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Recorded]]:
        """`load` for many streams (by the version each is known to) at once; a batch that knows
        its streams begins with this, so that two batches never wait for each other in turn."""
        ...

    def after_commit(self, do: Callable[[], object]) -> None:
        """Have `do` called once everything has committed; never, if it does not."""
        ...

    def answers(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Answer]:
        """Which (source, key) pairs are already in the log."""
        ...

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> Sequence[Recorded]:
        """Append behind version `after`; registers (source, key) of each draft that has one.

        Raises errors.Conflict `STREAM_MOVED` when the stream is elsewhere, and at the end of the
        transaction `KEY_TAKEN` when a (source, key) or a rung key is already there. Positions are
        given when the transaction commits; until then they are 0.
        """
        ...

    def expect(self, stream: str, version: int) -> None:
        """Whatever is appended in this transaction was decided by a stream at this version. Raises
        errors.Conflict `STREAM_MOVED` at its end when the stream was elsewhere by then. It is not
        locked: others may move it as soon as this has committed."""
        ...

    def set_alarms(self, stream: str, rows: Sequence[AlarmRow]) -> None:
        """Replace the stream's rows of the alarm index."""
        ...

    def put_alarm(self, stream: str, row: AlarmRow) -> None:
        """Write one row of the alarm index and leave the stream's others."""
        ...

    def claim(
        self, now: Instant, limit: int, lane: int, besides: Set[str] = frozenset()
    ) -> Sequence[Claim]:
        """Up to `limit` streams with an alarm of `lane` at or before `now`, earliest first. Those
        that another writer holds are passed over, as are those of `besides`."""
        ...

    def due_among(self, streams: Iterable[str], now: Instant) -> Set[str]:
        """Which of these streams have an alarm at or before `now`."""
        ...

    def keep_personal(self, subject: str, fields: Mapping[str, str]) -> None:
        """Store personal fields in the erasable table under the subject's own secret."""
        ...

    def secret(self, subject: str) -> bytes:
        """The subject's secret, made at first use; raises `SUBJECT_ERASED` once destroyed."""
        ...

    def erase(self, subject: str) -> None:
        """Destroy the subject's personal fields and secret."""
        ...

    def remembered(self, follower: str) -> Mapping[str, bytes]:
        """Small keyed memory of a follower (process manager, projection)."""
        ...

    def remember(self, follower: str, changes: Mapping[str, bytes | None]) -> None:
        """Write or delete (None) keys of that memory."""
        ...

    def position(self, follower: str) -> int:
        """How far a follower has come in the log."""
        ...

    def advance(self, follower: str, position: int) -> None:
        """Move a follower; never backwards."""
        ...


class Log(Protocol):
    """The event log with its alarm index and erasable side tables."""

    def transact(self) -> AbstractContextManager[Transaction]:
        """One write transaction. Writers of different streams may work side by side; positions are
        given in the order of commits, so that whoever follows the log never misses an event.

        Raises errors.Conflict or errors.Unavailable, at its beginning or its end.
        """
        ...

    def now(self) -> Instant | None:
        """The database's own time, for all processes that share it; None where it has none."""
        ...

    def read(self, stream: str, after: int = 0) -> Sequence[Recorded]:
        """A stream behind version `after` outside any transaction (all of it goes through the
        repository's projector path)."""
        ...

    def follow(self, after: int, limit: int) -> Sequence[Recorded]:
        """Events with position > `after`, in order."""
        ...

    def scan(self) -> Iterator[Recorded]:
        """The whole log in order; a raw cursor for bulk replay."""
        ...

    def histories(self, prefix: str) -> Iterator[tuple[str, Sequence[Recorded]]]:
        """Streams that begin with `prefix`, in order, each with all its events."""
        ...

    def streams(self, prefix: str) -> Iterator[str]:
        """Stream ids that begin with `prefix`, in order."""
        ...

    def head(self) -> int:
        """Position of the newest event, 0 when empty."""
        ...

    def next_alarm(self) -> Instant | None:
        """The earliest alarm in the index."""
        ...

    def count_due(self, now: Instant) -> int:
        """How many alarms have come and are not dealt with."""
        ...

    def alarms(self, prefix: str = "") -> Iterator[tuple[str, AlarmRow]]:
        """Rows of the alarm index, by due."""
        ...

    def open_streams(self, after: str, limit: int) -> Sequence[str]:
        """Streams with a clock in the alarm index that has not ended, those behind `after`, in
        order."""
        ...

    def count_open(self) -> int:
        """How many streams have a clock in the alarm index that has not ended."""
        ...

    def personal(self, subject: str) -> Mapping[str, str]:
        """Personal fields of a subject; empty once erased."""
        ...


class Secret(NamedTuple):
    """What a vault keeps under a name: a digest or a salted hash, never a password or a key.

    `owner`: the account it belongs to; `until`: it is gone from then on, never if 0; `at`: when it
    was last used; `tally`: how often something was counted.
    """

    owner: str
    value: bytes
    until: Instant = 0
    at: Instant = 0
    tally: int = 0


class Vault(Protocol):
    """What proves who somebody is. It is beside the log, because a log forgets nothing; every
    method is a transaction of its own, seen by all processes that share the store."""

    def get(self, kind: str, name: str, now: Instant) -> Secret | None:
        """What is kept, unless it is gone by now."""
        ...

    def put(self, kind: str, name: str, secret: Secret) -> None:
        """Keep it instead of what was kept under this name."""
        ...

    def touch(self, kind: str, name: str, at: Instant) -> None:
        """It was used; nothing happens where nothing is kept."""
        ...

    def count(self, kind: str, name: str, now: Instant, until: Instant) -> int:
        """Count once more and return the tally; a tally that is gone by `now` begins anew, and
        lasts `until`."""
        ...

    def drop(self, kind: str, name: str) -> None:
        """Keep it no longer."""
        ...

    def drop_owned(self, kind: str, owner: str) -> None:
        """Keep nothing of this kind that belongs to this owner."""
        ...

    def all(self, kind: str, now: Instant) -> Iterator[tuple[str, Secret]]:
        """What is kept of a kind and not gone by now, by name."""
        ...

    def purge(self, now: Instant) -> None:
        """Keep nothing that is gone by now."""
        ...


def attempt(work: Callable[[], T], tries: int = 8) -> T:
    """`work` opens a transaction, decides and commits; it is done again when another writer was
    quicker. Raises the last errors.Conflict when that never ends."""
    for _ in range(tries - 1):
        try:
            return work()
        except Conflict:
            continue
    return work()

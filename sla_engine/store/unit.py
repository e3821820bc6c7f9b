"""A transaction as it is seen from above: what is decided is gathered, and written at its end.

Whatever a unit of work has gathered is visible to whoever reads through it. The databases know
nothing of that: they answer what they hold (`Tables`) and take all changes at once (`Changes`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn, Protocol, overload

import msgspec

from sla_engine.errors import Conflict, Fault, Refusal, refuse
from sla_engine.ports import AlarmRow, Answer, Claim
from sla_engine.projection import Columns, DeadLetter
from sla_engine.record import Draft, Instant, Recorded
from sla_engine.store.codec import Batch, Entry, Kept, WireMapper
from sla_engine.store.keys import IntakeRow, RungRow, intake_rows, rung_rows
from sla_engine.store.refusals import FOLLOWER_BACKWARDS, STREAM_MOVED, SUBJECT_ERASED

Pair = tuple[str, str]
Clocks = dict[Pair, AlarmRow]
"""Rows of one stream by clause and cycle."""
Table = tuple[str, int]
"""A projection and a generation of it."""


@dataclass(slots=True)
class Changes:
    """Everything that commits at once. Nothing of it contradicts itself."""

    batch: Batch = field(default_factory=lambda: Batch([], [], []))
    expected: dict[str, int] = field(default_factory=dict)
    """Versions that other streams are to be at."""
    intake: list[IntakeRow] = field(default_factory=list)
    clocks: dict[str, Clocks] = field(default_factory=dict)
    """All rows that a stream is to have."""
    clock: dict[str, Clocks] = field(default_factory=dict)
    """Single rows of streams that keep their others."""
    begun: dict[str, int] = field(default_factory=dict)
    """Positions of followers that had none."""
    advanced: dict[str, int] = field(default_factory=dict)
    memory: dict[str, dict[str, bytes | None]] = field(default_factory=dict)
    rows: dict[Table, dict[str, Columns | None]] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    """Of subjects that had none."""
    personal: dict[str, bytes] = field(default_factory=dict)
    """All fields of a subject, as JSON."""
    erased: dict[str, None] = field(default_factory=dict)

    def rungs(self) -> list[RungRow]:
        return rung_rows(self.batch)


class Tables(Protocol):
    """One open database transaction. Every error of a driver comes out as a Refusal."""

    failure: Refusal | None
    """The first Conflict or Unavailable; after it nothing can commit."""

    def heads(self, streams: Sequence[str]) -> Mapping[str, int]:
        """Versions of those streams that exist. Locks them."""
        ...

    def events(self, after: Mapping[str, int], heads: dict[str, int]) -> Iterable[Kept]:
        """Events behind those versions, each stream's in order. Locks the streams, and notes in
        `heads` the versions that became known on the way."""
        ...

    def answers(self, keys: Sequence[Pair]) -> Mapping[Pair, Answer]: ...
    def clocks(self, streams: Sequence[str]) -> Iterable[tuple[str, AlarmRow]]: ...
    def claim(self, now: Instant, limit: int, lane: int, besides: Set[str]) -> Sequence[Claim]:
        """Streams by their first alarm of that lane, locked, each with all of its rows that are
        due, as they are once the lock is held."""
        ...

    def due_among(self, streams: Sequence[str], now: Instant) -> set[str]: ...
    def subject(self, subject: str) -> tuple[bool, bytes] | None:
        """Whether it is erased, and its secret. Locks the subject."""
        ...

    def personal(self, subject: str) -> dict[str, str]: ...
    def memory(self, follower: str) -> dict[str, bytes]: ...
    def position(self, follower: str) -> int | None:
        """None if it has none. Locks the follower."""
        ...

    def rows(self, table: Table, keys: Sequence[str]) -> dict[str, Columns]: ...
    def forget(self, follower: str) -> None: ...
    def bury(self, letter: DeadLetter) -> None: ...
    def drop_rows(self, projection: str, keep: int) -> None: ...
    def commit(self, changes: Changes, mapper: WireMapper) -> None:
        """Write all of it, in order, and commit."""
        ...


class Appended(Sequence[Recorded]):
    """Entries that are made when somebody looks at them, which who appends seldom does."""

    def __init__(self, stream: str, after: int, drafts: Sequence[Draft]) -> None:
        self._stream = stream
        self._after = after
        self._drafts = drafts
        self._made: list[Recorded] | None = None

    def _entries(self) -> list[Recorded]:
        if self._made is None:
            self._made = [
                Entry(self._stream, version, 0, meta, event)
                for version, (meta, event) in enumerate(self._drafts, self._after + 1)
            ]
        return self._made

    def __len__(self) -> int:
        return len(self._drafts)

    @overload
    def __getitem__(self, index: int) -> Recorded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recorded]: ...
    def __getitem__(self, index: int | slice) -> Recorded | Sequence[Recorded]:
        return self._entries()[index]

    def __iter__(self) -> Iterator[Recorded]:
        return iter(self._entries())


class UnitOfWork:
    """Implements `ports.Transaction` and `projection.FollowerTransaction`.

    A Conflict or Unavailable spends the unit: leaving its block rolls everything back and raises
    it again, even if it was caught inside.
    """

    def __init__(
        self, tables: Tables, mapper: WireMapper, make_secret: Callable[[], bytes]
    ) -> None:
        self._tables = tables
        self._mapper = mapper
        self._make_secret = make_secret
        self._changes = Changes()
        self._heads: dict[str, int] = {}
        self._own: dict[str, list[Appended]] = {}
        self._keys: dict[Pair, Answer] = {}
        self._keyed = 0
        self._positions: dict[str, int | None] = {}
        self._advanced: dict[str, int] = {}
        self._secrets: dict[str, bytes | None] = {}
        self._fields: dict[str, dict[str, str]] = {}
        self._committed: list[Callable[[], object]] = []

    # ------------------------------------------------------------------------------- its end

    def after_commit(self, do: Callable[[], object]) -> None:
        self._committed.append(do)

    def commit(self) -> None:
        """Write what was gathered; raises again what has spent the unit."""
        self.check()
        self._gather_keys()
        changes = self._changes
        assert changes.expected.keys().isdisjoint(self._own), "what is appended to does not stand"
        changes.personal = {
            subject: msgspec.json.encode(fields) for subject, fields in self._fields.items()
        }
        for follower, position in self._advanced.items():
            new = self._positions[follower] is None
            (changes.begun if new else changes.advanced)[follower] = position
        self._tables.commit(changes, self._mapper)

    def committed(self) -> None:
        """Call what waited for the commit."""
        for do in self._committed:
            do()

    def check(self) -> None:
        if self._tables.failure is not None:
            raise self._tables.failure

    @property
    def erased(self) -> bool:
        return bool(self._changes.erased)

    # ------------------------------------------------------------------------------- the log

    def load(self, stream: str, after: int = 0) -> Sequence[Recorded]:
        return self.load_all({stream: after})[stream]

    def load_all(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Recorded]]:
        heads: dict[str, int] = {}
        found: dict[str, list[Recorded]] = {stream: [] for stream in after}
        for entry in self._mapper.entries(self._tables.events(after, heads)):
            found[entry.stream].append(entry)
        for stream, head in heads.items():
            self._heads.setdefault(stream, head)
        for stream in self._own.keys() & after.keys():
            own = chain.from_iterable(self._own[stream])
            found[stream] += [each for each in own if each.version > after[stream]]
        return found

    def answers(self, keys: Iterable[Pair]) -> Mapping[Pair, Answer]:
        self._gather_keys()
        wanted = dict.fromkeys(keys)
        own = {pair: self._keys[pair] for pair in wanted.keys() & self._keys.keys()}
        asked = [pair for pair in wanted if pair not in own]
        return {**self._tables.answers(asked), **own} if asked else own

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> Sequence[Recorded]:
        self.check()
        head = self._head(stream)
        if head != after:
            self._spend(Conflict(Fault(STREAM_MOVED, stream, str(head), str(after))))
        appended = Appended(stream, after, drafts)
        if drafts:
            self._heads[stream] = head = after + len(drafts)
            streams, versions, gathered = self._changes.batch
            streams += [stream] * len(drafts)
            versions += range(after + 1, head + 1)
            gathered += drafts
            self._own.setdefault(stream, []).append(appended)
        return appended

    def expect(self, stream: str, version: int) -> None:
        # Who expects something else later on has learned of it too late.
        self._changes.expected.setdefault(stream, version)

    def _head(self, stream: str) -> int:
        head = self._heads.get(stream)
        if head is None:
            head = self._heads[stream] = self._tables.heads([stream]).get(stream, 0)
        return head

    def _gather_keys(self) -> None:
        """Keys of what was appended since they were last looked at."""
        batch = self._changes.batch
        if self._keyed < len(batch.drafts):
            rows = intake_rows(batch, self._keyed)
            self._keyed = len(batch.drafts)
            self._changes.intake += rows
            for source, key, stream, version, body_digest in rows:
                self._keys.setdefault((source, key), Answer(stream, version, body_digest))

    def _spend(self, conflict: Conflict) -> NoReturn:
        self._tables.failure = conflict
        raise conflict

    # -------------------------------------------------------------------------------- alarms

    def set_alarms(self, stream: str, rows: Sequence[AlarmRow]) -> None:
        self._changes.clocks[stream] = {(row.clause, row.cycle): row for row in rows}
        self._changes.clock.pop(stream, None)

    def put_alarm(self, stream: str, row: AlarmRow) -> None:
        whole = self._changes.clocks.get(stream)
        rows = self._changes.clock.setdefault(stream, {}) if whole is None else whole
        rows[(row.clause, row.cycle)] = row

    def clocks(self, stream: str) -> Sequence[AlarmRow]:
        return self.clocks_all([stream])[stream]

    def clocks_all(self, streams: Collection[str]) -> Mapping[str, Sequence[AlarmRow]]:
        whole = self._changes.clocks
        found: dict[str, list[AlarmRow]] = {stream: [] for stream in streams}
        asked = [stream for stream in found if stream not in whole]
        for stream, row in self._tables.clocks(asked) if asked else ():
            found[stream].append(row)
        for stream in found.keys() & self._touched():
            own = whole.get(stream) or self._changes.clock.get(stream, {})
            rows = {(row.clause, row.cycle): row for row in found[stream]}
            found[stream] = list({**rows, **own}.values())
        return found

    def claim(
        self, now: Instant, limit: int, lane: int, besides: Set[str] = frozenset()
    ) -> Sequence[Claim]:
        touched, claims = self._touched(), list[Claim]()
        for stream in touched - besides:
            due = _due(self.clocks(stream), now)
            if any(row.lane == lane for row in due) and (head := self._head(stream)):
                claims.append(Claim(stream, head, due))
        for claim in self._tables.claim(now, limit, lane, besides | touched):
            head = self._heads.setdefault(claim.stream, claim.version)
            claims.append(claim._replace(version=head, due=_due(claim.due, now)))
        claims.sort(key=lambda claim: (_first(claim.due, lane), claim.stream))
        return claims[:limit]

    def due_among(self, streams: Iterable[str], now: Instant) -> Set[str]:
        asked, touched = set(streams), self._touched()
        own = {stream for stream in asked & touched if _due(self.clocks(stream), now)}
        others = sorted(asked - touched)
        return own | self._tables.due_among(others, now) if others else own

    def _touched(self) -> Set[str]:
        """Streams of which this unit has set alarms."""
        return self._changes.clocks.keys() | self._changes.clock.keys()

    # ------------------------------------------------------------------------- personal data

    def keep_personal(self, subject: str, fields: Mapping[str, str]) -> None:
        self.secret(subject)
        before = self._fields.get(subject)
        if before is None:
            new = subject in self._changes.secrets
            before = {} if new else self._tables.personal(subject)
        after = {**before, **fields}
        if after != before:
            self._fields[subject] = after

    def secret(self, subject: str) -> bytes:
        if subject not in self._secrets:
            stored = self._tables.subject(subject)
            if stored is None:
                self._secrets[subject] = self._changes.secrets[subject] = self._make_secret()
            else:
                erased, secret = stored
                self._secrets[subject] = None if erased else secret
        known = self._secrets[subject]
        if known is None:
            raise refuse(SUBJECT_ERASED)
        return known

    def erase(self, subject: str) -> None:
        self._fields.pop(subject, None)
        self._changes.secrets.pop(subject, None)
        self._secrets[subject] = None
        self._changes.erased[subject] = None

    # ----------------------------------------------------------------------------- followers

    def remembered(self, follower: str) -> Mapping[str, bytes]:
        memory: dict[str, bytes | None] = dict(self._tables.memory(follower))
        memory.update(self._changes.memory.get(follower, {}))
        return {key: value for key, value in memory.items() if value is not None}

    def remember(self, follower: str, changes: Mapping[str, bytes | None]) -> None:
        self._changes.memory.setdefault(follower, {}).update(changes)

    def position(self, follower: str) -> int:
        own = self._advanced.get(follower)
        return (self._stored_position(follower) or 0) if own is None else own

    def advance(self, follower: str, position: int) -> None:
        current = self.position(follower)
        if position < current:
            raise refuse(FOLLOWER_BACKWARDS, follower, str(current), str(position))
        self._advanced[follower] = position

    def forget(self, follower: str) -> None:
        self._advanced.pop(follower, None)
        self._changes.memory.pop(follower, None)
        self._positions[follower] = None
        self._tables.forget(follower)

    def bury(self, letter: DeadLetter) -> None:
        self._tables.bury(letter)

    def _stored_position(self, follower: str) -> int | None:
        if follower not in self._positions:
            self._positions[follower] = self._tables.position(follower)
        return self._positions[follower]

    # --------------------------------------------------------------------------- projections

    def rows(self, projection: str, generation: int, keys: Iterable[str]) -> Mapping[str, Columns]:
        own = self._changes.rows.get((projection, generation), {})
        wanted = dict.fromkeys(keys)
        asked = [key for key in wanted if key not in own]
        found = self._tables.rows((projection, generation), asked) if asked else {}
        for key in wanted.keys() & own.keys():
            if (columns := own[key]) is not None:
                found[key] = columns
        return found

    def put_rows(
        self, projection: str, generation: int, changes: Mapping[str, Columns | None]
    ) -> None:
        self._changes.rows.setdefault((projection, generation), {}).update(changes)

    def drop_rows(self, projection: str, keep: int) -> None:
        for table in list(self._changes.rows):
            if table[0] == projection and table[1] != keep:
                del self._changes.rows[table]
        self._tables.drop_rows(projection, keep)


def _due(rows: Iterable[AlarmRow], now: Instant) -> list[AlarmRow]:
    """Rows whose alarm has come, earliest first."""
    due = [(row.alarm_at, row) for row in rows if row.alarm_at is not None and row.alarm_at <= now]
    return [row for _, row in sorted(due, key=lambda each: (each[0], *each[1][:2]))]


def _first(due: Sequence[AlarmRow], lane: int) -> Instant:
    return min(row.alarm_at for row in due if row.lane == lane and row.alarm_at is not None)

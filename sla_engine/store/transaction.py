"""One write transaction on SQLite: events, keys, alarms, personal data, followers."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Protocol

import msgspec
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteCursor

from sla_engine.errors import Refusal, refuse
from sla_engine.ports import AlarmRow, Answer
from sla_engine.projection import Columns, DeadLetter
from sla_engine.record import Draft, Instant, Recorded
from sla_engine.store.application import Ledger, MakeSecret
from sla_engine.store.codec import Entry, new_tuple
from sla_engine.store.keys import rung_rows
from sla_engine.store.refusals import (
    FOLLOWER_BACKWARDS,
    KEY_TAKEN,
    STREAM_MOVED,
    SUBJECT_ERASED,
)

ALARM = ", ".join(AlarmRow._fields)
_ALARMS_OF_STREAM = f"SELECT {ALARM} FROM alarm WHERE stream = ?"
_REPLACE_ALARM = (
    f"INSERT OR REPLACE INTO alarm (stream, {ALARM}) "
    f"VALUES (?, {', '.join('?' * len(AlarmRow._fields))})"
)
_DELETE_ALARM = "DELETE FROM alarm WHERE stream = ? AND clause = ? AND cycle = ?"
DUE = "SELECT stream FROM alarm WHERE alarm_at <= ? ORDER BY alarm_at, stream"
_DUE_OF_STREAM = "SELECT 1 FROM alarm WHERE stream = ? AND alarm_at <= ? LIMIT 1"
_ADVANCE = (
    "INSERT INTO position VALUES (?, ?) ON CONFLICT (follower) DO UPDATE "
    "SET position = excluded.position WHERE excluded.position >= position.position"
)
_ROW = "SELECT columns FROM projection_row WHERE projection = ? AND generation = ? AND key = ?"
_DELETE_ROW = "DELETE FROM projection_row WHERE projection = ? AND generation = ? AND key = ?"
PERSONAL = "SELECT fields FROM personal WHERE subject = ? ORDER BY id DESC LIMIT 1"
# The same length, so that SQLite overwrites where the bytes are.
_WIPE_PERSONAL = "UPDATE personal SET fields = zeroblob(length(fields)) WHERE subject = ?"
_WIPE_SECRET = (
    "UPDATE subject_secret SET erased = 1, secret = zeroblob(length(secret)) WHERE subject = ?"
)
_NEW_SUBJECT = "INSERT INTO subject_secret (subject, erased, secret) VALUES (?, 0, ?)"


def read_fields(row: tuple[bytes] | None) -> dict[str, str]:
    """Fields of a row of `personal`; none where there is no row or it was wiped."""
    if row is None or not row[0].startswith(b"{"):
        return {}
    return msgspec.json.decode(row[0], type=dict[str, str])


class _Selects(Protocol):
    def select_within(
        self, within: SQLiteCursor, stream: str, after: int
    ) -> Sequence[StoredEvent]: ...
    def next_position(self, within: SQLiteCursor) -> int: ...


class SqliteTransaction:
    """Implements `ports.Transaction` and `projection.FollowerTransaction`.

    A refused `append` spends the transaction: part of the batch may have been written, so leaving
    the block rolls everything back even if the refusal was caught inside.
    """

    def __init__(
        self, cursor: SQLiteCursor, recorder: _Selects, ledger: Ledger, make_secret: MakeSecret
    ) -> None:
        self._cursor = cursor
        self._execute = cursor.sqlite_cursor.execute
        self._executemany = cursor.sqlite_cursor.executemany
        self._recorder = recorder
        self._ledger = ledger
        self._make_secret = make_secret
        self._next: int | None = None
        self._spent: Refusal | None = None
        self.erased = False
        self.committed: list[Callable[[], object]] = []

    # ------------------------------------------------------------------------------- the log

    def load(self, stream: str, after: int = 0) -> Sequence[Recorded]:
        return self._ledger.entries(self._recorder.select_within(self._cursor, stream, after))

    def load_all(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Recorded]]:
        return {stream: self.load(stream, version) for stream, version in after.items()}

    def due_among(self, streams: Iterable[str], now: Instant) -> set[str]:
        return {stream for stream in streams if self.due(stream, now)}

    def after_commit(self, do: Callable[[], object]) -> None:
        self.committed.append(do)

    def answers(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Answer]:
        found = {}
        for pair in keys:
            row = self._execute(
                "SELECT stream, version, body_digest FROM intake_key WHERE source = ? AND key = ?",
                pair,
            ).fetchone()
            if row:
                found[pair] = Answer(*row)
        return found

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> Sequence[Recorded]:
        self.check()
        head = self._head(stream)
        if head != after:
            raise self._spend(refuse(STREAM_MOVED, stream, str(head), str(after)))
        if self._next is None:
            self._next = self._recorder.next_position(self._cursor)
        entries = [
            new_tuple(Entry, (stream, version, position, meta, event))
            for version, position, (meta, event) in zip(
                count(after + 1), count(self._next), drafts, strict=False
            )
        ]
        try:
            self._ledger.record(entries, within=self._cursor, numbered=True)
        except sqlite3.IntegrityError as error:
            raise self._spend(refuse(KEY_TAKEN, stream, self._taken(entries))) from error
        self._next += len(entries)
        return entries

    def check(self) -> None:
        """Raise again the refusal that spent this transaction."""
        if self._spent:
            raise self._spent

    def _spend(self, refusal: Refusal) -> Refusal:
        self._spent = refusal
        return refusal

    def _head(self, stream: str) -> int:
        row = self._execute(
            "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", (stream,)
        ).fetchone()
        return row[0] or 0

    def _taken(self, entries: Sequence[Recorded]) -> str:
        """The first key of the batch that somebody else holds, as far as it can be named."""
        for stream, version, _, meta, _ in entries:
            held = self.answers([(meta.source, meta.key)]).get((meta.source, meta.key))
            if held and (held.stream, held.version) != (stream, version):
                return f"{meta.source}:{meta.key}"
        return ", ".join(row.key for row in rung_rows(entries))

    # -------------------------------------------------------------------------------- alarms

    def set_alarms(self, stream: str, rows: Sequence[AlarmRow]) -> None:
        wanted = {(row.clause, row.cycle): row for row in rows}
        present = {(row.clause, row.cycle): row for row in self.clocks(stream)}
        gone = [(stream, *name) for name in present.keys() - wanted.keys()]
        changed = [(stream, *row) for name, row in wanted.items() if present.get(name) != row]
        if gone:
            self._executemany(_DELETE_ALARM, gone)
        if changed:
            self._executemany(_REPLACE_ALARM, changed)

    def clocks(self, stream: str) -> Sequence[AlarmRow]:
        return [AlarmRow._make(row) for row in self._execute(_ALARMS_OF_STREAM, (stream,))]

    def due_streams(self, now: Instant, limit: int) -> Sequence[str]:
        # Read in the order of the index and stopped at the limit: a herd is never sorted whole.
        cursor = self._execute(DUE, (now,))
        streams: dict[str, None] = {}
        for (stream,) in cursor:
            streams[stream] = None
            if len(streams) >= limit:
                break
        return list(streams)

    def due(self, stream: str, now: Instant) -> bool:
        return self._execute(_DUE_OF_STREAM, (stream, now)).fetchone() is not None

    # ------------------------------------------------------------------------- personal data

    def keep_personal(self, subject: str, fields: Mapping[str, str]) -> None:
        self.secret(subject)
        stored = self._execute(PERSONAL, (subject,)).fetchone()
        before = read_fields(stored)
        after = {**before, **fields}
        if after != before:
            self._execute(_WIPE_PERSONAL, (subject,))
            self._execute(
                "INSERT INTO personal (subject, fields) VALUES (?, ?)",
                (subject, msgspec.json.encode(after)),
            )

    def secret(self, subject: str) -> bytes:
        row = self._execute(
            "SELECT erased, secret FROM subject_secret WHERE subject = ?", (subject,)
        ).fetchone()
        if row is None:
            secret = self._make_secret()
            self._execute(_NEW_SUBJECT, (subject, secret))
            return secret
        erased, secret = row
        if erased:
            raise refuse(SUBJECT_ERASED)
        return bytes(secret)

    def erase(self, subject: str) -> None:
        self._execute(_WIPE_PERSONAL, (subject,))
        self._execute(_WIPE_SECRET, (subject,))
        # One who was never known here is erased all the same.
        self._execute(
            "INSERT OR IGNORE INTO subject_secret (subject, erased, secret) VALUES (?, 1, x'')",
            (subject,),
        )
        self._execute("INSERT INTO unscrubbed DEFAULT VALUES")
        self.erased = True

    # ----------------------------------------------------------------------------- followers

    def remembered(self, follower: str) -> Mapping[str, bytes]:
        return dict(self._execute("SELECT key, value FROM memory WHERE follower = ?", (follower,)))

    def remember(self, follower: str, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self._execute("DELETE FROM memory WHERE follower = ? AND key = ?", (follower, key))
            else:
                self._execute(
                    "INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (follower, key, value)
                )

    def position(self, follower: str) -> int:
        row = self._execute(
            "SELECT position FROM position WHERE follower = ?", (follower,)
        ).fetchone()
        return row[0] if row else 0

    def advance(self, follower: str, position: int) -> None:
        if self._execute(_ADVANCE, (follower, position)).rowcount == 0:
            current = self.position(follower)
            raise refuse(FOLLOWER_BACKWARDS, follower, str(current), str(position))

    def forget(self, follower: str) -> None:
        for table in ("position", "memory", "dead_letter"):
            self._execute(f"DELETE FROM {table} WHERE follower = ?", (follower,))

    def bury(self, letter: DeadLetter) -> None:
        self._execute("INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?)", letter)

    # --------------------------------------------------------------------------- projections

    def rows(self, projection: str, generation: int, keys: Iterable[str]) -> Mapping[str, Columns]:
        found = {}
        for key in keys:
            row = self._execute(_ROW, (projection, generation, key)).fetchone()
            if row:
                found[key] = msgspec.json.decode(row[0], type=Columns)
        return found

    def put_rows(
        self, projection: str, generation: int, changes: Mapping[str, Columns | None]
    ) -> None:
        kept, gone = [], []
        for key, columns in changes.items():
            if columns is None:
                gone.append((projection, generation, key))
            else:
                text = msgspec.json.encode(columns).decode()
                kept.append((projection, generation, key, text))
        if kept:
            self._executemany("INSERT OR REPLACE INTO projection_row VALUES (?, ?, ?, ?)", kept)
        if gone:
            self._executemany(_DELETE_ROW, gone)

    def drop_rows(self, projection: str, keep: int) -> None:
        self._execute(
            "DELETE FROM projection_row WHERE projection = ? AND generation <> ?",
            (projection, keep),
        )

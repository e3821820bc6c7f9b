"""The SQLite recorder: `eventsourcing`'s, with one writer at a time and side tables beside it.

Every write transaction is `BEGIN IMMEDIATE` with a bounded wait, so several local processes may
write. Readers use connections of their own and never wait for a writer.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Literal, cast, get_args
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    ConnectionUnavailableError,
    Notification,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
    SQLiteTransaction,
)
from eventsourcing.utils import Environment, EnvType

from sla_engine.errors import Refusal, refuse
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns, DeadLetter
from sla_engine.record import Instant
from sla_engine.store.application import Ledger, MakeSecret
from sla_engine.store.codec import Stored, new_tuple
from sla_engine.store.fairlock import FairLock
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.migrate import migrate
from sla_engine.store.refusals import STORE_BUSY
from sla_engine.store.transaction import PERSONAL, SqliteTransaction, read_fields

Synchronous = Literal["FULL", "NORMAL", "OFF"]

LAST_CHARACTER = "\U0010ffff"
_EVENT = "originator_id, originator_version, topic, state, notification_id"
_ALARM = "stream, clause, cycle, state, level, unit, due, alarm_at, rung"
_PAGE = 2_000
_SCRUB_WAIT_MS = 200
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class _Connection(SQLiteConnection):
    def reading(self) -> sqlite3.Cursor:
        """A cursor for a single SELECT, which is its own snapshot and needs no BEGIN."""
        return self._sqlite_conn.cursor()


class _Pool(SQLiteConnectionPool):
    def __init__(self, db_name: str, synchronous: Synchronous, wait: float) -> None:
        assert synchronous in get_args(Synchronous), "a pragma takes no parameters"
        super().__init__(db_name=db_name, pool_timeout=wait)
        self._synchronous = synchronous
        self._wait = wait

    def _create_connection(self) -> SQLiteConnection:
        # The library's own would prepare every statement anew: its statement cache holds one.
        connection = sqlite3.connect(
            self.db_name,
            timeout=self._wait,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=128,
            uri=True,
        )
        if not self.is_sqlite_memory_mode:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        # Erased personal data is overwritten, not merely unlinked.
        connection.execute("PRAGMA secure_delete = ON")
        return _Connection(connection, max_age=None)


class _Writing(AbstractContextManager[SQLiteCursor]):
    """A write transaction, from asking for one's turn to giving the connection back."""

    def __init__(self, pool: SQLiteConnectionPool, turn: FairLock, wait: float) -> None:
        self._pool = pool
        self._turn = turn
        self._wait = wait

    def __enter__(self) -> SQLiteCursor:
        if not self._turn.acquire(timeout=self._wait):
            raise self._busy()
        try:
            self._connection = self._pool.get_connection(is_writer=True)
        except ConnectionUnavailableError as error:
            self._turn.release()
            raise self._busy() from error
        try:
            self._cursor = self._connection.cursor()
            # A deferred transaction could not wait for the lock once it has read.
            self._cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            self._give_back()
            if error.sqlite_errorcode & 0xFF in _BUSY:
                raise self._busy() from error
            raise
        return self._cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # Commits or rolls back, and puts the driver's errors into the library's terms.
            SQLiteTransaction(self._connection, commit=True).__exit__(kind, error, traceback)
        finally:
            self._cursor.sqlite_cursor.close()
            self._give_back()

    def _give_back(self) -> None:
        self._pool.put_connection(self._connection)
        self._turn.release()

    def _busy(self) -> Refusal:
        return refuse(STORE_BUSY, allowed=f"{self._wait:g}")


class Datastore(SQLiteDatastore):
    """Connections of one database. `wait` bounds, in seconds, the wait for the write lock."""

    def __init__(self, db_name: str, synchronous: Synchronous, wait: float) -> None:
        self.pool = _Pool(db_name, synchronous, wait)
        self.single_row_tracking = True
        self.originator_id_type = "text"
        self._wait = wait
        # The pool has a writer lock too, but there readers queue behind a waiting writer.
        self._turn = FairLock()

    def transaction(  # type: ignore[override]  # the base is a decorated generator
        self, *, commit: bool
    ) -> AbstractContextManager[SQLiteCursor]:
        """A transaction; a writing one refuses `STORE_BUSY` when it cannot begin in time."""
        if commit:
            return _Writing(self.pool, self._turn, self._wait)
        return super().transaction(commit=False)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """A cursor for one SELECT outside any transaction."""
        connection = self.pool.get_connection(is_writer=False)
        cursor = cast(_Connection, connection).reading()
        try:
            yield cursor
        finally:
            cursor.close()
            self.pool.put_connection(connection)


def _stored(rows: Iterable[Any]) -> Sequence[StoredEvent]:
    return cast(Sequence[StoredEvent], [new_tuple(Stored, row) for row in rows])


def _number(stored_events: Iterable[StoredEvent], first: int) -> list[tuple[Any, ...]]:
    return [
        (stored.originator_id, stored.originator_version, stored.topic, stored.state, position)
        for position, stored in enumerate(stored_events, first)
    ]


def _following(text: str) -> str:
    """The first text after `text` in SQLite's order."""
    return text + "\0"


class Recorder(SQLiteApplicationRecorder):
    """Events with their keys in one statement each, and the readers of every table."""

    datastore: Datastore

    def __init__(
        self, datastore: SQLiteDatastore, events_table_name: str = "stored_events"
    ) -> None:
        super().__init__(datastore, events_table_name)
        self._unscrubbed = False
        self.insert_events_statement = (
            f"INSERT INTO {events_table_name} ({_EVENT}) VALUES (?, ?, ?, ?, ?)"
        )
        self.select_events_statement = (
            f"SELECT {_EVENT} FROM {events_table_name} WHERE originator_id=? "
        )

    def migrate(self) -> None:
        """Bring the schema up to date; refuses `STORE_NEWER`."""
        with self.datastore.transaction(commit=True) as cursor:
            migrate(cursor.sqlite_cursor)
        # An erasure may have been cut off between its commit and its scrubbing.
        self.scrub()

    # ------------------------------------------------------------------------------- writing

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        within: SQLiteCursor | None = None,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        """Append, in the transaction of `within` or in one of its own.

        `intake` and `rungs` are the key rows that commit with the events. `numbered`: the stored
        events are `Stored` and carry their positions already.
        """
        if within is None:
            return super().insert_events(stored_events, **kwargs)
        return self._insert_events(within, stored_events, **kwargs)

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        *,
        numbered: bool = False,
        intake: Sequence[IntakeRow] = (),
        rungs: Sequence[RungRow] = (),
        **_: Any,
    ) -> Sequence[int]:
        if not stored_events:
            return ()
        cursor = c.sqlite_cursor
        rows: Sequence[Any] = (
            stored_events if numbered else _number(stored_events, self.next_position(c))
        )
        cursor.executemany(self.insert_events_statement, rows)
        if intake:
            cursor.executemany("INSERT INTO intake_key VALUES (?, ?, ?, ?, ?)", intake)
        if rungs:
            cursor.executemany("INSERT INTO rung_key VALUES (?, ?)", rungs)
        first = rows[0][-1]
        return range(first, first + len(rows))

    def next_position(self, within: SQLiteCursor) -> int:
        """The position of the event that is appended next. Holds as long as the transaction: there
        is one writer, and nothing is ever deleted."""
        cursor = within.sqlite_cursor.execute(
            f"SELECT max(notification_id) FROM {self.events_table_name}"
        )
        return (cursor.fetchone()[0] or 0) + 1

    @contextmanager
    def begin(self, ledger: Ledger, make_secret: MakeSecret) -> Iterator[SqliteTransaction]:
        """One write transaction over every table; refuses `STORE_BUSY` at its start only."""
        with self.datastore.transaction(commit=True) as cursor:
            transaction = SqliteTransaction(cursor, self, ledger, make_secret)
            yield transaction
            transaction.check()
        self._unscrubbed |= transaction.erased
        if self._unscrubbed:
            self._unscrubbed = not self.scrub()

    # ------------------------------------------------------------------------------- reading

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        statement, params = self.select_events_statement, [cast(Any, originator_id)]
        if gt is not None:
            statement += "AND originator_version > ? "
            params.append(gt)
        if lte is not None:
            statement += "AND originator_version <= ? "
            params.append(lte)
        statement += f"ORDER BY originator_version {'DESC' if desc else 'ASC'} "
        if limit is not None:
            statement += "LIMIT ?"
            params.append(limit)
        return _stored(self._fetch(statement, params))

    def select_within(self, within: SQLiteCursor, stream: str) -> Sequence[StoredEvent]:
        """A stream as the open transaction sees it."""
        rows = within.sqlite_cursor.execute(
            f"{self.select_events_statement} ORDER BY originator_version", (stream,)
        )
        return _stored(rows)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        wanted = ["TRUE"]
        params: list[Any] = []
        if start is not None:
            wanted.append(f"notification_id {'>=' if inclusive_of_start else '>'} ?")
            params.append(start)
        if stop is not None:
            wanted.append("notification_id <= ?")
            params.append(stop)
        if topics:
            wanted.append(f"topic IN ({', '.join('?' * len(topics))})")
            params.extend(topics)
        rows = self._fetch(
            f"SELECT {_EVENT} FROM {self.events_table_name} WHERE {' AND '.join(wanted)} "
            "ORDER BY notification_id LIMIT ?",
            [*params, limit],
        )
        return cast(Sequence[Notification], _stored(rows))

    def streams(self, prefix: str) -> Iterator[str]:
        """Stream ids with that prefix in order, a page at a time."""
        start = prefix
        while page := self._fetch(
            f"SELECT DISTINCT originator_id FROM {self.events_table_name} "
            "WHERE originator_id >= ? AND originator_id < ? ORDER BY originator_id LIMIT ?",
            (start, prefix + LAST_CHARACTER, _PAGE),
        ):
            yield from (stream for (stream,) in page)
            start = _following(page[-1][0])

    def next_alarm(self) -> Instant | None:
        rows = self._fetch(
            "SELECT alarm_at FROM alarm WHERE alarm_at IS NOT NULL ORDER BY alarm_at LIMIT 1"
        )
        return cast(Instant, rows[0][0]) if rows else None

    def alarms(self, prefix: str) -> Iterator[tuple[str, AlarmRow]]:
        """Rows of the alarm index by due, those without due last."""
        if prefix:
            # The unary plus keeps SQLite on the primary key: the due index would be read whole.
            rows: Iterator[Any] = iter(
                self._fetch(
                    f"SELECT {_ALARM} FROM alarm WHERE stream >= ? AND stream < ? "
                    "ORDER BY due IS NULL, +due, stream, clause, cycle",
                    (prefix, prefix + LAST_CHARACTER),
                )
            )
        else:
            rows = self._all_alarms()
        for stream, *columns in rows:
            yield stream, AlarmRow(*columns)

    def _all_alarms(self) -> Iterator[Any]:
        last: tuple[Any, ...] = (-(2**63), "", "", "")
        while page := self._fetch(
            f"SELECT {_ALARM} FROM alarm WHERE (due, stream, clause, cycle) > (?, ?, ?, ?) "
            "ORDER BY due, stream, clause, cycle LIMIT ?",
            (*last, _PAGE),
        ):
            yield from page
            stream, clause, cycle, _, _, _, due, _, _ = page[-1]
            last = (due, stream, clause, cycle)
        yield from self._fetch(
            f"SELECT {_ALARM} FROM alarm WHERE due IS NULL ORDER BY stream, clause, cycle"
        )

    def personal(self, subject: str) -> dict[str, str]:
        return read_fields(next(iter(self._fetch(PERSONAL, (subject,))), None))

    def position(self, follower: str) -> int:
        rows = self._fetch("SELECT position FROM position WHERE follower = ?", (follower,))
        return cast(int, rows[0][0]) if rows else 0

    def memory(self, follower: str) -> dict[str, bytes]:
        return dict(self._fetch("SELECT key, value FROM memory WHERE follower = ?", (follower,)))

    def table(self, projection: str, generation: int, prefix: str) -> Iterator[tuple[str, Columns]]:
        """Rows of a read model by key, a page at a time."""
        start = prefix
        while page := self._fetch(
            "SELECT key, columns FROM projection_row WHERE projection = ? AND generation = ? "
            "AND key >= ? AND key < ? ORDER BY key LIMIT ?",
            (projection, generation, start, prefix + LAST_CHARACTER, _PAGE),
        ):
            for key, columns in page:
                yield key, msgspec.json.decode(columns, type=Columns)
            start = _following(page[-1][0])

    def dead_letters(self, follower: str) -> Iterator[DeadLetter]:
        rows = self._fetch(
            "SELECT * FROM dead_letter WHERE follower = ? ORDER BY position", (follower,)
        )
        return map(DeadLetter._make, rows)

    def scrub(self) -> bool:
        """Move the write-ahead log into the database and empty it, so that erased bytes are gone.

        False while a reader holds an older snapshot; then the next write tries again.
        """
        with self.datastore.reading() as cursor:
            waits = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {_SCRUB_WAIT_MS}")
            blocked = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {waits}")
        return not blocked

    def _fetch(self, statement: str, params: Sequence[Any] = ()) -> list[Any]:
        with self.datastore.reading() as cursor:
            return cursor.execute(statement, params).fetchall()


class Factory(SQLiteFactory):
    """Named by `PERSISTENCE_MODULE`. Own settings: `SQLITE_SYNCHRONOUS`, `SQLITE_WAIT` (s)."""

    application_recorder_class = Recorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore = Datastore(
            self.env.get(self.SQLITE_DBNAME, ""),
            cast(Synchronous, self.env.get("SQLITE_SYNCHRONOUS", "FULL")),
            float(self.env.get("SQLITE_WAIT", "5")),
        )

    def application_recorder(self) -> ApplicationRecorder:
        recorder = cast(Recorder, super().application_recorder())
        recorder.migrate()
        return recorder

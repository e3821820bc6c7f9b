"""The SQLite recorder: keys commit with the events, and every table has its readers here."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
)
from eventsourcing.utils import Environment, EnvType

from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns, DeadLetter
from sla_engine.record import Instant
from sla_engine.store.application import Ledger, MakeSecret
from sla_engine.store.codec import Stored, new_tuple
from sla_engine.store.datastore import Datastore, Synchronous
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.migrate import is_current, migrate
from sla_engine.store.transaction import ALARM, PERSONAL, SqliteTransaction, read_fields

LAST_CHARACTER = "\U0010ffff"
_EVENT = "originator_id, originator_version, topic, state, notification_id"
_ALARM = f"stream, {ALARM}"
_PAGE = 2_000
_SCRUB_WAIT_MS = 200


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
        self._select_behind = (
            f"{self.select_events_statement} AND originator_version > ? ORDER BY originator_version"
        )

    def migrate(self) -> None:
        """Bring the schema up to date; refuses `STORE_NEWER`."""
        with self.datastore.reading() as cursor:
            current = is_current(cursor)
        if not current:
            with self.datastore.transaction(commit=True) as transaction:
                migrate(transaction.sqlite_cursor)
        self._finish_erasures()

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
        for do in transaction.committed:
            do()
        if transaction.erased or self._unscrubbed:
            self._finish_erasures()

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

    def select_within(self, within: SQLiteCursor, stream: str, after: int) -> Sequence[StoredEvent]:
        """A stream behind a version, as the open transaction sees it."""
        rows = within.sqlite_cursor.execute(self._select_behind, (stream, after))
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
            stream, row = page[-1][0], AlarmRow(*page[-1][1:])
            last = (row.due, stream, row.clause, row.cycle)
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

    def _finish_erasures(self) -> None:
        """Scrub if an erasure is waiting for it, be it one that another process left behind."""
        waiting = self._fetch("SELECT max(id) FROM unscrubbed")[0][0]
        self._unscrubbed = waiting is not None and not self.scrub()
        if waiting is not None and not self._unscrubbed:
            with self.datastore.transaction(commit=True) as cursor:
                cursor.execute("DELETE FROM unscrubbed WHERE id <= ?", (waiting,))

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

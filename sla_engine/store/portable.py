"""Everything a log consists of as plain rows, out of one store and into another, of either kind.

What can be derived is left behind: keys of events, the alarm index, read models. Their followers
begin anew in the other store, and the index is marked as stale, so that whoever opens it first
makes it again.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from sla_engine.batches import batched
from sla_engine.errors import refuse, register
from sla_engine.record import Recorded
from sla_engine.store.application import PetitionLog
from sla_engine.store.codec import decode
from sla_engine.store.keys import batch_of, intake_rows, rung_rows
from sla_engine.store.postgres.datastore import Datastore as PostgresDatastore
from sla_engine.store.sqlite.datastore import Datastore as SqliteDatastore

Row = tuple[Any, ...]

EVENTS, SUBJECTS, PERSONAL = "events", "subjects", "personal"

TARGET_NOT_EMPTY = register(
    "TARGET_NOT_EMPTY",
    "{where} 中已有数据（{found}行），不能恢复到其中",
    "{where} is not empty ({found} rows); nothing is restored into it",
    "换一个新的数据库文件或空的 PostgreSQL 数据库",
    "name a new file or an empty PostgreSQL database",
)


_STAYS = "follower <> 'alarm' AND follower NOT LIKE 'projection/%'"
_PROVES = "kind IN ('password', 'key')"


class Member(NamedTuple):
    """Rows of one table that travel: those of read models stay behind, as do sessions."""

    name: str
    table: str
    columns: tuple[str, ...]
    order: str
    which: str = ""


MEMBERS = (
    Member(
        EVENTS,
        "stored_events",
        ("originator_id", "originator_version", "notification_id", "topic", "state"),
        "notification_id",
    ),
    Member(SUBJECTS, "subject_secret", ("subject", "erased", "secret"), "id"),
    Member(PERSONAL, "personal", ("subject", "fields"), "id"),
    Member("positions", "position", ("follower", "position"), "follower", _STAYS),
    Member("memory", "memory", ("follower", "key", "value"), "follower, key", _STAYS),
    Member(
        "dead_letters",
        "dead_letter",
        ("follower", "position", "stream", "version", "reason"),
        "follower, position",
        _STAYS,
    ),
    Member(
        "secrets",
        "secret",
        ("kind", "name", "owner", "value", "until", "at", "tally"),
        "kind, name",
        _PROVES,
    ),
)
DERIVED = frozenset(
    {"intake_key", "rung_key", "stream", "alarm", "projection_row", "unscrubbed", "schema_version"}
)
"""Tables that are made again from the events, or say something about one file alone."""

_STALE_INDEX = ("alarm", "stale", b"1")
_BATCH = 2_000


class Source(Protocol):
    """A store as it was at one instant, while it is written to."""

    kind: str

    def one(self, statement: str) -> Any:
        """The one value that a statement gives."""
        ...

    def rows(self, member: Member) -> Iterator[Row]:
        """Rows in their order, with a bounded number of them in memory."""
        ...


class Target(Source, Protocol):
    """An empty store, filled in one transaction."""

    def name(self) -> str:
        """What an operator knows the store by: its file, or its database."""
        ...

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None: ...


def fill(target: Target, member: Member, rows: Iterable[Row]) -> None:
    """Put the rows of a member into a target, with the keys that its events claim."""
    for batch in batched(rows, _BATCH):
        target.put(member.table, member.columns, batch)
        if member.name == EVENTS:
            entries = [
                Recorded(stream, version, position, *decode(wire, state))
                for stream, version, position, wire, state in batch
            ]
            batch_ = batch_of(entries)
            intake = intake_rows(batch_)
            target.put("intake_key", ("source", "key", "stream", "version", "body_digest"), intake)
            target.put("rung_key", ("stream", "key"), rung_rows(batch_))


def read(log: PetitionLog) -> AbstractContextManager[Source]:
    """A store as it is now, to be read at leisure; keeps no writer waiting."""
    store = log.factory.datastore  # type: ignore[attr-defined]  # every factory of ours has one
    return _read_sqlite(store) if isinstance(store, SqliteDatastore) else _read_postgres(store)


@contextmanager
def write(log: PetitionLog) -> Iterator[Target]:
    """A store that is empty but for its schema; refuses `TARGET_NOT_EMPTY`. What was put into it
    is there when the block has ended well, else nothing is."""
    store = log.factory.datastore  # type: ignore[attr-defined]
    opened = _fill_sqlite(store) if isinstance(store, SqliteDatastore) else _fill_postgres(store)
    with opened as target:
        found = sum(target.one(f"SELECT count(*) FROM {member.table}") for member in MEMBERS)
        if found:
            raise refuse(TARGET_NOT_EMPTY, target.name(), found)
        yield target
        target.put("memory", ("follower", "key", "value"), [_STALE_INDEX])


# ----------------------------------------------------------------------------------------- SQLite


class _Sqlite:
    kind = "sqlite"

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def name(self) -> str:
        return str(self.one("SELECT file FROM pragma_database_list WHERE name = 'main'"))

    def one(self, statement: str) -> Any:
        return self._cursor.execute(statement).fetchone()[0]

    def rows(self, member: Member) -> Iterator[Row]:
        return iter(self._cursor.execute(_selection(member)))

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        places = ", ".join("?" * len(columns))
        self._cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows
        )


@contextmanager
def _read_sqlite(store: SqliteDatastore) -> Iterator[Source]:
    with store.reading() as cursor:
        cursor.execute("BEGIN")
        try:
            yield _Sqlite(cursor)
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def _fill_sqlite(store: SqliteDatastore) -> Iterator[Target]:
    with store.writing() as cursor:
        yield _Sqlite(cursor)
        cursor.execute("COMMIT")


# ------------------------------------------------------------------------------------- PostgreSQL


class _Postgres:
    kind = "postgresql"

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def name(self) -> str:
        return self._connection.info.dbname

    def one(self, statement: str) -> Any:
        row = self._connection.execute(statement.encode()).fetchone()
        assert row is not None, "an aggregate has a row"
        return row[0]

    def rows(self, member: Member) -> Iterator[Row]:
        with self._connection.cursor(name=f"backup_{member.name}") as cursor:
            cursor.itersize = _BATCH
            yield from cursor.execute(_selection(member).encode())

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        into = SQL("COPY {} ({}) FROM STDIN").format(
            Identifier(table), SQL(", ").join(map(Identifier, columns))
        )
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def _read_postgres(store: PostgresDatastore) -> Iterator[Source]:
    with _at_leisure(store, "ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
        yield _Postgres(connection)


@contextmanager
def _fill_postgres(store: PostgresDatastore) -> Iterator[Target]:
    with _at_leisure(store, "READ WRITE") as connection:
        yield _Postgres(connection)
        connection.execute(
            "INSERT INTO stream (stream, version) "
            "SELECT originator_id, max(originator_version) FROM stored_events GROUP BY 1"
        )


@contextmanager
def _at_leisure(store: PostgresDatastore, mode: str) -> Iterator[Connection[Any]]:
    """A transaction that may take hours."""
    with store.connection() as connection, connection.transaction():
        connection.execute(f"SET TRANSACTION {mode}".encode())
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def _selection(member: Member) -> str:
    where = f" WHERE {member.which}" if member.which else ""
    return f"SELECT {', '.join(member.columns)} FROM {member.table}{where} ORDER BY {member.order}"

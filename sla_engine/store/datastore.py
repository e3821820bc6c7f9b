"""Connections to one SQLite file: one writer at a time, readers beside it.

Every write transaction is `BEGIN IMMEDIATE` with a bounded wait, so several local processes may
write. Readers use connections of their own and never wait for a writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Literal, cast, get_args

from eventsourcing.persistence import ConnectionUnavailableError
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from sla_engine.errors import Refusal, refuse
from sla_engine.store.fairlock import FairLock
from sla_engine.store.refusals import STORE_BUSY

Synchronous = Literal["FULL", "NORMAL", "OFF"]

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

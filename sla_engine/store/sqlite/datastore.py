"""Connections to one SQLite file: one writer at a time, readers beside it.

Every write transaction is `BEGIN IMMEDIATE` with a bounded wait, so several local processes may
write. Readers use connections of their own and never wait for a writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from threading import Event
from types import TracebackType
from typing import Literal, cast, get_args

from eventsourcing.persistence import ConnectionPoolClosedError
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore

from sla_engine.store.fairlock import FairLock
from sla_engine.store.sqlite.refusals import busy, refusal_of, refusal_or, translated

Synchronous = Literal["FULL", "NORMAL", "OFF"]

_AGAIN_S = 0.01


class _Connection(SQLiteConnection):
    def bare(self) -> sqlite3.Cursor:
        """The driver's own cursor."""
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
            _log_ahead(connection, self._wait)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        # Erased personal data is overwritten, not merely unlinked.
        connection.execute("PRAGMA secure_delete = ON")
        return _Connection(connection, max_age=None)


def _log_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Keep the database in WAL mode. SQLite's own timeout does not cover the first time: whoever
    switches a new file has read it already, and then refuses to wait for another writer."""
    for left in reversed(range(ceil(wait / _AGAIN_S) + 1)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
        Event().wait(_AGAIN_S)


class Datastore(SQLiteDatastore):
    """Connections of one database. `wait` bounds, in seconds, the wait for the write lock."""

    def __init__(self, db_name: str, synchronous: Synchronous, wait: float) -> None:
        self.pool = _Pool(db_name, synchronous, wait)
        self.single_row_tracking = True
        self.originator_id_type = "text"
        self.wait = wait
        # The pool has a writer lock too, but there readers queue behind a waiting writer.
        self.turn = FairLock()
        self._writer: _Connection | None = None

    def writer(self) -> _Connection:
        """The one connection that writes, for whoever has the turn. In memory it comes from the
        pool, where writing and reading exclude each other."""
        if self.pool.is_sqlite_memory_mode:
            return cast(_Connection, self.pool.get_connection(is_writer=True))
        if self.pool.closed:
            raise ConnectionPoolClosedError
        if self._writer is None:
            self._writer = cast(_Connection, self.pool._create_connection())
        return self._writer

    def give_back(self, writer: _Connection) -> None:
        if self.pool.is_sqlite_memory_mode:
            self.pool.put_connection(writer)

    def close(self) -> None:
        super().close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def writing(self) -> "Writing":
        """A cursor within a write transaction, which its user commits; what is not committed is
        rolled back. Refuses `STORE_BUSY` when it cannot begin in time."""
        return Writing(self)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """A cursor for one SELECT outside any transaction."""
        with translated(self.wait):
            connection = self.pool.get_connection(is_writer=False)
            try:
                cursor = cast(_Connection, connection).bare()
                try:
                    yield cursor
                finally:
                    cursor.close()
            finally:
                self.pool.put_connection(connection)


class Writing:
    """A write transaction, from asking for one's turn to giving the connection back. It is no
    generator because a single append spends most of its time in such things."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def __enter__(self) -> sqlite3.Cursor:
        store = self._datastore
        if not store.turn.acquire(timeout=store.wait):
            raise busy(store.wait)
        try:
            self._connection = store.writer()
        except BaseException as error:
            store.turn.release()
            raise refusal_or(error, store.wait) from error
        self._cursor = self._connection.bare()
        try:
            # A deferred transaction could not wait for the lock once it has read.
            self._cursor.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._give_back()
            raise refusal_or(error, store.wait) from error
        return self._cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._cursor.connection.in_transaction:
                # A full disk may have ended it already.
                with suppress(sqlite3.OperationalError):
                    self._cursor.execute("ROLLBACK")
        finally:
            self._give_back()
        if isinstance(error, sqlite3.Error):
            raise refusal_of(error, self._datastore.wait) from error

    def _give_back(self) -> None:
        self._cursor.close()
        self._datastore.give_back(self._connection)
        self._datastore.turn.release()

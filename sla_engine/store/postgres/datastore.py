"""Connections to one PostgreSQL database, each set up the same way and none used when dead."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import psycopg
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Identifier
from psycopg_pool import PoolTimeout

from sla_engine.store.postgres.refusals import away, busy, translated
from sla_engine.store.sessions import Sessions

_DEFAULTS: dict[str, str | int] = {
    "application_name": "sla-engine",
    "connect_timeout": 5,
    # A host that has vanished says nothing: it is given up after half a minute.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_LOOK_S = 0.25
_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)

Bare = Connection[Any]


class Datastore(PostgresDatastore):
    """Connections of one database whose sessions see one schema."""

    def __init__(self, url: str, sessions: Sessions) -> None:
        self.sessions = sessions
        self.schema = sessions.schema
        self.wait = sessions.wait
        self.single_row_tracking = True
        self.originator_id_type = "text"
        self.enable_db_functions = False
        self.lock_timeout = 0
        self.db_type_names = set()
        self.pool = ConnectionPool(
            connection_class=Connection,
            kwargs={**_DEFAULTS, **conninfo_to_dict(url), "autocommit": True},
            min_size=1,
            max_size=sessions.connections,
            open=False,
            configure=_set_up(sessions),
            # It is tried again by whoever asks next, not at ever longer intervals.
            reconnect_timeout=0,
            num_workers=2,
        )

    def register_type_adapters(self) -> None:
        """Ours are plain arrays."""

    @contextmanager
    def connection(self) -> Iterator[Bare]:
        """A live connection outside any transaction; whatever is left open in it is rolled back."""
        with translated(self.wait):
            connection = self._take()
            try:
                yield connection
            finally:
                if connection.pgconn.transaction_status in _OPEN:
                    with suppress(psycopg.Error):
                        connection.rollback()
                self.pool.putconn(connection)

    def _take(self) -> Bare:
        self.pool.open()
        tries = max(1, round(self.wait / _LOOK_S))
        while tries:
            try:
                connection = self.pool.getconn(timeout=_LOOK_S)
            except PoolTimeout:
                tries -= 1
                continue
            if not _hung_up(connection):
                return connection
            connection.close()
            self.pool.putconn(connection)
        full = self.pool.get_stats()["pool_size"] >= self.sessions.connections
        raise busy(self.wait) if full else away("no connection")


def _hung_up(connection: Bare) -> bool:
    """Whether the server has closed an idle connection, without asking it: only then is there
    anything to be read."""
    with DefaultSelector() as selector:
        selector.register(connection, EVENT_READ)
        return bool(selector.select(0))


def _set_up(sessions: Sessions) -> Callable[[Bare], None]:
    statement = SQL("; ").join(
        [
            SQL("SET search_path TO {}").format(Identifier(sessions.schema)),
            *(
                SQL("SET {} TO {}").format(Identifier(name), round(seconds * 1_000))
                for name, seconds in (
                    ("lock_timeout", sessions.wait),
                    ("idle_in_transaction_session_timeout", sessions.idle),
                    ("statement_timeout", sessions.statement),
                )
            ),
            # A plan lives as long as its connection: what was made for a small table must not read
            # it whole when it has grown.
            SQL("SET enable_seqscan TO off"),
            # Where a table must be read whole all the same, that would look so dear that the server
            # compiles the query, which takes longer than to run it.
            SQL("SET jit TO off"),
        ]
    )

    def set_up(connection: Bare) -> None:
        connection.execute(statement)

    return set_up

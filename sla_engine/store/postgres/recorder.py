"""The PostgreSQL recorder: the log, its side tables and their readers in one schema."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from eventsourcing.persistence import (
    ApplicationRecorder,
    BaseInfrastructureFactory,
    StoredEvent,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from eventsourcing.utils import Environment, EnvType
from psycopg.rows import tuple_row

from sla_engine.errors import Refusal
from sla_engine.record import Instant
from sla_engine.store.codec import WireMapper, columns_of
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.postgres.datastore import Datastore
from sla_engine.store.postgres.locks import key_of
from sla_engine.store.postgres.migrate import is_current, migrate
from sla_engine.store.postgres.tables import PostgresTables, percent
from sla_engine.store.sessions import Sessions
from sla_engine.store.tables import LAST_CHARACTER, PAGE, Readers, Row, Rows
from sla_engine.store.unit import UnitOfWork

logger = logging.getLogger(__name__)


class Recorder(Readers, PostgresApplicationRecorder):
    """Nothing is repeated here for minutes, as the library would: whoever asked decides."""

    datastore: Datastore
    tables: type[PostgresTables] = PostgresTables

    def __init__(
        self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events"
    ) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self._log_lock = key_of("append", datastore.schema)

    def migrate(self) -> None:
        """Bring the schema up to date; refuses `STORE_NEWER`."""
        with self.datastore.connection() as connection:
            if not is_current(connection):
                migrate(connection, self.datastore.schema)

    # ------------------------------------------------------------------------------- writing

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        intake: Sequence[IntakeRow] = (),
        rungs: Sequence[RungRow] = (),
        **_: Any,
    ) -> Sequence[int] | None:
        """Append in a transaction of its own; `intake` and `rungs` are the key rows that commit
        with the events. Returns their positions."""
        if not stored_events:
            return ()
        with self._open() as tables:
            last = tables.record(columns_of(stored_events), intake, rungs)
        return range(last - len(stored_events) + 1, last + 1)

    @contextmanager
    def begin(self, mapper: WireMapper, make_secret: Callable[[], bytes]) -> Iterator[UnitOfWork]:
        """One transaction over every table."""
        with self._open() as tables:
            unit = UnitOfWork(tables, mapper, make_secret)
            yield unit
            unit.commit()
        unit.committed()
        if unit.erased:
            self._sweep_up()

    @contextmanager
    def _open(self) -> Iterator[PostgresTables]:
        with self.datastore.connection() as connection:
            yield self.tables(connection, self.datastore.wait, self._log_lock)

    def _sweep_up(self) -> None:
        """Free what an erasure has left behind; if it cannot be done now, the server does it."""
        try:
            with self.datastore.connection() as connection:
                connection.execute("VACUUM subject_secret, personal")
        except Refusal as refusal:
            logger.warning("erased rows are left to autovacuum: %s", refusal)

    # ------------------------------------------------------------------------------- reading

    def now(self) -> Instant:
        """The server's time."""
        return cast(Instant, self.fetch("SELECT engine_now()")[0][0])

    def fetch(self, statement: str, parameters: Row = ()) -> Rows:
        with self.datastore.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row, binary=True)
            return cursor.execute(percent(statement), parameters).fetchall()

    def perform(self, statement: str, parameters: Row = ()) -> Rows:
        with self.datastore.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row, binary=True)
            cursor.execute(percent(statement), parameters)
            return cursor.fetchall() if cursor.description else []

    def streams(self, prefix: str) -> Iterator[str]:
        after, start = ">=", prefix
        while page := self.fetch(
            f"SELECT stream FROM stream WHERE stream {after} ? AND stream < ? "
            "ORDER BY stream LIMIT ?",
            (start, prefix + LAST_CHARACTER, PAGE),
        ):
            yield from (stream for (stream,) in page)
            after, start = ">", page[-1][0]


class Factory(PostgresFactory):
    """Named by `PERSISTENCE_MODULE`. Own settings: `POSTGRES_URL`, `POSTGRES_SESSIONS` (JSON)."""

    application_recorder_class = Recorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        # The library's own would ask for host, user and password one by one.
        BaseInfrastructureFactory.__init__(self, env)
        sessions = msgspec.json.decode(self.env.get("POSTGRES_SESSIONS", "{}"), type=Sessions)
        self.datastore = Datastore(self.env.get("POSTGRES_URL", ""), sessions)

    def application_recorder(self) -> ApplicationRecorder:
        try:
            recorder = cast(Recorder, super().application_recorder())
            recorder.migrate()
        except BaseException:
            self.datastore.close()
            raise
        return recorder

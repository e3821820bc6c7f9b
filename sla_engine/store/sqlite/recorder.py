"""The SQLite recorder: keys commit with the events, and every table has its readers here."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore, SQLiteFactory
from eventsourcing.utils import Environment, EnvType

from sla_engine.store.codec import WireMapper, columns_of
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.sqlite.datastore import Datastore, Synchronous
from sla_engine.store.sqlite.migrate import is_current, migrate
from sla_engine.store.sqlite.tables import SqliteTables
from sla_engine.store.tables import LAST_CHARACTER, PAGE, Readers, Row, Rows
from sla_engine.store.unit import UnitOfWork

_EVENT = "originator_id, originator_version, topic, state, notification_id"
_SCRUB_WAIT_MS = 200


class Recorder(Readers, SQLiteApplicationRecorder):
    """Events with their keys in one statement each, and the readers of every table."""

    datastore: Datastore
    tables: type[SqliteTables] = SqliteTables

    def __init__(
        self, datastore: SQLiteDatastore, events_table_name: str = "stored_events"
    ) -> None:
        super().__init__(datastore, events_table_name)
        self._unscrubbed = False

    def migrate(self) -> None:
        """Bring the schema up to date; refuses `STORE_NEWER`."""
        with self.datastore.reading() as cursor:
            current = is_current(cursor)
        if not current:
            with self.datastore.writing() as cursor:
                migrate(cursor)
                cursor.execute("COMMIT")
        self._finish_erasures()

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
        events = columns_of(stored_events)
        with self.datastore.writing() as cursor:
            tables = self.tables(cursor, self.datastore.wait)
            tables.write_log(events, intake, rungs)
            ((last,),) = tables.run("SELECT max(notification_id) FROM stored_events")
            tables.run("COMMIT")
        return range(last - len(stored_events) + 1, last + 1)

    @contextmanager
    def begin(self, mapper: WireMapper, make_secret: Callable[[], bytes]) -> Iterator[UnitOfWork]:
        """One write transaction over every table; refuses `STORE_BUSY` at its start only."""
        with self.datastore.writing() as cursor:
            unit = UnitOfWork(self.tables(cursor, self.datastore.wait), mapper, make_secret)
            yield unit
            unit.commit()
        unit.committed()
        if unit.erased or self._unscrubbed:
            self._finish_erasures()

    # ------------------------------------------------------------------------------- reading

    def now(self) -> None:
        """A file has no time of its own."""

    def fetch(self, statement: str, parameters: Row = ()) -> Rows:
        with self.datastore.reading() as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def perform(self, statement: str, parameters: Row = ()) -> Rows:
        with self.datastore.writing() as cursor:
            rows = cursor.execute(statement, parameters).fetchall()
            cursor.execute("COMMIT")
        return rows

    def streams(self, prefix: str) -> Iterator[str]:
        after, start = ">=", prefix
        while page := self.fetch(
            f"SELECT DISTINCT originator_id FROM stored_events WHERE originator_id {after} ? "
            "AND originator_id < ? ORDER BY originator_id LIMIT ?",
            (start, prefix + LAST_CHARACTER, PAGE),
        ):
            yield from (stream for (stream,) in page)
            after, start = ">", page[-1][0]

    # -------------------------------------------------------------------------------- erasure

    def _finish_erasures(self) -> None:
        """Scrub if an erasure is waiting for it, be it one that another process left behind."""
        waiting = self.fetch("SELECT max(id) FROM unscrubbed")[0][0]
        self._unscrubbed = waiting is not None and not self.scrub()
        if waiting is not None and not self._unscrubbed:
            with self.datastore.writing() as cursor:
                cursor.execute("DELETE FROM unscrubbed WHERE id <= ?", (waiting,))
                cursor.execute("COMMIT")

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

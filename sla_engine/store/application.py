"""The log as an `eventsourcing` application: one recorder, one mapper, one repository."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from secrets import token_bytes
from typing import Any, Protocol, cast
from urllib.parse import unquote

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    EventStore,
    Notification,
    Recording,
    StoredEvent,
)
from eventsourcing.utils import EnvType

from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns, DeadLetter, FollowerTransaction
from sla_engine.record import Instant, Recorded
from sla_engine.store.codec import Kept, WireMapper
from sla_engine.store.keys import batch_of, intake_rows, rung_rows
from sla_engine.store.sessions import Sessions
from sla_engine.store.tables import LAST_CHARACTER, Row, Rows
from sla_engine.store.vault import StoreVault

SECRET_BYTES = 32
_PAGE = 5_000
_SCHEMA = "schema="
_memory_names = count()

MakeSecret = Callable[[], bytes]
Mapped = DomainEventProtocol[str]


class Ledger(EventStore[str]):
    """Event store that hands each batch's keys to the recorder, to commit with the events."""

    mapper: WireMapper

    def put(self, domain_events: Sequence[Mapped], **kwargs: Any) -> list[Recording[str]]:
        """The library's own way in (`Application.save`)."""
        batch = batch_of(cast(Sequence[Recorded], domain_events))
        stored = [self.mapper.to_stored_event(event) for event in domain_events]
        positions = self.recorder.insert_events(
            stored, intake=intake_rows(batch), rungs=rung_rows(batch), **kwargs
        )
        assert positions is not None, "an application recorder numbers what it records"
        return [
            Recording(entry, _notification(each, position))
            for entry, each, position in zip(domain_events, stored, positions, strict=True)
        ]


def _notification(stored: StoredEvent, position: int) -> Notification:
    return Notification(
        stored.originator_id, stored.originator_version, stored.topic, stored.state, position
    )


class LogRecorder(Protocol):
    """What a database adapter adds to `eventsourcing`'s application recorder."""

    def begin(
        self, mapper: WireMapper, make_secret: MakeSecret
    ) -> AbstractContextManager[FollowerTransaction]: ...
    def now(self) -> Instant | None: ...
    def streams(self, prefix: str) -> Iterator[str]: ...
    def select_histories(
        self, after: tuple[str, int], below: str, limit: int
    ) -> Sequence[StoredEvent]: ...
    def next_alarm(self) -> Instant | None: ...
    def count_due(self, now: Instant) -> int: ...
    def alarms(self, prefix: str) -> Iterator[tuple[str, AlarmRow]]: ...
    def open_streams(self, after: str, limit: int) -> Sequence[str]: ...
    def count_open(self) -> int: ...
    def personal(self, subject: str) -> Mapping[str, str]: ...
    def position(self, follower: str) -> int: ...
    def positions(self) -> Mapping[str, int]: ...
    def memory(self, follower: str) -> Mapping[str, bytes]: ...
    def table(
        self, projection: str, generation: int, prefix: str
    ) -> Iterator[tuple[str, Columns]]: ...
    def page(
        self,
        projection: str,
        generation: int,
        prefix: str,
        after: str,
        limit: int,
        descending: bool,
    ) -> list[tuple[str, Columns]]: ...
    def rows_of(
        self, projection: str, generation: int, keys: Sequence[str]
    ) -> dict[str, Columns]: ...
    def count_rows(
        self, projection: str, generation: int, ranges: Sequence[tuple[str, str]]
    ) -> list[int]: ...
    def dead_letters(self, follower: str) -> Iterator[DeadLetter]: ...
    def fetch(self, statement: str, parameters: Row = ()) -> Rows: ...
    def perform(self, statement: str, parameters: Row = ()) -> Rows: ...


class PetitionLog(Application[str]):
    """Implements `ports.Log` (and `projection.FollowedLog`) over any recorder of ours.

    `make_secret` supplies a new subject's secret; a simulation passes a seeded one.
    """

    name = "petitions"
    is_snapshotting_enabled = False

    def __init__(self, env: EnvType, make_secret: MakeSecret) -> None:
        super().__init__(env)
        self._make_secret = make_secret

    def construct_event_store(self) -> Ledger:
        assert isinstance(self.mapper, WireMapper), "MAPPER_TOPIC names another mapper"
        return Ledger(mapper=self.mapper, recorder=self.recorder)

    @property
    def ledger(self) -> Ledger:
        return cast(Ledger, self.events)

    @property
    def tables(self) -> LogRecorder:
        """The recorder, seen from its side tables."""
        return cast(LogRecorder, self.recorder)

    @property
    def vault(self) -> StoreVault:
        """What proves who somebody is, in the same store."""
        return StoreVault(self.tables)

    def transact(self) -> AbstractContextManager[FollowerTransaction]:
        return self.tables.begin(self.ledger.mapper, self._make_secret)

    def now(self) -> Instant | None:
        return self.tables.now()

    def read(self, stream: str, after: int = 0) -> Sequence[Recorded]:
        if after:
            return list(cast(Iterable[Recorded], self.events.get(stream, gt=after)))
        return cast(
            Sequence[Recorded],
            self.repository.get(stream, projector_func=cast(Any, _as_they_are)),
        )

    def follow(self, after: int, limit: int) -> Sequence[Recorded]:
        stored = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        return self.ledger.mapper.entries(cast("Sequence[Kept]", stored))

    def scan(self) -> Iterator[Recorded]:
        after = 0
        while page := self.follow(after, _PAGE):
            yield from page
            after = page[-1].position

    def histories(self, prefix: str) -> Iterator[tuple[str, Sequence[Recorded]]]:
        """Streams with that prefix, in order, each with all its events: a page of events costs one
        statement, however many streams it holds."""
        after, held = (prefix, 0), list[Recorded]()
        while page := self.tables.select_histories(after, prefix + LAST_CHARACTER, _PAGE):
            for each in self.ledger.mapper.entries(cast("Iterable[Kept]", page)):
                if held and each.stream != held[0].stream:
                    yield held[0].stream, held
                    held = []
                held.append(each)
            after = (held[0].stream, held[-1].version)
        if held:
            yield held[0].stream, held

    def streams(self, prefix: str) -> Iterator[str]:
        return self.tables.streams(prefix)

    def head(self) -> int:
        return self.recorder.max_notification_id() or 0

    def next_alarm(self) -> Instant | None:
        return self.tables.next_alarm()

    def count_due(self, now: Instant) -> int:
        return self.tables.count_due(now)

    def alarms(self, prefix: str = "") -> Iterator[tuple[str, AlarmRow]]:
        return self.tables.alarms(prefix)

    def open_streams(self, after: str, limit: int) -> Sequence[str]:
        return self.tables.open_streams(after, limit)

    def count_open(self) -> int:
        return self.tables.count_open()

    def personal(self, subject: str) -> Mapping[str, str]:
        return self.tables.personal(subject)

    def position(self, follower: str) -> int:
        return self.tables.position(follower)

    def positions(self) -> Mapping[str, int]:
        """Of every follower that has one, by name."""
        return self.tables.positions()

    def memory(self, follower: str) -> Mapping[str, bytes]:
        return self.tables.memory(follower)

    def table(
        self, projection: str, generation: int, prefix: str = ""
    ) -> Iterator[tuple[str, Columns]]:
        return self.tables.table(projection, generation, prefix)

    def page(
        self,
        projection: str,
        generation: int,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        return self.tables.page(projection, generation, prefix, after, limit, descending)

    def rows_of(self, projection: str, generation: int, keys: Sequence[str]) -> dict[str, Columns]:
        return self.tables.rows_of(projection, generation, keys)

    def count_rows(
        self, projection: str, generation: int, ranges: Sequence[tuple[str, str]]
    ) -> list[int]:
        return self.tables.count_rows(projection, generation, ranges)

    def dead_letters(self, follower: str) -> Iterator[DeadLetter]:
        return self.tables.dead_letters(follower)


def _as_they_are(_: None, entries: Iterable[Recorded]) -> Sequence[Recorded]:
    return list(entries)


def random_secret() -> bytes:
    return token_bytes(SECRET_BYTES)


def open_sqlite(
    path: Path | str,
    *,
    synchronous: str = "FULL",
    wait: float = 5.0,
    make_secret: MakeSecret = random_secret,
) -> PetitionLog:
    """Open (and bring up to date) a log in one SQLite file.

    `wait` bounds, in seconds, how long a writer waits for another; then `STORE_BUSY`.
    `synchronous` below "FULL" may lose the newest commits when the power fails.
    Refuses `STORE_NEWER` if a newer program has written the file.
    """
    return PetitionLog(
        {
            "PERSISTENCE_MODULE": "sla_engine.store.sqlite:Factory",
            "MAPPER_TOPIC": "sla_engine.store.codec:WireMapper",
            "ORIGINATOR_ID_TYPE": "text",
            "CREATE_TABLE": "n",
            # A cached dossier would be stale: events are saved here, not aggregates.
            "AGGREGATE_CACHE_MAXSIZE": "",
            "SQLITE_DBNAME": str(path),
            "SQLITE_SYNCHRONOUS": synchronous,
            "SQLITE_WAIT": str(wait),
        },
        make_secret,
    )


def open_postgres(
    url: str,
    *,
    schema: str = "public",
    wait: float = 5.0,
    idle: float = 15.0,
    statement: float = 60.0,
    connections: int = 10,
    make_secret: MakeSecret = random_secret,
) -> PetitionLog:
    """Open (and bring up to date) a log in one schema of a PostgreSQL database.

    Seconds: `wait` bounds the wait for another writer's lock and for a connection; a process that
    stands still within a transaction for longer than `idle` loses it; no statement takes longer
    than `statement`. Settings in the address itself (`?sslmode=...`) come before ours. Refuses
    `STORE_NEWER` if a newer program has been here; raises errors.Unavailable `STORE_AWAY`.
    """
    sessions = Sessions(schema, wait, idle, statement, connections)
    return PetitionLog(
        {
            "PERSISTENCE_MODULE": "sla_engine.store.postgres:Factory",
            "MAPPER_TOPIC": "sla_engine.store.codec:WireMapper",
            "ORIGINATOR_ID_TYPE": "text",
            "CREATE_TABLE": "n",
            "AGGREGATE_CACHE_MAXSIZE": "",
            "POSTGRES_URL": url,
            "POSTGRES_SESSIONS": msgspec.json.encode(sessions).decode(),
        },
        make_secret,
    )


def open_store(where: str | Path, *, wait: float = 5.0) -> PetitionLog:
    """Open the store that an operator names: an address `postgresql://...`, else a file. Our own
    option of an address is `?schema=NAME`."""
    if str(where).startswith(("postgresql://", "postgres://")):
        url, schema = _with_schema(str(where))
        return open_postgres(url, schema=schema, wait=wait)
    return open_sqlite(where, wait=wait)


def _with_schema(address: str) -> tuple[str, str]:
    """What the server's own library takes of an address, and the schema that it names."""
    url, _, query = address.partition("?")
    options = query.split("&") if query else []
    named = [each for each in options if each.startswith(_SCHEMA)]
    others = "&".join(each for each in options if each not in named)
    schema = unquote(named[-1].removeprefix(_SCHEMA)) if named else ""
    return f"{url}?{others}" if others else url, schema or "public"


def open_memory(make_secret: MakeSecret = random_secret) -> PetitionLog:
    """A log that lives in this process and is gone when it is closed.

    Reading and writing exclude each other here: within `transact()` read through the transaction.
    """
    name = f"file:petitions-{next(_memory_names)}?mode=memory&cache=shared"
    return open_sqlite(name, make_secret=make_secret)

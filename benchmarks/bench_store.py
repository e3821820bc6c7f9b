"""The event store: appending, replaying, finding what is due.

Our rival in appending is SQLite itself, given bytes that are ready; in replaying, an aggregate of
`eventsourcing` as its tutorial has it; in finding what is due, reading every clock.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, overload
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.harness import Claim, Contender, Race, Thunk
from sla_engine.dossier.events import StepDone
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.petition.events import Accepted, Dispatched, Registered, Resolved
from sla_engine.ports import AlarmRow
from sla_engine.record import Draft, Event, Meta, Recorded
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.store.codec import encode
from sla_engine.store.keys import IntakeRow

SECOND = 1_000_000
T0 = 1_773_000_000 * SECOND

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()

Petitions = Sequence[tuple[str, Sequence[Draft]]]


class Viewed(Sequence[Any]):
    """Answers that are brought into comparable form only when somebody compares them."""

    def __init__(self, size: int, view: Callable[[], Iterable[Any]]) -> None:
        self._size = size
        self._view = view

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._view())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return list(self)[index]


def _new_path() -> Path:
    return Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"


def _petitions(number: int, length: int, keyed: bool = False) -> Petitions:
    return [
        (
            f"petition/{n:06d}",
            [_draft(n, version, keyed) for version in range(1, length + 1)],
        )
        for n in range(number)
    ]


def _draft(n: int, version: int, keyed: bool) -> Draft:
    at = T0 + (n * 1_000 + version) * SECOND
    key = f"{n:06d}-{version:04d}" if keyed else ""
    meta = Meta(
        occurred_at=at,
        recorded_at=at + SECOND,
        actor="operator-17",
        role="clerk",
        unit="区住房和城乡建设局",
        source="12345" if keyed else "",
        key=key,
        body_digest=hashlib.sha256(key.encode()).hexdigest() if keyed else "",
    )
    return Draft(meta, _event(n, version))


def _event(n: int, version: int) -> Event:
    if version == 1:
        return Registered(f"{n:06d}", "beijing", "投诉", "110105", matter="房屋漏雨")
    match version % 4:
        case 1:
            return StepDone("onsite_arrived", f"A{version}", evidence=f"photo-{n}-{version}")
        case 2:
            return Dispatched("区住房和城乡建设局", f"A{version}", level="normal")
        case 3:
            return Accepted(f"A{version}")
        case _:
            return Resolved("solved", f"A{version}", f"DOC-{n}-{version}")


# -------------------------------------------------------------------------------------- appending


def _appending(batch: int, keyed: bool) -> Callable[[int], Race]:
    """A case is a batch: all events of one petition, in one transaction."""

    def build(size: int) -> Race:
        return Race(
            _petitions(size, batch, keyed),
            [
                Contender("transact + append", _append_ours),
                Contender("sqlite3 executemany of ready bytes", _append_raw),
            ],
        )

    return build


def _append_ours(cases: Petitions) -> Thunk:
    path = _new_path()
    log = open_sqlite(path)

    def append() -> Sequence[Any]:
        for stream, drafts in cases:
            with log.transact() as tx:
                tx.append(stream, 0, drafts)
        return Viewed(len(cases), lambda: _stored(path, cases))

    return append


def _append_raw(cases: Petitions) -> Thunk:
    """Into the same tables of the same file with the same settings."""
    path = _new_path()
    open_sqlite(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    batches = [_ready(stream, drafts) for stream, drafts in cases]

    def append() -> Sequence[Any]:
        for events, keys in batches:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
                "VALUES (?, ?, ?, ?)",
                events,
            )
            if keys:
                connection.executemany("INSERT INTO intake_key VALUES (?, ?, ?, ?, ?)", keys)
            connection.execute("COMMIT")
        return Viewed(len(cases), lambda: _stored(path, cases))

    return append


def _ready(stream: str, drafts: Sequence[Draft]) -> tuple[list[Any], list[Any]]:
    events, keys = [], []
    for version, (meta, fact) in enumerate(drafts, 1):
        events.append((stream, version, fact.WIRE, encode((meta, fact))))
        if meta.key:
            keys.append(IntakeRow(meta.source, meta.key, stream, version, meta.body_digest))
    return events, keys


def _stored(path: Path, cases: Petitions) -> Iterator[str]:
    """A digest of the rows that each batch became."""
    connection = sqlite3.connect(path)
    for stream, _ in cases:
        events = connection.execute(
            "SELECT * FROM stored_events WHERE originator_id = ? ORDER BY 1", (stream,)
        )
        keys = connection.execute("SELECT * FROM intake_key WHERE stream = ?", (stream,))
        rows = repr((events.fetchall(), sorted(keys.fetchall())))
        yield hashlib.sha256(rows.encode()).hexdigest()
    connection.close()


# -------------------------------------------------------------------------------------- replaying


class Petition(Aggregate):
    """A petition as the tutorial of `eventsourcing` would write it: JSON, dataclasses, UUIDs."""

    @event("Registered")
    def __init__(self, no: str, meta: dict[str, Any], body: dict[str, Any]) -> None:
        self.no = no
        self.facts = [(meta["occurred_at"], body)]

    @event("Recorded")
    def record(self, meta: dict[str, Any], body: dict[str, Any]) -> None:
        self.facts.append((meta["occurred_at"], body))


class Tutorial(Application[UUID]):
    """The library with its defaults, on a SQLite file."""


def _replaying(length: int) -> Callable[[int], Race]:
    """A case is a petition of `length` events."""

    def build(size: int) -> Race:
        return Race(
            _petitions(size, length),
            [
                Contender("repository.get(projector_func=fold)", _replay_ours),
                Contender("eventsourcing Aggregate and JSON", _replay_tutorial),
            ],
        )

    return build


def _replay_ours(cases: Petitions) -> Thunk:
    log = open_sqlite(_new_path(), synchronous="OFF")
    with log.transact() as tx:
        for stream, drafts in cases:
            tx.append(stream, 0, drafts)

    def replay() -> Sequence[Any]:
        get = log.repository.get
        dossiers = [get(stream, projector_func=PROJECT) for stream, _ in cases]
        return Viewed(len(cases), lambda: map(_facts, dossiers))

    return replay


def _project(_: None, entries: Iterable[Recorded]) -> Dossier:
    return fold("", entries)


PROJECT: Any = _project


def _facts(dossier: Dossier) -> list[tuple[int, dict[str, Any]]]:
    return [(fact.meta.occurred_at, _as_dict(fact.event)) for fact in dossier.facts]


def _replay_tutorial(cases: Petitions) -> Thunk:
    application = Tutorial(
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(_new_path())}
    )
    petitions = [_petition(stream, drafts) for stream, drafts in cases]
    application.save(*petitions)
    ids = [petition.id for petition in petitions]

    def replay() -> Sequence[Any]:
        get = application.repository.get
        again: list[Any] = [get(id_) for id_ in ids]
        return Viewed(len(cases), lambda: [petition.facts for petition in again])

    return replay


def _petition(stream: str, drafts: Sequence[Draft]) -> Petition:
    (meta, opening), *rest = drafts
    petition = Petition(stream, _as_dict(meta), _as_dict(opening))
    for meta, fact in rest:
        petition.record(_as_dict(meta), _as_dict(fact))
    return petition


def _as_dict(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


# ---------------------------------------------------------------------------- finding what is due

QUERIES = 20


def _due(size: int) -> Race:
    """Of `size` alarms one in a hundred is due. A case is an instant to ask about."""
    log = open_sqlite(_new_path(), synchronous="OFF")
    # Due instants in an order that has nothing to do with that of the streams.
    with log.transact() as tx:
        for n in range(size):
            at = T0 + (n * 7_919 % size) * SECOND
            tx.append(f"petition/{n:06d}", 0, [_draft(n, 1, keyed=False)])
            tx.set_alarms(f"petition/{n:06d}", [_alarm(at)])
    now = T0 + (size // 100) * SECOND - 1

    def with_index(cases: Sequence[int]) -> Thunk:
        return lambda: [_due_by_index(log, now, size) for now in cases]

    def with_scan(cases: Sequence[int]) -> Thunk:
        return lambda: [_due_by_scan(log, now) for now in cases]

    def with_python(cases: Sequence[int]) -> Thunk:
        return lambda: [_due_by_reading(log, now) for now in cases]

    return Race(
        [now] * QUERIES,
        [
            Contender("claim, index on the next rung", with_index),
            Contender("full scan in SQL", with_scan, share=0.2),
            Contender("full scan in Python", with_python, share=0.1),
        ],
    )


def _alarm(at: int) -> AlarmRow:
    return AlarmRow("reply", "1", "running", 0, "区住房和城乡建设局", at, at, "breach")


def _due_by_index(log: PetitionLog, now: int, limit: int) -> list[str]:
    with log.transact() as tx:
        return [claim.stream for claim in tx.claim(now, limit, lane=1)]


def _due_by_scan(log: PetitionLog, now: int) -> list[str]:
    recorder: Any = log.recorder
    with recorder.datastore.reading() as cursor:
        rows = cursor.execute(
            "SELECT stream FROM alarm WHERE +alarm_at <= ? ORDER BY +alarm_at, stream", (now,)
        )
        return [stream for (stream,) in rows]


def _due_by_reading(log: PetitionLog, now: int) -> list[str]:
    due = [
        (row.alarm_at, stream)
        for stream, row in log.alarms()
        if row.alarm_at is not None and row.alarm_at <= now
    ]
    return [stream for _, stream in sorted(due)]


CLAIMS = [
    Claim("store: append 100 events in a transaction", _appending(100, False), 3, 40, 25),
    Claim("store: append 1000 events in a transaction", _appending(1_000, False), 1, 5, 25),
    Claim("store: append 100 events with intake keys", _appending(100, True), 3, 40, 25),
    Claim("store: append one event in a transaction", _appending(1, False), 20, 300, 15),
    Claim("store: replay a petition of 10 events", _replaying(10), 20, 200, 25),
    Claim("store: replay a petition of 100 events", _replaying(100), 3, 30, 25),
    Claim("store: find the streams that are due, 1 % of all", _due, 1_000, 100_000),
]

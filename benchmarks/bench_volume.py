"""Volume: what a batch of facts costs on its way in, and what following it costs.

Facts are a small city's, in order of arrival. The whole intake path is `Handler.take`: parsed,
decided, recognised if repeated, clocks and acts settled, alarms set; nobody follows. Rivals are
the databases and the library below, given what is ready: `executemany` of the rows of the log and
its keys, the library's own PostgreSQL recorder, `Application.save`. On PostgreSQL commits wait for
the disk, as they do on SQLite.
"""

import atexit
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import cache, partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from psycopg.conninfo import conninfo_to_dict

from benchmarks.bench_store import Viewed
from benchmarks.harness import Claim, Contender, Race, Thunk
from projections import READ_MODELS
from projections.worklist import Worklist
from scenarios.workload import Arrival, city
from sla_engine.catalog import load_rulebook
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import follower_name, read_rows
from sla_engine.identity import digest
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import Projection, tables
from sla_engine.record import Draft, Recorded
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.service.writer import Take, Writer
from sla_engine.store.application import PetitionLog, open_postgres, open_sqlite
from sla_engine.store.codec import columns_of, encode
from sla_engine.store.keys import batch_of, intake_rows, rung_rows
from sla_engine.worktime import parse_instant
from tests.support.servers import PostgresServer

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-03-20T00:00:00+08:00")
THREADS = 64
PAGE = 500

_OPEN = ExitStack()
_ROUNDS: deque[Application[Any]] = deque()
_MOST = 6


@atexit.register
def _close() -> None:
    while _ROUNDS:
        _ROUNDS.pop().close()
    _OPEN.close()


_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()

Open = Callable[[], PetitionLog]
TakeOf = Callable[[PetitionLog, Sequence[Submission]], Take]
A = TypeVar("A", bound=Application[Any])


def _briefly(application: A) -> A:
    """To be closed when some rounds have passed: a server has only so many connections."""
    _ROUNDS.append(application)
    if len(_ROUNDS) > _MOST:
        _ROUNDS.popleft().close()
    return application


@cache
def _rules() -> Rulebook:
    return load_rulebook()


def _sqlite() -> PetitionLog:
    path = Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"
    return open_sqlite(path, make_secret=lambda: bytes(32))


@cache
def _server() -> PostgresServer:
    return _OPEN.enter_context(PostgresServer(durable=True))


def _postgres() -> PetitionLog:
    url = _server().database()
    return open_postgres(url, make_secret=lambda: bytes(32))


# ------------------------------------------------------------------------------------ whole intake


class Told(NamedTuple):
    """What happened in a city, and the events that each transaction of intake makes of it."""

    arrivals: Sequence[Arrival]
    commits: Sequence[Sequence[Recorded]]

    @property
    def entries(self) -> Sequence[Recorded]:
        return [entry for commit in self.commits for entry in commit]


@cache
def _told(petitions: int, batch: int) -> Told:
    arrivals, log = city(1, petitions, BEGIN, END), _sqlite()
    heads = [0, *(log.head() for _ in _take(log, arrivals, batch))]
    entries = list(log.scan())
    return Told(arrivals, [entries[begin:end] for begin, end in pairwise(heads)])


def _take(log: PetitionLog, arrivals: Sequence[Arrival], batch: int) -> Iterable[None]:
    """A transaction at a time."""
    handler = Handler(log, _rules)
    for start in range(0, len(arrivals), batch):
        facts = arrivals[start : start + batch]
        handler.take([parse(arrival.fact) for arrival in facts], facts[-1].at)
        yield


def _intake(make: Open, batch: int, view: Callable[[PetitionLog], Any]) -> Contender:
    def prepare(arrivals: Sequence[Arrival]) -> Thunk:
        log = _briefly(make())

        def run() -> Sequence[Any]:
            for _ in _take(log, arrivals, batch):
                pass
            return Viewed(len(arrivals), lambda: [view(log)] * len(arrivals))

        return run

    return Contender(f"Handler.take, {batch} facts a commit", prepare)


def _on_sqlite(batch: int, petitions: int) -> Race:
    told = _told(petitions, batch)
    return Race(
        told.arrivals,
        [
            _intake(_sqlite, batch, _bytes_of),
            Contender("sqlite3 executemany of the same rows", partial(_executemany, told)),
        ],
    )


def _executemany(told: Told, arrivals: Sequence[Arrival]) -> Thunk:
    """Events and keys of each commit; the alarm index is spared."""
    log = _sqlite()
    connection = sqlite3.connect(_file_of(log), isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    commits = [_rows(entries) for entries in told.commits]

    def run() -> Sequence[Any]:
        for events, intake, rungs in commits:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
                "VALUES (?, ?, ?, ?)",
                events,
            )
            connection.executemany("INSERT INTO intake_key VALUES (?, ?, ?, ?, ?)", intake)
            connection.executemany("INSERT INTO rung_key VALUES (?, ?)", rungs)
            connection.execute("COMMIT")
        return Viewed(len(arrivals), lambda: [_bytes_of(log)] * len(arrivals))

    return run


def _rows(entries: Sequence[Recorded]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    events = [(e.stream, e.version, e.event.WIRE, encode((e.meta, e.event))) for e in entries]
    batch = batch_of(entries)
    return events, intake_rows(batch), rung_rows(batch)


def _file_of(log: PetitionLog) -> str:
    return str(log.env["SQLITE_DBNAME"])


def _bytes_of(log: PetitionLog) -> str:
    """A digest of the rows of the log and of its keys."""
    with sqlite3.connect(_file_of(log)) as connection:
        read = [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("stored_events", "intake_key", "rung_key")
        ]
    return digest(repr(read))


# ----------------------------------------------------------------------------- beside the library


class Petition(Aggregate):
    """A petition as the tutorial of `eventsourcing` would write it: JSON, dataclasses, UUIDs."""

    @event("Opened")
    def __init__(self, no: str) -> None:
        self.no = no
        self.facts: list[list[Any]] = []

    @event("Recorded")
    def record(self, meta: dict[str, Any], body: dict[str, Any]) -> None:
        self.facts.append([meta["occurred_at"], body])


class Tutorial(Application[UUID]):
    """The library with its defaults, on PostgreSQL."""


def _on_postgres(batch: int, petitions: int) -> Race:
    told = _told(petitions, batch)
    return Race(
        told.arrivals,
        [
            _intake(_postgres, batch, _facts_of),
            Contender("Application.save of ready aggregates", partial(_save, told)),
        ],
    )


def _save(told: Told, arrivals: Sequence[Arrival]) -> Thunk:
    """All events of a commit of ours at once; the aggregates have made theirs before."""
    application = _briefly(Tutorial(_library("uuid")))
    petitions: dict[str, Petition] = {}
    commits = [_ready(petitions, entries) for entries in told.commits]

    def run() -> Sequence[Any]:
        for commit in commits:
            for petition, events in commit:
                petition.pending_events.extend(events)
            application.save(*(petition for petition, _ in commit))
        return Viewed(len(arrivals), lambda: [_saved(application, petitions)] * len(arrivals))

    return run


def _ready(petitions: dict[str, Petition], entries: Sequence[Recorded]) -> list[tuple[Any, Any]]:
    """The aggregates of a commit, each with its events."""
    changed: dict[str, Petition] = {}
    for stream, _, _, meta, fact in entries:
        if stream not in petitions:
            petitions[stream] = Petition(stream)
        changed[stream] = petitions[stream]
        changed[stream].record(_as_dict(meta), _as_dict(fact))
    return [(petition, petition.collect_events()) for petition in changed.values()]


def _saved(application: Tutorial, petitions: dict[str, Petition]) -> str:
    get = application.repository.get
    again: dict[str, Petition] = {stream: get(each.id) for stream, each in petitions.items()}
    return digest({stream: each.facts for stream, each in again.items()})


def _facts_of(log: PetitionLog) -> str:
    facts: dict[str, Any] = {}
    for stream, _, _, meta, fact in log.scan():
        facts.setdefault(stream, []).append([meta.occurred_at, _as_dict(fact)])
    return digest(facts)


def _as_dict(struct: Any) -> dict[str, Any]:
    """Field by name, in what JSON knows."""
    return {name: msgspec.to_builtins(getattr(struct, name)) for name in struct.__struct_fields__}


def _library(ids: str) -> dict[str, str]:
    """The library's own settings for a fresh database."""
    where = conninfo_to_dict(_server().database())
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "ORIGINATOR_ID_TYPE": ids,
        "POSTGRES_PASSWORD": "-",
        **{
            f"POSTGRES_{name.upper()}": str(where[name])
            for name in ("host", "port", "user", "dbname")
        },
    }


# ---------------------------------------------------------------------------------- recorder alone


def _recording(batch: int, petitions: int) -> Race:
    """A case is an event, as it lies in the log."""
    stored = [
        StoredEvent(e.stream, e.version, e.event.WIRE, encode((e.meta, e.event)))
        for e in _told(petitions, batch).entries
    ]
    return Race(
        stored,
        [
            Contender(
                f"ours, {batch} events a commit",
                lambda cases: _insert(_postgres(), cases, batch),
            ),
            Contender(
                "the library's recorder",
                lambda cases: _insert(Application(_library("text")), cases, batch),
            ),
            Contender(
                "the rows alone, one statement, no lock",
                lambda cases: _insert(_postgres(), cases, batch, bare=True),
            ),
        ],
    )


_BARE = (
    "INSERT INTO stored_events "
    "(notification_id, originator_id, originator_version, topic, state) "
    "SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[])"
)


def _insert(
    application: Application[Any],
    stored: Sequence[StoredEvent],
    batch: int,
    bare: bool = False,
) -> Thunk:
    """By the recorder; `bare`: what the server takes for these rows and their keys at the least."""
    _briefly(application)
    recorder: Any = application.recorder

    def run() -> Sequence[Any]:
        for start in range(0, len(stored), batch):
            events = stored[start : start + batch]
            if bare:
                positions = list(range(start + 1, start + len(events) + 1))
                with recorder.datastore.connection() as connection:
                    connection.execute(_BARE, (positions, *columns_of(events)))
            else:
                recorder.insert_events(events)
        return Viewed(len(stored), look)

    def look() -> list[Any]:
        read = application.recorder.select_notifications(1, len(stored))
        return [(e.id, e.originator_id, e.originator_version, e.topic, e.state) for e in read]

    return run


# ------------------------------------------------------------------------------------- the writer


def _single(size: int, take_of: TakeOf) -> Race:
    """A case is a registration, sent by itself."""
    return Race(
        [parse(_registration(number)) for number in range(size)],
        [
            Contender("64 threads over the writer", partial(_by_writer, take_of)),
            Contender("one thread, a commit for each", partial(_by_commits, take_of, 1)),
            Contender("64 threads, a commit for each", partial(_by_commits, take_of, THREADS)),
        ],
    )


def _registration(number: int) -> dict[str, Any]:
    return {
        "petition": f"CN-3704-{number:09d}",
        "type": "registered",
        "at": "2025-01-02T09:00:00+08:00",
        "source": "bench",
        "id": f"r-{number}",
        "data": {"kind": "投诉", "pack": "zaozhuang-2110", "region": "CN-3704"},
    }


def _whole(log: PetitionLog, _: Sequence[Submission]) -> Take:
    handler = Handler(log, _rules)
    return lambda submissions: handler.take(submissions, BEGIN + 10 * 3_600_000_000)


def _ready_made(log: PetitionLog, cases: Sequence[Submission]) -> Take:
    """Appends what the whole intake path would, and no alarms, made beforehand."""
    handled = _sqlite()
    _whole(handled, cases)(cases)
    ready = {
        case.stream: [Draft(e.meta, e.event) for e in handled.read(case.stream)] for case in cases
    }

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        with log.transact() as tx:
            for each in submissions:
                tx.append(each.stream, 0, ready[each.stream])
        return [Outcome("recorded", each.stream, 1) for each in submissions]

    return take


def _by_writer(take_of: TakeOf, cases: Sequence[Submission]) -> Thunk:
    log = _sqlite()
    writer, pool = Writer(take_of(log, cases)), ThreadPoolExecutor(THREADS)

    def run() -> Sequence[Any]:
        with writer, pool:
            list(pool.map(writer.take, cases))
        return _kept(log, cases)

    return run


def _by_commits(
    take_of: TakeOf,
    threads: int,
    cases: Sequence[Submission],
) -> Thunk:
    log = _sqlite()
    take, pool = take_of(log, cases), ThreadPoolExecutor(threads)

    def run() -> Sequence[Any]:
        with pool:
            list(pool.map(lambda case: take([case]), cases))
        return _kept(log, cases)

    return run


def _kept(log: PetitionLog, cases: Sequence[Submission]) -> Viewed:
    def look() -> list[Any]:
        return [[(e.version, e.meta, e.event) for e in log.read(case.stream)] for case in cases]

    return Viewed(len(cases), look)


# --------------------------------------------------------------------------------------- following


def _following(models: Sequence[Projection], petitions: int) -> Race:
    """A case is an event of the log."""
    logs = {"SQLite": _lived(_sqlite, petitions), "PostgreSQL": _lived(_postgres, petitions)}
    name = models[0].name if len(models) == 1 else f"all {len(models)}"
    followed = [
        Contender(f"{name}, {store}", partial(_follow, log, models)) for store, log in logs.items()
    ]
    decoded = [
        Contender(f"decoding alone, {store}", partial(_decode, log, models))
        for store, log in logs.items()
    ]
    return Race(list(logs["SQLite"].scan()), [*followed, *decoded])


@cache
def _lived(make: Open, petitions: int) -> PetitionLog:
    """A log with a city's history in it."""
    log = _OPEN.enter_context(closing(make()))
    for _ in _take(log, city(1, petitions, BEGIN, END), PAGE):
        pass
    return log


def _follow(log: PetitionLog, models: Sequence[Projection], cases: Sequence[Recorded]) -> Thunk:
    _forget(log, models)

    def run() -> Sequence[Any]:
        ReadModels(log, models, PAGE).run()
        return Viewed(len(cases), lambda: [_tables_of(log, models)] * len(cases))

    return run


def _decode(log: PetitionLog, models: Sequence[Projection], cases: Sequence[Recorded]) -> Thunk:
    """What the tables would be is found out afterwards."""
    _forget(log, models)

    def look() -> list[str]:
        ReadModels(log, models, PAGE).run()
        return [_tables_of(log, models)] * len(cases)

    def run() -> Sequence[Any]:
        after = 0
        while batch := log.follow(after, PAGE):
            after = batch[-1].position
        return Viewed(len(cases), look)

    return run


def _forget(log: PetitionLog, models: Sequence[Projection]) -> None:
    with log.transact() as tx:
        for model in models:
            tx.forget(follower_name(model.name))
            for table in tables(model):
                tx.drop_rows(table, keep=0)


def _tables_of(log: PetitionLog, models: Sequence[Projection]) -> str:
    return digest(
        {table: dict(read_rows(log, table)) for model in models for table in tables(model)}
    )


_BATCHES = (100, 1_000)

CLAIMS = [
    *(
        Claim(
            f"volume: intake on {store}, {batch:,} facts a commit", partial(race, batch), 10, 300, 3
        )
        for store, race in (("SQLite", _on_sqlite), ("PostgreSQL", _on_postgres))
        for batch in _BATCHES
    ),
    *(
        Claim(
            f"volume: recorder on PostgreSQL, {batch:,} events a commit",
            partial(_recording, batch),
            10,
            300,
            9,
        )
        for batch in _BATCHES
    ),
    Claim("volume: single facts, whole intake", partial(_single, take_of=_whole), 128, 1_600, 3),
    Claim(
        "volume: single facts, no more than appended",
        partial(_single, take_of=_ready_made),
        128,
        3_200,
        3,
    ),
    Claim("volume: one read model catches up", partial(_following, (Worklist(),)), 10, 300, 5),
    Claim("volume: all read models catch up", partial(_following, READ_MODELS), 10, 300, 3),
]

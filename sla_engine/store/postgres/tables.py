"""One transaction on PostgreSQL: rows are locked as they are read, and all is written at once.

Each reading is a trip to the server. What was gathered goes out in a single one, as a row of
statements that ends with COMMIT; each takes whole columns as arrays.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from typing import Any, NamedTuple, NoReturn

import psycopg
from psycopg import Cursor
from psycopg.rows import tuple_row

from sla_engine.ports import AlarmRow, Answer, Claim
from sla_engine.record import Instant
from sla_engine.store.codec import Columns, Kept, WireMapper
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.postgres.datastore import Bare
from sla_engine.store.postgres.refusals import refusal_of
from sla_engine.store.tables import (
    ALARM,
    ON_SAME_CLOCK,
    ON_SAME_MEMORY,
    ON_SAME_ROW,
    CommonTables,
    Row,
    Rows,
    decoded,
    split_memory,
    split_rows,
)
from sla_engine.store.unit import Changes, Pair, Table

# Those that do not exist are not locked: who creates one is found out by its key.
_LOCK = "SELECT stream, version FROM stream WHERE stream = ANY(%b) ORDER BY stream FOR UPDATE"
_LOAD = "SELECT * FROM load_streams(%b::text[], %b::bigint[])"
_ANSWERS = (
    "SELECT i.source, i.key, i.stream, i.version, i.body_digest "
    "FROM unnest(%b::text[], %b::text[]) AS k(source, key) JOIN intake_key i USING (source, key)"
)
_CLOCKS = f"SELECT stream, {ALARM} FROM alarm WHERE stream = ANY(%b)"
# Both are locked, the stream first: a clock whose stream is somebody's stays free for him. With the
# stream alone the clock's row would be the one of the beginning, however it stands by now.
CLAIM = (
    "SELECT s.stream, s.version FROM alarm k JOIN stream s ON s.stream = k.stream "
    "WHERE k.lane = %b AND k.alarm_at <= %b{besides} ORDER BY k.alarm_at, k.stream LIMIT %b "
    "FOR UPDATE OF s, k SKIP LOCKED"
)
_BESIDES = " AND k.stream <> ALL(%b)"
# A second look, under the locks: rows of other lanes, and those that the limit cut off.
_DUE = f"{_CLOCKS} AND alarm_at <= %b"
_DUE_AMONG = "SELECT DISTINCT stream FROM alarm WHERE stream = ANY(%b) AND alarm_at <= %b"
_SUBJECT = "SELECT erased, secret FROM subject_secret WHERE subject = %b FOR NO KEY UPDATE"
_POSITION = "SELECT position FROM position WHERE follower = %b FOR UPDATE"
_ROWS = (
    "SELECT key, columns FROM projection_row "
    "WHERE projection = %b AND generation = %b AND key = ANY(%b)"
)

APPEND = "SELECT append_events(%b::bigint, %b::text[], %b::bigint[], %b::text[], %b::bytea[])"

_EXPECT = "SELECT expect_stream(%b, %b)"


def _put(table: str, **columns: str) -> str:
    """Insert columns given as arrays."""
    arrays = ", ".join(f"%b::{kind}[]" for kind in columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"


_PUT_INTAKE = _put(
    "intake_key", source="text", key="text", stream="text", version="bigint", body_digest="text"
)
_PUT_RUNGS = _put("rung_key", stream="text", key="text")

_CLOCK_TYPES = {
    "stream": "text",
    **dict.fromkeys(AlarmRow._fields, "text"),
    **dict.fromkeys(("due", "alarm_at", "started", "stopped"), "bigint"),
    **dict.fromkeys(("level", "lane"), "integer"),
    "plan": "bytea",
}
_CLOCK_NAMES = ", ".join(_CLOCK_TYPES)
_CLOCK_ARRAYS = ", ".join(f"%b::{kind}[]" for kind in _CLOCK_TYPES.values())
# Rows that stay as they are get no new version.
_PUT_CLOCKS = (
    f"INSERT INTO alarm ({_CLOCK_NAMES}) SELECT k.* FROM unnest({_CLOCK_ARRAYS}) "
    f"AS k({_CLOCK_NAMES}) WHERE NOT EXISTS (SELECT FROM alarm a WHERE "
    "(a.stream, a.clause, a.cycle) = (k.stream, k.clause, k.cycle) AND "
    + " AND ".join(f"a.{name} IS NOT DISTINCT FROM k.{name}" for name in AlarmRow._fields[2:])
    + f") {ON_SAME_CLOCK}"
)
_DROP_CLOCKS = (
    "DELETE FROM alarm a WHERE a.stream = ANY(%b) AND NOT EXISTS (SELECT FROM "
    "unnest(%b::text[], %b::text[], %b::text[]) AS k(stream, clause, cycle) "
    "WHERE (a.stream, a.clause, a.cycle) = (k.stream, k.clause, k.cycle))"
)
_NEW_SUBJECTS = (
    "INSERT INTO subject_secret (subject, erased, secret) "
    "SELECT k.subject, 0, k.secret FROM unnest(%b::text[], %b::bytea[]) AS k(subject, secret)"
)
_DROP_PERSONAL = "DELETE FROM personal WHERE subject = ANY(%b)"
_PUT_PERSONAL = _put("personal", subject="text", fields="bytea")
# One who was never known here is erased all the same.
_ERASE = (
    "INSERT INTO subject_secret (subject, erased, secret) SELECT subject, 1, '' "
    "FROM unnest(%b::text[]) AS k(subject) "
    "ON CONFLICT (subject) DO UPDATE SET erased = 1, secret = ''"
)
_PUT_MEMORY = f"{_put('memory', follower='text', key='text', value='bytea')} {ON_SAME_MEMORY}"
_DROP_MEMORY = (
    "DELETE FROM memory m USING unnest(%b::text[], %b::text[]) AS k(follower, key) "
    "WHERE (m.follower, m.key) = (k.follower, k.key)"
)
_BEGIN_FOLLOWERS = _put("position", follower="text", position="bigint")
_ADVANCE = (
    "UPDATE position p SET position = k.position "
    "FROM unnest(%b::text[], %b::bigint[]) AS k(follower, position) "
    "WHERE p.follower = k.follower"
)
_PUT_ROWS = (
    _put("projection_row", projection="text", generation="integer", key="text", columns="text")
    + f" {ON_SAME_ROW}"
)
_DROP_ROWS = (
    "DELETE FROM projection_row r USING unnest(%b::text[], %b::integer[], %b::text[]) "
    "AS k(projection, generation, key) "
    "WHERE (r.projection, r.generation, r.key) = (k.projection, k.generation, k.key)"
)


class Ask(NamedTuple):
    """A statement and what goes with it."""

    statement: str
    parameters: Row


class PostgresTables(CommonTables):
    """Implements `unit.Tables`. Positions are given under the lock whose key is `log_lock`."""

    appending = APPEND
    claiming = CLAIM

    def __init__(self, connection: Bare, wait: float, log_lock: int) -> None:
        super().__init__()
        self._connection = connection
        self._wait = wait
        self._log_lock = log_lock
        self._begun = False

    def run(self, statement: str, parameters: Row = ()) -> Rows:
        return self._read(percent(statement), *parameters)

    def _read(self, statement: str, *parameters: Any) -> Rows:
        try:
            if not self._begun:
                self._ask(Ask("BEGIN", ()))
                self._begun = True
            return _rows(self._ask(Ask(statement, parameters)))
        except psycopg.Error as error:
            self._fail(error)

    def _send(self, asks: Sequence[Ask]) -> list[Rows]:
        """The answers to statements that end the transaction, in one trip. One that leaves it open
        would also leave the server without its watch over idle transactions: the driver's last
        word in a pipeline (Flush) disarms it."""
        if not self._begun:
            asks = [Ask("BEGIN", ()), *asks]
        try:
            with self._connection.pipeline():
                cursors = [self._ask(ask) for ask in asks]
            return [_rows(cursor) for cursor in cursors]
        except psycopg.Error as error:
            self._fail(error)

    def _ask(self, ask: Ask) -> Cursor[tuple[Any, ...]]:
        cursor = self._connection.cursor(row_factory=tuple_row, binary=True)
        return cursor.execute(ask.statement.encode(), ask.parameters or None)

    def _fail(self, error: psycopg.Error) -> NoReturn:
        self.failure = self.failure or refusal_of(error, self._wait)
        raise self.failure from error

    # ------------------------------------------------------------------------------- reading

    def heads(self, streams: Sequence[str]) -> dict[str, int]:
        return dict(self._read(_LOCK, list(streams)))

    def events(self, after: Mapping[str, int], heads: dict[str, int]) -> Iterable[Kept]:
        streams, versions = list(after), list(after.values())
        if not streams:
            return ()
        heads.update(dict.fromkeys(streams, 0))
        events: list[Any] = []
        for row in self._read(_LOAD, streams, versions):
            if row[2] is None:
                heads[row[0]] = row[1]
            else:
                events.append(row)
        return events

    def answers(self, keys: Sequence[Pair]) -> dict[Pair, Answer]:
        rows = self._read(_ANSWERS, *_columns(keys))
        return {(source, key): Answer(*answer) for source, key, *answer in rows}

    def clocks(self, streams: Sequence[str]) -> list[tuple[str, AlarmRow]]:
        return _clocks(self._read(_CLOCKS, list(streams)))

    def claim(self, now: Instant, limit: int, lane: int, besides: Set[str]) -> list[Claim]:
        statement = self.claiming.format(besides=_BESIDES if besides else "")
        passed_over = [sorted(besides)] if besides else []
        heads: dict[str, int] = dict(self._read(statement, lane, now, *passed_over, limit))
        if not heads:
            return []
        rows = self._read(_DUE, [*heads], now)
        due: dict[str, list[AlarmRow]] = {stream: [] for stream in heads}
        for stream, row in _clocks(rows):
            due[stream].append(row)
        return [Claim(stream, head, due[stream]) for stream, head in heads.items() if due[stream]]

    def due_among(self, streams: Sequence[str], now: Instant) -> set[str]:
        rows = self._read(_DUE_AMONG, list(streams), now)
        return {stream for (stream,) in rows}

    def subject(self, subject: str) -> tuple[bool, bytes] | None:
        rows = self._read(_SUBJECT, subject)
        return (bool(rows[0][0]), rows[0][1]) if rows else None

    def position(self, follower: str) -> int | None:
        rows = self._read(_POSITION, follower)
        return rows[0][0] if rows else None

    def rows(self, table: Table, keys: Sequence[str]) -> dict[str, Any]:
        rows = self._read(_ROWS, *table, list(keys))
        return {key: decoded(columns) for key, columns in rows}

    # ------------------------------------------------------------------------------- writing

    def commit(self, changes: Changes, mapper: WireMapper) -> None:
        """Events come last: others wait from there to the COMMIT."""
        asks = [*_follower_asks(changes), *_subject_asks(changes), *_clock_asks(changes)]
        if changes.batch.drafts:
            asks += _key_asks(changes.intake, changes.rungs())
            asks.append(self._append(mapper.columns(changes.batch)))
            asks += [Ask(_EXPECT, each) for each in changes.expected.items()]
        if asks or self._begun:
            self._send([*asks, Ask("COMMIT", ())])
            self._begun = False

    def record(self, events: Columns, intake: Sequence[IntakeRow], rungs: Sequence[RungRow]) -> int:
        """Write events alone and commit; returns the position of the last."""
        append = self._append(events)
        if keys := _key_asks(intake, rungs):
            *_, ((last,),), _ = self._send([*keys, append, Ask("COMMIT", ())])
            self._begun = False
            return int(last)
        try:
            # A statement by itself is a transaction.
            return int(_rows(self._ask(append))[0][0])
        except psycopg.Error as error:
            self._fail(error)

    def _append(self, events: Columns) -> Ask:
        return Ask(self.appending, (self._log_lock, *events))


def _key_asks(intake: Sequence[IntakeRow], rungs: Sequence[RungRow]) -> list[Ask]:
    """In one order for everybody, so that two writers never wait for each other's keys."""
    return _asks((_PUT_INTAKE, sorted(intake)), (_PUT_RUNGS, sorted(rungs)))


def _follower_asks(changes: Changes) -> list[Ask]:
    remembered, forgotten = split_memory(changes.memory)
    kept, gone = split_rows(changes.rows)
    return _asks(
        (_PUT_MEMORY, remembered),
        (_DROP_MEMORY, forgotten),
        (_BEGIN_FOLLOWERS, [*changes.begun.items()]),
        (_ADVANCE, [*changes.advanced.items()]),
        (_PUT_ROWS, kept),
        (_DROP_ROWS, gone),
    )


def _subject_asks(changes: Changes) -> list[Ask]:
    """The secret is erased first: who is about to add fields of the subject is waited for, and
    those are deleted as well."""
    erased = [(subject,) for subject in changes.erased]
    return _asks(
        (_NEW_SUBJECTS, [*changes.secrets.items()]),
        (_ERASE, erased),
        (_DROP_PERSONAL, erased + [(subject,) for subject in changes.personal]),
        (_PUT_PERSONAL, [*changes.personal.items()]),
    )


def _clock_asks(changes: Changes) -> list[Ask]:
    wanted = [(stream, *row) for stream, rows in changes.clocks.items() for row in rows.values()]
    single = [(stream, *row) for stream, rows in changes.clock.items() for row in rows.values()]
    asks = []
    if changes.clocks:
        names = _columns([row[:3] for row in wanted]) or ([], [], [])
        asks.append(Ask(_DROP_CLOCKS, ([*changes.clocks], *names)))
    return asks + _asks((_PUT_CLOCKS, wanted + single))


def _asks(*writes: tuple[str, Sequence[Row]]) -> list[Ask]:
    """Statements that take columns, where there are rows."""
    return [Ask(statement, _columns(rows)) for statement, rows in writes if rows]


def _columns(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _rows(cursor: Cursor[tuple[Any, ...]]) -> Rows:
    return cursor.fetchall() if cursor.description else []


def _clocks(rows: Iterable[Row]) -> list[tuple[str, AlarmRow]]:
    return [(stream, AlarmRow(*columns)) for stream, *columns in rows]


@cache
def percent(statement: str) -> str:
    """A statement with `?` for parameters, as the driver wants it."""
    return statement.replace("?", "%b")

"""One write transaction on SQLite: what it holds, and everything written at once."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import chain
from typing import Any, NoReturn

import msgspec

from sla_engine.batches import batched
from sla_engine.errors import Conflict, Fault
from sla_engine.ports import AlarmRow, Answer, Claim
from sla_engine.record import Instant
from sla_engine.store.codec import Columns, Kept, WireMapper
from sla_engine.store.keys import IntakeRow, RungRow
from sla_engine.store.refusals import KEY_TAKEN, STREAM_MOVED
from sla_engine.store.sqlite.refusals import refusal_of
from sla_engine.store.tables import (
    ALARM,
    MANY,
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

_HEAD = "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?"
# An array of JSON stands for a table of names.
_HEADS = (
    "SELECT value, (SELECT max(originator_version) FROM stored_events WHERE originator_id = value) "
    "FROM json_each(?)"
)
_EVENTS = (
    "SELECT originator_id, originator_version, topic, state, notification_id FROM stored_events "
    "WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"
)
# One statement for many keys: a batch asks for thousands.
_ANSWERS = (
    "SELECT source, key, stream, version, body_digest FROM (VALUES {}) AS asked "
    "CROSS JOIN intake_key ON source = column1 AND key = column2"
)
_CLOCKS = (
    f"SELECT stream, {ALARM} FROM json_each(?) AS wanted "
    "CROSS JOIN alarm ON alarm.stream = wanted.value"
)
NEXT = "SELECT stream FROM alarm WHERE lane = ? AND alarm_at <= ? ORDER BY alarm_at, stream"
_DUE_AMONG = (
    "SELECT DISTINCT stream FROM json_each(?) AS wanted "
    "CROSS JOIN alarm ON alarm.stream = wanted.value WHERE alarm_at <= ?"
)
_ROWS = (
    "SELECT row.key, row.columns FROM json_each(?) AS wanted CROSS JOIN projection_row AS row "
    "ON row.projection = ? AND row.generation = ? AND row.key = wanted.value"
)
_PUT_EVENT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
    "VALUES (?, ?, ?, ?)"
)
_PUT_INTAKE = "INSERT INTO intake_key VALUES (?, ?, ?, ?, ?)"
_PUT_RUNG = "INSERT INTO rung_key VALUES (?, ?)"
_PUT_CLOCK = (
    f"INSERT INTO alarm (stream, {ALARM}) VALUES ({', '.join('?' * (len(AlarmRow._fields) + 1))}) "
    + ON_SAME_CLOCK
)
_DELETE_CLOCK = "DELETE FROM alarm WHERE stream = ? AND clause = ? AND cycle = ?"
_PUT_MEMORY = f"INSERT INTO memory VALUES (?, ?, ?) {ON_SAME_MEMORY}"
_DELETE_MEMORY = "DELETE FROM memory WHERE follower = ? AND key = ?"
_PUT_POSITION = (
    "INSERT INTO position VALUES (?, ?) "
    "ON CONFLICT (follower) DO UPDATE SET position = excluded.position"
)
_PUT_ROW = f"INSERT INTO projection_row VALUES (?, ?, ?, ?) {ON_SAME_ROW}"
_DELETE_ROW = "DELETE FROM projection_row WHERE projection = ? AND generation = ? AND key = ?"
_NEW_SUBJECT = "INSERT INTO subject_secret (subject, erased, secret) VALUES (?, 0, ?)"
_PUT_PERSONAL = "INSERT INTO personal (subject, fields) VALUES (?, ?)"
# The same length, so that SQLite overwrites where the bytes are.
_WIPE_PERSONAL = "UPDATE personal SET fields = zeroblob(length(fields)) WHERE subject = ?"
_WIPE_SECRET = (
    "UPDATE subject_secret SET erased = 1, secret = zeroblob(length(secret)) WHERE subject = ?"
)
# One who was never known here is erased all the same.
_ERASED = "INSERT OR IGNORE INTO subject_secret (subject, erased, secret) VALUES (?, 1, x'')"


class SqliteTables(CommonTables):
    """Implements `unit.Tables` within `BEGIN IMMEDIATE`: whoever has it is the only writer."""

    def __init__(self, cursor: sqlite3.Cursor, wait: float) -> None:
        super().__init__()
        self._cursor = cursor
        self._wait = wait

    def run(self, statement: str, parameters: Row = ()) -> Rows:
        try:
            return self._cursor.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            self._fail(error)

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        try:
            self._cursor.executemany(statement, rows)
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        self.failure = self.failure or refusal_of(error, self._wait)
        raise self.failure from error

    # ------------------------------------------------------------------------------- reading

    def heads(self, streams: Sequence[str]) -> dict[str, int]:
        if len(streams) == 1:
            ((head,),) = self.run(_HEAD, (streams[0],))
            return {streams[0]: head} if head else {}
        return {stream: head for stream, head in self.run(_HEADS, (_array(streams),)) if head}

    def events(self, after: Mapping[str, int], heads: dict[str, int]) -> Iterable[Kept]:
        heads.update(dict.fromkeys(after, 0))
        heads.update(self.heads([*after]))
        for stream, version in after.items():
            if heads[stream] > version:
                yield from self.run(_EVENTS, (stream, version))

    def answers(self, keys: Sequence[Pair]) -> dict[Pair, Answer]:
        found = {}
        for some in batched(keys, MANY):
            statement = _ANSWERS.format(", ".join(["(?, ?)"] * len(some)))
            for source, key, *answer in self.run(statement, [*chain.from_iterable(some)]):
                found[source, key] = Answer(*answer)
        return found

    def clocks(self, streams: Sequence[str]) -> list[tuple[str, AlarmRow]]:
        rows = self.run(_CLOCKS, (_array(streams),))
        return [(stream, AlarmRow(*columns)) for stream, *columns in rows]

    def claim(self, now: Instant, limit: int, lane: int, besides: Set[str]) -> list[Claim]:
        streams = self._next(now, limit, lane, besides)
        due: dict[str, list[AlarmRow]] = {stream: [] for stream in streams}
        for stream, row in self.clocks(streams):
            if row.alarm_at is not None and row.alarm_at <= now:
                due[stream].append(row)
        heads = self.heads(streams)
        return [Claim(stream, head, due[stream]) for stream, head in heads.items()]

    def _next(self, now: Instant, limit: int, lane: int, besides: Set[str]) -> list[str]:
        """Read in the order of the index and stopped at the limit: a herd is never sorted whole."""
        streams: dict[str, None] = {}
        try:
            for (stream,) in self._cursor.execute(NEXT, (lane, now)):
                if stream not in besides:
                    streams[stream] = None
                    if len(streams) >= limit:
                        break
        except sqlite3.Error as error:
            self._fail(error)
        return list(streams)

    def due_among(self, streams: Sequence[str], now: Instant) -> set[str]:
        return {stream for (stream,) in self.run(_DUE_AMONG, (_array(streams), now))}

    def subject(self, subject: str) -> tuple[bool, bytes] | None:
        rows = self.run("SELECT erased, secret FROM subject_secret WHERE subject = ?", (subject,))
        return (bool(rows[0][0]), rows[0][1]) if rows else None

    def position(self, follower: str) -> int | None:
        rows = self.run("SELECT position FROM position WHERE follower = ?", (follower,))
        return rows[0][0] if rows else None

    def rows(self, table: Table, keys: Sequence[str]) -> dict[str, Any]:
        rows = self.run(_ROWS, (_array(keys), *table))
        return {key: decoded(columns) for key, columns in rows}

    # ------------------------------------------------------------------------------- writing

    def commit(self, changes: Changes, mapper: WireMapper) -> None:
        if changes.batch.drafts:
            self._check(changes.expected)
            self.write_log(mapper.columns(changes.batch), changes.intake, changes.rungs())
        if changes.clocks or changes.clock:
            self._write_clocks(changes)
        if changes.personal or changes.secrets or changes.erased:
            self._write_subjects(changes)
        self._write_followers(changes)
        self.run("COMMIT")

    def _check(self, expected: Mapping[str, int]) -> None:
        for stream, version in expected.items():
            if (head := self.heads([stream]).get(stream, 0)) != version:
                self.failure = Conflict(Fault(STREAM_MOVED, stream, str(head), str(version)))
                raise self.failure

    def write_log(
        self, events: Columns, intake: Sequence[IntakeRow], rungs: Sequence[RungRow]
    ) -> None:
        """SQLite numbers the events: there is one writer, and nothing is ever deleted."""
        stream = events[0][0]
        rows = zip(*events, strict=True)
        self._unique(_PUT_EVENT, rows, lambda: Fault(STREAM_MOVED, stream, "?", "?"))
        self._unique(_PUT_INTAKE, intake, lambda: Fault(KEY_TAKEN, stream, self._taken(intake)))
        self._unique(_PUT_RUNG, rungs, lambda: Fault(KEY_TAKEN, stream, _all_keys(rungs)))

    def _unique(self, statement: str, rows: Iterable[Row], fault: Callable[[], Fault]) -> None:
        """Insert rows of which somebody else may have one."""
        try:
            self._cursor.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            self.failure = Conflict(fault())
            raise self.failure from error
        except sqlite3.Error as error:
            self._fail(error)

    def _taken(self, intake: Sequence[IntakeRow]) -> str:
        """The first of the keys that is held by another event."""
        held = self.answers([(row.source, row.key) for row in intake])
        for row in intake:
            answer = held.get((row.source, row.key))
            if answer and answer[:2] != (row.stream, row.version):
                return f"{row.source}:{row.key}"
        return ""

    def _write_clocks(self, changes: Changes) -> None:
        # Rows as they come: they are compared, and hardly one of them is used.
        present: dict[str, dict[Pair, Row]] = {stream: {} for stream in changes.clocks}
        for row in self.run(_CLOCKS, (_array(present),)) if present else ():
            present[row[0]][row[1], row[2]] = row[1:]
        gone, kept = [], []
        for stream, wanted in changes.clocks.items():
            before = present[stream]
            gone += [(stream, *name) for name in before.keys() - wanted.keys()]
            kept += [(stream, *row) for name, row in wanted.items() if before.get(name) != row]
        for stream, single in changes.clock.items():
            kept += [(stream, *row) for row in single.values()]
        self._if_any(_DELETE_CLOCK, gone)
        self._if_any(_PUT_CLOCK, kept)

    def _write_subjects(self, changes: Changes) -> None:
        self._if_any(_NEW_SUBJECT, [*changes.secrets.items()])
        self._if_any(_WIPE_PERSONAL, [(subject,) for subject in changes.personal])
        self._if_any(_PUT_PERSONAL, [*changes.personal.items()])
        erased = [(subject,) for subject in changes.erased]
        for statement in (_WIPE_PERSONAL, _WIPE_SECRET, _ERASED):
            self._if_any(statement, erased)
        if erased:
            self.run("INSERT INTO unscrubbed DEFAULT VALUES")

    def _write_followers(self, changes: Changes) -> None:
        remembered, forgotten = split_memory(changes.memory)
        self._if_any(_PUT_MEMORY, remembered)
        self._if_any(_DELETE_MEMORY, forgotten)
        self._if_any(_PUT_POSITION, [*changes.begun.items(), *changes.advanced.items()])
        kept, gone = split_rows(changes.rows)
        self._if_any(_PUT_ROW, kept)
        self._if_any(_DELETE_ROW, gone)

    def _if_any(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            self.many(statement, rows)


def _array(names: Iterable[str]) -> str:
    return msgspec.json.encode(list(names)).decode()


def _all_keys(rungs: Iterable[RungRow]) -> str:
    return ", ".join(row.key for row in rungs)

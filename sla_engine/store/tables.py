"""What SQLite and PostgreSQL are asked in the same words, with `?` for parameters."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

from sla_engine.batches import batched
from sla_engine.errors import Refusal
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns, DeadLetter
from sla_engine.record import Instant
from sla_engine.store.codec import Stored, new_tuple

LANES = (0, 1)
LAST_CHARACTER = "\U0010ffff"
PAGE = 2_000
MANY = 500
"""Keys or ranges that one statement names."""

_EVENT = "originator_id, originator_version, topic, state, notification_id"

ALARM = ", ".join(AlarmRow._fields)
_KEY = ("stream", "clause", "cycle")
_REST = [name for name in AlarmRow._fields if name not in _KEY]
ON_SAME_CLOCK = "ON CONFLICT (stream, clause, cycle) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _REST
)
ON_SAME_ROW = "ON CONFLICT (projection, generation, key) DO UPDATE SET columns = excluded.columns"
ON_SAME_MEMORY = "ON CONFLICT (follower, key) DO UPDATE SET value = excluded.value"
_BURY = (
    "INSERT INTO dead_letter (follower, position, stream, version, reason) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (follower, position) DO UPDATE SET reason = excluded.reason"
)

Rows = list[tuple[Any, ...]]
Row = Sequence[Any]

decoded = msgspec.json.Decoder(Columns).decode
"""The columns of a row of a read model. To make a decoder anew for each row costs three times as
much as to read it."""


def read_fields(rows: Rows) -> dict[str, str]:
    """Fields of a row of `personal`; none where there is no row or it was wiped."""
    if not rows or not bytes(rows[0][0]).startswith(b"{"):
        return {}
    return msgspec.json.decode(rows[0][0], type=dict[str, str])


class Readers(ABC):
    """What is read outside any transaction, in pages that end between any two names, which sort by
    their bytes. Put before a recorder of the library, whose own readers it replaces."""

    @abstractmethod
    def fetch(self, statement: str, parameters: Row = ()) -> Rows:
        """The rows of one SELECT, which is its own snapshot."""

    @abstractmethod
    def perform(self, statement: str, parameters: Row = ()) -> Rows:
        """The rows of one statement that writes, in a transaction of its own."""

    @abstractmethod
    def streams(self, prefix: str) -> Iterator[str]:
        """Stream ids with that prefix, in order."""

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        wanted, parameters = ["originator_id = ?"], [cast(Any, originator_id)]
        if gt is not None:
            wanted.append("originator_version > ?")
            parameters.append(gt)
        if lte is not None:
            wanted.append("originator_version <= ?")
            parameters.append(lte)
        order = "DESC" if desc else "ASC"
        return self._stored(wanted, f"originator_version {order}", limit, parameters)

    def select_histories(
        self, after: tuple[str, int], below: str, limit: int
    ) -> Sequence[StoredEvent]:
        """Events behind the one of that stream and version and before stream `below`, stream by
        stream."""
        wanted = ["(originator_id, originator_version) > (?, ?)", "originator_id < ?"]
        order = "originator_id, originator_version"
        return self._stored(wanted, order, limit, [*after, below])

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        wanted = ["TRUE"]
        parameters: list[Any] = []
        if start is not None:
            wanted.append(f"notification_id {'>=' if inclusive_of_start else '>'} ?")
            parameters.append(start)
        if stop is not None:
            wanted.append("notification_id <= ?")
            parameters.append(stop)
        if topics:
            wanted.append(f"topic IN ({', '.join('?' * len(topics))})")
            parameters.extend(topics)
        return cast(
            Sequence[Notification], self._stored(wanted, "notification_id", limit, parameters)
        )

    def max_notification_id(self) -> int:
        rows = self.fetch("SELECT coalesce(max(notification_id), 0) FROM stored_events")
        return cast(int, rows[0][0])

    def _stored(
        self, wanted: Sequence[str], order: str, limit: int | None, parameters: Sequence[Any]
    ) -> Sequence[StoredEvent]:
        rows = self.fetch(
            f"SELECT {_EVENT} FROM stored_events WHERE {' AND '.join(wanted)} ORDER BY {order}"
            + (" LIMIT ?" if limit is not None else ""),
            parameters if limit is None else [*parameters, limit],
        )
        return cast(Sequence[StoredEvent], [new_tuple(Stored, row) for row in rows])

    def next_alarm(self) -> Instant | None:
        first = " UNION ALL ".join(
            f"SELECT min(alarm_at) AS at FROM alarm WHERE lane = {lane} AND alarm_at IS NOT NULL"
            for lane in LANES
        )
        return cast("Instant | None", self.fetch(f"SELECT min(at) FROM ({first}) AS lanes")[0][0])

    def count_due(self, now: Instant) -> int:
        lanes = ", ".join(map(str, LANES))
        rows = self.fetch(
            f"SELECT count(*) FROM alarm WHERE lane IN ({lanes}) AND alarm_at <= ?", (now,)
        )
        return cast(int, rows[0][0])

    def alarms(self, prefix: str) -> Iterator[tuple[str, AlarmRow]]:
        """Rows of the alarm index by due, those without due last."""
        rows = self._alarms_of(prefix) if prefix else self._all_alarms()
        for stream, *columns in rows:
            yield stream, AlarmRow(*columns)

    def _alarms_of(self, prefix: str) -> Rows:
        # The plus keeps the planner on the primary key: the due index would be read whole.
        return self.fetch(
            f"SELECT stream, {ALARM} FROM alarm WHERE stream >= ? AND stream < ? "
            "ORDER BY due IS NULL, +due, stream, clause, cycle",
            (prefix, prefix + LAST_CHARACTER),
        )

    def _all_alarms(self) -> Iterator[tuple[Any, ...]]:
        last: Row = (-(2**63), "", "", "")
        while page := self.fetch(
            f"SELECT stream, {ALARM} FROM alarm WHERE (due, stream, clause, cycle) > (?, ?, ?, ?) "
            "ORDER BY due, stream, clause, cycle LIMIT ?",
            (*last, PAGE),
        ):
            yield from page
            stream, row = page[-1][0], AlarmRow(*page[-1][1:])
            last = (row.due, stream, row.clause, row.cycle)
        yield from self.fetch(
            f"SELECT stream, {ALARM} FROM alarm WHERE due IS NULL ORDER BY stream, clause, cycle"
        )

    def open_streams(self, after: str, limit: int) -> list[str]:
        rows = self.fetch(
            "SELECT DISTINCT stream FROM alarm WHERE stopped IS NULL AND stream > ? "
            "ORDER BY stream LIMIT ?",
            (after, limit),
        )
        return [stream for (stream,) in rows]

    def count_open(self) -> int:
        rows = self.fetch("SELECT count(DISTINCT stream) FROM alarm WHERE stopped IS NULL")
        return cast(int, rows[0][0])

    def personal(self, subject: str) -> dict[str, str]:
        return read_fields(self.fetch(_PERSONAL, (subject,)))

    def position(self, follower: str) -> int:
        rows = self.fetch("SELECT position FROM position WHERE follower = ?", (follower,))
        return cast(int, rows[0][0]) if rows else 0

    def positions(self) -> dict[str, int]:
        return dict(self.fetch("SELECT follower, position FROM position"))

    def memory(self, follower: str) -> dict[str, bytes]:
        return dict(self.fetch(_MEMORY, (follower,)))

    def table(self, projection: str, generation: int, prefix: str) -> Iterator[tuple[str, Columns]]:
        """Rows of a read model by key."""
        after, key = ">=", prefix
        while page := self.fetch(
            "SELECT key, columns FROM projection_row WHERE projection = ? AND generation = ? "
            f"AND key {after} ? AND key < ? ORDER BY key LIMIT ?",
            (projection, generation, key, prefix + LAST_CHARACTER, PAGE),
        ):
            for name, columns in page:
                yield name, decoded(columns)
            after, key = ">", page[-1][0]

    def page(
        self,
        projection: str,
        generation: int,
        prefix: str,
        after: str,
        limit: int,
        descending: bool,
    ) -> list[tuple[str, Columns]]:
        """Up to `limit` rows of a read model under a prefix, behind a key ("": from where the order
        begins). One bound for each end: a second one would be read through."""
        low, high = prefix, prefix + LAST_CHARACTER
        above = ">" if after and not descending else ">="
        if after and descending:
            high = min(after, high)
        elif after:
            low = max(after, low)
        order = "DESC" if descending else "ASC"
        rows = self.fetch(
            "SELECT key, columns FROM projection_row WHERE projection = ? AND generation = ? "
            f"AND key {above} ? AND key < ? ORDER BY key {order} LIMIT ?",
            (projection, generation, low, high, limit),
        )
        return [(key, decoded(columns)) for key, columns in rows]

    def rows_of(self, projection: str, generation: int, keys: Sequence[str]) -> dict[str, Columns]:
        """Those of the rows that exist."""
        found: dict[str, Columns] = {}
        for names in batched(keys, MANY):
            marks = ", ".join("?" * len(names))
            rows = self.fetch(
                "SELECT key, columns FROM projection_row WHERE projection = ? AND generation = ? "
                f"AND key IN ({marks})",
                (projection, generation, *names),
            )
            found.update((key, decoded(columns)) for key, columns in rows)
        return found

    def count_rows(
        self, projection: str, generation: int, ranges: Sequence[tuple[str, str]]
    ) -> list[int]:
        """How many keys there are in each range, whose end is not included."""
        found: list[int] = []
        for some in batched(ranges, MANY):
            asked = ", ".join(f"({number}, ?, ?)" for number in range(len(some)))
            bounds = [each for range_ in some for each in range_]
            rows = self.fetch(_COUNTS.format(asked), (projection, generation, *bounds))
            found += [count for _, count in sorted(rows)]
        return found

    def dead_letters(self, follower: str) -> Iterator[DeadLetter]:
        rows = self.fetch(
            "SELECT follower, position, stream, version, reason FROM dead_letter "
            "WHERE follower = ? ORDER BY position",
            (follower,),
        )
        return map(DeadLetter._make, rows)


# Both databases name the columns of VALUES so.
_COUNTS = (
    "SELECT column1, (SELECT count(*) FROM projection_row WHERE projection = ? AND generation = ? "
    "AND key >= column2 AND key < column3) FROM (VALUES {}) AS asked"
)
_PERSONAL = "SELECT fields FROM personal WHERE subject = ? ORDER BY id DESC LIMIT 1"
_MEMORY = "SELECT key, value FROM memory WHERE follower = ?"


class CommonTables(ABC):
    """The part of `unit.Tables` that needs no dialect."""

    def __init__(self) -> None:
        self.failure: Refusal | None = None

    @abstractmethod
    def run(self, statement: str, parameters: Row = ()) -> Rows:
        """The rows of a statement. Raises Refusal for whatever the driver raises."""

    def personal(self, subject: str) -> dict[str, str]:
        return read_fields(self.run(_PERSONAL, (subject,)))

    def memory(self, follower: str) -> dict[str, bytes]:
        return dict(self.run(_MEMORY, (follower,)))

    def forget(self, follower: str) -> None:
        for table in ("position", "memory", "dead_letter"):
            self.run(f"DELETE FROM {table} WHERE follower = ?", (follower,))

    def bury(self, letter: DeadLetter) -> None:
        self.run(_BURY, letter)

    def drop_rows(self, projection: str, keep: int) -> None:
        self.run(
            "DELETE FROM projection_row WHERE projection = ? AND generation <> ?",
            (projection, keep),
        )


def split_memory(
    memory: Mapping[str, Mapping[str, bytes | None]],
) -> tuple[list[tuple[str, str, bytes]], list[tuple[str, str]]]:
    """What followers remember from now on, and keys of what they forget."""
    kept, gone = [], []
    for follower, changes in memory.items():
        for key, value in changes.items():
            if value is None:
                gone.append((follower, key))
            else:
                kept.append((follower, key, value))
    return kept, gone


def split_rows(
    rows: Mapping[tuple[str, int], Mapping[str, Columns | None]],
) -> tuple[list[tuple[str, int, str, str]], list[tuple[str, int, str]]]:
    """Rows of read models to write, and keys of those to delete."""
    kept, gone = [], []
    for (projection, generation), changes in rows.items():
        for key, columns in changes.items():
            if columns is None:
                gone.append((projection, generation, key))
            else:
                kept.append((projection, generation, key, msgspec.json.encode(columns).decode()))
    return kept, gone

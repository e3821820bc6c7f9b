"""`ports.Vault` in one table, in the words that both databases share."""

from collections.abc import Iterator
from typing import Protocol

from sla_engine.ports import Secret
from sla_engine.record import Instant
from sla_engine.store.tables import Row, Rows

_COLUMNS = "owner, value, until, at, tally"
_LASTS = "(until = 0 OR until > ?)"
_GET = f"SELECT {_COLUMNS} FROM secret WHERE kind = ? AND name = ? AND {_LASTS}"
_ALL = f"SELECT name, {_COLUMNS} FROM secret WHERE kind = ? AND {_LASTS} ORDER BY name"
_PUT = (
    f"INSERT INTO secret (kind, name, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, value = excluded.value, "
    "until = excluded.until, at = excluded.at, tally = excluded.tally"
)
_TOUCH = "UPDATE secret SET at = ? WHERE kind = ? AND name = ?"
_GONE = "secret.until <= excluded.at"
# One statement, so that two processes that count at once come to two.
_COUNT = (
    f"INSERT INTO secret (kind, name, {_COLUMNS}) VALUES (?, ?, '', ?, ?, ?, 1) "
    "ON CONFLICT (kind, name) DO UPDATE SET "
    f"tally = CASE WHEN {_GONE} THEN 1 ELSE secret.tally + 1 END, "
    f"until = CASE WHEN {_GONE} THEN excluded.until ELSE secret.until END, "
    "at = excluded.at RETURNING tally"
)
_DROP = "DELETE FROM secret WHERE kind = ? AND name = ?"
_DROP_OWNED = "DELETE FROM secret WHERE kind = ? AND owner = ?"
_PURGE = "DELETE FROM secret WHERE until > 0 AND until <= ?"


class Statements(Protocol):
    """What a recorder is asked."""

    def fetch(self, statement: str, parameters: Row = ()) -> Rows: ...
    def perform(self, statement: str, parameters: Row = ()) -> Rows: ...


class StoreVault:
    """Implements `ports.Vault`."""

    def __init__(self, store: Statements) -> None:
        self._store = store

    def get(self, kind: str, name: str, now: Instant) -> Secret | None:
        rows = self._store.fetch(_GET, (kind, name, now))
        return Secret(*rows[0]) if rows else None

    def put(self, kind: str, name: str, secret: Secret) -> None:
        self._store.perform(_PUT, (kind, name, *secret))

    def touch(self, kind: str, name: str, at: Instant) -> None:
        self._store.perform(_TOUCH, (at, kind, name))

    def count(self, kind: str, name: str, now: Instant, until: Instant) -> int:
        ((tally,),) = self._store.perform(_COUNT, (kind, name, b"", until, now))
        return int(tally)

    def drop(self, kind: str, name: str) -> None:
        self._store.perform(_DROP, (kind, name))

    def drop_owned(self, kind: str, owner: str) -> None:
        self._store.perform(_DROP_OWNED, (kind, owner))

    def all(self, kind: str, now: Instant) -> Iterator[tuple[str, Secret]]:
        for name, *columns in self._store.fetch(_ALL, (kind, now)):
            yield name, Secret(*columns)

    def purge(self, now: Instant) -> None:
        self._store.perform(_PURGE, (now,))

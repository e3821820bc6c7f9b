"""Bring a PostgreSQL schema to the newest version; safe when several processes start at once."""

from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from sla_engine.errors import refuse
from sla_engine.store.migrations import Migration, migrations
from sla_engine.store.postgres.locks import key_of
from sla_engine.store.refusals import STORE_NEWER

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, name text)"


def known() -> list[Migration]:
    return migrations("postgres")


def is_current(connection: Connection[Any]) -> bool:
    """Whether nothing is to be done."""
    table = connection.execute("SELECT to_regclass('schema_version')").fetchone()
    return table is not None and table[0] is not None and _version(connection) == known()[-1].number


def migrate(connection: Connection[Any], schema: str) -> None:
    """Apply what is missing, in one transaction, one process after the other.

    Refuses `STORE_NEWER` when a newer program has been here.
    """
    newest = known()[-1].number
    with connection.transaction():
        # Others may take as long as they need.
        connection.execute("SET LOCAL lock_timeout = 0")
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (key_of("migrate", schema),))
        found = connection.execute("SELECT to_regnamespace(%s)", (f'"{schema}"',)).fetchone()
        if found is None or found[0] is None:
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        connection.execute(_VERSIONS)
        current = _version(connection)
        if current > newest:
            raise refuse(STORE_NEWER, found=str(current), allowed=str(newest))
        for number, name, script in known():
            if number > current:
                connection.execute(script.encode())
                connection.execute("INSERT INTO schema_version VALUES (%s, %s)", (number, name))


def _version(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return (row and row[0]) or 0

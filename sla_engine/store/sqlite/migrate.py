"""Bring a SQLite file to the newest schema; safe when several processes start at once."""

import sqlite3
from collections.abc import Iterator

from sla_engine.errors import refuse
from sla_engine.store.migrations import Migration, migrations
from sla_engine.store.refusals import STORE_NEWER

_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT)"


def known() -> list[Migration]:
    return migrations("sqlite")


def statements(script: str) -> Iterator[str]:
    """Single statements of a script; triggers stay whole.

    `executescript` would commit the transaction that makes a migration all or nothing.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    assert not statement.strip(), "a migration ends with a semicolon"


def is_current(cursor: sqlite3.Cursor) -> bool:
    """Whether nothing is to be done, found out without waiting for any writer."""
    table = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchall()
    return bool(table) and _version(cursor) == known()[-1].number


def migrate(cursor: sqlite3.Cursor) -> None:
    """Apply what is missing, within the caller's transaction.

    Refuses `STORE_NEWER` when a newer program has been here.
    """
    newest = known()[-1].number
    cursor.execute(_VERSIONS)
    current = _version(cursor)
    if current > newest:
        raise refuse(STORE_NEWER, found=str(current), allowed=str(newest))
    for number, name, script in known():
        if number > current:
            for statement in statements(script):
                cursor.execute(statement)
            cursor.execute("INSERT INTO schema_version VALUES (?, ?)", (number, name))


def _version(cursor: sqlite3.Cursor) -> int:
    rows = cursor.execute("SELECT max(version) FROM schema_version").fetchall()
    return rows[0][0] or 0

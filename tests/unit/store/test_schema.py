"""The schema for reading, what the scripts make and what an old store becomes are one and the same.

Catalogues are compared by what the database says of itself, not by the words of a script.
"""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sla_engine.store.migrations import migrations
from sla_engine.store.sqlite.migrate import migrate, statements

FROZEN = Path(__file__).parent / "frozen"
Catalogue = dict[str, list[tuple[Any, ...]]]


def readable(dialect: str) -> str:
    return (files("sla_engine.store") / "sql" / dialect / "schema.sql").read_text("utf-8")


# ----------------------------------------------------------------------------------------- SQLite


def catalogue_of_file(connection: sqlite3.Connection) -> Catalogue:
    """Tables with columns, keys and indexes; triggers by their text."""
    found: Catalogue = {}
    objects = "SELECT name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    for name, kind, sql in connection.execute(objects).fetchall():
        if kind == "table":
            options = connection.execute(f"SELECT wr, strict FROM pragma_table_list('{name}')")
            columns = connection.execute(f"PRAGMA table_xinfo('{name}')")
            found[name] = [*options.fetchall(), *columns.fetchall()]
            for index in connection.execute(f"PRAGMA index_list('{name}')").fetchall():
                keys = connection.execute(f"PRAGMA index_xinfo('{index[1]}')").fetchall()
                where = "SELECT sql FROM sqlite_master WHERE name = ?"
                partial = connection.execute(where, (index[1],)).fetchall()
                found[f"{name} {index[1]}"] = [index[2:], *keys, *partial]
        elif kind == "trigger":
            found[name] = [(" ".join(sql.split()),)]
    found.pop("schema_version", None)
    return found


def file_of(*scripts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for script in scripts:
        for statement in statements(script):
            connection.execute(statement)
    return connection


def test_the_readable_schema_of_a_file_is_what_its_scripts_make() -> None:
    made = file_of(*(migration.script for migration in migrations("sqlite")))
    read = file_of(readable("sqlite"))
    assert catalogue_of_file(made) == catalogue_of_file(read)
    assert len(catalogue_of_file(made)) > 15
    made.close()
    read.close()


@pytest.mark.parametrize("schema", sorted(path.stem for path in FROZEN.glob("*.sql")))
def test_a_file_of_an_earlier_release_becomes_one_of_today(schema: str) -> None:
    old, new = sqlite3.connect(":memory:", isolation_level=None), file_of(readable("sqlite"))
    old.executescript((FROZEN / f"{schema}.sql").read_text("utf-8"))
    assert catalogue_of_file(old) != catalogue_of_file(new)
    migrate(old.cursor())
    assert catalogue_of_file(old) == catalogue_of_file(new)
    old.close()
    new.close()


# ------------------------------------------------------------------------------------- PostgreSQL

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default,
            is_identity, identity_generation,
            row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 9
    """,
    "indexes": """
        SELECT tablename, indexname, replace(indexdef, current_schema(), '')
        FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2
    """,
    "options": """
        SELECT relname, reloptions FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2
    """,
    "triggers": """
        SELECT tgname, replace(pg_get_triggerdef(t.oid), current_schema(), '')
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal ORDER BY 1
    """,
    "functions": """
        SELECT proname, replace(pg_get_functiondef(oid), current_schema(), '')
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace ORDER BY 1
    """,
}

_schemas = count(1)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def catalogue_of_server(connection: psycopg.Connection, *scripts: str) -> Catalogue:
    """What scripts make of an empty schema, each in a transaction of its own."""
    schema = f"made_{next(_schemas)}"
    connection.execute(f"CREATE SCHEMA {schema}".encode())
    connection.execute(f"SET search_path TO {schema}".encode())
    for script in scripts:
        with connection.transaction():
            connection.execute(script.encode())
    return {what: connection.execute(ask).fetchall() for what, ask in CATALOGUE.items()}


def test_the_readable_schema_of_a_server_is_what_its_scripts_make(
    connection: psycopg.Connection,
) -> None:
    scripts = [migration.script for migration in migrations("postgres")]
    made = catalogue_of_server(connection, *scripts)
    assert made == catalogue_of_server(connection, readable("postgres"))
    assert all(made.values())
    assert made != catalogue_of_server(connection, scripts[0])


def test_both_databases_have_the_same_columns(connection: psycopg.Connection) -> None:
    made = catalogue_of_server(connection, readable("postgres"))
    on_server: dict[str, set[str]] = {}
    for table, column, *_ in made["columns"]:
        on_server.setdefault(table, set()).add(column)
    file = file_of(readable("sqlite"))
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    in_file = {
        name: {row[1] for row in file.execute(f"PRAGMA table_xinfo('{name}')")}
        for (name,) in file.execute(tables).fetchall()
    }
    file.close()
    assert in_file.pop("unscrubbed") == {"id"}
    assert on_server.pop("stream") == {"stream", "version"}
    assert in_file == on_server

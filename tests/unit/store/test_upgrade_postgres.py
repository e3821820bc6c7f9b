"""A schema of an earlier release on a server, with rows in it, opened by this release."""

import psycopg
import pytest

from sla_engine.clock import VirtualClock
from sla_engine.scheduler.alarm_index import audit
from sla_engine.store.migrations import migrations
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, instant, send, to

THEN, NOW = instant("2025-06-20 10:00"), instant("2025-06-25 11:00")
SCRIPTS = migrations("postgres")
FIRST = 5
"""The newest script of the first release that ran on a server."""
COLUMNS = """
    SELECT table_name, string_agg(quote_ident(column_name), ', ')
    FROM information_schema.columns AS new
    WHERE table_schema = 'new' AND EXISTS (
        SELECT FROM information_schema.columns AS old
        WHERE table_schema = 'old' AND old.table_name = new.table_name
        AND old.column_name = new.column_name
    ) AND table_name <> 'schema_version'
    GROUP BY 1
"""


def opened(store: str, now: int = NOW) -> Engine:
    return Engine.open(store, VirtualClock(now), rules=SHIPPED)


def as_it_was(database: str, release: int) -> None:
    """The rows of the schema `new`, in the schema `old` that a release had whose newest script had
    this number."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA old")
        connection.execute("SET search_path TO old")
        connection.execute("CREATE TABLE schema_version (version integer PRIMARY KEY, name text)")
        for number, name, script in SCRIPTS[:release]:
            connection.execute(script.encode())
            connection.execute("INSERT INTO schema_version VALUES (%s, %s)", (number, name))
        for table, columns in connection.execute(COLUMNS).fetchall():
            connection.execute(
                f"INSERT INTO old.{table} ({columns}) OVERRIDING SYSTEM VALUE"
                f" SELECT {columns} FROM new.{table}".encode()
            )


@pytest.mark.parametrize("release", range(FIRST, len(SCRIPTS)))
def test_it_goes_on_as_if_it_had_been_written_today(database: str, release: int) -> None:
    new, old = f"{database}?schema=new", f"{database}?schema=old"
    with opened(new, THEN) as engine:
        send(
            engine,
            "2025-06-03 09:00 registered pack=zaozhuang-2110 id=f1",
            "2025-06-03 09:30 admitted id=f2",
            "2025-06-03 10:00 dispatched unit=U1 id=f3",
        )
        engine.follow()
    as_it_was(database, release)
    told = []
    for store in (new, old):
        with opened(store, THEN) as engine:
            (first,) = send(engine, "2025-06-03 09:30 admitted id=f2")
            assert first.status == "repeated", "keys are those of before"
            send(engine, "2025-06-20 11:00 resolved id=f4")
            to(engine, "2025-06-25 11:00")
            assert list(audit(engine.log, engine.alarm_rows, NOW)) == []
            found = engine.verify()
            assert found.identical
            told.append((found.live, [each.event for each in engine.log.scan()]))
    assert told[0] == told[1]

"""A store written by an older program, opened by this one."""

import sqlite3
from pathlib import Path

from sla_engine.clock import VirtualClock
from sla_engine.projection import Columns
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, instant, send, to

VERSION = 5
NOW = instant("2025-06-20 10:00")


def opened(path: Path) -> Engine:
    return Engine.open(path, VirtualClock(NOW), rules=SHIPPED)


def as_before(path: Path) -> None:
    """Undo what the newest migration did to the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    for column in ("started", "stopped", "liable", "mark"):
        connection.execute(f"ALTER TABLE alarm DROP COLUMN {column}")
    connection.execute("DELETE FROM schema_version WHERE version >= ?", (VERSION,))
    for name in ("projection_row", "position"):
        column = "projection" if name == "projection_row" else "follower"
        connection.execute(
            f"DELETE FROM {name} WHERE {column} LIKE '%scorecard%' OR {column} LIKE '%items%'"
        )
    connection.execute(
        "UPDATE projection_row SET columns = json_remove(columns, '$.exclusions', '$.rated') "
        "WHERE projection = 'petition_card'"
    )
    connection.close()


def state(engine: Engine) -> list[list[tuple[str, Columns]]]:
    tables = ("scorecard", "scorecard.cells", "petition_card", "worklist")
    return [list(engine.rows(table)) for table in tables]


def test_its_clocks_are_dated_and_its_read_models_filled_from_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with opened(path) as engine:
        send(
            engine,
            "2025-06-03 09:00 registered pack=zaozhuang-2110",
            "2025-06-03 09:30 admitted",
            "2025-06-03 10:00 dispatched unit=U1",
            "2025-06-05 10:00 resolved",
        )
        to(engine, "2025-06-20 11:00")
        clocks, rows = list(engine.log.alarms()), state(engine)
    assert any(clock.stopped for _, clock in clocks)
    as_before(path)
    with opened(path) as engine:
        assert list(engine.log.alarms()) == clocks
        assert engine.log.memory("alarm") == {}
        engine.follow()
        assert state(engine) == rows
        assert engine.verify().identical

"""A store written by the previous release, opened by this one."""

import sqlite3
from pathlib import Path

import pytest

from sla_engine.access.events import ExportTaken
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.projection import Columns
from sla_engine.record import Draft, Meta
from sla_engine.scheduler.alarm_index import audit
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, instant, send, to

FROZEN = Path(__file__).parent / "frozen"
"""Dumps that earlier releases made of their stores, by the schema they had. Never changed."""
THEN, NOW = instant("2025-06-20 10:00"), instant("2025-06-25 11:00")


def frozen(schema: str, path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript((FROZEN / f"{schema}.sql").read_text("utf-8"))
    connection.close()
    return path


def opened(path: Path, now: int = NOW) -> Engine:
    return Engine.open(path, VirtualClock(now), rules=SHIPPED)


def rows(engine: Engine) -> dict[str, list[tuple[str, Columns]]]:
    tables = (
        "scorecard", "scorecard.cells", "petition_card", "worklist", "docket", "docket.base",
        "docket.cells", "access_register", "access_register.base",
    )  # fmt: skip
    return {table: [(key, unnumbered(row)) for key, row in engine.rows(table)] for table in tables}


def unnumbered(row: Columns) -> Columns:
    """Acts by what they say, however often they were raised, and when."""
    raised = {"raised": list(row["raised"].values())} if "raised" in row else {}
    return {**row, **raised, **dict.fromkeys({"withdrawn_acts", "recorded_at"} & row.keys())}


@pytest.mark.parametrize("schema", sorted(path.stem for path in FROZEN.glob("*.sql")))
def test_it_goes_on_as_if_it_had_been_written_today(tmp_path: Path, schema: str) -> None:
    with opened(tmp_path / "new.sqlite", THEN) as engine:
        send(
            engine,
            "2025-06-03 09:00 registered pack=zaozhuang-2110 id=f1",
            "2025-06-03 09:30 admitted id=f2",
            "2025-06-03 10:00 dispatched unit=U1 id=f3",
            "2025-06-05 10:00 resolved id=f4",
        )
        to(engine, "2025-06-25 11:00")
        expected, clocks = rows(engine), list(engine.log.alarms())
    with opened(frozen(schema, tmp_path / "old.sqlite")) as engine:
        assert engine.log.memory("alarm") == {}
        to(engine, "2025-06-25 11:00")
        assert rows(engine) == expected
        assert list(audit(engine.log, engine.alarm_rows, NOW)) == []
        assert [(stream, clock[:8]) for stream, clock in engine.log.alarms()] == [
            (stream, clock[:8]) for stream, clock in clocks
        ]
        assert engine.verify().identical
        history = [event.event for event in engine.events("petition/P1")]
        acts = [each for each in history if isinstance(each, RungFired | RungWithdrawn)]
        callback = [each for each in acts if each.clause == "callback"]
        # The last release held it against the unit that the centre did not call back.
        assert [type(each).__name__ for each in callback] == [
            "RungFired", "RungWithdrawn", "RungFired",
        ]  # fmt: skip
        assert [each.unit for each in callback if isinstance(each, RungFired)] == ["U1", ""]


def test_rows_that_the_last_release_made_otherwise_are_filled_again(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with opened(path, THEN) as engine:
        send(engine, "2025-06-03 09:00 registered pack=zaozhuang-2110 id=f1")
        with engine.log.transact() as tx:
            meta = Meta(occurred_at=THEN, recorded_at=THEN, actor="li", source="console:li")
            tx.append("export/li", 0, [Draft(meta, ExportTaken("petitions", ("state=any",)))])
        engine.follow()
        expected = rows(engine)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM schema_version WHERE version > 8")
        connection.execute("ALTER TABLE alarm DROP COLUMN missed")
        connection.execute("UPDATE projection_row SET columns = '{}'")
    connection.close()
    with opened(path, THEN) as engine:
        engine.follow()
        assert rows(engine) == expected
        assert engine.verify().identical

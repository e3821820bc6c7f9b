"""Schema versions: applied in order, once, whole; a newer file is left alone."""

import sqlite3
import threading
from pathlib import Path

import pytest

from sla_engine.errors import Refusal, Unavailable
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.store.migrations import Migration, migrations
from sla_engine.store.sqlite import migrate as module
from sla_engine.store.sqlite.migrate import is_current, known, migrate, statements


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_migrations_are_numbered_without_gaps(dialect: str) -> None:
    numbers = [migration.number for migration in migrations(dialect)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_file_gets_every_version_and_an_old_one_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripts = known()
    connection = sqlite3.connect(":memory:", isolation_level=None)
    monkeypatch.setattr(module, "known", lambda: scripts[:2])
    migrate(connection.cursor())
    connection.execute("INSERT INTO rung_key VALUES ('petition/1', 'k')")
    assert is_current(connection.cursor())
    monkeypatch.undo()
    assert not is_current(connection.cursor())
    migrate(connection.cursor())
    migrate(connection.cursor())
    assert is_current(connection.cursor())
    rows = connection.execute("SELECT version, name FROM schema_version ORDER BY version")
    assert rows.fetchall() == [(number, name) for number, name, _ in scripts]
    assert connection.execute("SELECT * FROM rung_key").fetchall() == [("petition/1", "k")]
    connection.close()


def test_an_index_from_before_its_clocks_were_dated_is_marked_and_a_new_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripts = known()
    for rows, marked in ((0, []), (1, [("alarm", "stale")])):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        with monkeypatch.context() as patch:
            patch.setattr(module, "known", lambda: scripts[:4])
            migrate(connection.cursor())
        for _ in range(rows):
            connection.execute(
                "INSERT INTO alarm VALUES ('petition/1', 'solve', '1', 'met', 0, '甲', 5, NULL, '')"
            )
        migrate(connection.cursor())
        assert connection.execute("SELECT follower, key FROM memory").fetchall() == marked
        dated = connection.execute("SELECT started, stopped, liable, mark FROM alarm").fetchall()
        assert dated == [(0, None, "", "")] * rows
        connection.close()


def test_a_file_from_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "log.sqlite").close()
    connection = sqlite3.connect(tmp_path / "log.sqlite")
    connection.execute("INSERT INTO schema_version VALUES (9999, 'from the future')")
    connection.commit()
    connection.close()
    with pytest.raises(Refusal) as refused:
        open_sqlite(tmp_path / "log.sqlite")
    assert refused.value.code == "STORE_NEWER"


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = "CREATE TABLE half (x);\nCREATE TABLE half (x);"
    broken = [*known(), Migration(99, "0099_broken", script)]
    open_sqlite(tmp_path / "log.sqlite").close()
    monkeypatch.setattr(module, "known", lambda: broken)
    with pytest.raises(Exception, match="half already exists"):
        open_sqlite(tmp_path / "log.sqlite")
    connection = sqlite3.connect(tmp_path / "log.sqlite")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "alarm" in tables
    assert "half" not in tables


def test_several_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    logs: list[PetitionLog] = []
    start = threading.Barrier(4)

    def open_one() -> None:
        start.wait()
        logs.append(open_sqlite(tmp_path / "log.sqlite", wait=30.0))

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [log.head() for log in logs] == [0, 0, 0, 0]
    for log in logs:
        log.close()


def test_a_new_file_is_opened_once_whoever_writes_to_it_has_done_so(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        open_sqlite(tmp_path / "log.sqlite", wait=0.05)
    assert caught.value.faults[0].code == "STORE_BUSY"
    done = threading.Timer(0.2, other.close)
    done.start()
    open_sqlite(tmp_path / "log.sqlite", wait=30.0).close()
    done.join()


def test_a_current_file_is_opened_while_another_process_writes(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "log.sqlite").close()
    writer = sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    log = open_sqlite(tmp_path / "log.sqlite", wait=0.01)
    assert log.head() == 0
    log.close()
    writer.close()


def test_triggers_are_one_statement() -> None:
    script = "-- why\nCREATE TABLE t (x);\n\nCREATE TRIGGER g BEFORE DELETE ON t\nBEGIN\n" + (
        "    SELECT 1;\n    SELECT 2;\nEND;\n"
    )
    assert [s.split()[-1] for s in statements(script)] == ["(x);", "END;"]

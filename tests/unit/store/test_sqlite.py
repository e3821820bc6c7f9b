"""What is particular to the SQLite file: who may write, what is forbidden, which plans are used."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sla_engine.errors import Refusal, Unavailable
from sla_engine.store import tables as module
from sla_engine.store.application import PetitionLog, open_memory, open_sqlite, open_store
from sla_engine.store.sqlite import recorder, tables
from sla_engine.store.sqlite.recorder import Recorder
from tests.conformance.store.samples import alarm, dispatched, registered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[PetitionLog]:
    log = open_sqlite(path, wait=30.0)
    yield log
    log.close()


def pragma(log: PetitionLog, name: str) -> Any:
    with recorder_of(log).datastore.reading() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def recorder_of(log: PetitionLog) -> Recorder:
    assert isinstance(log.recorder, Recorder)
    return log.recorder


def test_the_file_is_durable_by_default_and_wipes_what_it_deletes(log: PetitionLog) -> None:
    assert pragma(log, "journal_mode") == "wal"
    assert pragma(log, "synchronous") == 2
    assert pragma(log, "secure_delete") == 1
    assert pragma(log, "busy_timeout") == 30_000


def test_durability_can_be_lowered_on_request(path: Path) -> None:
    log = open_sqlite(path, synchronous="NORMAL")
    assert pragma(log, "synchronous") == 1
    log.close()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM stored_events", "UPDATE stored_events SET state = x''"],
)
def test_facts_are_neither_changed_nor_deleted(
    log: PetitionLog, path: Path, statement: str
) -> None:
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered()])
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are never changed"):
        connection.execute(statement)
    connection.close()
    assert log.head() == 1


def test_a_writer_in_another_process_is_waited_for_and_then_refused(path: Path) -> None:
    log = open_sqlite(path, wait=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Refusal) as refused, log.transact():
        pytest.fail("two writers at once")
    assert refused.value.code == "STORE_BUSY"
    assert "0.05" in refused.value.faults[0].zh()
    other.execute("COMMIT")
    other.close()
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered()])
    log.close()


def test_a_writer_in_another_thread_is_waited_for_and_then_refused(path: Path) -> None:
    log = open_sqlite(path, wait=0.05)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with log.transact():
            entered.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(30)
    with pytest.raises(Refusal) as refused, log.transact():
        pytest.fail("two writers at once")
    assert refused.value.code == "STORE_BUSY"
    assert log.head() == 0
    leave.set()
    holder.join()
    log.close()


def test_threads_write_one_after_the_other(log: PetitionLog) -> None:
    def write(thread: int) -> None:
        for n in range(20):
            with log.transact() as tx:
                after = len(tx.load("petition/1"))
                tx.append("petition/1", after, [dispatched(f"{thread}/{n}")])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.version for r in log.read("petition/1")] == list(range(1, 81))


def test_pages_end_between_any_two_names(log: PetitionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 1)
    monkeypatch.setattr(recorder, "PAGE", 1)
    names = ["a", "a\x01", "a0", "a00", "a1", "甲", "甲乙"]
    with log.transact() as tx:
        for name in names:
            tx.append(name, 0, [registered()])
            tx.set_alarms(name, [alarm()])
        tx.put_rows("board", 1, {name: {} for name in names})
    assert list(log.streams("")) == names
    assert [key for key, _ in log.table("board", 1)] == names
    assert [stream for stream, _ in log.alarms()] == names


def test_memory_logs_are_separate() -> None:
    one, other = open_memory(), open_memory()
    with one.transact() as tx:
        tx.append("petition/1", 0, [registered()])
    assert (one.head(), other.head()) == (1, 0)
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (tables.NEXT, "alarm_next"),
        ("SELECT min(alarm_at) FROM alarm WHERE lane = 0 AND alarm_at IS NOT NULL", "alarm_next"),
        ("SELECT * FROM alarm WHERE due IS NULL ORDER BY stream, clause, cycle", "alarm_due"),
    ],
)
def test_what_is_due_is_read_from_an_index_in_order(
    log: PetitionLog, path: Path, query: str, index: str
) -> None:
    connection = sqlite3.connect(path)
    parameters = (0,) * query.count("?")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
    connection.close()
    assert len(plan) == 1
    assert index in plan[0]


def test_a_full_disk_is_told_and_nothing_of_the_transaction_is_there(log: PetitionLog) -> None:
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("a")])
    limit = pragma(log, "page_count") + 2
    writer = recorder_of(log).datastore.writer().bare()
    writer.execute(f"PRAGMA max_page_count = {limit}")

    def fill() -> None:
        with log.transact() as tx:
            tx.append("petition/1", 1, [dispatched()])
            tx.remember("follower", {"k": bytes(100_000)})

    with pytest.raises(Unavailable) as refused:
        fill()
    assert refused.value.code == "STORE_FULL"
    assert (log.head(), log.memory("follower")) == (1, {})
    writer.execute(f"PRAGMA max_page_count = {limit + 1_000}")
    with log.transact() as tx:
        tx.append("petition/1", 1, [dispatched()])
    assert log.head() == 2


@pytest.mark.parametrize("kind", ["no database", "a folder that is not there"])
def test_what_cannot_be_used_as_a_database_is_told(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "text.sqlite"
    file.write_text("this is no database, and long enough to be looked at" * 100)
    where = file if kind == "no database" else tmp_path / "nowhere" / "log.sqlite"
    with pytest.raises(Unavailable) as refused:
        open_sqlite(where)
    assert refused.value.code == "STORE_AWAY"


def test_a_closed_log_is_away(path: Path) -> None:
    log = open_sqlite(path)
    log.close()
    with pytest.raises(Unavailable), log.transact():
        pytest.fail("a closed log was written to")
    with pytest.raises(Unavailable):
        log.head()


def test_a_file_has_no_time_of_its_own(log: PetitionLog) -> None:
    assert log.now() is None


def test_a_store_is_named_by_its_path(path: Path) -> None:
    open_store(path).close()
    assert path.exists()
    with pytest.raises(Unavailable):
        open_store("postgresql://nobody@127.0.0.1:1/none", wait=0.1)

"""What is particular to the SQLite file: who may write, what is forbidden, which plans are used."""

import sqlite3
import threading

import pytest

from sla_engine.errors import Refusal
from sla_engine.store import transaction
from sla_engine.store.application import open_memory, open_sqlite
from sla_engine.store.codec import Entry
from tests.conformance.store.samples import dispatched, registered


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path):
    log = open_sqlite(path, wait=30.0)
    yield log
    log.close()


def pragma(log, name):
    with log.recorder.datastore.reading() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_file_is_durable_by_default_and_wipes_what_it_deletes(log):
    assert pragma(log, "journal_mode") == "wal"
    assert pragma(log, "synchronous") == 2
    assert pragma(log, "secure_delete") == 1
    assert pragma(log, "busy_timeout") == 30_000


def test_durability_can_be_lowered_on_request(path):
    log = open_sqlite(path, synchronous="NORMAL")
    assert pragma(log, "synchronous") == 1
    log.close()


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM stored_events", "UPDATE stored_events SET state = x''"],
)
def test_facts_can_neither_be_changed_nor_deleted(log, path, statement):
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered()])
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="facts are never changed"):
        connection.execute(statement)
    connection.close()
    assert log.head() == 1


def test_a_writer_in_another_process_is_waited_for_and_then_refused(path):
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


def test_a_writer_in_another_thread_is_waited_for_and_then_refused(path):
    log = open_sqlite(path, wait=0.05)
    entered, leave = threading.Event(), threading.Event()

    def hold():
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


def test_threads_write_one_after_the_other(log):
    def write(thread):
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


def test_the_librarys_own_way_in_records_the_same(log):
    draft = registered("a")
    recordings = log.save(Entry("petition/1", 1, 0, draft.meta, draft.event))
    assert [recording.notification.id for recording in recordings] == [1]
    (recorded,) = log.read("petition/1")
    assert recorded == ("petition/1", 1, 1, draft.meta, draft.event)
    with log.transact() as tx:
        assert tx.answers([("12345", "a")])[("12345", "a")].stream == "petition/1"


def test_the_librarys_own_readers_agree(log):
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("a"), dispatched("b"), dispatched("c")])
    recorder = log.recorder
    versions = lambda events: [event.originator_version for event in events]  # noqa: E731
    assert versions(recorder.select_events("petition/1", gt=1)) == [2, 3]
    assert versions(recorder.select_events("petition/1", lte=2, desc=True)) == [2, 1]
    assert versions(recorder.select_events("petition/1", desc=True, limit=1)) == [3]
    ids = lambda events: [event.id for event in events]  # noqa: E731
    assert ids(recorder.select_notifications(None, 10)) == [1, 2, 3]
    assert ids(recorder.select_notifications(2, 10, stop=2)) == [2]
    assert ids(recorder.select_notifications(1, 10, topics=["petition.dispatched/1"])) == [2, 3]
    assert [n.id for n in log.notification_log.select(1, 5)] == [1, 2, 3]
    assert log.repository.get("petition/1", version=2, projector_func=last_version) == 2


def last_version(state, entries):
    return [entry.version for entry in entries][-1]


def test_memory_logs_are_separate():
    one, other = open_memory(), open_memory()
    with one.transact() as tx:
        tx.append("petition/1", 0, [registered()])
    assert (one.head(), other.head()) == (1, 0)
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (transaction.DUE, "alarm_next"),
        ("SELECT alarm_at FROM alarm WHERE alarm_at IS NOT NULL ORDER BY alarm_at", "alarm_next"),
        ("SELECT * FROM alarm WHERE due IS NULL ORDER BY stream, clause, cycle", "alarm_due"),
    ],
)
def test_what_is_due_is_read_from_an_index_in_order(log, path, query, index):
    connection = sqlite3.connect(path)
    parameters = (0,) * query.count("?")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
    connection.close()
    assert len(plan) == 1
    assert index in plan[0]

"""What is particular to the PostgreSQL server: sessions, faults, and what is forbidden."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from sla_engine.errors import Refusal, Unavailable
from sla_engine.store.application import PetitionLog, open_postgres, open_store
from sla_engine.store.migrations import Migration
from sla_engine.store.postgres import migrate as module
from sla_engine.store.postgres.recorder import Recorder
from sla_engine.store.postgres.tables import CLAIM
from tests.conformance.store.samples import T0, alarm, dispatched, registered
from tests.support.servers import PostgresServer

PATIENCE_S = 30.0


@pytest.fixture
def log(database: str) -> Iterator[PetitionLog]:
    log = open_postgres(database, wait=PATIENCE_S)
    yield log
    log.close()


@pytest.fixture
def outside(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def fetch(log: PetitionLog, statement: str) -> list[tuple[Any, ...]]:
    assert isinstance(log.recorder, Recorder)
    return log.recorder.fetch(statement)


def append(log: PetitionLog, stream: str) -> None:
    with log.transact() as tx:
        version = len(tx.load(stream))
        tx.append(stream, version, [dispatched()])


def until(condition: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to pass")


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        work()
    return refused.value.code


# ------------------------------------------------------------------------------------- the schema


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM stored_events",
        "UPDATE stored_events SET state = ''",
        "TRUNCATE stored_events",
    ],
)
def test_facts_are_neither_changed_nor_deleted(
    log: PetitionLog, outside: psycopg.Connection, statement: str
) -> None:
    append(log, "petition/1")
    with pytest.raises(psycopg.errors.IntegrityError, match="facts are never changed"):
        outside.execute(statement.encode())
    assert log.head() == 1


def test_logs_of_several_schemas_are_separate(database: str) -> None:
    logs = [open_postgres(database, schema=schema) for schema in ("public", "district 1")]
    append(logs[0], "petition/1")
    assert [log.head() for log in logs] == [1, 0]
    append(logs[1], "petition/1")
    assert [log.head() for log in logs] == [1, 1]
    for log in logs:
        log.close()


def test_several_processes_may_begin_a_new_schema_at_once(database: str) -> None:
    logs: list[PetitionLog] = []
    start = threading.Barrier(4)

    def open_one() -> None:
        start.wait()
        logs.append(open_postgres(database, schema="new", wait=PATIENCE_S))

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [log.head() for log in logs] == [0, 0, 0, 0]
    for log in logs:
        log.close()


def test_a_schema_of_a_newer_program_is_refused_and_left_alone(
    log: PetitionLog, outside: psycopg.Connection, database: str
) -> None:
    outside.execute("INSERT INTO schema_version VALUES (9999, 'from the future')")
    assert code_of(lambda: open_postgres(database)) == "STORE_NEWER"


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    log: PetitionLog,
    outside: psycopg.Connection,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = "CREATE TABLE half (x integer); CREATE TABLE half (x integer);"
    broken = [*module.known(), Migration(99, "0099_broken", script)]
    with monkeypatch.context() as patch:
        patch.setattr(module, "known", lambda: broken)
        assert code_of(lambda: open_postgres(database)) == "STORE_AWAY"
    assert outside.execute("SELECT to_regclass('half')").fetchone() == (None,)
    open_postgres(database).close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (CLAIM.format(besides=""), "alarm_next"),
        ("SELECT min(alarm_at) FROM alarm WHERE lane = 0 AND alarm_at IS NOT NULL", "alarm_next"),
        ("SELECT * FROM alarm ORDER BY due, stream, clause, cycle LIMIT 9", "alarm_due"),
        ("SELECT max(notification_id) FROM stored_events", "stored_events_pkey"),
    ],
)
def test_what_is_due_is_read_from_an_index_in_order(
    log: PetitionLog, query: str, index: str
) -> None:
    query = query.replace("%b", "0")
    plan = "\n".join(line for (line,) in fetch(log, f"EXPLAIN (COSTS OFF) {query}"))
    assert index in plan
    assert "Sort" not in plan


# -------------------------------------------------------------------------------------- sessions


def test_every_session_knows_its_limits(database: str) -> None:
    log = open_postgres(database, wait=7.0, idle=3.0, statement=40.0)
    shown = {
        name: fetch(log, f"SELECT current_setting('{name}')")[0][0]
        for name in (
            "application_name",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "statement_timeout",
            "tcp_keepalives_idle",
        )
    }
    assert list(shown.values()) == ["sla-engine", "7s", "3s", "40s", shown["tcp_keepalives_idle"]]
    log.close()
    log = open_postgres(f"{database}?application_name=intake-3")
    assert fetch(log, "SELECT current_setting('application_name')") == [("intake-3",)]
    log.close()


def test_a_lock_is_waited_for_and_then_refused(log: PetitionLog, database: str) -> None:
    impatient = open_postgres(database, wait=0.05)
    append(log, "petition/1")
    with log.transact() as tx:
        tx.load("petition/1")
        assert code_of(lambda: append(impatient, "petition/1")) == "STORE_BUSY"
    append(impatient, "petition/1")
    assert len(log.read("petition/1")) == 2
    impatient.close()


def test_more_work_than_connections_is_refused(database: str) -> None:
    log = open_postgres(database, wait=0.3, connections=1)
    with log.transact() as tx:
        tx.load("petition/1")
        assert code_of(log.head) == "STORE_BUSY"
    assert log.head() == 0
    log.close()


def test_who_stands_still_within_a_transaction_loses_it_and_his_locks(
    log: PetitionLog, database: str, outside: psycopg.Connection
) -> None:
    frozen = open_postgres(database, idle=0.05)
    append(log, "petition/1")

    in_transaction = (
        "SELECT pid FROM pg_stat_activity "
        "WHERE datname = current_database() AND state = 'idle in transaction'"
    )

    def stand_still() -> None:
        with frozen.transact() as tx:
            tx.append("petition/1", len(tx.load("petition/1")), [dispatched("late")])
            until(lambda: not outside.execute(in_transaction).fetchall())
            append(log, "petition/1")

    with pytest.raises(Unavailable) as refused:
        stand_still()
    assert refused.value.code == "STORE_AWAY"
    assert [each.meta.key for each in log.read("petition/1")] == ["", ""]
    append(frozen, "petition/1")
    frozen.close()


def test_a_statement_that_takes_too_long_is_broken_off(database: str) -> None:
    log = open_postgres(database, statement=0.1)
    assert code_of(lambda: fetch(log, "SELECT pg_sleep(60)")) == "STORE_AWAY"
    assert log.head() == 0
    log.close()


def test_the_time_is_the_servers(log: PetitionLog, outside: psycopg.Connection) -> None:
    before = log.now()
    after = log.now()
    assert before is not None
    assert after is not None
    assert T0 < before < after
    outside.execute(
        "CREATE OR REPLACE FUNCTION engine_now() RETURNS bigint LANGUAGE sql AS 'SELECT 42::bigint'"
    )
    assert log.now() == 42


# ---------------------------------------------------------------------------------------- faults


def test_a_store_is_named_by_its_address(database: str) -> None:
    log = open_store(database)
    append(log, "petition/1")
    log.close()
    log = open_store(database)
    assert log.head() == 1
    log.close()


def test_an_address_may_name_a_schema(database: str) -> None:
    """One region in each; what else stands in the address is the server's."""
    for schema, stream in (("east", "petition/1"), ("西部 1", "petition/2")):
        where = f"{database}?connect_timeout=5&schema={quote(schema)}"
        log = open_store(where, wait=5.0)
        append(log, stream)
        log.close()
    east = open_postgres(database, schema="east")
    assert list(east.streams("")) == ["petition/1"]
    east.close()
    public = open_store(database)
    assert public.head() == 0
    public.close()


def test_a_server_that_is_not_there_is_told_after_a_bounded_wait() -> None:
    where = "postgresql://nobody@127.0.0.1:1/none"
    assert code_of(lambda: open_postgres(where, wait=0.3)) == "STORE_AWAY"


@pytest.mark.parametrize("name", ["\0", "".join(map(chr, range(0x4E00, 0x5E00)))])
def test_what_the_database_cannot_hold_is_refused_for_what_it_is(
    log: PetitionLog, name: str
) -> None:
    """NUL, and a key that is longer than an index takes."""

    def written() -> None:
        with log.transact() as tx:
            tx.append(f"petition/{name}", 0, [registered()])

    with pytest.raises(Refusal) as refused:
        written()
    assert refused.value.code == "STORE_MISFIT"
    assert not isinstance(refused.value, Unavailable)


def test_a_closed_log_is_away(database: str) -> None:
    log = open_postgres(database)
    log.close()
    assert code_of(log.head) == "STORE_AWAY"


def test_a_connection_cut_off_before_the_commit_has_written_nothing(
    log: PetitionLog, outside: psycopg.Connection
) -> None:
    def cut_off() -> None:
        with log.transact() as tx:
            tx.load("petition/1")
            tx.append("petition/1", 0, [dispatched()])
            outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'sla-engine' AND state = 'idle in transaction'"
            )

    with pytest.raises(Unavailable) as refused:
        cut_off()
    assert refused.value.code == "STORE_AWAY"
    assert log.head() == 0
    append(log, "petition/1")


def test_a_process_goes_on_when_the_server_is_back() -> None:
    with PostgresServer() as server:
        log = open_postgres(server.database(), wait=1.0)
        append(log, "petition/1")
        # Several connections, all of which will be dead.
        with log.transact() as tx:
            tx.load("petition/1")
            assert log.head() == 1
        server.kill()
        with pytest.raises(Unavailable):
            append(log, "petition/1")
        server.start()
        append(log, "petition/1")
        assert [each.position for each in log.scan()] == [1, 2]
        server.restart()
        append(log, "petition/1")
        assert log.head() == 3
        log.close()


def test_an_error_that_was_swallowed_within_comes_out_at_the_end(log: PetitionLog) -> None:
    def swallow() -> None:
        with log.transact() as tx:
            tx.append("petition/1", 0, [dispatched()])
            with pytest.raises(Refusal):
                tx.load("petition/\0")

    assert code_of(swallow) == "STORE_MISFIT"
    assert log.head() == 0


# --------------------------------------------------------------------------------------- erasure


def test_an_erasure_is_followed_by_vacuum(log: PetitionLog, outside: psycopg.Connection) -> None:
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "欧阳某某"})
    with log.transact() as tx:
        tx.keep_personal("P1", {"phone": "13912345678"})
    with log.transact() as tx:
        tx.erase("P1")
    assert outside.execute("SELECT count(*) FROM personal").fetchone() == (0,)
    # Emptied by DELETE alone the table would still have its pages.
    assert outside.execute("SELECT pg_relation_size('personal')").fetchone() == (0,)


def test_an_erasure_whose_vacuum_cannot_be_done_is_still_an_erasure(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "欧阳某某"})
    with log.transact() as tx:
        tx.erase("P1")
        tx.after_commit(lambda: monkeypatch.setattr(psycopg.Connection, "execute", broken))
    monkeypatch.undo()
    assert log.personal("P1") == {}
    assert "autovacuum" in caplog.text


def broken(*_: object) -> None:
    raise psycopg.errors.QueryCanceled


def test_alarms_that_stay_as_they_are_get_no_new_version(log: PetitionLog) -> None:
    rows = [alarm("reply", at=T0), alarm("onsite", at=T0 + 1)]

    def versions() -> dict[str, str]:
        return dict(fetch(log, "SELECT clause, ctid::text FROM alarm"))

    with log.transact() as tx:
        tx.set_alarms("a", rows)
    before = versions()
    with log.transact() as tx:
        tx.set_alarms("a", [rows[0], rows[1]._replace(alarm_at=T0 + 2)])
    after = versions()
    assert after["reply"] == before["reply"]
    assert after["onsite"] != before["onsite"]

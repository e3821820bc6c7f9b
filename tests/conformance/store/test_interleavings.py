"""Several writers on one PostgreSQL server, step by step at every lock, and what would happen
without it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event
from typing import Any, cast

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from sla_engine.errors import Conflict, Refusal
from sla_engine.ports import attempt
from sla_engine.record import Recorded
from sla_engine.store.application import PetitionLog, open_postgres
from sla_engine.store.postgres.recorder import Recorder
from sla_engine.store.postgres.tables import CLAIM, Ask, PostgresTables
from sla_engine.store.tables import Rows
from tests.conformance.store.samples import T0, alarm, dispatched, registered

PATIENCE_S = 30.0
_schemas = count(1)


class Server:
    """A schema of its own, a view of it from outside, and threads to act in."""

    def __init__(self, url: str, threads: ThreadPoolExecutor) -> None:
        self.url = url
        self.schema = f"interleaved_{next(_schemas)}"
        self.threads = threads
        self.logs: list[PetitionLog] = []
        self.outside = psycopg.connect(url, autocommit=True)
        self.log = self.open()
        self.execute("SET search_path TO " + self.schema)

    def open(self) -> PetitionLog:
        """Another process, as far as the server can tell."""
        log = open_postgres(self.url, schema=self.schema, wait=PATIENCE_S)
        self.logs.append(log)
        return log

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        cursor = self.outside.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def wait_for(self, done: Future[Any]) -> bool:
        """Until somebody waits for a lock, or `done`; returns whether it is done."""
        pause = Event()
        for _ in range(int(PATIENCE_S / 0.005)):
            if done.done():
                return True
            waiting = self.execute(
                "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE NOT l.granted AND a.datname = current_database()"
            )
            if waiting:
                return False
            pause.wait(0.005)
        raise AssertionError("neither done nor waiting")

    def close(self) -> None:
        for log in self.logs:
            log.close()
        self.outside.close()


@pytest.fixture
def server(shared_database: str) -> Iterator[Server]:
    with ThreadPoolExecutor() as threads:
        server = Server(shared_database, threads)
        yield server
        server.close()


class Stopped(PostgresTables):
    """Stops when everything is written, before COMMIT."""

    reached: Event
    go_on: Event

    def _send(self, asks: Sequence[Ask]) -> list[Rows]:
        if asks[-1].statement != "COMMIT":
            return super()._send(asks)
        answers = super()._send(asks[:-1])
        self.reached.set()
        assert self.go_on.wait(PATIENCE_S)
        return answers + super()._send(asks[-1:])


@contextmanager
def stopped(
    log: PetitionLog, base: type[PostgresTables] = PostgresTables
) -> Iterator[type[Stopped]]:
    """Transactions of `log` stop before their COMMIT, at the latest until the block ends."""
    held = cast(
        "type[Stopped]",
        type("Held", (Stopped, base), {"reached": Event(), "go_on": Event()}),
    )
    recorder_of(log).tables = held
    try:
        yield held
    finally:
        held.go_on.set()


def recorder_of(log: PetitionLog) -> Recorder:
    assert isinstance(log.recorder, Recorder)
    return log.recorder


def open_stream(log: PetitionLog, stream: str) -> None:
    with log.transact() as tx:
        tx.append(stream, 0, [registered(no=stream)])


# --------------------------------------------------------------------------- the order of the log


class Unordered(PostgresTables):
    """What one would write first: a sequence, and no lock."""

    appending = (
        "WITH unused AS (SELECT %b::bigint) INSERT INTO stored_events "
        "(notification_id, originator_id, originator_version, topic, state) "
        "SELECT nextval('unordered'), e.* "
        "FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::bytea[]) AS e"
    )


def followed(server: Server, tables: type[PostgresTables]) -> list[Recorded]:
    """What a follower sees while one writer stands between its position and its COMMIT, and after
    that: it asks again and again for what is behind the last event it has seen."""
    slow, quick, seen = server.open(), server.open(), list[Recorded]()
    recorder_of(quick).tables = tables

    def follow() -> None:
        while batch := server.log.follow(seen[-1].position if seen else 0, 10):
            seen.extend(batch)

    with stopped(slow, tables) as held:
        first = server.threads.submit(open_stream, slow, "petition/slow")
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(open_stream, quick, "petition/quick")
        server.wait_for(second)
        follow()
        held.go_on.set()
        first.result(PATIENCE_S)
        follow()
    second.result(PATIENCE_S)
    follow()
    return seen


def test_a_follower_misses_no_event_of_concurrent_writers(server: Server) -> None:
    seen = followed(server, PostgresTables)
    assert [each.stream for each in seen] == ["petition/slow", "petition/quick"]
    assert [each.position for each in seen] == [1, 2]


def test_without_the_order_of_commits_it_would_miss_some(server: Server) -> None:
    server.execute("CREATE SEQUENCE unordered")
    seen = followed(server, Unordered)
    assert [each.stream for each in seen] == ["petition/quick"]
    assert len(list(server.log.scan())) == 2


def test_without_the_lock_the_key_of_positions_still_refuses_a_second_order(
    server: Server,
) -> None:
    ((source,),) = server.execute("SELECT pg_get_functiondef('append_events'::regproc)")
    lock = "PERFORM pg_advisory_xact_lock(log_lock);"
    assert source.count(lock) == 1
    server.execute(source.replace(lock, ""))
    with pytest.raises(Conflict) as refused:
        followed(server, PostgresTables)
    assert refused.value.code == "STREAM_MOVED"
    assert [each.stream for each in server.log.scan()] == ["petition/slow"]


def test_writers_of_different_streams_do_not_wait_until_they_write(server: Server) -> None:
    other = server.open()
    open_stream(server.log, "petition/1")
    open_stream(server.log, "petition/2")
    with server.log.transact() as tx, other.transact() as beside:
        assert len(tx.load("petition/1")) == len(beside.load("petition/2")) == 1
        tx.append("petition/1", 1, [dispatched()])
        beside.append("petition/2", 1, [dispatched()])
    assert [each.position for each in server.log.scan()] == [1, 2, 3, 4]


# ------------------------------------------------------------------------------ the same stream


def test_a_stream_that_is_loaded_is_waited_for(server: Server) -> None:
    open_stream(server.log, "petition/1")
    other = server.open()

    def dispatch() -> int:
        with other.transact() as tx:
            version = len(tx.load("petition/1"))
            tx.append("petition/1", version, [dispatched("b")])
            return version

    with server.log.transact() as tx:
        tx.load("petition/1")
        second = server.threads.submit(dispatch)
        assert not server.wait_for(second)
        tx.append("petition/1", 1, [dispatched("a")])
    assert second.result(PATIENCE_S) == 2
    assert [each.meta.key for each in server.log.read("petition/1")] == ["", "a", "b"]


def test_of_two_who_open_a_stream_one_is_told_and_tries_again(server: Server) -> None:
    slow, quick = server.open(), server.open()
    tries = list[int]()

    def open_or_add() -> None:
        tries.append(1)
        with quick.transact() as tx:
            version = len(tx.load("petition/1"))
            tx.append("petition/1", version, [dispatched()])

    with stopped(slow) as held:
        first = server.threads.submit(open_stream, slow, "petition/1")
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(attempt, open_or_add)
        server.wait_for(second)
        held.go_on.set()
        first.result(PATIENCE_S)
    second.result(PATIENCE_S)
    assert len(tries) == 2
    assert [each.version for each in server.log.read("petition/1")] == [1, 2]


def test_of_two_who_bring_the_same_key_one_is_told(server: Server) -> None:
    slow, quick = server.open(), server.open()

    def bring(log: PetitionLog, stream: str) -> None:
        with log.transact() as tx:
            tx.append(stream, 0, [registered("same", no=stream)])

    with stopped(slow) as held:
        first = server.threads.submit(bring, slow, "petition/1")
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(bring, quick, "petition/2")
        assert not server.wait_for(second)
        held.go_on.set()
        first.result(PATIENCE_S)
        with pytest.raises(Conflict) as refused:
            second.result(PATIENCE_S)
    assert (refused.value.code, "same" in refused.value.faults[0].found) == ("KEY_TAKEN", True)
    assert list(server.log.streams("")) == ["petition/1"]


def test_two_who_wait_for_each_other_are_told_apart_and_both_get_through(server: Server) -> None:
    logs = {"ab": server.open(), "ba": server.open()}
    for stream in "ab":
        open_stream(server.log, stream)
    met = {order: Event() for order in logs}
    conflicts = list[Conflict]()

    def add(order: str) -> None:
        other = next(each for each in logs if each != order)
        try:
            with logs[order].transact() as tx:
                for stream in order:
                    version = len(tx.load(stream))
                    tx.append(stream, version, [dispatched()])
                    met[order].set()
                    assert met[other].wait(PATIENCE_S)
        except Conflict as conflict:
            conflicts.append(conflict)
            raise

    both = [server.threads.submit(attempt, lambda order=order: add(order)) for order in logs]
    for each in both:
        each.result(PATIENCE_S)
    assert [conflict.code for conflict in conflicts] == ["STORE_RACE"]
    assert [len(server.log.read(stream)) for stream in "ab"] == [3, 3]


# ---------------------------------------------------------------------------------------- claims


def test_claims_pass_over_what_somebody_holds(server: Server) -> None:
    sweeper, other = server.open(), server.open()
    with server.log.transact() as tx:
        for stream in "abc":
            tx.append(stream, 0, [registered(no=stream)])
            tx.set_alarms(stream, [alarm(at=T0)])

    def claimed(log: PetitionLog, limit: int) -> Iterator[list[str]]:
        with log.transact() as tx:
            yield [claim.stream for claim in tx.claim(T0, limit, 1)]

    with server.log.transact() as command:
        command.load("a")
        first, second = claimed(sweeper, 1), claimed(other, 9)
        assert next(first) == ["b"]
        assert next(second) == ["c"]
        assert list(first) == list(second) == []
    assert next(claimed(other, 9)) == ["a", "b", "c"]


PAUSE = """
CREATE FUNCTION pause() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_lock(4711);
    PERFORM pg_advisory_unlock(4711);
    RETURN true;
END
$$
"""


def claimed_in_the_middle_of_an_extension(server: Server, statement: str) -> list[str]:
    """The streams that a claim gets whose snapshot is older than a command's COMMIT and whose
    locks are younger."""
    with server.log.transact() as tx:
        tx.append("a", 0, [registered()])
        tx.set_alarms("a", [alarm(at=T0)])
    server.execute(PAUSE)
    server.execute("SELECT pg_advisory_lock(4711)")

    def claim() -> list[str]:
        with psycopg.connect(server.url) as connection:
            connection.execute(SQL("SET search_path TO {}").format(Identifier(server.schema)))
            rows = connection.execute(
                statement.format(besides=" AND pause()").encode(), (1, T0, 10)
            )
            return [stream for stream, _ in rows]

    claiming = server.threads.submit(claim)
    assert not server.wait_for(claiming)
    with server.log.transact() as tx:
        tx.append("a", 1, [dispatched()])
        tx.set_alarms("a", [alarm(at=T0 + 100)])
    server.execute("SELECT pg_advisory_unlock(4711)")
    return claiming.result(PATIENCE_S)


def test_a_claim_sees_an_extension_that_was_just_committed(server: Server) -> None:
    assert claimed_in_the_middle_of_an_extension(server, CLAIM) == []


def test_a_claim_that_locked_the_stream_alone_would_not_see_it(server: Server) -> None:
    stream_alone = CLAIM.replace("OF s, k", "OF s")
    assert stream_alone != CLAIM
    assert claimed_in_the_middle_of_an_extension(server, stream_alone) == ["a"]


# ------------------------------------------------------------------------------------- followers


def take(log: PetitionLog, follower: str, after: int, to: int) -> bool:
    """What a runner does: effect and position together, unless somebody was quicker."""
    with log.transact() as tx:
        if tx.position(follower) != after:
            return False
        done = int(tx.remembered(follower).get("done", b"0"))
        tx.remember(follower, {"done": str(done + to - after).encode()})
        tx.advance(follower, to)
        return True


@pytest.mark.parametrize("begun", [False, True])
def test_two_processes_of_one_follower_never_both_take_a_batch(server: Server, begun: bool) -> None:
    slow, quick = server.open(), server.open()
    after = 5 if begun else 0
    if begun:
        assert take(server.log, "f", 0, 5)
    outcomes = list[object]()

    def second() -> None:
        try:
            outcomes.append(take(quick, "f", after, after + 10))
        except Refusal as refusal:
            outcomes.append(refusal.code)

    with stopped(slow) as held:
        first = server.threads.submit(take, slow, "f", after, after + 10)
        assert held.reached.wait(PATIENCE_S)
        other = server.threads.submit(second)
        assert not server.wait_for(other)
        held.go_on.set()
        assert first.result(PATIENCE_S)
    other.result(PATIENCE_S)
    assert outcomes == [False if begun else "FOLLOWER_MOVED"]
    assert (server.log.position("f"), server.log.memory("f")) == (
        after + 10,
        {"done": str(after + 10).encode()},
    )


# ---------------------------------------------------------------------------------- personal data


@pytest.mark.parametrize("known", [False, True])
def test_what_is_kept_while_its_subject_is_being_erased_is_erased(
    server: Server, known: bool
) -> None:
    keeper, eraser = server.open(), server.open()

    def keep(name: str) -> None:
        with keeper.transact() as tx:
            tx.keep_personal("P1", {"name": name})

    def erase() -> None:
        with eraser.transact() as tx:
            tx.erase("P1")

    if known:
        keep("张三")
    with stopped(keeper) as held:
        first = server.threads.submit(keep, "李四")
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(erase)
        assert not server.wait_for(second)
        held.go_on.set()
        first.result(PATIENCE_S)
    second.result(PATIENCE_S)
    assert server.log.personal("P1") == {}
    assert server.execute("SELECT erased, secret FROM subject_secret") == [(1, b"")]


def test_of_two_who_take_up_a_subject_one_is_told(server: Server) -> None:
    slow, quick = server.open(), server.open()

    def secret(log: PetitionLog) -> bytes:
        with log.transact() as tx:
            return tx.secret("P1")

    with stopped(slow) as held:
        first = server.threads.submit(secret, slow)
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(attempt, lambda: secret(quick))
        server.wait_for(second)
        held.go_on.set()
        assert first.result(PATIENCE_S) == second.result(PATIENCE_S)

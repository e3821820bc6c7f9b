"""Sweeps, commands and rebuilds of one dossier on a PostgreSQL server, step by step at every lock:
whoever comes second sees what the first has done, and nothing is fired twice or from old plans."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from sla_engine.scheduler.alarm_index import audit, rebuild
from sla_engine.store.application import PetitionLog
from sla_engine.store.postgres.tables import CLAIM, PostgresTables
from tests.conformance.scheduler.office import (
    DUE,
    OPENED,
    PATIENCE_S,
    WARNED,
    Gate,
    rows_of,
    story,
    sweep,
    take,
)
from tests.conformance.store.test_interleavings import PAUSE, Server, recorder_of, stopped
from tests.support.given import instant
from tests.support.servers import PostgresServer

STREAM = "petition/P1"
BEGUN = ["registered", "dispatched"]
WARNINGS = ["solve/warn", "hear/warn"]
FACTS = {
    "closed": ("2025-06-12 10:00 resolved",),
    "extended": (
        "2025-06-12 10:00 extension_requested request=e clause=solve amount=5个工作日",
        "2025-06-12 10:01 extension_granted request=e approver=chief",
    ),
    "suspended": ("2025-06-12 10:00 suspended ground=P-TEST",),
}


@pytest.fixture(scope="module")
def one_database(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def server(one_database: str) -> Iterator[Server]:
    with ThreadPoolExecutor() as threads:
        server = Server(one_database, threads)
        take(server.log, STREAM, *OPENED)
        yield server
        server.close()


@pytest.fixture(params=FACTS)
def facts(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return FACTS[request.param]


def names(facts: tuple[str, ...]) -> list[str]:
    return [line.split()[2] for line in facts]


def afterwards(server: Server) -> list[str]:
    """What the log tells once everything has been swept for good, the index being right."""
    now = instant("2025-08-01 09:00")
    sweep(server.log, now)
    assert list(audit(server.log, rows_of, now)) == []
    return story(server.log, STREAM)


def expected(facts: tuple[str, ...]) -> list[str]:
    """What follows the facts when nobody gets in anybody's way."""
    return {
        "resolved": [],
        "extension_granted": ["solve/warn (superseded)", "solve/red", "solve/late"],
        "suspended": [],
    }[names(facts)[-1]]


# ------------------------------------------------------------------------- a command and a sweep


def test_a_sweep_passes_over_what_a_command_holds(server: Server, facts: tuple[str, ...]) -> None:
    """The command has read the dossier, and fires what is due before its fact."""
    commander, sweeper, gate = server.open(), server.open(), Gate()
    first = server.threads.submit(take, commander, STREAM, facts[0], loaded=gate)
    assert gate.reached.wait(PATIENCE_S)
    assert sweep(sweeper, WARNED).touched == 0
    gate.go_on.set()
    first.result(PATIENCE_S)
    take(commander, STREAM, *facts[1:])
    assert sweep(sweeper, WARNED).touched == 0
    assert afterwards(server) == [*BEGUN, *WARNINGS, *names(facts), *expected(facts)]


def test_a_sweep_passes_over_a_command_that_is_about_to_commit(
    server: Server, facts: tuple[str, ...]
) -> None:
    commander, sweeper = server.open(), server.open()
    take(commander, STREAM, *facts[:-1])
    with stopped(commander) as held:
        first = server.threads.submit(take, commander, STREAM, facts[-1])
        assert held.reached.wait(PATIENCE_S)
        assert sweep(sweeper, DUE + 1).touched == 0
        held.go_on.set()
        first.result(PATIENCE_S)
    assert afterwards(server) == [*BEGUN, *WARNINGS, *names(facts), *expected(facts)]


def test_a_command_waits_for_the_sweep_that_has_claimed_its_dossier(
    server: Server, facts: tuple[str, ...]
) -> None:
    """It reads the dossier afterwards, with the acts, and does not fire them again."""
    commander, sweeper, gate = server.open(), server.open(), Gate()
    first = server.threads.submit(sweep, sweeper, WARNED, gate)
    assert gate.reached.wait(PATIENCE_S)
    second = server.threads.submit(take, commander, STREAM, *facts)
    assert not server.wait_for(second)
    gate.go_on.set()
    assert first.result(PATIENCE_S).ready == 1
    second.result(PATIENCE_S)
    assert afterwards(server) == [*BEGUN, *WARNINGS, *names(facts), *expected(facts)]


def test_a_command_waits_for_a_sweep_that_is_about_to_commit(
    server: Server, facts: tuple[str, ...]
) -> None:
    commander, sweeper = server.open(), server.open()
    with stopped(sweeper) as held:
        first = server.threads.submit(sweep, sweeper, WARNED)
        assert held.reached.wait(PATIENCE_S)
        second = server.threads.submit(take, commander, STREAM, *facts)
        assert not server.wait_for(second)
        held.go_on.set()
        first.result(PATIENCE_S)
        second.result(PATIENCE_S)
    assert afterwards(server) == [*BEGUN, *WARNINGS, *names(facts), *expected(facts)]


@pytest.mark.parametrize("locks", ["OF s, k", "OF s"])
def test_a_plan_that_a_command_has_just_outdated_is_not_fired_from(
    server: Server, facts: tuple[str, ...], locks: str
) -> None:
    """The sweep has begun to look for alarms before the command's COMMIT, and gets its locks after
    it. With the stream's lock alone the second look at the rows is what saves it."""
    commander, sweeper = server.open(), server.open()
    sweep(sweeper, WARNED)
    server.execute(PAUSE)
    server.execute("SELECT pg_advisory_lock(4711)")
    claiming = CLAIM.replace("OF s, k", locks).replace("{besides}", "{besides} AND pause()")
    recorder_of(sweeper).tables = type("Paused", (PostgresTables,), {"claiming": claiming})
    first = server.threads.submit(sweep, sweeper, DUE + 1)
    assert not server.wait_for(first)
    take(commander, STREAM, *facts)
    server.execute("SELECT pg_advisory_unlock(4711)")
    assert first.result(PATIENCE_S).touched == 0
    assert story(server.log, STREAM) == [*BEGUN, *WARNINGS, *names(facts)]
    assert afterwards(server) == [*BEGUN, *WARNINGS, *names(facts), *expected(facts)]


# ---------------------------------------------------------------------------------- two sweepers


def test_two_sweeps_share_what_is_due(server: Server) -> None:
    take(server.log, "petition/P2", *OPENED)
    one, other, gate = server.open(), server.open(), Gate()
    first = server.threads.submit(sweep, one, WARNED, gate, 1)
    assert gate.reached.wait(PATIENCE_S)
    assert sweep(other, WARNED).touched == 1
    gate.go_on.set()
    assert first.result(PATIENCE_S).touched == 1
    assert [story(server.log, f"petition/P{n}") for n in (1, 2)] == [[*BEGUN, *WARNINGS]] * 2


def test_a_sweep_finds_nothing_left_of_what_another_is_committing(server: Server) -> None:
    one, other = server.open(), server.open()
    with stopped(one) as held:
        first = server.threads.submit(sweep, one, WARNED)
        assert held.reached.wait(PATIENCE_S)
        assert sweep(other, WARNED).touched == 0
        held.go_on.set()
        first.result(PATIENCE_S)
    assert sweep(other, WARNED).touched == 0
    assert story(server.log, STREAM) == [*BEGUN, *WARNINGS]


def test_a_sweeper_whose_connection_was_cut_leaves_its_streams_to_the_next(server: Server) -> None:
    one, other, gate = server.open(), server.open(), Gate()
    first = server.threads.submit(sweep, one, WARNED, gate)
    assert gate.reached.wait(PATIENCE_S)
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE state = 'idle in transaction' AND datname = current_database()"
    )
    gate.go_on.set()
    assert first.exception(PATIENCE_S) is not None
    assert sweep(other, WARNED).touched == 1
    assert story(server.log, STREAM) == [*BEGUN, *WARNINGS]


# -------------------------------------------------------------------------- a sweep and a rebuild


def rebuilding(server: Server, log: PetitionLog, gate: Callable[[], None]) -> Future[Any]:
    def rows_after(*asked: Any) -> Any:
        gate()
        return rows_of(*asked)

    return server.threads.submit(partial(rebuild, log, rows_after, WARNED))


def test_a_sweep_passes_over_the_dossier_whose_alarms_are_being_rebuilt(server: Server) -> None:
    builder, sweeper, gate = server.open(), server.open(), Gate()
    with server.log.transact() as tx:
        tx.set_alarms(STREAM, [])
    first = rebuilding(server, builder, gate)
    assert gate.reached.wait(PATIENCE_S)
    assert sweep(sweeper, WARNED).touched == 0
    gate.go_on.set()
    first.result(PATIENCE_S)
    assert sweep(sweeper, WARNED).touched == 1
    assert story(server.log, STREAM) == [*BEGUN, *WARNINGS]


def test_a_rebuild_waits_for_a_sweep_and_does_not_bring_back_its_alarm(server: Server) -> None:
    builder, sweeper, gate = server.open(), server.open(), Gate()
    first = server.threads.submit(sweep, sweeper, WARNED, gate)
    assert gate.reached.wait(PATIENCE_S)
    second = rebuilding(server, builder, lambda: None)
    assert not server.wait_for(second)
    gate.go_on.set()
    first.result(PATIENCE_S)
    second.result(PATIENCE_S)
    assert sweep(sweeper, WARNED).touched == 0
    assert afterwards(server) == [*BEGUN, *WARNINGS, "solve/red", "solve/late"]


def test_a_rebuild_keeps_an_alarm_that_has_come_and_was_not_dealt_with(server: Server) -> None:
    rebuild(server.log, rows_of, DUE + 1)
    assert sweep(server.log, DUE + 1).touched == 1
    assert story(server.log, STREAM) == [
        *BEGUN, "solve/warn (superseded)", "hear/warn", "solve/red"
    ]  # fmt: skip

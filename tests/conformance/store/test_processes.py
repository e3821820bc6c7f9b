"""Several processes, and processes that die: nothing twice, nothing lost, nothing by halves."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conformance.store.samples import OpenLog, Store, dispatched
from tests.conformance.store.workers import STREAMS, Chain, chain

ROOT = Path(__file__).parents[3]
SOAK = os.environ.get("SOAK") == "1"
FACTS = 20_000 if SOAK else 400
KILLS = 300 if SOAK else 4
EVENTS = 60_000 if SOAK else 800


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.conformance.store.workers", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_and_kill(chance: random.Random, *arguments: object) -> list[str]:
    """Start a worker, kill it at a random instant, and return the lines it got out."""
    process = start(*arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0, 0.15))
    process.kill()
    lines = process.communicate()[0].split("\n")
    return [line for line in lines[:-1] if line]


def test_four_processes_submit_the_same_facts_and_get_the_same_answers(shared: Store) -> None:
    shared.open().close()
    workers = [start("submit", shared.address, FACTS, seed) for seed in range(4)]
    answers = [sorted(worker.communicate()[0].splitlines()) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert len(answers[0]) == FACTS
    log = shared.open()
    recorded = list(log.scan())
    assert sorted(int(r.meta.key) for r in recorded) == list(range(FACTS))
    assert [r.position for r in recorded] == list(range(1, FACTS + 1))
    for n in range(STREAMS):
        versions = [r.version for r in log.read(f"petition/{n:04d}")]
        assert versions == list(range(1, FACTS // STREAMS + 1))
    log.close()


@pytest.mark.parametrize("seed", [1])
def test_a_killed_writer_loses_nothing_acknowledged_and_leaves_no_half_transaction(
    shared: Store, seed: int
) -> None:
    chance, written = random.Random(seed), 0
    for _ in range(KILLS):
        log = shared.open()
        written = _check_whole(log, written)
        log.close()
        acknowledged = run_and_kill(chance, "write", shared.address, written + 1)
        assert [int(line) for line in acknowledged] == list(
            range(written + 1, written + 1 + len(acknowledged))
        )
        written += len(acknowledged)
    log = shared.open()
    assert _check_whole(log, written) > 0
    log.close()


def _at_rest(log: OpenLog) -> tuple[int, list[str]]:
    """Head and streams of one and the same moment: a server may still be committing what it was
    asked for by one that is dead."""
    while True:
        head, streams = log.head(), list(log.streams("petition/"))
        if log.head() == head:
            return head, streams


def _check_whole(log: OpenLog, acknowledged: int) -> int:
    """Every stream is in every table or in none; returns how many there are."""
    head, streams = _at_rest(log)
    count = len(streams)
    assert acknowledged <= count <= acknowledged + 1
    assert streams == [f"petition/{n:06d}" for n in range(1, count + 1)]
    assert head == 2 * count
    assert log.position("writer") == 2 * count
    assert sorted(log.memory("writer")) == streams
    assert sorted(stream for stream, _ in log.alarms()) == sorted(2 * streams)
    assert all(log.personal(f"P{n}") for n in range(1, count + 1))
    assert log.personal(f"P{count + 1}") == {}
    with log.transact() as tx:
        keys = [("12345", f"{n}/{part}") for n in range(1, count + 2) for part in (1, 2)]
        assert len(tx.answers(keys)) == 2 * count
    return count


@pytest.mark.parametrize("seed", [2])
def test_a_killed_follower_neither_skips_nor_repeats(shared: Store, seed: int) -> None:
    chance = random.Random(seed)
    log = shared.open()
    for n in range(EVENTS // 100):
        with log.transact() as tx:
            tx.append(f"petition/{n:06d}", 0, [dispatched() for _ in range(100)])
    killed = 0
    while killed < KILLS and log.position("chain") < log.head():
        run_and_kill(chance, "follow", shared.address)
        killed += 1
    assert start("follow", shared.address).communicate()[0].endswith("done\n")
    assert log.position(Chain.name) == log.head()
    assert log.memory(Chain.name)["link"] == chain(b"", list(log.scan()))
    counts = {stream: row["count"] for stream, row in log.table("chain", 1)}
    assert counts == {stream: len(log.read(stream)) for stream in log.streams("")}
    log.close()

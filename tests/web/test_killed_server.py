"""A server that is killed under load: whatever it acknowledged is there, and nothing is twice."""

import os
import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from sla_engine.store.application import open_store
from tests.support.served import Served
from tests.support.shell import Shell
from tests.support.upstream import Caller, key_on

SOAK = "SOAK" in os.environ
KILLS = 25 if SOAK else 1
CONNECTIONS = 16 if SOAK else 6
LONGEST_S = 2.0 if SOAK else 0.9


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    settings = {"SLA_ENGINE_RATE_KEY": "10000000", "SLA_ENGINE_RATE_ADDRESS": "10000000"}
    return Shell(tmp_path / "sla-engine.sqlite", **settings)


def recorded(store: Path) -> Counter[tuple[str, str]]:
    """How often each key is in the log."""
    log = open_store(store)
    try:
        return Counter((each.meta.source, each.meta.key) for each in log.scan() if each.meta.key)
    finally:
        log.close()


def test_every_acknowledged_fact_is_there_and_none_twice(shell: Shell, tmp_path: Path) -> None:
    key = key_on(shell.store)
    chance = random.Random(20250603)
    pause = threading.Event()
    callers = list[Caller]()
    port = "0"
    for killed in range(KILLS + 1):
        with Served(shell, tmp_path, "--port", port) as served:
            port = served.port
            if not callers:
                address = f"http://127.0.0.1:{port}"
                callers = [Caller(address, key, f"C{each}") for each in range(CONNECTIONS)]
                for caller in callers:
                    caller.start()
            if killed < KILLS:
                known = sum(len(each.answered) for each in callers)
                while sum(len(each.answered) for each in callers) < known + CONNECTIONS:
                    assert all(each.trouble is None for each in callers)
                    pause.wait(0.02)
                pause.wait(chance.uniform(0, LONGEST_S))
                served.kill()
            else:
                for caller in callers:
                    caller.stop()
                for caller in callers:
                    caller.join(60)
                assert [each.trouble for each in callers] == [None] * CONNECTIONS
    found = recorded(shell.store)
    acknowledged = {("zz12345", id_) for each in callers for id_ in each.answered}
    assert len(acknowledged) >= CONNECTIONS * KILLS
    assert acknowledged <= found.keys()
    assert {key for key, times in found.items() if times > 1} == set()

"""The example of an upstream system, against a real server that is stopped while it runs."""

import subprocess
import sys
import threading
from pathlib import Path

from tests.support.served import Served
from tests.support.shell import ROOT, Shell
from tests.support.upstream import key_on


def test_the_example_gets_every_fact_in_and_sees_it_across_a_restart(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "sla-engine.sqlite")
    key = key_on(shell.store)
    with Served(shell, tmp_path) as first:
        port = first.port
        program = subprocess.Popen(
            [sys.executable, ROOT / "examples" / "upstream.py", f"http://127.0.0.1:{port}", key,
             "--petitions", "12", "--pause", "0.03"],
            stdout=subprocess.PIPE, text=True, env=shell.environment,
        )  # fmt: skip
        assert program.stdout is not None
        for _ in range(10):
            assert program.stdout.readline().startswith("recorded")
        first.kill()
    threading.Event().wait(0.2)
    with Served(shell, tmp_path, "--port", port) as second:
        said, _ = program.communicate(timeout=60)
        assert program.returncode == 0, said
        assert second.stop() == 0
    last = said.splitlines()[-1]
    assert ", 0 not seen, 0 seen twice" in last
    assert "is told the code" in said


def test_facts_of_others_in_the_log_do_not_count_as_seen_twice(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "sla-engine.sqlite")
    key = key_on(shell.store)
    with Served(shell, tmp_path) as server:
        for petitions, said in (("3", "15 recorded, 0 repeated"), ("1", "0 recorded, 5 repeated")):
            done = subprocess.run(
                [sys.executable, ROOT / "examples" / "upstream.py",
                 f"http://127.0.0.1:{server.port}", key, "--petitions", petitions],
                capture_output=True, text=True, env=shell.environment, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout
            assert f"{said}, 0 not seen, 0 seen twice" in done.stdout
        assert server.stop() == 0

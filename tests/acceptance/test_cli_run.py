"""`run` and `verify`: time passes for real, a signal ends it cleanly, the log accounts for all."""

import json
import signal
from pathlib import Path

import pytest

from sla_engine.clock import SystemClock
from sla_engine.worktime import format_instant
from tests.support.shell import TRAITS, Shell, fact, jsonl, types_of

SECOND = 1_000_000


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A petition whose first warning is still to come when it has been taken in.

    On a busy machine taking it in may last longer than the seconds left; then it would be learned
    too late for a warning at once, so it is tried again with more of them.
    """
    for left in (5, 20, 60):
        shell = Shell(tmp_path / f"run-{left}.sqlite")
        assert shell("init").status == 0
        warned_at = SystemClock().now() + left * SECOND
        at = format_instant(warned_at - 3_600 * SECOND)
        facts = [
            fact("ZZ1", "registered", "1", at, data=TRAITS),
            fact("ZZ1", "admitted", "2", at),
            fact("ZZ1", "dispatched", "3", at, data={"unit": "市住建局", "assignment": "A1"}),
        ]
        assert shell("append", stdin=jsonl(facts)).status == 0
        if SystemClock().now() < warned_at:
            return shell
    raise AssertionError("three facts are not taken in within a minute")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_act_goes_out_when_it_is_due_and_a_signal_ends_the_run_cleanly(
    shell: Shell, number: signal.Signals
) -> None:
    process = shell.start("run", "--every", "1", "--json")
    assert process.stdout is not None
    try:
        for _ in range(300):
            line = json.loads(process.stdout.readline())
            assert line["healthy"] is True
            if line["events"] == 4:
                break
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert types_of(shell.store, "ZZ1").count("rung_fired") == 1


def test_once_does_what_is_due_and_says_what_comes_next(shell: Shell) -> None:
    report = shell("run", "--once", "--json").document
    assert (report["healthy"], report["failed"]) == (True, {})
    assert report["next"] is not None
    assert "下次 next" in shell("run", "--once").out


def test_verify_finds_the_live_state_in_the_log_alone(shell: Shell) -> None:
    found = shell("verify", "--json").document
    assert found["identical"] is True
    assert (found["dossiers"], found["live"]) == (1, found["replayed"])
    assert "一致 identical" in shell("verify").out

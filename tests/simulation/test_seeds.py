"""Short histories of an installation in which everything goes wrong that can, one from each seed.

`SLA_SEED=n` begins with another seed, `SLA_HISTORIES=n` runs another number of them. A failure
prints the seed and how to repeat it.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.installation import History, Installation, repeat

ROOT = Path(__file__).parents[2]
SOAK = os.environ.get("SOAK") == "1"
FIRST = int(os.environ.get("SLA_SEED", "0"))
HISTORIES = int(os.environ.get("SLA_HISTORIES", "1000" if SOAK else "10"))
AT_ONCE = 5
HAPPENINGS = ("crash", "conflict", "away", "clock of", "everything is down", "index is gone",
              "notice", "rebuilt", "database's clock")  # fmt: skip


def told(history: History) -> str:
    """A failure as whoever repeats it needs it."""
    return "\n".join([repeat(history.seed), *history.story[-30:], *history.flaws[:10]])


@pytest.fixture(scope="module")
def met() -> Counter[str]:
    """What the histories of this module went through."""
    return Counter()


@pytest.mark.parametrize("first", range(FIRST, FIRST + HISTORIES, AT_ONCE))
def test_whatever_goes_wrong_nothing_is_lost_and_nothing_recorded_twice(
    first: int, met: Counter[str]
) -> None:
    for seed in range(first, min(first + AT_ONCE, FIRST + HISTORIES)):
        history = Installation(seed).run()
        assert history.flaws == [], told(history)
        assert history.facts > 0
        met.update(
            {"facts": history.facts, "sent": history.sent, "repeated": history.repeated,
             "deaths": history.deaths, "histories": 1}
        )  # fmt: skip
        met.update(what for what in HAPPENINGS for line in history.story if what in line)


def test_these_histories_met_every_kind_of_fault(met: Counter[str]) -> None:
    print(dict(met))
    assert {what for what in HAPPENINGS if not met[what]} == set()
    assert met["sent"] > met["facts"] + met["repeated"]
    assert met["deaths"] > 0


@pytest.fixture(scope="module")
def first() -> History:
    return Installation(FIRST).run()


def test_the_same_seed_takes_the_same_steps_and_another_seed_takes_others(first: History) -> None:
    again, other = (Installation(seed).run() for seed in (FIRST, FIRST + 1))
    assert first == again
    assert first.trace != other.trace


def test_a_seed_takes_the_same_steps_in_another_process(first: History) -> None:
    """Whatever order Python keeps its sets in there."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(FIRST), "--quiet"]
    shown = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    # Somebody may commit in between.
    assert shown[0].partition("trace")[2] == shown[1].partition("trace")[2]
    assert first.trace in shown[0]

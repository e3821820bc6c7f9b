"""Does the simulation bite? Engines with a bug in them, and how soon it is found."""

from collections.abc import Callable, Iterator

import pytest

from sla_engine.store.application import PetitionLog
from sla_engine.wiring import Engine
from tests.simulation import broken
from tests.simulation.installation import History, Installation
from tests.simulation.world import Build

SEEDS = 8


def untouched(_log: PetitionLog) -> None:
    """The store as it is."""


def flawed(
    build: Build, store: Callable[[PetitionLog], None] = untouched, seeds: int = SEEDS
) -> Iterator[History]:
    """Histories of such an engine that do not pass, with what was found."""
    for seed in range(seeds):
        installation = Installation(seed, build=build)
        store(installation.world.log)
        history = installation.run()
        if history.flaws:
            yield history


@pytest.mark.parametrize(
    ("build", "store", "finding"),
    [
        (broken.ClaimBeforeAppend, untouched, "committed without its alarms"),
        (broken.AppendBeforeAdvance, untouched, "committed without its alarms"),
        (broken.StalePlan, broken.without_unique_keys, "recorded 2 times: ('RungFired'"),
        (broken.no_evaluate_on_touch, untouched, "was recorded before RungFired"),
        (broken.no_look_at_keys, broken.without_unique_keys, "recorded 2 times: ('fact'"),
        (broken.no_guard, untouched, "was recorded before its time"),
    ],
    ids=["claim before append", "append before advance", "no unique key for acts",
         "no evaluate on touch", "no unique key for facts", "one clock believed"],
)  # fmt: skip
def test_a_seeded_bug_is_found(
    build: Build, store: Callable[[PetitionLog], None], finding: str
) -> None:
    found = next(
        (flaw for history in flawed(build, store) for flaw in history.flaws if finding in flaw),
        "",
    )
    assert found, f"{SEEDS} histories went by without {finding!r}"


def test_with_its_unique_key_the_store_refuses_an_act_that_was_planned_too_early() -> None:
    """The key is the safety, the lock only the way to get on."""
    for history in flawed(broken.StalePlan, seeds=4):
        assert not any("recorded 2 times" in flaw for flaw in history.flaws)


def test_the_engine_itself_passes_the_same_histories() -> None:
    assert list(flawed(Engine, seeds=2)) == []

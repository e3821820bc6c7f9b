"""Does the simulation bite? Engines with a bug in them, and how soon it is found."""

from collections.abc import Callable, Iterator
from itertools import count, islice
from random import Random
from typing import Any

import pytest

from sla_engine.store.application import PetitionLog
from tests.simulation import broken
from tests.simulation.installation import History, Installation
from tests.simulation.weather import drawn

SEEDS, PETITIONS = 8, 3


keyless = broken.without_unique_keys

Keys = Callable[[PetitionLog], None]


def untouched(_log: PetitionLog) -> None:
    """The store as it is."""


def flawed(
    histories: int, keys: Keys = untouched, met: str = "crash", **bug: Any
) -> Iterator[History]:
    """Histories of such an installation that do not pass, with what was found. Only those are run
    in which what is `met` can happen."""
    seeds = (seed for seed in count() if getattr(drawn(Random(seed)), met))
    for seed in islice(seeds, histories):
        installation = Installation(seed, PETITIONS, **bug)
        keys(installation.world.log)
        history = installation.run()
        if history.flaws:
            yield history


@pytest.mark.parametrize(
    ("bug", "keys", "met", "finding"),
    [
        ({"sweeper": broken.ClaimBeforeAppend}, untouched, "looked_at", "without its alarms"),
        ({"sweeper": broken.AppendBeforeAdvance}, untouched, "looked_at", "without its alarms"),
        ({"sweeper": broken.StalePlan}, keyless, "between", "times: ('RungFired'"),
        ({"build": broken.no_evaluate_on_touch}, untouched, "crash", "recorded before RungFired"),
        ({"build": broken.no_look_at_keys}, keyless, "twice", "times: ('fact'"),
        ({"build": broken.no_guard}, untouched, "leap", "was recorded before its time"),
    ],
    ids=["claim before append", "append before advance", "no unique key for acts",
         "no evaluate on touch", "no unique key for facts", "one clock believed"],
)  # fmt: skip
def test_a_seeded_bug_is_found(bug: dict[str, Any], keys: Keys, met: str, finding: str) -> None:
    for history in flawed(SEEDS, keys, met, **bug):
        if any(finding in flaw for flaw in history.flaws):
            return
    pytest.fail(f"{SEEDS} histories went by without {finding!r}")


def test_with_its_unique_key_the_store_refuses_an_act_that_was_planned_too_early() -> None:
    """The key is the safety, the lock only the way to get on."""
    for history in flawed(2, met="between", sweeper=broken.StalePlan):
        assert not any("times: ('RungFired'" in flaw for flaw in history.flaws)

"""A process ends at a named step, and another one takes over: nothing is lost, nothing twice.

Every step of every port, at its first, second and fifth pass, before and after it, on both stores
with SOAK=1; otherwise every step once, and on PostgreSQL those of the store.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.nursery import Child, Nursery
from tests.faults.tasks import KILLED
from tests.support.faults import PORTS, STEPS, Moment
from tests.support.servers import PostgresServer, RedisServer

SOAK = os.environ.get("SOAK") == "1"
PASSES = (1, 2, 5)
CHAIN = 1 if SOAK else 8
"""How many processes end on one store, one after the other."""
NAMES = [f"{port}.{name}" for port, names in STEPS.items() for name in names]


def test_the_steps_are_those_of_the_ports() -> None:
    for port, protocols in PORTS.items():
        methods = {
            name
            for protocol in protocols
            for name, value in vars(protocol).items()
            if callable(value) and not name.startswith("_")
        }
        assert set(STEPS[port]) - {"commit"} == methods, port


Point = tuple[str, str, int]
"""A step, before or after it, and at which of its passes."""


OF_STORE = ("log.", "tx.")
"""How the steps of the store are called; the others are the same whatever the store."""


class Stage(NamedTuple):
    """A store of one's own with a Redis, and the receiver's book."""

    store: str
    redis: str
    mailbox: str


MakeStage = Callable[[], Stage]


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> MakeStage:
    numbers = count(1)
    url = ""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.database()

    def make() -> Stage:
        redis_server.flush()
        number = next(numbers)
        store = f"{url}?schema=play_{number}" if url else str(tmp_path / f"{number}.sqlite")
        return Stage(store, redis_server.url, str(tmp_path / f"{number}.mail"))

    return make


def played(nursery: Nursery, stage: Stage, **fault: object) -> Child:
    return nursery.start("play", **stage._asdict(), **fault)


def answers(child: Child) -> dict[tuple[str, str], tuple[str, int]]:
    """What the sender was told to be recorded, or to have been."""
    return {
        (source, key): (stream, version)
        for source, key, status, stream, version in (
            line for line in child.said if isinstance(line, list)
        )
        if status != "refused"
    }


def outcome(child: Child) -> dict[str, Any]:
    assert child.wait() == 0, child.output
    found: dict[str, Any] = child.said[-1]
    return found


def test_whoever_ends_at_any_step_leaves_a_store_that_another_can_go_on_with(
    nursery: Nursery, stage: MakeStage
) -> None:
    first = stage()
    whole = played(nursery, first)
    told = outcome(whole)
    expected = answers(whole)
    assert told["flaws"] == []
    assert set(told["passes"]) == set(NAMES), "the script goes through every step"
    waiting = chains(list(points(chosen(told["passes"], first))))
    while waiting:
        setting, chain = stage(), waiting.pop(0)
        for number, (name, moment, at) in enumerate(chain):
            child = played(nursery, setting, step=name, moment=moment, passes=at)
            status = child.wait()
            assert answers(child).items() <= expected.items(), (name, moment, at)
            if status != KILLED:
                # Nothing was left to do that leads there; then on a store of its own.
                assert (status, number > 0) == (0, True), (name, moment, at, child.output)
                waiting.append(chain[number:])
                break
        last = played(nursery, setting)
        assert outcome(last)["flaws"] == [], chain
        assert answers(last) == expected, chain


def chosen(passes: Mapping[str, int], stage: Stage) -> Mapping[str, int]:
    """Steps to end at: all of them, but on PostgreSQL those of others only with SOAK=1."""
    if SOAK or "://" not in stage.store:
        return passes
    return {name: count for name, count in passes.items() if name.startswith(OF_STORE)}


def points(passes: Mapping[str, int]) -> Iterator[Point]:
    """Where processes end: at each step before or after it, in turn, or all of it. They come in the
    order in which the script meets the steps."""
    for number, name in enumerate(passes):
        wanted = [each for each in PASSES if each <= passes[name]]
        for turn, at in enumerate(wanted if SOAK else [wanted[number % len(wanted)]]):
            for moment in Moment if SOAK else [list(Moment)[(number + turn) % 2]]:
                yield name, moment.value, at


def chains(points: Sequence[Point]) -> list[Sequence[Point]]:
    """Points for one store, one process after the other: each a good deal later in the script than
    the one before, so that it is still to come."""
    step = -(-len(points) // CHAIN)
    return [points[start::step] for start in range(step)]

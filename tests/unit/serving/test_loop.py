"""A loop outlives whatever its steps do."""

from collections.abc import Iterator
from threading import Event

import pytest

from sla_engine.clock import SystemClock
from sla_engine.errors import Fault, Unavailable, register
from sla_engine.serving.loop import Loop, Step
from sla_engine.serving.metrics import Metrics

AWAY = register("AWAY_FOR_TEST", "不在", "away")
PATIENCE_S = 20.0


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def made(metrics: Metrics) -> Iterator[list[Loop]]:
    loops: list[Loop] = []
    yield loops
    for loop in loops:
        loop.ask_to_stop()
        assert loop.join(PATIENCE_S)


def started(made: list[Loop], metrics: Metrics, step: Step) -> Loop:
    loop = Loop("test", step, "followers", metrics, SystemClock())
    made.append(loop)
    loop.start()
    return loop


def failures(metrics: Metrics, code: str) -> float:
    labels = {"loop": "test", "code": code}
    return metrics.registry.get_sample_value("sla_engine_loop_failures_total", labels) or 0.0


def test_a_step_that_fails_is_counted_by_its_code_and_done_again(
    made: list[Loop], metrics: Metrics
) -> None:
    errors = [Unavailable(Fault(AWAY)), KeyError("somebody"), OSError(28, "full")]
    done = Event()

    def step() -> float:
        if errors:
            raise errors.pop(0)
        done.set()
        return 60.0

    loop = started(made, metrics, step)
    assert done.wait(PATIENCE_S)
    assert [failures(metrics, code) for code in (AWAY, "KeyError", "ENOSPC")] == [1, 1, 1]
    assert loop.alive


def test_the_trouble_of_a_loop_is_known_until_a_step_ends_well(
    made: list[Loop], metrics: Metrics
) -> None:
    troubles: list[str] = []
    looked = Event()

    def step() -> float:
        troubles.append(loop.trouble)
        if len(troubles) == 4:
            looked.set()
        if len(troubles) < 3:
            raise Unavailable(Fault(AWAY))
        return 0.0 if len(troubles) < 4 else 60.0

    loop = Loop("test", step, "followers", metrics, SystemClock())
    made.append(loop)
    loop.start()
    assert looked.wait(PATIENCE_S)
    assert troubles == ["", AWAY, AWAY, ""]


def test_news_end_a_pause(made: list[Loop], metrics: Metrics) -> None:
    steps, first, second = [], Event(), Event()

    def step() -> float:
        steps.append(1)
        (first if len(steps) == 1 else second).set()
        return 3_600.0

    loop = started(made, metrics, step)
    assert first.wait(PATIENCE_S)
    loop.wake()
    assert second.wait(PATIENCE_S)


def test_a_loop_that_is_told_to_stop_finishes_its_step_and_begins_no_other(
    made: list[Loop], metrics: Metrics
) -> None:
    begun, go_on, ended = Event(), Event(), []

    def step() -> float:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        ended.append(1)
        return 0.0

    loop = started(made, metrics, step)
    assert begun.wait(PATIENCE_S)
    loop.ask_to_stop()
    assert not loop.join(0.05)
    go_on.set()
    assert loop.join(PATIENCE_S)
    assert ended == [1]

"""A process waits for its store, works until it is told to stop, and does not wait for ever."""

import json
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from sla_engine.clock import SystemClock
from sla_engine.errors import Fault, Refusal, Unavailable, refuse, register
from sla_engine.serving.health import Check
from sla_engine.serving.loop import Loop
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.process import Process
from sla_engine.serving.role import FOLLOWERS, Role
from tests.support.served import until

AWAY_NOW = register("AWAY_NOW_FOR_TEST", "不在", "away")
CLOCK = SystemClock()


@dataclass
class Site:
    """One role of one loop, without a store."""

    roles: Sequence[Role]
    look: Sequence[Callable[[], None]] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    closed: bool = False

    def close(self) -> None:
        self.closed = True


class Counted:
    """Work that counts its steps."""

    steps = 0

    def __call__(self) -> float:
        self.steps += 1
        return 0.01


def process(stop_s: float = 20.0) -> Process:
    return Process([FOLLOWERS], CLOCK, Metrics(), probe_s=0.02, stop_s=stop_s)


def site(step: Callable[[], float] = lambda: 0.01) -> Site:
    loop = Loop("work", step, FOLLOWERS, Metrics(), CLOCK)
    return Site([Role(FOLLOWERS, [loop], {})])


def stopped_when(true: Callable[[], object], made: Process) -> None:
    """Tell a process to stop, once something is so."""

    def wait() -> None:
        try:
            until(true, "it is to be stopped")
        finally:
            made.stop()

    threading.Thread(target=wait, daemon=True).start()


def test_what_was_begun_is_finished_and_the_store_closed() -> None:
    work = Counted()
    made, here = process(), site(work)
    stopped_when(lambda: work.steps > 3, made)
    assert made.run(lambda: here, "127.0.0.1", None) is True
    assert here.closed


def test_a_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sla_engine.serving.process._PAUSE_S", 0.01)
    tries, work = [], Counted()

    def open_site() -> Site:
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable(Fault(AWAY_NOW))
        return site(work)

    made = process()
    stopped_when(lambda: work.steps, made)
    assert made.run(open_site, "127.0.0.1", None) is True
    assert len(tries) == 3


def test_a_process_that_waits_can_be_stopped_and_says_what_it_waits_for() -> None:
    made = process()
    stopped_when(lambda: AWAY_NOW in made._ready().body.decode(), made)

    def open_site() -> Site:
        raise Unavailable(Fault(AWAY_NOW))

    assert made.run(open_site, "127.0.0.1", None) is True


def test_what_waiting_cannot_mend_ends_the_process() -> None:
    def open_site() -> Site:
        raise refuse(AWAY_NOW)

    with pytest.raises(Refusal, match="away"):
        process().run(open_site, "127.0.0.1", None)


def test_what_does_not_end_in_time_is_given_up() -> None:
    begun, never = threading.Event(), threading.Event()

    def hangs() -> float:
        begun.set()
        never.wait(60)
        return 0.0

    made, here = process(stop_s=0.05), site(hangs)
    stopped_when(begun.is_set, made)
    assert made.run(lambda: here, "127.0.0.1", None) is False
    assert here.closed
    never.set()


def test_a_signal_is_heard_and_what_was_there_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    made, begun = process(), threading.Event()

    def step() -> float:
        begun.set()
        return 0.01

    def send() -> None:
        begun.wait(20)
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=send, daemon=True).start()
    assert made.run(lambda: site(step), "127.0.0.1", None) is True
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_process_that_stops_is_alive_and_not_ready() -> None:
    made, begun = process(), threading.Event()

    def step() -> float:
        begun.set()
        return 0.01

    stopped_when(begun.is_set, made)
    assert made.run(lambda: site(step), "127.0.0.1", None) is True
    assert (made._live().status, made._ready().status) == (200, 503)
    assert json.loads(made._ready().body)["stopping"] is True

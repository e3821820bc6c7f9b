"""What a process can be told to do: one role or several, each some parts and some questions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Thread
from typing import Protocol

from sla_engine.clock import Clock
from sla_engine.errors import Fault
from sla_engine.serving.health import LOOP_FAILS, Check

WEB, INTAKE, SCHEDULER = "web", "intake", "scheduler"
FOLLOWERS, DELIVERY = "followers", "delivery"

ROLES = (WEB, INTAKE, SCHEDULER, FOLLOWERS, DELIVERY)
"""In the order in which they are stopped: first what brings work, last what carries it away."""


class Part(Protocol):
    """Something with threads of its own."""

    @property
    def name(self) -> str: ...

    @property
    def alive(self) -> bool: ...

    @property
    def trouble(self) -> str:
        """Code of the error in which its last work ended; empty if it ended well."""
        ...

    def start(self) -> None: ...

    def ask_to_stop(self) -> None:
        """Begin nothing new. Returns at once."""
        ...

    def join(self, patience: float) -> bool:
        """Finish what was begun; False if that takes longer than `patience` seconds."""
        ...


class Role:
    """Parts that start and stop together, and what tells whether they do their work."""

    def __init__(self, name: str, parts: Sequence[Part], checks: Mapping[str, Check]) -> None:
        assert name in ROLES
        self.name = name
        self.parts = parts
        self.checks: dict[str, Check] = {f"{name}.loops": self._at_work, **checks}

    def start(self) -> None:
        for part in self.parts:
            part.start()

    def stop(self, clock: Clock, patience_s: float) -> bool:
        """Finish what was begun; False if that took longer than `patience_s`."""
        for part in self.parts:
            part.ask_to_stop()
        until = clock.monotonic() + patience_s
        ended = [part.join(until - clock.monotonic()) for part in self.parts]
        return all(ended)

    def _at_work(self) -> Iterator[Fault]:
        for part in self.parts:
            if part.trouble or not part.alive:
                yield Fault(LOOP_FAILS, part.name, part.trouble or "stopped")


def in_time(work: Callable[[], object], patience: float) -> bool:
    """Whether `work`, which cannot be broken off, ends within `patience` seconds."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(max(0.0, patience))
    return not thread.is_alive()

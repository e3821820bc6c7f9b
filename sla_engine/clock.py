"""The only module that reads the time; everything else takes an instant as an argument."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from: the machine, a database, or a scenario."""

    def now(self) -> int:
        """Current instant in microseconds since 1970-01-01T00:00Z."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return time.monotonic()


class VirtualClock:
    """A clock that stands still until told; scenarios, simulations and tests run on it."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / 1_000_000

    def set(self, instant: int) -> None:
        """Move to `instant`; going back is allowed only to simulate a faulty clock."""
        self._now = instant

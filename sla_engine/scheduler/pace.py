"""How much of the store a sweep may take: short transactions, and a rest after each.

A backlog (everything that falls due when offices close, two days of downtime) must be worked off
while people go on recording facts. A writer waits at most for the batch under way; between two
batches the store is free for as long as the last one held it, or longer.
"""

from collections.abc import Callable
from threading import Event

from sla_engine.clock import Clock

Batch = Callable[[int], int]
"""One transaction of at most so many streams; returns how many it took."""

Paced = Callable[[Batch], int]
"""Runs a batch; returns how many streams it took."""


def unpaced(limit: int) -> Paced:
    """Batches of `limit`, one upon the other: nobody else is waiting."""
    return lambda batch: batch(limit)


def _rest(seconds: float) -> object:
    return Event().wait(seconds)


class Pace:
    """Sizes batches so that one lasts at most `hold_s` seconds, and rests so that batches take at
    most `share` of the time. It begins with small ones and learns from each."""

    def __init__(
        self,
        clock: Clock,
        *,
        hold_s: float = 0.05,
        share: float = 0.5,
        least: int = 10,
        most: int = 500,
        rest: Callable[[float], object] = _rest,
    ) -> None:
        assert hold_s > 0
        assert 0 < share <= 1
        assert 0 < least <= most
        self._clock = clock
        self._hold_s = hold_s
        self._share = share
        self._most = most
        self._rest = rest
        self.size = least

    def __call__(self, batch: Batch) -> int:
        size, begun = self.size, self._clock.monotonic()
        taken = batch(size)
        held = self._clock.monotonic() - begun
        if taken:
            self.size = self._next_size(taken, held, full=taken >= size)
        if taken >= size and self._share < 1:
            # A batch that was not full was the last; there is nothing to make room for.
            self._rest(held * (1 - self._share) / self._share)
        return taken

    def _next_size(self, taken: int, held: float, full: bool) -> int:
        fitting = int(self._hold_s * taken / held) if held > 0 else self._most
        if held > self._hold_s:
            return max(1, min(fitting, self.size))
        return min(self._most, fitting, 2 * self.size) if full else self.size

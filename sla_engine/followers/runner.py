"""Runs a follower over the log: effect and position in one transaction, poison put aside."""

import logging
import sqlite3
from collections.abc import Sequence
from threading import Event
from typing import Protocol

from eventsourcing.persistence import OperationalError

from sla_engine.errors import Conflict, Refusal
from sla_engine.errors import Unavailable as Away
from sla_engine.projection import DeadLetter, FollowedLog, FollowerTransaction
from sla_engine.record import Recorded

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """Something that keeps up with the log."""

    @property
    def name(self) -> str:
        """Permanent: the position is kept under it."""
        ...

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        """Take events in order; whatever is written to `tx` commits with the position.

        An exception means that an event of the batch cannot be taken, unless it is `Unavailable`.
        How events are cut into batches must make no difference.
        """
        ...


class Unavailable(Exception):
    """Not the event's fault: something that the follower needs is away. Tried again later."""


NOT_THE_EVENT = (Unavailable, Away, Conflict, OSError, sqlite3.OperationalError, OperationalError)
"""What says nothing against an event: the batch is taken again later."""


class _Poison(Exception):
    """The batch contains an event that the follower cannot take."""


class Runner:
    """Keeps one follower up with the log. Several runners of one follower do no harm."""

    def __init__(self, log: FollowedLog, follower: Follower, batch: int = 500) -> None:
        self._log = log
        self._follower = follower
        self._batch = batch

    @property
    def names(self) -> list[str]:
        """Under which the positions are kept."""
        return [self._follower.name]

    def step(self) -> int:
        """Take the next batch; returns how many events it had, 0 when there is nothing new."""
        after = self._log.position(self._follower.name)
        batch = self._log.follow(after, self._batch)
        if batch:
            self._take(after, batch)
        return len(batch)

    def run(self) -> int:
        """Take everything there is; returns how many events that was."""
        taken = 0
        while count := self.step():
            taken += count
        return taken

    def keep_up(self, stop: Event, idle: float = 0.2) -> None:
        """Follow until `stop`, looking every `idle` seconds; survives what is `Unavailable`."""
        while not stop.is_set():
            try:
                if self.step():
                    continue
            except (*NOT_THE_EVENT, Refusal):
                logger.exception("follower %s waits", self._follower.name)
            stop.wait(idle)

    def lag(self) -> int:
        """How many events the follower is behind."""
        return self._log.head() - self._log.position(self._follower.name)

    def _take(self, after: int, batch: Sequence[Recorded]) -> None:
        try:
            self._commit(after, batch)
        except _Poison as poison:
            if len(batch) == 1:
                self._bury(after, batch[0], poison)
            else:
                half = len(batch) // 2
                self._take(after, batch[:half])
                self._take(batch[half - 1].position, batch[half:])

    def _commit(self, after: int, batch: Sequence[Recorded]) -> None:
        """What the store cannot hold shows at the end of the transaction."""
        name = self._follower.name
        try:
            with self._log.transact() as tx:
                if tx.position(name) == after:  # else another runner of this follower was quicker
                    self._follower.handle(tx, batch)
                    tx.advance(name, batch[-1].position)
        except NOT_THE_EVENT:
            raise
        except Exception as error:
            raise _Poison(_reason(error)) from error

    def _bury(self, after: int, recorded: Recorded, poison: _Poison) -> None:
        name, reason = self._follower.name, str(poison)
        logger.error(
            "follower %s cannot take %s@%d: %s", name, recorded.stream, recorded.version, reason
        )
        with self._log.transact() as tx:
            if tx.position(name) == after:
                tx.bury(
                    DeadLetter(name, recorded.position, recorded.stream, recorded.version, reason)
                )
                tx.advance(name, recorded.position)


def _reason(error: Exception) -> str:
    """What went wrong without its text, which may quote personal data."""
    return error.code if isinstance(error, Refusal) else type(error).__name__

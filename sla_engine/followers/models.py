"""All read models in one pass over the log and one commit per batch.

Every model keeps a position of its own. So a new model needs nothing but to be listed: it begins
at the beginning of the log and joins the others at its head; one that is rebuilt is swapped in
alone; what one of them cannot take is put aside for that one. Models that have come equally far
share a pass, and those in front go first, so that nobody who reads waits for a newcomer.
"""

from collections.abc import Sequence

from sla_engine.followers.projector import Batch, Projector
from sla_engine.followers.runner import NOT_THE_EVENT, Runner
from sla_engine.projection import FollowedLog, FollowerTransaction, Projection
from sla_engine.record import Recorded

_MOST = 10
"""Times the usual size that a batch may have."""


class ReadModels:
    """Keeps read models up with the log. Several of these over one store do no harm."""

    def __init__(self, log: FollowedLog, models: Sequence[Projection], batch: int = 500) -> None:
        self._log = log
        self._batch = batch
        self._projectors = [Projector(model) for model in models]
        self._positions: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Under which the positions are kept."""
        return [each.name for each in self._projectors]

    def run(self) -> int:
        """Take everything there is; returns how many events were read."""
        taken = 0
        while count := self.step():
            taken += count
        return taken

    def step(self) -> int:
        """Take the next batch of those in front that are not at the head; returns its size."""
        if not self._positions:
            self._look()
        head = self._log.head()
        for after in sorted(set(self._positions.values()), reverse=True):
            if batch := self._log.follow(after, self._size(head - after)):
                group = [each for each in self._projectors if self._positions[each.name] == after]
                self._take(group, after, batch)
                return len(batch)
        return 0

    def _size(self, lag: int) -> int:
        """How many events to take at once: the further behind, the more, as a row is written once
        for all of its events; near the head few, as writers wait for a transaction on SQLite."""
        return max(self._batch, min(lag // 2, _MOST * self._batch))

    def _look(self) -> None:
        """See how far each has come; another process may have been quicker."""
        self._positions = {each.name: self._log.position(each.name) for each in self._projectors}

    def _take(self, group: Sequence[Projector], after: int, batch: Sequence[Recorded]) -> None:
        try:
            with self._log.transact() as tx:
                together = all(tx.position(each.name) == after for each in group)
                if together:
                    _write(tx, group, batch)
        except NOT_THE_EVENT:
            raise
        except Exception:
            # Alone each of them finds out which event it cannot take, and puts it aside.
            for each in group:
                Runner(self._log, each, self._batch).step()
            together = False
        if together:
            self._positions.update((each.name, batch[-1].position) for each in group)
        else:
            self._look()


def _write(tx: FollowerTransaction, group: Sequence[Projector], batch: Sequence[Recorded]) -> None:
    together = Batch(tx, batch)
    for each in group:
        each.take(together)
        tx.advance(each.name, batch[-1].position)

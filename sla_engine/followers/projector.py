"""Runs projections as followers, and rebuilds them beside the rows that are being read."""

from collections.abc import Iterator, Sequence

from sla_engine.followers.runner import Runner
from sla_engine.projection import Columns, FollowedLog, FollowerTransaction, Projection
from sla_engine.record import Recorded

_GENERATION = "generation"


class Projector:
    """Follower that keeps the current generation of a read model."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.name = follower_name(projection.name)

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        generation = _generation(tx.remembered(self.name).get(_GENERATION))
        _apply(tx, self.projection, generation, batch)


class _Rebuilder:
    """Follower that fills the next generation from the beginning of the log."""

    def __init__(self, projection: Projection, generation: int) -> None:
        self.projection = projection
        self.generation = generation
        self.name = f"{follower_name(projection.name)}/rebuild"

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        _apply(tx, self.projection, self.generation, batch)


def follower_name(projection: str) -> str:
    """Under which a projection's position and dead letters are kept."""
    return f"projection/{projection}"


def current_generation(log: FollowedLog, projection: str) -> int:
    """The generation that is read; 1 until the first rebuild."""
    return _generation(log.memory(follower_name(projection)).get(_GENERATION))


def read_rows(log: FollowedLog, projection: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
    """Rows of a read model by key."""
    return log.table(projection, current_generation(log, projection), prefix)


def rebuild(log: FollowedLog, projection: Projection, batch: int = 500) -> int:
    """Fill a new generation from the log and let readers see it at once; returns its number.

    Readers keep the old rows until then. Begun again from nothing if an earlier one was cut off.
    """
    old = current_generation(log, projection.name)
    rebuilder = _Rebuilder(projection, old + 1)
    with log.transact() as tx:
        tx.drop_rows(projection.name, keep=old)
        tx.forget(rebuilder.name)
    runner = Runner(log, rebuilder, batch)
    runner.run()
    while not _swap(log, rebuilder):
        runner.run()
    with log.transact() as tx:
        tx.drop_rows(projection.name, keep=rebuilder.generation)
    return rebuilder.generation


def _swap(log: FollowedLog, rebuilder: _Rebuilder) -> bool:
    """Make the new generation current, unless the old one has meanwhile come further."""
    live = follower_name(rebuilder.projection.name)
    letters = list(log.dead_letters(rebuilder.name))
    with log.transact() as tx:
        reached = tx.position(rebuilder.name)
        if reached < tx.position(live):
            return False
        tx.forget(live)
        tx.advance(live, reached)
        tx.remember(live, {_GENERATION: str(rebuilder.generation).encode()})
        for letter in letters:
            tx.bury(letter._replace(follower=live))
        tx.forget(rebuilder.name)
    return True


def _apply(
    tx: FollowerTransaction, projection: Projection, generation: int, batch: Sequence[Recorded]
) -> None:
    concerned = [
        (projection.key(recorded), recorded)
        for recorded in batch
        if projection.interested(recorded.event)
    ]
    rows: dict[str, Columns | None] = dict.fromkeys(key for key, _ in concerned)
    rows.update(tx.rows(projection.name, generation, tuple(rows)))
    for key, recorded in concerned:
        rows[key] = projection.apply(rows[key], recorded)
    tx.put_rows(projection.name, generation, rows)


def _generation(stored: bytes | None) -> int:
    return int(stored) if stored else 1

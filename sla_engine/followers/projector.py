"""Runs projections as followers, and rebuilds them beside the rows that are being read."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from sla_engine.followers.runner import Runner
from sla_engine.ports import AlarmRow
from sla_engine.projection import (
    Clocked,
    Columns,
    FollowedLog,
    FollowerTransaction,
    Projection,
    Spread,
    Tallied,
    added,
    base_table,
    cells_table,
    model_of,
    tables,
)
from sla_engine.record import Event, Recorded

_GENERATION = "generation"

Rows = Mapping[str, Columns | None]
"""By key: what is written, None for what is deleted."""
Clocks = Callable[[str], Sequence[AlarmRow]]


Concerned = list[tuple[str, Recorded]]
"""Events of a batch that concern a model, with the key of their row."""


class _Sheet:
    """A model with what it can do found out once; writes what a batch changes in its tables."""

    def __init__(self, model: Projection) -> None:
        self.model = model
        self.base = base_table(model)
        self.clocked = model if isinstance(model, Clocked) else None
        self.spread = model if isinstance(model, Spread) else None
        self.tallied = model if isinstance(model, Tallied) else None
        self._interest: dict[type[Event], bool] = {}

    def concerned(self, batch: Sequence[Recorded]) -> Concerned:
        """What of a batch concerns the model; asked once for each type of event."""
        interest, key = self._interest, self.model.key
        found = []
        for recorded in batch:
            kind = type(recorded.event)
            if kind not in interest:
                interest[kind] = self.model.interested(recorded.event)
            if interest[kind]:
                found.append((key(recorded), recorded))
        return found

    def take(
        self, tx: FollowerTransaction, generation: int, concerned: Concerned, clocks: Clocks
    ) -> None:
        """Apply events to the rows of a generation."""
        keys = dict.fromkeys(name for name, _ in concerned)
        before = tx.rows(self.base, generation, keys)
        after: dict[str, Columns | None] = dict(before)
        for name, recorded in concerned:
            after[name] = self.model.apply(after.get(name), recorded)
        if self.clocked is not None:
            for name, row in after.items():
                after[name] = None if row is None else self.clocked.finish(row, clocks(name))
        changed = {name: row for name, row in after.items() if row != before.get(name)}
        tx.put_rows(self.base, generation, changed)
        if self.spread is not None:
            tx.put_rows(self.model.name, generation, _respread(self.spread, before, changed))
        if self.tallied is not None:
            _retally(tx, self.tallied, generation, before, changed)


class Projector:
    """Follower that keeps the current generation of a read model."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.name = follower_name(projection.name)
        self._sheet = _Sheet(projection)

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        self.take(tx, batch, tx.clocks)

    def take(self, tx: FollowerTransaction, batch: Sequence[Recorded], clocks: Clocks) -> None:
        """The same with the clocks of streams that others ask for too."""
        if concerned := self._sheet.concerned(batch):
            generation = _number(tx.remembered(self.name).get(_GENERATION))
            self._sheet.take(tx, generation, concerned, clocks)


class _Rebuilder:
    """Follower that fills the next generation from the beginning of the log."""

    def __init__(self, projection: Projection, generation: int) -> None:
        self.projection = projection
        self.generation = generation
        self.name = f"{follower_name(projection.name)}/rebuild"
        self._sheet = _Sheet(projection)

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        self._sheet.take(tx, self.generation, self._sheet.concerned(batch), tx.clocks)


def follower_name(projection: str) -> str:
    """Under which a projection's position and dead letters are kept."""
    return f"projection/{projection}"


def current_generation(log: FollowedLog, table: str) -> int:
    """The generation that is read; 1 until the first rebuild."""
    return _number(log.memory(follower_name(model_of(table))).get(_GENERATION))


def read_rows(log: FollowedLog, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
    """Rows of a read model, or its cells ("scorecard.cells"), by key."""
    return log.table(table, current_generation(log, table), prefix)


def rebuild(log: FollowedLog, projection: Projection, batch: int = 500) -> int:
    """Fill a new generation from the log and let readers see it at once; returns its number.

    Readers keep the old rows until then. Begun again from nothing if an earlier one was cut off.
    """
    old = current_generation(log, projection.name)
    rebuilder = _Rebuilder(projection, old + 1)
    with log.transact() as tx:
        _drop(tx, projection, keep=old)
        tx.forget(rebuilder.name)
    runner = Runner(log, rebuilder, batch)
    runner.run()
    while not _swap(log, rebuilder):
        runner.run()
    with log.transact() as tx:
        _drop(tx, projection, keep=rebuilder.generation)
    return rebuilder.generation


def _drop(tx: FollowerTransaction, projection: Projection, keep: int) -> None:
    for table in tables(projection):
        tx.drop_rows(table, keep)


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


def _respread(model: Spread, before: Mapping[str, Columns], changed: Rows) -> Rows:
    """The rows that are read: those that a row no longer stands for go, the others are written."""
    rows: dict[str, Columns | None] = {}
    for name, row in changed.items():
        old = model.spread(before[name]) if name in before else {}
        new = model.spread(row) if row is not None else {}
        rows.update(dict.fromkeys(old.keys() - new.keys()))
        rows.update((key, columns) for key, columns in new.items() if columns != old.get(key))
    return rows


def _retally(
    tx: FollowerTransaction,
    model: Tallied,
    generation: int,
    before: Mapping[str, Columns],
    changed: Rows,
) -> None:
    """The cells that are touched, less what the old rows gave, plus what the new ones give."""
    moved: dict[str, Columns] = {}
    for name, row in changed.items():
        for sign, each in ((-1, before.get(name)), (1, row)):
            for key, counters in (model.tally(each) if each is not None else {}).items():
                moved[key] = added(moved.get(key, {}), counters, sign)
    moved = {key: counters for key, counters in moved.items() if counters}
    table = cells_table(model)
    cells = tx.rows(table, generation, moved)
    sums = {key: added(cells.get(key, {}), counters) for key, counters in moved.items()}
    tx.put_rows(table, generation, {key: cell or None for key, cell in sums.items()})


def _number(stored: bytes | None) -> int:
    return int(stored) if stored else 1

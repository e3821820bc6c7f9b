"""Runs projections as followers, and rebuilds them beside the rows that are being read."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeVar

from sla_engine.followers.kept import LIMIT, KeptRows, OpenRows
from sla_engine.followers.runner import Runner
from sla_engine.ports import AlarmRow, attempt
from sla_engine.projection import (
    Cells,
    Clocked,
    Columns,
    FollowedLog,
    FollowerTransaction,
    OfDossiers,
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

T = TypeVar("T")

_GENERATION = "generation"
_EMPTY: Mapping[str, int] = {}

Rows = Mapping[str, Columns | None]
"""By key: what is written, None for what is deleted."""


class Batch:
    """Events that arrived together, with what every model wants to know of them found out once."""

    def __init__(self, tx: FollowerTransaction, events: Sequence[Recorded]) -> None:
        self.tx = tx
        self.events = events
        self.types = {type(recorded.event): recorded.event for recorded in events}
        self._dossiers = _by_kind(events)
        self._clocks: dict[str, Sequence[AlarmRow]] = {}

    def of_dossiers(self, kinds: Iterable[str]) -> Iterator[tuple[str, list[Recorded]]]:
        """The streams of those kinds, each with its events."""
        return chain.from_iterable(self._dossiers.get(kind, {}).items() for kind in kinds)

    def clocks(self, streams: Iterable[str]) -> Mapping[str, Sequence[AlarmRow]]:
        """The clocks of those streams at least."""
        if unread := [stream for stream in streams if stream not in self._clocks]:
            self._clocks.update(self.tx.clocks_all(unread))
        return self._clocks


def _by_kind(events: Iterable[Recorded]) -> dict[str, dict[str, list[Recorded]]]:
    """Events by their stream, streams by what their names begin with."""
    streams: dict[str, list[Recorded]] = {}
    for recorded in events:
        streams.setdefault(recorded.stream, []).append(recorded)
    kinds: dict[str, dict[str, list[Recorded]]] = {}
    for stream, found in streams.items():
        kinds.setdefault(stream.partition("/")[0], {})[stream] = found
    return kinds


class _Given(NamedTuple):
    """What a row gives to the other tables of its model."""

    row: Columns | None
    rows: Mapping[str, Columns]
    cells: Cells


class _Sheet:
    """The tables of a model, with what it can do found out once; `name` is the follower's."""

    def __init__(self, model: Projection, name: str) -> None:
        self.model = model
        self.name = name
        self.base = base_table(model)
        self.of_dossiers = model if isinstance(model, OfDossiers) else None
        self.clocked = model if isinstance(model, Clocked) else None
        self.spread = model if isinstance(model, Spread) else None
        self.tallied = model if isinstance(model, Tallied) else None
        self._kept = KeptRows()
        self._given: OrderedDict[str, _Given] = OrderedDict()

    def take(self, batch: Batch, generation: int) -> None:
        """Write what a batch changes in the tables of a generation."""
        rows = self._kept.open(batch.tx, self.name, generation)
        if concerned := self._concerned(batch):
            self._write(rows, concerned, batch)
        batch.tx.after_commit(lambda: self._kept.keep(rows, batch.events[-1].position))

    def _concerned(self, batch: Batch) -> dict[str, list[Recorded]]:
        """What of a batch concerns the model, by the key of the row; asked once for each type."""
        wanted = {kind for kind, event in batch.types.items() if self.model.interested(event)}
        if not wanted:
            return {}
        if self.of_dossiers is not None:
            streams = batch.of_dossiers(self.of_dossiers.dossiers)
            mine = ((name, _of_types(wanted, events)) for name, events in streams)
            return {name: events for name, events in mine if events}
        found: dict[str, list[Recorded]] = {}
        for recorded in _of_types(wanted, batch.events):
            found.setdefault(self.model.key(recorded), []).append(recorded)
        return found

    def _write(self, rows: OpenRows, concerned: Mapping[str, list[Recorded]], batch: Batch) -> None:
        before = rows.read(self.base, concerned)
        after = {
            name: self._applied(before.get(name), events) for name, events in concerned.items()
        }
        if self.clocked is not None:
            present = {name: row for name, row in after.items() if row is not None}
            clocks = batch.clocks(present)
            for name, row in present.items():
                after[name] = self.clocked.finish(row, clocks[name])
        changed = {name: row for name, row in after.items() if row != before.get(name)}
        rows.write(self.base, changed)
        if self.spread is None and self.tallied is None:
            return
        moves = [
            (self._gives(name, before.get(name)), self._gives(name, row))
            for name, row in changed.items()
        ]
        if self.spread is not None:
            rows.write(self.model.name, _respread(moves))
        if self.tallied is not None:
            _retally(rows, cells_table(self.tallied), moves)

    def _gives(self, name: str, row: Columns | None) -> _Given:
        """What a row gives is what it gave when it was written, as long as it is the same one."""
        given = self._given.pop(name, None)
        if given is None or given.row is not row:
            rows = self.spread.spread(row) if self.spread is not None and row is not None else {}
            cells = self.tallied.tally(row) if self.tallied is not None and row is not None else {}
            given = _Given(row, rows, cells)
        self._given[name] = given
        if len(self._given) > LIMIT:
            self._given.popitem(last=False)
        return given

    def _applied(self, row: Columns | None, events: Iterable[Recorded]) -> Columns | None:
        for recorded in events:
            row = self.model.apply(row, recorded)
        return row


def _of_types(wanted: Set[type[Event]], events: Iterable[Recorded]) -> list[Recorded]:
    return [recorded for recorded in events if type(recorded.event) in wanted]


class Projector:
    """Follower that keeps the current generation of a read model."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.name = follower_name(projection.name)
        self._sheet = _Sheet(projection, self.name)

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        self.take(Batch(tx, batch))

    def take(self, batch: Batch) -> None:
        """The same with a batch that other models take too."""
        self._sheet.take(batch, _number(batch.tx.remembered(self.name).get(_GENERATION)))


class _Rebuilder:
    """Follower that fills the next generation from the beginning of the log."""

    def __init__(self, projection: Projection, generation: int) -> None:
        self.projection = projection
        self.generation = generation
        self.name = f"{follower_name(projection.name)}/rebuild"
        self._sheet = _Sheet(projection, self.name)

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        self._sheet.take(Batch(tx, batch), self.generation)


def follower_name(projection: str) -> str:
    """Under which a projection's position and dead letters are kept."""
    return f"projection/{projection}"


def current_generation(log: FollowedLog, table: str) -> int:
    """The generation that is read; 1 until the first rebuild."""
    return _number(log.memory(follower_name(model_of(table))).get(_GENERATION))


def read_rows(log: FollowedLog, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
    """Rows of a read model, or its cells ("scorecard.cells"), by key."""
    return log.table(table, current_generation(log, table), prefix)


class Shelves:
    """Implements `projection.Shelf` over one log."""

    def __init__(self, log: FollowedLog) -> None:
        self._log = log

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        return read_rows(self._log, table, prefix)

    def row(self, table: str, key: str) -> Columns | None:
        return self.rows_of(table, [key]).get(key)

    def rows_of(self, table: str, keys: Sequence[str]) -> dict[str, Columns]:
        return self._current(table, lambda number: self._log.rows_of(table, number, keys))

    def page(
        self,
        table: str,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        return self._current(
            table,
            lambda number: self._log.page(table, number, prefix, after, limit, descending),
        )

    def counts(self, table: str, ranges: Sequence[tuple[str, str]]) -> list[int]:
        found = self._current(table, lambda number: self._counted(table, number, ranges))
        return [found.get(index, 0) for index in range(len(ranges))]

    def _counted(
        self, table: str, number: int, ranges: Sequence[tuple[str, str]]
    ) -> dict[int, int]:
        counts = enumerate(self._log.count_rows(table, number, ranges))
        return {index: count for index, count in counts if count}

    def _current(self, table: str, read: Callable[[int], T]) -> T:
        """What is read of the current generation; where there is nothing, a rebuild may have taken
        it away between two looks."""
        number = current_generation(self._log, table)
        while not (found := read(number)):
            if number == (newer := current_generation(self._log, table)):
                break
            number = newer
        return found


def rebuild(log: FollowedLog, projection: Projection, batch: int = 5_000) -> int:
    """Fill a new generation from the log and let readers see it at once; returns its number.

    Readers keep the old rows until then. Begun again from nothing if an earlier one was cut off.
    Batches are large, as a row is written once for all of its events in one.
    """
    old = current_generation(log, projection.name)
    rebuilder = _Rebuilder(projection, old + 1)
    with log.transact() as tx:
        _drop(tx, projection, keep=old)
        tx.forget(rebuilder.name)
    runner = Runner(log, rebuilder, batch)
    runner.run()
    # Whoever keeps the live rows meanwhile may be quicker at its position.
    while not attempt(partial(_swap, log, rebuilder)):
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


def _respread(moves: Iterable[tuple[_Given, _Given]]) -> Rows:
    """The rows that are read: those that a row no longer stands for go, the others are written."""
    rows: dict[str, Columns | None] = {}
    for old, new in moves:
        rows.update(dict.fromkeys(old.rows.keys() - new.rows.keys()))
        rows.update((key, row) for key, row in new.rows.items() if row != old.rows.get(key))
    return rows


def _retally(rows: OpenRows, table: str, moves: Iterable[tuple[_Given, _Given]]) -> None:
    """The cells that are touched, less what the old rows gave, plus what the new ones give."""
    moved: dict[str, dict[str, int]] = {}
    for old, new in moves:
        for key in old.cells.keys() | new.cells.keys():
            before, after = old.cells.get(key, _EMPTY), new.cells.get(key, _EMPTY)
            if before != after:
                cell = moved.setdefault(key, {})
                for sign, counters in ((-1, before), (1, after)):
                    for counter, count in counters.items():
                        cell[counter] = cell.get(counter, 0) + sign * count
    moved = {key: counters for key, counters in moved.items() if any(counters.values())}
    cells = rows.read(table, moved)
    sums = {key: added(cells.get(key, {}), counters) for key, counters in moved.items()}
    rows.write(table, {key: cell or None for key, cell in sums.items()})


def _number(stored: bytes | None) -> int:
    return int(stored) if stored else 1

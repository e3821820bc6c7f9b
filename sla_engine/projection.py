"""What a read model is, and what a store offers those who build and read one.

A projection is pure: it says which events concern it, which row an event belongs to, and what that
row looks like afterwards. Rows are plain dicts of JSON values and are never changed in place.
Everything else - positions, dead letters, rebuilding beside the old generation - belongs to the
follower that runs it.

A model may ask for more by having one of three further methods. `finish` completes a row from the
clocks of its stream (`Clocked`), `tally` says what a row gives to sums that many rows share
(`Tallied`), `spread` turns one row into the many that are read (`Spread`). One that names its
`dossiers` (`OfDossiers`) is shown no others. The tables of a model
are named after it: `NAME` is what is read, `NAME.cells` holds the sums, `NAME.base` the rows
behind a model that spreads.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, runtime_checkable

from sla_engine.ports import AlarmRow, Log, Transaction
from sla_engine.record import Event, Recorded

Columns = dict[str, Any]
Cells = Mapping[str, Mapping[str, int]]
"""Counters by the key of their cell."""


class Projection(Protocol):
    """A read model as three pure functions and a permanent name, which has no dot."""

    @property
    def name(self) -> str: ...

    def interested(self, event: Event) -> bool:
        """Whether an event of this type can change a row."""
        ...

    def key(self, recorded: Recorded) -> str:
        """Key of the one row that `recorded` concerns."""
        ...

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        """The row after `recorded`; None removes it. `row` is None where there is none."""
        ...


@runtime_checkable
class OfDossiers(Projection, Protocol):
    """A model whose rows, one per stream under the stream's name, are of some kinds of dossier."""

    @property
    def dossiers(self) -> Collection[str]:
        """Kinds as stream names begin ("petition"). Nothing else would make a row."""
        ...


@runtime_checkable
class Clocked(Projection, Protocol):
    """A model whose rows, one per stream under the stream's name, are completed once the events
    that arrived together are applied: by what the clocks say, or by what would be costly to work
    out after every single one. One that reads the clocks takes an interest in every event that can
    move them.
    """

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        """The row completed, after the last of the events that arrived together. It may read of a
        clock only what follows from the facts alone (see `AlarmRow`) and its due instant."""
        ...


@runtime_checkable
class Tallied(Projection, Protocol):
    """A model whose rows add up to cells."""

    def tally(self, row: Columns) -> Cells:
        """What `row` gives; cells and counters that come to zero vanish."""
        ...


@runtime_checkable
class Spread(Projection, Protocol):
    """A model whose rows are read as several."""

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        """The rows that `row` stands for, under keys that no other row uses."""
        ...


def base_table(model: Projection) -> str:
    """Table of the rows that `apply` works on."""
    return f"{model.name}.base" if isinstance(model, Spread) else model.name


def cells_table(model: Projection) -> str:
    """Table of a tallied model's cells."""
    return f"{model.name}.cells"


def tables(model: Projection) -> tuple[str, ...]:
    """Every table of a model."""
    found = [base_table(model)]
    if isinstance(model, Spread):
        found.append(model.name)
    if isinstance(model, Tallied):
        found.append(cells_table(model))
    return tuple(found)


def model_of(table: str) -> str:
    """Name of the model that a table belongs to."""
    return table.partition(".")[0]


def added(cells: Mapping[str, int], more: Mapping[str, int], sign: int = 1) -> Columns:
    """A cell after `more` was added to it, without the counters that come to zero."""
    total = dict(cells)
    for counter, count in more.items():
        total[counter] = total.get(counter, 0) + sign * count
    return {counter: count for counter, count in total.items() if count}


def published(model: Projection, rows: Mapping[str, Columns]) -> dict[str, dict[str, Columns]]:
    """Every table of a model, from all of its finished rows at once."""
    found: dict[str, dict[str, Columns]] = {base_table(model): dict(rows)}
    if isinstance(model, Spread):
        found[model.name] = {k: v for row in rows.values() for k, v in model.spread(row).items()}
    if isinstance(model, Tallied):
        sums: dict[str, Counter[str]] = {}
        for row in rows.values():
            for key, counters in model.tally(row).items():
                sums.setdefault(key, Counter()).update(counters)
        cells = {key: added({}, counters) for key, counters in sums.items()}
        found[cells_table(model)] = {key: cell for key, cell in cells.items() if cell}
    return found


class Shelf(Protocol):
    """Read models as whoever reads them sees them, in whatever generation is current: an engine,
    or several regions as one."""

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        """Rows of a read model, or its cells ("scorecard.cells"), by key."""
        ...

    def row(self, table: str, key: str) -> Columns | None:
        """One row."""
        ...

    def rows_of(self, table: str, keys: Sequence[str]) -> dict[str, Columns]:
        """Those of the rows that exist."""
        ...

    def page(
        self,
        table: str,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        """Rows as `FollowedLog.page` gives them."""
        ...

    def counts(self, table: str, ranges: Sequence[tuple[str, str]]) -> list[int]:
        """How many keys lie in each range [first, end)."""
        ...


class DeadLetter(NamedTuple):
    """An event that a follower could not take. `reason` names the error, never its text."""

    follower: str
    position: int
    stream: str
    version: int
    reason: str


class FollowerTransaction(Transaction, Protocol):
    """What a follower writes in the same transaction as its position."""

    def clocks_all(self, streams: Collection[str]) -> Mapping[str, Sequence[AlarmRow]]:
        """The rows of the alarm index of several streams; none for a stream without clocks."""
        ...

    def rows(self, projection: str, generation: int, keys: Iterable[str]) -> Mapping[str, Columns]:
        """Those of the rows that exist."""
        ...

    def put_rows(
        self, projection: str, generation: int, changes: Mapping[str, Columns | None]
    ) -> None:
        """Write or delete (None) rows."""
        ...

    def drop_rows(self, projection: str, keep: int) -> None:
        """Delete every generation but `keep`."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Put an event aside for a person to look at."""
        ...

    def forget(self, follower: str) -> None:
        """Drop a follower's position, memory and dead letters."""
        ...


class FollowedLog(Log, Protocol):
    """A log that also shows how its followers fare."""

    def transact(self) -> AbstractContextManager[FollowerTransaction]: ...

    def position(self, follower: str) -> int:
        """How far a follower has come, outside any transaction."""
        ...

    def memory(self, follower: str) -> Mapping[str, bytes]:
        """A follower's memory, outside any transaction."""
        ...

    def table(
        self, projection: str, generation: int, prefix: str = ""
    ) -> Iterator[tuple[str, Columns]]:
        """Rows of a read model by key."""
        ...

    def page(
        self,
        projection: str,
        generation: int,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        """Up to `limit` rows of a read model whose keys begin with `prefix`, by key, behind the key
        `after` ("": from the first; descending from the last). As fast deep in a table as at its
        beginning; `after` need not exist any more."""
        ...

    def rows_of(self, projection: str, generation: int, keys: Sequence[str]) -> dict[str, Columns]:
        """Those of the rows that exist, outside any transaction."""
        ...

    def count_rows(
        self, projection: str, generation: int, ranges: Sequence[tuple[str, str]]
    ) -> list[int]:
        """How many keys lie in each range [first, end)."""
        ...

    def dead_letters(self, follower: str) -> Iterator[DeadLetter]:
        """What a follower put aside, oldest first."""
        ...

"""Rows of a read model from one batch to the next.

Rows that are often written need not be selected and decoded for each batch anew. What is kept is
what the store holds only as long as the follower stands where it was left, in the generation it
was left in; another process that went on, a rebuild or a batch that failed make it worthless.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from sla_engine.projection import Columns, FollowerTransaction

LIMIT = 1_000
"""How many rows are kept of each table, those that were used last."""

Place = tuple[int, int]
"""Position of the follower and generation of its tables."""


class OpenRows:
    """The tables of one generation as a transaction sees them. Rows are never changed in place."""

    def __init__(
        self, tx: FollowerTransaction, generation: int, kept: dict[str, OrderedDict[str, Columns]]
    ) -> None:
        self.generation = generation
        self.kept = kept
        self._tx = tx

    def read(self, table: str, keys: Iterable[str]) -> dict[str, Columns]:
        """Those of the rows that exist."""
        kept = self.kept.setdefault(table, OrderedDict())
        unknown = [key for key in keys if key not in kept]
        if unknown:
            kept.update(self._tx.rows(table, self.generation, unknown))
        found = {}
        for key in keys:
            if key in kept:
                kept.move_to_end(key)
                found[key] = kept[key]
        return found

    def write(self, table: str, changes: Mapping[str, Columns | None]) -> None:
        """Write or delete (None) rows."""
        self._tx.put_rows(table, self.generation, changes)
        kept = self.kept.get(table)
        if kept is not None:  # a table that is never read through here need not be kept
            for key, row in changes.items():
                if row is not None:
                    kept[key] = row
                else:
                    kept.pop(key, None)


class KeptRows:
    """What one follower keeps."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._rows: dict[str, OrderedDict[str, Columns]] = {}

    def open(self, tx: FollowerTransaction, follower: str, generation: int) -> OpenRows:
        """The rows to be used by `tx`. Not kept while they are in use: the batch may fail."""
        good = self._place == (tx.position(follower), generation)
        kept, self._place, self._rows = self._rows if good else {}, None, {}
        return OpenRows(tx, generation, kept)

    def keep(self, rows: OpenRows, position: int) -> None:
        """Once the batch that ends at `position` is committed."""
        for table in rows.kept.values():
            while len(table) > LIMIT:
                table.popitem(last=False)
        self._place, self._rows = (position, rows.generation), rows.kept

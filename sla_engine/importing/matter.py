"""What readers hand on: one matter with its events, or a place in the file that cannot be read."""

from collections.abc import Mapping
from typing import NamedTuple

from sla_engine.errors import Fault


class Row(NamedTuple):
    """One CSV row, one trace or one event: texts by column name or attribute key.

    `line` is where it begins in the file. `order` is its place among the events of the file or
    trace, from 1; it settles which of two events at one instant came first.
    """

    line: int
    order: int
    cells: Mapping[str, str]


class Matter(NamedTuple):
    """What the file says about one petition: its own row and the rows of its events.

    Where a CSV row is an event, the petition's own row is that of its first event.
    """

    row: Row
    events: tuple[Row, ...]

    @property
    def size(self) -> int:
        """Rows of the file it takes up."""
        shared = bool(self.events) and self.events[0] is self.row
        return len(self.events) + (not shared)


class Refused(NamedTuple):
    """Something in the file that was not taken, with every reason.

    `line` is 0 where no line can be named. `fact` is empty where the whole row is meant.
    """

    line: int
    faults: tuple[Fault, ...]
    petition: str = ""
    fact: str = ""

    def as_dict(self) -> dict[str, object]:
        """JSON-ready: line, petition, fact, and faults with code, zh and en."""
        return {
            "line": self.line,
            "petition": self.petition,
            "fact": self.fact,
            "faults": [fault.as_dict() for fault in self.faults],
        }

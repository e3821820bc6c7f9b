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
    """What the file says about one petition: its own row and the rows of its events."""

    row: Row
    events: tuple[Row, ...]


class Refused(NamedTuple):
    """Something in the file that was not taken. `fact` is empty where the whole row is meant."""

    line: int
    fault: Fault
    petition: str = ""
    fact: str = ""

    def as_dict(self) -> dict[str, object]:
        """JSON-ready: line, petition, fact and the fault's own keys (code, zh, en …)."""
        place = {"line": self.line, "petition": self.petition, "fact": self.fact}
        return {**place, **self.fault.as_dict()}

"""A read model with everything a read model can have, small enough to reckon with by head."""

from collections.abc import Mapping, Sequence

from sla_engine.petition.events import Accepted, Closed, Dispatched, Registered
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Columns
from sla_engine.record import Event, Recorded


class Sums:
    """Per petition: the units it was dispatched to, and how many clocks it has. A cell per unit
    with how often it was dispatched to; a row that is read per petition and unit."""

    name = "sums"

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    def interested(self, event: Event) -> bool:
        return isinstance(event, Registered | Dispatched | Accepted | Closed)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        if recorded.position == self.fails_at:
            raise ValueError
        event = recorded.event
        if isinstance(event, Closed):
            return None
        row = row or {"stream": recorded.stream, "units": []}
        if isinstance(event, Dispatched):
            row = {**row, "units": [*row["units"], event.unit]}
        if isinstance(event, Accepted):
            row = {**row, "units": row["units"][:-1]}
        return row

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        return {**row, "clocks": len(clocks)}

    def tally(self, row: Columns) -> Cells:
        times = {unit: row["units"].count(unit) for unit in row["units"]}
        return {unit: {"times": count, "clocks": row["clocks"]} for unit, count in times.items()}

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        return {f"{row['stream']}|{unit}": {"unit": unit} for unit in row["units"]}

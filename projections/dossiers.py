"""What read models with one row for each dossier of a kind have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from projections import acts, history
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded


class Dossiers(ABC):
    """A row per dossier, under its stream, from the fact that opens it. It keeps a line of each
    fact in `told`, under `lines`; a model that is interested in acts begins its rows with `raised`,
    where they stand. What else is in `moving` may move clocks: the row is only finished anew.
    """

    name: ClassVar[str]
    dossiers: ClassVar[tuple[str, ...]]
    opening: ClassVar[type[Event]]
    told: ClassVar[frozenset[type[Event]]]
    moving: ClassVar[frozenset[type[Event]]]

    def interested(self, event: Event) -> bool:
        return type(event) in self.moving

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        if row is None and isinstance(recorded.event, self.opening):
            row = self.begin(recorded)
        return None if row is None else self.enter(row, recorded)

    @abstractmethod
    def begin(self, recorded: Recorded) -> Columns | None:
        """The row of a dossier that has just been opened, without its first line; None where the
        model has none for it."""

    @abstractmethod
    def says(self, event: Event) -> Mapping[str, Any]:
        """What a line keeps of a fact."""

    def enter(self, row: Columns, recorded: Recorded) -> Columns:
        """The row with one more event."""
        event = recorded.event
        if isinstance(event, RungFired | RungWithdrawn):
            return {**row, "raised": acts.enter(row["raised"], event)}
        if type(event) not in self.told:
            return row
        return {**row, "lines": history.enter(row["lines"], recorded, self.says(event))}

"""Who held the roles that an act was addressed to, at the instant of the act."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import RungFired
from sla_engine.item.events import ItemListed
from sla_engine.record import Event, Instant
from sla_engine.roster.kind import ROSTER, Holding, holders
from sla_engine.talk.kind import talked_to
from sla_engine.wiring import Engine


@dataclass(frozen=True, slots=True)
class Officers:
    """The roster of a region for one dossier. `roster` None: the region has none. `project` is the
    dossier's, "" without one; `unit` whom a talk is with, for which roles in it are held."""

    roster: Chronicle | None = None
    project: str = ""
    unit: str = ""

    @classmethod
    def of(cls, engine: Engine, region: str, opening: Event, known_at: Instant | None) -> Self:
        """The officers of a region by what was known at `known_at` (None: by all). `opening`, the
        dossier's first fact, tells its project."""
        roster = engine.dossier(f"roster/{region}", known_at)
        project = opening.project if isinstance(opening, ItemListed) else ""
        return cls(read(roster, ROSTER) if roster.exists else None, project, talked_to(opening))

    def addressed(self, act: RungFired) -> dict[str, tuple[str, ...]]:
        """By role of `to` the officers who held it for the project, else for the unit, else for
        the region. Roles that nobody held are left out."""
        found = {role: tuple(self._names(role, act)) for role in act.to}
        return {role: names for role, names in found.items() if names}

    def _names(self, role: str, act: RungFired) -> Iterator[str]:
        if self.roster is None:
            return
        theirs: list[Holding] = []
        for about in filter(None, (self.project, act.unit or self.unit)):
            held = holders(self.roster, role, about, act.at)
            theirs = theirs or [each for each in held if each.about]
        for each in theirs or holders(self.roster, role, "", act.at):
            yield each.holder

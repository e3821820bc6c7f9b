"""Names of levels, lists, series and roles by pack, from the latest edition."""

from sla_engine.errors import Refusal
from sla_engine.policy.clause import Level, Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.regions import Reading


def edition_on(rules: Rulebook, name: str, at: Instant) -> Pack | None:
    """The edition in force at an instant, for a row of a list; None where it is not loaded, for one
    dossier must not take the list away."""
    try:
        return rules.pack_on(name, at)
    except Refusal:
        return None


def edition_of(rules: Rulebook, digest: str) -> Pack | None:
    """The edition that an act in a list was judged by; None as in `edition_on`."""
    return next((pack for pack in rules.packs if digest and pack.digest == digest), None)


class Levels:
    """Names and lights of levels by pack name, from the latest edition."""

    def __init__(self, engine: Reading) -> None:
        packs = sorted(engine.rules.packs, key=lambda pack: pack.effective[0])
        self._packs: dict[str, Pack] = {pack.name: pack for pack in packs}

    def name(self, pack: str, ordinal: int) -> Text | None:
        """The level's name, None at 0."""
        level = self.level(pack, ordinal)
        return level.name if level is not None else None

    def level(self, pack: str, ordinal: int) -> Level | None:
        """The level itself, None at 0."""
        return self._packs[pack].level(ordinal) if pack in self._packs else None


class Names:
    """Names of lists, series and roles by pack name, from the latest edition."""

    def __init__(self, engine: Reading) -> None:
        packs = sorted(engine.rules.packs, key=lambda pack: pack.effective[0])
        self._packs = {pack.name: pack for pack in packs}

    def list(self, pack: str, name: str) -> Text:
        found = self._packs[pack].lists.get(name) if pack in self._packs else None
        return found.name if found is not None else Text(name, name)

    def series(self, pack: str, name: str) -> Text:
        found = self._packs[pack].series.get(name) if pack in self._packs else None
        return found.name if found is not None else Text(name, name)

    def role(self, name: str) -> Text:
        """A role as the first pack has it that names it: the roster is of no pack."""
        found = (each.roles[name] for each in self._packs.values() if name in each.roles)
        return next(found, Text(name, name))

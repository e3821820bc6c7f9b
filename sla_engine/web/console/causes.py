"""Why a talk came about, in words: each cause by the pack of the dossier that it came from."""

from collections.abc import Iterator, Sequence

from sla_engine.policy.clause import Pack, Text
from sla_engine.wiring import Engine

_PARTS = 5
_UNIT = "unit"


class Causes:
    """Acts told in words. A cause is "STREAM|CLAUSE|CYCLE|VERSION|RUNG"; whatever a person wrote
    stays as it is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def told(self, found: Sequence[str]) -> list[Text]:
        """One text for each cause, in their order."""
        return [self._one(each) for each in found]

    def _one(self, cause: str) -> Text:
        stream, *rest = cause.rsplit("|", _PARTS - 1)
        if len(rest) != _PARTS - 1:
            return Text(cause, cause)
        kind, _, name = stream.partition("/")
        said = self.clause(stream, rest[0])
        return said if kind == _UNIT else Text(f"{name} {said.zh}", f"{name} {said.en}")

    def clause(self, stream: str, clause: str) -> Text:
        """What the pack of a dossier calls a clause, or what a unit did too often."""
        for pack in self._packs(stream):
            names = {each.id: each.name for each in pack.triggers}
            names |= {each.id: each.name for each in pack.clauses}
            if clause in names:
                return names[clause]
        return Text(clause, clause)

    def _packs(self, stream: str) -> Iterator[Pack]:
        """The editions of a dossier's own pack, the latest first."""
        kind, _, name = stream.partition("/")
        if kind == _UNIT:
            own = name.partition("/")[0]
        else:
            events = self._engine.events(stream)
            own = getattr(events[0].event, "pack", "") if events else ""
        named = (pack for pack in self._engine.rules.packs if pack.name == own)
        yield from sorted(named, key=lambda pack: pack.effective[0], reverse=True)

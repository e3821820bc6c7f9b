"""What is counted against a unit, and which triggers of repetition that reaches."""

from collections import Counter
from typing import Any

from projections.acts import ACTS
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of
from sla_engine.unit.events import Counted, Discounted
from sla_engine.unit.kind import UNIT

_MOVING = ACTS | {Counted, Discounted}


class Repetition:
    """Key: the stream of a unit's tally. Columns: `pack`, `region`, `unit`; `counted` [{what,
    cause, at, petition, series, period}] as it stands, by instant; `counts`, how many of each;
    `triggers` {key of the act: {trigger, act, level, tier, at}} that stand reached; `level` of
    the most severe."""

    name = "repetition"
    dossiers = (UNIT.name,)

    def interested(self, event: Event) -> bool:
        return type(event) in _MOVING

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        event = recorded.event
        if row is None:
            if not isinstance(event, Counted):
                return None
            row = {name: getattr(event, name) for name in ("pack", "region", "unit")}
            row |= {"counted": [], "triggers": {}, "level": 0}
        if isinstance(event, RungFired | RungWithdrawn):
            return _acted(row, event)
        counted = _counted(row["counted"], recorded)
        counts = Counter(each["what"] for each in counted)
        return {**row, "counted": counted, "counts": dict(sorted(counts.items()))}


def _counted(before: list[dict[str, Any]], recorded: Recorded) -> list[dict[str, Any]]:
    event = recorded.event
    if isinstance(event, Discounted):
        return [each for each in before if each["cause"] != event.cause]
    names = ("what", "cause", "petition", "series", "period")
    said = {name: value for name, value in fields_of(event).items() if name in names}
    more = [*before, {**said, "at": recorded.meta.occurred_at}]
    return sorted(more, key=lambda each: (each["at"], each["what"], each["cause"]))


def _acted(row: Columns, event: RungFired | RungWithdrawn) -> Columns:
    key = rung_key(event.clause, event.cycle, event.version, event.rung)
    triggers = {name: each for name, each in row["triggers"].items() if name != key}
    if isinstance(event, RungFired):
        shown = {name: getattr(event, name) for name in ("act", "level", "tier", "at")}
        triggers[key] = {"trigger": event.clause, **shown}
    level = max((each["level"] for each in triggers.values()), default=0)
    return {**row, "triggers": triggers, "level": level}

"""Acts put into a log by hand, without the rules that would lead to them."""

from typing import Any

from sla_engine.dossier.events import RungFired
from sla_engine.projection import FollowedLog
from sla_engine.record import Draft, Event, Instant, Meta

T0: Instant = 1_773_000_000_000_000


def fired(version: int = 0, level: int = 40, **more: Any) -> RungFired:
    """An act that everybody learns of."""
    values = {"act": "red", "due": T0, "at": T0, "to": ("unit_lead",), "unit": "U1", **more}
    return RungFired("reply", "1", version, f"r{version}", level, **values)


def append(log: FollowedLog, stream: str, *events: Event, at: Instant = T0, late: int = 0) -> None:
    """Put events into a log that were so at `at` and are recorded `late` µs afterwards."""
    with log.transact() as tx:
        drafts = [Draft(Meta(occurred_at=at, recorded_at=at + late), each) for each in events]
        tx.append(stream, len(tx.load(stream)), drafts)

"""What a store says of itself, for those who watch it."""

from collections.abc import Mapping
from typing import NamedTuple, cast

from sla_engine.record import Instant
from sla_engine.store.application import PetitionLog
from sla_engine.store.tables import LANES, Readers


class Backlog(NamedTuple):
    """Alarms of one lane that have come and are not dealt with; when the `oldest` was set for."""

    alarms: int
    oldest: Instant | None


def backlog(log: PetitionLog, now: Instant) -> Mapping[int, Backlog]:
    """The backlog of every lane."""
    rows = _readers(log).fetch(
        "SELECT lane, count(*), min(alarm_at) FROM alarm "
        f"WHERE lane IN ({', '.join(map(str, LANES))}) AND alarm_at <= ? GROUP BY lane",
        (now,),
    )
    found = {lane: Backlog(count, oldest) for lane, count, oldest in rows}
    return {lane: found.get(lane, Backlog(0, None)) for lane in LANES}


def schema(log: PetitionLog) -> int:
    """Number of the newest migration the store has been through."""
    ((version,),) = _readers(log).fetch("SELECT max(version) FROM schema_version")
    return cast(int, version)


def _readers(log: PetitionLog) -> Readers:
    return cast(Readers, log.tables)

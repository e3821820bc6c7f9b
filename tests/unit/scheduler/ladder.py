"""A ladder of two rungs, simple enough to see through: warn after 10 s, breach after 20 s."""

from collections.abc import Sequence

from sla_engine.dossier.events import RungFired
from sla_engine.ports import AlarmRow
from sla_engine.record import Draft, Instant, Meta, Recorded
from sla_engine.store.application import PetitionLog
from tests.conformance.store.samples import T0, meta, registered

SECOND = 1_000_000
RUNGS = (("warn", 10 * SECOND), ("breach", 20 * SECOND))


def standing(
    stream: str, events: Sequence[Recorded], now: Instant
) -> tuple[list[tuple[str, Instant]], list[AlarmRow]]:
    """Rungs that are due and not recorded, and the rows as they are once they have been."""
    start = events[0].meta.occurred_at
    recorded = {r.event.rung for r in events if isinstance(r.event, RungFired)}
    missing = [(rung, start + after) for rung, after in RUNGS if rung not in recorded]
    due = [(rung, at) for rung, at in missing if at <= now]
    upcoming = [(rung, at) for rung, at in missing if at > now]
    rung, at = upcoming[0] if upcoming else ("", None)
    row = AlarmRow("reply", "1", "running", len(RUNGS) - len(upcoming), "", T0, at, rung)
    return due, [row]


def planner(
    stream: str, events: Sequence[Recorded], now: Instant
) -> tuple[list[Draft], list[AlarmRow]]:
    due, rows = standing(stream, events, now)
    drafts = [
        Draft(
            Meta(occurred_at=at, recorded_at=now),
            RungFired("reply", "1", 1, rung, 1, rung, at, at),
        )
        for rung, at in due
    ]
    return drafts, rows


def rows_of(stream: str, events: Sequence[Recorded], now: Instant) -> list[AlarmRow]:
    return standing(stream, events, now)[1]


def open_petitions(log: PetitionLog, count: int, spread: int = SECOND, start: Instant = T0) -> None:
    """Petition n begins `n * spread` µs after `start`."""
    with log.transact() as tx:
        for n in range(count):
            stream = f"petition/{n:04d}"
            draft = registered(no=str(n))
            draft = Draft(meta(at=start + n * spread), draft.event)
            events = tx.append(stream, 0, [draft])
            tx.set_alarms(stream, rows_of(stream, events, 0))


def fired(log: PetitionLog) -> list[tuple[str, str]]:
    """(stream, rung) in the order of the log."""
    return [(r.stream, r.event.rung) for r in log.scan() if isinstance(r.event, RungFired)]

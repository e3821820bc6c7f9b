"""A ladder of two rungs, simple enough to see through: warn after 10 s, breach after 20 s."""

from collections.abc import Sequence

from sla_engine.dossier.events import RungFired
from sla_engine.ports import AlarmRow
from sla_engine.record import Draft, Instant, Meta, Recorded
from sla_engine.store.application import PetitionLog
from tests.conformance.store.samples import T0, meta, registered

SECOND = 1_000_000
RUNGS = (("warn", 10 * SECOND), ("breach", 20 * SECOND))


def missing(events: Sequence[Recorded]) -> list[tuple[str, Instant]]:
    """Rungs that are not recorded."""
    start = events[0].meta.occurred_at
    recorded = {r.event.rung for r in events if isinstance(r.event, RungFired)}
    return [(rung, start + after) for rung, after in RUNGS if rung not in recorded]


def row_of(left: Sequence[tuple[str, Instant]]) -> AlarmRow:
    """The clock, when these rungs are left."""
    rung, at = left[0] if left else ("", None)
    return AlarmRow("reply", "1", "running", len(RUNGS) - len(left), "", T0, at, rung)


def planner(
    stream: str, events: Sequence[Recorded], now: Instant
) -> tuple[list[Draft], list[AlarmRow]]:
    drafts = [
        Draft(
            Meta(occurred_at=at, recorded_at=now),
            RungFired("reply", "1", 1, rung, 1, rung, at, at),
        )
        for rung, at in missing(events)
        if at <= now
    ]
    return drafts, [row_of(missing(events)[len(drafts) :])]


def rows_of(stream: str, events: Sequence[Recorded], now: Instant) -> list[AlarmRow]:
    """An alarm that has come stays until its act is recorded."""
    return [row_of(missing(events))]


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

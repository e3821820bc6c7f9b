"""The round as a kind of dossier: its phases, lanes (members), marks and traits."""

from collections.abc import Mapping

from sla_engine.dossier.kind import Kind, Lane, Lanes, Step, common_steps
from sla_engine.dossier.kind import plain_marks as plain
from sla_engine.record import Event, Instant, Recorded
from sla_engine.round.events import (
    Drafted,
    MemberJoined,
    MemberLeft,
    Objected,
    ObjectionRuled,
    PlaceOverturned,
    Published,
    RoundClosed,
    RoundOpened,
    RoundReported,
    Scored,
    StatementSigned,
)

NEW = "new"
OPEN = "open"
DRAFTED = "drafted"
PUBLISHED = "published"
CLOSED = "closed"

RUNNING = frozenset({OPEN, DRAFTED, PUBLISHED})
LIVE = RUNNING | {CLOSED}

STEPS: Mapping[type[Event], Step] = {
    RoundOpened: Step(frozenset({NEW}), OPEN),
    MemberJoined: Step(RUNNING),
    MemberLeft: Step(RUNNING),
    RoundReported: Step(RUNNING),
    Scored: Step(RUNNING),
    StatementSigned: Step(RUNNING),
    Drafted: Step(frozenset({OPEN}), DRAFTED),
    Objected: Step(frozenset({DRAFTED})),
    ObjectionRuled: Step(frozenset({DRAFTED})),
    Published: Step(frozenset({OPEN, DRAFTED}), PUBLISHED),
    PlaceOverturned: Step(frozenset({PUBLISHED, CLOSED})),
    RoundClosed: Step(RUNNING, CLOSED),
    **common_steps(LIVE, RUNNING),
}


def _marks(event: Event) -> tuple[str, ...]:
    return (f"signed_{event.side}",) if isinstance(event, StatementSigned) else plain(event)


def _dated(event: Event) -> tuple[tuple[str, Instant], ...]:
    """A period begins and ends by the calendar, whoever records what. Its end belongs to its last
    day: a term of days from there counts from the first day after it (rule D1)."""
    if not isinstance(event, RoundOpened):
        return ()
    last = event.ends - 1 if event.ends is not None else None
    bounds = (("period_begun", event.begins), ("period_ended", last))
    return tuple((name, at) for name, at in bounds if at is not None)


def _enter(lanes: Lanes, recorded: Recorded) -> str:
    """Whoever is named in the opening takes part from the beginning of the period."""
    event, at, known_at = recorded.event, recorded.meta.occurred_at, recorded.meta.recorded_at
    if isinstance(event, RoundOpened):
        since = at if event.begins is None else min(at, event.begins)
        for member in event.members:
            lanes.open(_lane(member, since, known_at))
        return ""
    member = getattr(event, "member", "")
    if isinstance(event, MemberJoined):
        lanes.open(_lane(member, at, known_at))
        lanes.reopen(member, at, known_at)
    elif isinstance(event, MemberLeft):
        lanes.end(member, at)
    return str(member)


def _lane(member: str, at: Instant, known_at: Instant) -> Lane:
    return Lane(member, member, at, {"member": member}, known_at=known_at)


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, RoundOpened):
        return {}
    return {
        "no": event.round,
        "pack": event.pack,
        "region": event.region,
        "series": event.series,
        "period": event.period,
        "unit": event.unit,
    }


ROUND = Kind(
    name="round",
    steps=STEPS,
    live=LIVE,
    ends=frozenset({RoundClosed}),
    enter=_enter,
    marks=_marks,
    traits=_traits,
    dated=_dated,
)

"""The dispute as a kind of dossier: its phases, its lane (the office that rules), marks, traits."""

from collections.abc import Mapping
from typing import Literal

from sla_engine.dispute.events import (
    DisputeAdmitted,
    DisputeOpened,
    DisputeRefused,
    DisputeRuled,
    DisputeWithdrawn,
    EvidenceFiled,
    ReplayRun,
)
from sla_engine.dossier.kind import Kind, Lane, Lanes, Step, common_steps, plain_marks
from sla_engine.record import Event, Instant, Recorded

NEW = "new"
OPENED = "opened"
ADMITTED = "admitted"
RULED = "ruled"
REFUSED = "refused"
WITHDRAWN = "withdrawn"

PENDING = frozenset({OPENED, ADMITTED})
LIVE = PENDING | {RULED}
ENDED = frozenset({REFUSED, WITHDRAWN})

About = Literal["clock", "act", "place"]
"""What is in dispute: a clock's verdict, an act, a place on a board."""

STEPS: Mapping[type[Event], Step] = {
    DisputeOpened: Step(frozenset({NEW}), OPENED),
    DisputeAdmitted: Step(frozenset({OPENED}), ADMITTED, stays=ENDED),
    DisputeRefused: Step(frozenset({OPENED}), REFUSED),
    EvidenceFiled: Step(PENDING),
    ReplayRun: Step(PENDING),
    DisputeRuled: Step(frozenset({ADMITTED}), RULED, stays=ENDED),
    DisputeWithdrawn: Step(PENDING, WITHDRAWN),
    **common_steps(LIVE, PENDING),
}


def about(event: DisputeOpened) -> About:
    """What of its subject a dispute is about."""
    if event.member and not event.clause:
        return "place"
    return "act" if event.rung else "clock"


def _marks(event: Event) -> tuple[str, ...]:
    return ("disputed",) if isinstance(event, DisputeOpened) else plain_marks(event)


def _dated(event: Event) -> tuple[tuple[str, Instant], ...]:
    told_at = event.told_at if isinstance(event, DisputeOpened) else None
    return (("told", told_at),) if told_at is not None else ()


def _enter(lanes: Lanes, recorded: Recorded) -> str:
    event = recorded.event
    if isinstance(event, DisputeOpened):
        at = recorded.meta.occurred_at
        since = at if event.told_at is None else min(at, event.told_at)
        return lanes.open(Lane("1", event.office, since, {}))
    return lanes.resolve("")


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, DisputeOpened):
        return {}
    return {
        "no": event.dispute,
        "pack": event.pack,
        "region": event.region,
        "kind": event.kind,
        "about": about(event),
        "claim": event.claim,
        "unit": event.claimant,
    }


DISPUTE = Kind(
    name="dispute",
    steps=STEPS,
    live=LIVE,
    ends=frozenset({DisputeRefused, DisputeWithdrawn}),
    enter=_enter,
    marks=_marks,
    traits=_traits,
    dated=_dated,
)

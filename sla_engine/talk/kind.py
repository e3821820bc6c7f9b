"""The talk as a kind of dossier: its phases, lanes (rounds by tier), marks and traits."""

from collections.abc import Mapping

from sla_engine.dossier.kind import Kind, Lane, Lanes, Step, common_steps, plain_marks
from sla_engine.record import Event, Instant, Recorded, type_name
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    NoShow,
    NoShowExcused,
    PlanAccepted,
    PlanFiled,
    PlanReturned,
    Rebounded,
    RectificationRejected,
    RectificationReported,
    RectificationVerified,
    StruckOff,
    TalkApproved,
    TalkHeld,
    TalkMinuted,
    TalkNotified,
    TalkPostponed,
    TalkProposed,
    TalkRefused,
    TalkWithdrawn,
    TierRaised,
)

NEW = "new"
PROPOSED = "proposed"
APPROVED = "approved"
NOTIFIED = "notified"
MISSED = "missed"
HELD = "held"
MINUTED = "minuted"
PLAN_FILED = "plan_filed"
RECTIFYING = "rectifying"
REPORTED = "reported"
VERIFIED = "verified"
REJECTED = "rejected"
STRUCK_OFF = "struck_off"
REFUSED = "refused"
WITHDRAWN = "withdrawn"

BEFORE_TALK = frozenset({PROPOSED, APPROVED, NOTIFIED, MISSED})
AFTER_TALK = frozenset({HELD, MINUTED, PLAN_FILED, RECTIFYING, REPORTED, VERIFIED, REJECTED})
WORKING = BEFORE_TALK | AFTER_TALK
LIVE = WORKING | {STRUCK_OFF}

STEPS: Mapping[type[Event], Step] = {
    TalkProposed: Step(frozenset({NEW}), PROPOSED),
    CauseAttached: Step(WORKING),
    CauseOverturned: Step(LIVE),
    TierRaised: Step(WORKING, PROPOSED),
    TalkApproved: Step(frozenset({PROPOSED}), APPROVED),
    TalkRefused: Step(frozenset({PROPOSED}), REFUSED),
    TalkNotified: Step(frozenset({APPROVED}), NOTIFIED),
    TalkPostponed: Step(frozenset({NOTIFIED})),
    TalkHeld: Step(frozenset({NOTIFIED}), HELD),
    NoShow: Step(frozenset({NOTIFIED}), MISSED),
    NoShowExcused: Step(frozenset({MISSED}), APPROVED),
    TalkMinuted: Step(AFTER_TALK, MINUTED, stays=AFTER_TALK - {HELD}),
    PlanFiled: Step(frozenset({HELD, MINUTED}), PLAN_FILED),
    PlanAccepted: Step(frozenset({PLAN_FILED}), RECTIFYING),
    PlanReturned: Step(frozenset({PLAN_FILED}), MINUTED),
    RectificationReported: Step(frozenset({RECTIFYING, REJECTED}), REPORTED),
    RectificationVerified: Step(frozenset({REPORTED}), VERIFIED),
    RectificationRejected: Step(frozenset({REPORTED}), REJECTED),
    StruckOff: Step(frozenset({VERIFIED}), STRUCK_OFF),
    Rebounded: Step(frozenset({STRUCK_OFF}), PROPOSED),
    TalkWithdrawn: Step(LIVE, WITHDRAWN),
    **common_steps(LIVE, WORKING),
}

_NAMES = {"rectification_reported": "reported", "rectification_verified": "verified"}
_NAMES["rectification_rejected"] = "rejected"


def _marks(event: Event) -> tuple[str, ...]:
    if isinstance(event, TierRaised | Rebounded):
        return (type_name(event), "proposed")
    if isinstance(event, TalkProposed):
        return ("proposed",)
    return tuple(_NAMES.get(name, name) for name in plain_marks(event))


def _enter(lanes: Lanes, recorded: Recorded) -> str:
    event, at = recorded.event, recorded.meta.occurred_at
    current = lanes.current
    if isinstance(event, TalkProposed):
        return lanes.open(Lane("1", event.unit, at, {"tier": str(event.tier)}))
    if isinstance(event, TierRaised | Rebounded) and current is not None:
        tier = str(event.tier) if isinstance(event, TierRaised) else current.traits["tier"]
        lanes.end(current.name, at)
        return lanes.open(Lane(str(len(lanes.all) + 1), current.unit, at, {"tier": tier}))
    return current.name if current is not None else ""


def talked_to(opening: Event) -> str:
    """Whom a talk is with, by its first event; "" of any other dossier. Those who approve and
    convene it do so for that unit, also where they are late themselves."""
    return opening.unit if isinstance(opening, TalkProposed) else ""


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, TalkProposed):
        return {}
    return {"no": event.talk, "pack": event.pack, "region": event.region, "unit": event.unit}


def _defers(event: Event) -> tuple[str, Instant] | None:
    return (event.reason, event.scheduled_at) if isinstance(event, TalkPostponed) else None


TALK = Kind(
    name="talk",
    steps=STEPS,
    live=LIVE,
    ends=frozenset({TalkRefused, TalkWithdrawn}),
    enter=_enter,
    marks=_marks,
    traits=_traits,
    defers=_defers,
    lifts=frozenset({StruckOff, Rebounded}),
)

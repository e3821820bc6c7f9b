"""The petition as a kind of dossier: its phases, lanes (assignments), marks and traits."""

from collections.abc import Mapping

from sla_engine.dossier.events import Carried
from sla_engine.dossier.kind import Kind, Lane, Lanes, Step, common_steps, plain_marks
from sla_engine.petition.events import (
    Absorbed,
    Accepted,
    Admitted,
    CallbackDone,
    Closed,
    Declined,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Merged,
    Rated,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
    ReworkOrdered,
    Withdrawn,
)
from sla_engine.record import Event, Instant, Recorded

NEW = "new"
REGISTERED = "registered"
ADMITTED = "admitted"
DISPATCHED = "dispatched"
IN_PROGRESS = "in_progress"
RETURN_REQUESTED = "return_requested"
RETURNED = "returned"
RESOLVED = "resolved"
CLOSED = "closed"
DECLINED = "declined"
MERGED = "merged"
WITHDRAWN = "withdrawn"

INTAKE = frozenset({REGISTERED, ADMITTED})
WORKING = frozenset({DISPATCHED, IN_PROGRESS, RETURN_REQUESTED})
OPEN = INTAKE | WORKING | {RETURNED}
LIVE = OPEN | {RESOLVED, CLOSED}
ENDED = frozenset({DECLINED, MERGED, WITHDRAWN})


def _ruled(event: Event) -> str | None:
    assert isinstance(event, ReturnRuled)
    return RETURNED if event.granted else None


def _called_back(event: Event) -> str | None:
    assert isinstance(event, CallbackDone)
    return CLOSED if event.satisfied and event.solved else RESOLVED


STEPS: Mapping[type[Event], Step] = {
    Registered: Step(frozenset({NEW}), REGISTERED),
    Admitted: Step(frozenset({REGISTERED}), ADMITTED),
    Declined: Step(INTAKE, DECLINED),
    Dispatched: Step(INTAKE | WORKING | {RETURNED}, DISPATCHED),
    Accepted: Step(frozenset({DISPATCHED, IN_PROGRESS}), IN_PROGRESS),
    ReturnRequested: Step(frozenset({DISPATCHED, IN_PROGRESS}), RETURN_REQUESTED),
    ReturnRuled: Step(frozenset({RETURN_REQUESTED}), choose=_ruled, undoes=RETURN_REQUESTED),
    Resolved: Step(WORKING, RESOLVED),
    CallbackDone: Step(frozenset({RESOLVED, CLOSED}), choose=_called_back),
    ReworkOrdered: Step(frozenset({RESOLVED, CLOSED}), DISPATCHED),
    Closed: Step(frozenset({RESOLVED, CLOSED}), CLOSED),
    Merged: Step(OPEN, MERGED),
    Absorbed: Step(LIVE),
    Withdrawn: Step(OPEN, WITHDRAWN),
    Rated: Step(frozenset({RESOLVED, CLOSED})),
    Excluded: Step(LIVE | ENDED),
    ExclusionLifted: Step(LIVE | ENDED),
    **common_steps(LIVE, WORKING),
}


def _marks(event: Event) -> tuple[str, ...]:
    if isinstance(event, CallbackDone) and not (event.satisfied and event.solved):
        return ("callback_done", "callback_unsatisfied")
    return plain_marks(event)


def _enter(lanes: Lanes, recorded: Recorded) -> str:
    event, at = recorded.event, recorded.meta.occurred_at
    if isinstance(event, Dispatched):
        if event.replaces:
            lanes.end(event.replaces, at)
        traits = {"assignment_level": event.level, "assignment_lead": str(event.lead).lower()}
        return lanes.open(Lane(event.assignment, event.unit, at, traits, lead=event.lead))
    if isinstance(event, ReworkOrdered):
        return lanes.open(Lane(event.assignment, event.unit, at, {}))
    lane = lanes.resolve(getattr(event, "assignment", ""))
    if isinstance(event, ReturnRuled) and event.granted:
        lanes.end(lane, at)
    return lane


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, Registered):
        return {}
    return {
        "no": event.no,
        "pack": event.pack,
        "kind": event.kind,
        "region": event.region,
        "channel": event.channel,
        "subject": event.subject,
        "urgency": event.urgency,
        "matter": event.matter,
        "historic": "true" if event.historic else "",
    }


def _inherits(event: Event) -> tuple[tuple[str, Instant], ...]:
    return event.anchors if isinstance(event, Absorbed) else ()


def _carries(event: Event) -> tuple[Carried, ...]:
    return event.carried if isinstance(event, Absorbed) else ()


PETITION = Kind(
    name="petition",
    steps=STEPS,
    live=LIVE,
    ends=frozenset({Declined, Merged, Withdrawn}),
    enter=_enter,
    marks=_marks,
    traits=_traits,
    inherits=_inherits,
    carries=_carries,
    finishes=frozenset({Resolved}),
    lifts=frozenset({Resolved, ReworkOrdered}),
)

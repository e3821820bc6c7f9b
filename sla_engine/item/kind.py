"""The list item as a kind of dossier: its phases, lanes (who owes it), marks and traits."""

from collections.abc import Mapping

from sla_engine.dossier.kind import Kind, Lane, Lanes, Step, common_steps, plain_marks
from sla_engine.item.events import (
    ItemAssigned,
    ItemCancelled,
    ItemLinked,
    ItemListed,
    ItemRebounded,
    ItemRejected,
    ItemReported,
    ItemStarted,
    ItemVerified,
)
from sla_engine.record import Event, Recorded

NEW = "new"
LISTED = "listed"
WORKING = "working"
REPORTED = "reported"
STRUCK_OFF = "struck_off"
CANCELLED = "cancelled"

OWED = "owed"
"""Mark of a start that owes papers: from here their own clock runs (容缺)."""

OPEN = frozenset({LISTED, WORKING, REPORTED})
LIVE = OPEN | {STRUCK_OFF}

STEPS: Mapping[type[Event], Step] = {
    ItemListed: Step(frozenset({NEW}), LISTED),
    ItemAssigned: Step(OPEN),
    ItemStarted: Step(frozenset({LISTED}), WORKING),
    ItemLinked: Step(OPEN),
    ItemReported: Step(frozenset({LISTED, WORKING}), REPORTED),
    ItemVerified: Step(OPEN, STRUCK_OFF),
    ItemRejected: Step(frozenset({REPORTED}), WORKING),
    ItemRebounded: Step(frozenset({STRUCK_OFF}), WORKING),
    ItemCancelled: Step(OPEN, CANCELLED),
    **common_steps(LIVE, OPEN),
}


def _marks(event: Event) -> tuple[str, ...]:
    if isinstance(event, ItemStarted) and event.owed:
        return ("started", OWED)
    return plain_marks(event)


def _enter(lanes: Lanes, recorded: Recorded) -> str:
    """Every unit that owes the item in turn is a lane; its clocks run through all of them."""
    event, at = recorded.event, recorded.meta.occurred_at
    current = lanes.current
    if isinstance(event, ItemListed | ItemAssigned):
        if current is not None:
            lanes.end(current.name, at)
        return lanes.open(Lane(str(len(lanes.all) + 1), event.unit, at, {"person": event.person}))
    return current.name if current is not None else ""


def _traits(event: Event) -> dict[str, str]:
    if not isinstance(event, ItemListed):
        return {}
    return {
        "no": event.item,
        "pack": event.pack,
        "region": event.region,
        "list": event.list,
        "matter": event.matter,
        "unit": event.unit,
    }


def _limit(event: Event) -> str:
    return event.limit if isinstance(event, ItemListed) else ""


ITEM = Kind(
    name="item",
    steps=STEPS,
    live=LIVE,
    ends=frozenset({ItemCancelled}),
    enter=_enter,
    marks=_marks,
    traits=_traits,
    limit=_limit,
    lifts=frozenset({ItemVerified, ItemRebounded}),
)

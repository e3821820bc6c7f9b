"""Which events are told, and to whom. Pure: an event, what its stream held before, and words.

An act goes to the roles it names, for the unit it is charged to; a fact to whoever is answerable
for what it changes, by what was known when it was recorded. What was told and then falls is
recalled by a message of its own. What no line of `_FACTS` names is told to nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sla_engine.delivery.message import Message, Recipient, event_id
from sla_engine.delivery.wording import Words, fact, recall
from sla_engine.dispute import events as dispute
from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import (
    ExtensionDenied,
    ExtensionGranted,
    Resumed,
    RungFired,
    RungWithdrawn,
    Suspended,
    TermRefixed,
    VerdictSuperseded,
    Voided,
)
from sla_engine.dossier.fold import fold
from sla_engine.dossier.kind import lane_named
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.item import events as item
from sla_engine.petition import events as petition
from sla_engine.policy.vocabulary import OPEN_NEXT
from sla_engine.record import Event, Instant, Recorded
from sla_engine.round import events as round_
from sla_engine.talk import events as talk
from sla_engine.talk.kind import talked_to
from sla_engine.worktime import format_instant

History = Callable[[], Sequence[Recorded]]
"""The events of a stream up to the one that is told, or beyond it."""

Audience = Callable[[Any, Chronicle], Iterable[Recipient]]
"""Whom a fact concerns, by the dossier as it was before it."""

ACT, TERM, RULING, ASSIGNMENT = "act", "term", "ruling", "assignment"
TALK, ITEM, BOARD = "talk", "item", "board"
TOPICS = (ACT, TERM, RULING, ASSIGNMENT, TALK, ITEM, BOARD)

_INSTANTS = frozenset({"scheduled_at", "expected_until", "old_due", "new_due", "effective"})

_DRAWN: Mapping[str, tuple[str, ...]] = {
    "urge": ("petition",),
    "supervise": ("petition",),
    "recall": ("petition", "talk"),
}
"""Documents of acts and their recall, and the kinds of dossier of which they can be drawn."""


class _Fact(NamedTuple):
    """How a type of fact is told: under which topic, to whom, which of its fields are shown, and
    which documents there are to be drawn of it."""

    topic: str
    whom: Audience
    shown: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


# -------------------------------------------------------------------------------- audiences


def _answerable(_event: Event, before: Chronicle) -> Iterator[Recipient]:
    """Every unit that has the matter, or takes part in the round."""
    for lane in before.lanes.all.values():
        if lane.ended_at is None:
            yield Recipient(lane.unit)


def _assigned(event: Event, before: Chronicle) -> Iterator[Recipient]:
    """The unit of the assignment that the fact names, or of the current one."""
    lane = before.lanes.all.get(before.lanes.resolve(lane_named(event)))
    if lane is not None:
        yield Recipient(lane.unit)


def _given(event: Any, before: Chronicle) -> Iterator[Recipient]:
    """The unit that the matter is given to, and the one that it is taken from."""
    yield Recipient(event.unit)
    taken = before.lanes.all.get(getattr(event, "replaces", ""))
    if isinstance(event, item.ItemAssigned):
        taken = before.lanes.current
    if taken is not None:
        yield Recipient(taken.unit)


def _member(event: Any, _before: Chronicle) -> Iterator[Recipient]:
    yield Recipient(event.member)


def _talked_to(_event: Event, before: Chronicle) -> Iterator[Recipient]:
    yield Recipient(before.traits.get("unit", ""))


def _of_office(role: str) -> Audience:
    """Whoever holds a role in a talk with the unit."""

    def whom(event: Any, before: Chronicle) -> Iterator[Recipient]:
        yield Recipient(before.traits.get("unit", getattr(event, "unit", "")), role)

    return whom


_approver, _convener = _of_office("approver"), _of_office("convener")


def _called_off(event: talk.TalkWithdrawn, before: Chronicle) -> Iterator[Recipient]:
    """The unit only if it had been told of the talk."""
    yield from _convener(event, before)
    if any(isinstance(each.event, talk.TalkNotified) for each in before.facts):
        yield from _talked_to(event, before)


def _to_rule(event: dispute.DisputeOpened, _before: Chronicle) -> Iterator[Recipient]:
    yield Recipient(event.office)


def _claimant(_event: Event, before: Chronicle) -> Iterator[Recipient]:
    yield Recipient(before.traits.get("unit", ""))


_FACTS: Mapping[type[Event], _Fact] = {
    petition.Dispatched: _Fact(
        ASSIGNMENT, _given, ("unit", "assignment", "lead", "replaces", "level")
    ),
    petition.ReworkOrdered: _Fact(ASSIGNMENT, _given, ("unit", "assignment", "linked")),
    petition.Merged: _Fact(ASSIGNMENT, _answerable, ("into",)),
    petition.Absorbed: _Fact(ASSIGNMENT, _answerable, ("duplicate",)),
    petition.Withdrawn: _Fact(ASSIGNMENT, _answerable),
    petition.ReturnRuled: _Fact(RULING, _assigned, ("granted", "assignment")),
    petition.Excluded: _Fact(RULING, _answerable, ("exclusion", "measures")),
    petition.ExclusionLifted: _Fact(RULING, _answerable, ("exclusion",)),
    ExtensionGranted: _Fact(RULING, _answerable, ("request", "amount")),
    ExtensionDenied: _Fact(RULING, _answerable, ("request",)),
    VerdictSuperseded: _Fact(
        RULING, _answerable, ("clause", "cycle", "rung", "verdict", "dispute")
    ),
    Suspended: _Fact(TERM, _answerable, ("ground", "document", "expected_until")),
    Resumed: _Fact(TERM, _answerable),
    talk.TalkProposed: _Fact(TALK, _approver, ("tier", "petitions")),
    talk.TierRaised: _Fact(TALK, _approver, ("tier",)),
    talk.CauseAttached: _Fact(TALK, _convener, ("petition",)),
    talk.CauseOverturned: _Fact(TALK, _convener),
    talk.TalkApproved: _Fact(TALK, _convener),
    talk.TalkRefused: _Fact(TALK, _convener),
    talk.TalkNotified: _Fact(
        TALK, _talked_to, ("number", "scheduled_at", "place", "materials"), ("talk-notice",)
    ),
    talk.TalkPostponed: _Fact(TALK, _talked_to, ("scheduled_at",)),
    talk.NoShow: _Fact(TALK, _talked_to),
    talk.NoShowExcused: _Fact(TALK, _talked_to),
    talk.TalkMinuted: _Fact(TALK, _talked_to, ("document",), ("talk-minutes",)),
    talk.PlanFiled: _Fact(TALK, _convener, ("document",), ("rectification-plan",)),
    talk.PlanAccepted: _Fact(TALK, _talked_to),
    talk.PlanReturned: _Fact(TALK, _talked_to),
    talk.RectificationReported: _Fact(TALK, _convener, ("document",)),
    talk.RectificationVerified: _Fact(TALK, _talked_to),
    talk.RectificationRejected: _Fact(TALK, _talked_to),
    talk.StruckOff: _Fact(TALK, _talked_to, ("document",), ("strike-off",)),
    talk.Rebounded: _Fact(TALK, _talked_to),
    talk.TalkWithdrawn: _Fact(TALK, _called_off, (), ("recall",)),
    item.ItemListed: _Fact(ITEM, _given, ("list", "limit", "after", "petitions", "round")),
    item.ItemAssigned: _Fact(ITEM, _given, ("unit",)),
    item.ItemVerified: _Fact(ITEM, _assigned, ("document",), ("strike-off",)),
    item.ItemRejected: _Fact(ITEM, _assigned),
    item.ItemRebounded: _Fact(ITEM, _assigned),
    item.ItemCancelled: _Fact(ITEM, _assigned),
    round_.MemberJoined: _Fact(BOARD, _member),
    round_.MemberLeft: _Fact(BOARD, _member),
    round_.Drafted: _Fact(BOARD, _answerable),
    round_.ObjectionRuled: _Fact(BOARD, _member, ("upheld", "place")),
    round_.Published: _Fact(BOARD, _answerable, ("document",)),
    round_.PlaceOverturned: _Fact(BOARD, _member),
    dispute.DisputeOpened: _Fact(
        RULING, _to_rule, ("kind", "subject", "clause", "cycle", "rung", "member", "claim")
    ),
    dispute.DisputeAdmitted: _Fact(RULING, _claimant),
    dispute.DisputeRefused: _Fact(RULING, _claimant, ("ground",)),
    dispute.DisputeRuled: _Fact(RULING, _claimant, ("outcome", "verdict", "place")),
    dispute.DisputeWithdrawn: _Fact(RULING, _answerable),
}


# ------------------------------------------------------------------------------------ telling


def tell(recorded: Recorded, history: History, words: Words) -> Message | None:
    """The message about an event; None where nobody is to be told."""
    event = recorded.event
    if not has_clocks(recorded.stream):
        return None
    if isinstance(event, RungFired):
        return _act(recorded, event, history, words)
    if isinstance(event, RungWithdrawn):
        return _withdrawn(recorded, event, history, words)
    if isinstance(event, TermRefixed):
        return _refixed(recorded, event, history, words)
    if isinstance(event, Voided):
        return _voided(recorded, event, history, words)
    told = _FACTS.get(type(event))
    return _fact(recorded, told, history) if told is not None else None


def bulky(recorded: Recorded) -> bool:
    """Whether events of this type come in crowds: a calendar revision moves terms by thousands."""
    return isinstance(recorded.event, TermRefixed)


def _act(recorded: Recorded, event: RungFired, history: History, words: Words) -> Message | None:
    if event.silent or event.act == OPEN_NEXT:
        return None
    unit = event.unit or talked_to(history()[0].event)
    to = tuple(Recipient(unit, role) for role in event.to) or (Recipient(event.unit),)
    due = _due(recorded, event, history, words)
    return _message(
        recorded,
        ACT,
        to,
        words.act(event, _no(recorded), recorded.meta.pack, due),
        due=due,
        level=event.level,
        level_name=words.level(event.level, recorded.meta.pack),
        documents=_drawn(recorded, event.act),
        details=_shown(event, ("act", "clause", "cycle", "rung", "unit", "tier")),
    )


def _due(recorded: Recorded, event: RungFired, history: History, words: Words) -> Instant | None:
    """When the clock of an act is due, by what was known as the act was recorded; None where it
    stands still, or its rules are not known here any more."""
    learned = [
        each
        for each in history()
        if each.version < recorded.version and not isinstance(each.event, RungFired | RungWithdrawn)
    ]
    return words.dues(recorded.stream, learned).get((event.clause, event.cycle))


def _withdrawn(
    recorded: Recorded, event: RungWithdrawn, history: History, words: Words
) -> Message | None:
    for each in _before(recorded, history):
        fired = each.event
        if isinstance(fired, RungFired) and _same_rung(fired, event):
            return _recall(recorded, _act(each, fired, history, words), _drawn(recorded, "recall"))
    return None


def _drawn(recorded: Recorded, name: str) -> tuple[str, ...]:
    return (name,) if recorded.stream.split("/", 1)[0] in _DRAWN.get(name, ()) else ()


def _same_rung(fired: RungFired, gone: RungWithdrawn) -> bool:
    return (fired.clause, fired.cycle, fired.version, fired.rung) == (
        gone.clause,
        gone.cycle,
        gone.version,
        gone.rung,
    )


def _voided(recorded: Recorded, event: Voided, history: History, words: Words) -> Message | None:
    before = _before(recorded, history)
    target = fold(recorded.stream, before).find(event.fact)
    told = tell(target, lambda: before, words) if target is not None else None
    return _recall(recorded, told, ())


def _recall(recorded: Recorded, told: Message | None, documents: tuple[str, ...]) -> Message | None:
    """What was told falls: those who were told learn of it."""
    if told is None:
        return None
    return _message(
        recorded,
        told.topic,
        told.to,
        recall(told.subject, bool(told.recalls)),
        due=told.due,
        level=told.level,
        level_name=told.level_name,
        documents=documents,
        recalls=event_id(told.stream, told.version),
        details=told.details,
    )


def _refixed(
    recorded: Recorded, event: TermRefixed, history: History, words: Words
) -> Message | None:
    """Whose clock it is says the cycle where it is one of a lane: "LANE", or "LANE.2"."""
    before = _chronicle(recorded, history)
    lanes = before.lanes.all
    lane = lanes.get(event.cycle) or lanes.get(event.cycle.rpartition(".")[0])
    to = [Recipient(lane.unit)] if lane is not None else _answerable(event, before)
    return _message(
        recorded,
        TERM,
        tuple(dict.fromkeys(to)),
        words.term(event, _no(recorded), recorded.meta.pack),
        due=event.new_due,
        details=_shown(event, ("clause", "cycle", "old_due", "new_due", "effective")),
    )


def _fact(recorded: Recorded, told: _Fact, history: History) -> Message | None:
    event = recorded.event
    to = tuple(dict.fromkeys(told.whom(event, _chronicle(recorded, history))))
    unit = to[0].unit if len({each.unit for each in to}) == 1 else ""
    return _message(
        recorded,
        told.topic,
        to,
        fact(event, recorded.stream.split("/", 1)[0], _no(recorded), unit),
        documents=told.documents,
        details=_shown(event, told.shown),
    )


def _message(
    recorded: Recorded, topic: str, to: Sequence[Recipient], subject: tuple[str, str], **more: Any
) -> Message | None:
    known = tuple(each for each in to if each.unit or each.role)
    if not known:
        return None
    return Message(
        stream=recorded.stream,
        version=recorded.version,
        position=recorded.position,
        topic=topic,
        event=recorded.event.WIRE,
        to=known,
        subject=subject,
        at=recorded.meta.occurred_at,
        recorded=recorded.meta.recorded_at,
        **more,
    )


def _shown(event: Event, names: Sequence[str]) -> dict[str, Any]:
    """Fields by name; instants as text, and what is empty left out."""
    found = ((name, getattr(event, name)) for name in names)
    return {
        name: format_instant(value) if name in _INSTANTS else value
        for name, value in found
        if value not in ("", None, ())
    }


def _before(recorded: Recorded, history: History) -> list[Recorded]:
    return [each for each in history() if each.version < recorded.version]


def _chronicle(recorded: Recorded, history: History) -> Chronicle:
    return read(fold(recorded.stream, _before(recorded, history)), kind_of(recorded.stream))


def _no(recorded: Recorded) -> str:
    return recorded.stream.split("/", 1)[1]

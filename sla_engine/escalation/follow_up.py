"""What rounds and acts lead to besides talks: the next round, improvement items, problem items.

Pure: one event of the log, the dossier as it was after it, and the pack in; commands out.
"""

from collections.abc import Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.escalation.react import Command, cause_of
from sla_engine.item.events import ItemCancelled, ItemListed
from sla_engine.policy.clause import Pack
from sla_engine.policy.vocabulary import OPEN_NEXT, PROBLEMS
from sla_engine.record import Instant, Recorded
from sla_engine.round.board import shortfalls
from sla_engine.round.events import RoundClosed, RoundOpened
from sla_engine.round.period import period_of

LIST = "list"


def follow_up(recorded: Recorded, dossier: Dossier, kind: Kind, pack: Pack) -> Sequence[Command]:
    """Commands that follow from `recorded`, the last event of its dossier so far."""
    event = recorded.event
    if isinstance(event, RungFired) and not event.silent:
        if event.act == OPEN_NEXT:
            return _next_round(recorded, event, read(dossier, kind), pack)
        if event.act == LIST:
            return _problem(recorded, event, read(dossier, kind), pack)
    elif isinstance(event, RungWithdrawn) and not event.silent:
        return _problem_gone(recorded, event)
    elif isinstance(event, RoundClosed):
        return list(_improvements(recorded, read(dossier, kind), pack))
    return ()


def _next_round(
    recorded: Recorded, event: RungFired, chronicle: Chronicle, pack: Pack
) -> Sequence[Command]:
    """The round of the following period, with whoever is a member at the end of this one."""
    traits, series = chronicle.traits, pack.series[chronicle.traits["series"]]
    ends = _end_of(chronicle)
    if _ended_early(chronicle, ends):
        return ()
    period = period_of(traits["period"], series.cycle).next
    region = traits["region"] or pack.region
    name = round_id(series.id, region, period)
    members = tuple(lane.name for lane in chronicle.lanes.all.values() if lane.held(event.due))
    opened = RoundOpened(name, pack.name, region, series.id, period, traits["unit"], members)
    cause = cause_of(recorded.stream, event)
    return [Command(f"round/{name}", f"open|{cause}", cause, opened, max(event.due, ends))]


def _end_of(chronicle: Chronicle) -> Instant:
    """When the period of a round is over; a round that opens another one has a period."""
    opening = chronicle.facts[0].event
    assert isinstance(opening, RoundOpened), "a round begins with its opening"
    assert opening.ends is not None, "a series without a cycle has no next round"
    return opening.ends


def _ended_early(chronicle: Chronicle, ends: Instant) -> bool:
    """A round closed before its period ended was the last of its series."""
    closed = (f.meta.occurred_at for f in chronicle.facts if isinstance(f.event, RoundClosed))
    return any(at < ends for at in closed)


def round_id(series: str, region: str, period: str) -> str:
    """The id of a round that the engine opens itself."""
    return f"{series}.{region}.{period}"


def _problem(
    recorded: Recorded, event: RungFired, chronicle: Chronicle, pack: Pack
) -> Sequence[Command]:
    """An act that lists: an item of the problem list for the answerable unit."""
    kind, no = recorded.stream.split("/", 1)
    cause = cause_of(recorded.stream, event)
    listed = ItemListed(
        item=_problem_id(recorded.stream, event),
        pack=pack.name,
        region=chronicle.traits["region"] or pack.region,
        list=PROBLEMS,
        unit=event.unit,
        petitions=(no,) if kind == "petition" else (),
        round=no if kind == "round" else "",
        source=cause,
    )
    return [Command(f"item/{listed.item}", f"list|{cause}", cause, listed)]


def _problem_gone(recorded: Recorded, event: RungWithdrawn) -> Sequence[Command]:
    """Whatever was listed because of the act is cancelled; where nothing was, this comes to
    nothing."""
    cause = cause_of(recorded.stream, event)
    stream = f"item/{_problem_id(recorded.stream, event)}"
    return [Command(stream, f"unlist|{cause}", cause, ItemCancelled("engine", "overturned"))]


def _problem_id(stream: str, event: RungFired | RungWithdrawn) -> str:
    no = stream.split("/", 1)[1]
    return f"{no}.{event.clause}.{event.cycle}.{event.version}.{event.rung}"


def _improvements(recorded: Recorded, chronicle: Chronicle, pack: Pack) -> Iterator[Command]:
    """A mean below its floor opens an item of the list that the series names."""
    traits = chronicle.traits
    series = pack.series[traits["series"]]
    for member, dimension, _mean in shortfalls(chronicle, series):
        name = f"{traits['no']}.{member}.{dimension}"
        listed = ItemListed(
            item=name,
            pack=pack.name,
            region=traits["region"] or pack.region,
            list=series.improve,
            unit=member,
            title=series.dimensions[dimension].zh,
            round=traits["no"],
        )
        cause, at = f"{recorded.stream}@{recorded.version}", recorded.meta.occurred_at
        yield Command(f"item/{name}", f"improve|{name}|{cause}", cause, listed, at)

"""What counts against a unit: acts told, places published, talks held.

`counted` is a pure reading of one dossier. What an event changes is the difference of two readings,
so a withdrawal, an overturned place and a voided fact all take back what had been counted.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.escalation.react import Command, cause_of
from sla_engine.policy.clause import Pack
from sla_engine.record import Instant, Recorded
from sla_engine.round.board import published, standing
from sla_engine.round.events import Published
from sla_engine.talk.events import TalkHeld
from sla_engine.talk.kind import WITHDRAWN
from sla_engine.unit.events import Counted, Discounted


class Count(NamedTuple):
    """One thing counted against a unit; `cause` and `what` make it unique."""

    unit: str
    what: str
    cause: str
    at: Instant
    petition: str = ""
    series: str = ""
    period: str = ""


def changes(
    dossier: Dossier, last: Recorded, kind: Kind, pack: Pack, region: str, editions: Iterable[Pack]
) -> Sequence[Command]:
    """Commands to the tallies of units that the `last` event of a dossier gives rise to. `pack`
    says what counts; what any of its `editions` had counted is taken back."""
    names, ever = _names(pack), frozenset[str]().union(*map(_names, editions))
    if not ever:
        return ()
    after = counted(dossier, kind, ever)
    before = counted(dossier.until(last.version - 1), kind, ever)
    gone = {each.cause: each for each in before if each not in after}
    commands = [_discount(pack, each, last) for each in gone.values()]
    for each in after:
        if each.what in names and each not in before:
            commands.append(_count(pack, each, last, region))
    return commands


def _names(pack: Pack) -> frozenset[str]:
    return frozenset(name for trigger in pack.triggers for name in trigger.counts)


def _count(pack: Pack, each: Count, last: Recorded, region: str) -> Command:
    event = Counted(
        what=each.what,
        cause=each.cause,
        pack=pack.name,
        region=region,
        unit=each.unit,
        petition=each.petition,
        series=each.series,
        period=each.period,
    )
    key = f"count|{each.what}|{each.cause}|{last.stream}@{last.version}"
    return Command(_stream(pack, each.unit), key, each.cause, event, each.at)


def _discount(pack: Pack, each: Count, last: Recorded) -> Command:
    key = f"discount|{each.cause}|{last.stream}@{last.version}"
    return Command(_stream(pack, each.unit), key, each.cause, Discounted(each.cause))


def _stream(pack: Pack, unit: str) -> str:
    return f"unit/{pack.name}/{unit}"


def counted(dossier: Dossier, kind: Kind, names: Set[str]) -> list[Count]:
    """Everything in a dossier that counts under one of `names`, as it stands."""
    if not names or not dossier.exists:
        return []
    found = list(_acts(dossier))
    if kind.name == "round":
        found += _places(dossier.stream, read(dossier, kind))
    elif kind.name == "talk":
        found += _talks(dossier.stream, read(dossier, kind))
    return [each for each in found if each.what in names and each.unit]


def _acts(dossier: Dossier) -> Iterator[Count]:
    prefix, name = dossier.stream.split("/", 1)
    petition = name if prefix == "petition" else ""
    for acts in dossier.acts.values():
        for act in acts:
            fired = act.fired
            if act.stands and not fired.silent:
                cause = cause_of(dossier.stream, fired)
                for what in (f"act:{fired.act}", f"act:{fired.act}@{fired.clause}"):
                    yield Count(fired.unit, what, cause, fired.due, petition)


def _places(stream: str, chronicle: Chronicle) -> Iterator[Count]:
    """Places count from the publication of the board, at its instant."""
    if not published(chronicle):
        return
    at = next(f.meta.occurred_at for f in chronicle.facts if isinstance(f.event, Published))
    traits = chronicle.traits
    for placed in standing(chronicle):
        if placed.place:
            cause, what = f"{stream}|{placed.member}|{placed.place}", f"place:{placed.place}"
            yield Count(
                placed.member, what, cause, at, series=traits["series"], period=traits["period"]
            )


def _talks(stream: str, chronicle: Chronicle) -> Iterator[Count]:
    """A talk that was held counts by its tier, unless it was withdrawn."""
    if chronicle.phase == WITHDRAWN:
        return
    for mark in chronicle.marks:
        if isinstance(mark.fact.event, TalkHeld):
            lane = chronicle.lanes.all[mark.lane]
            tier = lane.traits["tier"]
            yield Count(lane.unit, f"talk:{tier}", f"{stream}|round {lane.name}", mark.at)

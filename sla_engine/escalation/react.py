"""From acts to talks: the process manager of the three-tier talk (三级约谈).

`react` is pure. Its memory holds, for every unit (or petition, as the pack says), the talk that
is open, and for every cause the talk it led to. A repeated event gives the same commands with the
same keys, so nothing happens twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.identity import rung_key, talk_id
from sla_engine.policy.clause import Pack, TalkRules
from sla_engine.record import Event, Instant, Recorded
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    Rebounded,
    StruckOff,
    TalkProposed,
    TalkRefused,
    TalkWithdrawn,
    TierRaised,
)

TALK, NEXT_TIER = "talk", "next_tier"


class Command(NamedTuple):
    """An event to be decided on `stream`, with the key that makes it happen once. `at` is when it
    was so; None: when its cause was recorded."""

    stream: str
    key: str
    cause: str
    event: Event
    at: Instant | None = None


class OpenTalk(msgspec.Struct, array_like=True):
    """What the process manager remembers of a talk; one that was struck off may rebound."""

    stream: str
    tier: int
    struck_off: bool = False


@dataclass(slots=True)
class Memory:
    """The talk of each group (unit or petition), and the talk that each cause led to."""

    open: dict[str, OpenTalk] = field(default_factory=dict)
    led_to: dict[str, str] = field(default_factory=dict)

    def of_group(self, group: str) -> OpenTalk | None:
        """The open talk of a group."""
        talk = self.open.get(group)
        return None if talk is None or talk.struck_off else talk

    def of_stream(self, stream: str) -> OpenTalk | None:
        return next((talk for talk in self.open.values() if talk.stream == stream), None)

    def close(self, stream: str) -> None:
        """Forget a talk that nothing can join any more."""
        self.open = {group: talk for group, talk in self.open.items() if talk.stream != stream}


def react(memory: Memory, recorded: Recorded, pack: Pack, region: str) -> Sequence[Command]:
    """Commands that follow from one event of the log; `pack` and `region` are of its dossier."""
    event, rules = recorded.event, pack.talk
    if rules is None:
        return ()
    if isinstance(event, RungFired) and not event.silent:
        if event.act == TALK:
            return _talk(memory, recorded, event, pack, rules, region)
        if event.act == NEXT_TIER:
            return _next_tier(memory, recorded, event, rules)
    elif isinstance(event, RungWithdrawn) and not event.silent:
        return _overturned(memory, recorded, event)
    else:
        _follow(memory, recorded, pack, rules)
    return ()


def _follow(memory: Memory, recorded: Recorded, pack: Pack, rules: TalkRules) -> None:
    """Keep the memory true to what people did: talks proposed by hand, raised, ended."""
    event, stream = recorded.event, recorded.stream
    talk = memory.of_stream(stream)
    if isinstance(event, TalkProposed):
        petition = event.petitions[0] if event.petitions else ""
        group = _group(pack, rules, event.unit, petition)
        if memory.of_group(group) is None:
            memory.open[group] = OpenTalk(stream, event.tier)
        for cause in event.causes:
            memory.led_to.setdefault(cause, stream)
    elif isinstance(event, TalkRefused | TalkWithdrawn):
        memory.close(stream)
    elif talk is not None and isinstance(event, StruckOff | Rebounded):
        talk.struck_off = isinstance(event, StruckOff)
    elif talk is not None and isinstance(event, TierRaised):
        talk.tier = max(talk.tier, event.tier)


def _group(pack: Pack, rules: TalkRules, unit: str, petition: str) -> str:
    by_petition = rules.group_by == "petition" and petition
    return f"{pack.name}/{petition if by_petition else unit}"


def _named(petition: str) -> tuple[str, ...]:
    return (petition,) if petition else ()


def cause_of(stream: str, event: RungFired | RungWithdrawn) -> str:
    """Name of an act as a cause: its stream and its key within it."""
    return f"{stream}|{rung_key(event.clause, event.cycle, event.version, event.rung)}"


def _talk(
    memory: Memory,
    recorded: Recorded,
    event: RungFired,
    pack: Pack,
    rules: TalkRules,
    region: str,
) -> Sequence[Command]:
    cause, (kind, no) = cause_of(recorded.stream, event), recorded.stream.split("/", 1)
    petition = no if kind == "petition" else ""
    if cause in memory.led_to or not event.unit:
        return ()
    group = _group(pack, rules, event.unit, petition)
    talk = memory.of_group(group)
    if talk is None:
        stream = talk_id(event.unit, cause)
        memory.open[group] = OpenTalk(stream, event.tier)
        memory.led_to[cause] = stream
        name = stream.split("/", 1)[1]
        proposal = TalkProposed(
            name, pack.name, region, event.unit, event.tier, (cause,), _named(petition)
        )
        return [Command(stream, f"propose|{cause}", cause, proposal)]
    memory.led_to[cause] = talk.stream
    commands = [Command(talk.stream, f"attach|{cause}", cause, CauseAttached(cause, petition))]
    if event.tier > talk.tier:
        talk.tier = event.tier
        raised = TierRaised(event.tier, f"cause {cause}")
        commands.append(Command(talk.stream, f"raise|{cause}", cause, raised))
    return commands


def _next_tier(
    memory: Memory, recorded: Recorded, event: RungFired, rules: TalkRules
) -> Sequence[Command]:
    """A talk's own clock says: next tier. At the top there is none; circulars take over."""
    talk, cause = memory.of_stream(recorded.stream), cause_of(recorded.stream, event)
    if talk is None or talk.tier >= rules.top_tier or cause in memory.led_to:
        return ()
    memory.led_to[cause] = talk.stream
    talk.tier += 1
    raised = TierRaised(talk.tier, f"{event.clause}/{event.rung}")
    return [Command(recorded.stream, f"raise|{cause}", cause, raised)]


def _overturned(memory: Memory, recorded: Recorded, event: RungWithdrawn) -> Sequence[Command]:
    cause = cause_of(recorded.stream, event)
    stream = memory.led_to.pop(cause, None)
    if stream is None:
        return ()
    own = f"{stream}|"
    rest = (each for each, led in memory.led_to.items() if led == stream)
    if not cause.startswith(own) and all(each.startswith(own) for each in rest):
        memory.close(stream)  # Its withdrawal will be in the log behind what is read now.
    return [Command(stream, f"overturn|{cause}", cause, CauseOverturned(cause))]

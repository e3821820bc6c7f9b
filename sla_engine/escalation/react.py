"""From acts to talks: the process manager of the three-tier talk (三级约谈).

`react` is pure. Its memory holds, for every unit (or petition, as the pack says), the talk that
is open, and for every cause the talk it led to. A repeated event gives the same commands with the
same keys, so nothing happens twice.
"""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

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


OPEN, LED = "open", "led"
"""The two kinds of things remembered: a group's talk, and where a cause led."""


class OpenTalk(msgspec.Struct, array_like=True, frozen=True):
    """What the process manager remembers of a talk; one that was struck off may rebound."""

    stream: str
    tier: int
    struck_off: bool = False


class Memory:
    """The talk of each group (unit or petition), and the talk that each cause led to.

    `changed` names the groups and causes that were written since it was last emptied, so that
    whoever keeps the memory writes no more than that.
    """

    def __init__(
        self, open_: Mapping[str, OpenTalk] | None = None, led_to: Mapping[str, str] | None = None
    ) -> None:
        self.open: dict[str, OpenTalk] = dict(open_ or {})
        self.led_to: dict[str, str] = dict(led_to or {})
        self.changed: set[tuple[str, str]] = set()
        self._group: dict[str, str] = {talk.stream: group for group, talk in self.open.items()}
        self._causes: dict[str, set[str]] = {}
        for cause, stream in self.led_to.items():
            self._causes.setdefault(stream, set()).add(cause)

    def of_group(self, group: str) -> OpenTalk | None:
        """The open talk of a group."""
        talk = self.open.get(group)
        return None if talk is None or talk.struck_off else talk

    def of_stream(self, stream: str) -> OpenTalk | None:
        group = self._group.get(stream)
        return None if group is None else self.open[group]

    def causes_of(self, stream: str) -> Set[str]:
        """The causes that led to a talk."""
        return self._causes.get(stream, frozenset())

    def put(self, group: str, talk: OpenTalk) -> None:
        """This is now the talk of that group."""
        former = self.open.get(group)
        if former is not None and former.stream != talk.stream:
            del self._group[former.stream]
        self.open[group] = talk
        self._group[talk.stream] = group
        self.changed.add((OPEN, group))

    def revise(self, talk: OpenTalk) -> None:
        """What has become of a talk that is remembered."""
        self.put(self._group[talk.stream], talk)

    def close(self, stream: str) -> None:
        """Forget a talk that nothing can join any more."""
        group = self._group.pop(stream, None)
        if group is not None:
            del self.open[group]
            self.changed.add((OPEN, group))

    def lead(self, cause: str, stream: str) -> None:
        """A cause led to a talk."""
        self.led_to[cause] = stream
        self._causes.setdefault(stream, set()).add(cause)
        self.changed.add((LED, cause))

    def unlead(self, cause: str) -> str | None:
        """A cause fell away; the talk it had led to, if any."""
        stream = self.led_to.pop(cause, None)
        if stream is not None:
            self._causes[stream].discard(cause)
            self.changed.add((LED, cause))
        return stream


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
            memory.put(group, OpenTalk(stream, event.tier))
        for cause in event.causes:
            if cause not in memory.led_to:
                memory.lead(cause, stream)
    elif isinstance(event, TalkRefused | TalkWithdrawn):
        memory.close(stream)
    elif talk is not None and isinstance(event, StruckOff | Rebounded):
        memory.revise(replace(talk, struck_off=isinstance(event, StruckOff)))
    elif talk is not None and isinstance(event, TierRaised):
        memory.revise(replace(talk, tier=max(talk.tier, event.tier)))


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
        memory.put(group, OpenTalk(stream, event.tier))
        memory.lead(cause, stream)
        name = stream.split("/", 1)[1]
        proposal = TalkProposed(
            name, pack.name, region, event.unit, event.tier, (cause,), _named(petition)
        )
        return [Command(stream, f"propose|{cause}", cause, proposal)]
    memory.lead(cause, talk.stream)
    commands = [Command(talk.stream, f"attach|{cause}", cause, CauseAttached(cause, petition))]
    if event.tier > talk.tier:
        memory.revise(replace(talk, tier=event.tier))
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
    memory.lead(cause, talk.stream)
    tier = talk.tier + 1
    memory.revise(replace(talk, tier=tier))
    raised = TierRaised(tier, f"{event.clause}/{event.rung}")
    return [Command(recorded.stream, f"raise|{cause}", cause, raised)]


def _overturned(memory: Memory, recorded: Recorded, event: RungWithdrawn) -> Sequence[Command]:
    cause = cause_of(recorded.stream, event)
    stream = memory.unlead(cause)
    if stream is None:
        return ()
    own, rest = f"{stream}|", memory.causes_of(stream)
    if not cause.startswith(own) and all(each.startswith(own) for each in rest):
        memory.close(stream)  # Its withdrawal will be in the log behind what is read now.
    return [Command(stream, f"overturn|{cause}", cause, CauseOverturned(cause))]

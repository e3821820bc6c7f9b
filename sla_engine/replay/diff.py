"""Where two replays part: aligned by clock and cycle, by act, by place; each difference classified,
with the first step of the working at which they diverge.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from sla_engine.dossier.events import RungFired
from sla_engine.record import Instant
from sla_engine.replay.replay import Replay
from sla_engine.replay.state import places_of
from sla_engine.sla.assess import Reading, State
from sla_engine.sla.explain import explain
from sla_engine.worktime import Derivation, narrate
from sla_engine.worktime.derivation import Step

Key = tuple[str, ...]


class What(Enum):
    """Kinds of difference."""

    CLOCK_ADDED = "clock_added"
    CLOCK_GONE = "clock_gone"
    START_MOVED = "start_moved"
    DUE_MOVED = "due_moved"
    VERDICT_FLIPPED = "verdict_flipped"
    STATE_CHANGED = "state_changed"
    RULING_CHANGED = "ruling_changed"
    UNIT_CHANGED = "unit_changed"
    ACT_ADDED = "act_added"
    ACT_GONE = "act_gone"
    ACT_MOVED = "act_moved"
    RECIPIENT_CHANGED = "recipient_changed"
    PLACE_CHANGED = "place_changed"
    PHASE_CHANGED = "phase_changed"


@dataclass(frozen=True, slots=True)
class Telling:
    """A step of a derivation, and what it is told as."""

    step: Step
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step at which two derivations differ; None where one of them has ended."""

    number: int
    before: Telling | None
    after: Telling | None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `key` is clause and cycle of a clock, with the rung of an act, or the member
    of a place. `before` and `after` hold what differs: an instant, a state, a unit, a place."""

    what: What
    key: Key
    before: object = None
    after: object = None
    parting: Parting | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What two replays of a dossier differ in, clocks first, then acts and places."""

    before: Replay
    after: Replay
    changes: tuple[Change, ...]

    def of(self, what: What) -> Sequence[Change]:
        return [change for change in self.changes if change.what is what]

    @property
    def flipped(self) -> Sequence[Change]:
        """Clocks whose verdict is another one."""
        return self.of(What.VERDICT_FLIPPED)


def diff(before: Replay, after: Replay) -> Difference:
    """Align and compare two replays of one dossier."""
    changes = (*_phases(before, after), *_clocks(before, after), *_acts(before, after))
    return Difference(before, after, (*changes, *_places(before, after)))


def verdict(reading: Reading | None) -> bool | None:
    """Whether a clock was late: True, False, or None while nobody can say."""
    if reading is None or reading.state in (State.CANCELLED, State.RUNNING, State.PAUSED):
        return None
    return reading.state in (State.LATE, State.OVERDUE)


def _phases(before: Replay, after: Replay) -> Iterator[Change]:
    old, new = before.assessment.chronicle.phase, after.assessment.chronicle.phase
    if old != new:
        yield Change(What.PHASE_CHANGED, (), old, new)


def _clocks(before: Replay, after: Replay) -> Iterator[Change]:
    old, new = _by_key(before), _by_key(after)
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield Change(What.CLOCK_GONE, key, old[key].state.value)
        elif key not in old:
            yield Change(What.CLOCK_ADDED, key, None, new[key].state.value)
        else:
            yield from _clock(key, old[key], new[key])


def _clock(key: Key, old: Reading, new: Reading) -> Iterator[Change]:
    parting = None
    if (old.start, old.due) != (new.start, new.due):
        parting = part(old, new)
    if old.start != new.start:
        yield Change(What.START_MOVED, key, old.start, new.start, parting)
    if old.due != new.due:
        yield Change(What.DUE_MOVED, key, old.due, new.due, parting)
    if old.state is not new.state:
        decided = (verdict(old), verdict(new))
        flipped = None not in decided and decided[0] != decided[1]
        what = What.VERDICT_FLIPPED if flipped else What.STATE_CHANGED
        yield Change(what, key, old.state.value, new.state.value, parting)
    if old.verdict != new.verdict and old.ruling != new.ruling:
        yield Change(What.RULING_CHANGED, key, _ruled(old), _ruled(new))
    if old.unit != new.unit:
        yield Change(What.UNIT_CHANGED, key, old.unit, new.unit)


def _ruled(reading: Reading) -> str | None:
    return None if reading.ruling is None else reading.ruling.verdict


def part(old: Reading, new: Reading) -> Parting | None:
    """The first step at which the working of two due instants differs, None where nothing does."""
    sides = zip_longest(_told(explain(old).derivation), _told(explain(new).derivation))
    for number, (one, other) in enumerate(sides, 1):
        if one is None or other is None or one.step != other.step:
            return Parting(number, one, other)
    return None


def _told(derivation: Derivation) -> Sequence[Telling]:
    lines = zip(derivation.steps, narrate.zh(derivation), narrate.en(derivation), strict=True)
    return [Telling(*line) for line in lines]


Act = tuple[Instant, str, tuple[str, ...]]


def _acts(before: Replay, after: Replay) -> Iterator[Change]:
    """An act at another instant has moved, for another unit or others in it has changed hands."""
    old, new = _standing(before), _standing(after)
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        if other is None:
            yield Change(What.ACT_GONE, key, one and one.at)
        elif one is None:
            yield Change(What.ACT_ADDED, key, None, other.at)
        else:
            if one.at != other.at:
                yield Change(What.ACT_MOVED, key, one.at, other.at)
            if (one.unit, one.to) != (other.unit, other.to):
                yield Change(What.RECIPIENT_CHANGED, key, _to(one), _to(other))


def _to(act: RungFired) -> tuple[str, ...]:
    return (act.unit, *act.to)


def _standing(replay: Replay) -> Mapping[Key, RungFired]:
    return {
        key: act.fired for key, acts in replay.dossier.acts.items() for act in acts if act.stands
    }


def _places(before: Replay, after: Replay) -> Iterator[Change]:
    old, new = _placed(before), _placed(after)
    for member in sorted(old.keys() | new.keys()):
        if old.get(member) != new.get(member):
            yield Change(What.PLACE_CHANGED, (member,), old.get(member), new.get(member))


def _placed(replay: Replay) -> Mapping[str, tuple[str, int]]:
    return {member: (place, rank) for member, place, rank, _ in places_of(replay.assessment)}


def _by_key(replay: Replay) -> Mapping[Key, Reading]:
    return {reading.key: reading for reading in replay.assessment.readings}


def summary(changes: Iterable[Change]) -> Mapping[str, int]:
    """How many differences there are of each kind."""
    count: dict[str, int] = {}
    for change in changes:
        count[change.what.value] = count.get(change.what.value, 0) + 1
    return count

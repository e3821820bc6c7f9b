"""What must be true of a log whatever happened while it was written.

Each question is answered with a list of flaws in words; none means that all is well. Nothing here
knows which faults there were.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from projections import READ_MODELS
from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn, TermRefixed
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import tables
from sla_engine.record import Event, Instant, Recorded
from sla_engine.scheduler.alarm_index import audit
from sla_engine.wiring import Engine

Key = tuple[str, str]
Answers = Mapping[Key, tuple[str, int]]
"""What senders were told: (source, key) -> (stream, version)."""


def flaws(engine: Engine, answers: Answers) -> Iterator[str]:
    """Everything that may be asked of any log at a quiet moment: nothing is due that was not dealt
    with, and the followers have come up."""
    events = list(engine.log.scan())
    yield from lost(events, answers)
    yield from recorded_twice(events)
    yield from disordered(events)
    yield from recorded_backwards(events)
    yield from acts_too_early(events)
    yield from put_aside(engine)
    if not engine.verify().identical:
        yield "acts, readings or read models are not what follows from the facts"
    for difference in audit(engine.log, engine.alarm_rows, engine.clock.now()):
        yield f"the index of {difference.stream} is not what its events call for"


def lost(events: Iterable[Recorded], answers: Answers) -> Iterator[str]:
    """Facts that a sender was told were recorded, and are not where it was told."""
    held = {(each.meta.source, each.meta.key): (each.stream, each.version) for each in events}
    for key, answer in answers.items():
        if held.get(key) != answer:
            yield f"lost: {key} was said to be {answer} and is {held.get(key)}"


def recorded_twice(events: Iterable[Recorded]) -> Iterator[str]:
    """Facts, acts or withdrawals that the log holds more than once."""
    counts = Counter(key for each in events for key in _keys(each))
    for key, times in counts.items():
        if times > 1:
            yield f"recorded {times} times: {key}"


def _keys(each: Recorded) -> Iterator[tuple[object, ...]]:
    event, meta = each.event, each.meta
    if meta.key:
        yield ("fact", meta.source, meta.key)
    if isinstance(event, RungFired | RungWithdrawn):
        kind = type(event).__name__
        yield (kind, each.stream, event.clause, event.cycle, event.version, event.rung)
    if isinstance(event, AnomalyNoted):
        yield ("anomaly", each.stream, event.code, event.where, event.found)


def disordered(events: Iterable[Recorded]) -> Iterator[str]:
    """Versions that are not dense, positions that do not rise."""
    versions, position = Counter[str](), 0
    for each in events:
        versions[each.stream] += 1
        if each.version != versions[each.stream]:
            yield f"{each.stream}@{each.version} comes as number {versions[each.stream]}"
        if each.position <= position:
            yield f"position {each.position} comes after {position}"
        position = each.position


def recorded_backwards(events: Iterable[Recorded]) -> Iterator[str]:
    """Events of a dossier that were recorded before the one in front of them."""
    latest: dict[str, Instant] = {}
    for each in events:
        if has_clocks(each.stream) and each.meta.recorded_at < latest.get(each.stream, 0):
            yield f"{each.stream}@{each.version} was recorded before its predecessor"
        latest[each.stream] = each.meta.recorded_at


def acts_too_early(events: Iterable[Recorded]) -> Iterator[str]:
    """Acts recorded before the instant of their rung."""
    for each in events:
        if isinstance(each.event, RungFired) and each.event.at > each.meta.recorded_at:
            yield f"{each.stream}@{each.version} fired {each.event.rung} before its instant"


def put_aside(engine: Engine) -> Iterator[str]:
    """Events that a follower of the engine's own could not take."""
    names = ["reactor", *(f"projection/{model.name}" for model in READ_MODELS)]
    for name in names:
        for letter in engine.log.dead_letters(name):
            yield f"{name} put {letter.stream}@{letter.version} aside: {letter.reason}"


def out_of_turn(events: Sequence[Recorded], rules: Rulebook) -> Iterator[str]:
    """Acts of one stream that are not those that its facts called for at that very moment.

    The stream is told again, commit by commit: before the first fact of a commit everything due
    by then must be recorded, and after the last one everything that follows from it.
    """
    dossier, expected = Dossier(events[0].stream), deque[Event]()
    kind, before = kind_of(dossier.stream), events[0].meta.recorded_at

    def due(now: Instant) -> None:
        pending = Pending(dossier)
        if dossier.exists:
            catch_up(pending, kind, rules, now)
        expected.extend(draft.event for draft in pending.drafts)

    for each in events:
        now, name = each.meta.recorded_at, f"{each.stream}@{each.version}"
        if isinstance(each.event, RungFired | RungWithdrawn | TermRefixed):
            if not expected:
                due(now)
            if not expected or not _same(each.event, expected.popleft()):
                yield f"{name} records what nothing called for then: {each.event}"
                return
        else:
            if now != before:
                due(before)
                due(now)
            if expected:
                yield f"{name} was recorded before {expected[0]}"
                return
            evolve(dossier, each)
        before = now
    due(before)
    if expected:
        yield f"{dossier.stream} has no {expected[0]}"


def _same(recorded: Event, expected: Event) -> bool:
    """But for the mark of an act that one commit both fired and withdrew."""
    if getattr(recorded, "silent", "") == "overturned":
        expected = msgspec.structs.replace(expected, silent="overturned")
    return recorded == expected


def streams_with_acts(events: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    """The events of every stream that clocks may run in."""
    found: dict[str, list[Recorded]] = {}
    for each in events:
        if has_clocks(each.stream):
            found.setdefault(each.stream, []).append(each)
    return found


def judged(engine: Engine) -> dict[str, dict[str, object]]:
    """Every row of every read model but the register of who did what, which also holds that
    somebody was erased and that rules were loaded."""
    models = [each for each in READ_MODELS if each.name != "access_register"]
    return {table: dict(engine.rows(table)) for each in models for table in tables(each)}

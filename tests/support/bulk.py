"""The columnar answer beside the scalar one, petition by petition."""

from collections.abc import Iterable, Iterator, Sequence

from sla_engine.bulk.answer import STATES, Answer
from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.facts import NEVER
from sla_engine.bulk.gather import History, gather
from sla_engine.bulk.scalar import Asked
from sla_engine.dossier.fold import fold
from sla_engine.errors import Refusal
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.replay.question import Question
from sla_engine.replay.replay import replay
from sla_engine.sla.assess import Reading, assess
from sla_engine.wiring import Engine

Said = tuple[object, ...]
"""A clock: clause, cycle, start, due, stop, state, unit, provisional."""


def histories(engine: Engine) -> list[History]:
    """Every petition of an engine."""
    return [(stream, engine.events(stream)) for stream in engine.log.streams("petition/")]


def in_columns(answer: Answer) -> dict[str, set[Said]]:
    """The clocks of an answer by stream; a refused petition says why."""
    found: dict[str, set[Said]] = {stream: set() for stream in answer.facts.petitions.streams}
    columns = answer.columns
    for row in range(len(answer)):
        clock = (
            answer.clauses[columns.clause[row]],
            answer.cycle(row),
            int(columns.start[row]),
            _instant(columns.due[row]),
            _instant(columns.stop[row]),
            STATES[columns.state[row]],
            answer.units[columns.unit[row]],
            bool(columns.provisional[row]),
        )
        assert clock not in found[answer.stream(row)], "each clock comes once"
        found[answer.stream(row)].add(clock)
    for refused in answer.refused:
        found[refused.stream].add((refused.code,))
    return found


def _instant(at: int) -> Instant | None:
    return None if at == NEVER else int(at)


def one_at_a_time(events: Sequence[Recorded], rules: Rulebook, at: Instant) -> set[Said]:
    """The same by the scalar assessment."""
    try:
        readings = assess(fold(events[0].stream, events), PETITION, rules, at).readings
    except Refusal as refusal:
        return {(refusal.code,)}
    return set(map(_said, readings))


def replayed(events: Sequence[Recorded], rules: Rulebook, question: Question) -> set[Said]:
    """The same by a replay."""
    try:
        answer = replay(events[0].stream, events, rules, question)
    except Refusal as refusal:
        return set() if refusal.code == "NOTHING_TO_REPLAY" else {(refusal.code,)}
    return set(map(_said, answer.assessment.readings))


def _said(reading: Reading) -> Said:
    return (
        *reading.key,
        reading.start,
        reading.due,
        reading.stopped_at,
        reading.state,
        reading.unit,
        reading.provisional,
    )


def answered(given: Sequence[History], asked: Asked) -> Answer:
    """The columnar answer about some petitions."""
    return Bulk(asked).answer(gather(given))


def differing(
    given: Iterable[History], answer: Answer, rules: Rulebook
) -> Iterator[tuple[str, set[Said]]]:
    """Petitions about which the two do not agree, and what only one of them says."""
    found = in_columns(answer)
    for stream, events in given:
        expected = one_at_a_time(events, rules, answer.at)
        if found[stream] != expected:
            yield stream, found[stream] ^ expected

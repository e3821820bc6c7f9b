"""What other rules would have done to many petitions at once."""

from collections.abc import Iterable, Iterator

from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.gather import History, partitions
from sla_engine.bulk.impact import Impact, compare
from sla_engine.bulk.scalar import Asked
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.replay.rules import restated


def sides(rules: Rulebook, question: Question) -> tuple[Asked, Asked]:
    """What stands, and what the question puts in its place.

    A question about a pack alone changes nothing else: both sides go by the calendar as it is known
    at the end, from the start. Raises `Refusal` as `restated`.
    """
    at, known_at = question.judged_at, question.known_at
    if question.calendar is not None or question.without:
        changed = restated(rules, question)
        return Asked(rules, at, known_at), Asked(changed, at, known_at, anew=True)
    plain = Question(known_at=known_at, at=at, calendar=known_at)
    other = Question(
        known_at=known_at,
        at=at,
        calendar=known_at,
        pack=question.pack,
        instead_of=question.instead_of,
    )
    before, after = restated(rules, plain), restated(rules, other)
    return Asked(before, at, known_at, anew=True), Asked(after, at, known_at, anew=True)


def whatif(histories: Iterable[History], rules: Rulebook, question: Question) -> Impact:
    """How the answers to `question` differ from what stands, over all petitions among `histories`.

    Raises `Refusal` as `sides`.
    """
    before, after = (Bulk(each) for each in sides(rules, question))
    whole = Impact()
    for facts in partitions(_known(histories, question.known_at)):
        whole = whole.plus(compare(before.answer(facts), after.answer(facts)))
    return whole


def _known(histories: Iterable[History], known_at: Instant) -> Iterator[History]:
    """What had been recorded by then: a lane that was voided later is still one."""
    for stream, events in histories:
        known = [each for each in events if each.meta.recorded_at <= known_at]
        if known:
            yield stream, known


def registered(history: History, since: Instant | None, until: Instant | None) -> bool:
    """Whether a petition was registered in [since, until); None: whenever."""
    at = history[1][0].meta.occurred_at
    return (since is None or at >= since) and (until is None or at < until)

"""Why two replays disagree: the smallest set of differences that turns one verdict into the other.

The differences between two questions are facts (known to one alone, or at another time) and rules
(pack, calendar). Delta debugging finds a set of them that flips the verdict by itself and of which
none can be spared (A. Zeller, R. Hildebrandt, Simplifying and Isolating Failure-Inducing Input,
IEEE TSE 28(2), 2002).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.replay.diff import verdict
from sla_engine.replay.question import Question
from sla_engine.replay.replay import Replay, conclude, counts, facts_of
from sla_engine.replay.rules import restated

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FactCause:
    """A fact that one side knows otherwise: `before` or `after` is None where it is not known."""

    before: Recorded | None
    after: Recorded | None


@dataclass(frozen=True, slots=True)
class RuleCause:
    """Another pack, calendar or instant of judgment: `what` is "pack", "calendar" or "at"."""

    what: str
    before: object
    after: object


Cause = FactCause | RuleCause


def causes(
    stream: str,
    events: Sequence[Recorded],
    rules: Rulebook,
    before: Question,
    after: Question,
    key: tuple[str, str],
) -> Sequence[Cause]:
    """A smallest set of differences from `before` to `after` by which the verdict of the clock
    `key` (clause, cycle) becomes that of `after`. Empty where both agree on it.

    Raises `Refusal` as `replay`."""
    mix = _Mix(stream, events, rules, before, after)
    wanted = _verdict(mix.replay(mix.causes), key)
    if _verdict(mix.replay(()), key) == wanted:
        return ()
    return smallest(mix.causes, lambda some: _verdict(mix.replay(some), key) == wanted)


def smallest(every: Sequence[T], flips: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """The ddmin algorithm: a subset for which `flips` holds and of which no element can be spared.

    `flips(every)` must hold. At worst quadratic in the number of elements."""
    found, parts = list(every), 2
    while len(found) > 1:
        pieces = list(_split(found, parts))
        rest = ([each for each in found if each not in piece] for piece in pieces)
        smaller = next((some for some in (*pieces, *rest) if some and flips(some)), None)
        if smaller is not None and len(smaller) < len(found):
            parts = 2 if smaller in pieces else max(parts - 1, 2)
            found = smaller
        elif parts >= len(found):
            break
        else:
            parts = min(2 * parts, len(found))
    return found


def _split(every: list[T], parts: int) -> Iterator[list[T]]:
    size, begin = len(every), 0
    for part in range(parts):
        end = size * (part + 1) // parts
        if begin < end:
            yield every[begin:end]
        begin = end


def _verdict(replay: Replay, key: tuple[str, str]) -> object:
    found = next((each for each in replay.assessment.readings if each.key == key), None)
    return None if found is None else (verdict(found), found.state if found.state.open else None)


class _Mix:
    """Replays between two questions: those of one with some of the differences of the other."""

    def __init__(
        self,
        stream: str,
        events: Sequence[Recorded],
        rules: Rulebook,
        before: Question,
        after: Question,
    ) -> None:
        self.stream, self.rules = stream, rules
        self.before, self.after = before, after
        self.facts = facts_of(events, before)
        self.causes: list[Cause] = [
            *_fact_causes(self.facts, facts_of(events, after)),
            *_rule_causes(before, after),
        ]

    def replay(self, some: Iterable[Cause]) -> Replay:
        chosen = list(some)
        facts = _mixed(self.facts, [each for each in chosen if isinstance(each, FactCause)])
        named = {each.what for each in chosen if isinstance(each, RuleCause)}
        question = self._question(named)
        facts = [each for each in facts if counts(each, question)]
        return conclude(self.stream, facts, restated(self.rules, question), question)

    def _question(self, named: set[str]) -> Question:
        pack = self.after if "pack" in named else self.before
        calendar = self.after if "calendar" in named else self.before
        at = self.after if "at" in named else self.before
        return Question(
            known_at=max(self.before.known_at, self.after.known_at),
            at=at.judged_at,
            pack=pack.pack,
            instead_of=pack.instead_of,
            calendar=calendar.calendar_at,
            without=calendar.without,
            edits=(*self.before.edits, *self.after.edits),
        )


def _fact_causes(before: Sequence[Recorded], after: Sequence[Recorded]) -> Iterator[Cause]:
    old, new = {_name(each): each for each in before}, {_name(each): each for each in after}
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one != other:
            yield FactCause(one, other)


def _rule_causes(before: Question, after: Question) -> Iterator[Cause]:
    pairs: tuple[tuple[str, object, object], ...] = (
        ("pack", before.pack, after.pack),
        ("calendar", _calendar(before), _calendar(after)),
        ("at", before.judged_at, after.judged_at),
    )
    for what, old, new in pairs:
        if old != new:
            yield RuleCause(what, old, new)


def _calendar(question: Question) -> tuple[Instant | None, tuple[str, ...]]:
    return question.calendar_at, question.without


def _mixed(facts: Sequence[Recorded], chosen: Sequence[FactCause]) -> list[Recorded]:
    """The facts with some of them as the other side knows them, in the order of recording."""
    put = {_name(each.before or each.after): each.after for each in chosen}
    kept = [put.pop(_name(each), each) for each in facts]
    found = [each for each in (*kept, *put.values()) if each is not None]
    return sorted(found, key=lambda each: (each.meta.recorded_at, each.version))


def _name(fact: Recorded | None) -> tuple[str, object]:
    assert fact is not None, "a difference has a side"
    meta = fact.meta
    return (f"{meta.source}:{meta.key}", "") if meta.key else ("", fact.version)

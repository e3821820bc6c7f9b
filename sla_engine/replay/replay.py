"""One pure function that answers all four questions of a reviewer about a dossier.

What was known then, what follows from what is known now, what under other rules, what if a fact
had been otherwise. Nothing is written; acts are collected as decisions and never performed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sla_engine.dossier.events import ACTS, TermRefixed
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.identity import digest
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Recorded
from sla_engine.replay.edits import edited, names_of
from sla_engine.replay.question import Question
from sla_engine.replay.relive import Stamped, relive
from sla_engine.replay.rules import restated
from sla_engine.replay.state import acts_of, stated
from sla_engine.sla.assess import Assessment, assess
from sla_engine.sla.cycle import stamped_anew
from sla_engine.worktime import format_instant

NOTHING_TO_REPLAY = register(
    "NOTHING_TO_REPLAY",
    "截至 {allowed}，{found} 尚无记录，无从重演",
    "nothing was recorded of {found} by {allowed}, so there is nothing to replay",
    "换一个较晚的 known_at",
    "ask with a later known_at",
)


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer. `dossier` holds the facts asked about and the `decisions` that follow from them;
    `rules` are those it was judged by. `inputs` and `result` are digests: equal inputs give an
    equal result, on any machine."""

    stream: str
    question: Question
    rules: Rulebook
    dossier: Dossier
    assessment: Assessment
    decisions: tuple[Draft, ...]
    inputs: str
    result: str

    @property
    def acts(self) -> Sequence[tuple[object, ...]]:
        """The acts that should stand (see `replay.state.acts_of`)."""
        return acts_of(self.dossier)


def replay(stream: str, events: Iterable[Recorded], rules: Rulebook, question: Question) -> Replay:
    """Answer `question` about a dossier from its recorded `events`.

    Raises `Refusal` NOTHING_TO_REPLAY, EDIT_*, EDITION_UNKNOWN, NOTICE_UNKNOWN, or RULES_CHANGED
    where the rules that governed are gone.
    """
    facts = facts_of(events, question)
    if not facts:
        raise refuse(NOTHING_TO_REPLAY, "", stream, format_instant(question.known_at))
    return conclude(stream, facts, restated(rules, question), question)


def conclude(stream: str, facts: Sequence[Recorded], rules: Rulebook, question: Question) -> Replay:
    """The same from the facts that count and the rules that a question leads to."""
    at = question.judged_at
    life = relive(stream, facts, rules, at, _stamping(rules, question))
    assessment = assess(life.dossier, kind_of(stream), rules, at)
    return Replay(
        stream=stream,
        question=question,
        rules=rules,
        dossier=life.dossier,
        assessment=assessment,
        decisions=tuple(life.decisions),
        inputs=_inputs(stream, facts, assessment, question),
        result=digest(stated(assessment)),
    )


def facts_of(events: Iterable[Recorded], question: Question) -> list[Recorded]:
    """What a question takes as given: what counts of everything recorded by `known_at`, edited.
    Raises `Refusal` EDIT_*."""
    known = [
        each
        for each in events
        if each.meta.recorded_at <= question.known_at and counts(each, question)
    ]
    return edited(known, question.edits) if known else known


def counts(each: Recorded, question: Question) -> bool:
    """The engine's own acts do not: they are derived anew. Re-fixings do, as long as the calendars
    that governed do."""
    if isinstance(each.event, TermRefixed):
        return question.as_stamped
    return not isinstance(each.event, ACTS)


def _stamping(rules: Rulebook, question: Question) -> Stamped:
    """How facts are stamped: anew where other rules than theirs are to govern, and where an edit
    left them without a stamp. A re-fixing is no fact and keeps the calendar it brought."""
    anew, edits = not question.as_stamped, {each.fact for each in question.edits}

    def stamped(dossier: Dossier, fact: Recorded) -> Recorded:
        changed = edits.intersection(names_of(fact))
        if isinstance(fact.event, ACTS) or not (anew or changed):
            return fact
        return stamped_anew(dossier, kind_of(fact.stream), fact, rules)

    return stamped


def _inputs(
    stream: str, facts: Sequence[Recorded], assessment: Assessment, question: Question
) -> str:
    """Digest of all that the answer rests on."""
    readings = (*assessment.readings, *assessment.coming)
    rules = {
        (each.cycle.pack.digest, calendar)
        for each in readings
        for calendar in (each.cycle.calendar.digest, each.schedule.calendar.digest)
    }
    given = [
        (fact.event.WIRE, msgspec.to_builtins(fact.meta), msgspec.to_builtins(fact.event))
        for fact in facts
    ]
    return digest([stream, msgspec.to_builtins(question), given, sorted(rules)])

"""An upstream system as the field knows it: it sends again whatever it has no answer to, sends
some things twice, late, out of order, and now and then another body under an old number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from scenarios.workload import DAY, HOUR, MINUTE, Fact, Shape, arrivals_of, fact_of, history
from sla_engine.record import Instant
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from tests.simulation.weather import Weather
from tests.support.delivery import PREMATURE

LIVELY = Shape(
    units=3, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3, slow=0.5,
    late_arrival=0.0, repeated=0.0,
)  # fmt: skip
AGAIN = PREMATURE | {"IN_THE_FUTURE", "MERGE_IMPOSSIBLE"}
Key = tuple[str, str]
Arrival = tuple[Instant, Submission]
"""A fact and the instant at which it first arrives."""


def petitions(rng: Random, count: int, begin: Instant, days: int) -> list[Arrival]:
    """The facts of a few lively petitions, some with a duplicate that is merged into them, each
    with the instant at which it first arrives."""
    found = []
    for index in range(count):
        no, opened = f"P{index:02d}", begin + rng.randrange(days * 24) * HOUR
        facts = list(history(rng, no, opened, LIVELY))
        if rng.random() < 0.5:
            facts[0]["personal"] = {"name": f"姓名{index}", "phone": f"139{index:08d}"}
        sent = list(arrivals_of(rng, facts, LIVELY))
        if rng.random() < 0.2:
            sent += arrivals_of(rng, _duplicate(no, facts[0]["data"], opened), LIVELY)
        found += [(each.at, parse(each.fact)) for each in sent]
    return sorted(found, key=lambda each: each[0])


def _duplicate(no: str, data: Fact, opened: Instant) -> list[Fact]:
    """The same matter once more, and its merge while the first is certainly open."""
    again = fact_of(f"{no}d", "registered", opened + 10 * MINUTE, **data)
    return [again, fact_of(f"{no}d", "merged", opened + 70 * MINUTE, into=no)]


@dataclass(slots=True)
class Source:
    """Facts on their way. `answers` holds the first answer to each, `wrong` what should not have
    been answered."""

    rng: Random
    weather: Weather
    facts: list[Submission]
    waiting: list[Arrival]
    answers: dict[Key, tuple[str, int]] = field(default_factory=dict)
    sent: int = 0
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rng: Random, weather: Weather, facts: list[Arrival]) -> "Source":
        """Some facts are three days late, some come twice."""
        waiting = []
        for at, fact in facts:
            late = at + 3 * DAY if rng.random() < weather.late else at
            waiting.append((late, fact))
            if rng.random() < weather.twice:
                waiting.append((late + rng.randrange(3 * 24) * HOUR, fact))
        return cls(rng, weather, [fact for _, fact in facts], waiting)

    @property
    def last_at(self) -> Instant:
        """When the last of it happened."""
        return max(fact.occurred_at for fact in self.facts)

    @property
    def next_at(self) -> Instant | None:
        return min((at for at, _ in self.waiting), default=None)

    def take_due(self, now: Instant) -> list[Submission]:
        """What is to be sent now, in any order; it is gone from here until `settle` or `keep`."""
        due = [fact for at, fact in self.waiting if at <= now]
        self.waiting = [each for each in self.waiting if each[0] > now]
        self.rng.shuffle(due)
        due += [_forged(fact) for fact in due if self._forges(fact)]
        self.sent += len(due)
        return due

    def _forges(self, fact: Submission) -> bool:
        return (fact.source, fact.key) in self.answers and self.rng.random() < self.weather.forged

    def keep(self, facts: Sequence[Submission], now: Instant) -> None:
        """There was no answer: they are sent again."""
        self.waiting += [(now + self._pause(), fact) for fact in facts if not _is_forged(fact)]

    def settle(
        self, facts: Sequence[Submission], outcomes: Sequence[Outcome], now: Instant
    ) -> None:
        """Take up the answers."""
        assert len(facts) == len(outcomes)
        for fact, outcome in zip(facts, outcomes, strict=True):
            codes = {fault.code for fault in outcome.faults}
            if _is_forged(fact):
                self.wrong += [] if codes == {"KEY_REUSED"} else [f"forged {fact.key}: {outcome}"]
            elif outcome.status == "refused":
                self.wrong += [f"{fact.key}: {code}" for code in codes - AGAIN]
                self.keep([fact], now)
            else:
                self._answered(fact, outcome)

    def _answered(self, fact: Submission, outcome: Outcome) -> None:
        self.repeated += outcome.status == "repeated"
        answer = (outcome.stream, outcome.version)
        first = self.answers.setdefault((fact.source, fact.key), answer)
        if first != answer:
            self.wrong.append(f"{fact.key}: answered {first}, later {answer}")

    def _pause(self) -> Instant:
        return self.rng.choice((HOUR, 7 * HOUR, 30 * HOUR))


def _forged(fact: Submission) -> Submission:
    """The same number for another body."""
    return msgspec.structs.replace(fact, occurred_at=fact.occurred_at - 1)


def _is_forged(fact: Submission) -> bool:
    return fact.occurred_at % MINUTE != 0

"""A small city's petitions, made from a seed: what happened, and when each fact arrived.

Goals: every kind of petition fact occurs; most cases are dull; the interesting ones (ping-pong
returns, late facts, duplicates, voided closures, extensions late or denied) are common enough to
meet each other. The same seed gives the same city, so a failure is repeated by its seed alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from sla_engine.worktime import Instant, format_instant

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Fact = dict[str, Any]


class Arrival(NamedTuple):
    """A fact in the shape of intake and the instant at which it reaches the engine."""

    at: Instant
    fact: Fact


_PROMISES = {"一件事": "one-thing"}
"""The clause whose term may be extended, where it is another than "solve"."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a city behaves; probabilities per petition, per item or per fact. `accepted_within`,
    `resolved_within`: minutes that a unit takes at most where it is not slow.

    `pack` governs petitions, `lists` items and rounds. The second block is what scorecards are
    made of; a city has none of it unless it is asked for (`MONTH`).
    """

    pack: str = "zaozhuang-2110"
    region: str = "CN-3704"
    lists: str = "mingguang-three-tier"
    units: int = 12
    kinds: tuple[str, ...] = ("投诉", "建议")
    returned: float = 0.15
    suspended: float = 0.10
    extended: float = 0.12
    reworked: float = 0.08
    voided: float = 0.05
    merged: float = 0.04
    slow: float = 0.15
    late_arrival: float = 0.06
    repeated: float = 0.04
    accepted_within: int = 300
    resolved_within: int = 12_000

    assisted: float = 0.0
    rated: float = 0.0
    excluded: float = 0.0
    known: float = 0.0
    unfinished: float = 0.0
    items: float = 0.0
    rounds: bool = False


MONTH = Shape(
    pack="zaozhuang-2110",
    units=40,
    kinds=("投诉", "建议", "一件事"),
    assisted=0.05,
    rated=0.5,
    excluded=0.03,
    known=0.2,
    unfinished=0.06,
    items=0.05,
    rounds=True,
)
"""A month of a city with everything that is counted in it."""


def city(
    seed: int, petitions: int, begin: Instant, end: Instant, shape: Shape | None = None
) -> list[Arrival]:
    """All arrivals of a city between `begin` and `end`, in order of arrival."""
    rng, shape = Random(seed), shape or Shape()
    arrivals: list[Arrival] = []
    numbers: list[str] = []
    for index in range(petitions):
        opened = begin + rng.randrange(max(end - begin - 40 * DAY, DAY))
        no = f"ZZ{format_instant(opened)[:10].replace('-', '')}{index:06d}"
        facts = list(history(rng, no, opened, shape))
        if numbers and rng.random() < shape.merged:
            facts = [*facts[:2], fact_of(no, "merged", facts[1]["_at"] + HOUR, into=numbers[-1])]
        if shape.unfinished and rng.random() < shape.unfinished:
            facts = facts[: rng.randrange(2, len(facts))]
        numbers.append(no)
        arrivals.extend(arrivals_of(rng, facts, shape))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def history(rng: Random, no: str, opened: Instant, shape: Shape) -> Iterator[Fact]:
    """One petition's facts in the order in which they happened; always a possible history."""
    registered = fact_of(
        no,
        "registered",
        opened,
        pack=shape.pack,
        region=shape.region,
        kind=rng.choice(shape.kinds),
        subject="enterprise",
        channel=rng.choice(["12345", "企呼枣应", "市长信箱"]),
    )
    if shape.known and rng.random() < shape.known:
        registered["petitioner"] = f"enterprise-{rng.randrange(200):03d}"
    yield registered
    at = opened + rng.randrange(5, 90) * MINUTE
    yield fact_of(no, "admitted", at)
    at += rng.randrange(5, 240) * MINUTE
    handling = _Handling(rng, no, registered["data"]["kind"], shape)
    yield from handling.dispatch(at)
    if rng.random() < shape.returned:
        yield from handling.send_back()
    yield from handling.work()
    yield from handling.close()
    yield from handling.count()


class _Handling:
    """The part of a history that happens at a unit."""

    def __init__(self, rng: Random, no: str, kind: str, shape: Shape) -> None:
        self.rng = rng
        self.no = no
        self.shape = shape
        self.promise = _PROMISES.get(kind, "solve")
        self.at: Instant = 0
        self.round = 0

    def chance(self, share: float) -> bool:
        """Whether this is one of that share; nothing is drawn for what a city does not have."""
        return share > 0 and self.rng.random() < share

    def later(self, least: int, most: int) -> Instant:
        """Move on by a random number of minutes."""
        self.at += self.rng.randrange(least, most) * MINUTE
        return self.at

    def dispatch(self, at: Instant, replaces: str = "") -> Iterator[Fact]:
        self.at = at
        self.round += 1
        data = {"unit": self.unit(), "assignment": f"{self.no}-{self.round}"}
        if replaces:
            data["replaces"] = replaces
        yield fact_of(self.no, "dispatched", at, **data)
        if self.rng.random() < 0.9:
            yield fact_of(self.no, "accepted", self.later(1, self.shape.accepted_within))
        if self.chance(self.shape.assisted):
            yield from self.assist()

    def assist(self) -> Iterator[Fact]:
        """A co-handling unit takes its part, and does it or does not."""
        assignment = f"{self.no}-{self.round}-assists"
        data: Fact = {"unit": self.unit(), "assignment": assignment, "lead": False}
        yield fact_of(self.no, "dispatched", self.later(1, 60), **data)
        if self.chance(0.8):
            at = self.at + self.rng.randrange(60, 900) * MINUTE
            yield fact_of(self.no, "resolved", at, assignment=assignment)

    def unit(self) -> str:
        return f"U{self.rng.randrange(self.shape.units):02d}"

    def send_back(self) -> Iterator[Fact]:
        yield fact_of(self.no, "return_requested", self.later(10, 600), reason="职责不符")
        granted = self.rng.random() < 0.7
        yield fact_of(self.no, "return_ruled", self.later(10, 400), granted=granted)
        if granted:
            yield from self.dispatch(self.later(5, 200))

    def work(self) -> Iterator[Fact]:
        slow = self.rng.random() < self.shape.slow
        arrived = self.later(20, 400 if slow else 100)
        yield fact_of(self.no, "step_done", arrived, step="onsite_arrived")
        for step in ("feedback_to_enterprise", "feedback_to_platform"):
            yield fact_of(self.no, "step_done", self.later(30, 4_000 if slow else 600), step=step)
        if self.rng.random() < self.shape.suspended:
            ground = self.rng.choice(["P-TEST", "P-EXPERT"])
            yield fact_of(self.no, "suspended", self.later(60, 3_000), ground=ground)
            yield fact_of(self.no, "resumed", self.later(60, 12_000))
        if self.rng.random() < self.shape.extended:
            yield from self.extend()
        yield fact_of(
            self.no, "resolved", self.later(600, 40_000 if slow else self.shape.resolved_within)
        )

    def extend(self) -> Iterator[Fact]:
        request = f"{self.no}-E{self.round}"
        at = self.later(60, 4_000)
        yield fact_of(
            self.no,
            "extension_requested",
            at,
            request=request,
            clause=self.promise,
            amount="5个工作日",
        )
        answer = {"request": request, "approver": "分管负责人"}
        kind = "extension_granted" if self.rng.random() < 0.8 else "extension_denied"
        yield fact_of(self.no, kind, self.later(60, 3_000), **answer)

    def close(self) -> Iterator[Fact]:
        closure = self.at
        if self.rng.random() < self.shape.voided:
            fact = f"city:{self.no}-resolved-{closure}"
            yield fact_of(self.no, "voided", self.later(600, 9_000), fact=fact, ground="虚假办结")
            yield fact_of(self.no, "resolved", self.later(600, 9_000))
        satisfied = self.rng.random() >= self.shape.reworked
        yield fact_of(self.no, "callback_done", self.later(60, 3_000), satisfied=satisfied)
        if not satisfied:
            self.round += 1
            unit = self.unit()
            assignment = f"{self.no}-{self.round}"
            at = self.later(30, 600)
            yield fact_of(
                self.no, "rework_ordered", at, unit=unit, assignment=assignment, reason="不满意"
            )
            yield fact_of(self.no, "resolved", self.later(600, 9_000))

    def count(self) -> Iterator[Fact]:
        """What those say who asked, and what is not to count."""
        if self.chance(self.shape.rated):
            satisfied = self.rng.random() < 0.9
            yield fact_of(self.no, "rated", self.later(5, 3_000), satisfied=satisfied)
        if self.chance(self.shape.excluded):
            number = f"{self.no}-X"
            approver = {"exclusion": number, "approver": "考核办"}
            measures = self.rng.choice(([], [], ["once"], ["on-time", "satisfied"]))
            at = self.later(60, 6_000)
            yield fact_of(self.no, "excluded", at, **approver, ground="X-FALSE", measures=measures)
            if self.rng.random() < 0.3:
                at = self.later(60, 3_000)
                yield fact_of(self.no, "exclusion_lifted", at, **approver, reason="复核后恢复")


def fact_of(no: str, name: str, at: Instant, about: str = "petition", /, **data: Any) -> Fact:
    """A fact in the shape of intake about a dossier; `_at` is for whoever delivers it."""
    step = data.get("step", name)
    return {
        about: no,
        "type": name,
        "id": f"{no}-{step}-{at}",
        "source": "city",
        "at": format_instant(at),
        "data": data,
        "_at": at,
    }


def arrivals_of(rng: Random, facts: Iterable[Fact], shape: Shape) -> Iterator[Arrival]:
    """When each fact of a dossier arrives: mostly within minutes, sometimes days late, sometimes
    twice; nothing before the first."""
    known: Instant = 0
    for index, fact in enumerate(facts):
        happened = fact.pop("_at")
        delay = rng.randrange(1, 20) * MINUTE
        if rng.random() < shape.late_arrival:
            delay = rng.randrange(1, 20 * 24) * HOUR
        known = happened + delay if index == 0 else known
        arrival = max(happened + delay, known)
        yield Arrival(arrival, fact)
        if rng.random() < shape.repeated:
            yield Arrival(arrival + rng.randrange(1, 3_000) * MINUTE, fact)

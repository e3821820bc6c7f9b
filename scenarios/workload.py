"""A small city's petitions, made from a seed: what happened, and when each fact arrived.

Goals: every kind of petition fact occurs; most cases are dull; the interesting ones (ping-pong
returns, late facts, duplicates, voided closures, extensions late or denied) are common enough to
meet each other. The same seed gives the same city, so a failure is repeated by its seed alone.
"""

from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Shape:
    """How a city behaves; probabilities per petition or per fact."""

    pack: str = "zaozhuang-2110"
    region: str = "CN-3704"
    units: int = 12
    returned: float = 0.15
    suspended: float = 0.10
    extended: float = 0.12
    reworked: float = 0.08
    voided: float = 0.05
    merged: float = 0.04
    slow: float = 0.15
    late_arrival: float = 0.06
    repeated: float = 0.04


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
            facts = [*facts[:2], _fact(no, "merged", facts[1]["_at"] + HOUR, into=numbers[-1])]
        numbers.append(no)
        arrivals.extend(_arrivals(rng, facts, shape))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def history(rng: Random, no: str, opened: Instant, shape: Shape) -> Iterator[Fact]:
    """One petition's facts in the order in which they happened; always a possible history."""
    yield _fact(
        no,
        "registered",
        opened,
        pack=shape.pack,
        region=shape.region,
        kind=rng.choice(["投诉", "建议"]),
        subject="enterprise",
        channel=rng.choice(["12345", "企呼枣应", "市长信箱"]),
    )
    at = opened + rng.randrange(5, 90) * MINUTE
    yield _fact(no, "admitted", at)
    at += rng.randrange(5, 240) * MINUTE
    handling = _Handling(rng, no, shape)
    yield from handling.dispatch(at)
    if rng.random() < shape.returned:
        yield from handling.send_back()
    yield from handling.work()
    yield from handling.close()


class _Handling:
    """The part of a history that happens at a unit."""

    def __init__(self, rng: Random, no: str, shape: Shape) -> None:
        self.rng = rng
        self.no = no
        self.shape = shape
        self.at: Instant = 0
        self.round = 0

    def later(self, least: int, most: int) -> Instant:
        """Move on by a random number of minutes."""
        self.at += self.rng.randrange(least, most) * MINUTE
        return self.at

    def dispatch(self, at: Instant, replaces: str = "") -> Iterator[Fact]:
        self.at = at
        self.round += 1
        unit = f"U{self.rng.randrange(self.shape.units):02d}"
        data = {"unit": unit, "assignment": f"{self.no}-{self.round}"}
        if replaces:
            data["replaces"] = replaces
        yield _fact(self.no, "dispatched", at, **data)
        if self.rng.random() < 0.9:
            yield _fact(self.no, "accepted", self.later(1, 300))

    def send_back(self) -> Iterator[Fact]:
        yield _fact(self.no, "return_requested", self.later(10, 600), reason="职责不符")
        granted = self.rng.random() < 0.7
        yield _fact(self.no, "return_ruled", self.later(10, 400), granted=granted)
        if granted:
            yield from self.dispatch(self.later(5, 200))

    def work(self) -> Iterator[Fact]:
        slow = self.rng.random() < self.shape.slow
        arrived = self.later(20, 400 if slow else 100)
        yield _fact(self.no, "step_done", arrived, step="onsite_arrived")
        for step in ("feedback_to_enterprise", "feedback_to_platform"):
            yield _fact(self.no, "step_done", self.later(30, 4_000 if slow else 600), step=step)
        if self.rng.random() < self.shape.suspended:
            ground = self.rng.choice(["P-TEST", "P-EXPERT"])
            yield _fact(self.no, "suspended", self.later(60, 3_000), ground=ground)
            yield _fact(self.no, "resumed", self.later(60, 12_000))
        if self.rng.random() < self.shape.extended:
            yield from self.extend()
        yield _fact(self.no, "resolved", self.later(600, 40_000 if slow else 12_000))

    def extend(self) -> Iterator[Fact]:
        request = f"{self.no}-E{self.round}"
        at = self.later(60, 4_000)
        yield _fact(
            self.no, "extension_requested", at, request=request, clause="solve", amount="5个工作日"
        )
        answer = {"request": request, "approver": "分管负责人"}
        kind = "extension_granted" if self.rng.random() < 0.8 else "extension_denied"
        yield _fact(self.no, kind, self.later(60, 3_000), **answer)

    def close(self) -> Iterator[Fact]:
        closure = self.at
        if self.rng.random() < self.shape.voided:
            fact = f"city:{self.no}-resolved-{closure}"
            yield _fact(self.no, "voided", self.later(600, 9_000), fact=fact, ground="虚假办结")
            yield _fact(self.no, "resolved", self.later(600, 9_000))
        satisfied = self.rng.random() >= self.shape.reworked
        yield _fact(self.no, "callback_done", self.later(60, 3_000), satisfied=satisfied)
        if not satisfied:
            self.round += 1
            unit = f"U{self.rng.randrange(self.shape.units):02d}"
            assignment = f"{self.no}-{self.round}"
            at = self.later(30, 600)
            yield _fact(
                self.no, "rework_ordered", at, unit=unit, assignment=assignment, reason="不满意"
            )
            yield _fact(self.no, "resolved", self.later(600, 9_000))


def _fact(no: str, name: str, at: Instant, **data: Any) -> Fact:
    step = data.get("step", name)
    return {
        "petition": no,
        "type": name,
        "id": f"{no}-{step}-{at}",
        "source": "city",
        "at": format_instant(at),
        "data": data,
        "_at": at,
    }


def _arrivals(rng: Random, facts: list[Fact], shape: Shape) -> Iterator[Arrival]:
    """When each fact arrives: mostly within minutes, sometimes days late, sometimes twice."""
    known: Instant = 0
    for fact in facts:
        happened = fact.pop("_at")
        delay = rng.randrange(1, 20) * MINUTE
        if rng.random() < shape.late_arrival:
            delay = rng.randrange(1, 20 * 24) * HOUR
        known = max(known, happened + delay) if fact["type"] == "registered" else known
        arrival = max(happened + delay, known)
        yield Arrival(arrival, fact)
        if rng.random() < shape.repeated:
            yield Arrival(arrival + rng.randrange(1, 3_000) * MINUTE, fact)

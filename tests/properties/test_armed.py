"""What a sweep records from a ready-made plan is what it would record by reading the dossier."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, MINUTE, Shape, city
from sla_engine.catalog import load_rulebook
from sla_engine.dossier.events import ACTS
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.worktime import parse_instant
from tests.support.armed import Life
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.given import notice

BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
END = BEGIN + 60 * DAY
LIVELY = Shape(units=2, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3,
               merged=0.3, slow=0.5, late_arrival=0.3, repeated=0.2)  # fmt: skip
RULES = load_rulebook()
ANNOUNCED = parse_instant("2025-03-26T10:00:00+08:00")
REVISED = RULES.with_notice(
    notice("2025-03-25", "2025-03-26 10:00", off="2025-04-02", work="2025-04-12")
)
SEEDS, EXAMPLES = (400, 200) if os.environ.get("SOAK") == "1" else (2, 8)

Rules = Sequence[tuple[Instant, Rulebook]]


@cache
def histories(seed: int) -> Mapping[str, Sequence[Recorded]]:
    """The facts of each stream of a small city, with its talks, items and rounds."""
    with engine_at(BEGIN) as engine:
        upstream = Upstream(engine)
        for arrival in city(seed, 3, BEGIN, END, LIVELY):
            move_to(engine, arrival.at)
            upstream.send([arrival.fact])
        move_to(engine, END + 30 * DAY)
        kinds = ("petition/", "talk/", "item/", "round/")
        return {
            stream: [each for each in engine.events(stream) if not isinstance(each.event, ACTS)]
            for kind in kinds
            for stream in engine.log.streams(kind)
        }


def shifted(facts: Sequence[Recorded], chance: Random) -> list[Recorded]:
    """The same facts, some learned late, and some by a source whose clock is ahead of ours."""
    late = 0
    delayed = []
    for fact in facts:
        late = max(0, late + chance.choice([0, 0, 0, 5 * HOUR, 3 * DAY, -4 * DAY]))
        ahead = chance.choice([0, 0, 0, 2 * MINUTE]) if not late else 0
        at = fact.meta.recorded_at + late - ahead
        meta = msgspec.structs.replace(fact.meta, recorded_at=at)
        delayed.append(fact._replace(meta=meta))
    return delayed


def live(facts: Sequence[Recorded], rules: Rules, chance: Random) -> Counter[str]:
    """Let a stream live again, swept at random instants by a clock that is once set back."""
    life, waiting, ways = Life(facts[0].stream), shifted(facts, chance), Counter[str]()
    now = waiting[0].meta.recorded_at
    while now < END + 60 * DAY:
        known = next(each for since, each in reversed(rules) if since <= now)
        if life.due(now):
            ways["read" if life.sweep(known, now) is None else "ready"] += 1
        while waiting and waiting[0].meta.recorded_at <= now:
            life.learn(waiting.pop(0), known, now)
        if chance.random() < 0.02:
            now -= 3 * HOUR
        upcoming = [fact.meta.recorded_at for fact in waiting[:1]]
        if life.next_alarm is not None:
            upcoming.append(life.next_alarm)
        if not upcoming:
            break
        now = max(now, min(upcoming)) + chance.choice([0, 0, 1, HOUR, 2 * DAY])
    return ways


def some(seed: int, chance: Random) -> list[Sequence[Recorded]]:
    every = list(histories(seed).values())
    return chance.sample(every, min(5, len(every)))


@given(seed=st.integers(0, SEEDS), chance=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_ready_made_acts_are_those_of_a_dossier_that_is_read(seed: int, chance: Random) -> None:
    for facts in some(seed, chance):
        live(facts, [(0, RULES)], chance)


@given(seed=st.integers(0, SEEDS), chance=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_so_they_are_when_a_holiday_is_announced_meanwhile(seed: int, chance: Random) -> None:
    for facts in some(seed, chance):
        live(facts, [(0, RULES), (ANNOUNCED, REVISED)], chance)

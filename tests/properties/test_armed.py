"""What a sweep records from a ready-made plan is what it would record by reading the dossier."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, Shape, city
from sla_engine.catalog import load_rulebook
from sla_engine.dossier.fold import fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.armed import armed_rows, ready
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow, Claim
from sla_engine.record import Draft, Instant, Recorded
from sla_engine.worktime import parse_instant
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.given import notice

BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
END = BEGIN + 60 * DAY
LIVELY = Shape(units=2, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3,
               merged=0.3, slow=0.5, late_arrival=0.3, repeated=0.2)  # fmt: skip
RULES = load_rulebook()
REVISED = RULES.with_notice(
    notice("2025-03-25", "2025-03-26 10:00", off="2025-04-02", work="2025-04-12")
)
SEEDS, EXAMPLES = (st.integers(0, 400), 200) if os.environ.get("SOAK") else (st.integers(0, 2), 8)
Rows = dict[tuple[str, str], AlarmRow]


@cache
def histories(seed: int) -> Mapping[str, Sequence[Recorded]]:
    """What a small city's facts made of each stream's log, with all its acts, talks and items."""
    with engine_at(BEGIN) as engine:
        upstream = Upstream(engine)
        for arrival in city(seed, 3, BEGIN, END, LIVELY):
            move_to(engine, arrival.at)
            upstream.send([arrival.fact])
        move_to(engine, END + 30 * DAY)
        prefixes = ("petition/", "talk/", "item/", "round/")
        streams = [stream for each in prefixes for stream in engine.log.streams(each)]
        return {stream: engine.events(stream) for stream in streams}


def in_full(log: Sequence[Recorded], rules: Rulebook, now: Instant) -> tuple[list[Draft], Rows]:
    """A touch that reads the stream."""
    stream = log[0].stream
    pending = Pending(fold(stream, log))
    assessment = catch_up(pending, kind_of(stream), rules, now)
    return list(pending.drafts), named(armed_rows(assessment, rules))


def named(rows: Sequence[AlarmRow]) -> Rows:
    return {(row.clause, row.cycle): row for row in rows}


def appended(log: Sequence[Recorded], drafts: Sequence[Draft]) -> list[Recorded]:
    stream, version = log[0].stream, len(log)
    return [
        *log,
        *(Recorded(stream, version + n, 0, *draft) for n, draft in enumerate(drafts, 1)),
    ]


def due(rows: Rows, now: Instant) -> list[AlarmRow]:
    return [row for row in rows.values() if row.alarm_at is not None and row.alarm_at <= now]


def facts(log: Sequence[Recorded]) -> Iterator[Recorded]:
    """A stream without what the engine recorded in it by itself."""
    own = ("dossier.rung_fired/1", "dossier.rung_withdrawn/1", "dossier.term_refixed/1")
    return (each for each in log if each.event.WIRE not in own)


def live(
    log: Sequence[Recorded], rules: Sequence[tuple[Instant, Rulebook]], chance: Random
) -> Counter[str]:
    """Let a stream live again, swept at random instants, and compare both ways at each sweep."""
    waiting, mine, rows = list(facts(log)), list[Recorded](), Rows()
    now, ways = waiting[0].meta.recorded_at, Counter[str]()
    while now < END + 60 * DAY:
        known = next(each for since, each in reversed(rules) if since <= now)
        if mine and (alarms := due(rows, now)):
            claim = Claim(mine[0].stream, len(mine), alarms)
            drafts, after = in_full(mine, known, now)
            made = ready(claim, known, now)
            ways["read" if made is None else "ready"] += 1
            if made is not None:
                assert list(made.drafts) == drafts
                rows |= named(made.rows)
                assert rows == after
            mine, rows = appended(mine, drafts), after
        while waiting and waiting[0].meta.recorded_at <= now:
            fact = waiting.pop(0)
            mine.append(fact._replace(version=len(mine) + 1))
            drafts, rows = in_full(mine, known, now)
            mine = appended(mine, drafts)
        upcoming = [row.alarm_at for row in rows.values() if row.alarm_at is not None]
        upcoming += [fact.meta.recorded_at for fact in waiting[:1]]
        if not upcoming:
            break
        now = max(now, min(upcoming)) + chance.choice([0, 0, 1, HOUR, 2 * DAY])
    return ways


def some(seed: int, chance: Random) -> list[Sequence[Recorded]]:
    every = list(histories(seed).values())
    return chance.sample(every, min(5, len(every)))


@given(seed=SEEDS, chance=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_ready_made_acts_are_those_of_a_dossier_that_is_read(seed: int, chance: Random) -> None:
    for log in some(seed, chance):
        live(log, [(0, RULES)], chance)


@given(seed=SEEDS, chance=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_so_they_are_when_a_holiday_is_announced_meanwhile(seed: int, chance: Random) -> None:
    announced = parse_instant("2025-03-26T10:00:00+08:00")
    for log in some(seed, chance):
        live(log, [(0, RULES), (announced, REVISED)], chance)


def test_most_acts_are_ready_made() -> None:
    ways, chance = Counter[str](), Random(7)
    for log in histories(0).values():
        ways += live(log, [(0, RULES)], chance)
    assert ways["ready"] > 5 * ways["read"] > 0

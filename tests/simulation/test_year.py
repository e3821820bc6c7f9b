"""A seeded year of a small city on the virtual clock, with a calendar revision in mid-year.

Invariants are checked after each step on the dossier that moved and at the end on all of them.
The seed is printed; `SLA_SEED=n` repeats it.
"""

import os
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from scenarios.workload import DAY, city
from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.gather import gather
from sla_engine.bulk.whatif import sides
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired, TermRefixed
from sla_engine.replay.question import Question
from sla_engine.replay.state import state_of, stated
from sla_engine.sla.assess import State
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.bulk import histories, in_columns, replayed
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.year import BEGIN, END, REVISED, REVISION

SEED = int(os.environ.get("SLA_SEED", "20250102"))
SOAK = os.environ.get("SOAK") == "1"
PETITIONS = 5_000 if SOAK else 120
NOW = END + 60 * DAY
EDITION = "zaozhuang-2110@2024-08"
RED, PROMISES = 30, ("arrive", "feedback", "solve")


@pytest.fixture(scope="module")
def year() -> Iterator[Engine]:
    print(f"seed {SEED}, {PETITIONS} petitions")
    with engine_at(BEGIN) as engine:
        upstream, revised = Upstream(engine), False
        for arrival in city(SEED, PETITIONS, BEGIN, END):
            if not revised and arrival.at >= REVISED:
                move_to(engine, REVISED)
                report = engine.load_notice(REVISION)
                assert report.refixed > 0, "the revision meets open clocks"
                revised = True
            move_to(engine, arrival.at)
            for outcome in upstream.send([arrival.fact]):
                if outcome.status == "recorded":
                    check_dossier(engine, outcome.stream)
        assert upstream.waiting == [], "every possible fact is taken in the end"
        assert set(upstream.given_up) <= {"MERGE_IMPOSSIBLE"}
        move_to(engine, END + 60 * DAY)
        yield engine


def check_dossier(engine: Engine, stream: str) -> None:
    """Acts stand for rungs that are reached and for no others; the index knows what comes next."""
    assessment = engine.assess(stream)
    reached = {
        (*each.key, firing.rung.id, firing.at): firing.fire_at
        for each in assessment.readings
        for firing in each.schedule.firings
    }
    standing = {
        (*key, act.fired.at)
        for key, acts in assessment.dossier.acts.items()
        for act in acts
        if act.stands
    }
    assert standing <= reached.keys()
    now = engine.clock.now()
    assert {key for key, fire_at in reached.items() if fire_at <= now} <= standing
    upcoming = {each.key: each.next for each in assessment.readings}
    rows = {(row.clause, row.cycle): row.alarm_at for _, row in engine.log.alarms(stream)}
    assert rows == {key: each.fire_at if each else None for key, each in upcoming.items()}


def test_the_clock_reached_the_end(year: Engine) -> None:
    assert isinstance(year.clock, VirtualClock)
    assert year.clock.now() == END + 60 * DAY
    alarm = year.next_alarm()
    assert alarm is None or alarm > year.clock.now()


def test_no_act_is_recorded_twice(year: Engine) -> None:
    keys = Counter(
        (each.stream, each.event.clause, each.event.cycle, each.event.version, each.event.rung)
        for each in year.log.scan()
        if isinstance(each.event, RungFired)
    )
    assert keys, "a year without a single act proves nothing"
    assert max(keys.values()) == 1


def test_versions_are_dense_and_positions_rise(year: Engine) -> None:
    versions: Counter[str] = Counter()
    position = 0
    for each in year.log.scan():
        versions[each.stream] += 1
        assert each.version == versions[each.stream]
        assert each.position > position
        position = each.position


def test_every_act_is_recorded_at_or_after_its_instant(year: Engine) -> None:
    for each in year.log.scan():
        if isinstance(each.event, RungFired):
            assert each.event.at <= each.meta.recorded_at
            assert each.event.due <= each.event.at


def test_every_breach_that_stands_belongs_to_a_clock_that_is_late(year: Engine) -> None:
    late = (State.LATE, State.OVERDUE, State.CANCELLED)
    seen = 0
    for stream in year.log.streams("petition/"):
        assessment = year.assess(stream)
        for (clause, cycle, _), acts in assessment.dossier.acts.items():
            for act in acts:
                if act.stands and act.fired.level >= RED and clause in PROMISES:
                    reading = assessment.reading(clause, cycle)
                    assert reading is not None
                    assert reading.state in late
                    seen += 1
    assert seen


def test_the_revision_is_recorded_with_both_due_instants(year: Engine) -> None:
    refixed = [each.event for each in year.log.scan() if isinstance(each.event, TermRefixed)]
    assert refixed
    assert all(each.old_due is not None and each.new_due is not None for each in refixed)
    assert {each.effective for each in refixed} == {parse_instant("2025-06-18T00:00:00+08:00")}


def test_the_log_alone_gives_the_same_state(year: Engine) -> None:
    verification = year.verify()
    assert verification.dossiers > PETITIONS * 0.9
    assert verification.live == verification.replayed


def test_a_replay_as_known_at_any_instant_is_what_the_engine_had_recorded_by_then(
    year: Engine,
) -> None:
    """At every instant at which anything about a dossier was recorded: readings and acts that were
    due, beside readings by the facts known then and acts as recorded by then."""
    instants, every = 0, list(year.log.streams("petition/"))[:: 1 if SOAK else 3]
    for stream in every:
        for at in sorted({each.meta.recorded_at for each in year.events(stream)}):
            recorded = state_of(year.dossier(stream, at), year.rules, at)
            assert stated(year.replay(stream, Question(known_at=at)).assessment) == recorded
            instants += 1
    assert instants > len(every)


@pytest.mark.parametrize(
    "question",
    [
        Question(known_at=NOW, calendar=NOW),
        Question(known_at=NOW, calendar=BEGIN),
        Question(known_at=NOW, without=("模拟〔2025〕1号",)),
        Question(known_at=REVISED + 30 * DAY, at=NOW, without=("模拟〔2025〕1号",)),
        Question(known_at=NOW, pack=EDITION),
        Question(known_at=NOW, pack=EDITION, calendar=BEGIN),
    ],
    ids=["now", "then", "without", "without-then", "pack", "pack-then"],
)
def test_everything_at_once_says_what_single_replays_say(year: Engine, question: Question) -> None:
    """Each clock's due instant and state, on both sides of the comparison."""
    given = histories(year)
    facts = gather(given)
    known_at, at = question.known_at, question.judged_at
    plain = Question(known_at=known_at, at=at)
    other = question
    if question.pack and question.calendar is None:
        # A pack alone is compared under one calendar: see docs/bulk.md.
        plain = msgspec.structs.replace(plain, calendar=known_at)
        other = msgspec.structs.replace(question, calendar=known_at)
    asked = sides(year.rules, question)
    for side, single in zip(asked, (plain, other), strict=True):
        found = in_columns(Bulk(side).answer(facts))
        for stream, events in given[:: 1 if SOAK else 3]:
            assert found[stream] == replayed(events, year.rules, single), stream

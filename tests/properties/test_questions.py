"""The replay as known at any instant is the live engine of that instant; edits cancel; rules that
are named are the rules that governed."""

import os
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scenarios.workload import DAY, MINUTE
from sla_engine.dossier.events import ACTS, Voided
from sla_engine.record import Instant, Recorded
from sla_engine.replay.edits import edited, inverse
from sla_engine.replay.question import Added, Edit, Moved, Question, Removed
from sla_engine.replay.replay import replay
from sla_engine.replay.state import acts_of, state_of, stated
from sla_engine.wiring import Engine
from tests.properties.test_replay import END, city_of, streams
from tests.support.delivery import move_to

EXAMPLES = 200 if os.environ.get("SOAK") == "1" else 2


def replayed(engine: Engine, stream: str, question: Question) -> list[object]:
    return stated(engine.replay(stream, question).assessment)


@given(seed=st.integers(0, 10**6), asked=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_a_replay_as_known_is_the_live_engine_of_that_instant(seed: int, asked: Random) -> None:
    answers: dict[tuple[str, Instant], list[object]] = {}
    with city_of(seed) as (engine, steps):
        for _ in steps:
            if asked.random() < 0.2:
                at = engine.clock.now() + 1
                move_to(engine, at)
                engine.run_due()
                for stream in streams(engine):
                    answers[(stream, at)] = state_of(engine.dossier(stream), engine.rules, at)
                move_to(engine, at + MINUTE)
        move_to(engine, END + 60 * DAY)
        for (stream, at), answered in answers.items():
            assert replayed(engine, stream, Question(known_at=at)) == answered


@given(seed=st.integers(0, 10**6))
@settings(max_examples=EXAMPLES)
def test_a_replay_by_all_that_is_known_now_is_the_live_state(seed: int) -> None:
    with city_of(seed) as (engine, steps):
        for _ in steps:
            pass
        move_to(engine, END + 60 * DAY)
        engine.run_due()
        now = engine.clock.now()
        for stream in streams(engine):
            before = engine.events(stream)
            answer = engine.replay(stream, Question(known_at=now))
            assert stated(answer.assessment) == state_of(engine.dossier(stream), engine.rules, now)
            assert engine.events(stream) == before


@given(seed=st.integers(0, 10**6))
@settings(max_examples=EXAMPLES)
def test_acts_as_recorded_by_an_instant_are_those_that_were_due(seed: int) -> None:
    """What was recorded by an instant is compared with what should have been, act by act."""
    with city_of(seed) as (engine, steps):
        for _ in steps:
            pass
        move_to(engine, END + 60 * DAY)
        engine.run_due()
        for stream in streams(engine):
            at = engine.events(stream)[-1].meta.recorded_at
            recorded = acts_of(engine.dossier(stream, at))
            assert list(engine.replay(stream, Question(known_at=at)).acts) == recorded


def facts(engine: Engine, stream: str) -> list[Recorded]:
    return [each for each in engine.events(stream) if not isinstance(each.event, ACTS)]


def an_edit(random: Random, found: list[Recorded]) -> Edit:
    fact = random.choice(found)
    name = f"{fact.meta.source}:{fact.meta.key}" if fact.meta.key else f"@{fact.version}"
    choice = random.random()
    if choice < 0.4 or fact is found[0]:
        return Moved(name, fact.meta.occurred_at + random.randint(-5, 5) * DAY)
    if choice < 0.8 and fact.meta.key:
        return Removed(name)
    at = fact.meta.occurred_at + random.randint(0, 5) * DAY
    return Added("edit:1", "dossier.step_done/1", at, {"step": "feedback_to_platform"})


@given(seed=st.integers(0, 10**6), random=st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_an_edit_and_its_inverse_cancel(seed: int, random: Random) -> None:
    with city_of(seed, petitions=2) as (engine, steps):
        for _ in steps:
            pass
        now = engine.clock.now()
        for stream in streams(engine):
            found = facts(engine, stream)
            # A void names what it takes away, by version where that had no key.
            assume(not any(isinstance(each.event, Voided) for each in found))
            edit = an_edit(random, found)
            back = inverse(found, edit)
            assert [each.event for each in edited(found, (edit, back))] == [
                each.event for each in found
            ]
            plain, both = Question(known_at=now), Question(known_at=now, edits=(edit, back))
            assert replayed(engine, stream, both) == replayed(engine, stream, plain)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=EXAMPLES)
def test_the_edition_that_governed_named_from_the_start_changes_nothing(seed: int) -> None:
    with city_of(seed, petitions=3) as (engine, steps):
        for _ in steps:
            pass
        now = engine.clock.now()
        for stream in engine.log.streams("petition/"):
            plain = engine.replay(stream, Question(known_at=now))
            packs = {each.cycle.pack.digest: each.cycle.pack for each in plain.assessment.readings}
            if len(packs) != 1:
                continue
            (pack,) = packs.values()
            named = Question(known_at=now, pack=f"{pack.name}@{pack.edition}")
            again = replay(stream, engine.events(stream), engine.rules, named)
            dues = [(r.key, r.due, r.state) for r in plain.assessment.readings]
            assert [(r.key, r.due, r.state) for r in again.assessment.readings] == dues

"""What the log says follows from its facts, at every point of its life and as of every point."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, MINUTE, Arrival, Shape, city
from sla_engine.dossier.chronicle import read
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.kinds import KINDS, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.record import Instant
from sla_engine.replay.state import state_of
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.sizes import examples

BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
END = BEGIN + 60 * DAY
LIVELY = Shape(units=2, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3,
               merged=0.3, slow=0.5, late_arrival=0.2, repeated=0.2)  # fmt: skip
REVISION = """
title = "模拟通知：四月二日放假一天"
number = "模拟〔2025〕2号"
region = "CN"
published = 2025-03-25
covers = []
verified = false

[[holiday]]
name = "模拟假日"
off = ["2025-04-02"]
work = ["2025-04-12"]
"""
REVISED = parse_instant("2025-03-26T10:00:00+08:00")


@contextmanager
def city_of(seed: int, petitions: int = 4) -> Iterator[tuple[Engine, Iterator[None]]]:
    """An engine, and the steps in which a small city's facts and a calendar revision reach it."""
    with engine_at(BEGIN) as engine:
        yield engine, _steps(engine, seed, petitions)


def _steps(engine: Engine, seed: int, petitions: int) -> Iterator[None]:
    upstream, revised = Upstream(engine), False
    for arrival in _lively(seed, petitions):
        if not revised and arrival.at >= REVISED:
            move_to(engine, REVISED)
            engine.load_notice(REVISION)
            revised = True
        move_to(engine, arrival.at)
        upstream.send([arrival.fact])
        yield


def _lively(seed: int, petitions: int) -> list[Arrival]:
    return city(seed, petitions, BEGIN, END, LIVELY)


def streams(engine: Engine) -> list[str]:
    return [stream for kind in KINDS for stream in engine.log.streams(f"{kind}/")]


@given(seed=st.integers(0, 10**6), stop=st.integers(0, 10**6))
@examples(10)
def test_the_log_alone_gives_the_same_state_after_any_prefix_of_a_citys_life(
    seed: int, stop: int
) -> None:
    length = len(_lively(seed, 4))
    with city_of(seed) as (engine, steps):
        for _ in islice(steps, 1 + stop % length):
            pass
        engine.run_due()
        check = engine.verify()
        assert check.live == check.replayed
        assert check.dossiers > 0


@given(seed=st.integers(0, 10**6), ahead=st.integers(0, 40 * 24))
@examples(10)
def test_catching_up_twice_is_no_more_than_once(seed: int, ahead: int) -> None:
    with city_of(seed, petitions=2) as (engine, steps):
        for _ in steps:
            pass
        now = engine.clock.now() + ahead * HOUR
        for stream in streams(engine):
            pending = Pending(engine.dossier(stream))
            catch_up(pending, kind_of(stream), engine.rules, now)
            once = len(pending.drafts)
            catch_up(pending, kind_of(stream), engine.rules, now)
            assert len(pending.drafts) == once
            # What was caught up with step by step leaves nothing to do at the end.
            assert once == 0 or ahead > 0


@given(seed=st.integers(0, 10**6), asked=st.randoms(use_true_random=False))
@examples(8)
def test_as_known_then_is_what_a_live_engine_answered_then(seed: int, asked: Random) -> None:
    answers: dict[tuple[str, Instant], list[object]] = {}
    with city_of(seed) as (engine, steps):
        for _ in steps:
            if asked.random() < 0.2:
                # A microsecond on, so that no more is learned at the instant that is asked for.
                at = engine.clock.now() + 1
                move_to(engine, at)
                for stream in streams(engine):
                    now = state_of(engine.dossier(stream), engine.rules, at)
                    answers[(stream, at)] = now
                move_to(engine, at + MINUTE)
        move_to(engine, END + 60 * DAY)
        for (stream, at), answered in answers.items():
            assert state_of(engine.dossier(stream, at), engine.rules, at) == answered


@given(seed=st.integers(0, 10**6))
@examples(5)
def test_read_models_stand_where_the_dossiers_stand(seed: int) -> None:
    with city_of(seed) as (engine, steps):
        for _ in steps:
            pass
        for model in ("worklist", "petition_card", "talk_register"):
            for stream, row in engine.rows(model):
                assert row["phase"] == read(engine.dossier(stream), kind_of(stream)).phase

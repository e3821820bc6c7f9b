"""Clocks are set back and forth, or differ from process to process, while facts come in and acts go
out: in no dossier is anything recorded before what is there already or twice, and what was recorded
follows from the facts."""

import os
from random import Random
from typing import cast

import pytest

from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.service.intake import Submission
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog
from sla_engine.wiring import Engine
from tests.conformance.store.samples import OpenLog, Store
from tests.faults.script import BEGIN, NOTICE
from tests.simulation.source import petitions
from tests.support.delivery import RULES
from tests.support.history import acts_too_early, recorded_backwards, recorded_twice

SEEDS = range(20) if os.environ.get("SOAK") == "1" else range(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_recorded_before_what_is_there(log: OpenLog, seed: int) -> None:
    rng = Random(seed)
    clock = VirtualClock(BEGIN)
    engine = Engine(cast(PetitionLog, log), clock, Settings(tolerance_s=7_200), RULES)
    waiting, notice = list[Submission](), rng.randrange(30)
    for number, (at, fact) in enumerate(petitions(rng, 5, BEGIN, 10)):
        clock.set(at + rng.choice((-2, -1, 0, 0, 1)) * HOUR + rng.randrange(60) * MINUTE)
        if number == notice:
            engine.load_notice(NOTICE)
        if rng.random() < 0.5:
            engine.run_due()
        batch = [*waiting, fact]
        outcomes = zip(batch, engine.take(batch), strict=True)
        waiting = [each for each, outcome in outcomes if outcome.status == "refused"]
    for days in (20, 60, 120):
        clock.set(BEGIN + days * DAY)
        engine.run_due()
    events = list(engine.log.scan())
    assert sum(isinstance(each.event, RungFired) for each in events) > 5
    assert [*recorded_backwards(events), *recorded_twice(events)] == []
    assert engine.verify().identical


@pytest.mark.parametrize("seed", SEEDS)
def test_two_schedulers_an_hour_apart_record_every_act_once(shared: Store, seed: int) -> None:
    """Whoever sweeps, and whatever it takes for the time: no act is recorded before its instant by
    that time, and none twice."""
    rng = Random(seed)
    clocks = [VirtualClock(BEGIN), VirtualClock(BEGIN)]
    fast, slow = (
        Engine(cast(PetitionLog, shared.open()), clock, Settings(tolerance_s=7_200), RULES)
        for clock in clocks
    )
    with fast, slow:
        facts = petitions(rng, 4, BEGIN, 5)
        for at in range(BEGIN, BEGIN + 60 * DAY, 6 * HOUR):
            for off, clock in zip((0, -1), clocks, strict=True):
                clock.set(at + off * HOUR)
            due = [each for each in facts if each[0] <= at]
            facts = facts[len(due) :]
            fast.handler.take([fact for _, fact in due], fast.clock.now())
            for engine in rng.choice(((fast, slow), (slow, fast), (slow,), (fast,))):
                assert not engine.sweep().failed
        fast.run_due()
        events = list(fast.log.scan())
        acts = sum(isinstance(each.event, RungFired) for each in events)
        assert acts > 5
        found = [*recorded_backwards(events), *recorded_twice(events), *acts_too_early(events)]
        assert found == []
        assert fast.verify().identical

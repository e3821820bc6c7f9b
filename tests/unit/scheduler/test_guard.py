"""The database's time is believed as long as this machine's clock agrees."""

import pytest

from sla_engine.errors import Fault, Unavailable
from sla_engine.record import Instant
from sla_engine.scheduler.guard import CLOCKS_DISAGREE, GuardedClock
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import Sweeper, SweepReport, planned
from sla_engine.scheduler.waker import Waker
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import STORE_AWAY
from tests.conformance.store.samples import T0
from tests.unit.scheduler.ladder import SECOND, fired, open_petitions, planner

HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND


class World:
    """True time, and two clocks that may be wrong about it; this one's face is a machine's."""

    def __init__(self) -> None:
        self.true = T0
        self.ahead = 0
        self.database_ahead = 0
        self.trips = 0

    def now(self) -> Instant:
        return self.true + self.ahead

    def monotonic(self) -> float:
        return self.true / 1_000_000

    def database(self) -> Instant | None:
        self.trips += 1
        return self.true + self.database_ahead

    def wait(self, seconds: float) -> None:
        self.true += round(seconds * SECOND)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clock(world: World) -> GuardedClock:
    return GuardedClock(world.database, world, within_s=30, every_s=1)


def has_no_time(clock: GuardedClock) -> bool:
    with pytest.raises(Unavailable) as raised:
        clock.now()
    return raised.value.code == CLOCKS_DISAGREE


def test_the_time_is_the_databases(world: World, clock: GuardedClock) -> None:
    world.ahead = 10 * SECOND
    assert clock.now() == T0
    world.wait(0.5)
    assert clock.now() == T0 + SECOND // 2
    assert clock.apart_s == -10.0
    assert not clock.held


def test_the_database_is_asked_once_a_second(world: World, clock: GuardedClock) -> None:
    for _ in range(30):
        clock.now()
        world.wait(0.1)
    assert world.trips == 3


def test_who_stands_still_while_asking_is_not_ahead_of_the_time(world: World) -> None:
    def slowly() -> Instant | None:
        world.wait(2 * 86_400)
        return world.database()

    assert GuardedClock(slowly, world).now() == world.true


def test_a_clock_set_by_hand_is_not_noticed_between_two_questions(
    world: World, clock: GuardedClock
) -> None:
    clock.now()
    world.ahead, world.database_ahead = HOUR, -HOUR
    world.wait(0.5)
    assert clock.now() == T0 + SECOND // 2


@pytest.mark.parametrize("apart", [HOUR, -HOUR, 40 * DAY, 31 * SECOND, -31 * SECOND])
@pytest.mark.parametrize("which", ["ahead", "database_ahead"])
def test_while_the_clocks_disagree_there_is_no_time(
    world: World, clock: GuardedClock, which: str, apart: int
) -> None:
    clock.now()
    setattr(world, which, apart)
    world.wait(1)
    assert has_no_time(clock)
    assert clock.held
    assert abs(clock.apart_s) == abs(apart) / SECOND
    world.wait(600)
    assert has_no_time(clock)
    setattr(world, which, 0)
    assert clock.now() == T0 + 601 * SECOND
    assert not clock.held


def test_a_small_correction_does_not_take_time_back(world: World, clock: GuardedClock) -> None:
    world.database_ahead = 5 * SECOND
    assert clock.now() == T0 + 5 * SECOND
    world.database_ahead = 0
    world.wait(1)
    assert clock.now() == T0 + 5 * SECOND
    world.wait(5)
    assert clock.now() == T0 + 6 * SECOND


def test_where_both_clocks_were_put_right_time_follows_them(
    world: World, clock: GuardedClock
) -> None:
    clock.now()
    world.ahead = world.database_ahead = -HOUR
    world.wait(1)
    assert clock.now() == T0 + SECOND - HOUR


def test_a_store_without_a_time_of_its_own_has_this_machines(world: World) -> None:
    clock = GuardedClock(lambda: None, world)
    world.ahead = HOUR
    assert clock.now() == T0 + HOUR
    assert not clock.held


def test_a_database_that_is_away_has_no_time(world: World) -> None:
    def away() -> Instant | None:
        raise Unavailable(Fault(STORE_AWAY))

    with pytest.raises(Unavailable) as raised:
        GuardedClock(away, world).now()
    assert raised.value.code == STORE_AWAY


# ------------------------------------------------------------------------------ under a sweeper


def sweeper(log: PetitionLog, clock: GuardedClock, told: list[SweepReport]) -> Sweeper:
    return Sweeper(log, planned(planner), clock, pace=unpaced(100), tell=told.append)


def test_a_database_forty_days_ahead_for_ten_minutes_fires_nothing_and_loses_nothing(
    world: World, clock: GuardedClock
) -> None:
    log, told = open_memory(), list[SweepReport]()
    open_petitions(log, 100, spread=30 * SECOND)  # the last breach is fifty minutes away
    run = sweeper(log, clock, told)
    run()
    world.database_ahead = 40 * DAY
    for _ in range(600):
        world.wait(1)
        assert run() is None
    assert {report.held for report in told[1:]} == {CLOCKS_DISAGREE}
    assert fired(log) == []
    world.database_ahead = 0
    run()
    assert sorted(fired(log)) == sorted(
        (f"petition/{n:04d}", rung)
        for n in range(100)
        for rung, after in (("warn", 10), ("breach", 20))
        if 30 * n + after <= 600
    )
    log.close()


def test_two_schedulers_with_skewed_clocks_fire_at_one_time(world: World) -> None:
    log = open_memory()
    open_petitions(log, 1)
    right, wrong = World(), World()
    right.ahead, wrong.ahead = 20 * SECOND, -2 * HOUR
    clocks = [GuardedClock(world.database, each) for each in (right, wrong)]
    runs = [sweeper(log, clock, []) for clock in clocks]
    for true in (T0, T0 + 10 * SECOND - 1, T0 + 10 * SECOND):
        world.true = right.true = wrong.true = true
        # What the sweeps know is asked for anew.
        for run in runs:
            run()
        assert len(fired(log)) == (true == T0 + 10 * SECOND)
    log.close()


def test_a_hint_while_the_clocks_disagree_is_no_error(world: World, clock: GuardedClock) -> None:
    world.database_ahead = HOUR
    Waker(lambda: None, clock).hint(T0)
    assert has_no_time(clock)

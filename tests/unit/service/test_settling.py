"""What is learned late waits for the settling time; what it leaves where it was does not, so that
at every instant the log says what follows from its facts."""

from collections.abc import Iterator

import pytest

from scenarios.workload import HOUR, MINUTE
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.wiring import Engine
from tests.support import given
from tests.support.given import clause, instant, pack_of, rules_of, send, shown, talks, to

RUNGS = "warn due-3个工作日 warn 10; red due red 30; supervise due+2个工作日 supervise 40"
EXTENDED = '{ max_count = 2, each_max = "5个工作日", basis = ["测试"] }'
SOLVE = clause("solve", "10个工作日", rungs=RUNGS, extension=EXTENDED, pauses='["P-TEST"]')
RULES = rules_of(pack_of(SOLVE, talks()))
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
NOTICE = """
title = "演练通知"
number = "演练〔2025〕9号"
region = "CN"
published = 2025-06-10
covers = []
verified = false
[[holiday]]
name = "演练"
off = ["2025-06-{day}"]
"""
BEYOND_BREACH, BEFORE_BREACH = NOTICE.format(day="19"), NOTICE.format(day="16")
LATE_EXTENSION = (
    '2025-06-12 10:00 extension_requested request=e clause=solve amount=5个工作日 "known={known}"',
    '2025-06-12 11:00 extension_granted request=e approver=chief "known={known}"',
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with given.engine("2025-06-03 08:00", RULES) as engine:
        send(engine, *OPENED)
        yield engine


def verified_all_along(engine: Engine) -> None:
    """For longer than the settling time, also between two alarms."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    for begin in range(clock.now(), clock.now() + 3 * HOUR, 20 * MINUTE):
        for at in (begin, begin + 1):
            clock.set(at)
            engine.run_due()
            assert engine.verify().identical, shown(at)


def acts(engine: Engine) -> list[str]:
    events = engine.events("petition/P1")
    return [
        f"{each.event.rung}#{each.event.version} {shown(each.meta.recorded_at)}"
        for each in events
        if isinstance(each.event, RungFired)
    ]


@pytest.mark.parametrize("when", ["2025-06-12 10:00", "2025-06-18 10:00", "2025-06-20 10:00"])
@pytest.mark.parametrize("notice", [BEYOND_BREACH, BEFORE_BREACH])
def test_a_notice_that_is_loaded_late_leaves_a_log_that_follows_from_its_facts(
    engine: Engine, notice: str, when: str
) -> None:
    to(engine, when)
    engine.load_notice(notice)
    verified_all_along(engine)
    to(engine, "2025-07-01 09:00")
    assert engine.verify().identical


@pytest.mark.parametrize("when", ["2025-06-18 10:00", "2025-06-20 10:00"])
def test_so_does_an_extension_that_is_learned_late(engine: Engine, when: str) -> None:
    to(engine, when)
    send(engine, *(line.format(known=when) for line in LATE_EXTENSION))
    verified_all_along(engine)
    to(engine, "2025-07-15 09:00")
    assert engine.verify().identical


def test_what_a_late_notice_leaves_where_it_was_stays_as_it_was_recorded(engine: Engine) -> None:
    to(engine, "2025-06-18 10:00")
    before = acts(engine)
    engine.load_notice(BEYOND_BREACH)
    verified_all_along(engine)
    assert acts(engine) == before == ["warn#0 2025-06-12 09:00", "red#0 2025-06-18 00:00:00.000001"]


def test_a_warning_that_came_due_just_before_a_notice_was_loaded_goes_out_at_once(
    engine: Engine,
) -> None:
    """The sweep is late: nothing of it has been recorded yet."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    clock.set(instant("2025-06-18 10:00"))
    engine.load_notice(BEYOND_BREACH)
    assert [text[:6] for text in acts(engine)] == ["warn#0", "red#0 "]
    verified_all_along(engine)

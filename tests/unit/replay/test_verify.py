"""The log replayed: what makes the digests equal, and what makes them differ."""

from collections.abc import Iterator

import pytest

from sla_engine.dossier.events import RungFired
from sla_engine.dossier.fold import fold
from sla_engine.policy.clause import Pack
from sla_engine.record import Draft
from sla_engine.replay.state import state_of
from sla_engine.replay.verify import verify
from sla_engine.wiring import Engine
from tests.support.given import (
    clause,
    engine,
    instant,
    notice,
    pack_of,
    rules_of,
    send,
    to,
    trigger,
)

RULES = rules_of(
    pack_of(clause("solve", "10个工作日", rungs="warn due-3个工作日 warn 10; red due red 30"))
)


@pytest.fixture
def running() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, "2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
        send(each, "P2: 2025-06-04 09:00 registered", "P2: 2025-06-04 10:00 dispatched unit=U2")
        send(each, "P2: 2025-06-05 10:00 resolved")
        to(each, "2025-06-20 10:00")
        yield each


def test_a_log_that_says_what_its_facts_say_is_identical(running: Engine) -> None:
    check = running.verify()
    assert check.identical
    assert (check.dossiers, check.at) == (2, instant("2025-06-20 10:00"))
    assert check.events == running.log.head()


def test_progress_is_told_with_every_event(running: Engine) -> None:
    told: list[int] = []
    verify(running.log, running.rules, {}, running.clock.now(), told.append)
    assert told == list(range(1, running.log.head() + 1))


def test_verifying_records_nothing(running: Engine) -> None:
    before = running.log.head()
    running.verify()
    assert running.log.head() == before


def test_an_act_that_no_fact_calls_for_is_found_out(running: Engine) -> None:
    events = running.events("petition/P2")
    act = next(each for each in running.events("petition/P1") if isinstance(each.event, RungFired))
    with running.log.transact() as tx:
        tx.append("petition/P2", len(events), [Draft(act.meta, act.event)])
    running.follow()
    assert not running.verify().identical


def test_an_act_that_is_missing_is_found_out(running: Engine) -> None:
    send(running, "P3: 2025-06-20 11:00 registered", "P3: 2025-06-20 12:00 dispatched unit=U3")
    assert verify(running.log, running.rules, {}, running.clock.now()).identical
    # Nobody swept until then.
    assert not verify(running.log, running.rules, {}, instant("2025-07-20 10:00")).identical


def test_a_notice_that_was_loaded_is_replayed_from_the_log(running: Engine) -> None:
    send(running, "P3: 2025-06-20 11:00 registered", "P3: 2025-06-20 12:00 dispatched unit=U3")
    text = """
title = "模拟通知"
region = "CN"
published = 2025-06-23
covers = []
verified = false
[[holiday]]
name = "假"
off = ["2025-06-25"]
"""
    to(running, "2025-06-23 10:00")
    assert running.load_notice(text).refixed == 1
    to(running, "2025-07-10 10:00")
    assert running.verify().identical


def test_a_state_is_phase_readings_and_standing_acts_without_versions(running: Engine) -> None:
    dossier = fold("petition/P1", running.events("petition/P1"))
    phase, readings, acts = state_of(dossier, RULES, instant("2025-06-20 10:00"))
    assert phase == "dispatched"
    assert [reading[:3] for reading in readings] == [("solve", "1", "overdue")]
    assert [act[:3] for act in acts] == [("solve", "1", "red"), ("solve", "1", "warn")]


def test_rules_that_moved_a_term_give_another_state(running: Engine) -> None:
    other = RULES.with_notice(notice("2025-06-05", "2025-06-05 10:00", off="2025-06-12"))
    running.handler.rules = lambda: other
    with running.log.transact() as tx:
        running.handler.touch(tx, "petition/P1", running.clock.now())
    dossier = running.dossier("petition/P1")
    assert state_of(dossier, other, running.clock.now()) != state_of(
        running.dossier("petition/P1", instant("2025-06-20 09:59")), RULES, running.clock.now()
    )


def test_a_closure_that_is_voided_leaves_what_was_told_before_it_as_it_was(
    running: Engine,
) -> None:
    """Due 06-17 and told then; resolved on the 21st, which is voided on the 22nd."""
    send(running, "2025-06-21 10:00 resolved id=r", "2025-06-22 10:00 voided fact=test:r ground=x")
    to(running, "2025-06-22 10:30")
    assert running.verify().identical


def test_a_void_about_one_member_says_nothing_about_the_others() -> None:
    sign = clause(
        "sign", "5个工作日", scope='"member"', start='"period_ended"', stop='"reported"',
        rungs="circular due circular 80",
    )  # fmt: skip
    series = """
[[series]]
id = "month"
name = { zh = "月报", en = "monthly report" }
form = "report"
cycle = "month"
basis = ["测试"]
status = "default"
"""
    with engine("2024-05-01 08:00", rules_of(pack_of(sign, series))) as each:
        send(each, "round/M: 2024-05-01 08:00 opened series=month period=2024-05 members=U1,U2")
        send(each, "round/M: 2024-06-03 10:00 reported member=U1 id=r")
        to(each, "2024-06-20 09:00")
        send(each, "round/M: 2024-06-20 10:00 voided fact=test:r ground=x")
        to(each, "2024-06-20 10:30")
        assert each.verify().identical


def test_an_edition_learned_of_later_changes_no_tally_until_something_is_counted_again() -> None:
    """In force from 06-09, known from 06-20; both cards are of the 9th."""
    solve = clause("solve", "5个工作日", rungs="yellow due-1个工作日 yellow 20")

    def edition(number: str, since: str, at_least: int, more: str = "") -> Pack:
        cards = trigger(f"cards-{number}", "act:yellow", at_least, "month")
        return pack_of(solve, cards, edition=number, since=since, more=more)

    later = edition("2", "2025-06-09", 3, "recorded_at = 2025-06-20T00:00:00+08:00")
    with engine("2025-06-03 08:00", rules_of(edition("1", "2010-01-01", 2), later)) as each:
        for no in ("P1", "P2"):
            send(each, f"{no}: 2025-06-03 09:00 registered")
            send(each, f"{no}: 2025-06-03 10:00 dispatched unit=U1")
        to(each, "2025-06-21 12:00")
        assert [len(acts) for acts in each.dossier("unit/demo/U1").acts.values()] == [1]
        assert each.verify().identical

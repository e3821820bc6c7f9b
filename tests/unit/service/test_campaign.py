"""Campaigns: whoever is killed, and wherever, every open term is re-fixed once and none twice."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

import pytest

from sla_engine.errors import Refusal, refuse
from sla_engine.ports import Transaction
from sla_engine.record import Event, Instant
from sla_engine.rules.events import CampaignFinished, CampaignStarted
from sla_engine.service.campaign import Campaign, Campaigns, Touch
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.campaign import (
    BEGAN,
    LOADED,
    NOTICE,
    dispatched,
    every_term,
    filled,
    numbers,
    opened,
    refixed,
)
from tests.support.shell import ROOT

SOAK = os.environ.get("SOAK") == "1"
PETITIONS = 23
OPEN = numbers(PETITIONS)
BATCHES = 5
"""Of five dossiers each."""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store with open petitions, in either database."""
    postgres = request.param == "postgres"
    where = request.getfixturevalue("database") if postgres else str(tmp_path / "store.sqlite")
    filled(where, PETITIONS)
    return where


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The same in SQLite alone."""
    where = str(tmp_path / "store.sqlite")
    filled(where, PETITIONS)
    return where


def after(batches: int) -> Callable[[Campaign], None]:
    """A rest in which the process is killed, once so many batches have committed."""
    left = [batches]

    def rest(_campaign: Campaign) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    return rest


def dying(engine: Engine, batches: int) -> Campaigns:
    """Campaigns of a process that is killed in a batch, when all of it is done but its commit."""
    left = [batches]

    def touch(tx: Transaction, streams: Sequence[str], now: Instant) -> Sequence[Event]:
        events = engine.handler.touch_all(tx, streams, now)
        left[0] -= 1
        if not left[0]:
            raise Killed
        return events

    return with_touch(engine, touch)


def with_touch(engine: Engine, touch: Touch) -> Campaigns:
    return Campaigns(engine.log, engine._rules, touch, engine.clock.now, 5)


def loaded(engine: Engine) -> Campaign:
    """The campaign, at its beginning."""
    return engine.campaigns.load_notice(NOTICE)


def the_one(engine: Engine) -> Campaign:
    (campaign,) = engine.campaigns.all()
    return campaign


# ------------------------------------------------------------------------------- what a campaign is


def test_a_notice_refixes_every_open_term_and_says_what_it_did(store: str) -> None:
    seen: list[Campaign] = []
    with opened(store) as engine:
        head = engine.log.head()
        report = engine.load_notice(NOTICE, seen.append)
        assert (report.dossiers, report.refixed) == (PETITIONS, 2 * PETITIONS)
        assert refixed(engine) == every_term(*OPEN)
        assert [each.done.dossiers for each in seen] == [5, 10, 15, 20, 23, 23]
        started, finished = engine.log.read(f"campaign/{report.campaign.id}")
    assert isinstance(started.event, CampaignStarted)
    assert (started.event.cause, started.event.head) == ("notice", head)
    assert (started.event.title, started.event.dossiers) == ("演练〔2025〕9号", PETITIONS)
    assert finished.event == CampaignFinished(PETITIONS, 2 * PETITIONS, 2 * PETITIONS, 0, 0)


def test_loading_it_again_changes_nothing_and_the_log_alone_gives_the_same_state(
    store: str,
) -> None:
    with opened(store) as engine:
        engine.load_notice(NOTICE)
        head = engine.log.head()
        again = engine.load_notice(NOTICE)
        assert (again.dossiers, again.refixed, engine.log.head()) == (0, 0, head)
        assert engine.verify().identical


def test_a_notice_that_cannot_stand_beside_the_others_is_not_loaded(tmp_path: Path) -> None:
    with opened(tmp_path / "store.sqlite") as engine:
        engine.load_notice(NOTICE)
        head = engine.log.head()
        with pytest.raises(Refusal) as refused:
            engine.load_notice(NOTICE.replace("2025-06-09", "2025-06-10"))
        assert (refused.value.code, engine.log.head()) == ("NOTICE_CONFLICT", head)


def test_a_campaign_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "store.sqlite") as engine, pytest.raises(Refusal) as refused:
        engine.continue_campaign("notice-0")
    assert refused.value.code == "CAMPAIGN_UNKNOWN"


# ------------------------------------------------------------------------------------ who is killed


@pytest.mark.parametrize("batches", range(1, BATCHES + 2))
def test_killed_after_any_batch_it_is_continued_by_another(file: str, batches: int) -> None:
    with opened(file) as engine, pytest.raises(Killed):
        engine.load_notice(NOTICE, after(batches))
    with opened(file) as engine:
        campaign = the_one(engine)
        assert campaign.done.dossiers == min(5 * batches, PETITIONS)
        engine.continue_campaign(campaign.id)
        assert refixed(engine) == every_term(*OPEN)
        assert the_one(engine).done.refixed == 2 * PETITIONS


@pytest.mark.parametrize("batches", range(1, BATCHES + 1))
def test_killed_before_the_commit_of_any_batch_it_is_continued_by_another(
    file: str, batches: int
) -> None:
    with opened(file) as engine, pytest.raises(Killed):
        dying(engine, batches).run(loaded(engine).id)
    with opened(file) as engine:
        assert the_one(engine).done.dossiers == 5 * (batches - 1)
        assert sum(refixed(engine).values()) == 2 * 5 * (batches - 1)
        engine.load_notice(NOTICE)
        assert refixed(engine) == every_term(*OPEN)


def test_each_batch_by_another_process_that_is_killed_after_it_or_in_the_next(store: str) -> None:
    died = 0
    while True:
        try:
            with opened(store) as engine:
                name = loaded(engine).id
                if died % 2:
                    engine.campaigns.run(name, after(1))
                else:
                    dying(engine, 2).run(name)
                break
        except Killed:
            died += 1
    assert died == BATCHES - 1, "the last of them found one batch to do"
    with opened(store) as engine:
        assert refixed(engine) == every_term(*OPEN)
        assert the_one(engine).done.refixed == 2 * PETITIONS
        engine.follow()
        assert engine.verify().identical


def test_killed_with_signal_9_wherever_it_stands(store: str) -> None:
    """Each process is killed once it has said how far it has come, and goes on till then."""
    command = [sys.executable, "-m", "tests.support.campaign", store, "2"]
    for lines in (1, 3, 2) * 4 if SOAK else (1, 3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.kill()
    with opened(store) as engine:
        before = the_one(engine).done
        assert before.dossiers > 0
        assert before.refixed == sum(refixed(engine).values()), "counted is what was done"
        engine.continue_campaign(the_one(engine).id)
        assert refixed(engine) == every_term(*OPEN)
        assert engine.verify().identical


# ------------------------------------------------------------------------------- who works together


def test_two_continue_one_campaign_at_once(store: str) -> None:
    with opened(store) as engine:
        name = loaded(engine).id
    problems: list[BaseException] = []

    def go_on() -> None:
        try:
            with opened(store, batch=2) as engine:
                engine.campaigns.run(name)
        except BaseException as problem:
            problems.append(problem)

    threads = [Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(store) as engine:
        assert problems == []
        assert refixed(engine) == every_term(*OPEN)
        done = engine.campaigns.get(name).done
        assert (done.dossiers, done.refixed) == (PETITIONS, 2 * PETITIONS)
        assert len(engine.log.read(f"campaign/{name}")) == 2


def test_what_is_opened_meanwhile_is_judged_by_the_new_rules(file: str) -> None:
    with opened(file) as engine:

        def rest(campaign: Campaign) -> None:
            if campaign.done.dossiers == 10:
                dispatched(engine, "A1")

        engine.load_notice(NOTICE, rest)
        assert refixed(engine) == every_term(*OPEN), "a term that begins right is not re-fixed"
        reading = engine.assess("petition/A1").reading("solve")
        assert reading is not None
        assert reading.due == parse_instant("2025-06-24T00:00:00+08:00")


def test_what_was_judged_by_the_old_rules_meanwhile_is_refixed_too(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process of an earlier release, which does not ask whether there are others. Its stream
    lies where the campaign has been already."""
    with opened(store) as stale, opened(store) as engine:
        for name in ("hold", "refresh"):
            monkeypatch.setattr(stale._rules, name, lambda *_: None)

        def rest(campaign: Campaign) -> None:
            if campaign.done.dossiers == 10:
                dispatched(stale, "A1")

        report = engine.load_notice(NOTICE, rest)
        assert refixed(engine) == every_term(*OPEN, "A1")
        assert (report.campaign.done.dossiers, report.campaign.done.again) == (PETITIONS, 1)
        assert engine.verify().identical


def test_another_process_takes_up_the_rules_before_its_next_transaction(file: str) -> None:
    with opened(file) as other, opened(file) as engine:
        loaded(engine)
        known = len(other.rules.almanacs["cn"].notices)
        other.take([])
        assert len(other.rules.almanacs["cn"].notices) == known + 1


def test_a_process_whose_clock_is_behind_continues_with_what_was_known(file: str) -> None:
    with opened(file) as engine:
        name = loaded(engine).id
    with opened(file, LOADED - 3_600_000_000) as behind:
        behind.continue_campaign(name)
        assert refixed(behind) == every_term(*OPEN)


# ---------------------------------------------------------------------------------- what goes wrong


def test_a_dossier_that_cannot_be_judged_holds_nobody_up(file: str) -> None:
    with opened(file) as engine:

        def touch(tx: Transaction, streams: Sequence[str], now: Instant) -> Sequence[Event]:
            if "petition/P007" in streams:
                raise refuse("CAMPAIGN_UNKNOWN", "", "anything")
            return engine.handler.touch_all(tx, streams, now)

        campaign = with_touch(engine, touch).run(loaded(engine).id)
        assert campaign.failed == {"petition/P007": "CAMPAIGN_UNKNOWN"}
        assert campaign.done.dossiers == PETITIONS
        assert refixed(engine) == every_term(*(no for no in OPEN if no != "P007"))
        finished = engine.log.read(f"campaign/{campaign.id}")[-1].event
        assert isinstance(finished, CampaignFinished)
        assert finished.failed == 1


def test_a_program_fault_is_told_by_its_name_alone(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite", 1)
    with opened(tmp_path / "store.sqlite") as engine:

        def touch(tx: Transaction, streams: Sequence[str], now: Instant) -> Sequence[Event]:
            raise ValueError("13800000000")

        campaign = with_touch(engine, touch).run(loaded(engine).id)
        assert campaign.failed == {"petition/P000": "ValueError"}


def test_two_notices_at_once_refix_each_term_once_for_each(file: str) -> None:
    second = NOTICE.replace("9号", "10号").replace("2025-06-09", "2025-06-10")
    with opened(file) as engine:
        first = loaded(engine)
        engine.campaigns.step(first)
        other = engine.campaigns.load_notice(second)
        assert [each.id for each in engine.campaigns.unfinished()] == [first.id, other.id]
        engine.load_notice(second)
        assert [each.id for each in engine.campaigns.unfinished()] == [first.id]
        engine.continue_campaign(first.id)
        assert engine.campaigns.unfinished() == []
        terms = refixed(engine)
        assert terms.keys() == every_term(*OPEN).keys()
        assert {terms[f"petition/{no}", "solve"] for no in OPEN[:5]} == {2}, "one by one"
        assert {terms[f"petition/{no}", "solve"] for no in OPEN[5:]} == {1}, "both at once"
        assert engine.verify().identical


def test_what_began_is_in_the_log_with_the_rules_or_not_at_all(file: str) -> None:
    with opened(file, BEGAN) as engine:
        campaign = loaded(engine)
        events = [each.event.WIRE for each in engine.log.follow(campaign.cause.head, 10)]
        assert events == ["rules.notice_loaded/1", "campaign.started/1"]

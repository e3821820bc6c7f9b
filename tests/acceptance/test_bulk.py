"""Everything at once: a year of a city, imported logs, what other rules would have done."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scenarios.workload import DAY, city
from sla_engine.bulk import parquet
from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.facts import Facts
from sla_engine.bulk.gather import History, gather, partitions
from sla_engine.bulk.impact import Change, Impact, compare, total
from sla_engine.bulk.scalar import Asked
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.importing.load import load_mapping
from sla_engine.importing.run import import_file
from sla_engine.policy.rulebook import Rulebook
from sla_engine.replay.question import Question
from sla_engine.replay.rules import restated
from sla_engine.sla.assess import State
from sla_engine.wiring import Engine
from sla_engine.worktime import Amount, parse_instant
from tests.house.tree import ROOT
from tests.support.bulk import differing, histories, in_columns, replayed
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.year import BEGIN, END, REVISED, REVISION

PETITIONS = 5_000 if os.environ.get("SOAK") == "1" else 60
NOW = parse_instant("2026-11-22T09:00:00+08:00")
SHARED = ROOT.parent / "shared" / "data"


class Year:
    """The petitions of a year, and the rules as they then stood."""

    def __init__(self, given: list[History], rules: Rulebook) -> None:
        self.given = given
        self.rules = rules
        self.parts = list(partitions(given, 32))

    def impact(self, before: Asked, after: Asked) -> Impact:
        old, new = Bulk(before), Bulk(after)
        return total(compare(old.answer(part), new.answer(part)) for part in self.parts)


@pytest.fixture(scope="module")
def year() -> Iterator[Year]:
    with engine_at(BEGIN) as engine:
        upstream, revised = Upstream(engine), False
        for arrival in city(20250102, PETITIONS, BEGIN, END):
            if not revised and arrival.at >= REVISED:
                move_to(engine, REVISED)
                engine.load_notice(REVISION)
                revised = True
            move_to(engine, arrival.at)
            upstream.send([arrival.fact])
        move_to(engine, END + 60 * DAY)
        yield Year(histories(engine), engine.rules)


@pytest.mark.parametrize("day", ["2025-03-01", "2025-06-20", "2025-07-15", "2026-02-18"])
def test_every_petition_of_a_year_is_answered_as_one_by_one(year: Year, day: str) -> None:
    asked = Asked(year.rules, parse_instant(f"{day}T10:00:00+08:00"))
    answers = list(Bulk(asked).answers(year.parts))
    found = [
        each
        for answer in answers
        for each in differing(_given(year, answer.facts), answer, year.rules)
    ]
    assert found == []
    assert sum(map(len, answers)) > 0


def test_few_petitions_of_a_year_are_left_to_the_scalar_assessment(year: Year) -> None:
    answers = list(Bulk(Asked(year.rules, END + 60 * DAY)).answers(year.parts))
    assert sum(answer.singly for answer in answers) <= 0.05 * PETITIONS + 5


def test_what_was_known_is_answered_as_a_replay_answers_it(year: Year) -> None:
    for known_at in (REVISED - DAY, REVISED + 2 * DAY):
        question = Question(known_at=known_at)
        found = [
            in_columns(each)
            for each in Bulk(Asked(year.rules, known_at, known_at)).answers(year.parts)
        ]
        for stream, clocks in (item for each in found for item in each.items()):
            assert clocks == replayed(dict(year.given)[stream], year.rules, question), stream


def _given(year: Year, facts: Facts) -> list[History]:
    wanted = set(facts.petitions.streams)
    return [each for each in year.given if each[0] in wanted]


# ------------------------------------------------------------------------------------ imported


@pytest.mark.parametrize(
    ("name", "file"),
    [("cn_petitions_replied", "cn_petitions_replied.csv"), ("nl_receipt", "nl_receipt.xes.gz")],
)
def test_every_petition_of_an_imported_log_is_answered_as_one_by_one(
    tmp_path: Path, name: str, file: str
) -> None:
    path = SHARED / file
    if not path.is_file():
        pytest.skip(f"{file} is not distributed with the project")
    bound = load_mapping(ROOT / "examples" / "mappings" / f"{name}.toml")
    rules = bound.known_to(load_rulebook())
    with Engine.open(tmp_path / "store.sqlite", VirtualClock(NOW), rules=rules) as engine:
        import_file(engine, path, bound)
        given = histories(engine)
    answer = Bulk(Asked(rules, NOW)).answer(gather(given))
    assert list(differing(given, answer, rules)) == []
    assert answer.singly <= 0.02 * len(given)


# --------------------------------------------------------------------------------- other rules


def test_seven_days_for_a_promise_of_ten_moves_it_and_turns_some(year: Year) -> None:
    old = year.rules.pack_on("zaozhuang-2110", BEGIN)
    clauses = [
        replace(each, term=replace(each.term, amount=Amount.parse("7个工作日")))
        if each.id == "solve"
        else each
        for each in old.clauses
    ]
    short = replace(old, clauses=tuple(clauses), edition="what-if", digest="what-if")
    question = Question(known_at=END, pack="zaozhuang-2110@what-if")
    rules = restated(year.rules.alone(short), question)
    impact = year.impact(Asked(year.rules, END, END), Asked(rules, END, END, anew=True))
    assert impact.sooner > 0
    assert impact.later == 0
    assert impact.turned.worse > 0
    assert set(impact.flipped) <= {
        (State.MET, State.LATE), (State.RUNNING, State.OVERDUE), (State.PAUSED, State.OVERDUE)
    }  # fmt: skip
    assert impact.examples[0].clause == "solve"
    assert len(impact.examples) == min(10, impact.moved)


def test_a_calendar_that_does_not_know_a_notice_says_what_the_notice_did(year: Year) -> None:
    question = Question(known_at=END, calendar=REVISED - DAY)
    unaware = Asked(restated(year.rules, question), END, END, anew=True)
    question = Question(known_at=END, calendar=END)
    aware = Asked(restated(year.rules, question), END, END, anew=True)
    impact = year.impact(unaware, aware)
    assert impact.moved == impact.later + impact.sooner > 0
    longest = impact.longest
    assert longest is not None
    assert longest.delay > 0


def test_the_same_rules_change_nothing(year: Year) -> None:
    asked = Asked(year.rules, END)
    impact = year.impact(asked, asked)
    assert impact.clocks > 0
    assert (impact.moved, impact.added, impact.removed, impact.flipped) == (0, 0, 0, {})
    assert impact.longest is None
    assert impact.examples == ()


# ------------------------------------------------------------------------------------- Parquet


def test_parquet_gives_back_the_same_answer(year: Year, tmp_path: Path) -> None:
    paths = parquet.write(tmp_path, year.parts)
    assert paths == parquet.parts(tmp_path)
    bulk = Bulk(Asked(year.rules, END, END))
    for part, path in zip(year.parts, paths, strict=True):
        assert in_columns(bulk.answer(parquet.read(path))) == in_columns(bulk.answer(part))


def test_two_worker_processes_give_the_same_answer(year: Year, tmp_path: Path) -> None:
    from sla_engine.bulk import workers

    paths = parquet.write(tmp_path, year.parts)
    question = Question(known_at=END, calendar=REVISED - DAY)
    before = Asked(year.rules, END, END)
    after = Asked(restated(year.rules, question), END, END, anew=True)
    with workers.local_workers(2) as client:
        assert workers.impact(client, paths, before, after) == year.impact(before, after)
        used = set(client.run(os.getpid).values())
    assert len(used) == 2
    assert os.getpid() not in used


def test_an_example_says_by_how_much_a_clock_moves() -> None:
    change = partial(
        Change, "petition/1", "solve", "1", "U1", "CN", before=State.MET, after=State.MET
    )
    assert change(10 * DAY, 12 * DAY).delay == 2 * DAY
    assert change(None, 12 * DAY).delay == 0

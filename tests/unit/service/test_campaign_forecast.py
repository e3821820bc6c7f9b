"""Dry runs: what is foretold is what then happens, and nothing is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenarios.workload import DAY, Shape, city
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import TermRefixed
from sla_engine.errors import Refusal
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.service.campaign_forecast import EXAMPLES, Forecast, Foreseen, Move, foresee
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import open_store
from sla_engine.wiring import Engine
from sla_engine.worktime import Almanac, parse_instant
from tests.support.campaign import NOTICE, PACK, RULES, dispatched, filled, opened
from tests.support.delivery import RULES as SHIPPED


def _until(year: int) -> Almanac:
    """The calendar as far as the notices of a year."""
    whole = RULES.almanacs["cn"]
    return Almanac(
        region=whole.region,
        zone=whole.zone.name,
        weekend=whole.weekend,
        notices=[each for each in whole.notices if max(each.covers, default=0) <= year],
        statutes=whole.statutes,
    )


SOAK = os.environ.get("SOAK") == "1"
BEGIN = parse_instant("2025-03-03T00:00:00+08:00")
REVISED = BEGIN + 30 * DAY
CITY = Shape(units=6, returned=0.3, suspended=0.3, extended=0.3, reworked=0.2, slow=0.5,
             merged=0.1, voided=0.1, unfinished=0.5)  # fmt: skip
REVISION = """
title = "模拟通知"
number = "模拟〔2025〕2号"
region = "CN"
published = 2025-04-01
covers = []
verified = false

[[holiday]]
name = "模拟假日"
off = ["2025-04-09..2025-04-10"]
work = ["2025-04-05"]
"""
"""Some terms move one way, some the other."""
NEXT = PACK.replace('edition = "1"', 'edition = "2"').replace("2010-01-01", "2025-07-01")
NEW_YEAR = """
title = "关于2026年元旦放假安排的通知（演练）"
number = "演练〔2025〕26号"
region = "CN"
published = 2025-11-04
covers = [2026]
verified = false

[[holiday]]
name = "元旦"
off = ["2026-01-01..2026-01-02"]
"""
UNPUBLISHED = Rulebook({"cn": _until(2025)}, RULES.packs)


def quiet(_count: int) -> None:
    """Nobody watches."""


@contextmanager
def living_city(store: Path, seed: int, petitions: int) -> Iterator[Engine]:
    """A city a month old, with talks and late facts, on the day of a revision; swept by the day."""
    log = open_store(store)
    engine = Engine(log, VirtualClock(BEGIN), Settings(tolerance_s=0, sweep_limit=20), SHIPPED)
    arrivals = city(seed, petitions, BEGIN, REVISED + 45 * DAY, CITY)
    try:
        for end in range(BEGIN + DAY, REVISED + 1, DAY):
            at(engine, end)
            engine.take([parse(each.fact) for each in arrivals if end - DAY <= each.at < end])
        yield engine
    finally:
        engine.close()


def at(engine: Engine, when: int) -> VirtualClock:
    """The clock, moved to an instant; what is due then is recorded."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    clock.set(when)
    engine.run_due()
    return clock


def happened(engine: Engine, since: int) -> dict[tuple[str, str, str], tuple[object, object]]:
    """Every term re-fixed behind a position, with its old and its new due instant."""
    return {
        (each.stream, each.event.clause, each.event.cycle): (
            each.event.old_due,
            each.event.new_due,
        )
        for each in engine.log.follow(since, 1_000_000)
        if isinstance(each.event, TermRefixed)
    }


# ------------------------------------------------------------------------- the same as what happens


@pytest.mark.parametrize("seed", range(8) if SOAK else range(1))
def test_what_is_foretold_of_a_city_is_what_then_happens(tmp_path: Path, seed: int) -> None:
    with living_city(tmp_path / "store.sqlite", seed, 400 if SOAK else 120) as engine:
        head, now = engine.log.head(), engine.clock.now()
        loading = engine._rules.notice(REVISION, now)
        foreseen = list(foresee(engine.log, loading.rules, now))
        foretold = engine.foresee_notice(REVISION, quiet)
        assert engine.log.head() == head

        report = engine.load_notice(REVISION)
        moves = {move[:3]: (move.old_due, move.new_due) for each in foreseen for move in each.moves}
        assert moves == happened(engine, head)
        total, done = foretold.total, report.campaign.done
        assert (total.terms, total.later, total.earlier) == (done.refixed, done.later, done.earlier)
        assert (foretold.dossiers, report.dossiers) == (len(foreseen), len(foreseen))
        assert total.later > 0
        assert total.earlier > 0
        assert total.unchanged > 0, "warned of at another time"
        assert sum(tally.terms for tally in foretold.units.values()) == total.terms
        assert not foretold.failed
        at(engine, now + DAY)
        assert engine.verify().identical


def test_nothing_is_written(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    filled(store, 4)
    with opened(store) as engine:
        engine.follow()
        before = (engine.log.head(), engine.verify().live, list(engine.log.alarms()))
        told: list[int] = []
        engine.foresee_notice(NOTICE, told.append)
        engine.foresee_packs({"demo/2.toml": NEXT}, quiet)
        assert (engine.log.head(), engine.verify().live, list(engine.log.alarms())) == before
        assert list(engine.campaigns.all()) == []
        assert told == [1, 2, 3, 4]
        assert engine.rules.digest == RULES.digest


def test_what_is_loaded_already_moves_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    filled(store, 2)
    with opened(store) as engine:
        engine.load_notice(NOTICE)
        assert engine.foresee_notice(NOTICE, quiet).total.terms == 0
        engine.load_packs({"demo/2.toml": NEXT})
        assert engine.foresee_packs({"demo/2.toml": NEXT}, quiet).total.terms == 0


def test_an_edition_moves_nothing_and_says_how_many_go_by_it_later(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    filled(store, 5)
    with opened(store) as engine:
        found = engine.foresee_packs({"demo/2.toml": NEXT}, quiet)
        assert (found.dossiers, found.total.terms, found.governed) == (5, 0, {"demo": 5})


def test_what_cannot_be_loaded_is_refused_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "store.sqlite") as engine, pytest.raises(Refusal) as refused:
        engine.foresee_packs({"demo/1.toml": PACK.replace("10个工作日", "8个工作日")}, quiet)
    assert refused.value.code == "EDITION_CHANGED"


def test_a_dossier_that_cannot_be_judged_is_named(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    filled(store, 1)
    tried = Rulebook(RULES.almanacs, [*RULES.packs, parse_pack(NEXT.replace("-07-", "-06-"))])
    with opened(store, rules=tried) as engine:
        dispatched(engine, "T1")
    with opened(store) as engine:
        found = engine.foresee_notice(NOTICE, quiet)
        assert found.failed == {"petition/T1": "RULES_CHANGED"}
        assert engine.load_notice(NOTICE).campaign.failed == found.failed


def test_terms_of_a_year_without_a_notice_become_official(tmp_path: Path) -> None:
    """One of its two terms ends behind the turn of the year."""
    store = tmp_path / "store.sqlite"
    with opened(store, parse_instant("2025-12-22T09:00:00+08:00"), rules=UNPUBLISHED) as engine:
        dispatched(engine, "P1")
        found = engine.foresee_notice(NEW_YEAR, quiet)
        (unit,) = found.units
        assert (found.total.official, found.total.later, found.total.unchanged) == (1, 1, 0)
        assert [(each.clause, each.unit, each.official) for each in found.examples] == [
            ("solve", unit, True)
        ]
        assert engine.load_notice(NEW_YEAR).refixed == 1


# ------------------------------------------------------------------------------------ how it counts


def move(stream: str, by: int | None, unit: str = "U1") -> Move:
    return Move(stream, "solve", "1", unit, 1_000, None if by is None else 1_000 + by, False)


def test_a_forecast_counts_ways_lengths_and_units() -> None:
    found = Forecast()
    found.take(Foreseen("petition/P1", "demo", (move("petition/P1", 7), move("petition/P1", -3))))
    found.take(Foreseen("petition/P2", "demo", (move("petition/P2", None, "U2"),)))
    found.take(Foreseen("talk/T1", "other", (move("talk/T1", -9),)))
    found.take(Foreseen("petition/P3", "demo"))
    found.take(Foreseen("petition/P4", "demo", failure="RULES_CHANGED"))
    total = found.total
    assert (found.dossiers, total.dossiers, total.terms) == (5, 3, 4)
    assert (total.later, total.earlier, total.unchanged) == (1, 2, 1)
    assert (total.latest, total.earliest) == (7, -9)
    assert found.kinds == {"petition": 2, "talk": 1}
    assert {unit: (tally.dossiers, tally.terms) for unit, tally in found.units.items()} == {
        "U1": (2, 3),
        "U2": (1, 1),
    }
    assert found.governed == {"demo": 4, "other": 1}


def test_examples_are_those_that_move_farthest_the_first_of_equals() -> None:
    found = Forecast()
    for index in range(30):
        stream = f"petition/P{index:02d}"
        found.take(Foreseen(stream, "demo", (move(stream, index % 15 - 7),)))
    assert len(found.examples) == EXAMPLES
    assert [(each.stream[-2:], each.by) for each in found.examples[:5]] == [
        ("00", -7), ("14", 7), ("15", -7), ("29", 7), ("01", -6),
    ]  # fmt: skip

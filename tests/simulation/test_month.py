"""A seeded month of a city through all read models: every row and every rate equals a recount.

The recount (`tests.support.recount`) goes through the raw facts of one dossier after another and
knows nothing of how a read model is kept. The seed is printed; `SLA_SEED=n` repeats it, and
`SLA_PETITIONS=n` gives the city another size.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import pytest

from projections import READ_MODELS
from projections.scorecard import figures
from scenarios.month import month
from scenarios.workload import DAY
from sla_engine.followers.projector import rebuild
from sla_engine.projection import tables
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.city import City
from tests.support.delivery import engine_at
from tests.support.recount import Case, Columns, Counted, counted, rate, scorecard_cells
from tests.support.recount_rows import rows, sums

SEED = int(os.environ.get("SLA_SEED", "20250301"))
SOAK = os.environ.get("SOAK") == "1"
PETITIONS = int(os.environ.get("SLA_PETITIONS", "200000" if SOAK else "250"))
BEGIN = parse_instant("2025-03-01T00:00:00+08:00")
LATER = BEGIN + 75 * DAY
PERIODS = [(date(2025, 3, 1), date(2025, 3, 31)), (date(2025, 4, 7), date(2025, 4, 13))]


class Recount(NamedTuple):
    """What the slow program found: petitions counted, rows by read model, sums by cell."""

    petitions: list[Counted]
    rows: dict[str, dict[str, Columns]]
    sums: dict[str, dict[str, Counter[str]]]


@pytest.fixture(scope="module")
def city() -> Iterator[Engine]:
    print(f"seed {SEED}, {PETITIONS} petitions")
    with engine_at(BEGIN) as engine:
        delivery = City(engine)
        delivery.deliver(month(SEED, PETITIONS, BEGIN))
        delivery.move_to(LATER)
        # A score that comes after the draft leaves its member without a place to lose.
        assert set(delivery.given_up) <= {"MERGE_IMPOSSIBLE", "PLACE_UNKNOWN"}
        yield engine


@pytest.fixture(scope="module")
def recount(city: Engine) -> Recount:
    found = Recount([], {}, {})
    for stream in city.log.streams(""):
        case = Case(stream, city.events(stream), city.rules, city.clock.now())
        if case.kind.name == "petition":
            found.petitions.append(counted(case))
        for model, some in rows(case).items():
            found.rows.setdefault(model, {}).update(some)
        for table, cells in sums(case).items():
            for key, counters in cells.items():
                found.sums.setdefault(table, {}).setdefault(key, Counter()).update(+counters)
    return found


SHOWN: Mapping[str, Callable[[Columns, str], Any]] = {
    "exclusions": lambda row, name: [each["exclusion"] for each in row[name]],
    "rated": lambda row, name: row[name] and row[name]["satisfied"],
    "places": lambda row, name: {
        (each["member"], each["place"], each["rank"], each["score"]) for each in row[name]
    },
    "objections": lambda row, name: [each["member"] for each in row[name]],
    "statements": lambda row, name: {
        member: {side: said["carried_over"] for side, said in sides.items()}
        for member, sides in row[name].items()
    },
    "means": lambda row, _name: {
        member: {dimension: round(total / n) for dimension, (total, n) in scores.items()}
        for member, scores in row["scores"].items()
    },
    "holders": lambda row, name: [
        (each["holder"], each["unit"], each["from"], each["to"]) for each in row[name]
    ],
    "reached": lambda row, _name: sorted(each["trigger"] for each in row["triggers"].values()),
}
"""How to show a column whose recount is shorter than the column."""


def shown(row: Columns, name: str) -> Any:
    return SHOWN[name](row, name) if name in SHOWN else row[name]


@pytest.mark.parametrize(
    "model",
    ["worklist", "petition_card", "talk_register", "board", "rounds", "items", "supervision",
     "callbacks", "roster", "repetition"],
)  # fmt: skip
def test_every_row_says_what_a_recount_of_the_raw_facts_says(
    city: Engine, recount: Recount, model: str
) -> None:
    found, expected = dict(city.rows(model)), recount.rows[model]
    assert found.keys() == expected.keys()
    assert len(found) > 0, "a city without a single one proves nothing"
    for key, columns in expected.items():
        assert {name: shown(found[key], name) for name in columns} == columns, key


def test_every_cell_of_the_scorecard_is_the_sum_of_petitions_counted_one_by_one(
    city: Engine, recount: Recount
) -> None:
    found, expected = dict(city.rows("scorecard.cells")), scorecard_cells(recount.petitions)
    assert found.keys() == expected.keys()
    for key, cell in expected.items():
        assert found[key] == cell, key


@pytest.mark.parametrize("table", ["reconciliation.cells", "stewards.cells", "duplicates.cells"])
def test_every_sum_of_lists_projects_and_matters_is_that_of_a_recount(
    city: Engine, recount: Recount, table: str
) -> None:
    assert dict(city.rows(table)) == recount.sums[table]
    assert recount.sums[table]


@pytest.mark.parametrize("days", PERIODS)
def test_every_rate_of_every_unit_can_be_worked_out_again_from_the_facts(
    city: Engine, recount: Recount, days: tuple[date, date]
) -> None:
    pack = city.rules.pack_on("zaozhuang-2110", BEGIN, BEGIN)
    period = (days[0].isoformat(), days[1].isoformat())
    judged = 0
    for name, found in groupby(
        figures(city.rows("scorecard.cells"), pack, *days, by="unit"), lambda each: each.measure
    ):
        over, under = (
            rate(recount.petitions, name, counters, period)
            for counters in (pack.measures[name].numerator, pack.measures[name].denominator)
        )
        for figure in found:
            counts = (figure.numerator, figure.denominator)
            assert counts == (over[figure.group], under[figure.group])
            assert (figure.packs and figure.calendars) or not figure.denominator
            judged += figure.denominator
    assert judged > 0


def test_what_is_excluded_is_printed_beside_what_counts(city: Engine, recount: Recount) -> None:
    pack = city.rules.pack_on("zaozhuang-2110", BEGIN, BEGIN)
    for figure in figures(city.rows("scorecard.cells"), pack, *PERIODS[0]):
        measure = pack.measures[figure.measure]
        left_out = [
            each
            for each in recount.petitions
            if each.everywhere or figure.measure in each.from_
            for count in each.counts
            if count.what in (measure.denominator or measure.numerator)
            and PERIODS[0][0].isoformat() <= count.day <= PERIODS[0][1].isoformat()
        ]
        assert figure.excluded == len(left_out)
        named = {name for each in left_out for name in each.exclusions}
        assert named <= set(figure.exclusions)


def test_the_log_alone_gives_the_same_state_and_the_same_tables(city: Engine) -> None:
    assert city.verify().identical


def test_every_read_model_rebuilt_from_the_log_is_the_one_that_grew_with_it(city: Engine) -> None:
    for model in READ_MODELS:
        live = {table: dict(city.rows(table)) for table in tables(model)}
        rebuild(city.log, model, batch=2_000)
        assert {table: dict(city.rows(table)) for table in tables(model)} == live, model.name


def test_nothing_was_put_aside(city: Engine) -> None:
    for model in READ_MODELS:
        assert list(city.log.dead_letters(f"projection/{model.name}")) == []

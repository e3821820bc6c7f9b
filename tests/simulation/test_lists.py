"""Every list and every figure of the cockpit equals a recount of raw facts, at many instants."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from projections import docket, lists
from projections.cockpit import WINDOW, cockpit, trend
from projections.docket import Filter
from projections.paging import Page
from scenarios.month import month
from scenarios.workload import DAY, HOUR, Shape
from sla_engine.record import Instant
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.city import City
from tests.support.delivery import engine_at
from tests.support.recount import Case, day
from tests.support.recount_docket import Entry, entry, figures, listed

BEGIN = parse_instant("2025-03-01T00:00:00+08:00")
BUSY = Shape(units=4, kinds=("投诉", "一件事"), returned=0.3, reworked=0.3, voided=0.2, merged=0.15,
             slow=0.5, late_arrival=0.2, assisted=0.3, rated=0.5, excluded=0.2, unfinished=0.4,
             items=0.3)  # fmt: skip
MOMENTS = (BEGIN + 12 * DAY + 15 * HOUR, BEGIN + 31 * DAY + 17 * HOUR, BEGIN + 75 * DAY)
PETITIONS = 90


@pytest.fixture(scope="module", params=MOMENTS, ids=day)
def town(request: pytest.FixtureRequest) -> Iterator[Engine]:
    arrivals = [each for each in month(7, PETITIONS, BEGIN, BUSY) if each.at <= request.param]
    with engine_at(BEGIN) as engine:
        delivery = City(engine, batch=20)
        delivery.receive(arrivals)
        delivery.move_to(request.param)
        yield engine


@pytest.fixture(scope="module")
def entries(town: Engine) -> list[Entry]:
    now = town.clock.now()
    streams = town.log.streams("petition/")
    return [entry(Case(each, town.events(each), town.rules, now)) for each in streams]


def through(read: Any, limit: int) -> list[Any]:
    """All rows of a list, page by page."""
    rows: list[Any] = []
    found: Page = read(cursor="", limit=limit)
    rows += found.rows
    while found.next:
        found = read(cursor=found.next, limit=limit)
        rows += found.rows
    return rows


def asked(now: Instant) -> Iterator[Filter]:
    for order, state, unit in product(
        ("due", "newest"), ("open", "ended", "any"), (None, "U01", "")
    ):
        common: Any = {"order": order, "state": state, "unit": unit}
        yield Filter(**common)
        yield Filter(**common, kind="一件事", phase="in_progress")
        yield Filter(**common, number="ZZ2025031")
        for card in ("red", "yellow", "any", "none"):
            yield Filter(**common, card=card)
        for bounds in ({"due_before": now}, {"due_from": now}, {"due_from": now - DAY,
                       "due_before": now + 20 * DAY, "card": "any"}):  # fmt: skip
            yield Filter(**common, **bounds)


def test_every_filter_lists_what_a_recount_lists_in_its_order(
    town: Engine, entries: list[Entry]
) -> None:
    by_no, empty, count = {each.no: each for each in entries}, 0, 0
    for each in asked(town.clock.now()):
        wanted = listed(entries, each)

        def read(cursor: str, limit: int, each: Filter = each) -> Page:
            return docket.page(town, each, cursor, limit)

        rows = through(read, 7)
        assert [row["no"] for row in rows] == wanted, each
        for row in rows:
            entry = by_no[row["no"]]
            shown = (row["due"], row["card"], row["level"])
            unit = each.unit
            assert shown == (entry.due(unit), entry.card(unit), entry.level(unit))
        empty, count = empty + (not wanted), count + 1
    assert empty < 0.6 * count, "filters that ask for nothing prove nothing"


def test_a_row_says_what_a_recount_says(town: Engine, entries: list[Entry]) -> None:
    for each in entries:
        row = docket.petition(town, each.no)
        assert row is not None
        names = set(Entry._fields) - {"verdicts", "reds", "owed", "acts"}
        assert {name: row[name] for name in names} == {name: getattr(each, name) for name in names}
        shown = (row["due"], row["card"], row["level"])
        assert shown == (each.due(None), each.card(None), each.level(None))
        assert row["open"] == each.open
    assert docket.petition(town, "ZZ") is None


def test_the_cockpits_figures_are_those_of_a_recount(town: Engine, entries: list[Entry]) -> None:
    now = town.clock.now()
    today = date.fromisoformat(day(now))
    window = {(today - timedelta(back)).isoformat() for back in range(1, WINDOW + 1)}
    found = cockpit(town, now)
    names = figures(entries, now, window, None)._fields
    shown = {each.unit: tuple(getattr(each, name) for name in names) for each in found.units}
    units = {each.unit for each in entries}
    units |= {unit for each in entries for _, unit, _ in each.verdicts}
    units |= {unit for each in entries for unit, _ in each.owed}
    wanted = {unit: figures(entries, now, window, unit) for unit in units}
    assert shown == {unit: counts for unit, counts in wanted.items() if any(counts)}
    total = figures(entries, now, window, None)
    assert tuple(getattr(found.total, name) for name in names) == total
    assert total != tuple(map(sum, zip(*shown.values(), strict=True))), (
        "no petition has two parties"
    )
    for unit in ("U01", "U02", ""):
        (own,) = cockpit(town, now, unit).units
        assert tuple(getattr(own, name) for name in names) == wanted[unit]


def test_the_trend_is_what_began_ended_and_went_red_each_day(
    town: Engine, entries: list[Entry]
) -> None:
    now = town.clock.now()
    found = list(trend(town, now, 90))
    assert [each.day.isoformat() for each in found][-1] == day(now)
    for each in found:
        when = each.day.isoformat()
        assert each.registered == sum(day(one.registered_at) == when for one in entries)
        ended = (one.ended_at for one in entries if one.ended_at is not None)
        assert each.ended == sum(day(at) == when for at in ended)
        assert each.red == sum(one.reds.count(when) for one in entries)
    assert any(each.red for each in found), "a city without a red card proves nothing"


@pytest.mark.parametrize(
    ("table", "register", "entered", "unit"),
    [
        ("talk_list", "talk_register", "proposed_at", "unit"),
        ("supervision_list", "supervision", "number", "unit"),
        ("item_list", "items", "listed_at", "unit"),
        ("dispute_list", "dispute_register", "opened_at", "claimant"),
    ],
)
def test_a_list_is_its_register_newest_first_whole_open_or_of_one_unit(
    town: Engine, table: str, register: str, entered: str, unit: str
) -> None:
    rows = [row for _, row in town.rows(register)]
    some = next((row[unit] for row in rows), "")

    def is_open(row: dict[str, Any]) -> bool:
        return bool(row["stands"] and row["settled_at"] is None if "stands" in row else row["open"])

    for of, only_open in product((None, some), (False, True)):
        wanted = [row for row in rows if (of is None or row[unit] == of)]
        wanted = [row for row in wanted if is_open(row) or not only_open]

        def read(cursor: str, limit: int, of: Any = of, only_open: bool = only_open) -> Page:
            return lists.page(town, table, cursor, limit, unit=of, only_open=only_open)

        found = through(read, 3)
        assert len(found) == len(wanted)
        if table == "item_list" and only_open:
            dues = [row["due"] for row in found]
            assert dues == sorted(dues, key=lambda due: (due is None, due or 0))
        else:
            order = [row[entered] for row in found]
            assert order == sorted((row[entered] for row in wanted), reverse=True)
        assert all(row in found for row in map(visible, wanted))


def visible(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("lines", "raised")}


def test_open_talks_and_orders_are_counted(town: Engine) -> None:
    talks = [row for _, row in town.rows("talk_register") if row["open"]]
    for unit in (None, "U01"):
        tiers = [row["tier"] for row in talks if unit in (None, row["unit"])]
        assert lists.open_talks(town, unit) == {
            tier: tiers.count(tier) for tier in sorted({*tiers})
        }
    orders = [
        row["act"]
        for _, row in town.rows("supervision")
        if row["stands"] and row["settled_at"] is None
    ]
    assert lists.open_orders(town) == {act: orders.count(act) for act in orders}
    assert cockpit(town, town.clock.now()).talks == lists.open_talks(town)


def test_the_live_state_is_verified_with_every_list(town: Engine) -> None:
    assert town.verify().identical

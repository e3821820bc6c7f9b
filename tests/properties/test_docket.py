"""Random small cities: the docket and the cockpit are a recount of raw facts, however it went."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from projections import READ_MODELS, docket
from projections.cockpit import WINDOW, cockpit
from projections.docket import Filter
from scenarios.month import month
from scenarios.workload import DAY, HOUR, Shape
from sla_engine.followers.projector import rebuild
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.city import City
from tests.support.delivery import engine_at
from tests.support.recount import Case, day
from tests.support.recount_docket import Entry, entry, figures, listed
from tests.support.sizes import examples

BEGIN = parse_instant("2025-03-01T00:00:00+08:00")
LIVELY = Shape(units=3, kinds=("投诉", "一件事"), returned=0.4, reworked=0.4, voided=0.4, slow=0.5,
               merged=0.3, late_arrival=0.3, repeated=0.2, assisted=0.4, excluded=0.5,
               unfinished=0.4)  # fmt: skip


@given(seed=st.integers(0, 10**6), hours=st.integers(24, 80 * 24))
@examples(6, 500)
def test_lists_and_figures_of_any_city_at_any_hour_are_a_recount(seed: int, hours: int) -> None:
    now = BEGIN + hours * HOUR
    with engine_at(BEGIN) as engine:
        delivery = City(engine, batch=15)
        delivery.receive(each for each in month(seed, 8, BEGIN, LIVELY) if each.at <= now)
        delivery.move_to(now)
        streams = engine.log.streams("petition/")
        entries = [entry(Case(each, engine.events(each), engine.rules, now)) for each in streams]
        compare(engine, entries, now)
        tables = ("docket", "docket.base", "docket.cells")
        live = {table: dict(engine.rows(table)) for table in tables}
        (model,) = (each for each in READ_MODELS if each.name == "docket")
        rebuild(engine.log, model, batch=13)
        assert {table: dict(engine.rows(table)) for table in tables} == live


def compare(engine: Engine, entries: list[Entry], now: int) -> None:
    for asked in (
        Filter(),
        Filter(unit="U01"),
        Filter(unit=""),
        Filter(unit="", order="newest"),
        Filter(unit="U01", card="any"),
        Filter(unit="U02", number="P"),
        Filter(card="any"),
        Filter(order="newest", state="any"),
        Filter(order="newest", state="ended", unit="U02"),
        docket.overdue(now),
        Filter(due_from=now, due_before=now + 3 * DAY),
    ):
        found = docket.page(engine, asked, limit=1_000)
        assert [row["no"] for row in found.rows] == listed(entries, asked), asked
    today = date.fromisoformat(day(now))
    window = {(today - timedelta(back)).isoformat() for back in range(1, WINDOW + 1)}
    wanted = figures(entries, now, window, None)
    total = cockpit(engine, now).total
    assert tuple(getattr(total, name) for name in wanted._fields) == wanted

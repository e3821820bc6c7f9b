"""Read models come out the same however events are cut, whenever a process dies, in any order."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import cycle
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from projections import READ_MODELS
from scenarios.month import month
from scenarios.workload import DAY, HOUR, MINUTE, Arrival, Shape
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import follower_name, read_rows, rebuild
from sla_engine.projection import Columns, OfDossiers, Projection, tables
from sla_engine.record import Recorded
from sla_engine.store.application import PetitionLog
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.city import City
from tests.support.delivery import engine_at
from tests.support.sizes import examples

BEGIN = parse_instant("2025-03-01T00:00:00+08:00")
LIVELY = Shape(units=4, kinds=("投诉", "一件事"), returned=0.4, reworked=0.4, voided=0.4,
               merged=0.3, slow=0.5, late_arrival=0.2, repeated=0.2, assisted=0.4, rated=0.8,
               excluded=0.5, known=0.9, unfinished=0.3, items=0.5, rounds=True)  # fmt: skip

Tables = dict[str, dict[str, Columns]]


def everything(log: PetitionLog) -> Tables:
    return {table: dict(read_rows(log, table)) for model in READ_MODELS for table in tables(model)}


def forget(log: PetitionLog) -> None:
    """Leave the log and drop every read model."""
    with log.transact() as tx:
        for model in READ_MODELS:
            tx.forget(follower_name(model.name))
            for table in tables(model):
                tx.drop_rows(table, keep=0)


def kinds_of_rows(model: Projection, events: Iterable[Recorded]) -> set[str]:
    """Of which kinds of dossier a model makes rows when it is shown every event."""
    rows: dict[str, Columns | None] = {}
    for recorded in events:
        if model.interested(recorded.event):
            key = model.key(recorded)
            rows[key] = model.apply(rows.get(key), recorded)
    return {key.partition("/")[0] for key, row in rows.items() if row is not None}


def lived(engine: Engine, arrivals: list[Arrival]) -> None:
    """A city's month, until two months after it."""
    delivery = City(engine, batch=20)
    delivery.deliver([Arrival(each.at, dict(each.fact)) for each in arrivals])
    delivery.move_to(BEGIN + 130 * DAY)


@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6))
@examples(3, 500)
def test_any_cut_into_batches_with_a_crash_after_each_gives_the_same_tables(
    seed: int, sizes: list[int]
) -> None:
    with engine_at(BEGIN) as engine:
        lived(engine, month(seed, 6, BEGIN, LIVELY))
        live = everything(engine.log)
        for model in READ_MODELS:
            if isinstance(model, OfDossiers):
                assert kinds_of_rows(model, engine.log.scan()) <= set(model.dossiers)
        forget(engine.log)
        assert not any(everything(engine.log).values())
        # Each batch is taken by a process of its own.
        for size in cycle(sizes):
            if not ReadModels(engine.log, READ_MODELS, size).step():
                break
        assert everything(engine.log) == live
        for model in READ_MODELS:
            rebuild(engine.log, model, sizes[0])
        assert everything(engine.log) == live


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(3, 500)
def test_any_order_of_arrival_gives_the_same_counts(seed: int, mixing: Random) -> None:
    # Whether a merge is still possible depends on what has arrived; that is not in question here.
    arrivals = month(seed, 6, BEGIN, replace(LIVELY, merged=0.0))
    late = [
        Arrival(each.at + mixing.choice([0, MINUTE, 5 * HOUR, 9 * DAY]), each.fact)
        for each in arrivals
    ]
    found: list[Tables] = []
    for order in (arrivals, sorted(late, key=lambda each: each.at)):
        with engine_at(BEGIN) as engine:
            lived(engine, order)
            found.append(everything(engine.log))
    # What the engine did about it may differ: an act learned late is recorded late.
    for table in ("scorecard.cells", "duplicates.cells", "callbacks", "roster"):
        assert found[0][table] == found[1][table]

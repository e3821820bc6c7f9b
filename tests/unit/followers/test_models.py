"""All read models in one pass: one commit per batch, a position for each, sums and spread rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.errors import Fault, Unavailable
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import follower_name, read_rows, rebuild
from sla_engine.petition.events import Accepted, Closed, Dispatched
from sla_engine.projection import Columns, Projection, published, tables
from sla_engine.record import Draft, Event
from sla_engine.store.application import PetitionLog, open_memory
from sla_engine.store.refusals import STORE_AWAY
from sla_engine.store.unit import UnitOfWork
from tests.conformance.store.samples import alarm, meta, registered
from tests.unit.followers.sums import Sums
from tests.unit.followers.test_projector import Open

A, B = (Dispatched(unit, unit) for unit in ("甲", "乙"))
STORY: dict[str, list[Event]] = {
    "1": [A, A, B],
    "2": [B, Accepted(), A],
    "3": [A, Closed()],
    "4": [],
}
CELLS = {"甲": {"times": 3, "clocks": 2}, "乙": {"times": 1, "clocks": 1}}
ROWS = {
    "petition/1|甲": {"unit": "甲"},
    "petition/1|乙": {"unit": "乙"},
    "petition/2|甲": {"unit": "甲"},
}


def tell(log: PetitionLog, stories: Mapping[str, list[Event]]) -> None:
    for no, events in stories.items():
        with log.transact() as tx:
            drafts = [registered(no=no), *(Draft(meta(), event) for event in events)]
            tx.append(f"petition/{no}", 0, drafts)
            tx.set_alarms(f"petition/{no}", [alarm("reply")])


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    tell(log, STORY)
    yield log
    log.close()


def everything(log: PetitionLog, model: Projection) -> dict[str, dict[str, Columns]]:
    return {table: dict(read_rows(log, table)) for table in tables(model)}


def test_a_model_has_its_rows_its_cells_and_the_rows_it_is_read_by(log: PetitionLog) -> None:
    ReadModels(log, [Sums()]).run()
    found = everything(log, Sums())
    assert found["sums"] == ROWS
    assert found["sums.cells"] == CELLS
    base = found["sums.base"]
    assert sorted(base) == ["petition/1", "petition/2", "petition/4"]
    assert base["petition/1"] == {"stream": "petition/1", "units": ["甲", "甲", "乙"], "clocks": 1}


@given(batch=st.integers(1, 14))
def test_how_events_are_cut_into_batches_makes_no_difference(batch: int) -> None:
    log = open_memory()
    tell(log, STORY)
    ReadModels(log, [Open(), Sums()], batch).run()
    found = everything(log, Sums())
    assert (found["sums"], found["sums.cells"]) == (ROWS, CELLS)
    assert published(Sums(), found["sums.base"]) == found
    log.close()


def test_a_cell_whose_last_counter_comes_to_zero_vanishes(log: PetitionLog) -> None:
    models = ReadModels(log, [Sums()])
    models.run()
    for no in ("1", "2"):
        with log.transact() as tx:
            stream = f"petition/{no}"
            tx.append(stream, len(tx.load(stream)), [Draft(meta(), Closed())])
    models.run()
    found = everything(log, Sums())
    assert (found["sums"], found["sums.cells"]) == ({}, {})
    assert sorted(found["sums.base"]) == ["petition/4"]


def test_rows_and_cells_of_a_rebuild_are_swapped_together(log: PetitionLog) -> None:
    models = ReadModels(log, [Open(), Sums()])
    models.run()
    live = everything(log, Sums())
    with log.transact() as tx:
        tx.put_rows("sums.cells", 1, {"丙": {"times": 9}})
        tx.put_rows("sums", 1, {"stray": {}})
    assert rebuild(log, Sums(), batch=3) == 2
    assert everything(log, Sums()) == live
    assert all(list(log.table(table, 1)) == [] for table in tables(Sums()))
    tell(log, {"7": [A]})
    models.run()
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 4, "clocks": 3}


def test_one_commit_serves_all_that_have_come_equally_far(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[None] = []
    transact = log.transact

    def counted() -> Any:
        commits.append(None)
        return transact()

    monkeypatch.setattr(log, "transact", counted)
    assert ReadModels(log, [Open(), Sums()], batch=5).run() == log.head()
    assert len(commits) == -(-log.head() // 5)


def test_the_further_behind_the_more_is_taken_at_once(log: PetitionLog) -> None:
    tell(log, {str(no): [A] * 9 for no in range(10, 20)})
    head, models, taken = log.head(), ReadModels(log, [Open(), Sums()], batch=2), list[int]()
    while count := models.step():
        taken.append(count)
    assert (head, sum(taken)) == (112, 112)
    assert taken == sorted(taken, reverse=True)
    assert (taken[0], taken[-1]) == (20, 2)
    ReadModels(fresh := retold(log), [Open(), Sums()], batch=112).run()
    assert everything(log, Sums()) == everything(fresh, Sums())
    fresh.close()


def retold(log: PetitionLog) -> PetitionLog:
    """Another log of the same events and clocks."""
    other = open_memory()
    for stream in log.streams(""):
        with other.transact() as tx:
            tx.append(stream, 0, [Draft(each.meta, each.event) for each in log.read(stream)])
            tx.set_alarms(stream, [row for _, row in log.alarms(stream)])
    return other


def test_rows_are_kept_from_batch_to_batch(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ReadModels(log, [Sums()])
    models.run()
    read: list[str] = []
    rows = UnitOfWork.rows

    def noted(self: UnitOfWork, table: str, generation: int, keys: list[str]) -> Any:
        read.extend(keys)
        return rows(self, table, generation, keys)

    monkeypatch.setattr(UnitOfWork, "rows", noted)
    for _ in range(3):
        with log.transact() as tx:
            tx.append("petition/1", len(tx.load("petition/1")), [Draft(meta(), A)])
        models.run()
    assert read == []
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 6, "clocks": 2}
    tell(log, {"9": [B]})
    models.run()
    assert read == ["petition/9"]


def test_rows_that_were_kept_are_read_anew_once_another_process_has_gone_on(
    log: PetitionLog,
) -> None:
    first, second = ReadModels(log, [Sums()]), ReadModels(log, [Sums()])
    for models in (first, second, first, first, second):
        with log.transact() as tx:
            tx.append("petition/1", len(tx.load("petition/1")), [Draft(meta(), A)])
        models.run()
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 8, "clocks": 2}


def test_rows_of_a_batch_that_failed_are_not_kept(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ReadModels(log, [Sums()])
    models.run()
    with log.transact() as tx:
        tx.append("petition/1", len(tx.load("petition/1")), [Draft(meta(), A)])
    with monkeypatch.context() as patch:
        patch.setattr(UnitOfWork, "commit", _away)
        with pytest.raises(Unavailable):
            models.run()
    models.run()
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 4, "clocks": 2}


def _away(self: UnitOfWork) -> None:
    raise Unavailable(Fault(STORE_AWAY))


def test_a_new_model_catches_up_from_the_beginning_and_nobody_waits_for_it(
    log: PetitionLog,
) -> None:
    ReadModels(log, [Open()]).run()
    tell(log, {"7": [A, A]})
    models = ReadModels(log, [Open(), Sums()], batch=4)
    assert models.step() == 3
    assert dict(read_rows(log, "open"))["petition/7"] == {"dispatched": 2}
    assert log.position(follower_name("sums")) == 0
    models.run()
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 5, "clocks": 3}
    assert log.position(follower_name("sums")) == log.position(follower_name("open"))
    assert models.step() == 0


def test_what_one_model_cannot_take_is_put_aside_for_that_one(log: PetitionLog) -> None:
    models = ReadModels(log, [Open(fails_at=2), Sums(fails_at=4)], batch=6)
    models.run()
    assert [each.position for each in log.dead_letters("projection/open")] == [2]
    assert [each.position for each in log.dead_letters("projection/sums")] == [4]
    assert dict(read_rows(log, "open"))["petition/1"] == {"dispatched": 2}
    assert dict(read_rows(log, "sums.cells")) == {"甲": {"times": 3, "clocks": 2}}
    tell(log, {"7": [A]})
    models.run()
    assert dict(read_rows(log, "open"))["petition/7"] == {"dispatched": 1}


def test_several_over_one_store_take_nothing_twice(log: PetitionLog) -> None:
    first, second = (ReadModels(log, [Open(), Sums()], batch=3) for _ in range(2))
    second.step()
    first.step()
    while first.step() + second.step():
        pass
    assert everything(log, Sums())["sums.cells"] == CELLS
    tell(log, {"7": [A]})
    first.run()
    second.run()
    assert everything(log, Sums())["sums.cells"]["甲"] == {"times": 4, "clocks": 3}


def test_a_crash_between_batches_loses_nothing_and_repeats_nothing(log: PetitionLog) -> None:
    for _ in range(3):
        ReadModels(log, [Open(), Sums()], batch=3).step()
    ReadModels(log, [Open(), Sums()], batch=3).run()
    assert everything(log, Sums())["sums.cells"] == CELLS


def test_a_crash_within_a_batch_leaves_no_trace_of_it(
    log: PetitionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(self: Sums, row: Columns) -> Mapping[str, Columns]:
        raise KeyboardInterrupt

    models = ReadModels(log, [Open(), Sums()])
    with monkeypatch.context() as patch:
        patch.setattr(Sums, "spread", cut_off)
        with pytest.raises(KeyboardInterrupt):
            models.run()
    assert list(read_rows(log, "open")) == []
    assert log.position(follower_name("open")) == 0
    models.run()
    assert everything(log, Sums())["sums.cells"] == CELLS

"""Read models: kept up in batches, rebuilt beside the rows that are read."""

import pytest

from sla_engine.followers.projector import Projector, current_generation, read_rows, rebuild
from sla_engine.followers.runner import Runner
from sla_engine.petition.events import Closed, Dispatched, Registered
from sla_engine.record import Draft
from sla_engine.store.application import open_memory
from tests.conformance.store.samples import dispatched, meta, registered


class Open:
    """Open petitions with how often each was dispatched; a closed one has no row."""

    name = "open"

    def __init__(self, factor=1, fails_at=None):
        self.factor = factor
        self.fails_at = fails_at

    def interested(self, event):
        return isinstance(event, (Registered, Dispatched, Closed))

    def key(self, recorded):
        return recorded.stream

    def apply(self, row, recorded):
        if recorded.position == self.fails_at:
            raise ValueError
        match recorded.event:
            case Registered():
                return {"dispatched": 0, "no": recorded.event.no}
            case Dispatched():
                assert row is not None
                return {**row, "dispatched": row["dispatched"] + self.factor}
            case _:
                return None


@pytest.fixture
def log():
    log = open_memory()
    for n in range(6):
        fill(log, n)
    yield log
    log.close()


def fill(log, n):
    stream = f"petition/{n}"
    with log.transact() as tx:
        tx.append(stream, 0, [registered(no=str(n)), *[dispatched()] * n])
        if n == 3:
            tx.append(stream, 4, [Draft(meta(), Closed())])


def rows(log):
    return {key: row["dispatched"] for key, row in read_rows(log, "open")}


EXPECTED = {f"petition/{n}": n for n in range(6) if n != 3}


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_rows_do_not_depend_on_how_events_are_cut_into_batches(log, batch):
    Runner(log, Projector(Open()), batch).run()
    assert rows(log) == EXPECTED


def test_rows_are_read_by_prefix(log):
    Runner(log, Projector(Open())).run()
    assert [key for key, _ in read_rows(log, "open", "petition/2")] == ["petition/2"]


def test_an_event_that_cannot_be_applied_costs_that_event_alone(log):
    Runner(log, Projector(Open(fails_at=3))).run()
    assert rows(log) == EXPECTED | {"petition/1": 0}
    assert [letter.position for letter in log.dead_letters("projection/open")] == [3]


def test_a_rebuild_replaces_the_rows_and_the_follower_goes_on_from_there(log):
    Runner(log, Projector(Open())).run()
    assert current_generation(log, "open") == 1
    assert rebuild(log, Open(factor=10), batch=3) == 2
    assert rows(log) == {key: 10 * n for key, n in EXPECTED.items()}
    assert list(log.table("open", 1)) == []
    fill(log, 7)
    Runner(log, Projector(Open(factor=10))).run()
    assert rows(log)["petition/7"] == 70
    assert rebuild(log, Open()) == 3
    assert rows(log) == EXPECTED | {"petition/7": 7}


def test_readers_see_the_old_rows_until_the_new_ones_are_complete(log):
    Runner(log, Projector(Open())).run()
    seen = []

    rebuild(_Between(log, lambda: seen.append(rows(log))), Open(factor=10), batch=3)
    # Looked at before each transaction; the last of them drops the old rows.
    *while_rebuilding, afterwards = seen
    assert len(while_rebuilding) > 5
    assert all(view == EXPECTED for view in while_rebuilding)
    assert afterwards == {key: 10 * n for key, n in EXPECTED.items()}


class _Between:
    """A log that calls `look` before every transaction."""

    def __init__(self, log, look):
        self.log = log
        self.look = look

    def __getattr__(self, name):
        return getattr(self.log, name)

    def transact(self):
        self.look()
        return self.log.transact()


def test_a_rebuild_that_was_cut_off_is_begun_anew(log):
    Runner(log, Projector(Open())).run()
    calls = iter(range(3))

    def cut_off():
        if next(calls, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(_Between(log, cut_off), Open(factor=10), batch=3)
    assert rows(log) == EXPECTED
    assert len(list(log.table("open", 2))) > 0
    assert rebuild(log, Open(factor=10)) == 2
    assert rows(log) == {key: 10 * n for key, n in EXPECTED.items()}


def test_a_rebuild_waits_until_it_has_come_as_far_as_the_rows_that_are_read(log):
    live = Runner(log, Projector(Open()))
    live.run()
    numbers = iter(range(10, 13))

    def petitions_go_on():
        n = next(numbers, None)
        if n is not None:
            fill(log, n)
            live.run()

    rebuild(_Between(log, petitions_go_on), Open(factor=10), batch=100)
    live.run()
    assert set(rows(log)) == EXPECTED.keys() | {"petition/10", "petition/11", "petition/12"}
    assert rows(log)["petition/2"] == 20


def test_a_rebuild_keeps_its_own_dead_letters_and_none_of_the_old(log):
    Runner(log, Projector(Open(fails_at=3))).run()
    rebuild(log, Open(fails_at=5))
    letters = list(log.dead_letters("projection/open"))
    assert [(letter.follower, letter.position) for letter in letters] == [("projection/open", 5)]
    assert list(log.dead_letters("projection/open/rebuild")) == []

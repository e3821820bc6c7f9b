"""Read models: kept up in batches, rebuilt beside the rows that are read."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast

import pytest

from sla_engine.errors import Conflict, Fault
from sla_engine.followers.projector import Projector, current_generation, read_rows, rebuild
from sla_engine.followers.runner import Runner
from sla_engine.petition.events import Closed, Dispatched, Registered
from sla_engine.projection import Columns, FollowedLog
from sla_engine.record import Draft, Event, Recorded
from sla_engine.store.application import PetitionLog, open_memory
from tests.conformance.store.samples import dispatched, meta, registered


class Open:
    """Open petitions with how often each was dispatched; a closed one has no row."""

    name = "open"

    def __init__(self, factor: int = 1, fails_at: int | None = None) -> None:
        self.factor = factor
        self.fails_at = fails_at

    def interested(self, event: Event) -> bool:
        return isinstance(event, (Registered, Dispatched, Closed))

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        if recorded.position == self.fails_at:
            raise ValueError
        match recorded.event:
            case Registered():
                return {"dispatched": row["dispatched"] if row else 0}
            case Dispatched():
                assert row is not None
                return {**row, "dispatched": row["dispatched"] + self.factor}
            case _:
                return None


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    for n in range(6):
        fill(log, n)
    yield log
    log.close()


def fill(log: PetitionLog, n: int) -> None:
    stream = f"petition/{n}"
    with log.transact() as tx:
        tx.append(stream, 0, [registered(no=str(n)), *[dispatched()] * n])
        if n == 3:
            tx.append(stream, 4, [Draft(meta(), Closed())])


def rows(log: PetitionLog) -> dict[str, int]:
    return {key: row["dispatched"] for key, row in read_rows(log, "open")}


EXPECTED = {f"petition/{n}": n for n in range(6) if n != 3}


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_rows_do_not_depend_on_how_events_are_batched(log: PetitionLog, batch: int) -> None:
    Runner(log, Projector(Open()), batch).run()
    assert rows(log) == EXPECTED


def test_a_model_that_names_its_dossiers_is_shown_no_others(log: PetitionLog) -> None:
    class OfTalks(Open):
        dossiers = ("talk",)

    class OfPetitions(Open):
        dossiers = ("talk", "petition")

    Runner(log, Projector(OfTalks()), 5).run()
    assert rows(log) == {}
    assert rebuild(log, OfPetitions(), batch=5) == 2
    assert rows(log) == EXPECTED


def test_rows_are_read_by_prefix(log: PetitionLog) -> None:
    Runner(log, Projector(Open())).run()
    assert [key for key, _ in read_rows(log, "open", "petition/2")] == ["petition/2"]


def test_an_event_that_cannot_be_applied_costs_that_event_alone(log: PetitionLog) -> None:
    Runner(log, Projector(Open(fails_at=3))).run()
    assert rows(log) == EXPECTED | {"petition/1": 0}
    assert [letter.position for letter in log.dead_letters("projection/open")] == [3]


def test_a_rebuild_replaces_the_rows_and_the_follower_goes_on_from_there(log: PetitionLog) -> None:
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


def test_readers_see_the_old_rows_until_the_new_ones_are_complete(log: PetitionLog) -> None:
    Runner(log, Projector(Open())).run()
    seen: list[dict[str, int]] = []

    rebuild(between(log, lambda: seen.append(rows(log))), Open(factor=10), batch=3)
    # Looked at before each transaction; the last of them drops the old rows.
    *while_rebuilding, afterwards = seen
    assert len(while_rebuilding) > 5
    assert all(view == EXPECTED for view in while_rebuilding)
    assert afterwards == {key: 10 * n for key, n in EXPECTED.items()}


def between(log: PetitionLog, look: Callable[[], object]) -> FollowedLog:
    return cast(FollowedLog, _Between(log, look))


class _Between:
    """A log that calls `look` before every transaction."""

    def __init__(self, log: PetitionLog, look: Callable[[], object]) -> None:
        self.log = log
        self.look = look

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def transact(self) -> Any:
        self.look()
        return self.log.transact()


def test_a_rebuild_that_was_cut_off_is_begun_anew(log: PetitionLog) -> None:
    Runner(log, Projector(Open())).run()
    calls = iter(range(3))

    def cut_off() -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(between(log, cut_off), Open(factor=10), batch=3)
    assert rows(log) == EXPECTED
    assert len(list(log.table("open", 2))) > 0
    assert rebuild(log, Open(factor=10)) == 2
    assert rows(log) == {key: 10 * n for key, n in EXPECTED.items()}


def test_a_rebuild_that_meets_another_writer_as_it_swaps_tries_again(log: PetitionLog) -> None:
    Runner(log, Projector(Open())).run()
    looks: list[int] = []
    rebuild(between(log, lambda: looks.append(0)), Open(), batch=3)
    swap, turns = len(looks) - 1, count(1)

    def quicker() -> None:
        if next(turns) == swap:
            raise Conflict(Fault("STREAM_MOVED", "", "projection/open"))

    assert rebuild(between(log, quicker), Open(factor=10), batch=3) == 3
    assert rows(log) == {key: 10 * n for key, n in EXPECTED.items()}


def test_a_rebuild_waits_until_it_has_come_as_far_as_the_rows_that_are_read(
    log: PetitionLog,
) -> None:
    live = Runner(log, Projector(Open()))
    live.run()
    transactions = iter(range(1, 100))

    def petitions_go_on() -> None:
        """Before the swap, which is the third transaction, the old rows get ahead."""
        if next(transactions) == 3:
            fill(log, 7)
            live.run()

    rebuild(between(log, petitions_go_on), Open(factor=10), batch=100)
    assert next(transactions) == 7
    assert rows(log) == {key: 10 * n for key, n in EXPECTED.items()} | {"petition/7": 70}


def test_a_rebuild_keeps_its_own_dead_letters_and_none_of_the_old(log: PetitionLog) -> None:
    Runner(log, Projector(Open(fails_at=3))).run()
    rebuild(log, Open(fails_at=5))
    letters = list(log.dead_letters("projection/open"))
    assert [(letter.follower, letter.position) for letter in letters] == [("projection/open", 5)]
    assert list(log.dead_letters("projection/open/rebuild")) == []

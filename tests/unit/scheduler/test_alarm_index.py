"""The alarm index follows from the log: dropped and rebuilt, it is what it was."""

import random
from collections.abc import Iterable, Iterator, Sequence

import pytest

from sla_engine.ports import AlarmRow
from sla_engine.record import Instant, Recorded
from sla_engine.scheduler.alarm_index import Difference, audit, rebuild
from sla_engine.scheduler.sweep import planned, sweep
from sla_engine.store.application import PetitionLog, open_memory
from tests.conformance.store.samples import T0, alarm, dispatched
from tests.unit.scheduler.ladder import SECOND, open_petitions, planner, rows_of

NOW = T0 + 15 * SECOND


@pytest.fixture
def log() -> Iterator[PetitionLog]:
    log = open_memory()
    open_petitions(log, 30)
    sweep(log, planned(planner), NOW)
    yield log
    log.close()


def drop(log: PetitionLog, streams: Iterable[str]) -> None:
    with log.transact() as tx:
        for stream in streams:
            tx.set_alarms(stream, [])


def test_a_dropped_index_is_rebuilt_as_it_was(log: PetitionLog) -> None:
    before = list(log.alarms())
    assert len(before) == 30
    drop(log, list(log.streams("")))
    assert list(log.alarms()) == []
    assert rebuild(log, rows_of, NOW) == 30
    assert list(log.alarms()) == before


def test_rebuilding_a_sound_index_changes_nothing(log: PetitionLog) -> None:
    before = list(log.alarms())
    rebuild(log, rows_of, NOW)
    assert list(log.alarms()) == before


def test_a_sound_index_has_no_differences(log: PetitionLog) -> None:
    assert list(audit(log, rows_of, NOW)) == []


def test_lost_stale_and_stray_rows_are_found_and_mended(log: PetitionLog) -> None:
    chance = random.Random(3)
    lost, stale = chance.sample(sorted(log.streams("")), 2)
    with log.transact() as tx:
        tx.set_alarms(lost, [])
        tx.set_alarms(stale, [alarm("reply", at=T0)])
        tx.set_alarms("petition/none", [alarm("reply")])
    found = {difference.stream: difference for difference in audit(log, rows_of, NOW)}
    assert set(found) == {lost, stale, "petition/none"}
    assert found[lost] == Difference(lost, (), tuple(rows_of(lost, log.read(lost), NOW)))
    assert found["petition/none"].expected == ()
    rebuild(log, rows_of, NOW)
    assert list(audit(log, rows_of, NOW)) == []
    assert [row for stream, row in log.alarms("petition/none")] == []


def test_a_write_during_an_audit_is_no_difference(log: PetitionLog) -> None:
    """The events are read, then somebody adds one and sets the alarms, then those are read."""

    def rows_by_length(stream: str, events: Sequence[Recorded], now: Instant) -> Sequence[AlarmRow]:
        return [alarm("reply", at=T0 + len(events))]

    def rows_and_a_write(
        stream: str, events: Sequence[Recorded], now: Instant
    ) -> Sequence[AlarmRow]:
        with log.transact() as tx:
            if len(tx.load(stream)) == len(events) < 3:
                tx.append(stream, len(events), [dispatched()])
                tx.set_alarms(stream, rows_by_length(stream, tx.load(stream), now))
        return rows_by_length(stream, events, now)

    rebuild(log, rows_by_length, NOW)
    assert list(audit(log, rows_and_a_write, NOW)) == []

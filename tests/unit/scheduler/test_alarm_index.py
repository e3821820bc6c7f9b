"""The alarm index follows from the log: dropped and rebuilt, it is what it was."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant, Recorded
from sla_engine.scheduler.alarm_index import Auditor, Difference, audit, rebuild
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
    assert rebuild(log, rows_of, NOW) == []
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


# ------------------------------------------------------------------------------------ the auditor


def auditor_of(log: PetitionLog, **options: Any) -> tuple[Auditor, VirtualClock]:
    clock = VirtualClock(NOW)
    return Auditor(log, rows_of, clock, **options), clock


def test_the_auditor_looks_at_a_few_streams_at_a_time_and_begins_again(log: PetitionLog) -> None:
    auditor, _ = auditor_of(log, streams=12)
    looked_at = []
    for _turn in range(5):
        auditor.turn()
        looked_at.append((auditor.rounds, auditor.looked_at))
    assert looked_at == [(1, 0), (1, 12), (1, 24), (2, 30), (2, 42)]
    assert not auditor.found


def test_the_auditor_takes_a_turn_a_second_however_often_it_is_called(log: PetitionLog) -> None:
    auditor, clock = auditor_of(log, streams=1, every_s=1.0)
    for tenth in range(31):
        clock.set(NOW + tenth * SECOND // 10)
        auditor()
    assert auditor.looked_at == 3


def test_the_auditor_mends_and_counts_what_it_finds(log: PetitionLog) -> None:
    before = list(log.alarms())
    lost, wrong = "petition/0003", "petition/0011"
    with log.transact() as tx:
        tx.set_alarms(lost, [])
        tx.set_alarms(wrong, [alarm("reply", at=NOW + 99 * SECOND)])
        tx.set_alarms("petition/none", [alarm("reply")])
    auditor, _ = auditor_of(log, streams=100)
    auditor.turn()
    auditor.turn()
    assert auditor.found == {"lost": 1, "wrong": 1, "stray": 1}
    assert list(log.alarms()) == before


def test_the_auditor_leaves_to_the_sweep_what_is_due(log: PetitionLog) -> None:
    auditor, clock = auditor_of(log, streams=100)
    clock.set(NOW + 60 * SECOND)
    with log.transact() as tx:
        tx.set_alarms("petition/0020", [])
    auditor.turn()
    auditor.turn()
    assert auditor.found == {"lost": 1}
    assert log.count_due(clock.now()) == 30


def test_a_plan_counts_as_wrong_only_where_it_claims_the_same_rules(log: PetitionLog) -> None:
    def planned_rows(stream: str, events: Sequence[Recorded], now: Instant) -> list[AlarmRow]:
        return [row._replace(rules="A", plan=b"right") for row in rows_of(stream, events, now)]

    def found(**plan: Any) -> int:
        with log.transact() as tx:
            rows = planned_rows("petition/0001", log_of, NOW)
            tx.set_alarms("petition/0001", [row._replace(**plan) for row in rows])
        return sum(each.stream == "petition/0001" for each in audit(log, planned_rows, NOW))

    log_of = log.read("petition/0001")
    assert found() == 0
    assert found(plan=b"", rules="") == 0
    assert found(plan=b"other", rules="B") == 0
    assert found(plan=b"other") == 1

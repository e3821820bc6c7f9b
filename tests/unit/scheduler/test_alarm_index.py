"""The alarm index follows from the log: dropped and rebuilt, it is what it was."""

import random

import pytest

from sla_engine.scheduler.alarm_index import Difference, audit, rebuild
from sla_engine.scheduler.sweep import planned, sweep
from sla_engine.store.application import open_memory
from tests.conformance.store.samples import T0, alarm
from tests.unit.scheduler.ladder import SECOND, open_petitions, planner, rows_of

NOW = T0 + 15 * SECOND


@pytest.fixture
def log():
    log = open_memory()
    open_petitions(log, 30)
    sweep(log, planned(planner), NOW)
    yield log
    log.close()


def drop(log, streams):
    with log.transact() as tx:
        for stream in streams:
            tx.set_alarms(stream, [])


def test_a_dropped_index_is_rebuilt_as_it_was(log):
    before = list(log.alarms())
    assert len(before) == 30
    drop(log, list(log.streams("")))
    assert list(log.alarms()) == []
    assert rebuild(log, rows_of, NOW) == 30
    assert list(log.alarms()) == before


def test_rebuilding_a_sound_index_changes_nothing(log):
    before = list(log.alarms())
    rebuild(log, rows_of, NOW)
    assert list(log.alarms()) == before


def test_a_sound_index_has_no_differences(log):
    assert list(audit(log, rows_of, NOW)) == []


def test_lost_stale_and_stray_rows_are_found_and_mended(log):
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


def test_a_write_during_an_audit_is_no_difference(log):
    """The rows are asked for, then somebody fires a rung, then they are compared."""
    later = T0 + 3_600 * SECOND
    swept = []

    def rows_then_sweep(stream, events, now):
        rows = rows_of(stream, events, now)
        if not swept:
            swept.append(sweep(log, planned(planner), later))
        return rows

    assert list(audit(log, rows_then_sweep, later)) == []

"""The log is an `eventsourcing` application: its own ways in and out work on every store."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from eventsourcing.persistence import Notification, StoredEvent

from sla_engine.errors import Conflict
from sla_engine.record import Recorded
from sla_engine.store.application import PetitionLog
from sla_engine.store.codec import Entry
from tests.conformance.store.samples import OpenLog, dispatched, registered


def application(log: OpenLog) -> PetitionLog:
    assert isinstance(log, PetitionLog)
    return log


@pytest.mark.parametrize("key", ["a", ""])
def test_the_librarys_own_way_in_records_the_same(log: OpenLog, key: str) -> None:
    draft, application_ = registered(key), application(log)
    entry: Any = Entry("petition/1", 1, 0, draft.meta, draft.event)
    later: Any = Entry("petition/1", 2, 0, *dispatched())
    recordings = application_.save(entry, later)
    assert [recording.notification.id for recording in recordings] == [1, 2]
    assert list(log.read("petition/1")) == [entry._replace(position=1), later._replace(position=2)]
    assert list(log.streams("")) == ["petition/1"]
    with log.transact() as tx:
        assert len(tx.answers([("12345", key)])) == bool(key)
        tx.append("petition/1", 2, [dispatched()])
    with pytest.raises(Conflict) as refused:
        application_.save(later)
    assert refused.value.code == "STREAM_MOVED"
    assert application_.save() == []


def test_the_librarys_own_readers_agree(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("a"), dispatched("b"), dispatched("c")])
    recorder = application(log).recorder

    def versions(events: Sequence[StoredEvent]) -> list[int]:
        return [event.originator_version for event in events]

    def ids(events: Sequence[Notification]) -> list[int]:
        return [event.id for event in events]

    assert versions(recorder.select_events("petition/1", gt=1)) == [2, 3]
    assert versions(recorder.select_events("petition/1", lte=2, desc=True)) == [2, 1]
    assert versions(recorder.select_events("petition/1", desc=True, limit=1)) == [3]
    assert ids(recorder.select_notifications(None, 10)) == [1, 2, 3]
    assert ids(recorder.select_notifications(2, 10, stop=2)) == [2]
    assert ids(recorder.select_notifications(1, 10, topics=["petition.dispatched/1"])) == [2, 3]
    assert [n.id for n in application(log).notification_log.select(1, 5)] == [1, 2, 3]
    projector: Any = last_version
    version: Any = application(log).repository.get(
        "petition/1", version=2, projector_func=projector
    )
    assert version == 2


def last_version(_: None, entries: Iterable[Recorded]) -> int:
    return [entry.version for entry in entries][-1]

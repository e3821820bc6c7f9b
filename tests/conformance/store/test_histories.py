"""Whole streams, one after the other, however their events lie in the log."""

import pytest

from sla_engine.store import application
from tests.conformance.store.samples import OpenLog, dispatched, registered


@pytest.mark.parametrize("page", [1, 2, 3, 5_000])
def test_histories_come_whole_and_in_order(
    log: OpenLog, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "_PAGE", page)
    for number in ("2", "1", "3"):
        with log.transact() as tx:
            tx.append(f"petition/{number}", 0, [registered(number, no=number)])
    for number in ("3", "1"):
        with log.transact() as tx:
            tx.append(f"petition/{number}", 1, [dispatched(f"d{number}")])
    with log.transact() as tx:
        tx.append("talk/1", 0, [registered("t", no="9")])
    streams = ["petition/1", "petition/2", "petition/3"]
    found = dict(log.histories("petition/"))
    assert list(found) == streams
    assert [list(events) for events in found.values()] == [list(log.read(each)) for each in streams]
    assert list(log.histories("item/")) == []

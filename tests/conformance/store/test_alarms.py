"""The alarm index: the next rung of every clock, in the order in which they will ring."""

from collections.abc import Sequence

from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from tests.conformance.store.samples import T0, OpenLog, Store, alarm


def set_alarms(log: OpenLog, **rows_of_stream: Sequence[AlarmRow]) -> None:
    with log.transact() as tx:
        for stream, rows in rows_of_stream.items():
            tx.set_alarms(stream, rows)


def due(log: OpenLog, now: Instant, limit: int = 100) -> list[str]:
    with log.transact() as tx:
        return list(tx.due_streams(now, limit))


def test_rows_come_back_as_they_were_set(log: OpenLog) -> None:
    row = AlarmRow("reply", "2", "paused", 3, "区住建局", T0, T0 - 1, "warn", T0 - 9)
    ended = AlarmRow("arrive", "1", "met", 3, "甲", T0, None, "", T0 - 9, T0 - 2, "乙")
    set_alarms(log, a=[row, ended])
    assert list(log.alarms()) == [("a", ended), ("a", row)]
    set_alarms(log, a=[row._replace(liable="丙"), ended])
    assert next(each for _, each in log.alarms() if each.clause == "reply").liable == "丙"


def test_a_follower_sees_the_clocks_of_one_stream(log: OpenLog) -> None:
    row, other = alarm("reply"), alarm("onsite")
    set_alarms(log, **{"petition/1": [row, other], "petition/10": [alarm("reply")]})
    with log.transact() as tx:
        assert sorted(tx.clocks("petition/1")) == sorted([row, other])
        assert list(tx.clocks("petition/2")) == []


def test_setting_replaces_all_rows_of_the_stream_and_no_others(log: OpenLog) -> None:
    set_alarms(log, a=[alarm("reply"), alarm("onsite")], b=[alarm("reply")])
    kept = alarm("onsite", at=T0 + 5, due=T0 + 9)
    set_alarms(log, a=[kept, alarm("reply", cycle="2")])
    assert dict.fromkeys(row for name, row in log.alarms("a")) == dict.fromkeys(
        [alarm("reply", cycle="2"), kept]
    )
    assert [row for name, row in log.alarms("b")] == [alarm("reply")]
    set_alarms(log, a=[])
    assert list(log.alarms("a")) == []


def test_a_stream_is_due_from_the_very_instant_of_its_alarm(log: OpenLog) -> None:
    set_alarms(log, a=[alarm(at=T0)])
    assert due(log, T0 - 1) == []
    assert due(log, T0) == ["a"]


def test_one_stream_can_be_asked_about(log: OpenLog) -> None:
    set_alarms(log, a=[alarm("reply", at=T0), alarm("onsite", at=None)], b=[alarm(at=None)])
    with log.transact() as tx:
        assert not tx.due("a", T0 - 1)
        assert tx.due("a", T0)
        assert not tx.due("b", T0 * 2)
        assert not tx.due("nobody", T0 * 2)


def test_due_streams_come_earliest_first_and_once_each(log: OpenLog) -> None:
    set_alarms(
        log,
        a=[alarm("reply", at=T0 + 3), alarm("onsite", at=T0 + 8)],
        b=[alarm("reply", at=T0 + 5), alarm("onsite", at=T0 + 1)],
        c=[alarm("reply", at=T0 + 2)],
        d=[alarm("reply", at=T0 + 20)],
    )
    assert due(log, T0 + 10) == ["b", "c", "a"]
    assert due(log, T0 + 10, limit=2) == ["b", "c"]


def test_exhausted_clocks_keep_their_row_and_ring_no_more(log: OpenLog) -> None:
    set_alarms(log, a=[alarm(at=None)], b=[alarm(at=None, due=None)])
    assert due(log, T0 * 2) == []
    assert log.next_alarm() is None
    assert [stream for stream, _ in log.alarms()] == ["a", "b"]


def test_the_next_alarm_is_the_earliest(log: OpenLog) -> None:
    set_alarms(log, a=[alarm(at=T0 + 7)], b=[alarm(at=T0 + 4), alarm("onsite", at=None)])
    assert log.next_alarm() == T0 + 4
    set_alarms(log, b=[alarm(at=None)])
    assert log.next_alarm() == T0 + 7


def test_rows_are_listed_by_due_with_those_without_due_last(log: OpenLog) -> None:
    set_alarms(
        log,
        b=[alarm("x", due=T0 + 2), alarm("y", due=None)],
        a=[alarm("x", due=None), alarm("y", due=T0 + 1), alarm("z", due=T0 + 2)],
    )
    expected = [("a", "y"), ("a", "z"), ("b", "x"), ("a", "x"), ("b", "y")]
    assert [(stream, row.clause) for stream, row in log.alarms()] == expected
    assert [(stream, row.clause) for stream, row in log.alarms("a")] == expected[:2] + expected[3:4]


def test_a_prefix_selects_streams(log: OpenLog) -> None:
    set_alarms(log, **{"petition/1": [alarm()], "petition/10": [alarm()], "talk/1": [alarm()]})
    assert [stream for stream, _ in log.alarms("petition/1")] == ["petition/1", "petition/10"]
    assert [stream for stream, _ in log.alarms("none")] == []


def test_long_listings_lose_nothing_between_pages(log: OpenLog) -> None:
    streams = [f"petition/{n:05d}" for n in range(4_500)]
    with log.transact() as tx:
        for n, stream in enumerate(streams):
            tx.set_alarms(stream, [alarm("x", due=T0 + n % 3), alarm("y", due=None)])
    listed = list(log.alarms())
    assert len(listed) == len(set(listed)) == 9_000
    dues = [row.due for _, row in listed if row.due is not None]
    assert dues == sorted(dues)


def test_alarms_survive_reopening(shared: Store) -> None:
    log = shared.open()
    set_alarms(log, a=[alarm()])
    log.close()
    again = shared.open()
    assert again.next_alarm() == T0
    again.close()

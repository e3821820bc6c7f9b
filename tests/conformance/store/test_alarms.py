"""The alarm index: the next rung of every clock, in the order in which they will ring."""

from collections.abc import Sequence

from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from tests.conformance.store.samples import T0, OpenLog, Store, alarm, dispatched, registered


def set_alarms(log: OpenLog, **rows_of_stream: Sequence[AlarmRow]) -> None:
    with log.transact() as tx:
        for stream, rows in rows_of_stream.items():
            tx.set_alarms(stream, rows)


def open_streams(log: OpenLog, *streams: str) -> None:
    with log.transact() as tx:
        for stream in streams:
            tx.append(stream, 0, [registered(no=stream)])


def due(log: OpenLog, now: Instant, limit: int = 100, lane: int = 1) -> list[str]:
    with log.transact() as tx:
        return [claim.stream for claim in tx.claim(now, limit, lane)]


def test_rows_come_back_as_they_were_set(log: OpenLog) -> None:
    row = AlarmRow("reply", "2", "paused", 3, "区住建局", T0, T0 - 1, "warn", T0 - 9)
    row = row._replace(lane=0, rules="digest", plan=b"\x00\x93\xff")
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
    open_streams(log, "a")
    set_alarms(log, a=[alarm(at=T0)])
    assert due(log, T0 - 1) == []
    assert due(log, T0) == ["a"]
    assert (log.count_due(T0 - 1), log.count_due(T0)) == (0, 1)


def test_some_streams_can_be_asked_about(log: OpenLog) -> None:
    set_alarms(log, a=[alarm("reply", at=T0), alarm("onsite", at=None)], b=[alarm(at=None)])
    with log.transact() as tx:
        assert tx.due_among(["a", "b", "nobody"], T0 - 1) == set()
        assert tx.due_among(["a", "b", "nobody"], T0) == {"a"}
        assert tx.due_among(["b", "nobody"], T0 * 2) == set()
        assert tx.due_among([], T0) == set()


def test_streams_are_claimed_earliest_first_and_once_each(log: OpenLog) -> None:
    open_streams(log, "a", "b", "c", "d")
    set_alarms(
        log,
        a=[alarm("reply", at=T0 + 3), alarm("onsite", at=T0 + 8)],
        b=[alarm("reply", at=T0 + 5), alarm("onsite", at=T0 + 1)],
        c=[alarm("reply", at=T0 + 2)],
        d=[alarm("reply", at=T0 + 20)],
    )
    assert due(log, T0 + 10) == ["b", "c", "a"]
    assert due(log, T0 + 10, limit=1) == ["b"]
    with log.transact() as tx:
        claimed = tx.claim(T0 + 10, 100, 1, besides={"c", "nobody"})
        assert [claim.stream for claim in claimed] == ["b", "a"]


def test_lanes_are_claimed_apart_and_a_claim_brings_all_that_is_due(log: OpenLog) -> None:
    open_streams(log, "a", "b")
    short = alarm("onsite", at=T0 + 4)._replace(lane=0, rules="r", plan=b"\x00\xff")
    late, later = alarm("reply", at=T0 + 2), alarm("solve", at=T0 + 9)
    set_alarms(log, a=[short, late, later], b=[alarm("reply", at=T0 + 1)])
    assert log.next_alarm() == T0 + 1
    assert due(log, T0 + 3, lane=0) == []
    assert due(log, T0 + 3, lane=1) == ["b", "a"]
    with log.transact() as tx:
        assert list(tx.claim(T0 + 5, 10, 0)) == [("a", 1, [late, short])]
    assert log.count_due(T0 + 5) == 3


def test_a_claim_says_at_which_version_its_stream_is(log: OpenLog) -> None:
    open_streams(log, "a")
    set_alarms(log, a=[alarm(at=T0)])
    with log.transact() as tx:
        tx.append("a", 1, [dispatched(), dispatched()])
    with log.transact() as tx:
        (claim,) = tx.claim(T0, 10, 1)
        assert (claim.stream, claim.version) == ("a", 3)
        tx.append("a", claim.version, [dispatched()])
        (again,) = tx.claim(T0, 10, 1)
        assert again.version == 4


def test_rows_without_a_stream_are_never_claimed(log: OpenLog) -> None:
    set_alarms(log, stray=[alarm(at=T0)])
    assert due(log, T0) == []
    assert log.next_alarm() == T0


def test_a_transaction_sees_the_alarms_it_has_set_itself(log: OpenLog) -> None:
    open_streams(log, "a", "b", "c")
    set_alarms(log, a=[alarm(at=T0)], b=[alarm(at=T0 + 1), alarm("onsite", at=T0 + 30)])
    with log.transact() as tx:
        tx.set_alarms("a", [alarm(at=T0 + 20)])
        tx.put_alarm("b", alarm(at=T0 + 40))
        tx.put_alarm("c", alarm(at=T0 + 2))
        assert [claim.stream for claim in tx.claim(T0 + 10, 10, 1)] == ["c"]
        assert tx.due_among(["a", "b", "c"], T0 + 10) == {"c"}
        assert tx.due_among(["a", "b", "c"], T0 + 30) == {"a", "b", "c"}
        assert [row.alarm_at for row in tx.clocks("a")] == [T0 + 20]
        assert {row.clause: row.alarm_at for row in tx.clocks("b")} == {
            "reply": T0 + 40,
            "onsite": T0 + 30,
        }
        tx.set_alarms("b", [])
        tx.put_alarm("b", alarm("onsite", at=T0 + 3))
        assert [row.clause for row in tx.clocks("b")] == ["onsite"]
    assert due(log, T0 + 50) == ["c", "b", "a"]
    assert [row.clause for _, row in log.alarms("b")] == ["onsite"]


def test_one_row_can_be_written_and_the_others_left(log: OpenLog) -> None:
    set_alarms(log, a=[alarm("reply"), alarm("onsite")])
    with log.transact() as tx:
        tx.put_alarm("a", alarm("reply", at=T0 + 7))
        tx.put_alarm("a", alarm("solve", at=T0 + 8))
    assert {row.clause: row.alarm_at for _, row in log.alarms("a")} == {
        "reply": T0 + 7,
        "onsite": T0,
        "solve": T0 + 8,
    }


def test_exhausted_clocks_keep_their_row_and_ring_no_more(log: OpenLog) -> None:
    open_streams(log, "a", "b")
    set_alarms(log, a=[alarm(at=None)], b=[alarm(at=None, due=None)])
    assert due(log, T0 * 2) == []
    assert log.count_due(T0 * 2) == 0
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

"""What every log does: dense versions and positions, one answer per key, all or nothing."""

from collections.abc import Sequence

import pytest

from sla_engine.errors import Conflict, Refusal
from sla_engine.record import Draft, Recorded
from tests.conformance.store.samples import (
    OpenLog,
    Store,
    alarm,
    dispatched,
    fired,
    registered,
    withdrawn,
)


def append(log: OpenLog, stream: str, *drafts: Draft, after: int = 0) -> Sequence[Recorded]:
    """What the log holds of the drafts once they are committed."""
    with log.transact() as tx:
        written = tx.append(stream, after, drafts)
    assert all(recorded.position == 0 for recorded in written)
    recorded = log.read(stream)[after:]
    assert [each._replace(position=0) for each in recorded] == list(written)
    return recorded


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def test_an_empty_log_has_nothing_in_it(log: OpenLog) -> None:
    assert log.head() == 0
    assert list(log.read("petition/1")) == []
    assert list(log.follow(0, 10)) == []
    assert list(log.scan()) == []
    assert list(log.streams("")) == []
    assert log.next_alarm() is None


def test_what_is_appended_is_read_back_in_every_way(log: OpenLog) -> None:
    first = append(log, "petition/1", registered("a"), dispatched("b"))
    second = append(log, "petition/2", registered("c", no="2"))
    assert [(r.stream, r.version, r.position) for r in (*first, *second)] == [
        ("petition/1", 1, 1),
        ("petition/1", 2, 2),
        ("petition/2", 1, 3),
    ]
    assert list(log.read("petition/1")) == list(first)
    assert list(log.follow(0, 10)) == [*first, *second]
    assert list(log.scan()) == [*first, *second]
    assert log.head() == 3
    assert all(isinstance(r, Recorded) for r in log.scan())
    assert first[0].event == registered("a").event
    assert first[0].meta == registered("a").meta


def test_a_transaction_sees_what_it_has_written_itself(log: OpenLog) -> None:
    with log.transact() as tx:
        assert list(tx.load("petition/1")) == []
        written = tx.append("petition/1", 0, [registered("a")])
        assert list(tx.load("petition/1")) == list(written)
        assert tx.answers([("12345", "a")])[("12345", "a")].version == 1
        tx.append("petition/1", 1, [dispatched("b")])
        assert [r.version for r in tx.load("petition/1")] == [1, 2]


def test_many_streams_are_loaded_at_once_from_where_each_is_known(log: OpenLog) -> None:
    for stream in "abc":
        append(log, stream, registered(), dispatched(f"{stream}2"), dispatched(f"{stream}3"))
    with log.transact() as tx:
        tx.append("b", 3, [dispatched("b4")])
        tx.append("new", 0, [registered()])
        loaded = tx.load_all({"a": 0, "b": 2, "c": 3, "new": 0, "none": 0})
        assert {stream: [r.version for r in events] for stream, events in loaded.items()} == {
            "a": [1, 2, 3],
            "b": [3, 4],
            "c": [],
            "new": [1],
            "none": [],
        }
        assert all(r.stream == stream for stream, events in loaded.items() for r in events)
        assert tx.load_all({}) == {}
        tx.append("c", 3, [dispatched("c4")])


def test_what_was_to_follow_a_commit_is_dropped_with_it(log: OpenLog) -> None:
    def append_in_vain() -> None:
        with log.transact() as tx:
            tx.after_commit(lambda: pytest.fail("it was never committed"))
            tx.append("a", 7, [dispatched()])

    with pytest.raises(Conflict):
        append_in_vain()


def test_what_waits_for_the_commit_is_called_once_after_it(log: OpenLog) -> None:
    seen = list[int]()
    with log.transact() as tx:
        tx.append("a", 0, [registered()])
        tx.after_commit(lambda: seen.append(log.head()))
        assert seen == []
    assert seen == [1]


def test_streams_written_in_one_transaction_share_one_order(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("a")])
        tx.append("petition/2", 0, [registered("b")])
        tx.append("petition/1", 1, [dispatched("c")])
    assert [(r.stream, r.version) for r in log.scan()] == [
        ("petition/1", 1),
        ("petition/2", 1),
        ("petition/1", 2),
    ]
    assert [r.position for r in log.scan()] == [1, 2, 3]


def test_appending_nothing_writes_nothing(log: OpenLog) -> None:
    with log.transact() as tx:
        assert list(tx.append("petition/1", 0, [])) == []
    assert log.head() == 0


@pytest.mark.parametrize("after", [0, 2, 7])
def test_a_stream_that_is_elsewhere_refuses(log: OpenLog, after: int) -> None:
    append(log, "petition/1", registered("a"))
    with pytest.raises(Conflict) as refused:
        append(log, "petition/1", dispatched("b"), after=after)
    assert code_of(refused) == "STREAM_MOVED"
    assert log.head() == 1


def test_a_source_key_is_recorded_once_in_the_whole_log(log: OpenLog) -> None:
    append(log, "petition/1", registered("a"))
    with pytest.raises(Conflict) as refused:
        append(log, "petition/2", registered("b"), dispatched("a"))
    assert code_of(refused) == "KEY_TAKEN"
    assert "a" in refused.value.faults[0].found
    assert log.head() == 1
    append(log, "petition/2", registered("b"))


def test_a_source_key_is_recorded_once_within_a_batch(log: OpenLog) -> None:
    with pytest.raises(Conflict) as refused:
        append(log, "petition/1", registered("a"), dispatched("a"))
    assert code_of(refused) == "KEY_TAKEN"
    assert log.head() == 0


def test_events_without_a_key_claim_none(log: OpenLog) -> None:
    append(log, "petition/1", registered(), dispatched())
    append(log, "petition/2", registered(), dispatched())
    assert log.head() == 4


def test_the_same_cause_acts_once_in_a_stream(log: OpenLog) -> None:
    append(log, "petition/1", registered(), fired(version=1))
    with pytest.raises(Conflict) as refused:
        append(log, "petition/1", fired(version=1), after=2)
    assert code_of(refused) == "KEY_TAKEN"
    append(log, "petition/1", fired(version=2), fired(version=1, rung="breach"), after=2)
    append(log, "petition/2", registered(), fired(version=1))
    assert log.head() == 6


def test_an_act_is_withdrawn_once_for_one_reason(log: OpenLog) -> None:
    append(log, "petition/1", registered(), fired(), withdrawn(by=1))
    with pytest.raises(Conflict) as refused:
        append(log, "petition/1", withdrawn(by=1), after=3)
    assert code_of(refused) == "KEY_TAKEN"
    append(log, "petition/1", withdrawn(by=3), after=3)


def test_a_refused_append_spends_its_transaction_even_if_the_refusal_is_caught(
    log: OpenLog,
) -> None:
    append(log, "petition/1", registered("a"))

    def carry_on_regardless() -> None:
        with log.transact() as tx:
            tx.append("petition/2", 0, [registered("b")])
            with pytest.raises(Conflict):
                tx.append("petition/1", 0, [registered("c")])
            with pytest.raises(Conflict):
                tx.append("petition/4", 0, [registered("d")])

    with pytest.raises(Conflict) as refused:
        carry_on_regardless()
    assert code_of(refused) == "STREAM_MOVED"
    assert log.head() == 1
    assert list(log.streams("")) == ["petition/1"]


def test_an_exception_takes_everything_back(log: OpenLog) -> None:
    def write_everything_and_fail() -> None:
        with log.transact() as tx:
            tx.append("petition/1", 0, [registered("a")])
            tx.set_alarms("petition/1", [alarm()])
            tx.keep_personal("P1", {"name": "张三"})
            tx.remember("follower", {"k": b"v"})
            tx.advance("follower", 1)
            tx.put_rows("board", 1, {"k": {"n": 1}})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_everything_and_fail()
    assert log.head() == 0
    assert log.next_alarm() is None
    assert log.personal("P1") == {}
    assert log.memory("follower") == {}
    assert log.position("follower") == 0
    assert list(log.table("board", 1)) == []
    with log.transact() as tx:
        assert tx.answers([("12345", "a")]) == {}


def test_answers_name_where_a_key_went(log: OpenLog) -> None:
    append(log, "petition/1", registered("a"), dispatched("b"))
    with log.transact() as tx:
        answers = tx.answers([("12345", "a"), ("12345", "b"), ("12345", "z"), ("other", "a")])
    assert {pair[1]: (a.stream, a.version) for pair, a in answers.items()} == {
        "a": ("petition/1", 1),
        "b": ("petition/1", 2),
    }
    assert answers[("12345", "a")].body_digest == "digest of a"


def test_following_goes_on_where_it_stopped(log: OpenLog) -> None:
    append(log, "petition/1", registered(), *[dispatched(assignment=f"A{n}") for n in range(9)])
    assert [r.position for r in log.follow(0, 4)] == [1, 2, 3, 4]
    assert [r.position for r in log.follow(4, 4)] == [5, 6, 7, 8]
    assert [r.position for r in log.follow(8, 4)] == [9, 10]
    assert list(log.follow(10, 4)) == []


def test_streams_are_listed_by_prefix_in_order(log: OpenLog) -> None:
    with log.transact() as tx:
        for stream in ("talk/b", "petition/2", "petition/10", "petition/1", "petitions/1"):
            tx.append(stream, 0, [registered(), dispatched()])
    assert list(log.streams("petition/")) == ["petition/1", "petition/10", "petition/2"]
    assert list(log.streams("petition/1")) == ["petition/1", "petition/10"]
    assert list(log.streams("")) == sorted(
        ["talk/b", "petition/2", "petition/10", "petition/1", "petitions/1"]
    )
    assert list(log.streams("nothing")) == []


def test_long_listings_lose_nothing_between_pages(log: OpenLog) -> None:
    streams = [f"petition/{n:05d}" for n in range(4_500)]
    with log.transact() as tx:
        tx.load_all(dict.fromkeys(streams, 0))
        for stream in streams:
            tx.append(stream, 0, [registered(), dispatched()])
    assert list(log.streams("")) == streams
    assert [r.position for r in log.scan()] == list(range(1, 9_001))


def test_a_log_may_grow_while_it_is_scanned(log: OpenLog) -> None:
    append(log, "petition/1", registered())
    seen = []
    for recorded in log.scan():
        seen.append(recorded.position)
        if len(seen) <= 3:
            append(log, f"petition/{len(seen) + 1}", registered())
    assert seen == list(range(1, len(seen) + 1))
    assert [r.position for r in log.scan()][: len(seen)] == seen


def test_what_was_written_is_there_after_reopening(shared: Store) -> None:
    log = shared.open()
    written = append(log, "petition/1", registered("a"), fired())
    log.close()
    again = shared.open()
    assert list(again.read("petition/1")) == list(written)
    with pytest.raises(Conflict) as refused:
        append(again, "petition/2", registered("a"))
    assert code_of(refused) == "KEY_TAKEN"
    again.close()


def test_readers_do_not_see_an_open_transaction(shared: Store) -> None:
    log, reader = shared.open(), shared.open()
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("a")])
        assert reader.head() == 0
        assert list(reader.read("petition/1")) == []
    assert reader.head() == 1
    log.close()
    reader.close()

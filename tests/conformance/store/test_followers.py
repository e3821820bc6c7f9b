"""What a follower may write beside its position."""

from collections.abc import Sequence

import pytest

from sla_engine.errors import Refusal
from sla_engine.followers.runner import Runner
from sla_engine.projection import DeadLetter, FollowerTransaction
from sla_engine.record import Recorded
from tests.conformance.store.samples import OpenLog, registered


def test_a_position_moves_forward_only(log: OpenLog) -> None:
    with log.transact() as tx:
        assert tx.position("f") == 0
        tx.advance("f", 5)
        tx.advance("f", 5)
        assert tx.position("f") == 5
    with pytest.raises(Refusal) as refused, log.transact() as tx:
        tx.advance("f", 4)
    assert refused.value.code == "FOLLOWER_BACKWARDS"
    assert log.position("f") == 5
    assert log.position("g") == 0


def test_memory_is_written_deleted_and_separate(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.remember("f", {"a": b"1", "b": b"2"})
        tx.remember("g", {"a": b"9"})
    with log.transact() as tx:
        tx.remember("f", {"a": None, "b": b"3", "missing": None})
        assert tx.remembered("f") == {"b": b"3"}
    assert log.memory("f") == {"b": b"3"}
    assert log.memory("g") == {"a": b"9"}


def test_rows_are_written_deleted_and_kept_by_generation(log: OpenLog) -> None:
    row = {"n": 1, "unit": "区住建局", "x": [1, None]}
    with log.transact() as tx:
        tx.put_rows("board", 1, {"a": row, "b": {"n": 2}})
        tx.put_rows("board", 2, {"a": {"n": 7}})
        tx.put_rows("other", 1, {"a": {"n": 8}})
    with log.transact() as tx:
        assert tx.rows("board", 1, ["a", "z"]) == {
            "a": {"n": 1, "unit": "区住建局", "x": [1, None]}
        }
        tx.put_rows("board", 1, {"a": None, "b": {"n": 3}, "gone": None})
    assert list(log.table("board", 1)) == [("b", {"n": 3})]
    with log.transact() as tx:
        tx.drop_rows("board", keep=2)
    assert list(log.table("board", 1)) == []
    assert list(log.table("board", 2)) == [("a", {"n": 7})]
    assert list(log.table("other", 1)) == [("a", {"n": 8})]


def test_rows_are_listed_by_key_and_prefix(log: OpenLog) -> None:
    keys = [f"110105/{n:05d}" for n in range(4_500)]
    with log.transact() as tx:
        tx.put_rows("board", 1, {key: {"k": key} for key in reversed(keys)})
        tx.put_rows("board", 1, {"110106/1": {}})
    assert [key for key, _ in log.table("board", 1)] == [*keys, "110106/1"]
    assert [key for key, _ in log.table("board", 1, "110105/0001")] == keys[10:20]


def test_dead_letters_are_listed_oldest_first(log: OpenLog) -> None:
    letters = [DeadLetter("f", n, f"petition/{n}", 1, "ValueError") for n in (9, 3)]
    with log.transact() as tx:
        for letter in letters:
            tx.bury(letter)
            tx.bury(letter)
    assert list(log.dead_letters("f")) == letters[::-1]
    assert list(log.dead_letters("g")) == []


def test_a_forgotten_follower_starts_anew(log: OpenLog) -> None:
    with log.transact() as tx:
        for name in ("f", "g"):
            tx.advance(name, 3)
            tx.remember(name, {"a": b"1"})
            tx.bury(DeadLetter(name, 1, "petition/1", 1, "ValueError"))
        tx.forget("f")
    assert (log.position("f"), log.memory("f"), list(log.dead_letters("f"))) == (0, {}, [])
    assert (log.position("g"), log.memory("g"), len(list(log.dead_letters("g")))) == (
        3,
        {"a": b"1"},
        1,
    )


def test_a_transaction_sees_what_a_follower_has_written_in_it(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.advance("f", 5)
        tx.remember("f", {"a": b"1", "b": b"2"})
        tx.put_rows("board", 1, {"a": {"n": 1}, "b": {"n": 2}})
    with log.transact() as tx:
        tx.remember("f", {"a": None, "c": b"3"})
        assert tx.remembered("f") == {"b": b"2", "c": b"3"}
        tx.put_rows("board", 1, {"a": None, "c": {"n": 3}})
        tx.put_rows("board", 2, {"a": {"n": 9}})
        assert tx.rows("board", 1, ["a", "b", "c"]) == {"b": {"n": 2}, "c": {"n": 3}}
        tx.drop_rows("board", keep=2)
        assert tx.rows("board", 1, ["a", "b", "c"]) == {}
        tx.forget("f")
        assert (tx.position("f"), tx.remembered("f")) == (0, {})
        tx.advance("f", 3)
        tx.remember("f", {"d": b"4"})
    assert (log.position("f"), log.memory("f")) == (3, {"d": b"4"})
    assert list(log.table("board", 1)) == []
    assert list(log.table("board", 2)) == [("a", {"n": 9})]


def test_an_event_whose_effect_the_store_cannot_hold_is_put_aside(log: OpenLog) -> None:
    """Which shows only when the transaction ends."""

    class Careless:
        name = "careless"

        def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
            keys = ("\ud800" if each.version == 3 else str(each.version) for each in batch)
            tx.remember(self.name, dict.fromkeys(keys, b""))

    with log.transact() as tx:
        tx.append("petition/1", 0, [registered() for _ in range(5)])
    assert Runner(log, Careless()).run() == 5
    assert [letter.version for letter in log.dead_letters("careless")] == [3]
    assert sorted(log.memory("careless")) == ["1", "2", "4", "5"]

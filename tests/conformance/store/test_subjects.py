"""Personal data: kept under a subject's own secret, gone once erased."""

import pytest

from sla_engine.errors import Refusal
from tests.conformance.store.samples import OpenLog


def test_a_subject_gets_one_secret_and_keeps_it(log: OpenLog) -> None:
    with log.transact() as tx:
        first = tx.secret("P1")
        other = tx.secret("P2")
    with log.transact() as tx:
        assert tx.secret("P1") == first
    assert len(first) >= 32
    assert first != other


def test_fields_are_merged_and_the_latest_counts(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "张三", "phone": "13900000000"})
        tx.keep_personal("P2", {"name": "李四"})
    with log.transact() as tx:
        tx.keep_personal("P1", {"phone": "13911111111", "address": ""})
    assert log.personal("P1") == {"name": "张三", "phone": "13911111111", "address": ""}
    assert log.personal("P2") == {"name": "李四"}
    assert log.personal("nobody") == {}


def test_an_erased_subject_has_no_fields_and_no_secret_and_gets_none_again(
    log: OpenLog,
) -> None:
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "张三"})
        tx.keep_personal("P2", {"name": "李四"})
    with log.transact() as tx:
        tx.erase("P1")
    assert log.personal("P1") == {}
    assert log.personal("P2") == {"name": "李四"}
    with pytest.raises(Refusal) as refused, log.transact() as tx:
        tx.secret("P1")
    assert refused.value.code == "SUBJECT_ERASED"
    with pytest.raises(Refusal) as refused, log.transact() as tx:
        tx.keep_personal("P1", {"name": "?"})
    assert refused.value.code == "SUBJECT_ERASED"
    assert log.personal("P1") == {}


def test_erasing_twice_or_a_stranger_is_no_error(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.erase("stranger")
        tx.erase("stranger")
    with pytest.raises(Refusal) as refused, log.transact() as tx:
        tx.secret("stranger")
    assert refused.value.code == "SUBJECT_ERASED"


def test_a_refusal_for_an_erased_subject_can_be_answered_within_the_transaction(
    log: OpenLog,
) -> None:
    with log.transact() as tx:
        tx.erase("P1")
        with pytest.raises(Refusal):
            tx.secret("P1")
        tx.keep_personal("P2", {"name": "李四"})
    assert log.personal("P2") == {"name": "李四"}


def test_the_refusal_names_nobody(log: OpenLog) -> None:
    with log.transact() as tx:
        tx.erase("张三 13900000000")
        with pytest.raises(Refusal) as refused:
            tx.secret("张三 13900000000")
    assert "张三" not in str(refused.value.faults[0].as_dict())

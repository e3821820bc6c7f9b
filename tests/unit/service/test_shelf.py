"""Dossiers kept from one transaction to the next: always what the log holds, never more."""

import pytest

from sla_engine.dossier.fold import fold
from sla_engine.service.shelf import Shelf
from sla_engine.store.application import PetitionLog, open_memory
from tests.conformance.store.samples import dispatched, registered


@pytest.fixture
def log() -> PetitionLog:
    log = open_memory()
    with log.transact() as tx:
        tx.append("petition/1", 0, [registered("1")])
    return log


def test_a_dossier_comes_back_as_it_was_given(log: PetitionLog) -> None:
    shelf = Shelf()
    with log.transact() as tx:
        first = shelf.take(tx, "petition/1")
        shelf.give_back(tx, first)
    with log.transact() as tx:
        assert shelf.take(tx, "petition/1") is first


def test_a_dossier_that_is_not_given_back_is_read_from_the_log_again(log: PetitionLog) -> None:
    shelf = Shelf()
    with log.transact() as tx:
        first = shelf.take(tx, "petition/1")
        assert shelf.take(tx, "petition/1") is not first


def test_what_others_wrote_meanwhile_is_read_on(log: PetitionLog) -> None:
    shelf = Shelf()
    with log.transact() as tx:
        first = shelf.take(tx, "petition/1")
        shelf.give_back(tx, first)
    with log.transact() as tx:
        tx.append("petition/1", 1, [dispatched("2")])
    with log.transact() as tx:
        again = shelf.take(tx, "petition/1")
        assert again is first
        assert again == fold("petition/1", tx.load("petition/1"))


def test_of_a_transaction_that_fails_nothing_is_kept(log: PetitionLog) -> None:
    shelf = Shelf()
    with pytest.raises(RuntimeError):
        _fail(log, shelf)
    with log.transact() as tx:
        assert shelf.take(tx, "petition/1").version == 1


def _fail(log: PetitionLog, shelf: Shelf) -> None:
    with log.transact() as tx:
        tx.append("petition/1", 1, [dispatched("2")])
        shelf.give_back(tx, shelf.take(tx, "petition/1"))
        raise RuntimeError


def test_what_a_transaction_gave_back_it_may_take_again(log: PetitionLog) -> None:
    shelf = Shelf()
    with log.transact() as tx:
        first = shelf.take(tx, "petition/1")
        shelf.give_back(tx, first)
        assert shelf.take(tx, "petition/1") is first

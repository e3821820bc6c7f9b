"""What proves who somebody is: kept, counted and gone alike in every store."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sla_engine.ports import Secret
from sla_engine.store.application import PetitionLog
from sla_engine.store.vault import StoreVault
from tests.conformance.store.samples import OpenLog, Store

NOW, LATER = 1_773_000_000_000_000, 1_773_000_060_000_000


@pytest.fixture
def vault(log: OpenLog) -> StoreVault:
    assert isinstance(log, PetitionLog)
    return log.vault


def names(vault: StoreVault, kind: str, now: int = NOW) -> list[str]:
    return [name for name, _ in vault.all(kind, now)]


def test_what_is_put_is_got_under_its_kind_and_name_alone(vault: StoreVault) -> None:
    secret = Secret("李明", b"\x00\xff", LATER, NOW, 3)
    vault.put("session", "a", secret)
    assert vault.get("session", "a", NOW) == secret
    assert vault.get("session", "b", NOW) is None
    assert vault.get("key", "a", NOW) is None


def test_the_last_one_counts(vault: StoreVault) -> None:
    vault.put("password", "李明", Secret("李明", b"old", LATER, NOW, 1))
    vault.put("password", "李明", Secret("李明", b"new"))
    assert vault.get("password", "李明", LATER) == Secret("李明", b"new")


def test_a_secret_is_gone_from_its_instant_on_and_one_without_stays(vault: StoreVault) -> None:
    vault.put("session", "brief", Secret("a", b"", LATER))
    vault.put("session", "lasting", Secret("a", b""))
    assert vault.get("session", "brief", LATER - 1) is not None
    assert vault.get("session", "brief", LATER) is None
    assert names(vault, "session", LATER) == ["lasting"]
    vault.purge(LATER)
    assert names(vault, "session", NOW) == ["lasting"]


def test_a_touch_moves_the_last_use_and_makes_nothing(vault: StoreVault) -> None:
    vault.put("key", "k", Secret("", b"x", 0, NOW))
    vault.touch("key", "k", LATER)
    vault.touch("key", "stranger", LATER)
    assert vault.get("key", "k", NOW) == Secret("", b"x", 0, LATER)
    assert names(vault, "key") == ["k"]


def test_a_tally_grows_until_it_is_gone_and_begins_anew(vault: StoreVault) -> None:
    assert [vault.count("failures", "a", NOW, LATER) for _ in range(3)] == [1, 2, 3]
    assert vault.count("failures", "b", NOW, LATER) == 1
    # The first one says how long it lasts.
    assert vault.count("failures", "a", LATER - 1, LATER + 5) == 4
    assert vault.count("failures", "a", LATER, LATER + 5) == 1
    assert vault.get("failures", "a", LATER) == Secret("", b"", LATER + 5, LATER, 1)


def test_all_of_an_owner_are_dropped_and_of_that_kind_alone(vault: StoreVault) -> None:
    for name, owner in (("1", "a"), ("2", "a"), ("3", "b")):
        vault.put("session", name, Secret(owner, b""))
    vault.put("password", "a", Secret("a", b""))
    vault.drop_owned("session", "a")
    assert names(vault, "session") == ["3"]
    vault.drop("session", "3")
    vault.drop("session", "3")
    assert names(vault, "session") == []
    assert names(vault, "password") == ["a"]


def test_those_who_count_at_once_count_each_other(shared: Store) -> None:
    logs = [shared.open() for _ in range(3)]
    vaults = [log.vault for log in logs if isinstance(log, PetitionLog)]

    def count(vault: StoreVault) -> list[int]:
        return [vault.count("failures", "a", NOW, LATER) for _ in range(10)]

    with ThreadPoolExecutor(3) as pool:
        tallies = [tally for counted in pool.map(count, vaults) for tally in counted]
    for log in logs:
        log.close()
    assert sorted(tallies) == list(range(1, 31))

"""A lock that is handed on in the order of asking."""

import threading

import pytest

from sla_engine.store.fairlock import FairLock


def wait_until_queued(lock: FairLock, count: int) -> None:
    pause = threading.Event()
    while len(lock._waiting) < count:
        pause.wait(0.001)


def test_it_is_handed_on_in_the_order_of_asking() -> None:
    lock = FairLock()
    order: list[int] = []
    assert lock.acquire(timeout=0)

    def ask(n: int) -> None:
        assert lock.acquire(timeout=30)
        order.append(n)
        lock.release()

    threads = []
    for n in range(5):
        threads.append(threading.Thread(target=ask, args=(n,)))
        threads[-1].start()
        wait_until_queued(lock, n + 1)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_one_who_asks_again_at_once_waits_behind_the_others() -> None:
    lock = FairLock()
    order: list[str] = []
    assert lock.acquire(timeout=0)

    def ask() -> None:
        assert lock.acquire(timeout=30)
        order.append("other")
        lock.release()

    other = threading.Thread(target=ask)
    other.start()
    wait_until_queued(lock, 1)
    lock.release()
    assert lock.acquire(timeout=30)
    order.append("again")
    lock.release()
    other.join()
    assert order == ["other", "again"]


def test_who_gives_up_waiting_does_not_hold_up_the_others() -> None:
    lock = FairLock()
    assert lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0.01)
    lock.release()
    assert lock.acquire(timeout=0)
    lock.release()


def test_only_a_held_lock_is_released() -> None:
    with pytest.raises(AssertionError):
        FairLock().release()

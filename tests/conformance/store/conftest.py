"""The stores that the suite runs over. Another adapter joins by adding itself to `STORES`, and to
`SHARED` if other processes can open it by `Store.address`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.store.samples import OpenLog, Store, memory_store, sqlite_store

STORES = {"sqlite": sqlite_store, "memory": memory_store}
SHARED = ["sqlite"]


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with STORES[request.param](tmp_path) as store:
        yield store


@pytest.fixture
def log(store: Store) -> Iterator[OpenLog]:
    log = store.open()
    yield log
    log.close()


@pytest.fixture(params=sorted(SHARED))
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that several processes can open."""
    with STORES[request.param](tmp_path) as store:
        yield store

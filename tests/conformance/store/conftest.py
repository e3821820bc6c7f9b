"""The stores that the suite runs over. Another adapter joins by adding itself to `STORES`."""

import pytest

from tests.conformance.store.samples import Store, memory_store, sqlite_store

STORES = {"sqlite": sqlite_store, "memory": memory_store}


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    with STORES[request.param](tmp_path) as store:
        yield store


@pytest.fixture
def log(store: Store):
    log = store.open()
    yield log
    log.close()


@pytest.fixture
def shared(store: Store) -> Store:
    """A store that several processes can open."""
    if not store.address:
        pytest.skip("this store lives in one process")
    return store

"""The stores that delivery is tried over: in a file, and on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.store.samples import OpenLog, Store, postgres_store, sqlite_store
from tests.support.servers import PostgresServer


@pytest.fixture(scope="session")
def delivery_database(postgres: PostgresServer) -> str:
    """One database for these tests; each has a schema of its own in it."""
    return postgres.database()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        with sqlite_store(tmp_path) as each:
            yield each
    else:
        # The server is started only if it is asked for.
        with postgres_store(request.getfixturevalue("delivery_database")) as each:
            yield each


@pytest.fixture
def log(store: Store) -> Iterator[OpenLog]:
    log = store.open()
    yield log
    log.close()

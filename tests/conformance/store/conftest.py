"""The stores that the suite runs over: in memory, in a file, on a PostgreSQL server."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conformance.store.samples import (
    OpenLog,
    Store,
    memory_store,
    postgres_store,
    sqlite_store,
)
from tests.support.servers import PostgresServer

SHARED = ["postgres", "sqlite"]
"""Those that several processes can open."""


@pytest.fixture(scope="session")
def shared_database(postgres: PostgresServer) -> str:
    """One database for the suite: every test has a schema of its own in it."""
    return postgres.database()


@pytest.fixture(params=["memory", *SHARED])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with _store(request, tmp_path) as store:
        yield store


@pytest.fixture
def log(store: Store) -> Iterator[OpenLog]:
    log = store.open()
    yield log
    log.close()


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that several processes can open."""
    with _store(request, tmp_path) as store:
        yield store


def _store(request: pytest.FixtureRequest, folder: Path) -> AbstractContextManager[Store]:
    match request.param:
        case "memory":
            return memory_store()
        case "sqlite":
            return sqlite_store(folder)
        case _:
            # The server is started only if it is asked for.
            return postgres_store(request.getfixturevalue("shared_database"))

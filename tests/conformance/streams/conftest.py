"""The stores that an intake records into."""

from pathlib import Path

import pytest

from tests.conformance.streams.desk import Sender


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, where the store matters."""
    if request.param == "sqlite":
        return str(tmp_path / "store.sqlite")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An empty store in a file, where the store does not matter."""
    return str(tmp_path / "store.sqlite")


@pytest.fixture
def sender(redis_url: str) -> Sender:
    return Sender(redis_url)

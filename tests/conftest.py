"""Sizes: small enough for every change, and full when SOAK=1 is set. Servers for whoever asks."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.servers import PostgresServer, RedisServer

# No deadline: how long an example takes says more about the machine than about the code.
# The small run repeats itself, so that a red gate means a change; the soak run explores.
settings.register_profile(
    "small",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak",
    settings.get_profile("small"),
    max_examples=5_000,
    derandomize=False,
    print_blob=True,
)
settings.load_profile("soak" if os.environ.get("SOAK") == "1" else "small")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for everybody; a test that stops or kills it starts its own."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The address of a fresh and empty PostgreSQL database."""
    return postgres.database()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for everybody; a test that stops or kills it starts its own."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    redis_server.flush()
    return redis_server.url

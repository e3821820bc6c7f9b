from collections.abc import Iterator

import pytest

from sla_engine.wiring import Engine
from tests.support.web import small_city


@pytest.fixture(scope="session")
def town() -> Iterator[Engine]:
    """A small city that is only read; whoever writes makes one of their own."""
    with small_city() as engine:
        yield engine

"""Redis clients wait longer than any answer is held back, repeat nothing, and have one error."""

import pytest
import redis

from sla_engine.errors import Refusal, Unavailable
from sla_engine.streams.client import BLOCK_S, connect, reaching


def test_a_server_that_is_not_there_is_away() -> None:
    client = connect("redis://127.0.0.1:1", "test")
    with pytest.raises(Unavailable) as refused, reaching():
        client.ping()
    (fault,) = refused.value.faults
    assert fault.code == "REDIS_AWAY"
    assert "ConnectionError" in fault.found


@pytest.mark.parametrize(
    "error", [redis.TimeoutError(), redis.ResponseError("OOM"), redis.ReadOnlyError()]
)
def test_every_error_of_redis_is_one_to_come_back_for(error: redis.RedisError) -> None:
    with pytest.raises(Unavailable, match="Redis is away"), reaching():
        raise error


def test_a_fault_of_the_program_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), reaching():
        raise ZeroDivisionError


@pytest.mark.parametrize("url", ["localhost", "http://localhost", "redis://u:secret@h:port"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        connect(url, "test")
    assert refused.value.code == "REDIS_URL"
    assert "secret" not in str(refused.value)


def test_a_client_that_would_not_wait_for_an_answer_held_back_is_not_made() -> None:
    with pytest.raises(AssertionError):
        connect("redis://127.0.0.1:1", "test", timeout_s=BLOCK_S)

"""What the library would do by itself, and our clients must not."""

import pytest

from sla_engine.errors import Unavailable
from sla_engine.streams.client import connect, reaching
from tests.conformance.streams.desk import STREAM, Sender
from tests.support.proxy import Fate, Proxy
from tests.support.servers import RedisServer


def test_a_write_whose_answer_is_lost_is_not_repeated(
    redis_server: RedisServer, redis_url: str, sender: Sender
) -> None:
    with Proxy(redis_server.port) as proxy:
        client = connect(f"redis://127.0.0.1:{proxy.port}/0", "test")
        # The id of an entry is the only answer here that comes as a bulk string.
        proxy.fate = lambda piece: Fate.LOSE if piece.startswith(b"$") else Fate.PASS
        for _ in range(3):
            with pytest.raises(Unavailable), reaching():
                client.xadd(STREAM, {"data": b"x"})
        client.close()
    assert sender.unsettled() == 3


def test_redis_shows_whose_connection_it_is(redis_url: str, sender: Sender) -> None:
    client = connect(redis_url, "intake")
    client.ping()
    names = {each["name"] for each in sender.redis.client_list()}
    client.close()
    assert "sla-engine:intake" in names

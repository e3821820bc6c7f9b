"""The one factory of Redis clients, and what becomes of Redis' errors.

A client never repeats a command by itself: a write whose answer was lost may have been carried
out, and only the caller knows whether doing it twice does harm. Bytes go in and bytes come out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from sla_engine.errors import Fault, Unavailable, refuse, register, shorten

REDIS_AWAY = register(
    "REDIS_AWAY",
    "Redis暂不可用（{found}）",
    "Redis is away ({found})",
    "核对 Redis 服务与网络；数据库不受影响，恢复后自动继续",
    "check the Redis server and the network; the store is not affected, and work resumes by itself",
)
REDIS_URL = register(
    "REDIS_URL",
    "Redis地址不对（{found}）；应写作{allowed}",
    "this is no address of a Redis server ({found}); write {allowed}",
)

BLOCK_S = 0.25
"""Longest time a reader lets Redis hold an answer back; every client waits longer than that."""

_HEALTH_CHECK_S = 15


def connect(url: str, name: str, timeout_s: float = 5.0) -> Redis:
    """A client with connections of its own, shown by Redis as `sla-engine:NAME`. It connects when
    it is first used. `timeout_s` bounds the wait for each answer.

    Raises `REDIS_URL` when the address cannot be read.
    """
    assert timeout_s > BLOCK_S, "an answer held back by Redis would look like a lost one"
    try:
        return Redis.from_url(
            url,
            client_name=f"sla-engine:{name}",
            # Replies keep their plain shapes, and the server sends nothing that was not asked for.
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            health_check_interval=_HEALTH_CHECK_S,
        )
    except ValueError as error:
        # The address may hold a password.
        raise refuse(REDIS_URL, "", type(error).__name__, "redis://HOST:PORT/DB") from None


@contextmanager
def reaching() -> Iterator[None]:
    """Whatever Redis answers with an error, or not at all, is `REDIS_AWAY`: whether a command was
    carried out is then unknown."""
    try:
        yield
    except RedisError as error:
        found = shorten(f"{type(error).__name__}: {error}")
        raise Unavailable(Fault(REDIS_AWAY, "", found)) from error

"""How often somebody asked within the last minute, counted here or by all processes together."""

from math import ceil
from typing import NamedTuple

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.stdlib.get_logger(__name__)

MINUTE = 60
_REDIS_S = 0.1


class Count(NamedTuple):
    """How many are left, -1 where this request is one too many; seconds until there are more."""

    left: int
    wait: int


class Tally:
    """Counts in this process, or in Redis for all of them; while that is away nobody is limited."""

    def __init__(self, redis: str) -> None:
        self._storage = _in_redis(redis) if redis else MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def hit(self, name: str, who: str, most: int) -> Count:
        """Count a request of `who` under a limit of `most` a minute, unless it is one too many.
        What fell in the minute before weighs as much as is left of the present one."""
        item = RateLimitItemPerMinute(most, namespace=name)
        try:
            taken = await self._limiter.hit(item, who)
            before, expires, now, lasts = await self._storage.get_sliding_window(
                item.key_for(who), MINUTE
            )
        except RedisError as error:
            log.warning("requests are not counted", error=type(error).__name__)
            return Count(most, MINUTE)
        wait = min(max(1, ceil(expires if before else lasts)), MINUTE)
        return Count(max(most - ceil(before * expires / MINUTE + now), 0) if taken else -1, wait)


def _in_redis(url: str) -> RedisStorage:
    """No visitor waits for a Redis that is away."""
    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        key_prefix="sla-engine",
        socket_timeout=_REDIS_S,
        socket_connect_timeout=_REDIS_S,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on as it is
    )

"""Facts as an upstream system puts them into Redis."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from redis import Redis

STREAM = "sla-engine:{intake}"


def post(client: Redis, facts: Iterable[Mapping[str, Any]]) -> int:
    """Add facts to the stream of the intake; how many."""
    count = 0
    for fact in facts:
        client.xadd(STREAM, {"data": json.dumps(fact, ensure_ascii=False)})
        count += 1
    return count

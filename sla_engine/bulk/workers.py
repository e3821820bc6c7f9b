"""The same function over Parquet partitions in several processes, or on several machines.

Dask carries the partitions to the workers and the small results back; see docs/bulk.md for why
Dask. Nothing here knows a rule: a worker is given its rulebook once and asks `Bulk` like anybody.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import dask
from distributed import Client, LocalCluster

from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.impact import Impact, compare, total
from sla_engine.bulk.parquet import read
from sla_engine.bulk.scalar import Asked

T = TypeVar("T")

# Neither publishes types.
_start: Any = LocalCluster
_connect: Any = Client

_QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.limit": "1h"}


@contextmanager
def local_workers(count: int) -> Iterator[Any]:
    """Worker processes of this machine, one thread each, reachable from this machine alone; gone
    with the block."""
    with (
        dask.config.set(_QUIET),
        _start(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        _connect(cluster) as client,
    ):
        yield client


def each_part(
    client: Any,
    parts: Sequence[Path],
    work: Callable[[Path, tuple[Asked, ...]], T],
    *asked: Asked,
) -> list[T]:
    """What `work` makes of each partition under the same questions, in the order of `parts`.

    `client` is a `distributed.Client`, of `local_workers` or of any cluster that sees the folder.
    """
    questions = client.scatter(asked, broadcast=True, hash=False)
    return list(client.gather(client.map(work, parts, asked=questions, pure=False)))


def impact(client: Any, parts: Sequence[Path], before: Asked, after: Asked) -> Impact:
    """How the answer to `after` differs from that to `before`, over all partitions."""
    return total(each_part(client, parts, impact_of, before, after))


def impact_of(part: Path, asked: tuple[Asked, ...]) -> Impact:
    """The same for one partition."""
    facts = read(part)
    before, after = (Bulk(each).answer(facts) for each in asked)
    return compare(before, after)

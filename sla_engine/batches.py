"""Much of something, a part at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(all_: Iterable[T], size: int) -> Iterator[list[T]]:
    """Everything in the order given, so many at a time."""
    rest = iter(all_)
    while batch := list(islice(rest, size)):
        yield batch

"""What a read model is, and what a store offers those who build and read one.

A projection is pure: it says which events concern it, which row an event belongs to, and what that
row looks like afterwards. Rows are plain dicts of JSON values. Everything else - positions, dead
letters, rebuilding beside the old generation - belongs to the follower that runs it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from sla_engine.ports import Log, Transaction
from sla_engine.record import Event, Recorded

Columns = dict[str, Any]


class Projection(Protocol):
    """A read model as three pure functions and a permanent name."""

    @property
    def name(self) -> str: ...

    def interested(self, event: Event) -> bool:
        """Whether `event` can change a row."""
        ...

    def key(self, recorded: Recorded) -> str:
        """Key of the one row that `recorded` concerns."""
        ...

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        """The row after `recorded`; None removes it. `row` is None where there is none."""
        ...


class DeadLetter(NamedTuple):
    """An event that a follower could not take. `reason` names the error, never its text."""

    follower: str
    position: int
    stream: str
    version: int
    reason: str


class FollowerTransaction(Transaction, Protocol):
    """What a follower writes in the same transaction as its position."""

    def rows(self, projection: str, generation: int, keys: Iterable[str]) -> Mapping[str, Columns]:
        """Those of the rows that exist."""
        ...

    def put_rows(
        self, projection: str, generation: int, changes: Mapping[str, Columns | None]
    ) -> None:
        """Write or delete (None) rows."""
        ...

    def drop_rows(self, projection: str, keep: int) -> None:
        """Delete every generation but `keep`."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Put an event aside for a person to look at."""
        ...

    def forget(self, follower: str) -> None:
        """Drop a follower's position, memory and dead letters."""
        ...


class FollowedLog(Log, Protocol):
    """A log that also shows how its followers fare."""

    def transact(self) -> AbstractContextManager[FollowerTransaction]: ...

    def position(self, follower: str) -> int:
        """How far a follower has come, outside any transaction."""
        ...

    def memory(self, follower: str) -> Mapping[str, bytes]:
        """A follower's memory, outside any transaction."""
        ...

    def table(
        self, projection: str, generation: int, prefix: str = ""
    ) -> Iterator[tuple[str, Columns]]:
        """Rows of a read model by key."""
        ...

    def dead_letters(self, follower: str) -> Iterator[DeadLetter]:
        """What a follower put aside, oldest first."""
        ...

"""The alarm index from the log: rebuilt stream by stream, or compared with what it should be.

Both run beside everything else; a stream is judged under its own transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sla_engine.ports import AlarmRow, Log
from sla_engine.record import Instant, Recorded

INDEX, STALE = "alarm", "stale"
"""Under which a store remembers that rows of its index come from an older schema."""

RowsOf = Callable[[str, Sequence[Recorded], Instant], Sequence[AlarmRow]]
"""The rows that a stream's events call for at an instant."""


class Difference(NamedTuple):
    """A stream whose rows in the index are not those its events call for."""

    stream: str
    stored: tuple[AlarmRow, ...]
    expected: tuple[AlarmRow, ...]


def rebuild(log: Log, rows_of: RowsOf, now: Instant) -> int:
    """Write the rows of every stream anew; returns how many streams there are."""
    count = 0
    for stream in _streams(log):
        with log.transact() as tx:
            tx.set_alarms(stream, _expected(rows_of, stream, tx.load(stream), now))
        count += 1
    return count


def audit(log: Log, rows_of: RowsOf, now: Instant) -> Iterator[Difference]:
    """Differences between the index and a recomputation, to be run when nothing is due at `now`.

    A lost alarm is a lost promise, so this is worth doing from time to time.
    """
    for stream in _streams(log):
        difference = _compare(log, rows_of, now, stream)
        # Somebody may have written between the two readings; a real difference stays.
        if difference and _compare(log, rows_of, now, stream) == difference:
            yield difference


def _compare(log: Log, rows_of: RowsOf, now: Instant, stream: str) -> Difference | None:
    expected = tuple(sorted(_expected(rows_of, stream, log.read(stream), now)))
    stored = tuple(sorted(row for name, row in log.alarms(stream) if name == stream))
    return None if stored == expected else Difference(stream, stored, expected)


def _expected(
    rows_of: RowsOf, stream: str, events: Sequence[Recorded], now: Instant
) -> Sequence[AlarmRow]:
    return rows_of(stream, events, now) if events else ()


def _streams(log: Log) -> Iterator[str]:
    """Every stream that has events, and every one that has rows without events."""
    yield from log.streams("")
    for stream in sorted({stream for stream, _ in log.alarms()}):
        if not log.read(stream):
            yield stream

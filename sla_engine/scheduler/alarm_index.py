"""The alarm index from the log: rebuilt stream by stream, or compared with what it should be.

Both run beside everything else; a stream is judged and mended under its own transaction.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sla_engine.clock import Clock
from sla_engine.errors import Refusal
from sla_engine.ports import AlarmRow, Log, attempt
from sla_engine.record import Instant, Recorded

logger = logging.getLogger(__name__)

INDEX, STALE = "alarm", "stale"
"""Under which a store remembers that rows of its index come from an older schema."""

_PAGE = 1_000

RowsOf = Callable[[str, Sequence[Recorded], Instant], Sequence[AlarmRow]]
"""The rows that a stream's events call for at an instant."""


class Difference(NamedTuple):
    """A stream whose rows in the index are not those its events call for."""

    stream: str
    stored: tuple[AlarmRow, ...]
    expected: tuple[AlarmRow, ...]

    @property
    def kind(self) -> str:
        """ "lost": a clock without its row, and perhaps without its alarm; "stray": a row without
        its clock; else "wrong"."""
        stored = {(row.clause, row.cycle) for row in self.stored}
        expected = {(row.clause, row.cycle) for row in self.expected}
        if expected - stored:
            return "lost"
        return "stray" if stored - expected else "wrong"

    def about_to_change(self, now: Instant) -> bool:
        """Whether a sweep is going to write the rows anyway."""
        due = any(row.alarm_at is not None and row.alarm_at <= now for row in self.stored)
        return due and bool(self.expected)


def rebuild(log: Log, rows_of: RowsOf, now: Instant) -> list[str]:
    """Write the rows of every stream anew; returns the streams whose rows stay as they are, for the
    rules they were judged by are not loaded."""
    left = []
    for stream in _streams(log):
        try:
            mend(log, rows_of, now, stream)
        except Refusal as refusal:
            logger.error("alarms of %s stay as they are: %s", stream, refusal)
            left.append(stream)
    return left


def mend(log: Log, rows_of: RowsOf, now: Instant, stream: str) -> None:
    """Write the rows of one stream anew, while nobody else writes to it."""

    def write() -> None:
        with log.transact() as tx:
            tx.set_alarms(stream, _expected(rows_of, stream, tx.load(stream), now))

    attempt(write)


def audit(log: Log, rows_of: RowsOf, now: Instant) -> Iterator[Difference]:
    """Differences between the index and a recomputation, to be run when nothing is due at `now`."""
    for stream in _streams(log):
        difference = _difference(log, rows_of, now, stream)
        if difference is not None:
            yield difference


class Auditor:
    """Looks at a few streams at a time, all of them in the course of hours, and begins again.

    A lost alarm is a lost promise, so the index is not only trusted. What is found is mended,
    counted in `found` by its kind, and logged: it should never be anything. A turn is taken at most
    every `every_s` seconds, however often it is called.
    """

    def __init__(
        self, log: Log, rows_of: RowsOf, clock: Clock, *, streams: int = 10, every_s: float = 1.0
    ) -> None:
        self._log = log
        self._rows_of = rows_of
        self._clock = clock
        self._streams = streams
        self._every = every_s
        self._next = clock.monotonic()
        self._round: Iterator[str] = iter(())
        self.found: Counter[str] = Counter()
        self.looked_at = 0
        self.rounds = 0

    def __call__(self) -> None:
        """Take a turn if it is time for one."""
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + self._every
            self.turn()

    def turn(self) -> None:
        """Look at the next few streams."""
        now = self._clock.now()
        batch = list(islice(self._round, self._streams))
        if len(batch) < self._streams:
            self._round = _streams(self._log)
            self.rounds += 1
        for stream in batch:
            self.looked_at += 1
            difference = _difference(self._log, self._rows_of, now, stream)
            if difference is not None and not difference.about_to_change(now):
                mend(self._log, self._rows_of, now, stream)
                self.found[difference.kind] += 1
                logger.error("alarms of %s were %s and have been mended", stream, difference.kind)


def _difference(log: Log, rows_of: RowsOf, now: Instant, stream: str) -> Difference | None:
    """Somebody may have written between the two readings; a real difference stays."""
    difference = _compare(log, rows_of, now, stream)
    again = difference and _compare(log, rows_of, now, stream)
    return difference if difference == again else None


def _compare(log: Log, rows_of: RowsOf, now: Instant, stream: str) -> Difference | None:
    expected = tuple(sorted(_expected(rows_of, stream, log.read(stream), now)))
    stored = tuple(sorted(row for name, row in log.alarms(stream) if name == stream))
    same = len(stored) == len(expected) and all(map(_same, stored, expected))
    return None if same else Difference(stream, stored, expected)


def _same(stored: AlarmRow, expected: AlarmRow) -> bool:
    """Plans may be missing, or made by another calendar; where they claim the same, they are."""
    if stored.plan and expected.plan and stored.rules == expected.rules:
        return stored == expected
    return _bare(stored) == _bare(expected)


def _bare(row: AlarmRow) -> AlarmRow:
    return row._replace(rules="", plan=b"")


def _expected(
    rows_of: RowsOf, stream: str, events: Sequence[Recorded], now: Instant
) -> Sequence[AlarmRow]:
    return rows_of(stream, events, now) if events else ()


def _streams(log: Log) -> Iterator[str]:
    """Every stream that has events, and every one that has open rows without events."""
    yield from log.streams("")
    after = ""
    while page := log.open_streams(after, _PAGE):
        yield from (stream for stream in page if next(log.streams(stream), None) != stream)
        after = page[-1]

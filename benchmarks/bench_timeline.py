"""The timeline of one petition, however many others there are.

A case is a petition, read whole through the repository. Our rival is ourselves with a tenth of the
log: a ratio near one says that the size of the log does not matter.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.harness import Claim, Contender, Race
from sla_engine.petition.events import Accepted, Dispatched, Registered, Resolved
from sla_engine.record import Event, Meta
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.store.codec import encode

SECOND = 1_000_000
T0 = 1_773_000_000 * SECOND
EVENTS = 10
"""Of each petition."""

_A_DAY = 100
"""Petitions whose facts are interleaved."""

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state, notification_id) "
    "VALUES (?, ?, ?, ?, ?)"
)


def _reading(thousands: int) -> Race:
    petitions = thousands * 1_000 // EVENTS
    known = [Random(7).randrange(petitions // 10) for _ in range(min(2_000, petitions // 10))]
    return Race(
        [_stream(number) for number in known],
        [
            _reader(f"{thousands * 1_000:,} events", petitions),
            _reader(f"{thousands * 100:,} events", petitions // 10),
        ],
    )


def _reader(name: str, petitions: int) -> Contender:
    log = _filled(petitions)

    def one(stream: str) -> Any:
        return log.read(stream)

    def answers(streams: Sequence[str]) -> Sequence[Any]:
        return list(map(one, streams))

    return Contender(
        f"one petition among {name}",
        lambda streams: lambda: answers(streams),
        one=one,
    )


def _stream(number: int) -> str:
    return f"petition/{number:08d}"


def _filled(petitions: int) -> PetitionLog:
    """A log with that many petitions, their facts interleaved as if of one day at a time."""
    path = Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"
    log = open_sqlite(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(_INSERT, _rows(petitions))
    return log


def _rows(petitions: int) -> Iterator[tuple[Any, ...]]:
    states = [[(e.WIRE, encode((_meta(n, v), e))) for v, e in _events(n)] for n in range(500)]
    position = count(1)
    for day in range(0, petitions, _A_DAY):
        for version in range(1, EVENTS + 1):
            for number in range(day, min(day + _A_DAY, petitions)):
                wire, state = states[number % len(states)][version - 1]
                yield _stream(number), version, wire, state, next(position)


def _events(number: int) -> Iterator[tuple[int, Event]]:
    yield 1, Registered(f"{number:08d}", "zaozhuang-2110", "投诉", "CN-3704", matter="房屋漏雨")
    for version in range(2, EVENTS, 2):
        yield version, Dispatched("区住房和城乡建设局", f"A{version}", level="normal")
        yield version + 1, Accepted(f"A{version}")
    yield EVENTS, Resolved("solved", f"A{EVENTS - 2}", f"DOC-{number}")


def _meta(number: int, version: int) -> Meta:
    at = T0 + (number * 1_000 + version) * SECOND
    return Meta(occurred_at=at, recorded_at=at + SECOND, source="12345", key=f"{number}-{version}")


CLAIMS = [Claim("timeline of one petition among many", _reading, 20, 10_000, 3)]

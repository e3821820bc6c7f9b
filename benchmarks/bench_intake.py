"""Whole intake: from the sender's object to settled clocks and read models, beside mere appending.

A case is a fact of a city's petitions, taken in batches as an upstream system would deliver them:
parsed, decided, its clocks and acts settled, followed by the reactor and every read model. The
other contender appends the very events that come of it, made and ready, through the recorder. So
both end with the same log, and the ratio says what it costs to know what the facts mean.
"""

import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast

from benchmarks.bench_store import Viewed
from benchmarks.harness import Claim, Contender, Race, Thunk
from scenarios.workload import Arrival, city
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.identity import digest
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Recorded
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-03-20T00:00:00+08:00")
BATCH = 100

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()


def _taking(petitions: int) -> Race:
    arrivals = city(1, petitions, BEGIN, END)
    log = _open()
    _take(log, arrivals)
    events = list(log.scan())
    return Race(
        arrivals,
        [
            Contender("Engine.take, followed", _intake),
            Contender("appending the events that come of it", lambda _: _append(arrivals, events)),
        ],
    )


@cache
def _rules() -> Rulebook:
    return load_rulebook()


def _open() -> PetitionLog:
    path = Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"
    return open_sqlite(path, make_secret=lambda: bytes(32))


def _intake(arrivals: Sequence[Arrival]) -> Thunk:
    log = _open()

    def run() -> Sequence[Any]:
        _take(log, arrivals)
        return _log_of(log, arrivals)

    return run


def _take(log: PetitionLog, arrivals: Sequence[Arrival]) -> None:
    clock = VirtualClock(BEGIN)
    engine = Engine(log, clock, Settings(tolerance_s=0), _rules())
    for start in range(0, len(arrivals), BATCH):
        batch = arrivals[start : start + BATCH]
        clock.set(max(clock.now(), batch[-1].at))
        engine.take([parse(arrival.fact) for arrival in batch])


def _append(arrivals: Sequence[Arrival], events: Sequence[Recorded]) -> Thunk:
    """In transactions that hold as many events as a batch of facts leads to."""
    log = _open()
    size = max(1, len(events) * BATCH // len(arrivals))

    def run() -> Sequence[Any]:
        for start in range(0, len(events), size):
            log.ledger.put(cast(Any, events[start : start + size]))
        return _log_of(log, arrivals)

    return run


def _log_of(log: PetitionLog, arrivals: Sequence[Arrival]) -> Viewed:
    """The digest of the whole log, as the answer to every fact."""
    return Viewed(len(arrivals), lambda: [_digest(log)] * len(arrivals))


def _digest(log: PetitionLog) -> str:
    return digest([repr(tuple(recorded)) for recorded in log.scan()])


CLAIMS = [Claim("intake: facts taken, settled and followed", _taking, 10, 300, 3)]

"""Read models: how fast all of them are rebuilt from the log, beside merely decoding it.

A case is an event of the log. The plain pass decodes every event and does nothing with it; what it
would amount to is worked out afterwards, untimed, by the same pure functions without a store. So
the two must come to the same tables, and the ratio says what rows, cells and commits cost.
"""

import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.bench_store import Viewed
from benchmarks.harness import Claim, Contender, Race, Thunk
from projections import READ_MODELS
from scenarios.workload import DAY, MONTH, history
from sla_engine.dossier.events import RungFired
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import Projector, read_rows
from sla_engine.identity import digest
from sla_engine.ports import AlarmRow
from sla_engine.projection import Clocked, Columns, Projection, published, tables
from sla_engine.record import ENGINE, Draft, Instant, Meta, Recorded
from sla_engine.service.intake import parse
from sla_engine.store.application import PetitionLog, open_sqlite

T0 = 1_741_000_000_000_000
CLAUSES = ("triage", "arrive", "feedback", "solve", "return", "callback")
BATCH = 500

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()


def _rebuilding(petitions: int) -> Race:
    log = _city(petitions)
    events = list(log.scan())
    return Race(
        events,
        [
            Contender("all read models, one pass", lambda _: _together(log, events)),
            Contender("decoding the log and no more", lambda _: _decoding(log, events)),
        ],
    )


def _together(log: PetitionLog, events: Sequence[Recorded]) -> Thunk:
    _forget(log)

    def run() -> Sequence[Any]:
        ReadModels(log, READ_MODELS, BATCH).run()
        return Viewed(len(events), lambda: _kept(log))

    return run


def _decoding(log: PetitionLog, events: Sequence[Recorded]) -> Thunk:
    def run() -> Sequence[Any]:
        after, read = 0, 0
        while batch := log.follow(after, BATCH):
            after, read = batch[-1].position, read + len(batch)
        assert read == len(events)
        return Viewed(read, lambda: [_worked_out(log, model, events) for model in READ_MODELS])

    return run


def _forget(log: PetitionLog) -> None:
    with log.transact() as tx:
        for model in READ_MODELS:
            tx.forget(Projector(model).name)
            for table in tables(model):
                tx.drop_rows(table, keep=0)


def _kept(log: PetitionLog) -> list[str]:
    """A digest of the tables of each read model, as the store has them."""
    return [
        digest({table: dict(read_rows(log, table)) for table in tables(model)})
        for model in READ_MODELS
    ]


def _worked_out(log: PetitionLog, model: Projection, events: Sequence[Recorded]) -> str:
    rows: dict[str, Columns | None] = {}
    for recorded in events:
        if model.interested(recorded.event):
            key = model.key(recorded)
            rows[key] = model.apply(rows.get(key), recorded)
    present = {key: row for key, row in rows.items() if row is not None}
    if isinstance(model, Clocked):
        for key, row in present.items():
            clocks = [clock for stream, clock in log.alarms(key) if stream == key]
            present[key] = model.finish(row, clocks)
    return digest(published(model, present))


# ------------------------------------------------------------------------------------------- a city


def _city(petitions: int) -> PetitionLog:
    """Petitions of a month as the log would hold them, facts of many at a time interleaved, with
    an act for every fourth and six clocks for each."""
    log = open_sqlite(Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite", synchronous="OFF")
    rng = Random(11)
    for start in range(0, petitions, 50):
        with log.transact() as tx:
            stories = [_story(rng, start + index) for index in range(50)]
            waiting = [(f"petition/{no}", iter(drafts), 0) for no, drafts in stories]
            while waiting:
                stream, told, version = waiting.pop(rng.randrange(len(waiting)))
                if draft := next(told, None):
                    tx.append(stream, version, [draft])
                    waiting.append((stream, told, version + 1))
            for no, drafts in stories:
                tx.set_alarms(f"petition/{no}", _clocks(drafts))
    return log


def _story(rng: Random, index: int) -> tuple[str, list[Draft]]:
    no = f"BM{index:06d}"
    opened = T0 + rng.randrange(30) * DAY
    facts = [(fact.pop("_at"), parse(fact)) for fact in history(rng, no, opened, MONTH)]
    drafts = [
        Draft(
            Meta(
                occurred_at=at,
                recorded_at=at,
                source=each.source,
                key=each.key,
                pack="p" * 64,
                calendar="c" * 64,
            ),
            each.event,
        )
        for at, each in facts
    ]
    if index % 4 == 0:
        at = facts[-1][0]
        drafts.append(Draft(Meta(occurred_at=at, recorded_at=at, source=ENGINE), _act(at)))
    return no, drafts


def _act(at: Instant) -> RungFired:
    return RungFired("solve", "1", 0, "supervise", 40, "supervise", at, at, unit="U01")


def _clocks(drafts: Sequence[Draft]) -> list[AlarmRow]:
    begin, end = drafts[0].meta.occurred_at, drafts[-1].meta.occurred_at
    return [
        AlarmRow(
            clause, "1", "met", 0, "U01", begin + n * DAY, None, "", begin, end - n * DAY, "U01"
        )
        for n, clause in enumerate(CLAUSES)
    ]


CLAIMS = [Claim("read models: rebuild all of them from the log", _rebuilding, 50, 2_000, 3)]

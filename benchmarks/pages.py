"""A store with the lists of a million petitions, to be read in pages.

Living through a million petitions would take hours, so their rows are made: a small city is lived
through for real, and what its read models say of each petition, talk and order is copied under new
numbers, units and days (`_moved`). What is listed, under which keys, and what it adds up to, is
then worked out by the models themselves (`spread`, `tally`), as a projector does. The log of such a
store is empty.
"""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from projections.access_register import AccessRegister
from projections.docket import Docket
from projections.lists import SupervisionList, TalkList
from scenarios.month import month
from scenarios.workload import DAY, Shape
from sla_engine.access.events import SubjectRead
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.projection import Columns, Projection, Spread, Tallied, base_table
from sla_engine.record import Instant, Meta, Recorded
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import open_memory, open_sqlite
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant, parse_instant

NOW = parse_instant("2026-11-20T15:00:00+08:00")
"""When the city is looked at."""

UNITS = 200
YEARS = 3
OPEN = 0.15
"""Share of the petitions that are open: half a year's worth of them."""

_BEGIN = parse_instant("2025-03-01T00:00:00+08:00")
_LOOK = _BEGIN + 24 * DAY
_SAMPLE = 150
_SHAPE = Shape(units=12, slow=0.5, reworked=0.15, rated=0.5, unfinished=0.3, rounds=False)
_INSERT = "INSERT INTO projection_row VALUES (?, 1, ?, ?)"

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")

Sample = Mapping[str, Sequence[Columns]]
"""Rows behind each model, as a projection left them."""


@cache
def built(petitions: int) -> Path:
    """A store of that many petitions, made once for all who ask."""
    path = Path(_DIRECTORY.name) / f"{petitions}.sqlite"
    million(path, petitions)
    return path


def million(path: Path, petitions: int = 1_000_000) -> int:
    """Fill a new SQLite store with the rows of so many petitions, one talk to fifty of them, one
    order of supervision to ten and one reading of personal data to four; returns how many rows.
    A million take five to ten minutes and 5 GB."""
    open_sqlite(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        connection.execute("BEGIN")
        connection.executemany(_INSERT, _rows(petitions))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        return int(connection.execute("SELECT count(*) FROM projection_row").fetchone()[0])
    finally:
        connection.close()


def _rows(petitions: int) -> Iterator[tuple[str, str, str]]:
    rng, sample = Random(1), _sample()
    lists: list[tuple[Projection, Iterable[tuple[str, Columns]]]] = [
        (Docket(), _petitions(rng, sample["docket"], petitions)),
        (TalkList(), _talks(rng, sample["talk_list"], petitions // 50)),
        (SupervisionList(), _orders(rng, sample["supervision_list"], petitions // 10)),
        (AccessRegister(), _readings(rng, petitions // 4)),
    ]
    for model, rows in lists:
        yield from _written(model, rows)


def _written(
    model: Projection, rows: Iterable[tuple[str, Columns]]
) -> Iterator[tuple[str, str, str]]:
    """Every row of every table of a model."""
    assert isinstance(model, Spread), "a list is read under other keys than it is kept"
    tallied, sums = model if isinstance(model, Tallied) else None, dict[str, Counter[str]]()
    for key, row in rows:
        yield base_table(model), key, _json(row)
        found = model.spread(row)
        texts = {id(each): _json(each) for each in found.values()}
        for place, each in found.items():
            yield model.name, place, texts[id(each)]
        for cell, counters in tallied.tally(row).items() if tallied is not None else ():
            sums.setdefault(cell, Counter()).update(counters)
    for cell, counter in sums.items():
        yield f"{model.name}.cells", cell, _json(+counter)


def _json(row: Mapping[str, Any]) -> str:
    return msgspec.json.encode(row).decode()


# ------------------------------------------------------------------------------------------ sample


@cache
def _sample() -> Sample:
    """What a small city's read models say in the middle of its month."""
    engine = Engine(open_memory(), VirtualClock(_BEGIN), Settings(tolerance_s=0), load_rulebook())
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    try:
        arrivals = [each for each in month(3, _SAMPLE, _BEGIN, _SHAPE) if each.at <= _LOOK]
        for start in range(0, len(arrivals), 50):
            batch = arrivals[start : start + 50]
            clock.set(batch[-1].at)
            engine.run_due()
            # What arrives before its predecessor is refused; the sample does without it.
            engine.take([parse(arrival.fact) for arrival in batch])
        clock.set(_LOOK)
        engine.run_due()
        tables = {name: f"{name}.base" for name in ("docket", "talk_list", "supervision_list")}
        return {name: [row for _, row in engine.rows(table)] for name, table in tables.items()}
    finally:
        engine.close()


def _petitions(
    rng: Random, sample: Sequence[Columns], petitions: int
) -> Iterator[tuple[str, Columns]]:
    """By when they were registered; the later, the more of them are still open."""
    still = [row for row in sample if row["open"] and row["due"] is not None]
    over = [row for row in sample if not row["open"]]
    recent = round(petitions * OPEN / 0.75)
    for number in range(petitions):
        is_open = number >= petitions - recent and rng.random() < 0.75
        like = rng.choice(still if is_open else over)
        at = NOW - (petitions - number) * YEARS * 365 * DAY // petitions
        # An open one keeps its distance to the look at the city, give or take some days.
        days = (NOW - _LOOK) // DAY + rng.randrange(-12, 40) if is_open else 0
        by = days * DAY if is_open else (at - like["registered_at"]) // DAY * DAY
        row = _moved(rng, like, by)
        row["registered_at"] = at
        row["no"] = f"ZZ{format_instant(at)[:10].replace('-', '')}{number:07d}"
        yield f"petition/{row['no']}", row


def _moved(rng: Random, like: Columns, by: int) -> Columns:
    """A petition as another one was, so much later, with other units; never due on the very same
    instant as all the others that were copied from it."""
    named = {each: f"U{rng.randrange(UNITS):03d}" if each else "" for each in like["parties"]}
    unit = named[like["unit"]]
    later = by + rng.randrange(-4 * 3600, 4 * 3600) * 1_000_000

    def moved(due: int | None) -> int | None:
        return None if due is None else due + later

    row = {**like, "unit": unit, "due": moved(like["due"])}
    row["parties"] = {
        named[each]: [card, level, moved(due), clause]
        for each, (card, level, due, clause) in like["parties"].items()
    }
    if like["ended_at"] is not None:
        row["ended_at"] = min(like["ended_at"] + by, NOW)
    row["reds"] = [_later(day, by // DAY) for day in like["reds"]]
    row["verdicts"] = [
        [_later(day, by // DAY), unit and liable and unit, judged, met]
        for day, liable, judged, met in like["verdicts"]
    ]
    return row


@cache
def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def _talks(rng: Random, sample: Sequence[Columns], talks: int) -> Iterator[tuple[str, Columns]]:
    for number in range(talks):
        like, age = rng.choice(sample), rng.randrange(YEARS * 365) * DAY
        unit = f"U{rng.randrange(UNITS):03d}"
        row = {**like, "unit": unit, "talk": f"{unit}/{number:06d}", "proposed_at": NOW - age}
        if age > 60 * DAY:
            row |= {"open": False, "phase": "struck_off", "held_at": NOW - age + 9 * DAY}
        else:
            row |= {"scheduled_at": NOW - age + 12 * DAY, "tier": 1 + number % 3}
        yield f"talk/{row['talk']}", row


def _orders(rng: Random, sample: Sequence[Columns], orders: int) -> Iterator[tuple[str, Columns]]:
    found = [order for row in sample for order in row["orders"].values()]
    for number in range(orders):
        settled = None if number > orders * 0.95 else NOW
        stream = f"petition/S{number:07d}"
        order = {
            **rng.choice(found),
            "stream": stream,
            "unit": f"U{rng.randrange(UNITS):03d}",
            "number": number,
            "settled_at": settled,
        }
        yield stream, {"orders": {"one": order}}


def _readings(rng: Random, readings: int) -> Iterator[tuple[str, Columns]]:
    """Entries that the register itself makes of events."""
    model = AccessRegister()
    for position in range(1, readings + 1):
        no = f"ZZ{rng.randrange(readings // 3 + 1):07d}"
        event = SubjectRead(f"S{no}", "回访", no, ("name", "phone"))
        meta = Meta(
            occurred_at=NOW,
            recorded_at=_at(position, readings),
            actor=f"P{rng.randrange(400):03d}",
            role="supervisor",
            source="console:P",
        )
        recorded = Recorded(f"subject/S{no}", 1, position, meta, event)
        row = model.apply(None, recorded)
        assert row is not None, "a reading is entered"
        yield model.key(recorded), row


def _at(position: int, readings: int) -> Instant:
    return NOW - (readings - position) * YEARS * 365 * DAY // readings

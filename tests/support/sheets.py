"""Read models worked by hand: facts in short form in, the tables of a model out."""

import json
from collections.abc import Iterable, Sequence

from sla_engine.ports import AlarmRow
from sla_engine.projection import Clocked, Columns, Projection, published
from sla_engine.record import Event, Instant, Meta, Recorded

DAY = 86_400_000_000
NOON = 4 * 3_600_000_000
"""Of a day in China, after its midnight in UTC."""

Fact = tuple[Meta, Event]


def on(day: int, event: Event, key: str = "", pack: str = "", calendar: str = "") -> Fact:
    """A fact at noon of the n-th day of 1970 in China, learned a second later."""
    at = (day - 1) * DAY + NOON
    meta = Meta(occurred_at=at, recorded_at=at + 1, source="city", key=key, pack=pack,
                calendar=calendar)  # fmt: skip
    return meta, event


def noon(day: int) -> Instant:
    return (day - 1) * DAY + NOON


def told(stream: str, facts: Iterable[Fact]) -> list[Recorded]:
    """Facts as the log would hold them, in the order given."""
    return [Recorded(stream, n, n, *fact) for n, fact in enumerate(facts, 1)]


def clock(
    clause: str,
    start: int,
    due: int | None,
    stop: int | None = None,
    unit: str = "甲",
    *,
    state: str = "",
    cycle: str = "1",
    mark: str = "",
    missed: str = "overdue",
) -> AlarmRow:
    """A clock by days; due at noon, as everything here."""
    ends = noon(stop) if stop is not None else None
    dues = noon(due) if due is not None else None
    return AlarmRow(
        clause, cycle, state or "met", 0, "nobody", dues, None, "", noon(start), ends, unit, mark,
        missed,
    )  # fmt: skip


def sheet(
    model: Projection, events: Iterable[Recorded], clocks: Sequence[AlarmRow] = ()
) -> dict[str, dict[str, Columns]]:
    """Every table of a model after all events, rows going through JSON as a store keeps them."""
    rows: dict[str, Columns] = {}
    for recorded in events:
        if model.interested(recorded.event):
            key = model.key(recorded)
            row = model.apply(rows.pop(key, None), recorded)
            if row is not None:
                rows[key] = json.loads(json.dumps(row))
    if isinstance(model, Clocked):
        rows = {key: model.finish(row, clocks) for key, row in rows.items()}
    return published(model, json.loads(json.dumps(rows)))

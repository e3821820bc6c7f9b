"""Pages of the screens' lists at a million petitions, beside `sqlite3` alone on the same rows.

A case is a request of one person: a page of 50, or the figures of the cockpit. Each is timed by
itself. The rival writes the statement that fits the request into the same file by hand, without
generations, cursors or other stores to think of; where a list has a range of its own that is the
least that a page can cost. Where it has none, and for the cockpit, the rival asks SQL to look.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

import msgspec

from benchmarks.harness import Claim, Contender, Race, Thunk
from benchmarks.pages import NOW, UNITS, YEARS, built
from projections import access_register, docket, lists
from projections.cockpit import standings
from projections.days import begin_of, day_of
from projections.docket import Filter
from projections.paging import Page, instant, sealed
from scenarios.workload import DAY
from sla_engine.followers.projector import Shelves
from sla_engine.projection import Shelf
from sla_engine.store.application import open_sqlite

REQUESTS = 200
MIDNIGHT = begin_of(date.fromisoformat(day_of(NOW)))


class Asked(NamedTuple):
    """One request, as ours and as a range of keys [low, high) with what SQL is to look for.
    `name` is the column by which answers are compared."""

    read: Callable[[Shelf], Page]
    table: str
    low: str
    high: str
    name: str = "no"
    order: str = "ASC"
    where: str = ""


Ask = Callable[[Random], Asked]


def _reading(ask: Ask, petitions: int, share: float) -> Race:
    path, rng = built(petitions), Random(5)
    shelf, connection = Shelves(open_sqlite(path)), sqlite3.connect(path)

    def ours(asked: Asked) -> list[Any]:
        return [row[asked.name] for row in asked.read(shelf).rows]

    def by_hand(asked: Asked) -> list[Any]:
        statement = (
            "SELECT columns FROM projection_row WHERE projection = ? AND generation = 1 "
            f"AND key >= ? AND key < ?{asked.where} ORDER BY key {asked.order} LIMIT 50"
        )
        rows = connection.execute(statement, (asked.table, asked.low, asked.high)).fetchall()
        return [msgspec.json.decode(columns)[asked.name] for (columns,) in rows]

    return Race(
        [ask(rng) for _ in range(REQUESTS)],
        [
            Contender("a page of 50", _each(ours), one=ours),
            Contender("the statement by hand, sqlite3", _each(by_hand), share=share, one=by_hand),
        ],
    )


def _each(one: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Thunk]:
    return lambda cases: lambda: [one(case) for case in cases]


def _behind(prefix: str) -> str:
    """The first key behind a range."""
    return f"{prefix[:-1]}}}"


def _unit(rng: Random) -> str:
    return f"U{rng.randrange(UNITS):03d}"


def _docket(asked: Filter, prefix: str, order: str = "ASC", where: str = "") -> Asked:
    return Asked(
        lambda shelf: docket.page(shelf, asked),
        "docket",
        prefix,
        _behind(prefix),
        order=order,
        where=where,
    )


def _of_unit(rng: Random) -> Asked:
    unit = _unit(rng)
    return _docket(Filter(unit=unit), f"due|={unit}|")


def _deep(rng: Random) -> Asked:
    key = f"new|*|{instant(NOW - rng.randrange(YEARS * 365) * DAY)}"
    asked = Filter(order="newest", state="any")
    return Asked(
        lambda shelf: docket.page(shelf, asked, sealed(key)), "docket", "new|*|", key, order="DESC"
    )


def _overdue(rng: Random) -> Asked:
    unit = _unit(rng)
    until = f"due|={unit}|{instant(NOW)}"
    return _docket(docket.overdue(NOW, unit), f"due|={unit}|")._replace(high=until)


def _red(_: Random) -> Asked:
    return _docket(Filter(card="red"), "card|*|", where=_having("card", "red"))


def _phase(rng: Random) -> Asked:
    phase = rng.choice(("in_progress", "resolved"))
    return _docket(Filter(phase=phase), "due|*|", where=_having("phase", phase))


def _nothing(_: Random) -> Asked:
    asked = Filter(order="newest", state="any", urgency="unheard of")
    return _docket(asked, "new|*|", "DESC", _having("urgency", "unheard of"))


def _having(column: str, value: str) -> str:
    return f" AND json_extract(columns, '$.{column}') = '{value}'"


def _number(rng: Random) -> Asked:
    day = day_of(NOW - rng.randrange(YEARS * 365) * DAY).replace("-", "")
    asked = Filter(number=f"ZZ{day}", state="any")
    return Asked(
        lambda shelf: docket.page(shelf, asked),
        "docket.base",
        f"petition/ZZ{day}",
        f"petition/ZZ{day}:",
    )


def _talks(rng: Random) -> Asked:
    unit = _unit(rng)
    return Asked(
        lambda shelf: lists.page(shelf, "talk_list", unit=unit),
        "talk_list",
        f"all|={unit}|",
        f"all|={unit}}}",
        name="talk",
        order="DESC",
    )


def _orders(rng: Random) -> Asked:
    unit = _unit(rng)
    return Asked(
        lambda shelf: lists.page(shelf, "supervision_list", unit=unit, only_open=True),
        "supervision_list",
        f"open|={unit}|",
        f"open|={unit}}}",
        name="number",
        order="DESC",
    )


def _accesses(rng: Random) -> Asked:
    who = f"P{rng.randrange(400):03d}"
    return Asked(
        lambda shelf: access_register.page(shelf, who=who),
        "access_register",
        f"who|{who}|",
        f"who|{who}}}",
        name="position",
        order="DESC",
    )


# ----------------------------------------------------------------------------------------- cockpit


def _figures(petitions: int) -> Race:
    path = built(petitions)
    shelf, connection = Shelves(open_sqlite(path)), sqlite3.connect(path)

    def ours(now: int) -> Any:
        return [
            (each.unit, each.open, each.overdue, each.red)
            for each in standings(shelf, now)
            if each.open
        ]

    def by_hand(now: int) -> Any:
        return connection.execute(_COUNTING, (now,)).fetchall()

    return Race(
        [MIDNIGHT + minute * 60_000_000 for minute in range(0, 24 * 60, 30)],
        [
            Contender("cockpit: every unit, from cells", _each(ours), one=ours),
            Contender("counting the open petitions, sqlite3", _each(by_hand), share=0.05),
        ],
    )


_COUNTING = """
SELECT substr(key, 6, instr(substr(key, 6), '|') - 1), count(*),
    coalesce(sum(columns ->> 'due' < ?), 0), sum(columns ->> 'card' = 'red')
FROM projection_row WHERE projection = 'docket' AND generation = 1
    AND key >= 'due|=' AND key < 'due|>' GROUP BY 1 ORDER BY 1
"""


def _claim(name: str, ask: Ask, share: float = 1.0) -> Claim:
    return Claim(
        f"pages: {name}", lambda petitions: _reading(ask, petitions, share), 1_500, 1_000_000, 3
    )


CLAIMS = [
    _claim("open petitions of a unit", _of_unit),
    _claim("all petitions, somewhere deep", _deep),
    _claim("overdue petitions of a unit", _overdue),
    _claim("red cards", _red),
    _claim("open petitions in one phase, no range of its own", _phase),
    _claim("all petitions, a filter that fits none", _nothing, share=0.01),
    _claim("petitions by the beginning of their number", _number),
    _claim("talks of a unit", _talks),
    _claim("orders of supervision of a unit that are not settled", _orders),
    _claim("what one person has read and changed", _accesses),
    Claim("pages: figures of the cockpit", _figures, 1_500, 1_000_000, 3),
]

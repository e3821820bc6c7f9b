"""The docket (工单目录): petitions in the orders in which they are listed, and what they come to.

Rows (`docket`) stand under keys `ORDER|SCOPE|INSTANT|STREAM`, so that a list is one range:

* `due`: open petitions by the earliest due instant of what is owed, those without one last;
* `card`: the same, of open petitions against which a yellow or red card stands;
* `new`: all petitions by when they were registered.

The scope is everybody's (`*`) or one unit's (`=UNIT`; `=` is the centre's): the petitions it holds
or still owes something for, by what it owes itself and the cards that it was given. The centre has
what is not dispatched, and e.g. what it is to call back about. By number petitions stand in
`docket.base` under the name of their stream.

Cells (`docket.cells`) hold what a cockpit shows:

* `all|` and, for each scope of its own, `unit|UNIT`, of open petitions: `open`, `yellow`, `red`
  (the most severe card), `due:YYYY-MM-DD` by the day that the due instant ends or falls into,
  `due:` without one;
* `day|YYYY-MM-DD`: `registered`, `ended`, and `red` cards by the day of their legal instant, as far
  as they stand;
* `month|YYYY-MM|UNIT`, by the day of the month: `ended:DD`, and of the clocks for which the unit
  was answerable `judged:DD` and `met:DD`, as the scorecard counts them; petitions that are left out
  of every rate are left out here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from projections import acts, history
from projections.acts import ACTS
from projections.days import day_of, last_day_of
from projections.dossiers import Dossiers
from projections.history import Line
from projections.paging import NEVER, Keep, Page, Way, instant, place, walk
from projections.scorecard import clock_counts, rulings
from projections.worklist import ENDED, STAYS, says
from sla_engine.dossier.events import TermRefixed, VerdictSuperseded
from sla_engine.petition.events import (
    Dispatched,
    Excluded,
    ExclusionLifted,
    Registered,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Columns, Shelf
from sla_engine.record import Event, Instant, Recorded, fields_of

DUE, CARD, NEW = "due", "card", "new"
RED, YELLOW = "red", "yellow"

_TRAITS = ("no", "kind", "region", "urgency", "matter", "pack")
_SHOWN = (
    *_TRAITS, "registered_at", "phase", "open", "unit", "level", "card", "due", "clause",
    "ended_at",
)  # fmt: skip
_STAKE = ("card", "level", "due", "clause")
_RULINGS = (Excluded, ExclusionLifted, VerdictSuperseded)


class Docket(Dossiers):
    """Key: the stream. Columns: traits of the petition, `registered_at`, `phase`, `open`, `unit`
    that holds it; `level` of the most severe standing act, the `card` ("red", "yellow", ""); `due`,
    the earliest due instant of its open clocks, and that clock's `clause`; `ended_at` (None while
    it is open); `parties`, by unit [card, level, due, clause] of its own; `reds`, the days on which
    a red card that stands was raised; `verdicts` of its clocks: [day, unit, judged, met]."""

    name = "docket"
    dossiers = (PETITION.name,)
    opening = Registered
    told = history.moving(PETITION) | {Dispatched, ReworkOrdered, *_RULINGS}
    moving = told | ACTS | {*PETITION.steps, TermRefixed}

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        return {**traits, "registered_at": recorded.meta.occurred_at, "raised": {}, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return fields_of(event) if isinstance(event, _RULINGS) else says(event)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines = history.in_effect(history.standing(row["lines"]))
        found = acts.standing(row["raised"])
        phase, ended_at = _stands(lines)
        unit = history.last(lines, "unit")
        owing = [each for each in clocks if each.owed_by is not None] if ended_at is None else []
        due, clause = _first(owing)
        return {
            **row,
            "phase": phase,
            "open": ended_at is None,
            "unit": unit,
            "level": acts.highest(found),
            "card": _card(found),
            "due": due,
            "clause": clause,
            "ended_at": ended_at,
            "parties": _parties(unit, owing, found),
            "reds": [day_of(act.due) for act in found if act.act == RED],
            "verdicts": _verdicts(lines, clocks),
        }

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        stream = f"{PETITION.name}/{row['no']}"
        views = ((unit, _seen(row, unit)) for unit, _ in _stakes(row))
        return {key: seen for unit, seen in views for key in _keys(stream, _scope(unit), seen)}

    def tally(self, row: Columns) -> Cells:
        day = day_of(row["registered_at"])
        cells: dict[str, Counter[str]] = {f"day|{day}": Counter(("registered",))}
        if row["open"]:
            for unit, (card, _, due, _) in _stakes(row):
                last = last_day_of(due) if due is not None else ""
                counters = ["open", f"due:{last}", card]
                cells["all|" if unit is None else f"unit|{unit}"] = Counter(filter(None, counters))
        else:
            day = day_of(row["ended_at"])
            cells.setdefault(f"day|{day}", Counter())["ended"] += 1
            cells[f"month|{day[:7]}|{row['unit']}"] = Counter((f"ended:{day[8:]}",))
        for day in row["reds"]:
            cells.setdefault(f"day|{day}", Counter())["red"] += 1
        for day, liable, judged, met in row["verdicts"]:
            of_unit = cells.setdefault(f"month|{day[:7]}|{liable}", Counter())
            of_unit.update({f"judged:{day[8:]}": judged, f"met:{day[8:]}": met})
        return cells


def _keys(stream: str, scope: str, seen: Columns) -> Iterator[str]:
    yield f"{place(NEW, scope)}{instant(seen['registered_at'])}|{stream}"
    if seen["open"]:
        due = f"{instant(seen['due'])}|{stream}"
        yield f"{place(DUE, scope)}{due}"
        if seen["card"]:
            yield f"{place(CARD, scope)}{due}"


def _scope(unit: str | None) -> str:
    return "*" if unit is None else f"={unit}"


def _stands(lines: list[Line]) -> tuple[str, Instant | None]:
    """The phase, and since when the petition has been over without a break."""
    phase, ended_at = "", None
    for at, phase in history.course(lines, STAYS):
        if phase not in ENDED:
            ended_at = None
        elif ended_at is None:
            ended_at = at
    return phase, ended_at


def _parties(
    holder: str, owing: Sequence[AlarmRow], found: Sequence[acts.Act]
) -> dict[str, list[Any]]:
    units = dict.fromkeys((holder, *(each.unit for each in owing)))
    own = {unit: [act for act in found if act.unit == unit] for unit in units}
    return {
        unit: [
            _card(own[unit]),
            acts.highest(own[unit]),
            *_first([each for each in owing if each.unit == unit]),
        ]
        for unit in units
    }


def _first(owing: Sequence[AlarmRow]) -> tuple[Instant | None, str]:
    return min(((each.due, each.clause) for each in owing), default=(None, ""))


def _card(found: Sequence[acts.Act]) -> str:
    counted = acts.counted(found)
    return RED if RED in counted else YELLOW if YELLOW in counted else ""


def _verdicts(lines: Sequence[Line], clocks: Sequence[AlarmRow]) -> list[list[Any]]:
    if any(line.type == "excluded" and not line.says["measures"] for line in lines):
        return []
    merged = any(line.type == "merged" for line in lines)
    found: dict[tuple[str, str], list[int]] = {}
    for at, unit, counters in clock_counts(clocks, merged, rulings(lines)):
        if counters[0].endswith(".judged") and not counters[0].startswith("!"):
            count = found.setdefault((day_of(at), unit), [0, 0])
            count[0] += 1
            count[1] += counters[1].endswith(".met")
    return [[*name, *count] for name, count in sorted(found.items())]


# ---------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Filter:
    """Which petitions are listed, and in which order. A field that is empty asks for nothing.

    `order` "due" lists open petitions, what is overdue longest first; "newest" lists any. `card`
    "any": a yellow or a red one, "none": neither. `unit` None: everybody's, "": the centre's.
    Instants bound the due instant: [due_from, due_before); petitions without one are left out.
    `number` is how the petition's number begins; the list is then in the order of numbers. A list
    of when petitions were registered, [registered_from, registered_before), is newest first.
    """

    order: Literal["due", "newest"] = "due"
    state: Literal["open", "ended", "any"] = "open"
    unit: str | None = None
    card: Literal["", "red", "yellow", "any", "none"] = ""
    phase: str = ""
    kind: str = ""
    urgency: str = ""
    pack: str = ""
    region: str = ""
    number: str = ""
    due_from: Instant | None = None
    due_before: Instant | None = None
    registered_from: Instant | None = None
    registered_before: Instant | None = None


def overdue(now: Instant, unit: str | None = None) -> Filter:
    """Open petitions of which a clock has run past its due instant."""
    return Filter(unit=unit, due_before=now)


def page(shelf: Shelf, asked: Filter, cursor: str = "", limit: int = 50) -> Page:
    """A page of petitions, each with the columns of `docket`. Raises `CURSOR_WRONG`."""
    order = order_of(asked)
    if order == "number":
        found = walk(shelf, _by_number(asked), cursor, limit, _keep_base(asked))
        return found._replace(rows=[_seen(row, asked.unit) for row in found.rows])
    way, given = _by_age(asked) if order == "newest" else _by_due(asked)
    return walk(shelf, way, cursor, limit, _keep(asked, given))


def order_of(asked: Filter) -> Literal["number", "newest", "due"]:
    """The order in which a list comes; what is asked for bears it out, or has one of its own."""
    if asked.number:
        return "number"
    newest = asked.order == "newest" or asked.state != "open" or _of_days(asked)
    return "newest" if newest else "due"


def petition(shelf: Shelf, no: str) -> Columns | None:
    """One petition by its number, with the columns of `docket`."""
    row = shelf.row("docket.base", f"{PETITION.name}/{no}")
    return None if row is None else _seen(row, None)


def counts_due(
    shelf: Shelf, begin: Instant, end: Instant, units: Sequence[str | None]
) -> list[int]:
    """How many open petitions of each unit (None: of all) have their earliest due instant in
    [begin, end)."""
    prefixes = [place(DUE, _scope(unit)) for unit in units]
    ranges = [(prefix + instant(begin), prefix + instant(end)) for prefix in prefixes]
    return shelf.counts("docket", ranges)


def _by_number(asked: Filter) -> Way:
    return Way("docket.base", f"{PETITION.name}/{asked.number}")


def _by_age(asked: Filter) -> tuple[Way, frozenset[str]]:
    """The range, and what every row in it fulfils."""
    prefix = place(NEW, _scope(asked.unit))
    first, end = asked.registered_from, asked.registered_before
    begin = "" if end is None else prefix + instant(end)
    over = "" if first is None else prefix + instant(first)
    return Way("docket", prefix, begin, over, descending=True), frozenset({NEW})


def _by_due(asked: Filter) -> tuple[Way, frozenset[str]]:
    order = CARD if asked.card in (RED, YELLOW, "any") else DUE
    prefix = place(order, _scope(asked.unit))
    begin = "" if asked.due_from is None else prefix + instant(asked.due_from)
    end = "" if not _bounded(asked) else prefix + instant(asked.due_before)
    return Way("docket", prefix, begin, end), frozenset({"open", "due", order})


def _of_days(asked: Filter) -> bool:
    return asked.registered_from is not None or asked.registered_before is not None


def _bounded(asked: Filter) -> bool:
    return asked.due_from is not None or asked.due_before is not None


def _keep_base(asked: Filter) -> Keep | None:
    """The same of rows as they are kept, which are everybody's."""
    keep, unit = _keep(asked, frozenset()), asked.unit
    if unit is None:
        return keep
    return lambda row: unit in row["parties"] and (keep is None or keep(_seen(row, unit)))


def _keep(asked: Filter, given: frozenset[str]) -> Keep | None:
    """What a range does not fulfil by itself and each row is asked for."""
    names = ("phase", "kind", "urgency", "pack", "region")
    wanted: Columns = {name: getattr(asked, name) for name in names if getattr(asked, name)}
    if asked.state != "any" and "open" not in given:
        wanted["open"] = asked.state == "open"
    tests: list[Keep] = [lambda row: _has(row, wanted)] if wanted else []
    if asked.card and not (asked.card == "any" and CARD in given):
        tests.append(_CARDS[asked.card])
    if _bounded(asked) and "due" not in given:
        tests.append(_within("due", asked.due_from, asked.due_before))
    if _of_days(asked) and NEW not in given:
        tests.append(_within("registered_at", asked.registered_from, asked.registered_before))
    return (lambda row: all(test(row) for test in tests)) if tests else None


def _within(name: str, first: Instant | None, end: Instant | None) -> Keep:
    since, until = first or 0, NEVER if end is None else end
    return lambda row: row[name] is not None and since <= row[name] < until


def _has(row: Columns, wanted: Columns) -> bool:
    return all(row[name] == value for name, value in wanted.items())


_CARDS: Mapping[str, Keep] = {
    RED: lambda row: row["card"] == RED,
    YELLOW: lambda row: row["card"] == YELLOW,
    "any": lambda row: row["card"] != "",
    "none": lambda row: row["card"] == "",
}


def _stakes(row: Columns) -> Iterator[tuple[str | None, Sequence[Any]]]:
    """What a petition comes to for everybody (None), and for each unit that has to do with it."""
    yield None, [row[name] for name in _STAKE]
    yield from row["parties"].items()


def _seen(row: Columns, unit: str | None) -> Columns:
    """What is shown of a petition: to everybody, or to one of its units, of which it says what that
    owes and was given."""
    shown = {name: row[name] for name in _SHOWN}
    if unit is None:
        return shown
    return {**shown, **dict(zip(_STAKE, row["parties"][unit], strict=True))}

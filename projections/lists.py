"""Registers in the orders in which they are paged: what grows with the number of petitions.

Each list is a model of its own over the rows of a register, whose table stays as it is. Its keys
are `ORDER|SCOPE|INSTANT|ID` as in the docket, scope `*` for all units and `=UNIT` for one; open
rows stand under `open`, all of them under `all`. Boards, rounds, the roster and accounts of lists
come to a few rows a month and are read whole.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from projections.dispute_register import DisputeRegister
from projections.items import Items
from projections.paging import Keep, Page, Way, instant, place, walk
from projections.supervision import Supervision
from projections.talk_register import TalkRegister
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Clocked, Columns, OfDossiers, Shelf
from sla_engine.record import Event, Instant, Recorded

ALL, OPEN, WEEK = "all", "open", "week"
_HIDDEN = frozenset({"lines", "raised"})


class _Placed(Protocol):
    """Where a row of a register stands in its list."""

    def __call__(self, row: Columns) -> Iterator[str]: ...


class _Register(Clocked, OfDossiers, Protocol):
    """A register whose rows are one for each dossier."""


class Listing:
    """A list over a register whose rows are one for each dossier. Columns: those of the register
    that are shown."""

    def __init__(self, name: str, register: _Register, places: _Placed) -> None:
        self.name = name
        self.dossiers = register.dossiers
        self._register = register
        self._places = places

    def interested(self, event: Event) -> bool:
        return self._register.interested(event)

    def key(self, recorded: Recorded) -> str:
        return self._register.key(recorded)

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        return self._register.apply(row, recorded)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        return self._register.finish(row, clocks)

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        shown = {name: value for name, value in row.items() if name not in _HIDDEN}
        return dict.fromkeys(self._places(row), shown)


class TalkList(Listing):
    """Talks, newest first. A third order, `week`, has each talk under the instant at which it is to
    be held or was. Cells `open|SCOPE`: how many talks are open at each `tier:N`."""

    def __init__(self) -> None:
        super().__init__("talk_list", TalkRegister(), _talk)

    def tally(self, row: Columns) -> Cells:
        tier = {f"tier:{row['tier']}": 1}
        return dict.fromkeys(_cells(row["unit"]), tier) if row["open"] else {}


class SupervisionList:
    """Orders of supervision in any dossier, newest first; `open`: they stand and the clock they are
    about still runs. Columns: those of `supervision`. Cells `open|SCOPE`: how often each `act`."""

    name = "supervision_list"

    def __init__(self) -> None:
        self._register = Supervision()
        self.dossiers = self._register.dossiers

    def interested(self, event: Event) -> bool:
        return self._register.interested(event)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        return self._register.apply(row, recorded)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        return self._register.finish(row, clocks)

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        return {place: order for order in row["orders"].values() for place in _order(order)}

    def tally(self, row: Columns) -> Cells:
        cells: dict[str, Counter[str]] = {}
        for order in filter(_unsettled, row["orders"].values()):
            for cell in _cells(order["unit"]):
                cells.setdefault(cell, Counter())[order["act"]] += 1
        return cells


def item_list() -> Listing:
    """Items of lists: the open ones by their due instant, all of them newest first."""
    return Listing("item_list", Items(), _item)


def dispute_list() -> Listing:
    """Disputes, newest first, by the office that rules and by who claims."""
    return Listing("dispute_list", DisputeRegister(), _dispute)


def _talk(row: Columns) -> Iterator[str]:
    talk = f"talk/{row['talk']}"
    yield from _keys(row["unit"], row["proposed_at"], row["proposed_at"], talk, row["open"])
    if (held := row["held_at"] or row["scheduled_at"]) and not _fell_through(row):
        for scope in (_scope(None), _scope(row["unit"])):
            yield f"{place(WEEK, scope)}{instant(held)}|{talk}"


def _fell_through(row: Columns) -> bool:
    return row["phase"] in ("refused", "withdrawn")


def _item(row: Columns) -> Iterator[str]:
    item = f"item/{row['item']}"
    return _keys(row["unit"], row["due"], row["listed_at"], item, row["open"])


def _dispute(row: Columns) -> Iterator[str]:
    dispute, at = f"dispute/{row['dispute']}", row["opened_at"]
    return _keys(row["claimant"], at, at, dispute, row["open"])


def _order(order: Columns) -> Iterator[str]:
    number = order["number"]
    name = f"{order['stream']}|{order['clause']}|{order['cycle']}|{order['rung']}"
    return _keys(order["unit"], number, number, name, _unsettled(order))


def _unsettled(order: Columns) -> bool:
    return bool(order["stands"]) and order["settled_at"] is None


def _keys(
    unit: str, urgent: Instant | None, entered: Instant | None, name: str, is_open: bool
) -> Iterator[str]:
    for scope in (_scope(None), _scope(unit)):
        yield f"{place(ALL, scope)}{instant(entered)}|{name}"
        if is_open:
            yield f"{place(OPEN, scope)}{instant(urgent)}|{name}"


def _cells(unit: str) -> tuple[str, str]:
    return f"{OPEN}|{_scope(None)}", f"{OPEN}|{_scope(unit)}"


def _scope(unit: str | None) -> str:
    return "*" if unit is None else f"={unit}"


# ---------------------------------------------------------------------------------------- reading


def page(
    shelf: Shelf,
    table: str,
    cursor: str = "",
    limit: int = 50,
    *,
    unit: str | None = None,
    only_open: bool = False,
    **wanted: Any,
) -> Page:
    """A page of "talk_list", "supervision_list", "item_list" or "dispute_list": of one unit (of a
    dispute: of one claimant), or only what is open; `wanted` are columns and their values, as
    tier=2 or phase="held". Open items come by due instant, all else newest first. Raises
    `CURSOR_WRONG`."""
    prefix = place(OPEN if only_open else ALL, _scope(unit))
    by_due = only_open and table == "item_list"
    keep: Keep | None = _wanting(wanted) if wanted else None
    return walk(shelf, Way(table, prefix, descending=not by_due), cursor, limit, keep)


def talks_between(
    shelf: Shelf,
    begin: Instant,
    end: Instant,
    cursor: str = "",
    limit: int = 50,
    unit: str | None = None,
) -> Page:
    """Talks that are to be held, or were, in [begin, end), by that instant."""
    prefix = place(WEEK, _scope(unit))
    way = Way("talk_list", prefix, prefix + instant(begin), prefix + instant(end))
    return walk(shelf, way, cursor, limit)


def open_talks(shelf: Shelf, unit: str | None = None) -> dict[int, int]:
    """How many talks are open at each tier."""
    cell = shelf.row("talk_list.cells", f"{OPEN}|{_scope(unit)}") or {}
    return {int(name.removeprefix("tier:")): count for name, count in sorted(cell.items())}


def open_orders(shelf: Shelf, unit: str | None = None) -> dict[str, int]:
    """How many orders of supervision stand and are not settled, by act."""
    return shelf.row("supervision_list.cells", f"{OPEN}|{_scope(unit)}") or {}


def _wanting(wanted: Mapping[str, Any]) -> Callable[[Columns], bool]:
    return lambda row: all(row[name] == value for name, value in wanted.items())

"""Lists in pages: a list is a range of keys, a page a few rows of it, a cursor the last key seen.

A key is made of names and numbers, `RANGE|...|ORDER|ID`, so that whatever is listed together stands
together in its order. A page costs the same wherever it lies, and rows that come or go meanwhile
shift nothing. What has no range of its own is looked for while walking one, up to `BUDGET` rows at
a time: no request takes long, and the cursor says where to go on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sla_engine.errors import refuse, register
from sla_engine.projection import Columns, Shelf
from sla_engine.record import Instant

CURSOR_WRONG = register(
    "CURSOR_WRONG",
    "翻页标记“{found}”不属于这份清单",
    "{found} is no cursor of this list",
    "从第一页重新开始，筛选条件变了标记就作废",
    "begin with the first page; a cursor does not outlive a change of filters",
)

BUDGET = 2_000
"""Rows that are looked at for one page."""
CHUNK = 500
"""Rows that are read at once, after a first page of which each may be wanted."""
NEVER = 10**16 - 1
"""Stands for an instant that is not there, behind all others."""

Keep = Callable[[Columns], bool]


@dataclass(frozen=True, slots=True)
class Way:
    """A range of a table and how it is walked: keys of `table` that begin with `prefix`, those
    behind `begin` and before `end` in that direction ("": to the end of the prefix)."""

    table: str
    prefix: str
    begin: str = ""
    end: str = ""
    descending: bool = False

    def over(self, key: str) -> bool:
        """Whether a key lies behind the end."""
        if not self.end:
            return False
        return key < self.end if self.descending else key >= self.end


class Page(NamedTuple):
    """`next` continues the list, "" where it ends. `exhausted`: as many rows as one page may cost
    were looked at before it was full, so there may be more behind `next`."""

    rows: list[Columns]
    next: str
    exhausted: bool = False


def walk(shelf: Shelf, way: Way, cursor: str, limit: int, keep: Keep | None = None) -> Page:
    """The next page of a list: up to `limit` rows that are wanted. Raises `CURSOR_WRONG`."""
    after = _opened(cursor, way.prefix) if cursor else way.begin
    rows: list[Columns] = []
    left, size = BUDGET, limit + 1
    while left > 0:
        size = min(left, size)
        found = shelf.page(way.table, way.prefix, after, size, way.descending)
        for key, row in found:
            if way.over(key):
                return Page(rows, "")
            if len(rows) == limit:
                return Page(rows, sealed(after))
            after = key
            if keep is None or keep(row):
                rows.append(row)
        if len(found) < size:
            return Page(rows, "")
        left, size = left - size, CHUNK
    return Page(rows, sealed(after), exhausted=len(rows) < limit)


def place(*names: str) -> str:
    """The beginning of the keys of a range; no name can be taken for two."""
    return "".join(f"{name.replace('|', '¦')}|" for name in names)


def instant(at: Instant | None) -> str:
    """An instant as a part of a key, which sorts by time; None comes last."""
    return f"{NEVER if at is None else max(at, 0):016d}"


def sealed(key: str) -> str:
    """The cursor behind a key, which need not exist."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _opened(cursor: str, prefix: str) -> str:
    try:
        key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        key = ""
    if not key.startswith(prefix) or not key or "\0" in key:
        raise refuse(CURSOR_WRONG, "cursor", cursor)
    return key

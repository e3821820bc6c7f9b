"""Facts of many petitions as columns, in partitions small enough for a processor's cache.

Rows of one petition lie together, in time order; petitions keep the order in which they were
given. Texts are coded: a number in each row, and what it stands for once. Instants are int64
microseconds, `NEVER` where there is none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from sla_engine.record import Instant, Recorded

Ints: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.int32]
Bools: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.int64]
"""Numbers of rows."""

NEVER: Instant = (1 << 63) - 1
"""An instant that does not come."""

PARTITION = 1 << 14
"""Petitions in a partition: its columns lie in a processor's cache."""

C = TypeVar("C", bound=np.generic)


def pick(column: npt.NDArray[C], rows: Rows | Codes) -> npt.NDArray[C]:
    """`column[rows]`, for rows that are there: to check each of them costs twice the picking."""
    return column.take(rows, mode="clip")


def where(mask: Bools) -> Rows:
    """The rows at which a mask holds."""
    return np.flatnonzero(mask)


class Coded(NamedTuple):
    """A column of texts: `values[codes[row]]`."""

    codes: Codes
    values: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Coded":
        known: dict[str, int] = {}
        codes = [known.setdefault(text, len(known)) for text in texts]
        return cls(np.array(codes, np.int32), tuple(known))

    def code(self, text: str) -> int:
        """The number of a text; -1 where no row has it."""
        return self.values.index(text) if text in self.values else -1

    def among(self, texts: Sequence[str]) -> Bools:
        """By number: whether it stands for one of `texts`."""
        return np.array([value in texts for value in self.values], np.bool_)

    def text(self, row: int) -> str:
        return self.values[int(self.codes[row])]


class Petitions(NamedTuple):
    """One row a petition. `begins` has one entry more: the rows of petition p among the marks are
    `begins[p]:begins[p + 1]`, its lanes `lanes[p]:lanes[p + 1]`.

    `ended_at`: when it was declined, merged or withdrawn. `learned_at`: when the last of its facts
    became known. `refixed`: a term was re-fixed, or a merge says which clock is kept. `voided`: a
    fact turned out not to be so.
    """

    streams: Sequence[str]
    begins: Ints
    lanes: Ints
    ended_at: Ints
    learned_at: Ints
    refixed: Bools
    traits: Mapping[str, Coded]


class Marks(NamedTuple):
    """One row a mark: a fact has as many as clauses may refer to it by.

    `lane` is the row of its lane, -1 where it has none; `pack` and `calendar` are digests, "" where
    the fact is not stamped. `inherited`: it happened to a petition that was merged into this one.
    """

    petition: Rows
    name: Coded
    at: Ints
    known_at: Ints
    lane: Rows
    pack: Coded
    calendar: Coded
    inherited: Bools


class Lanes(NamedTuple):
    """One row an assignment, in order of opening within its petition."""

    names: Sequence[str]
    unit: Coded
    opened_at: Ints
    ended_at: Ints
    lead: Bools
    traits: Mapping[str, Coded]


class Pauses(NamedTuple):
    """One row a suspension, in time order within its petition; `end` NEVER while it is open."""

    petition: Rows
    ground: Coded
    start: Ints
    end: Ints


class Grants(NamedTuple):
    """One row an extension granted, in time order within its petition."""

    petition: Rows
    clause: Coded
    amount: Coded
    asked: Ints
    at: Ints


Source: TypeAlias = Callable[[Sequence[int]], Mapping[int, Sequence[Recorded]]]
"""Petitions of a partition by number, as recorded: what columns do not express is read from it."""


@dataclass(frozen=True)
class Facts:
    """One partition. `kept` is what `bulk` has worked out of it, whatever the rules and the instant
    asked about; it is not for callers to change."""

    petitions: Petitions
    marks: Marks
    lanes: Lanes
    pauses: Pauses
    grants: Grants
    recorded: Source
    kept: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        """How many petitions."""
        return len(self.petitions.streams)

    @property
    def tables(self) -> Mapping[str, tuple[Any, ...]]:
        """The five tables by name."""
        return {
            "petitions": self.petitions,
            "marks": self.marks,
            "lanes": self.lanes,
            "pauses": self.pauses,
            "grants": self.grants,
        }

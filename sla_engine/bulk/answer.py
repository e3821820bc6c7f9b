"""Every clock of every petition at one instant, in columns."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sla_engine.bulk.facts import Bools, Codes, Facts, Ints, Rows, pick
from sla_engine.bulk.scalar import Refused
from sla_engine.record import Instant
from sla_engine.sla.assess import State

STATES = tuple(State)
"""States by the number they have in a column."""

States: TypeAlias = npt.NDArray[np.int8]


class Columns(NamedTuple):
    """One row a clock. `petition` and `lane` are rows of the facts (`lane` -1: the whole matter's),
    `clause` and `unit` numbers in the answer's `clauses` and `units`, `state` one in `STATES`;
    `number` says which running of a repeating clause it is (0: it does not repeat). `due` NEVER: a
    pause is open; `stop` NEVER: not stopped by the instant asked about."""

    petition: Rows
    clause: Codes
    lane: Rows
    number: Codes
    start: Ints
    due: Ints
    stop: Ints
    state: States
    provisional: Bools
    unit: Codes


class Block(NamedTuple):
    """The clocks of one clause in one running: the columns, without those that are the same for
    all of it."""

    clause: int
    number: int
    petition: Rows
    lane: Rows | None
    start: Ints
    due: Ints
    stop: Ints
    state: States
    provisional: Bools
    unit: Codes

    def pick(self, rows: Rows) -> "Block":
        return self._replace(
            petition=pick(self.petition, rows),
            lane=None if self.lane is None else pick(self.lane, rows),
            start=pick(self.start, rows),
            due=pick(self.due, rows),
            stop=pick(self.stop, rows),
            state=pick(self.state, rows),
            provisional=pick(self.provisional, rows),
            unit=pick(self.unit, rows),
        )

    @property
    def columns(self) -> Columns:
        size = len(self.petition)
        return Columns(
            self.petition,
            np.full(size, self.clause, np.int32),
            np.full(size, -1) if self.lane is None else self.lane,
            np.full(size, self.number, np.int32),
            self.start,
            self.due,
            self.stop,
            self.state,
            self.provisional,
            self.unit,
        )


@dataclass(frozen=True)
class Answer:
    """The clocks of one partition at `at`. `singly` petitions were assessed one by one; those
    `refused` could not be: their rules are gone, or a year is unpublished."""

    facts: Facts
    at: Instant
    clauses: tuple[str, ...]
    units: tuple[str, ...]
    blocks: tuple[Block, ...]
    singly: int
    refused: tuple[Refused, ...]

    def __len__(self) -> int:
        """How many clocks."""
        return sum(len(block.petition) for block in self.blocks)

    @cached_property
    def columns(self) -> Columns:
        """All clocks."""
        every = zip(*(block.columns for block in (_NONE, *self.blocks)), strict=True)
        return Columns(*(np.concatenate(each) for each in every))

    @cached_property
    def region(self) -> Codes:
        """Of each clock, as a number in `regions`."""
        return pick(self.facts.petitions.traits["region"].codes, self.columns.petition)

    @property
    def regions(self) -> tuple[str, ...]:
        return self.facts.petitions.traits["region"].values

    def stream(self, row: int) -> str:
        return self.facts.petitions.streams[int(self.columns.petition[row])]

    def cycle(self, row: int) -> str:
        """Name of a clock's cycle within its dossier, as `sla.cycle.Cycle` has it."""
        lane, number = int(self.columns.lane[row]), int(self.columns.number[row])
        if lane < 0:
            return str(max(number, 1))
        name = self.facts.lanes.names[lane]
        return f"{name}.{number}" if number else name


_ROWS, _CODES = np.zeros(0, np.int64), np.zeros(0, np.int32)
_STATES, _LOOSE = np.zeros(0, np.int8), np.zeros(0, np.bool_)
_NONE = Block(0, 0, _ROWS, None, _ROWS, _ROWS, _ROWS, _STATES, _LOOSE, _CODES)

"""What a scenario is: who is sent what when, what becomes known, and what must be so beside it.

Facts have the shape that intake takes. Everything a script expects is data too, so that a file
from outside can be checked before the first step is played (format: scenarios/README.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from scenarios.foretold import Expect
from sla_engine.policy.clause import Text
from sla_engine.worktime import Instant

Size = Literal["small", "soak"]

ADDRESSES = ("petition", "talk", "item", "round", "roster")


@dataclass(frozen=True, slots=True)
class Fact:
    """What is sent: `value` in the shape of intake, `alias` the talk it is about (if by alias).

    `refused` is the code it must be refused with, `repeated` whether it must be known already.
    """

    where: str
    value: Mapping[str, Any]
    alias: str
    refused: str
    repeated: bool

    @property
    def about(self) -> str:
        """The dossier it addresses, by the name it has in the script."""
        return next((str(self.value[each]) for each in ADDRESSES if each in self.value), "")


@dataclass(frozen=True, slots=True)
class Load:
    """A notice that becomes known: by the `number` of a withheld one, or as `text`."""

    at: Instant
    where: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Facts that arrive together, and what must be so right after them."""

    at: Instant
    where: str
    note: str
    facts: tuple[Fact, ...]
    expects: tuple[Expect, ...]
    history: bool


Moment: TypeAlias = Load | Step


@dataclass(frozen=True, slots=True)
class TalkAlias:
    """A talk named by its unit, by a petition among its causes, or both; `nth` from 1."""

    unit: str
    petition: str
    nth: int


@dataclass(frozen=True, slots=True)
class Brought:
    """A pack that comes with the scenario: its `text`, or the file it stands in."""

    where: str
    text: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class Script:
    """A whole scenario. `moments` are in time order; `brought` are packs of its own.

    `size` "soak": too long for every day, played when it is named or when all are asked for.
    """

    name: str
    title: Text
    about: str
    size: Size
    packs: tuple[str, ...]
    brought: tuple[Brought, ...]
    region: str
    start: Instant
    end: Instant
    withhold: tuple[str, ...]
    labels: Mapping[str, Text]
    talks: Mapping[str, TalkAlias]
    moments: tuple[Moment, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(moment for moment in self.moments if isinstance(moment, Step))

    @property
    def expects(self) -> tuple[Expect, ...]:
        return tuple(expect for step in self.steps for expect in step.expects)

"""What a scenario is: who is sent what when, what becomes known, and what must be so beside it.

Facts have the shape that intake takes. Everything a script expects is data too, so that a file
from outside can be checked before the first step is played (format: scenarios/README.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from scenarios.foretold import Expect
from scenarios.repeat import numbered
from sla_engine.policy.clause import Text
from sla_engine.worktime import Instant, format_instant

Size = Literal["small", "soak"]

ADDRESSES = ("petition", "talk", "item", "round", "dispute", "roster")


@dataclass(frozen=True, slots=True)
class Template:
    """A fact as it is written: `value` in the shape of intake, still without time and identity,
    `{n}` in any text of it for the number of the time.

    `id` "" is made up. `aliased`: its talk is named by an alias. `refused` is the code it must be
    refused with, `repeated` whether it must be known already.
    """

    where: str
    value: Mapping[str, Any]
    when: Instant
    id: str
    aliased: bool
    refused: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """What is sent the `n`-th time, `shift` microseconds after the first; of facts of its type
    about the same dossier it is the `count`-th.

    A scenario may send a million of them, so each is spelled out only when it is asked for.
    """

    template: Template
    n: int
    shift: int
    count: int

    @property
    def value(self) -> Mapping[str, Any]:
        """The fact in the shape of intake."""
        written = self.template
        value: dict[str, Any] = numbered(written.value, self.n)
        value["at"] = format_instant(written.when + self.shift)
        made_up = f"{addressed(value)}/{value.get('type', '')}/{self.count}"
        value["id"] = numbered(written.id, self.n) or made_up
        return value

    @property
    def where(self) -> str:
        return self.template.where

    @property
    def alias(self) -> str:
        """The talk it is about, if by alias."""
        return str(self.value["talk"]) if self.template.aliased else ""

    @property
    def about(self) -> str:
        """The dossier it addresses, by the name it has in the script."""
        return str(numbered(addressed(self.template.value), self.n))

    @property
    def type(self) -> str:
        return str(self.template.value.get("type", ""))

    @property
    def outcome(self) -> str:
        """What must become of it."""
        return self.template.refused or ("repeated" if self.template.repeated else "recorded")


def addressed(value: Mapping[str, Any]) -> str:
    """The dossier a fact addresses, whatever kind it is."""
    return next((str(value[each]) for each in ADDRESSES if each in value), "")


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


class Summary(NamedTuple):
    """What a list of scenarios shows; `steps` as they are written, however often they come."""

    name: str
    title: Text
    packs: tuple[str, ...]
    steps: int
    size: Size


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

"""A pack's own examples: facts in, due and rung instants out (`cases` runs them)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sla_engine.worktime import Instant


@dataclass(frozen=True, slots=True)
class CaseFact:
    """A fact of a case: a mark, when it was so, and what else it says (ground, amount, tier…)."""

    type: str
    at: Instant
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one clock of a case must show.

    `due` None: not asked. A rung that must not exist has None for its instant. `absent`: the
    clause must have no clock at all. A clause with several cycles satisfies its expectation when
    one of them does.
    """

    clause: str
    due: Instant | None
    rungs: Mapping[str, Instant | None]
    absent: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A pack's own example: facts in, due and rung instants out. Lint runs it."""

    name: str
    traits: Mapping[str, str]
    facts: tuple[CaseFact, ...]
    known_at: Instant | None
    expect: tuple[Expectation, ...]

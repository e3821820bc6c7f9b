"""The facts behind a row, in the order in which they happened.

A row has to come out the same however late, or in whatever order, its facts were learned. So it
keeps a short line of each fact and is worked out anew from the lines that stand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sla_engine.dossier.chronicle import order
from sla_engine.dossier.events import Voided
from sla_engine.dossier.kind import Kind, Step
from sla_engine.record import Event, Instant, Recorded, type_name

Stored = list[list[Any]]


class Line(NamedTuple):
    """What a row needs to know of one fact; `says` are the fields that the read model picked."""

    at: Instant
    seq: int
    rank: int
    key: str
    version: int
    source: str
    type: str
    says: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The ways in which a void may refer to the fact."""
        named = (f"{self.source}:{self.key}",) if self.key else ()
        return (f"@{self.version}", *named)


_line: Callable[[list[Any]], Line] = partial(tuple.__new__, Line)
"""Costs less than `Line._make`, a million times in a catch-up."""
_type: Callable[[Line], str] = attrgetter("type")


def enter(stored: Stored, recorded: Recorded, says: Mapping[str, Any]) -> Stored:
    """The stored lines with one more, in the order in which their facts were recorded."""
    event = recorded.event
    said = {**says, "fact": event.fact} if isinstance(event, Voided) else says
    return [*stored, [*order(recorded), recorded.meta.source, event.NAME, said]]


def standing(stored: Stored) -> list[Line]:
    """The facts that count, in time order: neither voids nor what they took away."""
    lines = list(map(_line, stored))
    if "voided" not in map(_type, lines):
        return sorted(lines)
    gone = _gone(lines)
    return sorted(line for line in _facts(lines) if line.version not in gone)


def said(lines: Iterable[Line]) -> dict[str, Any]:
    """The latest word of the facts on every field that any of them speaks of."""
    words: dict[str, Any] = {}
    for line in lines:
        words.update(line.says)
    return words


def firsts(lines: Sequence[Line]) -> dict[str, Instant]:
    """When a fact of each type first happened."""
    return {line.type: line.at for line in reversed(lines)}


def last(lines: Sequence[Line], field: str) -> Any:
    """The latest word of the facts on `field`, "" when none speaks of it."""
    return next((line.says[field] for line in reversed(lines) if field in line.says), "")


def first_at(lines: Iterable[Line], kind: str) -> Instant | None:
    """When a fact of that type first happened."""
    return next((line.at for line in lines if line.type == kind), None)


def last_at(lines: Sequence[Line], kind: str) -> Instant | None:
    """When a fact of that type last happened."""
    return first_at(reversed(lines), kind)


def in_effect(lines: list[Line]) -> list[Line]:
    """Without exclusions that were lifted."""
    lifted = {line.says["exclusion"] for line in lines if line.type == "exclusion_lifted"}
    if not lifted:
        return lines
    return [
        line for line in lines if line.type != "excluded" or line.says["exclusion"] not in lifted
    ]


def phase(lines: list[Line], late: Mapping[str, frozenset[str]]) -> str:
    """Where the matter stands, as the chronicle reads it: facts that come too late to move
    anything (`late`: in which phases, by type) do not, nor do those of an assisting unit."""
    moves = list(course(lines, late))
    return moves[-1][1] if moves else ""


def course(lines: list[Line], late: Mapping[str, frozenset[str]]) -> Iterator[tuple[Instant, str]]:
    """Each phase the matter came to, and when; the same one again where a fact confirms it."""
    assisting, found, before = set(), "", ""
    for line in lines:
        says = line.says
        if "assists" in says:
            assisting.add(says["assists"])
            continue
        if says.get("lane") in assisting or found in late.get(line.type, ()):
            continue
        into = before if found and says.get("undoes") == found else says.get("phase")
        if into is not None:
            if into != found:
                found, before = into, found
            yield line.at, found


Say = Callable[[Any], Mapping[str, Any]]
"""What a read model keeps of a fact of one type."""


def phases(kind: Kind) -> dict[type[Event], Say]:
    """For each type of fact what says the phase it leads to."""
    return {event: _phase_of(step) for event, step in kind.steps.items()}


def _phase_of(step: Step) -> Say:
    if step.choose is None:
        always = {"phase": step.into} if step.into else {}
        return lambda _: always
    other = {"undoes": step.undoes} if step.undoes else {}
    return lambda event: {"phase": phase} if (phase := step.next("", event)) else other


def unmoved(kind: Kind) -> dict[str, frozenset[str]]:
    """For each type of fact the phases in which it moves nothing."""
    return {type_name(event): step.stays for event, step in kind.steps.items()}


def moving(kind: Kind) -> frozenset[type[Event]]:
    """The facts that may lead to another phase, and the voids that may undo them."""
    moves = (each for each, step in kind.steps.items() if step.into or step.choose is not None)
    return frozenset((*moves, Voided))


def _facts(lines: Iterable[Line]) -> Iterator[Line]:
    return (line for line in lines if line.type != "voided")


def _gone(lines: list[Line]) -> set[int]:
    """Versions taken away; a void that was itself voided takes nothing away."""
    gone: set[int] = set()
    voids = [line for line in lines if line.type == "voided"]
    for void in reversed(voids):
        candidates = (line for line in (*_facts(lines), *voids) if void.says["fact"] in line.names)
        target = next(candidates, None)
        if void.version not in gone and target is not None:
            gone.add(target.version)
    return gone

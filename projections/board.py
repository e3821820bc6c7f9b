"""Boards (红黄黑榜): who stands where, as drafted, ruled and published."""

from collections.abc import Mapping
from typing import Any

import msgspec

from projections import history
from projections.history import Line
from sla_engine.dossier.events import Voided
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of
from sla_engine.round.events import (
    Drafted,
    MemberJoined,
    MemberLeft,
    Objected,
    ObjectionRuled,
    PlaceOverturned,
    Published,
    RoundClosed,
    RoundOpened,
)
from sla_engine.round.kind import ROUND

STAYS = history.unmoved(ROUND)
TRAITS = ("round", "pack", "region", "series", "period", "unit", "title", "begins", "ends")
_MOVES: tuple[type[Event], ...] = (
    RoundOpened, MemberJoined, MemberLeft, Drafted, Objected, ObjectionRuled, Published,
    PlaceOverturned, RoundClosed, Voided,
)  # fmt: skip
_KEPT = frozenset(_MOVES)


class Board:
    """Key: the stream of a round whose places were drafted. Columns: the round's traits, `phase`,
    `members`; `places` [{member, place, rank, score}] as they stand, the score in hundredths;
    `objections` [{member, ground, signer, at}]; `overturned`: members taken off after the
    publication; `opened_at`, `drafted_at`, `published_at` (None where it has not come to that)."""

    name = "board"
    dossiers = (ROUND.name,)

    def interested(self, event: Event) -> bool:
        return type(event) in _KEPT

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        return entered(row, recorded)

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        lines = history.standing(row["lines"])
        if not any(line.type == "drafted" for line in lines):
            return {}
        return {row["stream"]: {**about(row, lines), **_standing(lines)}}


def entered(row: Columns | None, recorded: Recorded) -> Columns | None:
    """The row of a round with one more line."""
    event = recorded.event
    if row is None:
        if not isinstance(event, RoundOpened):
            return None
        traits = {name: getattr(event, name) for name in TRAITS}
        row = {"stream": recorded.stream, **traits, "lines": []}
    return {**row, "lines": history.enter(row["lines"], recorded, _says(event))}


def _says(event: Event) -> dict[str, Any]:
    """Everything that a fact says, and the phase it leads to. The opening is said by the traits,
    except who takes part."""
    said = {name: value for name, value in fields_of(event).items() if value}
    if isinstance(event, RoundOpened):
        said = {"members": list(event.members)}
    if isinstance(event, Drafted):
        said = {"places": [msgspec.structs.asdict(each) for each in event.places]}
    step = ROUND.steps.get(type(event))
    if step is not None and (phase := step.next("", event)):
        said["phase"] = phase
    return said


def about(row: Columns, lines: list[Line]) -> Columns:
    """Traits of a round, its phase, who takes part, when it was opened."""
    members: dict[str, None] = {}
    for line in lines:
        members |= dict.fromkeys(line.says.get("members", ()))
        if line.type == "member_joined":
            members[line.says["member"]] = None
        elif line.type == "member_left":
            members.pop(line.says["member"], None)
    return {
        **{name: row[name] for name in TRAITS},
        "phase": history.phase(lines, STAYS),
        "members": list(members),
        "opened_at": history.first_at(lines, "opened"),
    }


def _standing(lines: list[Line]) -> Columns:
    places: dict[str, Columns] = {}
    overturned: dict[str, None] = {}
    for line in lines:
        if line.type == "drafted":
            places = {each["member"]: each for each in line.says["places"]}
        elif line.type == "objection_ruled" and "upheld" in line.says:
            _move(places, line.says["member"], line.says.get("place", ""))
        elif line.type == "place_overturned":
            overturned[line.says["member"]] = None
            _move(places, line.says["member"], "")
    return {
        "places": sorted(places.values(), key=lambda each: (each["rank"], each["member"])),
        "overturned": list(overturned),
        "objections": [{**line.says, "at": line.at} for line in lines if line.type == "objected"],
        "drafted_at": history.last_at(lines, "drafted"),
        "published_at": history.first_at(lines, "published"),
    }


def _move(places: dict[str, Columns], member: str, place: str) -> None:
    old = places.get(member, {"member": member, "rank": 0, "score": 0})
    places[member] = {**old, "place": place}

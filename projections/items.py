"""List items (清单事项): who owes what by when, and how it stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections import acts, history
from projections.acts import ACTS
from projections.dossiers import Dossiers
from projections.history import Line
from sla_engine.dossier.events import TermRefixed, Voided
from sla_engine.item.events import ItemAssigned, ItemListed
from sla_engine.item.kind import CANCELLED, ITEM, OWED, STRUCK_OFF
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Instant, Recorded, fields_of

_STAYS = history.unmoved(ITEM)
_TRAITS = (
    "item", "pack", "region", "list", "title", "matter", "limit", "project", "round", "contact",
    "source",
)  # fmt: skip


class Items(Dossiers):
    """Key: the stream. Columns: the item's traits, `after` and `materials`; `unit` and `person`
    who owe it now; `phase`, `open`, `listed_at`, `struck_off_at` (None unless it is struck off);
    `due` (None where its clock has not begun or is paused); `petitions` it links, papers that are
    `owed` still, `rebounds`; `level` of the most severe standing act and `acts`, how often each
    stands."""

    name = "items"
    dossiers = (ITEM.name,)
    opening = ItemListed
    told = frozenset((*ITEM.steps, Voided))
    moving = told | ACTS | {TermRefixed}

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        lists = {name: list(getattr(recorded.event, name)) for name in ("after", "materials")}
        return {**traits, **lists, "raised": {}, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return _says(event)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines = history.standing(row["lines"])
        phase, standing = history.phase(lines, _STAYS), acts.standing(row["raised"])
        limit = limits(clocks, spells(lines))[-1]
        is_open = phase not in (STRUCK_OFF, CANCELLED)
        return {
            **row,
            "unit": history.last(lines, "unit"),
            "person": history.last(lines, "person"),
            "phase": phase,
            "open": is_open,
            "listed_at": history.first_at(lines, "listed"),
            "struck_off_at": history.last_at(lines, "verified") if phase == STRUCK_OFF else None,
            "due": limit.due if limit is not None else None,
            "petitions": _petitions(lines),
            "owed": _owed(lines, clocks, is_open),
            "rebounds": sum(line.type == "rebounded" for line in lines),
            "level": acts.highest(standing),
            "acts": acts.counted(standing),
        }


def _says(event: Event) -> Mapping[str, Any]:
    """The phase a fact leads to, whom it makes answerable, what it links and owes."""
    fields = fields_of(event)
    said = {name: fields[name] for name in ("petition", "petitions", "owed") if fields.get(name)}
    if isinstance(event, ItemListed | ItemAssigned):
        said |= {"unit": event.unit, "person": event.person}
    step = ITEM.steps.get(type(event))
    if step is not None and (phase := step.next("", event)):
        said["phase"] = phase
    return said


def _owed(lines: Sequence[Line], clocks: Sequence[AlarmRow], is_open: bool) -> list[str]:
    """Papers that are still to follow: as long as their own clock runs, though the item be struck
    off; where the pack gives them none, as long as the item is open."""
    papers = next((line.says["owed"] for line in reversed(lines) if line.says.get("owed")), ())
    awaiting = [clock for clock in clocks if clock.mark == OWED]
    waits = any(clock.stopped is None for clock in awaiting) if awaiting else is_open
    return list(papers) if waits else []


def _petitions(lines: Sequence[Line]) -> list[str]:
    found: dict[str, None] = {}
    for line in lines:
        found |= dict.fromkeys(line.says.get("petitions", ()))
        if "petition" in line.says:
            found[line.says["petition"]] = None
    return list(found)


Spell = tuple[Instant, Instant | None]
"""A time during which an item is open: [listed or rebounded, struck off or cancelled)."""


def spells(lines: Sequence[Line]) -> list[Spell]:
    """Every time during which an item was open; `lines` in time order."""
    found: list[Spell] = []
    for line in lines:
        if line.type in ("listed", "rebounded") and (not found or found[-1][1] is not None):
            found.append((line.at, None))
        elif line.type in ("verified", "cancelled") and found and found[-1][1] is None:
            found[-1] = (found[-1][0], line.at)
    return found


def limits(clocks: Sequence[AlarmRow], spells: Sequence[Spell]) -> list[AlarmRow | None]:
    """For each spell the clock by which the item had to be done.

    Of the clocks that began in the first spell and ended with it, or still run, it is the one that
    began first, due first among equals; in the spells that follow, the one of the same clause. So
    neither a paper that is owed nor the time for verifying a report is taken for it.
    """
    governing = _governing(clocks, *spells[0])
    return [
        next((clock for clock in _begun(clocks, *spell) if clock.clause == governing), None)
        for spell in spells
    ]


def _governing(clocks: Sequence[AlarmRow], begin: Instant, end: Instant | None) -> str:
    lasting = [
        clock
        for clock in _begun(clocks, begin, end)
        if clock.stopped in (None, end) and clock.binds
    ]
    dues = [(clock.started, clock.due is None, clock.due or 0, clock.clause) for clock in lasting]
    return min(dues)[-1] if dues else ""


def _begun(clocks: Sequence[AlarmRow], begin: Instant, end: Instant | None) -> list[AlarmRow]:
    """Clocks that began in a spell, in that order."""
    within = [
        clock for clock in clocks if begin <= clock.started and (end is None or clock.started < end)
    ]
    return sorted(within, key=lambda clock: (clock.started, clock.cycle))

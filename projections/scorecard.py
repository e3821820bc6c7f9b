"""Scorecard (考核): what counts, on which day, against whom; and the rates that come of it.

A row is one petition, a cell (`scorecard.cells`) one day of one unit and kind of petition. Its key
is `PACK|REGION|YYYY-MM-DD|UNIT|KIND`, its counters are

* facts, on the day they happened, for the unit that held the petition: `registered`, `dispatched`,
  `accepted`, `returned` (granted), `reworked`, `callbacks`, `callbacks_satisfied`,
  `callbacks_solved`, `callbacks_confirmed` (satisfied and solved: the closure was true), `ratings`,
  `ratings_satisfied`, `excluded`;
* `resolved`, a petition's first resolution that stands, and `once` if no rework followed it: what
  comes after never rewrites the first closure (rule D20);
* for every clause `ID.judged` with `ID.met` or `ID.late`, on the day of the clock's end or of its
  first late instant, whichever comes first, for whoever was answerable then. So a clock counts
  once, and one that is late counts from that day on although it still runs. A cell may lie ahead:
  that of a clock not yet due. `ID.cancelled`: it lost its object before it was decided. A clock
  by which nobody can be late, a right, counts in nothing.

A petition that was merged away counts as registered, dispatched, accepted and returned; all else
is the survivor's, who took over its earliest clocks and its milestones (rule D19).

A ruling in a dispute (争议) takes the place of a clock's verdict: it counts on the same day for the
same unit as `ID.met` or `ID.late`, or, excluded, as `!ID.judged` and `!ID.late` beside what counts.

What an exclusion (剔除) takes out stands beside what remains: under `!COUNTER` if the petition is
left out of every rate, under `MEASURE!COUNTER` if out of one. `pack@`, `calendar@` and
`exclusion@` name the editions and exclusions behind a cell, `dispute@` the rulings.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from projections import history, holding
from projections.days import day_of
from projections.dossiers import Dossiers
from projections.figures import Figure, figures
from projections.history import Line
from projections.holding import Held
from sla_engine.dossier.events import TermRefixed, VerdictSuperseded, Voided
from sla_engine.petition.events import (
    Accepted,
    CallbackDone,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Merged,
    Rated,
    Registered,
    Resolved,
    ReturnRuled,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.ports import AlarmRow
from sla_engine.projection import Cells, Columns
from sla_engine.record import Event, Instant, Recorded, fields_of
from sla_engine.sla.assess import State

__all__ = ["Figure", "Scorecard", "figures"]

_COUNTED: frozenset[type[Event]] = frozenset((
    Accepted, CallbackDone, Dispatched, Excluded, ExclusionLifted, Merged, Rated, Registered,
    Resolved, ReturnRuled, ReworkOrdered, VerdictSuperseded, Voided,
))  # fmt: skip
_OF_THE_DUPLICATE = frozenset(("registered", "dispatched", "accepted", "return_ruled"))

Counted = tuple[Instant, str, tuple[str, ...]]
"""When, for which unit, which counters."""


class Scorecard(Dossiers):
    """Key: the stream. Columns: `no`, `pack`, `region`, `kind`; `editions`: digests stamped on
    facts and re-fixings; `exclusions` in effect; `counts`: [day, unit, {counter: n}]; `lines`."""

    name = "scorecard"
    dossiers = (PETITION.name,)
    opening = Registered
    told = _COUNTED
    moving = frozenset((*PETITION.steps, VerdictSuperseded, Voided, TermRefixed))

    def begin(self, recorded: Recorded) -> Columns:
        traits = {name: getattr(recorded.event, name) for name in ("no", "pack", "region", "kind")}
        return {**traits, "editions": [], "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        said, more = holding.says(event), _MORE.get(type(event))
        return said if more is None else {**said, **more(event)}

    def enter(self, row: Columns, recorded: Recorded) -> Columns:
        editions = _stamped(row["editions"], recorded)
        return super().enter({**row, "editions": editions}, recorded)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines = history.in_effect(history.standing(row["lines"]))
        merged = any(line.type == "merged" for line in lines)
        days: dict[tuple[str, str], dict[str, int]] = {}
        for at, unit, counters in (
            *_facts(lines, merged),
            *clock_counts(clocks, merged, rulings(lines)),
        ):
            cell = days.setdefault((day_of(at), unit), {})
            for counter in counters:
                cell[counter] = cell.get(counter, 0) + 1
        counts = [[*name, cell] for name, cell in sorted(days.items())]
        ruled = sorted({ruling["dispute"] for ruling in rulings(lines).values()})
        return {**row, "exclusions": _exclusions(lines), "rulings": ruled, "counts": counts}

    def tally(self, row: Columns) -> Cells:
        no, head, kind = row["no"], f"{row['pack']}|{row['region']}", row["kind"]
        exclusions = row["exclusions"]
        named = (_name(no, each) for each in exclusions)
        ruled = (f"dispute@{each}" for each in row.get("rulings", ()))
        behind = dict.fromkeys((*row["editions"], *named, *ruled), 1)
        return {
            f"{head}|{day}|{unit}|{kind}": {**_parted(cell, exclusions), **behind}
            for day, unit, cell in row["counts"]
        }


def _rated(event: CallbackDone | Rated) -> Mapping[str, Any]:
    return {"satisfied": event.satisfied, "solved": event.solved}


def _excluded(event: Excluded) -> Mapping[str, Any]:
    measures = list(event.measures)
    return {"exclusion": event.exclusion, "ground": event.ground, "measures": measures}


_MORE: Mapping[type[Event], history.Say] = {
    CallbackDone: _rated,
    Rated: _rated,
    Excluded: _excluded,
    ExclusionLifted: lambda event: {"exclusion": event.exclusion},
    VerdictSuperseded: fields_of,
}


def _stamped(editions: list[str], recorded: Recorded) -> list[str]:
    """With the digests by which an event was judged."""
    pack, calendar = recorded.meta.pack, recorded.meta.calendar
    stamps = (f"pack@{pack}" if pack else "", f"calendar@{calendar}" if calendar else "")
    more = [stamp for stamp in stamps if stamp and stamp not in editions]
    return sorted([*editions, *more]) if more else editions


# ----------------------------------------------------------------------------------------- facts


def _facts(lines: Sequence[Line], merged: bool) -> Iterator[Counted]:
    taken = [line for line in lines if not merged or line.type in _OF_THE_DUPLICATE]
    reworked = max((line for line in taken if line.type == "rework_ordered"), default=None)
    resolved = False
    for each in holding.held(taken):
        counters = _counters(each)
        if each.line.type == "resolved" and not each.assists and not resolved:
            again = reworked is not None and reworked > each.line
            counters, resolved = ("resolved",) if again else ("resolved", "once"), True
        if counters:
            yield each.line.at, each.unit, counters


def _counters(each: Held) -> tuple[str, ...]:
    said = each.line.says
    name = each.line.type
    if name in ("registered", "dispatched", "accepted", "excluded"):
        return (name,)
    if name == "return_ruled" and "ends" in said:
        return ("returned",)
    if name == "rework_ordered":
        return ("reworked",)
    if name == "callback_done":
        satisfied = ("callbacks_satisfied",) if said["satisfied"] else ()
        solved = ("callbacks_solved",) if said["solved"] else ()
        confirmed = ("callbacks_confirmed",) if satisfied and solved else ()
        return ("callbacks", *satisfied, *solved, *confirmed)
    if name == "rated":
        return ("ratings", "ratings_satisfied") if said["satisfied"] else ("ratings",)
    return ()


# ---------------------------------------------------------------------------------------- clocks


Rulings = Mapping[tuple[str, str], Mapping[str, Any]]
"""What was ruled last, by clause and cycle."""


def rulings(lines: Iterable[Line]) -> Rulings:
    """What disputes came to, of the clocks of one petition."""
    return {
        (line.says["clause"], line.says["cycle"]): line.says
        for line in lines
        if line.type == "verdict_superseded" and not line.says["rung"]
    }


def clock_counts(clocks: Sequence[AlarmRow], merged: bool, ruled_on: Rulings) -> Iterator[Counted]:
    """When each clock counts, for whom and as what: its verdict, or that it lost its object."""
    for clock in clocks:
        if not clock.binds:
            continue
        ruled = ruled_on.get((clock.clause, clock.cycle), {}).get("verdict", "")
        if clock.due is not None and (clock.stopped is None or clock.stopped > clock.due):
            if not merged:
                yield clock.due + 1, clock.liable, _verdict(clock, "late", ruled)
        elif clock.stopped is not None and clock.state == State.CANCELLED.value:
            yield clock.stopped, clock.liable, (f"{clock.clause}.cancelled",)
        elif clock.stopped is not None and not merged:
            yield clock.stopped, clock.liable, _verdict(clock, "met", ruled)


def _verdict(clock: AlarmRow, computed: str, ruled: str) -> tuple[str, ...]:
    """The verdict that counts; one that was ruled out stands beside what counts."""
    if ruled == "excluded":
        return (f"!{clock.clause}.judged", f"!{clock.clause}.{computed}")
    return (f"{clock.clause}.judged", f"{clock.clause}.{ruled or computed}")


# ------------------------------------------------------------------------------------ exclusions

Exclusion = list[Any]
"""Its number, its ground, the measures it is about (none: all)."""


def _exclusions(lines: Sequence[Line]) -> list[Exclusion]:
    return sorted(
        [line.says["exclusion"], line.says["ground"], line.says["measures"]]
        for line in lines
        if line.type == "excluded"
    )


def _parted(cell: Mapping[str, int], exclusions: Sequence[Exclusion]) -> Mapping[str, int]:
    """A petition's part of a cell with what is excluded set beside what counts."""
    if not exclusions:
        return cell
    counting = {name: count for name, count in cell.items() if name != "excluded"}
    kept = {"excluded": cell["excluded"]} if "excluded" in cell else {}
    if any(not measures for _, _, measures in exclusions):
        aside = Counter(kept)
        for name, count in counting.items():
            aside[f"!{name.removeprefix('!')}"] += count
        return aside
    named = sorted({measure for _, _, measures in exclusions for measure in measures})
    beside = {f"{each}!{name}": count for each in named for name, count in counting.items()}
    return {**cell, **beside}


def _name(no: str, exclusion: Exclusion) -> str:
    number, ground, measures = exclusion
    return f"exclusion@{no}|{number}|{ground}|{','.join(measures)}"

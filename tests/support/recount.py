"""What read models must say, counted the slow way: each dossier by itself, from its raw facts.

Nothing here knows how a read model is kept. A dossier is folded from the log, read in time order
and assessed by the scalar engine; then somebody goes through it with a pencil.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn
from sla_engine.dossier.fold import Act, Dossier, fold
from sla_engine.escalation.kinds import kind_of
from sla_engine.identity import rung_key
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
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import Assessment, Reading, assess, unit_at
from sla_engine.worktime import format_instant

_ACTS = (RungFired, RungWithdrawn, AnomalyNoted)

Columns = dict[str, Any]


class Count(NamedTuple):
    """One thing counted: on which day, against whom, what."""

    day: str
    unit: str
    what: str


class Counted(NamedTuple):
    """Everything that one petition comes to. `everywhere`: it is left out of every rate; `from_`:
    of these alone."""

    pack: str
    region: str
    kind: str
    counts: list[Count]
    everywhere: bool
    from_: frozenset[str]
    exclusions: frozenset[str]
    editions: frozenset[str]


def day(at: Instant) -> str:
    return format_instant(at)[:10]


class Case:
    """One dossier as the log has it, at one instant."""

    def __init__(self, stream: str, events: Sequence[Recorded], rules: Rulebook, at: Instant):
        self.stream = stream
        self.events = events
        self.dossier: Dossier = fold(stream, events)
        self.kind = kind_of(stream)
        self.chronicle: Chronicle = read(self.dossier, self.kind)
        self.rules = rules
        self.at = at

    @property
    def facts(self) -> list[Recorded]:
        """Those that stand, in time order."""
        return self.chronicle.facts

    @property
    def traits(self) -> Mapping[str, str]:
        return self.chronicle.traits

    def of(self, *types: type) -> list[Recorded]:
        return [fact for fact in self.facts if isinstance(fact.event, types)]

    def said(self, *types: type) -> list[Any]:
        """What these facts say."""
        return [fact.event for fact in self.of(*types)]

    def first(self, *types: type) -> Instant | None:
        found = self.of(*types)
        return found[0].meta.occurred_at if found else None

    def last(self, *types: type) -> Instant | None:
        found = self.of(*types)
        return found[-1].meta.occurred_at if found else None

    def before(self, fact: Recorded) -> Chronicle:
        """The dossier as it stood just before a fact."""
        return read(self.dossier, self.kind, fact)

    def assess(self) -> Assessment:
        return assess(self.dossier, self.kind, self.rules, self.at)

    def acts(self) -> Iterator[Act]:
        for acts in self.dossier.acts.values():
            yield from acts

    def standing(self) -> Columns:
        """Level and number of the acts that stand."""
        found = [act.fired for act in self.acts() if act.stands]
        level = max((fired.level for fired in found), default=0)
        return {"level": level, "acts": dict(Counter(fired.act for fired in found))}


# -------------------------------------------------------------------------------------- scorecard


def counted(case: Case) -> Counted:
    """One petition, counted."""
    lifted = {each.exclusion for each in case.said(ExclusionLifted)}
    excluded = [each for each in case.said(Excluded) if each.exclusion not in lifted]
    merged = bool(case.of(Merged))
    judged = [each for each in case.events if not isinstance(each.event, _ACTS)]
    return Counted(
        case.traits["pack"],
        case.traits["region"],
        case.traits["kind"],
        [*_facts(case, merged, lifted), *_clocks(case.assess(), merged)],
        everywhere=any(not each.measures for each in excluded),
        from_=frozenset(measure for each in excluded for measure in each.measures),
        exclusions=frozenset(
            f"{case.traits['no']}|{each.exclusion}|{each.ground}|{','.join(each.measures)}"
            for each in excluded
        ),
        editions=frozenset(
            {f"pack@{each.meta.pack}" for each in judged if each.meta.pack}
            | {f"calendar@{each.meta.calendar}" for each in judged if each.meta.calendar}
        ),
    )


def _facts(case: Case, merged: bool, lifted: set[str]) -> Iterator[Count]:
    resolutions = [fact for fact in case.of(Resolved) if not _assists(case, fact)]
    reworks = case.of(ReworkOrdered)
    for fact in case.facts:
        for what in _names(fact, lifted):
            if not merged or what in ("registered", "dispatched", "accepted", "returned"):
                yield Count(day(fact.meta.occurred_at), _unit(case, fact), what)
    if resolutions and not merged:
        first = resolutions[0]
        index = case.facts.index(first)
        yield Count(day(first.meta.occurred_at), _unit(case, first), "resolved")
        if not any(case.facts.index(rework) > index for rework in reworks):
            yield Count(day(first.meta.occurred_at), _unit(case, first), "once")


def _names(fact: Recorded, lifted: set[str]) -> Iterator[str]:
    match fact.event:
        case Registered():
            yield "registered"
        case Dispatched():
            yield "dispatched"
        case Accepted():
            yield "accepted"
        case ReturnRuled(granted=True):
            yield "returned"
        case ReworkOrdered():
            yield "reworked"
        case Excluded(exclusion=name) if name not in lifted:
            yield "excluded"
        case Rated(satisfied=satisfied):
            yield from ["ratings"] + ["ratings_satisfied"] * satisfied
        case CallbackDone(satisfied=satisfied, solved=solved):
            yield from ["callbacks"] + ["callbacks_satisfied"] * satisfied
            yield from ["callbacks_solved"] * solved
            yield from ["callbacks_confirmed"] * (satisfied and solved)
        case _:
            return


def _unit(case: Case, fact: Recorded) -> str:
    """Whose fact it is: of the unit it goes to, or of whoever held the petition just before."""
    if isinstance(fact.event, Dispatched):
        return fact.event.unit
    lanes = case.before(fact).lanes
    named = "" if isinstance(fact.event, ReworkOrdered) else getattr(fact.event, "assignment", "")
    lane = lanes.all.get(named) if named else lanes.current
    if lane is None and isinstance(fact.event, ReworkOrdered):
        return fact.event.unit
    return lane.unit if lane is not None else ""


def _assists(case: Case, fact: Recorded) -> bool:
    return case.before(fact).lanes.assists(getattr(fact.event, "assignment", ""))


def _clocks(assessment: Assessment, merged: bool) -> Iterator[Count]:
    for reading in (*assessment.readings, *assessment.coming):
        stop, due, name = reading.cycle.stop, reading.due, reading.clause.id
        if reading.clause.lapses:
            continue
        gone = reading.cycle.cancelled_at
        late = due is not None and all(end is None or end > due for end in (stop, gone))
        if late and not merged:
            assert due is not None
            yield from _verdict(assessment, reading, due + 1, f"{name}.judged", f"{name}.late")
        elif gone is not None and not late:
            yield from _verdict(assessment, reading, gone, f"{name}.cancelled")
        elif stop is not None and not late and not merged:
            yield from _verdict(assessment, reading, stop, f"{name}.judged", f"{name}.met")


def _verdict(assessment: Assessment, reading: Reading, at: Instant, *names: str) -> Iterator[Count]:
    unit = unit_at(assessment.chronicle, reading.cycle, at)
    for name in names:
        yield Count(day(at), unit, name)


def scorecard_cells(petitions: Sequence[Counted]) -> dict[str, Columns]:
    """Every cell of the scorecard."""
    cells: dict[str, Counter[str]] = {}
    for each in petitions:
        behind = [*each.editions, *(f"exclusion@{name}" for name in each.exclusions)]
        touched = set()
        for when, unit, what in each.counts:
            key = f"{each.pack}|{each.region}|{when}|{unit}|{each.kind}"
            cell = cells.setdefault(key, Counter())
            if key not in touched:
                touched.add(key)
                cell.update(behind)
            if what == "excluded":
                cell[what] += 1
            elif each.everywhere:
                cell[f"!{what}"] += 1
            else:
                cell.update([what, *(f"{measure}!{what}" for measure in each.from_)])
    return {key: dict(cell) for key, cell in cells.items()}


def rate(
    petitions: Sequence[Counted], measure: str, counters: Sequence[str], days: tuple[str, str]
) -> Counter[str]:
    """What counts towards a measure within these days, by unit."""
    return Counter(
        unit
        for each in petitions
        if not each.everywhere and measure not in each.from_
        for when, unit, what in each.counts
        if what in counters and days[0] <= when <= days[1]
    )


def orders(case: Case) -> dict[str, Columns]:
    """Orders of supervision in any dossier, by key."""
    ends = {}
    if case.kind.ruled and case.kind.name != "unit":
        assessment = case.assess()
        readings = (*assessment.readings, *assessment.coming)
        ends = {reading.key: reading.cycle.end for reading in readings}
    found = {}
    for act in case.acts():
        fired = act.fired
        if fired.act in ("supervise", "urge", "circular", "transfer", "list"):
            name = rung_key(fired.clause, fired.cycle, fired.version, fired.rung)
            found[f"{case.stream}|{name}"] = {
                "stream": case.stream,
                "unit": fired.unit,
                "act": fired.act,
                "clause": fired.clause,
                "due": fired.due,
                "recorded_at": act.recorded_at,
                "stands": act.stands,
                "settled_at": ends.get((fired.clause, fired.cycle)),
                "number": case.events[act.version - 1].position,
            }
    return found

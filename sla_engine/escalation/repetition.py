"""Escalation by repetition: what is counted against a unit, and which triggers that reaches.

The memory is a fold of recorded facts (`unit/…` streams), so a trigger falls when what it counted
is overturned. Occurrences stand in the order of their legal instants, then of the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.errors import Refusal
from sla_engine.identity import digest
from sla_engine.policy.cases import REACHED
from sla_engine.policy.clause import OFFICE, Pack, Trigger
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import ENGINE, Draft, Instant, Meta
from sla_engine.round.period import CALENDAR_CYCLES, cycle_of, period_name, period_of
from sla_engine.unit.events import Counted, Discounted
from sla_engine.unit.kind import UNIT
from sla_engine.worktime import Amount, Term, Timetable, reckon


class Occurrence(NamedTuple):
    """Something counted: its legal instant, its place in the unit's stream, what it is."""

    at: Instant
    version: int
    said: Counted


class Reached(NamedTuple):
    """A trigger that is reached; `cycle` names this time, `at` is when its last cause was so."""

    trigger: Trigger
    cycle: str
    at: Instant
    pack: Pack

    @property
    def key(self) -> tuple[str, str, str]:
        """Under which its act is kept."""
        return (self.trigger.id, self.cycle, REACHED)


def occurrences(dossier: Dossier) -> list[Occurrence]:
    """What still counts, in order. What was overturned and came back counts again."""
    standing: dict[tuple[str, str], Occurrence] = {}
    for fact in dossier.facts:
        event = fact.event
        if isinstance(event, Counted):
            occurrence = Occurrence(fact.meta.occurred_at, fact.version, event)
            standing[(event.cause, event.what)] = occurrence
        elif isinstance(event, Discounted):
            for key in [key for key in standing if key[0] == event.cause]:
                del standing[key]
    return sorted(standing.values(), key=lambda each: (each.at, each.version))


def reached(dossier: Dossier, rules: Rulebook, known_at: Instant) -> list[Reached]:
    """Every trigger that what is counted reaches, by the pack in force when it was reached, as
    known at an instant."""
    if not dossier.exists:
        return []
    traits, counted = UNIT.traits(dossier.opening.event), occurrences(dossier)
    found: dict[tuple[str, str, str], Reached] = {}
    for pack, timetable in _packs(traits, counted, rules, known_at):
        for trigger in pack.triggers:
            chosen = [each for each in counted if each.said.what in trigger.counts]
            for cycle, at in _reachings(trigger, chosen, timetable):
                each = Reached(trigger, cycle, at, pack)
                if _in_force(rules, pack, at, known_at):
                    found.setdefault(each.key, each)
    return sorted(found.values(), key=lambda each: (each.at, each.trigger.level))


def _packs(
    traits: Mapping[str, str], counted: Sequence[Occurrence], rules: Rulebook, known_at: Instant
) -> Iterator[tuple[Pack, Timetable]]:
    """Editions in force at some occurrence, with their calendar."""
    seen: set[str] = set()
    for each in counted:
        try:
            pack = rules.pack_on(traits["pack"], each.at, known_at)
        except Refusal:
            continue  # What was opened under a pack that ended is finished, and counted no more.
        if pack.digest not in seen:
            seen.add(pack.digest)
            calendar = rules.calendar(pack, traits["region"] or pack.region, known_at)
            yield pack, rules.timetable(pack, OFFICE, calendar)


def _in_force(rules: Rulebook, pack: Pack, at: Instant, known_at: Instant) -> bool:
    try:
        return rules.pack_on(pack.name, at, known_at).digest == pack.digest
    except Refusal:
        return False


def _reachings(
    trigger: Trigger, counted: Sequence[Occurrence], timetable: Timetable
) -> Iterator[tuple[str, Instant]]:
    """Name and instant of every time that enough of `counted` come together."""
    if trigger.consecutive:
        yield from _runs(trigger, counted)
    elif trigger.within in CALENDAR_CYCLES:
        yield from _in_periods(trigger, counted, timetable)
    else:
        yield from _in_windows(trigger, counted, timetable)


def _in_periods(
    trigger: Trigger, counted: Sequence[Occurrence], timetable: Timetable
) -> Iterator[tuple[str, Instant]]:
    """Once in every calendar period, with the occurrence that completes the number."""
    cycle = CALENDAR_CYCLES[trigger.within]

    def period(each: Occurrence) -> str:
        return period_name(timetable.zone.date_of(each.at), cycle)

    for name, members in groupby(counted, key=period):
        within = list(members)
        if len(within) >= trigger.at_least:
            yield name, within[trigger.at_least - 1].at


def _in_windows(
    trigger: Trigger, counted: Sequence[Occurrence], timetable: Timetable
) -> Iterator[tuple[str, Instant]]:
    """Each occurrence that has enough before it, no longer ago than the window."""
    window = Term(Amount.parse(trigger.within))
    for first, last in zip(counted, counted[trigger.at_least - 1 :], strict=False):
        due = reckon(window, first.at, timetable).due
        if due is not None and last.at <= due:
            yield digest(last.said.cause)[:8], last.at


def _runs(trigger: Trigger, counted: Sequence[Occurrence]) -> Iterator[tuple[str, Instant]]:
    """Each round that is the last of enough rounds of its series without a gap."""
    by_series: dict[str, dict[str, Instant]] = {}
    for each in counted:
        if each.said.period:
            by_series.setdefault(each.said.series, {}).setdefault(each.said.period, each.at)
    for periods in by_series.values():
        length, following = 0, ""
        for period, at in sorted(periods.items()):
            length = length + 1 if period == following else 1
            following = period_of(period, cycle_of(period)).next
            if length >= trigger.at_least:
                yield period, at


def withdrawals(dossier: Dossier, standing: Sequence[Reached], now: Instant) -> Iterator[Draft]:
    """Acts of triggers that are reached no longer, or at another instant."""
    grounds = {(each.key, each.at) for each in standing}
    for key, acts in dossier.acts.items():
        for act in acts:
            if act.stands and (key, act.fired.at) not in grounds:
                cause = dossier.facts[-1].version
                event = RungWithdrawn(*key[:2], act.fired.version, key[2], cause, "overturned")
                yield Draft(Meta(occurred_at=now, recorded_at=now, source=ENGINE), event)


def firings(dossier: Dossier, standing: Sequence[Reached], now: Instant) -> Iterator[Draft]:
    """Acts of triggers that are reached and not yet recorded."""
    for each in standing:
        earlier = dossier.acts.get(each.key, [])
        if not any(act.stands and act.fired.at == each.at for act in earlier):
            meta = Meta(occurred_at=each.at, recorded_at=now, source=ENGINE, pack=each.pack.digest)
            yield Draft(meta, _act(dossier, each, earlier))


def _act(dossier: Dossier, each: Reached, earlier: Sequence[Act]) -> RungFired:
    trigger = each.trigger
    return RungFired(
        clause=trigger.id,
        cycle=each.cycle,
        version=len(earlier),
        rung=REACHED,
        level=trigger.level,
        act=trigger.act,
        due=each.at,
        at=each.at,
        tier=trigger.tier,
        to=trigger.to,
        unit=UNIT.traits(dossier.opening.event)["unit"],
    )

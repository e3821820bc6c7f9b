"""From readings to acts: what must be recorded so that the log says what the clocks say.

One function serves the sweep, the touch before a command and the settling after a fact: it
compares the rungs that should stand with those that do, withdraws what lost its ground and fires
what is due. Called twice at one instant it does nothing the second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import RungFired, RungWithdrawn, TermRefixed
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.dossier.pending import Pending
from sla_engine.escalation import repetition
from sla_engine.escalation.alarms import recorded
from sla_engine.escalation.react import NEXT_TIER, TALK
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import OPEN_NEXT
from sla_engine.record import ENGINE, Draft, Event, Instant, Meta
from sla_engine.sla.assess import Assessment, Reading, unit_at
from sla_engine.sla.clocks import Key, cycles
from sla_engine.sla.cycle import Cycle
from sla_engine.sla.refix import refixing
from sla_engine.sla.schedule import Firing, Schedule, schedule
from sla_engine.sla.standing import assess_on, settle
from sla_engine.unit.kind import UNIT


def catch_up(pending: Pending, kind: Kind, rules: Rulebook, now: Instant) -> Assessment:
    """Write every act that is due at `now` into `pending`; returns the assessment behind it."""
    assessment = assess_on(pending.dossier, kind, rules, now)
    if _refix(pending, assessment, rules, now):
        assessment = assess_on(pending.dossier, kind, rules, now)
    # One by one: an act's version counts the firings before it, those of this very call too.
    if kind is UNIT:
        # By what was known when the last of it was counted: nothing else brings a tally up to date.
        known_at = pending.dossier.facts[-1].meta.recorded_at
        standing = repetition.reached(pending.dossier, rules, known_at)
        withdrawals = repetition.withdrawals(pending.dossier, standing, now)
        firings = repetition.firings(pending.dossier, standing, now)
    else:
        withdrawals = _withdrawals(assessment, rules, pending.base)
        firings = _firings(assessment, now)
    for draft in chain(withdrawals, firings):
        pending.write(draft)
    settle(assessment)
    return assessment


def _refix(pending: Pending, assessment: Assessment, rules: Rulebook, now: Instant) -> bool:
    """Record a re-fixing for every clock without an end that the calendar now known would move: one
    that has lapsed by an outdated calendar may run again, and one that is still to start may not be
    touched again before its first act."""
    moved = False
    for reading in (*assessment.readings, *assessment.coming):
        end = reading.cycle.end
        ended = end is not None and end <= now
        revised = None if ended else refixing(reading, assessment, rules, now)
        if revised is not None:
            event = TermRefixed(
                clause=reading.clause.id,
                cycle=reading.cycle.name,
                old_due=reading.due,
                new_due=revised.due,
                effective=revised.effective,
                reason=revised.reason,
                floor=revised.floor,
            )
            meta = _meta(reading, now, now, calendar=revised.calendar.digest)
            pending.write(Draft(meta, event))
            moved = True
    return moved


def _withdrawals(assessment: Assessment, rules: Rulebook, settled: int) -> Iterator[Draft]:
    """Acts that stand in the log and have no ground left, or were addressed to a unit that, as
    is known now, was not the answerable one. At version `settled` each had its ground."""
    dossier, now = assessment.dossier, assessment.at
    if not dossier.acts:
        return
    clocks = {reading.key: reading.schedule for reading in assessment.readings}
    unchanged = clocks.keys() - {reading.key for reading in assessment.news}
    standing = [
        act
        for (clause, cycle, _), acts in dossier.acts.items()
        if (clause, cycle) not in unchanged
        for act in acts
        if act.stands
    ]
    earlier = _Earlier(assessment, rules)
    for act in standing:
        if not _grounded(act, clocks.get(_clock_of(act)), assessment.chronicle):
            fired, cause = act.fired, _overturning(dossier, act, settled, earlier)
            event = RungWithdrawn(
                fired.clause, fired.cycle, fired.version, fired.rung, cause, "overturned"
            )
            yield Draft(Meta(occurred_at=now, recorded_at=now, source=ENGINE), event)


def _clock_of(act: Act) -> Key:
    return (act.fired.clause, act.fired.cycle)


def _grounded(act: Act, clock: Schedule | None, chronicle: Chronicle) -> bool:
    """Whether there is reason for an act: its clock reaches that rung at that instant, and that
    unit answers for it."""
    fired = act.fired
    if clock is None:
        return False
    for firing in clock.firings:
        if firing.at == fired.at and firing.rung.id == fired.rung:
            return unit_at(chronicle, clock.cycle, firing.at) == fired.unit
    return False


class _Earlier:
    """A dossier as it was before something was learned. Its clocks are found once for a version;
    a schedule is reckoned only for the clock that is asked for."""

    def __init__(self, assessment: Assessment, rules: Rulebook) -> None:
        self._assessment = assessment
        self._rules = rules
        self._found: dict[int, tuple[Chronicle, Mapping[Key, Cycle]]] = {}

    def grounded(self, act: Act, version: int) -> bool:
        """Whether there was reason for an act before a version was learned."""
        chronicle, found = self._before(version)
        cycle = found.get(_clock_of(act))
        if cycle is None or cycle.start.at > self._assessment.at:
            return False
        return _grounded(act, schedule(cycle, chronicle, self._rules), chronicle)

    def _before(self, version: int) -> tuple[Chronicle, Mapping[Key, Cycle]]:
        known = self._found.get(version)
        if known is None:
            earlier = self._assessment.dossier.known_at(version - 1)
            chronicle = read(earlier, self._assessment.chronicle.kind)
            known = chronicle, cycles(earlier, chronicle, self._rules)
            self._found[version] = known
        return known


def _overturning(dossier: Dossier, act: Act, settled: int, earlier: _Earlier) -> int:
    """Version of what took an act's ground away: before it was learned, the act still had one."""
    revisions = chain.from_iterable(dossier.refixed.values())
    learned = sorted(each.version for each in chain(dossier.facts, dossier.voids, revisions))
    after = [version for version in reversed(learned) if version > act.version]
    since = [version for version in after if version > settled] or after
    for version in since[:-1]:
        if earlier.grounded(act, version):
            return version
    return since[-1] if since else learned[-1]


def _firings(assessment: Assessment, now: Instant) -> Iterator[Draft]:
    """Rungs that are reached and not yet recorded, in the order of their legal instants."""
    due = [
        (reading, firing)
        for reading in assessment.news
        for firing in reading.schedule.firings
        if firing.fire_at <= now and not recorded(assessment, reading, firing)
    ]
    due.sort(key=lambda each: (each[1].at, each[1].rung.level))
    for reading, firing in due:
        yield Draft(_meta(reading, firing.at, now), _act(assessment, reading, firing, due))


def _act(
    assessment: Assessment,
    reading: Reading,
    firing: Firing,
    due: Sequence[tuple[Reading, Firing]],
) -> Event:
    rung, key = firing.rung, (*reading.key, firing.rung.id)
    earlier = assessment.dossier.acts.get(key, ())
    return RungFired(
        clause=reading.clause.id,
        cycle=reading.cycle.name,
        version=len(earlier),
        rung=rung.id,
        level=rung.level,
        act=rung.act,
        due=firing.legal,
        at=firing.at,
        tier=rung.tier,
        to=rung.to,
        unit=unit_at(assessment.chronicle, reading.cycle, firing.at),
        silent=_silence(assessment, reading, firing, due),
    )


def _silence(
    assessment: Assessment,
    reading: Reading,
    firing: Firing,
    due: Sequence[tuple[Reading, Firing]],
) -> str:
    """Why nobody is told: it was past when history was imported, or it is a warning overtaken by
    its own breach or by the end of its clock before it could go out."""
    imported_at = assessment.dossier.opening.meta.recorded_at
    if assessment.chronicle.traits.get("historic") and firing.at <= imported_at:
        return "history"
    if firing.rung.act in (TALK, NEXT_TIER, OPEN_NEXT):
        return ""
    breach, end = reading.due, reading.cycle.end
    if breach is not None and firing.at <= breach:
        overtaken = any(r is reading and other.at > breach for r, other in due)
        return "superseded" if overtaken or (end is not None and end < firing.fire_at) else ""
    return ""


def _meta(reading: Reading, at: Instant, now: Instant, calendar: str = "") -> Meta:
    return Meta(
        occurred_at=at,
        recorded_at=now,
        source=ENGINE,
        pack=reading.cycle.pack.digest,
        calendar=calendar or reading.schedule.calendar.digest,
    )

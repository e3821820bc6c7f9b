"""One pure function from facts, rules and an instant to all clock readings."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.policy.clause import Clause, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Value
from sla_engine.sla.clocks import clocks
from sla_engine.sla.cycle import Cycle
from sla_engine.sla.ruling import Ruling, in_force
from sla_engine.sla.schedule import Firing, Schedule
from sla_engine.worktime import Amount, Unit, remaining


class State(Enum):
    """Where a clock stands. MET and LATE are final verdicts; OVERDUE still runs. LAPSED: a right
    that was not used in its term, or silence that counts as consent; nobody is late, whatever comes
    after."""

    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"

    @property
    def open(self) -> bool:
        return self in _OPEN


_OPEN = (State.RUNNING, State.PAUSED, State.OVERDUE)
_VERDICTS = {State.MET: "met", State.LATE: "late", State.OVERDUE: "late"}


class Reading(Value):
    """One clock at one instant.

    `due` is None while a pause is open. `level` is the highest rung reached so far (0: none).
    `fired` are the rungs reached by now, `next` the first still to come while the clock runs.
    `provisional`: the due date crosses a year without an official notice; `basis` says on what.
    """

    schedule: Schedule
    state: State
    unit: str
    level: int
    at: Instant

    @property
    def cycle(self) -> Cycle:
        return self.schedule.cycle

    @property
    def clause(self) -> Clause:
        return self.schedule.cycle.clause

    @property
    def key(self) -> tuple[str, str]:
        return self.schedule.cycle.key

    @property
    def start(self) -> Instant:
        return self.schedule.cycle.start.at

    @property
    def stopped_at(self) -> Instant | None:
        stop = self.cycle.stop
        return stop if stop is not None and stop <= self.at else None

    @property
    def due(self) -> Instant | None:
        return self.schedule.due

    @property
    def ruling(self) -> Ruling | None:
        """The ruling that takes the place of the verdict; `state` and `due` stay as computed."""
        ruled = [each for each in self.cycle.rulings if each.at <= self.at]
        return in_force(ruled)

    @property
    def verdict(self) -> str:
        """The verdict that counts: as ruled ("met", "late", "excluded"), else as computed; ""
        while there is none."""
        if self.ruling is not None:
            return self.ruling.verdict
        return _VERDICTS.get(self.state, "")

    @property
    def provisional(self) -> bool:
        return self.schedule.last.reckoning.provisional

    @property
    def basis(self) -> str | None:
        return self.schedule.last.reckoning.basis

    @property
    def saved(self) -> Amount | None:
        """What was left of the term when the clock stopped in time, in the term's own unit (hours
        in whole minutes); None where nothing was."""
        stop = self.stopped_at
        if self.state is not State.MET or stop is None:
            return None
        last = self.schedule.last
        unit = last.term.amount.unit
        left = remaining(last.term, self.start, last.timetable, last.pauses, stop)
        if left.seconds is not None:
            return _amount(Fraction(left.seconds // 60, 60), unit)
        days = left.days if left.days is not None else left.half_days
        return _amount(Fraction(days or 0), Unit.CALENDAR_DAYS if unit.is_months else unit)

    @property
    def fired(self) -> tuple[Firing, ...]:
        return tuple(firing for firing in self.schedule.firings if firing.at <= self.at)

    @property
    def next(self) -> Firing | None:
        """The next act to come, by the instant at which it may go out."""
        waiting = [firing for firing in self.schedule.firings if firing.fire_at > self.at]
        return min(waiting, key=lambda firing: firing.fire_at, default=None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """All clocks of a dossier at one instant, and the next instant at which something changes.

    `coming`: clocks that start later than that instant; a source's clock may be a little ahead.
    `news`: the readings of which not everything is known to be recorded.
    """

    dossier: Dossier
    chronicle: Chronicle
    readings: tuple[Reading, ...]
    at: Instant
    coming: tuple[Reading, ...]
    news: tuple[Reading, ...]

    @property
    def next_alarm(self) -> Instant | None:
        every = (reading.next for reading in (*self.readings, *self.coming))
        return min((firing.fire_at for firing in every if firing is not None), default=None)

    def reading(self, clause: str, cycle: str | None = None) -> Reading | None:
        """The reading of a clause; of its latest cycle when none is named."""
        for reading in reversed(self.readings):
            if reading.clause.id == clause and cycle in (None, reading.cycle.name):
                return reading
        return None


def _amount(n: Fraction, unit: Unit) -> Amount | None:
    return Amount(n, unit) if n > 0 else None


def assess(dossier: Dossier, kind: Kind, rules: Rulebook, at: Instant) -> Assessment:
    """Every clock of `dossier` as it stands at `at` by all facts the dossier holds."""
    chronicle = read(dossier, kind)
    return assess_chronicle(dossier, chronicle, rules, at)


def assess_chronicle(
    dossier: Dossier, chronicle: Chronicle, rules: Rulebook, at: Instant
) -> Assessment:
    """The same for a chronicle already read."""
    schedules = clocks(dossier, chronicle, rules).values()
    every = [reading_of(each, chronicle, at) for each in schedules]
    readings = tuple(each for each in every if each.start <= at)
    coming = tuple(each for each in every if each.start > at)
    return Assessment(dossier, chronicle, readings, at, coming, readings)


def reading_of(each: Schedule, chronicle: Chronicle, at: Instant) -> Reading:
    """A clock at an instant. Whose it is stays with whoever held the matter when it ended."""
    level, end = 0, each.cycle.end
    for firing in each.firings:
        if firing.at <= at and firing.rung.level > level:
            level = firing.rung.level
    unit = unit_at(chronicle, each.cycle, at if end is None else min(at, end))
    return Reading(each, _state(each, at), unit, level, at)


def _state(each: Schedule, at: Instant) -> State:
    cycle, due = each.cycle, each.due
    if cycle.stop is not None and cycle.stop <= at:
        if due is None or cycle.stop <= due:
            return State.MET
        return State.LAPSED if cycle.clause.lapses else State.LATE
    if cycle.cancelled_at is not None and cycle.cancelled_at <= at:
        return State.CANCELLED
    if due is None:
        return State.PAUSED
    if at <= due:
        return State.RUNNING
    return State.LAPSED if cycle.clause.lapses else State.OVERDUE


def unit_at(chronicle: Chronicle, cycle: Cycle, at: Instant) -> str:
    """Who is answerable for a clock at an instant: the unit of its own lane, for a round the office
    that runs it, for a petition or item the lead unit that held it then (it stays liable until a
    return is ruled, D17). "" for what the centre owes, and until it has dispatched the petition.

    A clock inherited in a merge may be older than the first dispatch; the first unit takes it on.
    """
    lanes, clause = chronicle.lanes.all, cycle.clause
    if not clause.names_unit:
        return ""
    if clause.liable == "centre" or clause.scope is Scope.ROUND:
        return chronicle.traits["unit"]
    if clause.scope.laned:
        return lanes[cycle.lane].unit
    if cycle.start.inherited:
        first = next((lane for lane in lanes.values() if lane.lead), None)
        if first is not None and at < first.opened_at:
            return first.unit
    leading = chronicle.lanes.leading(at)
    return leading.unit if leading is not None else ""

"""What a script expects beside what the engine says, value by value.

Everything that departs is kept, not only the first; a due instant that departs brings the
derivation of what was found, so that a reader can see which day was counted otherwise.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from scenarios.script import ActExpected, ClockExpected, Expect, RowExpected
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.record import Instant, Recorded, type_name
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.explain import explain
from sla_engine.talk.decide import causes, tier
from sla_engine.talk.events import TalkWithdrawn
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant, narrate

NOTHING = "—"
_DATED = frozenset({"due", "due_date", "state"})
_INSTANTS = frozenset({"due", "stopped", "at", "recorded"})

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Departure:
    """One value that is not as foretold. `about` names dossier and clock, `field` the value.

    `zh` and `en` are the derivation of a due instant that departs, else empty.
    """

    at: Instant
    where: str
    about: str
    field: str
    expected: str
    found: str
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Checker:
    """Compares at one instant; `checked` counts the values compared so far."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.checked = 0
        self.departures: list[Departure] = []
        self._at: Instant = 0
        self._where = ""

    def check(self, expect: Expect, stream: str | None, at: Instant) -> None:
        """Compare one block. `stream` is the dossier it is about, None where there is none."""
        self.state(expect.where, at)
        about = expect.petition or expect.talk
        if not about:
            self._figures(expect)
        elif expect.talk and "exists" in expect.values:
            self.compare(about, "exists", expect.values["exists"], stream is not None)
        if about and stream is not None:
            self._dossier(about, expect, self.engine.assess(stream, at))
        elif about and expect.values.get("exists", True):
            self.depart(about, "exists", "true", "false")

    def state(self, where: str, at: Instant) -> None:
        """Where in the script, and when, the values compared next belong."""
        self._at, self._where = at, where

    def compare(self, about: str, field: str, expected: object, found: object) -> None:
        """Compare one value."""
        if expected == found:
            self.checked += 1
        else:
            self.depart(about, field, say(field, expected), say(field, found))

    def depart(self, about: str, field: str, expected: str, found: str) -> None:
        """Something that is there and should not be, or the other way round."""
        self.checked += 1
        self.departures.append(Departure(self._at, self._where, about, field, expected, found))

    def _dossier(self, about: str, expect: Expect, assessment: Assessment) -> None:
        found = _of_dossier(assessment)
        for field, value in expect.values.items():
            if field != "exists":
                self.compare(about, field, value, found[field])
        for clock in expect.clocks:
            self._clock(about, clock, assessment)
        acts = list(_acts(assessment.dossier))
        if expect.acts is not None:
            self._acts(about, expect.acts, acts, assessment.dossier, complete=True)
        self._acts(about, expect.among, acts, assessment.dossier, complete=False)

    def _clock(self, about: str, expected: ClockExpected, assessment: Assessment) -> None:
        name = "/".join(part for part in (expected.clause, expected.cycle) if part)
        reading = assessment.reading(expected.clause, expected.cycle or None)
        if reading is None or expected.absent:
            self.compare(f"{about} · {name}", "clock", not expected.absent, reading is not None)
            return
        about, before = f"{about} · {name} {reading.clause.name.zh}", len(self.departures)
        found = _of_clock(reading)
        for field, value in expected.values.items():
            self.compare(about, field, value, found[field])
        departed = self.departures[before:]
        if reading.due is not None and any(each.field in _DATED for each in departed):
            derivation = explain(reading).derivation
            zh, en = tuple(narrate.zh(derivation)), tuple(narrate.en(derivation))
            self.departures[-1] = replace(departed[-1], zh=zh, en=en)

    def _acts(
        self,
        about: str,
        expected: tuple[ActExpected, ...],
        acts: list[Act],
        dossier: Dossier,
        complete: bool,
    ) -> None:
        """Acts of one rung are met in the order in which they were recorded."""
        left = list(acts)
        for each in expected:
            act = next((act for act in left if _named(act, each)), None)
            if act is None:
                self.depart(f"{about} · {each.rung}", "act", _said(each), NOTHING)
                continue
            left.remove(act)
            self._act(f"{about} · {each.rung}", each, act, dossier)
        if complete:
            for act in left:
                event = act.fired
                found = f"{event.act} {format_instant(event.due)}"
                self.depart(f"{about} · {event.clause}/{event.rung}", "act", NOTHING, found)
            self.checked += not left

    def _act(self, about: str, expected: ActExpected, act: Act, dossier: Dossier) -> None:
        found = _of_act(act, dossier)
        self.compare(about, "withdrawn", expected.withdrawn, not act.stands)
        self.compare(about, "silent", expected.silent, act.fired.silent)
        for field, value in expected.values.items():
            self.compare(about, field, value, found[field])

    def _figures(self, expect: Expect) -> None:
        figures = expect.figures
        if figures.counts or figures.told or figures.withdrawn:
            counts, told, withdrawn = _tally(self.engine, self._at)
            for name, count in figures.counts.items():
                self.compare("figures", name, count, counts[name])
            for act, count in figures.told.items():
                self.compare("figures", f"told.{act}", count, told[act])
            for act, count in figures.withdrawn.items():
                self.compare("figures", f"withdrawn.{act}", count, withdrawn[act])
        for row in expect.rows:
            self._row(row)

    def _row(self, expected: RowExpected) -> None:
        about = f"{expected.projection} · {expected.key}"
        found = dict(self.engine.rows(expected.projection)).get(expected.key)
        if found is None:
            self.depart(about, "row", "true", "false")
            return
        for column, value in expected.columns.items():
            self.compare(about, column, value, found.get(column, NOTHING))


def say(field: str, value: object) -> str:
    """A value as the script would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and field in _INSTANTS:
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) or '""'


def _of_dossier(assessment: Assessment) -> Values:
    chronicle = assessment.chronicle
    recalled = next(
        (f.event.recalled for f in chronicle.facts if isinstance(f.event, TalkWithdrawn)), ()
    )
    return {
        "phase": chronicle.phase,
        "tier": tier(chronicle) if chronicle.kind.name == "talk" else 0,
        "causes": len(causes(chronicle)),
        "recalled": recalled,
    }


def _of_clock(reading: Reading) -> Values:
    return {
        "state": reading.state.value,
        "due": reading.due,
        "due_date": reading.schedule.last.reckoning.due_date,
        "level": reading.level,
        "provisional": reading.provisional,
        "unit": reading.unit,
        "stopped": reading.stopped_at,
    }


def _of_act(act: Act, dossier: Dossier) -> Values:
    event = act.fired
    overturning = overturned_by(act, dossier)
    return {
        "at": event.due,
        "recorded": act.recorded_at,
        "act": event.act,
        "tier": event.tier,
        "unit": event.unit,
        "withdrawn_by": type_name(overturning.event) if overturning is not None else NOTHING,
    }


def overturned_by(act: Act, dossier: Dossier) -> Recorded | None:
    """The fact that took the ground from an act; None while the act stands."""
    if act.stands:
        return None
    facts = [fact for fact in (*dossier.facts, *dossier.voids) if fact.version < act.withdrawn]
    return max(facts, key=lambda fact: fact.version)


def _acts(dossier: Dossier) -> Iterator[Act]:
    """Every act ever recorded, in the order of recording."""
    every = (act for acts in dossier.acts.values() for act in acts)
    yield from sorted(every, key=lambda act: act.version)


def _named(act: Act, expected: ActExpected) -> bool:
    event = act.fired
    return expected.rung == f"{event.clause}/{event.rung}" and expected.cycle in ("", event.cycle)


def _said(expected: ActExpected) -> str:
    """An expected act in one line."""
    values = (f"{field} {say(field, value)}" for field, value in expected.values.items())
    marks = [mark for mark in ("withdrawn",) if expected.withdrawn]
    return ", ".join((*values, *marks, *([expected.silent] if expected.silent else []))) or "true"


def _tally(engine: Engine, at: Instant) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Dossiers and petition clocks by state, acts told, acts told and withdrawn later."""
    counts: Counter[str] = Counter()
    told: Counter[str] = Counter()
    withdrawn: Counter[str] = Counter()
    for prefix, name in (("petition/", "petitions"), ("talk/", "talks")):
        for stream in engine.log.streams(prefix):
            assessment = engine.assess(stream, at)
            counts[name] += 1
            if name == "petitions":
                counts.update(reading.state.value for reading in assessment.readings)
            for act in _acts(assessment.dossier):
                if not act.fired.silent:
                    (told if act.stands else withdrawn)[act.fired.act] += 1
    return counts, told, withdrawn

"""What a script expects of one dossier beside what the engine says, value by value.

A due instant that departs brings the derivation of what was found, so that a reader can see which
day was counted otherwise.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from scenarios.findings import NOTHING, Findings, say
from scenarios.foretold import ActExpected, ClockExpected, Expect
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.escalation.repetition import occurrences
from sla_engine.record import Recorded, type_name
from sla_engine.round.board import standing
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.explain import explain
from sla_engine.talk.decide import causes, tier
from sla_engine.talk.events import TalkWithdrawn
from sla_engine.worktime import format_instant, narrate

_DATED = frozenset({"due", "due_date", "state"})

Values = Mapping[str, object]


def compare_dossier(findings: Findings, expect: Expect, assessment: Assessment) -> None:
    """Everything a block expects of the dossier it is about."""
    found = of_dossier(assessment)
    for field, value in expect.values.items():
        if field != "exists":
            findings.compare(expect.name, field, value, found[field])
    for clock in expect.clocks:
        _compare_clock(findings, expect.name, clock, assessment)
    acts = list(acts_of(assessment.dossier))
    if expect.acts is not None:
        left = _compare_acts(findings, expect.name, expect.acts, acts, assessment.dossier)
        for act in left:
            event = act.fired
            said = f"{event.act} {format_instant(event.due)}"
            about = f"{expect.name} · {event.clause}/{event.rung}"
            findings.depart(about, "act", NOTHING, said)
        findings.checked += not left
    _compare_acts(findings, expect.name, expect.among, acts, assessment.dossier)


def _compare_clock(
    findings: Findings, about: str, expected: ClockExpected, assessment: Assessment
) -> None:
    name = "/".join(part for part in (expected.clause, expected.cycle) if part)
    reading = assessment.reading(expected.clause, expected.cycle or None)
    if reading is None or expected.absent:
        findings.compare(f"{about} · {name}", "clock", not expected.absent, reading is not None)
        return
    about, before = f"{about} · {name} {reading.clause.name.zh}", len(findings.departures)
    found = _of_clock(reading)
    for field, value in expected.values.items():
        findings.compare(about, field, value, found[field])
    departed = findings.departures[before:]
    if reading.due is not None and any(each.field in _DATED for each in departed):
        derivation = explain(reading).derivation
        zh, en = tuple(narrate.zh(derivation)), tuple(narrate.en(derivation))
        findings.departures[-1] = replace(departed[-1], zh=zh, en=en)


def _compare_acts(
    findings: Findings,
    about: str,
    expected: tuple[ActExpected, ...],
    acts: list[Act],
    dossier: Dossier,
) -> list[Act]:
    """Acts of one rung are met in the order in which they were recorded; what is left over."""
    left = list(acts)
    for each in expected:
        act = next((act for act in left if _named(act, each)), None)
        if act is None:
            findings.depart(f"{about} · {each.rung}", "act", _said(each), NOTHING)
            continue
        left.remove(act)
        found = _of_act(act, dossier)
        of = f"{about} · {each.rung}"
        findings.compare(of, "withdrawn", each.withdrawn, not act.stands)
        findings.compare(of, "silent", each.silent, act.fired.silent)
        for field, value in each.values.items():
            findings.compare(of, field, value, found[field])
    return left


def of_dossier(assessment: Assessment) -> Values:
    """What may be said of a dossier as a whole."""
    chronicle = assessment.chronicle
    return {"phase": chronicle.phase, **_BY_KIND.get(chronicle.kind.name, _nothing)(assessment)}


def _nothing(_assessment: Assessment) -> Values:
    return {}


def _of_talk(assessment: Assessment) -> Values:
    chronicle = assessment.chronicle
    recalled = next(
        (f.event.recalled for f in chronicle.facts if isinstance(f.event, TalkWithdrawn)), ()
    )
    return {"tier": tier(chronicle), "causes": len(causes(chronicle)), "recalled": recalled}


def _of_round(assessment: Assessment) -> Values:
    placed = standing(assessment.chronicle)
    return {
        "places": {each.member: each.place for each in placed},
        "placed": Counter(each.place for each in placed),
    }


def _of_unit(assessment: Assessment) -> Values:
    counted = Counter(each.said.what for each in occurrences(assessment.dossier))
    return {"counted": counted}


_BY_KIND: Mapping[str, Callable[[Assessment], Values]] = {
    "talk": _of_talk,
    "round": _of_round,
    "unit": _of_unit,
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
        "ruling": reading.ruling.verdict if reading.ruling is not None else NOTHING,
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


def acts_of(dossier: Dossier) -> Iterator[Act]:
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

"""What follows for a dossier, as plain data: the part of it that two replays must agree on."""

from typing import Any

from sla_engine.dossier.fold import Dossier
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.round.board import standing
from sla_engine.round.kind import ROUND
from sla_engine.sla.assess import Assessment, Reading, assess


def state_of(dossier: Dossier, rules: Rulebook, at: Instant) -> list[Any]:
    """What a dossier comes to at an instant; see `stated`."""
    return stated(assess(dossier, kind_of(dossier.stream), rules, at))


def stated(assessment: Assessment) -> list[Any]:
    """Phase, every clock's reading, every act that stands (without versions), every place."""
    readings = [_said(reading) for reading in assessment.readings]
    chronicle = assessment.chronicle
    places = [tuple(each) for each in places_of(assessment)]
    return [chronicle.phase, readings, acts_of(assessment.dossier), *([places] if places else [])]


def _said(reading: Reading) -> tuple[Any, ...]:
    said = (reading.state.value, reading.due, reading.level, reading.unit, reading.provisional)
    ruling = reading.ruling
    return (*reading.key, *said, *(() if ruling is None else (ruling.verdict, ruling.dispute)))


def acts_of(dossier: Dossier) -> list[tuple[Any, ...]]:
    """Every act that stands, in order: clause, cycle, rung, instant, legal instant, act, tier,
    unit."""
    return sorted(
        (*key, act.fired.at, act.fired.due, act.fired.act, act.fired.tier, act.fired.unit)
        for key, acts in dossier.acts.items()
        for act in acts
        if act.stands
    )


def places_of(assessment: Assessment) -> list[tuple[str, str, int, int]]:
    """Member, place, rank and score (in hundredths) of a round's board; nothing elsewhere."""
    if assessment.chronicle.kind is not ROUND:
        return []
    placed = standing(assessment.chronicle)
    return sorted((each.member, each.place, each.rank, each.score) for each in placed)

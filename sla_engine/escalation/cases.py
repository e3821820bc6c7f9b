"""Runs a pack's own cases: marks and instants in, due and rung instants of its clocks out.

A case is written in marks, so it is read as a chronicle directly; no petition is made up for it.
"""

from collections.abc import Sequence

from sla_engine.dossier.chronicle import Chronicle, Grant, Mark, Pause, Request
from sla_engine.dossier.events import ExtensionGranted, ExtensionRequested, StepDone
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Lane
from sla_engine.petition.kind import PETITION
from sla_engine.policy.cases import CaseReading
from sla_engine.policy.clause import Case, CaseFact, Pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Event, Instant, Meta, Recorded
from sla_engine.sla.assess import assess_chronicle
from sla_engine.talk.kind import TALK

_OPENS_LANE = frozenset({"dispatched", "rework_ordered", "proposed", "tier_raised", "rebounded"})
_ENDS = frozenset({"declined", "merged", "withdrawn", "refused"})


def run_case(pack: Pack, case: Case, rules: Rulebook) -> Sequence[CaseReading]:
    """Every clock the case gives rise to. Raises what the kernel raises."""
    chronicle = _chronicle(pack, case)
    known = rules.with_pack(pack)
    last = max((fact.at for fact in case.facts), default=0)
    assessment = assess_chronicle(Dossier("case"), chronicle, known, last)
    return [
        CaseReading(
            clause=reading.clause.id,
            due=reading.due,
            rungs={firing.rung.id: firing.at for firing in reading.schedule.firings},
        )
        for reading in assessment.readings
    ]


def _chronicle(pack: Pack, case: Case) -> Chronicle:
    talks = any(fact.type == "proposed" for fact in case.facts)
    chronicle = Chronicle(TALK if talks else PETITION)
    chronicle.traits.update({"pack": pack.name, "region": pack.region, **case.traits})
    for number, fact in enumerate(sorted(case.facts, key=lambda each: each.at), 1):
        _take(chronicle, pack, case, fact, number)
    return chronicle


def _take(chronicle: Chronicle, pack: Pack, case: Case, fact: CaseFact, number: int) -> None:
    known_at = case.known_at if case.known_at is not None else fact.at
    recorded = _recorded(StepDone(fact.type), fact.at, known_at, pack, number)
    lanes = chronicle.lanes
    if fact.type in _OPENS_LANE:
        if lanes.current is not None and fact.type != "dispatched":
            lanes.end(lanes.current.name, fact.at)
        traits = {**case.traits, **{name: str(value) for name, value in fact.fields.items()}}
        lanes.open(Lane(str(len(lanes.all) + 1), "unit", fact.at, traits))
    lane = lanes.resolve("")
    chronicle.marks.append(Mark(fact.type, fact.at, lane, known_at, recorded))
    if fact.type in _ENDS:
        chronicle.ended_at = fact.at
    _pause_or_extend(chronicle, fact, recorded)


def _pause_or_extend(chronicle: Chronicle, fact: CaseFact, recorded: Recorded) -> None:
    said = {name: str(value) for name, value in fact.fields.items()}
    known_at = recorded.meta.recorded_at
    if fact.type == "suspended":
        chronicle.pauses.append(Pause(said["ground"], fact.at, recorded, None, known_at))
    elif fact.type == "resumed" and chronicle.open_pause is not None:
        chronicle.open_pause.end = fact.at
    elif fact.type == "extension_requested":
        asked = ExtensionRequested("case", said["clause"], said["amount"])
        chronicle.requests[said["clause"]] = Request(asked, recorded)
    elif fact.type == "extension_granted":
        request = chronicle.requests[said["clause"]]
        granted = ExtensionGranted("case", "case", said.get("amount", ""))
        chronicle.grants.append(Grant(request, granted, recorded))


def _recorded(event: Event, at: Instant, known_at: Instant, pack: Pack, number: int) -> Recorded:
    meta = Meta(occurred_at=at, recorded_at=known_at, pack=pack.digest)
    return Recorded("case", number, 0, meta, event)

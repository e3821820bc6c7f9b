"""Runs a pack's own cases: marks and instants in, due and rung instants of its clocks out.

A case is written in marks, so it is read as a chronicle directly; no petition is made up for it.
A case about triggers is written in what they count, and read as the tally of one unit.
"""

from collections.abc import Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle, Grant, Mark, Pause, Request
from sla_engine.dossier.events import ExtensionGranted, ExtensionRequested, StepDone
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.kind import Lane
from sla_engine.escalation.kinds import KINDS
from sla_engine.escalation.repetition import reached
from sla_engine.item.events import ItemListed
from sla_engine.policy.case import Case, CaseFact
from sla_engine.policy.cases import REACHED, CaseReading, counts, scope_of
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Event, Instant, Meta, Recorded
from sla_engine.sla.assess import assess_chronicle
from sla_engine.unit.events import Counted

_OPENS_LANE = frozenset(
    {
        "dispatched",
        "rework_ordered",
        "proposed",
        "tier_raised",
        "rebounded",
        "listed",
        "assigned",
        "disputed",
    }
)
_ENDS = frozenset({"declined", "merged", "withdrawn", "refused", "cancelled"})


def run_case(pack: Pack, case: Case, rules: Rulebook) -> Sequence[CaseReading]:
    """Every clock the case gives rise to, or every trigger. Raises what the kernel raises."""
    known = rules.with_pack(pack)
    last = max((fact.at for fact in case.facts), default=0)
    if counts(case):
        return list(_triggers(pack, case, known, last))
    assessment = assess_chronicle(Dossier("case"), _chronicle(pack, case), known, last)
    return [
        CaseReading(
            clause=reading.clause.id,
            due=reading.due,
            rungs={firing.rung.id: firing.at for firing in reading.schedule.firings},
        )
        for reading in assessment.readings
    ]


def _triggers(pack: Pack, case: Case, rules: Rulebook, last: Instant) -> Iterator[CaseReading]:
    """Every time that a trigger is reached by what the case counts."""
    said = [
        _recorded(_counted(pack, fact, what, number), fact.at, fact.at, pack, number)
        for number, fact in enumerate(case.facts, 1)
        for what in dict.fromkeys((fact.type, fact.type.partition("@")[0]))
    ]
    tally = fold(f"unit/{pack.name}/case", said)
    for each in reached(tally, rules, case.known_at or last):
        yield CaseReading(clause=each.trigger.id, due=each.at, rungs={REACHED: each.at})


def _counted(pack: Pack, fact: CaseFact, what: str, number: int) -> Counted:
    return Counted(
        what=what,
        cause=f"case|{number}",
        pack=pack.name,
        region=pack.region,
        unit="case",
        series=str(fact.fields.get("series", "")),
        period=str(fact.fields.get("period", "")),
    )


def _chronicle(pack: Pack, case: Case) -> Chronicle:
    kind = KINDS[scope_of(case, pack.steps).kind]
    chronicle = Chronicle(kind)
    chronicle.traits.update({"pack": pack.name, "region": pack.region, "unit": "", **case.traits})
    facts = sorted(case.facts, key=lambda each: each.at)
    if kind.name == Scope.ROUND.kind:
        _enrol(chronicle, case, facts)
    for number, fact in enumerate(facts, 1):
        _take(chronicle, pack, case, fact, number)
    return chronicle


def _enrol(chronicle: Chronicle, case: Case, facts: Sequence[CaseFact]) -> None:
    """Lanes of all members that a case speaks of; of one without a name when it names none."""
    named: list[str] = []
    for fact in facts:
        members = fact.fields.get("members", ())
        assert isinstance(members, tuple)
        named += [*members, *filter(None, [str(fact.fields.get("member", ""))])]
    joined = {str(f.fields.get("member")): f.at for f in facts if f.type == "member_joined"}
    left = {str(f.fields.get("member")): f.at for f in facts if f.type == "member_left"}
    for name in dict.fromkeys(named or [case.traits.get("member", "member")]):
        begun = joined.get(name, facts[0].at)
        traits = {**case.traits, "member": name}
        chronicle.lanes.open(Lane(name, name, begun, traits, ended_at=left.get(name)))


def _take(chronicle: Chronicle, pack: Pack, case: Case, fact: CaseFact, number: int) -> None:
    known_at = case.known_at if case.known_at is not None else fact.at
    recorded = _recorded(_event(pack, case, fact), fact.at, known_at, pack, number)
    chronicle.marks.append(
        Mark(fact.type, fact.at, _lane(chronicle, case, fact), known_at, recorded)
    )
    if fact.type in _ENDS:
        chronicle.ended_at = fact.at
    _pause_or_extend(chronicle, fact, recorded)


def _event(pack: Pack, case: Case, fact: CaseFact) -> Event:
    """Nothing but its name is asked of a fact, save the limit that an item is listed with."""
    if fact.type != "listed":
        return StepDone(fact.type)
    traits, limit = case.traits, str(fact.fields.get("limit", ""))
    return ItemListed("case", pack.name, pack.region, traits.get("list", ""), "unit", limit=limit)


def _lane(chronicle: Chronicle, case: Case, fact: CaseFact) -> str:
    """The lane a fact falls into, opened where the fact opens one."""
    lanes = chronicle.lanes
    if chronicle.kind.name == Scope.ROUND.kind:
        return str(fact.fields.get("member", ""))
    if fact.type in _OPENS_LANE:
        if lanes.current is not None and fact.type != "dispatched":
            lanes.end(lanes.current.name, fact.at)
        traits = {**case.traits, **{name: str(value) for name, value in fact.fields.items()}}
        lanes.open(Lane(str(len(lanes.all) + 1), "unit", fact.at, traits))
    return lanes.resolve("")


def _pause_or_extend(chronicle: Chronicle, fact: CaseFact, recorded: Recorded) -> None:
    said = {name: str(value) for name, value in fact.fields.items()}
    known_at = recorded.meta.recorded_at
    ends_pause = {"resumed", *(event.NAME for event in chronicle.kind.lifts)}
    if fact.type == "suspended":
        chronicle.pauses.append(Pause(said["ground"], fact.at, recorded, None, known_at))
    elif fact.type in ends_pause and chronicle.open_pause is not None:
        chronicle.end_pause(chronicle.open_pause, fact.at, 0, recorded)
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

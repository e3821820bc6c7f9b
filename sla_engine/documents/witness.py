"""What the log says, in the words a document needs: facts by type, acts, clocks, causes."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from sla_engine.documents.form import Moment, Row, Source
from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.fold import Act
from sla_engine.policy.clause import Clause, Pack, TalkRules, Text
from sla_engine.policy.vocabulary import marks_of
from sla_engine.record import Event, Meta, type_name
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.cycle import pack_at
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    Rebounded,
    TalkProposed,
    TierRaised,
)

E = TypeVar("E", bound=Event)

_CENTRES = {"talk": "convener", "item": "verifier"}

_CAUSE_PARTS = 5
_ROUNDS = (TalkProposed, TierRaised, Rebounded)


class Fact(NamedTuple, Generic[E]):
    """A fact that stands, and its envelope."""

    event: E
    meta: Meta

    @property
    def at(self) -> Moment:
        return Moment(self.meta.occurred_at)


def facts(chronicle: Chronicle, kind: type[E]) -> list[Fact[E]]:
    """Facts of one type that stand, in time order."""
    return [Fact(each.event, each.meta) for each in chronicle.facts if isinstance(each.event, kind)]


def last(chronicle: Chronicle, kind: type[E]) -> Fact[E] | None:
    """The latest of them, None where there is none."""
    return next(reversed(facts(chronicle, kind)), None)


def in_round(chronicle: Chronicle, kind: type[E]) -> Fact[E] | None:
    """The latest of them since the talk's present round (tier) began."""
    began = [index for index, each in enumerate(chronicle.facts) if isinstance(each.event, _ROUNDS)]
    for each in reversed(chronicle.facts[began[-1] if began else 0 :]):
        if isinstance(each.event, kind):
            return Fact(each.event, each.meta)
    return None


def said(fact: Fact[Any] | None, name: str) -> Any:
    """A field of a fact, None where there is no such fact."""
    return None if fact is None else getattr(fact.event, name)


def when(fact: Fact[Any] | None) -> Moment | None:
    return None if fact is None else fact.at


def acts(assessment: Assessment, codes: Sequence[str]) -> list[Act]:
    """Acts of these kinds that stand and were told, in order of their legal instants."""
    found = [
        act
        for each in assessment.dossier.acts.values()
        for act in each
        if act.stands and act.fired.act in codes and not act.fired.silent
    ]
    return sorted(found, key=lambda act: (act.fired.due, act.version))


def pack_of(assessment: Assessment, source: Source) -> Pack:
    """The pack edition a dossier was opened under."""
    marks = assessment.chronicle.marks
    return pack_at(assessment.chronicle, marks[0], source.rules) if marks else source.pack


def talk_rules(source: Source) -> TalkRules | None:
    """The pack's rules for talks, or those of the pack it borrows them from."""
    return source.rules.talks_of(source.pack, source.at).talk


def roles(names: Sequence[str], pack: Pack) -> tuple[str, ...]:
    """Roles in words."""
    return tuple(pack.roles[name].zh if name in pack.roles else name for name in names)


def rule_cells(clause: Clause) -> dict[str, Any]:
    """What every mention of a clause says: name, limit and whether it is published, citation."""
    return {
        "clause": clause.name.zh,
        "clause_en": clause.name.en,
        "clause_id": clause.id,
        "limit": str(clause.term.amount),
        "status": clause.status,
        "basis": "；".join(clause.basis),
    }


def clock(reading: Reading) -> Row:
    """A clock as a row of a table."""
    due, stopped = reading.due, reading.stopped_at
    return {
        **rule_cells(reading.clause),
        "limit": str(reading.cycle.term.amount),
        "cycle": reading.cycle.name,
        "unit": whose(reading.unit, reading.clause.scope.kind),
        "started": Moment(reading.start),
        "due": None if due is None else Moment(due, ends=True),
        "stopped": None if stopped is None else Moment(stopped),
        "saved": "" if reading.saved is None else str(reading.saved),
        "state": reading.state.value,
        "provisional": "provisional" if reading.provisional else "",
    }


def whose(unit: str, kind: str) -> str:
    """The unit, or where none answers in such a dossier, the code for who does (`unit.centre`)."""
    return unit or _CENTRES.get(kind, "centre")


def standing_causes(chronicle: Chronicle) -> tuple[list[str], list[str]]:
    """Causes of a talk that stand, and those that were overturned."""
    standing: dict[str, None] = {}
    gone: dict[str, None] = {}
    for each in chronicle.facts:
        event = each.event
        if isinstance(event, TalkProposed):
            standing |= dict.fromkeys(event.causes)
        elif isinstance(event, CauseAttached):
            standing[event.cause] = None
        elif isinstance(event, CauseOverturned):
            standing.pop(event.cause, None)
            gone[event.cause] = None
    return list(standing), list(gone)


def cause(text: str, source: Source) -> Row:
    """A cause as a row: the petition and the clause whose clock was breached, with its due instant
    and citation; of a repetition, the trigger; of one that a person worded, the words."""
    parts = text.rsplit("|", _CAUSE_PARTS - 1)
    if len(parts) != _CAUSE_PARTS:
        return {"reason": text, "petition": "", "clause": "", "clause_id": ""}
    stream, clause_id, cycle, _version, rung = parts
    kind, _, name = stream.partition("/")
    row: dict[str, Any] = {"clause": clause_id, "clause_id": clause_id}
    row |= {"petition": "" if kind == "unit" else name, "clock": f"{clause_id}/{cycle}/{rung}"}
    linked = source.linked.get(stream)
    reading = linked.reading(clause_id, cycle) if linked is not None else None
    if reading is None:
        return {**row, **_trigger(clause_id, source)}
    return {**row, **clock(reading), "reason": _rung_basis(reading.clause, rung)}


def causes(source: Source) -> tuple[Row, ...]:
    """All causes that stand."""
    standing, _ = standing_causes(source.chronicle)
    return tuple(cause(each, source) for each in standing)


def petitions(source: Source) -> tuple[str, ...]:
    """Numbers of the petitions behind a talk, in the order in which they came up."""
    found: dict[str, None] = {}
    for each in source.chronicle.facts:
        if isinstance(each.event, TalkProposed):
            found |= dict.fromkeys(each.event.petitions)
        elif isinstance(each.event, CauseAttached) and each.event.petition:
            found[each.event.petition] = None
    return tuple(found)


def named(name: str, texts: Mapping[str, Text]) -> str:
    """A code in words, where there are any."""
    return texts[name].zh if name in texts else name


def word(event: Event, pack: Pack) -> str:
    """A fact in words: the pack's own step, or the mark the field uses."""
    name = getattr(event, "step", "") or type_name(event)
    return named(name, {**marks_of(None), **pack.steps})


def list_name(name: str, pack: Pack) -> str:
    """A list in words."""
    return pack.lists[name].name.zh if name in pack.lists else name


def _trigger(name: str, source: Source) -> dict[str, str]:
    """A cause that is a repetition: the trigger's name and citation, in whichever pack has it."""
    packs = (source.pack, *source.rules.packs)
    found = (trigger for pack in packs for trigger in pack.triggers if trigger.id == name)
    trigger = next(found, None)
    if trigger is None:
        return {}
    told = {"clause": trigger.name.zh, "basis": "；".join(trigger.basis)}
    return {**told, "status": trigger.status}


def _rung_basis(clause: Clause, rung: str) -> str:
    return next((each.basis for each in clause.rungs if each.id == rung), "")

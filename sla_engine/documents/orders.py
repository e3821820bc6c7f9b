"""Documents that follow from an act against a petition: urging, supervision, recall."""

from typing import Any

from sla_engine.documents import witness
from sla_engine.documents.form import Fields, Moment, Row, Source
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Act
from sla_engine.errors import refuse, register
from sla_engine.sla.assess import State

NOTHING_TO_DRAW = register(
    "NOTHING_TO_DRAW",
    "{found} 没有可据以出具“{allowed}”的记录",
    "nothing on record about {found} calls for the document {allowed}",
    "用 petition show 或 talk show 查看时间线",
    "petition show and talk show give the timeline",
)


def urge(source: Source) -> Fields:
    """催办通知书: the latest urging that stands."""
    return _order(source, "urge", ("urge",))


def supervise(source: Source) -> Fields:
    """督办单: the latest supervision that stands, by its number in the register. The time that an
    order sets of its own is not recorded; whoever signs it fills it in."""
    fields = _order(source, "supervise", ("supervise",))
    rows = [row for row in source.model("supervision") if row["act"] == "supervise"]
    number = str(rows[-1]["number"]) if rows else None
    return {**fields, "number": number, "deadline": None}


def recall(source: Source) -> Fields:
    """撤销通知书 of acts that were told and have lost their ground since."""
    gone = [act for act in _every(source) if not act.stands and not act.fired.silent]
    if not gone:
        raise refuse(NOTHING_TO_DRAW, "", source.name, "recall")
    gone.sort(key=lambda act: act.version)
    told = dict.fromkeys(role for act in gone for role in _to(act, source))
    grounds = (_ground(act, source) for act in gone)
    kind = source.chronicle.kind.name
    return {
        **about(source),
        "unit": tuple(dict.fromkeys(witness.whose(act.fired.unit, kind) for act in gone)),
        "withdrawn": tuple(_gone(act, source) for act in gone),
        "recalled": tuple(told),
        "reason": "；".join(dict.fromkeys(ground for ground in grounds if ground)),
        "withdrawn_at": _withdrawn_at(gone[-1], source),
    }


def about(source: Source) -> dict[str, Any]:
    """Number and traits of the petition."""
    traits = source.chronicle.traits
    told = {name: traits.get(name) for name in ("kind", "matter", "channel", "subject")}
    return {"petition": source.name, "region": source.region, **told}


def _order(source: Source, name: str, codes: tuple[str, ...]) -> dict[str, Any]:
    found = witness.acts(source.assessment, codes)
    if not found:
        raise refuse(NOTHING_TO_DRAW, "", source.name, name)
    act = found[-1]
    return {**about(source), **_act(act, source), "others": _others(act, source)}


def _act(act: Act, source: Source) -> dict[str, Any]:
    """The act, the clock behind it, and the citation of both."""
    fired = act.fired
    reading = source.assessment.reading(fired.clause, fired.cycle)
    rungs = () if reading is None else reading.clause.rungs
    rung = next((each for each in rungs if each.id == fired.rung), None)
    return {
        **({} if reading is None else witness.clock(reading)),
        "unit": witness.whose(fired.unit, source.chronicle.kind.name),
        "issued_at": Moment(act.recorded_at),
        "reference": "|".join(
            (source.name, fired.clause, fired.cycle, str(fired.version), fired.rung)
        ),
        "to": _to(act, source),
        "act_basis": "" if rung is None else rung.basis,
        "act_status": "" if rung is None else rung.status,
    }


def _others(act: Act, source: Source) -> tuple[Row, ...]:
    """Further clocks of the petition that are overdue."""
    own = (act.fired.clause, act.fired.cycle)
    readings = source.assessment.readings
    return tuple(
        witness.clock(each) for each in readings if each.key != own and each.state is State.OVERDUE
    )


def _every(source: Source) -> list[Act]:
    return [act for each in source.assessment.dossier.acts.values() for act in each]


def _to(act: Act, source: Source) -> tuple[str, ...]:
    return witness.roles(act.fired.to, witness.pack_of(source.assessment, source))


def _gone(act: Act, source: Source) -> Row:
    pack, fired = witness.pack_of(source.assessment, source), act.fired
    clause = next((each.name.zh for each in pack.clauses if each.id == fired.clause), fired.clause)
    return {
        "act": fired.act,
        "clause": clause,
        "issued_at": Moment(act.recorded_at),
        "withdrawn_at": _withdrawn_at(act, source),
        "to": _to(act, source),
        "ground": _ground(act, source),
    }


def _withdrawal(act: Act, source: Source) -> RungWithdrawn | None:
    found = next((each.event for each in source.events if each.version == act.withdrawn), None)
    return found if isinstance(found, RungWithdrawn) else None


def _withdrawn_at(act: Act, source: Source) -> Moment | None:
    found = (each for each in source.events if each.version == act.withdrawn)
    return next((Moment(each.meta.recorded_at) for each in found), None)


def _ground(act: Act, source: Source) -> str:
    """The fact that overturned an act, by its name and when it happened."""
    event = _withdrawal(act, source)
    if event is None:
        return ""
    fact = next((each for each in source.events if each.version == event.overturned_by), None)
    if fact is None or isinstance(fact.event, RungFired):
        return event.reason
    what = witness.word(fact.event, witness.pack_of(source.assessment, source))
    return f"{what}（{Moment(fact.meta.occurred_at)}）"

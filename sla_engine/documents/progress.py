"""办理进度: what the petitioner may follow of a petition, as one follows an order placed online."""

from collections.abc import Iterator, Mapping

from sla_engine.documents import witness
from sla_engine.documents.cards import PROMISES, rating
from sla_engine.documents.form import Fields, Moment, Row, Source
from sla_engine.documents.orders import about
from sla_engine.dossier.chronicle import Mark
from sla_engine.petition.events import Registered
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.vocabulary import PETITION_MARKS
from sla_engine.sla.assess import Assessment, Reading

_TOLD = (
    "registered", "admitted", "declined", "dispatched", "accepted", "suspended", "resumed",
    "resolved", "callback_done", "rated", "rework_ordered", "closed", "merged", "withdrawn",
)  # fmt: skip


def progress(source: Source) -> Fields:
    """办理进度 of a petition: steps done with their times, the next promise, how it was rated.

    Neither acts nor levels, nor what units settle between themselves: returns, extensions,
    exclusions, and whatever an assisting unit does.
    """
    promised = promise(source.assessment)
    return {
        **about(source),
        "registered_at": witness.when(witness.last(source.chronicle, Registered)),
        "progress": tuple(_steps(source)),
        **({} if promised is None else _promised(promised)),
        **rating(source),
    }


def _steps(source: Source) -> Iterator[Row]:
    pack = witness.pack_of(source.assessment, source)
    for mark, step in updates(source.assessment, pack):
        yield {"at": Moment(mark.at), "step": step.zh}


def updates(case: Assessment, pack: Pack) -> Iterator[tuple[Mark, Text]]:
    """What whoever asked is told of a petition, in the order in which it happened."""
    words: Mapping[str, Text] = {**{name: PETITION_MARKS[name] for name in _TOLD}, **pack.steps}
    for mark in case.chronicle.marks:
        if mark.name in words and _theirs(case, mark):
            yield mark, words[mark.name]


def _theirs(case: Assessment, mark: Mark) -> bool:
    """Whether it is about this petition itself, and no doing of an assisting unit."""
    return not mark.inherited and not case.chronicle.lanes.assists(mark.lane)


def promise(case: Assessment) -> Reading | None:
    """The clock still open that is due first. A right the petitioner has is no promise to them."""
    waiting = [
        (each.due, each)
        for each in case.readings
        if each.state.open
        and each.due is not None
        and each.clause.scope in PROMISES
        and not each.clause.lapses
        and not case.chronicle.lanes.assists(each.cycle.lane)
    ]
    return min(waiting, key=lambda pair: pair[0], default=(0, None))[1]


def _promised(reading: Reading) -> Row:
    row = witness.clock(reading)
    return {"next": row["clause"], **{name: row[name] for name in ("limit", "due", "status")}}

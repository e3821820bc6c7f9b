"""Histories into columns. What a fact means is read by the chronicle, as for every other reader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from sla_engine.batches import batched
from sla_engine.bulk.facts import (
    NEVER,
    PARTITION,
    Coded,
    Facts,
    Grants,
    Ints,
    Lanes,
    Marks,
    Pauses,
    Petitions,
)
from sla_engine.dossier.chronicle import Chronicle, Grant, Pause, read
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.kind import Lane
from sla_engine.petition.kind import PETITION
from sla_engine.record import Instant, Recorded

History: TypeAlias = tuple[str, Sequence[Recorded]]
"""A stream and its events, as recorded."""

_OWN = "no"
"""The trait that is different for every petition."""


def partitions(histories: Iterable[History], size: int = PARTITION) -> Iterator[Facts]:
    """All petitions among `histories`, `size` to a partition. Other streams are passed over."""
    rest = (each for each in histories if each[0].startswith(f"{PETITION.name}/"))
    return map(gather, batched(rest, size))


def gather(histories: Sequence[History]) -> Facts:
    """One partition of these petitions."""
    dossiers = [fold(stream, events) for stream, events in histories]
    read_in = [read(dossier, PETITION) for dossier in dossiers]
    lanes = [list(each.lanes.all.values()) for each in read_in]
    events = [events for _, events in histories]
    return Facts(
        _petitions(dossiers, read_in, lanes),
        _marks(read_in, lanes),
        _lanes([lane for each in lanes for lane in each]),
        _pauses([(at, pause) for at, each in enumerate(read_in) for pause in each.pauses]),
        _grants([(at, grant) for at, each in enumerate(read_in) for grant in each.grants]),
        lambda wanted: {petition: events[petition] for petition in wanted},
    )


def _petitions(
    dossiers: Sequence[Dossier], read_in: Sequence[Chronicle], lanes: Sequence[Sequence[Lane]]
) -> Petitions:
    return Petitions(
        streams=[dossier.stream for dossier in dossiers],
        begins=_offsets(len(each.marks) for each in read_in),
        lanes=_offsets(map(len, lanes)),
        ended_at=_ints(each.ended_at for each in read_in),
        learned_at=_ints(map(_learned_at, dossiers)),
        refixed=np.array(list(map(_recast, dossiers, read_in)), np.bool_),
        traits=_traits([each.traits for each in read_in], {_OWN}),
    )


def _recast(dossier: Dossier, chronicle: Chronicle) -> bool:
    """Whether a term does not follow from the marks, pauses and grants alone."""
    return bool(dossier.refixed) or any(PETITION.carries(fact.event) for fact in chronicle.facts)


def _learned_at(dossier: Dossier) -> Instant:
    return max(each.meta.recorded_at for each in (*dossier.facts, *dossier.voids))


def _marks(read_in: Sequence[Chronicle], lanes: Sequence[Sequence[Lane]]) -> Marks:
    marks = [(at, mark) for at, each in enumerate(read_in) for mark in each.marks]
    first = _offsets(map(len, lanes))
    rows = [
        {lane.name: int(first[at]) + index for index, lane in enumerate(each)}
        for at, each in enumerate(lanes)
    ]
    metas = [mark.fact.meta for _, mark in marks]
    return Marks(
        petition=_ints(at for at, _ in marks),
        name=Coded.of(mark.name for _, mark in marks),
        at=_ints(mark.at for _, mark in marks),
        known_at=_ints(mark.known_at for _, mark in marks),
        lane=_ints(rows[at].get(mark.lane, -1) for at, mark in marks),
        pack=Coded.of(meta.pack for meta in metas),
        calendar=Coded.of(meta.calendar for meta in metas),
        inherited=np.array([mark.inherited for _, mark in marks], np.bool_),
    )


def _lanes(lanes: Sequence[Lane]) -> Lanes:
    return Lanes(
        names=[lane.name for lane in lanes],
        unit=Coded.of(lane.unit for lane in lanes),
        opened_at=_ints(lane.opened_at for lane in lanes),
        ended_at=_ints(lane.ended_at for lane in lanes),
        lead=np.array([lane.lead for lane in lanes], np.bool_),
        traits=_traits([lane.traits for lane in lanes]),
    )


def _pauses(pauses: Sequence[tuple[int, Pause]]) -> Pauses:
    return Pauses(
        petition=_ints(at for at, _ in pauses),
        ground=Coded.of(pause.ground for _, pause in pauses),
        start=_ints(pause.start for _, pause in pauses),
        end=_ints(pause.end for _, pause in pauses),
    )


def _grants(grants: Sequence[tuple[int, Grant]]) -> Grants:
    return Grants(
        petition=_ints(at for at, _ in grants),
        clause=Coded.of(grant.request.event.clause for _, grant in grants),
        amount=Coded.of(grant.amount for _, grant in grants),
        asked=_ints(grant.request.fact.meta.occurred_at for _, grant in grants),
        at=_ints(grant.fact.meta.occurred_at for _, grant in grants),
    )


def _traits(of_each: Sequence[Mapping[str, str]], but: Iterable[str] = ()) -> Mapping[str, Coded]:
    names = dict.fromkeys(name for traits in of_each for name in traits if name not in but)
    return {name: Coded.of(traits.get(name, "") for traits in of_each) for name in names}


def _offsets(lengths: Iterable[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int64)))).astype(np.int64)


def _ints(numbers: Iterable[int | None]) -> Ints:
    return np.fromiter((NEVER if each is None else each for each in numbers), np.int64)

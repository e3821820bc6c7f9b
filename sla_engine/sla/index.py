"""Clauses of a pack by the marks that concern them; found once for each edition."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from sla_engine.policy.clause import Clause, Pack

_KEPT = 512
_indexes: dict[str, "Index"] = {}


class Index(NamedTuple):
    """`started`: the clauses that a mark starts. `barred`: those for which it may come too late."""

    started: Mapping[str, tuple[Clause, ...]]
    barred: Mapping[str, tuple[Clause, ...]]


def index_of(pack: Pack) -> Index:
    """The index of a pack, which its digest identifies."""
    index = _indexes.get(pack.digest)
    if index is None:
        if len(_indexes) >= _KEPT:
            _indexes.clear()
        started = _by_mark(pack, lambda clause: clause.start)
        barred = _by_mark(pack, lambda clause: clause.barred)
        index = _indexes[pack.digest] = Index(started, barred)
    return index


def _by_mark(
    pack: Pack, marks: Callable[[Clause], Iterable[str]]
) -> Mapping[str, tuple[Clause, ...]]:
    found: dict[str, tuple[Clause, ...]] = {}
    for clause in pack.clauses:
        for mark in dict.fromkeys(marks(clause)):
            found[mark] = (*found.get(mark, ()), clause)
    return found

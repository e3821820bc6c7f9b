"""What is asked of a pack's clauses again and again; found once for each edition."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from sla_engine.policy.clause import Anchor, Clause, Pack
from sla_engine.worktime import Term

_KEPT = 512
_indexes: dict[str, "Index"] = {}


class Index(NamedTuple):
    """`started`: the clauses that a mark starts. `barred`: those for which it may come too late.
    `ended`: the marks that may end a clock, by clause. `by_day`: ids of those whose due instant and
    rungs follow from the day of receipt alone. `within`: the term from its start to a rung, by
    clause and rung. `asked`: the traits that decide which clauses apply, `applying` what was found
    for their values."""

    clauses: tuple[Clause, ...]
    started: Mapping[str, tuple[Clause, ...]]
    barred: Mapping[str, tuple[Clause, ...]]
    ended: Mapping[str, frozenset[str]]
    by_day: frozenset[str]
    within: Mapping[tuple[str, str], Term]
    asked: tuple[str, ...]
    applying: dict[tuple[str, ...], frozenset[str]]

    def apply(self, traits: Mapping[str, str], of_lane: Mapping[str, str]) -> frozenset[str]:
        """Ids of the clauses whose conditions hold for a matter and a lane of it."""
        said = tuple(
            [of_lane[name] if name in of_lane else traits.get(name, "") for name in self.asked]
        )
        known = self.applying.get(said)
        if known is None:
            if len(self.applying) >= _KEPT:
                self.applying.clear()
            told = dict(zip(self.asked, said, strict=True))
            known = frozenset(each.id for each in self.clauses if each.match(told))
            self.applying[said] = known
        return known


def index_of(pack: Pack) -> Index:
    """The index of a pack, which its digest identifies."""
    index = _indexes.get(pack.digest)
    if index is None:
        if len(_indexes) >= _KEPT:
            _indexes.clear()
        index = _indexes[pack.digest] = Index(
            clauses=pack.clauses,
            started=_by_mark(pack, lambda clause: clause.start),
            barred=_by_mark(pack, lambda clause: clause.barred),
            ended={each.id: frozenset((*each.stop_any, *each.stop_all)) for each in pack.clauses},
            by_day=frozenset(clause.id for clause in pack.clauses if _by_day(clause)),
            within=_within(pack),
            asked=tuple(sorted({name for each in pack.clauses for name in each.match.fields})),
            applying={},
        )
    return index


def _by_day(clause: Clause) -> bool:
    unit, whens = clause.term.amount.unit, [rung.when for rung in clause.rungs]
    in_days = not unit.is_hours and not unit.is_halves and clause.term.receipt == "as_is"
    # From the second cycle on there may be other rungs.
    return in_days and not clause.repeat and all(when.anchor is Anchor.DUE for when in whens)


def _within(pack: Pack) -> Mapping[tuple[str, str], Term]:
    return {
        (clause.id, rung.id): replace(clause.term, amount=rung.when.offset, roll=False)
        for clause in pack.clauses
        for rung in clause.rungs
        if rung.when.anchor is Anchor.START and rung.when.offset is not None
    }


def _by_mark(
    pack: Pack, marks: Callable[[Clause], Iterable[str]]
) -> Mapping[str, tuple[Clause, ...]]:
    found: dict[str, tuple[Clause, ...]] = {}
    for clause in pack.clauses:
        for mark in dict.fromkeys(marks(clause)):
            found[mark] = (*found.get(mark, ()), clause)
    return found

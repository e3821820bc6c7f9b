"""Packs beside one another: editions of one name, and the pack that governs another one's talks."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import (
    EDITIONS_OVERLAP,
    PACK_DUPLICATE,
    RUNG_TIER,
    fault,
    place,
    unknown,
)

TALKS_BY_UNKNOWN = register(
    "TALKS_BY_UNKNOWN",
    "没有主管约谈的政策包“{found}”，有 [talk] 的是：{allowed}",
    "there is no pack {found!r} to govern the talks; those with a [talk] are: {allowed}",
)
TALKS_BY_ENDS = register(
    "TALKS_BY_ENDS",
    "主管约谈的政策包“{found}”到 {allowed} 失效，早于此方案，其后的约谈无章可循",
    "the pack {found!r} that governs the talks ends on {allowed}, before this one: later talks "
    "have no rules",
)


def lint_editions(packs: Iterable[Pack]) -> list[Fault]:
    """Faults between editions: the same name twice, or two editions in force on one day.

    An edition without `effective_to` ends where the next one begins.
    """
    ordered = sorted(packs, key=lambda pack: (pack.name, pack.effective[0], pack.edition))
    return [found for earlier, later in combinations(ordered, 2) for found in clash(later, earlier)]


def clash(pack: Pack, other: Pack) -> Iterator[Fault]:
    """The fault of `pack` beside another edition of its name, if there is one."""
    if pack.name != other.name:
        return
    where = f"{pack.name}/{pack.edition}.toml"
    if pack.edition == other.edition:
        yield fault(PACK_DUPLICATE, where, pack.edition)
    else:
        earlier, later = sorted((pack, other), key=lambda each: each.effective[0])
        begin, end = earlier.effective
        first = later.effective[0]
        if first == begin or (end is not None and first < end):
            yield fault(EDITIONS_OVERLAP, where, other.edition, first)


def governed(pack: Pack, packs: Sequence[Pack], file: str = "") -> Iterator[Fault]:
    """Faults of a pack beside the one, among `packs`, that governs its talks."""
    if not pack.talks_by:
        return
    at = place(file, "pack", "talks_by")
    governing = [each for each in packs if each.name == pack.talks_by and each.talk is not None]
    if not governing:
        names = {each.name for each in packs if each.talk is not None}
        yield unknown(TALKS_BY_UNKNOWN, at, pack.talks_by, names)
        return
    last = max(governing, key=lambda each: each.effective[0]).effective[1]
    if last is not None and (pack.effective[1] is None or last < pack.effective[1]):
        yield fault(TALKS_BY_ENDS, at, pack.talks_by, last)
    top = min(each.talk.top_tier for each in governing if each.talk is not None)
    for where, tier in _tiers(pack, file):
        if tier > top:
            yield fault(RUNG_TIER, where, tier, f"1…{top}")


def _tiers(pack: Pack, file: str) -> Iterator[tuple[str, int]]:
    """Every tier that a pack proposes talks at, and where."""
    for clause in pack.clauses:
        for rung in clause.rungs:
            yield place(file, "clause", clause.id, "rung", rung.id, "tier"), rung.tier
    for trigger in pack.triggers:
        yield place(file, "trigger", trigger.id, "tier"), trigger.tier

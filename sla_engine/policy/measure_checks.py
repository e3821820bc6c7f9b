"""What the measures of a pack must hold: a numerator, weights that make a whole, no circles.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from sla_engine.errors import Fault, register
from sla_engine.policy.faults import PACK_KEY_MISSING, fault
from sla_engine.policy.parse import Draft

MEASURE_MIXED = register(
    "MEASURE_MIXED",
    "指标“{found}”既有 weights 又有 numerator、denominator，只能留一种",
    "the measure {found} has both weights and a numerator or denominator; one of them must go",
)
WEIGHTS_SUM = register(
    "WEIGHTS_SUM",
    "各项权重合计 {found}，应为 {allowed}",
    "the weights make {found}, not {allowed}",
)
MEASURE_LOOPS = register(
    "MEASURE_LOOPS",
    "指标由自身合成：{found}",
    "the measure is made of itself: {found}",
)
WEIGHT_OF_COUNT = register(
    "WEIGHT_OF_COUNT",
    "“{found}”是件数，不是比率，不能加权合成",
    "the measure {found} is a count and no rate, so it has no weight",
)
COUNTER_SCOPE = register(
    "COUNTER_SCOPE",
    "“{found}”不是诉求件的条款，指标只按诉求件计数；可用的条款有：{allowed}",
    "{found!r} is not a clause of petitions, and measures count petitions; clauses are: {allowed}",
)

COUNTER_LAPSES = register(
    "COUNTER_LAPSES",
    "“{found}”期满即失权，无人逾期，不计入任何指标",
    "{found!r} lapses at its due instant, nobody is late by it, and so no measure counts it",
)

Faults = Iterator[Fault]


def shapes(draft: Draft) -> Faults:
    """A rate or a count has a numerator; a composite has weights alone."""
    for measure in draft.measures:
        at = draft.at("measure", measure.id)
        if measure.weights:
            if measure.numerator or measure.denominator:
                yield fault(MEASURE_MIXED, at, measure.id)
            whole = sum(measure.weights.values())
            if whole != 100:
                yield fault(WEIGHTS_SUM, f"{at}.weights", whole, 100)
        elif not measure.numerator:
            yield fault(PACK_KEY_MISSING, f"{at}.numerator", "numerator")


def weighed(draft: Draft) -> Faults:
    """What a composite is made of are rates."""
    counts = {measure.id for measure in draft.measures if measure.is_count}
    for measure in draft.measures:
        for name in measure.weights:
            if name in counts:
                yield fault(WEIGHT_OF_COUNT, draft.at("measure", measure.id, "weights"), name)


def counters(draft: Draft) -> Faults:
    """What a measure adds up is counted of petitions."""
    kinds = {clause.id: clause.scope.kind for clause in draft.clauses}
    lapsing = {clause.id for clause in draft.clauses if clause.lapses}
    petitions = ", ".join(name for name, kind in kinds.items() if kind == "petition") or "-"
    for measure in draft.measures:
        for name in dict.fromkeys((*measure.numerator, *measure.denominator)):
            clause = name.partition(".")[0]
            if kinds.get(clause, "petition") != "petition":
                yield fault(COUNTER_SCOPE, draft.at("measure", measure.id), clause, petitions)
            elif clause in lapsing:
                yield fault(COUNTER_LAPSES, draft.at("measure", measure.id), clause)


def loops(draft: Draft) -> Faults:
    """No composite is made of itself, at whatever remove."""
    parts = {measure.id: set(measure.weights) for measure in draft.measures}
    circle = first_circle(parts)
    if circle:
        yield fault(MEASURE_LOOPS, draft.at("measure", circle[0], "weights"), " → ".join(circle))


def first_circle(leads_to: Mapping[str, set[str]]) -> list[str]:
    """A chain of names that leads back to its first, in its order; nothing when there is none."""
    try:
        TopologicalSorter(leads_to).prepare()
    except CycleError as error:
        chain: list[str] = error.args[1]
        return chain[::-1]
    return []


CHECKS: tuple[Callable[[Draft], Faults], ...] = (shapes, weighed, counters, loops)

"""Who is placed where: the mean scores of a round, the rules of its series, rulings and overturns.

All pure: a place follows from recorded facts and the pack, so it falls when its ground falls.
"""

from collections.abc import Iterable, Mapping, Sequence

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.policy.clause import Place, Series
from sla_engine.round.events import (
    Drafted,
    ObjectionRuled,
    Placed,
    PlaceOverturned,
    Published,
    Scored,
)


def means(chronicle: Chronicle) -> dict[str, dict[str, int]]:
    """Mean score of every member in every dimension, in hundredths of a point, over its raters. A
    rater who scores again replaces what they had said."""
    said: dict[tuple[str, str], Mapping[str, float]] = {}
    for fact in chronicle.facts:
        event = fact.event
        if isinstance(event, Scored):
            rater = event.rater or f"{fact.meta.source}:{fact.meta.key}@{fact.version}"
            said[(event.member, rater)] = event.scores
    points: dict[str, dict[str, list[float]]] = {}
    for (member, _rater), scores in said.items():
        for dimension, score in scores.items():
            points.setdefault(member, {}).setdefault(dimension, []).append(score)
    return {
        member: {dimension: _mean(given) for dimension, given in dimensions.items()}
        for member, dimensions in points.items()
    }


def totals(chronicle: Chronicle) -> dict[str, int]:
    """Mean over the dimensions of every member that was scored, in hundredths."""
    return {
        member: round(sum(scores.values()) / len(scores))
        for member, scores in means(chronicle).items()
        if scores
    }


def _mean(given: Sequence[float]) -> int:
    return round(100 * sum(given) / len(given))


def draft(scores: Mapping[str, int], places: Iterable[Place]) -> tuple[Placed, ...]:
    """Places by the rules of a series, best score first; whoever ties at an edge is in. Nobody is
    placed twice: the places are given in the order in which the pack names them."""
    ranked = sorted(scores.items(), key=lambda each: (-each[1], each[0]))
    ranks = {
        member: 1 + sum(other > score for other in scores.values()) for member, score in ranked
    }
    given: dict[str, str] = {}
    for place in places:
        for member in _selected(place, ranked):
            given.setdefault(member, place.id)
    return tuple(
        Placed(member, given.get(member, ""), ranks[member], score) for member, score in ranked
    )


def _selected(place: Place, ranked: Sequence[tuple[str, int]]) -> list[str]:
    """Members that a place selects, from `ranked` (member, score), best first."""
    best = [score for _, score in ranked]
    chosen = []
    for member, score in ranked:
        top = bool(place.top) and (len(best) < place.top or score >= best[place.top - 1])
        bottom = bool(place.bottom) and (len(best) < place.bottom or score <= best[-place.bottom])
        below = place.below is not None and score < 100 * place.below
        above = place.at_least is not None and score >= 100 * place.at_least
        if top or bottom or below or above:
            chosen.append(member)
    return chosen


def standing(chronicle: Chronicle) -> tuple[Placed, ...]:
    """Places as drafted, objections that were upheld and later overturns applied."""
    placed: dict[str, Placed] = {}
    for fact in chronicle.facts:
        event = fact.event
        if isinstance(event, Drafted):
            placed = {each.member: each for each in event.places}
        elif isinstance(event, ObjectionRuled) and event.upheld:
            _move(placed, event.member, event.place)
        elif isinstance(event, PlaceOverturned):
            _move(placed, event.member, "")
    return tuple(placed.values())


def _move(placed: dict[str, Placed], member: str, place: str) -> None:
    old = placed.get(member, Placed(member, "", 0, 0))
    placed[member] = Placed(member, place, old.rank, old.score)


def published(chronicle: Chronicle) -> bool:
    """Whether the places have been published; they count from then on."""
    return any(isinstance(fact.event, Published) for fact in chronicle.facts)


def shortfalls(chronicle: Chronicle, series: Series) -> list[tuple[str, str, int]]:
    """(member, dimension, mean in hundredths) wherever a mean is below the floor of the series."""
    return [
        (member, dimension, scores[dimension])
        for member, scores in sorted(means(chronicle).items())
        for dimension, floor in series.floor.items()
        if dimension in scores and scores[dimension] < 100 * floor
    ]

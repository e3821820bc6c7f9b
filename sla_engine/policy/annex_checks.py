"""What the tables beside the clauses must hold: lists, series, triggers, measures and routes.

A check takes the draft and yields faults; `CHECKS` is the list of them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import combinations

from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Match, Place
from sla_engine.policy.faults import (
    DIMENSION_UNKNOWN,
    PACK_DUPLICATE,
    PACK_KEY_MISSING,
    fault,
    unknown,
)
from sla_engine.policy.measure_checks import CHECKS as MEASURE_CHECKS
from sla_engine.policy.parse import Draft
from sla_engine.policy.trigger_checks import CHECKS as TRIGGER_CHECKS

FLOOR_FORM = register(
    "FLOOR_FORM",
    "形式为“{found}”的系列没有评分收口，floor 不起作用，应为：{allowed}",
    "a series of the form {found!r} never closes a scoring, so its floor does nothing; it should "
    "be: {allowed}",
)
PLACE_SHADOWED = register(
    "PLACE_SHADOWED",
    "“{found}”排在“{allowed}”之后，能上此榜的都已在前一榜，永远无人上榜",
    "{found} comes behind {allowed}, which takes everybody it could take: nobody ever gets there",
    "条件较严的放在前面",
    "put the stricter one first",
)
ROUTE_TARGET = register(
    "ROUTE_TARGET",
    "派单目录的一行须写 unit 或 role 之一：{found}",
    "a line of the dispatch catalogue names a unit or a role, one of the two: {found}",
)
ROUTE_SHADOWED = register(
    "ROUTE_SHADOWED",
    "第 {found} 行排在第 {allowed} 行之后，符合的件都已由前一行派出，永远用不到",
    "line {found} comes behind line {allowed}, which takes all that it matches: it is never used",
    "范围较窄的放在前面",
    "put the narrower one first",
)

Faults = Iterator[Fault]


def duplicates(draft: Draft) -> Faults:
    """Ids name one thing each; a trigger is named like a clause in what it leads to."""
    clauses = {clause.id for clause in draft.clauses}
    for kind, names in (
        ("list", [each.id for each in draft.lists]),
        ("series", [each.id for each in draft.series]),
        ("trigger", [each.id for each in draft.triggers]),
        ("measure", [each.id for each in draft.measures]),
    ):
        for name in _repeated(names):
            yield fault(PACK_DUPLICATE, draft.at(kind, name), name)
    for trigger in draft.triggers:
        if trigger.id in clauses:
            yield fault(PACK_DUPLICATE, draft.at("trigger", trigger.id), trigger.id)
    for series in draft.series:
        for name in _repeated(place.id for place in series.places):
            yield fault(PACK_DUPLICATE, draft.at("series", series.id, "place", name), name)


def _repeated(names: Iterable[Hashable]) -> list[Hashable]:
    return [name for name, times in Counter(names).items() if times > 1]


def floors(draft: Draft) -> Faults:
    """A floor is for a dimension, in a scoring, and what falls below it goes on a list."""
    for series in draft.series:
        for name in sorted(series.floor.keys() - series.dimensions.keys()):
            at = draft.at("series", series.id, "floor", name)
            yield unknown(DIMENSION_UNKNOWN, at, name, series.dimensions)
        for key, given, needed in (
            ("improve", series.improve, series.floor),
            ("floor", series.floor, series.improve),
        ):
            if needed and not given:
                yield fault(PACK_KEY_MISSING, draft.at("series", series.id, key), key)
        if series.floor and series.form != "score":
            yield fault(FLOOR_FORM, draft.at("series", series.id, "form"), series.form, "score")


def places(draft: Draft) -> Faults:
    """Each place of a board can be reached: who is on an earlier one is not looked at again."""
    for series in draft.series:
        for first, second in combinations(series.places, 2):
            if _takes_all(first, second):
                at = draft.at("series", series.id, "place", second.id)
                yield fault(PLACE_SHADOWED, at, second.id, first.id)


def _takes_all(first: Place, second: Place) -> bool:
    """Whether `first` selects whomever `second` does. A place selects in any of its ways."""
    wider = {
        "top": 0 < second.top <= first.top,
        "bottom": 0 < second.bottom <= first.bottom,
        "below": _within(second.below, first.below),
        "at_least": _within(first.at_least, second.at_least),
    }
    ways = _ways(second)
    return bool(ways) and all(wider[way] for way in ways)


def _within(lower: int | None, upper: int | None) -> bool:
    return lower is not None and upper is not None and lower <= upper


def _ways(place: Place) -> list[str]:
    values = {
        "top": place.top or None,
        "bottom": place.bottom or None,
        "below": place.below,
        "at_least": place.at_least,
    }
    return [name for name, value in values.items() if value is not None]


def routes(draft: Draft) -> Faults:
    """Every line of the dispatch catalogue leads somewhere and can be reached."""
    for number, route in enumerate(draft.routes, 1):
        if bool(route.unit) == bool(route.role):
            found = f"{route.unit} / {route.role}" if route.unit else "-"
            yield fault(ROUTE_TARGET, draft.at("route", f"#{number}"), found)
    for (one, first), (two, second) in combinations(enumerate(draft.routes, 1), 2):
        if _covers(first.match, second.match):
            yield fault(ROUTE_SHADOWED, draft.at("route", f"#{two}", "match"), two, one)


def _covers(first: Match, second: Match) -> bool:
    """Whether all that `second` matches is matched by `first`."""
    return all(
        name in second.fields and set(second.fields[name]) <= set(values)
        for name, values in first.fields.items()
    )


CHECKS: tuple[Callable[[Draft], Faults], ...] = (
    duplicates,
    floors,
    places,
    *TRIGGER_CHECKS,
    *MEASURE_CHECKS,
    routes,
)

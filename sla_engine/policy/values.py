"""The single values of a pack file: how each is read and which names it may hold.

Names are checked against what the pack declares, so a validation needs a `Declared` as context.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from sla_engine.errors import Fault, Refusal, refuse
from sla_engine.policy.clause import ALL_HOURS, Cycle, Scope, When
from sla_engine.policy.faults import (
    ACT_UNKNOWN,
    CLAUSE_UNKNOWN,
    COUNT_UNKNOWN,
    COUNTER_UNKNOWN,
    GROUND_UNKNOWN,
    HOURS_UNKNOWN,
    LEVEL_UNKNOWN,
    LIST_UNKNOWN,
    MARK_UNKNOWN,
    MEASURE_UNKNOWN,
    PACK_VALUE,
    ROLE_UNKNOWN,
    TRAIT_UNKNOWN,
    fault,
    unknown,
)
from sla_engine.policy.vocabulary import (
    ACTS,
    BASE_COUNTERS,
    CLAUSE_COUNTERS,
    ROUTE_TRAITS,
    TRIGGER_ACTS,
    acts_of,
    marks_of,
    traits_of,
)
from sla_engine.policy.when import parse_when
from sla_engine.worktime import Amount, Instant, OfficeHours, Unit, parse_instant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Declared:
    """Names a pack declares, whether or not the table behind a name is free of faults.

    `scopes` are those of its clauses, `rungs` their rungs, `places` those of all its series.
    `scope` is that of the clause being read, None outside clauses.
    """

    steps: frozenset[str]
    roles: frozenset[str]
    grounds: frozenset[str]
    hours: frozenset[str]
    levels: frozenset[int]
    scopes: frozenset[str]
    rungs: Mapping[str, frozenset[str]]
    lists: frozenset[str]
    series: frozenset[str]
    places: frozenset[str]
    triggers: frozenset[str]
    measures: frozenset[str]
    scope: Scope | None = None


def _as_error(fault: Fault) -> PydanticCustomError:
    """A fault as pydantic collects it; `parse` turns it back."""
    context = {"found": fault.found, "allowed": fault.allowed, "near": fault.near}
    return PydanticCustomError(fault.code, "{found}", context)


def _read(parse: Callable[[Any], T]) -> PlainValidator:
    """A validator that is `parse`, its `Refusal` turned into a validation error."""

    def read(value: Any) -> T:
        try:
            return parse(value)
        except Refusal as refusal:
            raise _as_error(refusal.faults[0]) from None

    return PlainValidator(read)


def _among(code: str, names: Callable[[Declared, Any], Iterable[Any]]) -> AfterValidator:
    """A validator that takes only a name of those that the pack and the value itself allow."""

    def check(value: Any, info: ValidationInfo) -> Any:
        assert isinstance(info.context, Declared), "names are checked against a pack"
        allowed = set(names(info.context, value))
        if value not in allowed:
            raise _as_error(unknown(code, "", value, allowed))
        return value

    return AfterValidator(check)


def _named(code: str, names: Callable[[Declared], Iterable[Any]]) -> AfterValidator:
    """A validator that takes only names known to the code or declared by the pack."""
    return _among(code, lambda pack, _value: names(pack))


def _shaped(pattern: str, example: str) -> AfterValidator:
    """A validator that takes only text of a shape, which is shown by example."""
    shape = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if shape.fullmatch(value) is None:
            raise _as_error(fault(PACK_VALUE, "", value, example))
        return value

    return AfterValidator(check)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "text")
    return value


def instant_of(value: Any) -> Instant:
    """Text or a TOML date-time; a TOML date means its first instant in China."""
    if isinstance(value, datetime):
        return parse_instant(value.isoformat())
    if isinstance(value, date):
        return parse_instant(f"{value.isoformat()}T00:00:00+08:00")
    return parse_instant(_text(value))


def _rung_moment(value: Any) -> Instant | None:
    return None if value == "none" else instant_of(value)


def _limit(value: Any) -> Amount:
    """An amount of time that does pass."""
    amount = Amount.parse(_text(value))
    if not amount.n:
        raise refuse(PACK_VALUE, "", value, "> 0")
    return amount


def _within(value: Any) -> str:
    """A calendar period, or a length of natural days or months."""
    text = _text(value)
    if text in _PERIODS:
        return text
    if _limit(text).unit not in (Unit.CALENDAR_DAYS, Unit.CALENDAR_MONTHS):
        raise refuse(PACK_VALUE, "", value, " / ".join((*_PERIODS, "30日", "12个月")))
    return text


def _countable(pack: Declared, text: str) -> set[str]:
    """What a trigger may count, of the kind that `text` begins with."""
    kind, _, what = text.partition(":")
    act, at, source = what.partition("@")
    if kind == "place":
        return {f"place:{place}" for place in pack.places}
    if kind == "talk":
        return {f"talk:{tier}" for tier in range(1, 10)}
    if kind == "act" and at and act in ACTS:
        return {f"act:{act}@{each}" for each in pack.rungs.keys() | pack.triggers}
    others = {"place:…", "talk:…"} if kind != "act" else set()
    return {f"act:{each}{at}{source}" for each in ACTS} | others


def _counters(pack: Declared, text: str) -> set[str]:
    """What a measure may add up; of the clause that `text` names, where it names one."""
    clause, dot, _counter = text.partition(".")
    if not dot:
        return set(BASE_COUNTERS)
    if clause in pack.rungs:
        return {f"{clause}.{counter}" for counter in CLAUSE_COUNTERS}
    return {f"{each}.{counter}" for each in pack.rungs for counter in CLAUSE_COUNTERS}


def _facts(pack: Declared, text: str) -> set[str]:
    """What a case may tell: marks and steps, or what a trigger counts."""
    if ":" in text:
        return _countable(pack, text)
    return {*marks_of(pack.scope), *pack.steps}


def _hours(value: Any) -> Amount:
    """An amount of plain hours, which needs no calendar."""
    amount = _limit(value)
    if amount.unit is not Unit.CLOCK_HOURS:
        raise refuse(PACK_VALUE, "", value, "30分钟 / 2小时")
    return amount


def _list(value: Any) -> Any:
    """TOML arrays are lists; the tables hold tuples."""
    return tuple(value) if isinstance(value, list) else value


def _several(value: Any) -> Any:
    """One text or a list of them; anything else is left for pydantic to refuse."""
    if isinstance(value, str):
        return (value,)
    return _list(value)


def _text_of(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _texts(value: Any) -> Any:
    """The same, and whole numbers are taken as text (`tier = [1, 2]`)."""
    return tuple(_text_of(each) for each in (value if isinstance(value, list) else [value]))


_PERIODS = tuple(cycle for cycle in get_args(Cycle) if cycle)

List = BeforeValidator(_list)
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Ident = Annotated[str, _shaped(r"[a-z0-9][a-z0-9_-]*", "a-z 0-9 - _")]
Region = Annotated[str, _shaped(r"[A-Z]{2}(-[0-9A-Z]+)*", "CN-3704")]
TierKey = Annotated[str, _shaped(r"[1-9]", "1…9")]
Basis = Annotated[tuple[Words, ...], BeforeValidator(_several), Field(min_length=1)]
Length = Annotated[Amount, _read(_limit)]
Hours = Annotated[Amount, _read(_hours)]
Moment = Annotated[Instant, _read(instant_of)]
RungMoment = Annotated[Instant | None, _read(_rung_moment)]
At = Annotated[When, _read(lambda value: parse_when(_text(value)))]
Seasons = Annotated[OfficeHours, _read(OfficeHours.from_seasons)]

Mark = Annotated[str, _named(MARK_UNKNOWN, lambda pack: {*marks_of(pack.scope), *pack.steps})]
Marks = Annotated[tuple[Mark, ...], BeforeValidator(_several)]
Trait = Annotated[str, _named(TRAIT_UNKNOWN, lambda pack: traits_of(pack.scope))]
TraitValue = Annotated[Words, BeforeValidator(_text_of)]
TraitValues = Annotated[tuple[Words, ...], BeforeValidator(_texts), Field(min_length=1)]
Act = Annotated[str, _named(ACT_UNKNOWN, lambda pack: acts_of(pack.scope))]
Roles = Annotated[
    tuple[Annotated[str, _named(ROLE_UNKNOWN, lambda pack: pack.roles)], ...],
    BeforeValidator(_several),
]
Ground = Annotated[str, _named(GROUND_UNKNOWN, lambda pack: pack.grounds)]
Grounds = Annotated[tuple[Ground, ...], BeforeValidator(_several)]
HoursName = Annotated[str, _named(HOURS_UNKNOWN, lambda pack: {*pack.hours, ALL_HOURS})]
Severity = Annotated[int, _named(LEVEL_UNKNOWN, lambda pack: pack.levels)]
ClauseNames = Annotated[
    tuple[Annotated[str, _named(CLAUSE_UNKNOWN, lambda pack: pack.rungs)], ...],
    BeforeValidator(_several),
]
ListName = Annotated[str, _named(LIST_UNKNOWN, lambda pack: pack.lists)]
MeasureName = Annotated[str, _named(MEASURE_UNKNOWN, lambda pack: pack.measures)]
Steps = Annotated[
    tuple[Annotated[str, _named(MARK_UNKNOWN, lambda pack: pack.steps)], ...],
    BeforeValidator(_several),
]
Counted = Annotated[str, _among(COUNT_UNKNOWN, _countable)]
Counts = Annotated[tuple[Counted, ...], BeforeValidator(_several), Field(min_length=1)]
Counters = Annotated[
    tuple[Annotated[str, _among(COUNTER_UNKNOWN, _counters)], ...], BeforeValidator(_several)
]
Within = Annotated[str, _read(_within)]
TriggerAct = Annotated[str, _named(ACT_UNKNOWN, lambda _pack: TRIGGER_ACTS)]
RouteTrait = Annotated[str, _named(TRAIT_UNKNOWN, lambda _pack: ROUTE_TRAITS)]
RoleName = Annotated[str, _named(ROLE_UNKNOWN, lambda pack: pack.roles)]
FactName = Annotated[str, _among(MARK_UNKNOWN, _facts)]

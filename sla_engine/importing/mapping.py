"""A mapping file: which column of a log is what (docs/import.md).

One pydantic model per TOML table, so that every fault of a file is found in one reading.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from sla_engine.errors import Refusal
from sla_engine.importing.moment import (
    DAY,
    DIRECTIVES,
    RFC3339,
    Clockface,
    DayAt,
    directives,
    precision_of,
)
from sla_engine.importing.value import Value
from sla_engine.worktime import Amount
from sla_engine.worktime.instant import zone_of

BY_PETITION = "petition"
BY_EVENT = "event"
REGISTERED = "registered"

Each = Literal["petition", "event"]
_VALUE_KEYS = {"column", "words", "default"}
_EXAMPLE = '"投诉" / { column = "…", words = { … }, default = "…" }'


def _wrong(allowed: str) -> PydanticCustomError:
    return PydanticCustomError("value", "{allowed}", {"allowed": allowed})


def _value(given: Any) -> Value:
    if isinstance(given, str | bool | int) and given != "":
        return Value(constant=given)
    if not isinstance(given, dict) or not isinstance(given.get("column"), str):
        raise _wrong(_EXAMPLE)
    words = given.get("words", {})
    if set(given) - _VALUE_KEYS or not given["column"] or not isinstance(words, dict):
        raise _wrong(_EXAMPLE)
    for each in (*words.values(), given.get("default", "")):
        if not isinstance(each, str | bool | int):
            raise _wrong(_EXAMPLE)
    return Value(None, given["column"], words, given.get("default"))


def _tuple(given: Any) -> Any:
    """TOML arrays are lists; one text stands for a list of one."""
    if isinstance(given, str):
        return (given,)
    return tuple(given) if isinstance(given, list) else given


def _form(form: str) -> str:
    if form == RFC3339:
        return form
    stated = directives(form)
    if not set("Ymd") <= stated <= DIRECTIVES or (precision_of(form) == DAY and "z" in stated):
        raise _wrong('"rfc3339" / "%Y-%m-%d %H:%M:%S" / "%Y/%m/%d"')
    return form


def _zone(name: str) -> str:
    try:
        zone_of(name)
    except Refusal as refusal:
        raise _wrong(refusal.faults[0].allowed) from None
    return name


def _amount(given: Any) -> Amount:
    example = '"1分钟" / "2小时"'
    if not isinstance(given, str):
        raise _wrong(example)
    try:
        amount = Amount.parse(given)
    except Refusal:
        raise _wrong(example) from None
    if not amount.unit.is_hours:
        raise _wrong(example)
    return amount


Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
AValue = Annotated[Value, PlainValidator(_value)]
Forms = Annotated[
    tuple[Annotated[str, AfterValidator(_form)], ...], BeforeValidator(_tuple), Field(min_length=1)
]
Texts = Annotated[tuple[str, ...], BeforeValidator(_tuple), Field(min_length=1)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Within = Annotated[Amount, PlainValidator(_amount)]


class Table(BaseModel):
    """Base of all tables: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Title(Table):
    """Words for people."""

    zh: Words
    en: Words


class Log(Table):
    """[log]: what kind of file it is, whose it is and which pack governs its petitions.

    `source` makes its events recognisable when the file comes again. `rows`: whether a CSV row
    is a petition or one of its events. `pack` is a path relative to the mapping when it ends in
    ".toml", otherwise the name of a pack the engine has.
    """

    name: Name
    title: Title
    source: Words
    format: Literal["csv", "xes"]
    rows: Each = "petition"
    encoding: Literal["utf-8", "utf-8-sig", "gb18030"] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    zone: ZoneName
    pack: Words


class Time(Table):
    """[times.<name>]: a column that holds a time."""

    column: Words
    forms: Forms = (RFC3339,)
    zone: ZoneName | None = None
    day_at: DayAt = "start"


class Petition(Table):
    """[petition]: the registration. `personal` names columns that never reach the log."""

    no: AValue
    prefix: str = ""
    at: Words
    kind: AValue
    region: AValue
    channel: AValue | None = None
    subject: AValue | None = None
    urgency: AValue | None = None
    matter: AValue | None = None
    petitioner: AValue | None = None
    personal: Mapping[Words, Words] = {}

    @property
    def traits(self) -> dict[str, Value]:
        """What the registration's body says, by field."""
        names = ("kind", "region", "channel", "subject", "urgency", "matter")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value is not None}


class When(Table):
    """Only rows whose `column` holds one of `values`."""

    column: Words
    values: Texts = Field(alias="is")


class Fact(Table):
    """[[fact]]: something that happened to the petition after its registration.

    `each`: read once from the petition's own row, or from every event row. `id` tells events of
    one petition apart when the log numbers them; otherwise their content does.
    """

    name: Name
    type: Words
    at: Words
    each: Each = "petition"
    when: When | None = None
    id: AValue | None = None
    unit: AValue | None = None
    by: AValue | None = None
    role: AValue | None = None
    data: Mapping[Words, AValue] = {}

    @property
    def envelope(self) -> dict[str, Value]:
        """What goes into the envelope of the submission, by key."""
        given = {"unit": self.unit, "by": self.by, "role": self.role}
        return {name: value for name, value in given.items() if value is not None}


class Elapsed(Table):
    """[[check]]: working days after the day of mark `start` up to the day of mark `stop`,
    against a column that holds the same number."""

    name: Name
    figure: Literal["elapsed_workdays"]
    start: Words = Field(alias="from")
    stop: Words = Field(alias="to")
    column: Words


class Due(Table):
    """[[check]]: when a clause is due, against a column that holds a time.

    `compare`: the two instants, the two days, or the time against the last day of the term at
    the wall time at which the clock started (systems that count from moment to moment).
    """

    name: Name
    figure: Literal["due"]
    clause: Words
    time: Words
    compare: Literal["instant", "day", "time_of_start"] = "instant"
    within: Within = Amount.parse("0秒")


Check = Annotated[Elapsed | Due, Field(discriminator="figure")]


class LogMapping(Table):
    """A whole mapping file."""

    log: Log
    times: Mapping[Name, Time]
    petition: Petition
    facts: Annotated[tuple[Fact, ...], BeforeValidator(_tuple)] = Field((), alias="fact")
    checks: Annotated[tuple[Check, ...], BeforeValidator(_tuple)] = Field((), alias="check")

    def clockface(self, name: str) -> Clockface:
        """How the time of that name is read."""
        time = self.times[name]
        return Clockface(time.forms, time.zone or self.log.zone, time.day_at)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once, in the order of the file."""
        return tuple(dict.fromkeys(self._columns()))

    def _columns(self) -> Iterator[str]:
        values = [self.petition.no, *self.petition.traits.values(), self.petition.petitioner]
        yield from self.petition.personal.values()
        yield from (time.column for time in self.times.values())
        for fact in self.facts:
            values += [*fact.envelope.values(), *fact.data.values(), fact.id]
            if fact.when is not None:
                yield fact.when.column
        yield from (value.column for value in values if value is not None and value.column)
        yield from (check.column for check in self.checks if isinstance(check, Elapsed))

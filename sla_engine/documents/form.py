"""What a document is: fields by name, all of them from the record, and those it lacks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple, Protocol, Self

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.round.period import cycle_of, period_name, period_of
from sla_engine.sla.assess import Assessment
from sla_engine.worktime import format_instant

_DAY = 86_400_000_000
_ONE_DAY = timedelta(days=1)


class Moment(NamedTuple):
    """An instant as officials write it; one that `ends` something is 24:00 of its last day."""

    at: Instant
    ends: bool = False

    def __str__(self) -> str:
        text = format_instant(self.at)
        if self.ends and text[11:19] == "00:00:00":
            return f"{_day(format_instant(self.at - _DAY))} 24:00"
        return f"{_day(text)} {text[11:16]}"


def _day(text: str) -> str:
    """`2024-10-15…` -> 2024年10月15日."""
    year, month, day = text[:10].split("-")
    return f"{year}年{int(month)}月{int(day)}日"


def chinese_date(day: date) -> str:
    """2024年10月15日."""
    return _day(day.isoformat())


Cell = str | int | Moment | None | tuple[str, ...]
Row = Mapping[str, Cell]
Value = Cell | tuple[Row, ...]
Fields = Mapping[str, Value]

About = Literal["petition", "talk", "item", "round", "project", "period"]


class Rate(Protocol):
    """One published rate, as `projections.scorecard` works it out."""

    @property
    def measure(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...
    @property
    def excluded(self) -> int: ...
    @property
    def packs(self) -> tuple[str, ...]: ...
    @property
    def calendars(self) -> tuple[str, ...]: ...
    @property
    def exclusions(self) -> tuple[str, ...]: ...


class Days(NamedTuple):
    """A period by its word ("2024-W21"): local days [first, after)."""

    word: str
    first: date
    after: date

    @classmethod
    def of(cls, word: str) -> Self:
        """Raises `Refusal` PERIOD_FORMAT."""
        first, after, _ = period_of(word, cycle_of(word))
        return cls(word, first, after)

    @property
    def last(self) -> date:
        return self.after - _ONE_DAY

    def __str__(self) -> str:
        return f"{chinese_date(self.first)}至{chinese_date(self.last)}"

    def months(self) -> Iterator["Days"]:
        """The months that begin in the period."""
        month = period_name(self.first, "month")
        while (found := Days.of(month)).first < self.after:
            yield found
            month = period_name(found.after, "month")


@dataclass(frozen=True, slots=True)
class Source:
    """What a document may be drawn from, all of it as known at `at`.

    `case`: the dossier it is about, `events`: its stream. `linked`: the dossiers that one names, by
    stream. `rows`: those rows of read models that concern it, by read model. `rates` by the word of
    the period they are for; the document's own period is `days`.
    """

    at: Instant
    rules: Rulebook
    pack: Pack
    region: str
    case: Assessment | None = None
    events: Sequence[Recorded] = ()
    linked: Mapping[str, Assessment] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    rates: Mapping[str, Sequence[Rate]] = field(default_factory=dict)
    days: Days | None = None
    unit: str = ""
    project: str = ""

    @property
    def assessment(self) -> Assessment:
        """The dossier it is about, where the document is about one."""
        assert self.case is not None, "a document about a dossier is given it"
        return self.case

    @property
    def name(self) -> str:
        """The dossier's number or id, without its kind."""
        return self.assessment.dossier.stream.split("/", 1)[1]

    @property
    def chronicle(self) -> Chronicle:
        return self.assessment.chronicle

    @property
    def period(self) -> Days:
        """The period it is about, where the document is about one."""
        assert self.days is not None, "a document about a period is given it"
        return self.days

    def model(self, name: str) -> Sequence[Mapping[str, Any]]:
        """Rows of one read model, none where they were not given."""
        return self.rows.get(name, ())


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of document.

    `required` names the fields it must show, a column of a table as "table.column". `draw` gives
    the fields; one that is not on record it gives as None, "" or (). `source`: where the list of
    required fields comes from.
    """

    name: str
    title: Text
    about: tuple[About, ...]
    required: tuple[str, ...]
    draw: Callable[[Source], Fields]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document ready to be rendered. `missing` are required fields that nobody has recorded."""

    form: Form
    of: str
    at: Instant
    fields: Fields
    missing: tuple[str, ...]

    def __getitem__(self, name: str) -> Value:
        return self.fields.get(name)


def missing(form: Form, fields: Fields) -> Iterator[str]:
    """Required fields without a value; a column is missing where any row lacks it."""
    for name in form.required:
        table, _, column = name.partition(".")
        value = fields.get(table)
        if empty(value):
            yield name
        elif column and isinstance(value, tuple):
            rows = (row for row in value if isinstance(row, Mapping))
            if any(empty(row.get(column)) for row in rows):
                yield name


def empty(value: Value) -> bool:
    """Whether there is nothing to show; zero is something."""
    return value is None or value in ("", ())

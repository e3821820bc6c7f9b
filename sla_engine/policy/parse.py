"""A pack file, read: text -> `Draft` (what could be read, and every fault) -> `Pack`.

A table with faults is left out of the draft, and everything else is read all the same, so one
reading finds every fault of a file.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from sla_engine.errors import CATALOGUE, Fault, Refusal
from sla_engine.identity import digest
from sla_engine.policy.annex import (
    ListTable,
    MeasureTable,
    PlaceTable,
    RouteTable,
    SeriesTable,
    TriggerTable,
)
from sla_engine.policy.case import Case
from sla_engine.policy.clause import (
    Citation,
    Clause,
    Level,
    ListRules,
    Measure,
    Pack,
    Place,
    Route,
    Rung,
    Scope,
    Series,
    TalkRules,
    Text,
    Trigger,
)
from sla_engine.policy.faults import (
    ACT_UNKNOWN,
    BASIS_MISSING,
    PACK_KEY_MISSING,
    PACK_KEY_UNKNOWN,
    PACK_SYNTAX,
    PACK_VALUE,
    fault,
    place,
    unknown,
)
from sla_engine.policy.shape import (
    CaseTable,
    ClauseTable,
    HoursTable,
    LevelTable,
    PackTable,
    RungTable,
    Table,
    TalkTable,
    TextTable,
)
from sla_engine.policy.values import Declared
from sla_engine.policy.vocabulary import ACTS
from sla_engine.worktime import OfficeHours

T = TypeVar("T", bound=Table)

Raw = Mapping[str, Any]

_WORDED = ("steps", "roles", "grounds", "exclusions", "questions", "acts")
_ANNEX = ("list", "series", "trigger", "measure", "route")
_TABLES = ("pack", "hours", *_WORDED, "level", "clause", "talk", *_ANNEX, "case")
_REQUIRED = ("pack", "hours", "level", "clause")

_POSITION = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)")

_EXPECTED = {
    "string_type": '"…"',
    "int_type": "1, 2, 3 …",
    "bool_type": "true / false",
    "date_type": "2024-08-01",
    "tuple_type": "[ … ]",
    "model_type": "{{ … = … }}",
    "dict_type": "{{ … = … }}",
    "mapping_type": "{{ … = … }}",
    "greater_than_equal": "≥ {ge}",
    "less_than_equal": "≤ {le}",
    "string_too_short": '"…"',
    "too_short": "[ … ]",
    "too_long": "[ … ]",
}


@dataclass(slots=True)
class Draft:
    """What could be read of a pack file. `written` keeps the rungs' `at` as the file has it,
    `partial` the kinds of table of which some could not be read."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    head: PackTable | None = None
    hours: dict[str, OfficeHours] = field(default_factory=dict)
    cited: dict[str, Citation] = field(default_factory=dict)
    texts: dict[str, dict[str, Text]] = field(default_factory=dict)
    levels: list[Level] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    talk: TalkRules | None = None
    lists: list[ListRules] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    raw: Raw = field(default_factory=dict)
    partial: set[object] = field(default_factory=set)
    declared: Declared = field(default_factory=lambda: _declared({}))

    def at(self, *keys: object) -> str:
        """A place in this file."""
        return place(self.file, *keys)

    def pack(self) -> Pack:
        """The pack of a draft that has no faults."""
        assert not self.faults, "only a faultless draft is a pack"
        assert self.head is not None, "the head is required"
        head = self.head
        return Pack(
            name=head.name,
            edition=head.edition,
            title=head.title.text,
            region=head.region,
            calendar=head.calendar,
            effective=(head.effective_from, head.effective_to),
            basis=head.basis,
            status=head.status,
            hours=self.hours,
            steps=self.texts["steps"],
            roles=self.texts["roles"],
            grounds=self.texts["grounds"],
            acts={**ACTS, **self.texts["acts"]},
            levels=tuple(self.levels),
            settle=head.settle,
            clauses=tuple(self.clauses),
            talk=self.talk,
            cases=tuple(self.cases),
            digest=digest({key: self.raw[key] for key in self.raw if key != "case"}),
            anchors=frozenset(mark for clause in self.clauses for mark in clause.start),
            recorded_at=head.known_since,
            cited=self.cited,
            talks_by=head.talks_by,
            final=head.final,
            exclusions=self.texts["exclusions"],
            questions=self.texts["questions"],
            series={each.id: each for each in self.series},
            lists={each.id: each for each in self.lists},
            triggers=tuple(self.triggers),
            measures={each.id: each for each in self.measures},
            routes=tuple(self.routes),
        )


def read(text: str, file: str = "") -> Draft:
    """Read a pack file; never raises, all faults are in the draft."""
    draft = Draft(file)
    try:
        draft.raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        draft.faults.append(_syntax(str(error), text, file))
        return draft
    draft.declared = _declared(draft.raw)
    _Reader(draft).read()
    return draft


def _syntax(message: str, text: str, file: str) -> Fault:
    """tomllib tells the position only within its message."""
    found = _POSITION.search(message)
    line, column = found.groups() if found else (None, None)
    if line is None:
        lines = text.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    return fault(PACK_SYNTAX, f"{file}:{line}:{column}", _POSITION.sub("", message))


def _declared(raw: Raw) -> Declared:
    """Names used as keys or ids anywhere in the file."""
    scopes: set[str] = set()
    rungs: dict[str, frozenset[str]] = {}
    for clause in _dicts(raw.get("clause")):
        scopes.add(str(clause.get("scope")))
        name, ladder = str(clause.get("id")), _dicts(clause.get("rung"))
        rungs[name] = rungs.get(name, frozenset()) | {str(rung.get("id")) for rung in ladder}
    ordinals = [level.get("ordinal") for level in _dicts(raw.get("level"))]
    return Declared(
        steps=_keys_of(raw.get("steps")),
        roles=_keys_of(raw.get("roles")),
        grounds=_keys_of(raw.get("grounds")),
        hours=_keys_of(raw.get("hours")),
        levels=frozenset(ordinal for ordinal in ordinals if isinstance(ordinal, int)),
        scopes=frozenset(scopes),
        rungs=rungs,
        lists=_ids_of(raw.get("list")),
        series=_ids_of(raw.get("series")),
        places=frozenset().union(
            *(_ids_of(series.get("place")) for series in _dicts(raw.get("series")))
        ),
        triggers=_ids_of(raw.get("trigger")),
        measures=_ids_of(raw.get("measure")),
    )


def _keys_of(table: Any) -> frozenset[str]:
    return frozenset(table) if isinstance(table, dict) else frozenset()


def _ids_of(tables: Any) -> frozenset[str]:
    return frozenset(str(each["id"]) for each in _dicts(tables) if "id" in each)


def _dicts(tables: Any) -> list[Raw]:
    return [each for each in tables if isinstance(each, dict)] if isinstance(tables, list) else []


def _fault(
    error: Mapping[str, Any], model: type[Table], file: str, path: Iterable[object]
) -> Fault:
    """One validation error as a fault; a fault that was found in a value comes back as it was."""
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    steps = [step for step in error["loc"] if step != "[key]"]
    where = place(file, *path, *steps)
    if kind in CATALOGUE:
        return Fault(kind, where, context["found"], context["allowed"], context["near"])
    if kind == "extra_forbidden":
        return unknown(PACK_KEY_UNKNOWN, where, steps[-1], _keys(model, steps[:-1]))
    if steps and steps[-1] == "basis" and (kind == "missing" or not found):
        return fault(BASIS_MISSING, where)
    if kind == "missing":
        return fault(PACK_KEY_MISSING, where, steps[-1])
    if kind == "literal_error":
        names = [name.strip("'") for name in re.split(", | or ", context["expected"])]
        return unknown(PACK_VALUE, where, found, names)
    form = _EXPECTED.get(kind)
    return fault(PACK_VALUE, where, found, form.format_map(context) if form else error["msg"])


def _keys(model: type[BaseModel], steps: Iterable[object]) -> list[str]:
    """Keys of the table that `steps` lead to inside `model`."""
    inner: Any = model
    for step in steps:
        if isinstance(step, str) and step in inner.model_fields:
            inner = _table_in(inner.model_fields[step].annotation) or inner
    return list(inner.model_fields)


def _table_in(annotation: Any) -> type[Table] | None:
    """The table somewhere inside a type such as `tuple[FactTable, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next(filter(None, map(_table_in, get_args(annotation))), None)


class _Reader:
    """Takes the tables of a file one by one."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.raw = draft.raw
        self.declared = draft.declared

    def read(self) -> None:
        self._top()
        self.draft.head = self._take(PackTable, self.raw.get("pack"), "pack")
        self._named()
        for table in self._tables("level"):
            taken = self._take(LevelTable, table, "level", table.get("ordinal", "?"))
            if taken is not None:
                self.draft.levels.append(taken.level)
        for index, table in enumerate(self._tables("clause"), 1):
            self._clause(table, table.get("id", f"#{index}"))
        talk = self._take(TalkTable, self.raw.get("talk"), "talk")
        self.draft.talk = talk.rules if talk is not None else None
        self._annex()
        self.draft.cases += [case.case for case in self._each(CaseTable, "case", "name")]

    def _top(self) -> None:
        for key in self.raw:
            if key not in _TABLES:
                self._add(unknown(PACK_KEY_UNKNOWN, self.draft.at(key), key, _TABLES))
        for key in _REQUIRED:
            if key not in self.raw:
                self._add(fault(PACK_KEY_MISSING, self.draft.at(key), key))

    def _named(self) -> None:
        """[hours.*] and the tables of texts."""
        for name, table in self._table("hours").items():
            taken = self._take(HoursTable, table, "hours", name)
            if taken is not None:
                self.draft.hours[name] = taken.seasons
                self.draft.cited[f"hours.{name}"] = Citation(taken.basis, taken.status)
        for section in _WORDED:
            words = self.draft.texts[section] = {}
            for name, table in self._table(section).items():
                text = self._take(TextTable, table, section, name)
                if text is not None:
                    words[name] = text.text
        for act in self._table("acts"):
            if act not in ACTS:
                self._add(unknown(ACT_UNKNOWN, self.draft.at("acts", act), act, ACTS))

    def _clause(self, table: Raw, name: object) -> None:
        """A clause and its rungs; either may have faults without hiding those of the other."""
        scopes = [scope for scope in Scope if scope.value == table.get("scope")]
        declared = replace(self.declared, scope=scopes[0] if scopes else None)
        rungs = list(self._rungs(table.get("rung", []), name, declared))
        plain = {key: table[key] for key in table if key != "rung"}
        taken = self._take(ClauseTable, plain, "clause", name, declared=declared)
        if taken is None:
            return
        try:
            self.draft.clauses.append(taken.clause(tuple(rungs)))
        except Refusal as refusal:
            for found in refusal.faults:
                where = self.draft.at("clause", name, found.where)
                self._add(fault(found.code, where, found.found, found.allowed))

    def _rungs(self, tables: Any, clause: object, declared: Declared) -> Iterator[Rung]:
        for index, table in enumerate(self._listed(tables, "clause", clause, "rung"), 1):
            name = table.get("id", f"#{index}")
            taken = self._take(RungTable, table, "clause", clause, "rung", name, declared=declared)
            if taken is not None:
                self.draft.written[(str(clause), taken.id)] = table["at"]
                yield taken.rung

    def _annex(self) -> None:
        """The tables beside the clauses."""
        self.draft.lists += [each.rules for each in self._each(ListTable, "list")]
        for index, table in enumerate(self._tables("series"), 1):
            name = table.get("id", f"#{index}")
            places = self._places(table.get("place", []), name)
            plain = {key: table[key] for key in table if key != "place"}
            series = self._take(SeriesTable, plain, "series", name)
            if series is not None:
                self.draft.series.append(series.series(places))
        self.draft.triggers += [each.trigger for each in self._each(TriggerTable, "trigger")]
        self.draft.measures += [each.measure for each in self._each(MeasureTable, "measure")]
        counted = {clause for each in self.draft.measures for clause in each.clauses}
        self.draft.clauses = [
            replace(each, measured=each.id in counted) for each in self.draft.clauses
        ]
        self.draft.routes += [each.route for each in self._each(RouteTable, "route", "")]

    def _places(self, tables: Any, series: object) -> tuple[Place, ...]:
        listed = self._listed(tables, "series", series, "place")
        named = [(table.get("id", f"#{index}"), table) for index, table in enumerate(listed, 1)]
        taken = [self._take(PlaceTable, each, "series", series, "place", n) for n, each in named]
        return tuple(each.place for each in taken if each is not None)

    def _each(self, model: type[T], name: str, key: str = "id") -> list[T]:
        """Every table of an array that is well formed; `key` holds its name."""
        tables = enumerate(self._tables(name), 1)
        taken = [self._take(model, each, name, each.get(key, f"#{n}")) for n, each in tables]
        return [each for each in taken if each is not None]

    def _take(
        self, model: type[T], table: Any, *path: object, declared: Declared | None = None
    ) -> T | None:
        """The table as `model`; None, with the faults noted, when it is not one."""
        if table is None:
            return None
        try:
            return model.model_validate(table, context=declared or self.declared)
        except ValidationError as error:
            self.draft.partial.add(path[0])
            for each in error.errors(include_url=False):
                self._add(_fault(each, model, self.draft.file, path))
            return None

    def _table(self, name: str) -> Raw:
        """A table of tables by name; empty, with a fault, when it is something else."""
        table = self.raw.get(name, {})
        if isinstance(table, dict):
            return table
        self._add(fault(PACK_VALUE, self.draft.at(name), table, f"[{name}]"))
        return {}

    def _tables(self, name: str) -> list[Raw]:
        return self._listed(self.raw.get(name, []), name)

    def _listed(self, tables: Any, *path: object) -> list[Raw]:
        """An array of tables; empty, with a fault, when it is something else."""
        if isinstance(tables, list) and len(_dicts(tables)) == len(tables):
            return tables
        self._add(fault(PACK_VALUE, self.draft.at(*path), tables, f"[[{path[-1]}]]"))
        return []

    def _add(self, found: Fault) -> None:
        self.draft.faults.append(found)

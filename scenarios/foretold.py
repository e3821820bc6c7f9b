"""What a scenario foretells: of one dossier, or of everything; and how such a table is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from scenarios.table import (
    SCENARIO_VALUE,
    Table,
    calendar_day,
    column,
    day,
    flag,
    instant,
    moment,
    number,
    one_of,
    percent,
    table,
    text,
    texts,
    unit,
)
from sla_engine.errors import register
from sla_engine.escalation.kinds import KINDS
from sla_engine.policy.vocabulary import ACTS
from sla_engine.record import Instant
from sla_engine.sla.assess import State

SCENARIO_PAIR = register(
    "SCENARIO_PAIR",
    "只能写其中一个：{allowed}",
    "write exactly one of: {allowed}",
)

ABOUT = ("petition", "talk", "item", "round", "dispute", "unit")

Values: TypeAlias = Mapping[str, object]
Fields: TypeAlias = Mapping[str, Callable[[Any], object]]

CLOCK_FIELDS: Fields = {
    "state": one_of([state.value for state in State]),
    "due": moment,
    "due_date": day,
    "level": number,
    "provisional": flag,
    "unit": unit,
    "stopped": moment,
    "ruling": text,
}
ACT_FIELDS: Fields = {
    "at": instant,
    "recorded": instant,
    "act": one_of(ACTS),
    "tier": number,
    "unit": unit,
    "withdrawn_by": text,
}
MEASURE_FIELDS: Fields = {
    "numerator": number,
    "denominator": number,
    "excluded": number,
    "percent": percent,
}
BALANCE_FIELDS: Fields = {
    "opening": number,
    "new": number,
    "struck_off": number,
    "carried_over": number,
    "overdue": number,
}
SILENCES = ("", "history", "overturned", "superseded")
DOSSIERS = ("petitions", "talks", "items", "rounds", "disputes")
COUNTS = (*DOSSIERS, *(state.value for state in State))


@dataclass(frozen=True, slots=True)
class ClockExpected:
    """One clock; `cycle` "" means the latest, `absent` that there must be none."""

    clause: str
    cycle: str
    absent: bool
    values: Values


@dataclass(frozen=True, slots=True)
class ActExpected:
    """One act; `rung` is `clause/rung`. `withdrawn` and `silent` are always compared."""

    rung: str
    cycle: str
    withdrawn: bool
    silent: str
    values: Values


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers over everything: `counts` of dossiers and clocks, acts told and withdrawn by code."""

    counts: Mapping[str, int]
    told: Mapping[str, int]
    withdrawn: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RowExpected:
    """A row of a read model; only the named columns are compared, or that there is none."""

    projection: str
    key: str
    absent: bool
    columns: Values


@dataclass(frozen=True, slots=True)
class MeasureExpected:
    """A published rate from `first` to `last` (inclusive), of everybody, a unit or a kind."""

    pack: str
    measure: str
    first: date
    last: date
    by: Literal["unit", "kind"] | None
    group: str
    values: Values


@dataclass(frozen=True, slots=True)
class BalanceExpected:
    """The monthly balance of a unit's list (月对账)."""

    pack: str
    list: str
    unit: str
    month: str
    values: Values


@dataclass(frozen=True, slots=True)
class DocumentExpected:
    """What a document must hold, and what it must not; or that there is nothing to draw.

    `of` as the engine draws documents, a talk also by its alias. `unit` narrows a statement.
    """

    document: str
    of: str
    unit: str
    absent: bool
    contains: tuple[str, ...]
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A replay that is asked for instead of the dossier as it stands; see `replay.question`.

    Instants None: now. `calendar` and `edits` as people write them.
    """

    known_at: Instant | None
    at: Instant | None
    pack: str
    calendar: str
    without: tuple[str, ...]
    edits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be so at one instant: `about` a kind of dossier by `name`, or "" of everything.

    `pack` is whose tally of a unit. `ask` None: of the dossier as it stands. `acts` None: not
    asked; otherwise the complete list. `among` must be there beside others.
    """

    where: str
    about: str
    name: str
    pack: str
    ask: Ask | None
    values: Values
    clocks: tuple[ClockExpected, ...]
    acts: tuple[ActExpected, ...] | None
    among: tuple[ActExpected, ...]
    figures: Figures
    rows: tuple[RowExpected, ...]
    measures: tuple[MeasureExpected, ...]
    balances: tuple[BalanceExpected, ...]
    documents: tuple[DocumentExpected, ...]


def read_expect(each: Table, pack: str) -> Expect:
    """The expectation in a table; `pack` is the one that is meant where it names none."""
    named = {about: each.text(about) for about in ABOUT}
    found = [about for about in ABOUT if named[about]]
    if len(found) > 1:
        each.fault(SCENARIO_PAIR, each.where, "", " | ".join(ABOUT))
    about = found[0] if found else ""
    expect = Expect(
        where=each.where,
        about=about,
        name=named[about] if about else "",
        pack=(each.text("pack") if about == "unit" else "") or pack,
        ask=_ask(each) if about else None,
        values=_values(each, _fields(about)),
        clocks=tuple(map(_clock, each.tables("clocks"))) if about else (),
        acts=tuple(map(_act, each.tables("acts"))) if about and "acts" in each.raw else None,
        among=tuple(map(_act, each.tables("among"))) if about else (),
        figures=_figures(each) if not about else Figures({}, {}, {}),
        rows=tuple(map(_row, each.tables("rows"))) if not about else (),
        measures=tuple(_measure(m, pack) for m in each.tables("measures")) if not about else (),
        balances=tuple(_balance(b, pack) for b in each.tables("reconciliation"))
        if not about
        else (),
        documents=tuple(map(_document, each.tables("documents"))) if not about else (),
    )
    each.asked += ["acts", "ask"] if about else []
    each.close()
    return expect


def _ask(each: Table) -> Ask | None:
    if "ask" not in each.raw:
        return None
    inner = Table(each.take("ask", table) or {}, each.at("ask"), each.faults)
    asked = Ask(
        known_at=inner.take("known_at", instant),
        at=inner.take("at", instant),
        pack=inner.text("pack"),
        calendar=inner.text("calendar"),
        without=inner.take("without", texts) or (),
        edits=inner.take("edits", texts) or (),
    )
    inner.close()
    return asked


@lru_cache
def _phases(kind: str) -> frozenset[str]:
    """Every phase a dossier of that kind can be in once it is there."""
    known = KINDS[kind]
    return known.live | {step.into for step in known.steps.values() if step.into is not None}


def _fields(about: str) -> Fields:
    """What may be said of a dossier as a whole."""
    fields: dict[str, Callable[[Any], object]] = {"exists": flag} if about else {}
    if about in ("petition", "talk", "item", "round", "dispute"):
        fields["phase"] = one_of(_phases(about))
    if about == "talk":
        fields |= {"tier": number, "causes": number, "recalled": texts}
    if about == "round":
        fields |= {"places": table, "placed": table}
    if about == "unit":
        fields["counted"] = table
    return fields


def _values(each: Table, fields: Fields) -> dict[str, object]:
    read = {name: each.take(name, reader) for name, reader in fields.items() if name in each.raw}
    each.asked += fields
    return read


def _clock(each: Table) -> ClockExpected:
    expected = ClockExpected(
        each.need("clause", text) or "",
        each.text("cycle"),
        each.flag("absent"),
        _values(each, CLOCK_FIELDS),
    )
    each.close()
    return expected


def _act(each: Table) -> ActExpected:
    rung = each.need("rung", text) or ""
    if rung and rung.count("/") != 1:
        each.fault(SCENARIO_VALUE, each.at("rung"), rung, "clause/rung")
    silent = each.take("silent", one_of(SILENCES)) or ""
    withdrawn = each.flag("withdrawn") or "withdrawn_by" in each.raw
    expected = ActExpected(rung, each.text("cycle"), withdrawn, silent, _values(each, ACT_FIELDS))
    each.close()
    return expected


def _figures(each: Table) -> Figures:
    inner = Table(each.take("figures", table) or {}, each.at("figures"), each.faults)
    counts = _counts(inner, COUNTS)
    told, withdrawn = inner.take("told", table) or {}, inner.take("withdrawn", table) or {}
    inner.close()
    return Figures(
        counts,
        _closed_counts(Table(told, inner.at("told"), each.faults)),
        _closed_counts(Table(withdrawn, inner.at("withdrawn"), each.faults)),
    )


def _closed_counts(each: Table) -> dict[str, int]:
    counts = _counts(each, tuple(ACTS))
    each.close()
    return counts


def _counts(each: Table, names: tuple[str, ...]) -> dict[str, int]:
    """Numbers by name; names that are left out are not compared."""
    read = {name: each.take(name, number) for name in names if name in each.raw}
    each.asked += names
    return {name: count for name, count in read.items() if count is not None}


def _row(each: Table) -> RowExpected:
    absent = each.flag("absent")
    columns = Table(each.take("columns", table) or {}, each.at("columns"), each.faults)
    expected = RowExpected(
        each.need("projection", text) or "",
        each.need("key", text) or "",
        absent,
        {name: columns.take(name, column) for name in columns.raw},
    )
    if not absent and not expected.columns:
        each.fault(SCENARIO_PAIR, each.where, "", "columns | absent = true")
    each.close()
    return expected


def _measure(each: Table, pack: str) -> MeasureExpected:
    unit, kind = each.text("unit"), each.text("kind")
    if unit and kind:
        each.fault(SCENARIO_PAIR, each.where, "", "unit | kind")
    expected = MeasureExpected(
        pack=each.text("pack") or pack,
        measure=each.need("measure", text) or "",
        first=each.need("first", calendar_day) or date.min,
        last=each.need("last", calendar_day) or date.min,
        by="unit" if unit else "kind" if kind else None,
        group=unit or kind,
        values=_values(each, MEASURE_FIELDS),
    )
    each.close()
    return expected


def _balance(each: Table, pack: str) -> BalanceExpected:
    expected = BalanceExpected(
        pack=each.text("pack") or pack,
        list=each.need("list", text) or "",
        unit=each.need("unit", text) or "",
        month=each.need("month", text) or "",
        values=_values(each, BALANCE_FIELDS),
    )
    each.close()
    return expected


def _document(each: Table) -> DocumentExpected:
    expected = DocumentExpected(
        document=each.need("document", text) or "",
        of=each.need("of", text) or "",
        unit=each.text("unit"),
        absent=each.flag("absent"),
        contains=each.take("contains", texts) or (),
        lacks=each.take("lacks", texts) or (),
    )
    if bool(expected.contains or expected.lacks) == expected.absent:
        each.fault(SCENARIO_PAIR, each.where, "", "contains, lacks | absent = true")
    each.close()
    return expected

"""A scenario file, read: TOML -> `Script`, or every fault at once (format: scenarios/README.md).

Facts have the shape that intake takes. Everything a script expects is data too, so that a file
from outside can be checked before the first step is played.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from scenarios.table import (
    SCENARIO_KEY_MISSING,
    SCENARIO_VALUE,
    Table,
    day,
    flag,
    instant,
    moment,
    number,
    one_of,
    scalar,
    table,
    text,
    texts,
    unknown,
)
from sla_engine.errors import CATALOGUE, Fault, Refusal, register
from sla_engine.petition.kind import LIVE as PETITION_PHASES
from sla_engine.policy.clause import Text
from sla_engine.policy.vocabulary import ACTS
from sla_engine.service import intake
from sla_engine.sla.assess import State
from sla_engine.talk.kind import LIVE as TALK_PHASES
from sla_engine.worktime import Instant, format_instant

SCENARIO_SYNTAX = register(
    "SCENARIO_SYNTAX",
    "剧本不是合法的 TOML：{found}",
    "the scenario is not valid TOML: {found}",
)
SCENARIO_UNREADABLE = register(
    "SCENARIO_UNREADABLE",
    "剧本文件读不到：{found}",
    "the scenario file cannot be read: {found}",
)
SCENARIO_ORDER = register(
    "SCENARIO_ORDER",
    "时间 {found} 早于上一步 {allowed}",
    "{found} is earlier than the step before, {allowed}",
    "步骤按送达时间排列；迟到的事实用 when 写明发生时间",
    "steps stand in order of arrival; a late fact says with `when` at what time it was so",
)
SCENARIO_PAIR = register(
    "SCENARIO_PAIR",
    "只能写其中一个：{allowed}",
    "write exactly one of: {allowed}",
)
SCENARIO_PETITION = register(
    "SCENARIO_PETITION",
    "剧本中没有诉求件“{found}”，已有：{allowed}",
    "the scenario has no petition {found!r}; it has: {allowed}",
)
SCENARIO_TALK = register(
    "SCENARIO_TALK",
    "[talks] 中没有约谈代号“{found}”，已有：{allowed}",
    "[talks] has no alias {found!r}; it has: {allowed}",
)
SCENARIO_EMPTY = register(
    "SCENARIO_EMPTY",
    "剧本没有写出任何期望，无从检验",
    "the scenario expects nothing, so it can never fail",
)

_HEADER = re.compile(r"\s*\[\[(step|expect|notice)\]\]")

Values: TypeAlias = Mapping[str, object]

CLOCK_FIELDS = {
    "state": one_of([state.value for state in State]),
    "due": moment,
    "due_date": day,
    "level": number,
    "provisional": flag,
    "unit": text,
    "stopped": moment,
}
ACT_FIELDS = {
    "at": instant,
    "recorded": instant,
    "act": one_of(ACTS),
    "tier": number,
    "unit": text,
    "withdrawn_by": text,
}
PETITION_FIELDS = {"phase": one_of(PETITION_PHASES | {"declined", "merged", "withdrawn"})}
TALK_FIELDS = {
    "exists": flag,
    "phase": one_of(TALK_PHASES | {"refused", "withdrawn"}),
    "tier": number,
    "causes": number,
    "recalled": texts,
}
SILENCES = ("", "history", "overturned", "superseded")
COUNTS = ("petitions", "talks", *(state.value for state in State))


@dataclass(frozen=True, slots=True)
class Fact:
    """What is sent: `value` in the shape of intake, `alias` the talk it is about (if by alias).

    `refused` is the code it must be refused with, `repeated` whether it must be known already.
    """

    where: str
    value: Mapping[str, Any]
    alias: str
    refused: str
    repeated: bool


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
    """A row of a read model; only the named columns are compared."""

    projection: str
    key: str
    columns: Values


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be so at one instant, of one petition, of one talk, or of everything.

    `acts` None: not asked; otherwise the complete list. `among` must be there beside others.
    """

    where: str
    petition: str
    talk: str
    values: Values
    clocks: tuple[ClockExpected, ...]
    acts: tuple[ActExpected, ...] | None
    among: tuple[ActExpected, ...]
    figures: Figures
    rows: tuple[RowExpected, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """A notice that becomes known: by the `number` of a withheld one, or as `text`."""

    at: Instant
    where: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Facts that arrive together, and what must be so right after them."""

    at: Instant
    where: str
    note: str
    facts: tuple[Fact, ...]
    expects: tuple[Expect, ...]
    history: bool


Moment: TypeAlias = Load | Step


@dataclass(frozen=True, slots=True)
class TalkAlias:
    """A talk named by its unit, by a petition among its causes, or both; `nth` from 1."""

    unit: str
    petition: str
    nth: int


@dataclass(frozen=True, slots=True)
class Script:
    """A whole scenario. `moments` are in time order; `pack_files` lie beside the scenario."""

    name: str
    title: Text
    about: str
    packs: tuple[str, ...]
    pack_files: tuple[Path, ...]
    region: str
    start: Instant
    end: Instant
    withhold: tuple[str, ...]
    labels: Mapping[str, Text]
    talks: Mapping[str, TalkAlias]
    moments: tuple[Moment, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(moment for moment in self.moments if isinstance(moment, Step))

    @property
    def expects(self) -> tuple[Expect, ...]:
        return tuple(expect for step in self.steps for expect in step.expects)


def read_file(path: Path) -> Script:
    """The scenario in a file. Raises `Refusal` with every fault found."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(Fault(SCENARIO_UNREADABLE, path.name, str(error))) from None
    return parse(content, path.stem, path.parent)


def parse(content: str, name: str = "scenario", folder: Path = Path()) -> Script:
    """The scenario in a text; pack files are looked for in `folder`. Raises as `read_file`."""
    try:
        raw = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(Fault(SCENARIO_SYNTAX, name, str(error))) from None
    reader = _Reader(raw, content)
    script = reader.script(name, folder)
    if reader.faults:
        raise Refusal(reader.faults)
    return script


class _Reader:
    """Reads the tables of one scenario and gathers what is wrong with them."""

    def __init__(self, raw: Mapping[str, Any], content: str) -> None:
        self.faults: list[Fault] = []
        self.lines: dict[str, list[int]] = {}
        for index, line in enumerate(content.splitlines(), 1):
            if header := _HEADER.match(line):
                self.lines.setdefault(header[1], []).append(index)
        self.top = Table(raw, "", self.faults)
        self.pack = self.region = self.source = ""
        self.talks: dict[str, TalkAlias] = {}
        self.sent: Counter[tuple[str, str]] = Counter()

    def script(self, name: str, folder: Path) -> Script:
        head = Table(self.top.need("scenario", table) or {}, "scenario", self.faults)
        title = self._words(head.need("title", table) or {}, "scenario title")
        packs = head.need("packs", texts) or ()
        self.pack = packs[0] if packs else ""
        self.region, self.source = head.text("region"), head.text("source") or name
        start, end = head.need("start", instant) or 0, head.take("end", instant) or 0
        about, withhold = head.text("about"), head.take("withhold", texts) or ()
        pack_files = head.take("pack_files", texts) or ()
        head.close()
        self.talks = dict(self._aliases())
        moments = self._moments(start)
        labels = {
            number: self._words(raw if isinstance(raw, dict) else {}, f"labels {number}")
            for number, raw in (self.top.take("labels", table) or {}).items()
        }
        self._check_petitions(moments, labels)
        self.top.close()
        return Script(
            name=name,
            title=title,
            about=about,
            packs=packs,
            pack_files=tuple(folder / each for each in pack_files),
            region=self.region,
            start=start,
            end=max([end, start, *(each.at for each in moments)]),
            withhold=withhold,
            labels=labels,
            talks=self.talks,
            moments=moments,
        )

    def _words(self, raw: Mapping[str, Any], where: str) -> Text:
        each = Table(raw, where, self.faults)
        words = Text(each.need("zh", text) or "", each.need("en", text) or "")
        each.close()
        return words

    def _aliases(self) -> Iterator[tuple[str, TalkAlias]]:
        for alias, raw in (self.top.take("talks", table) or {}).items():
            each = Table(raw if isinstance(raw, dict) else {}, f"talks {alias}", self.faults)
            unit, petition = each.text("unit"), each.text("petition")
            if not unit and not petition:
                each.fault(SCENARIO_KEY_MISSING, each.where, "unit | petition")
            yield alias, TalkAlias(unit, petition, each.take("nth", number) or 1)
            each.close()

    def _moments(self, start: Instant) -> tuple[Moment, ...]:
        """Notices, steps and free-standing expectations; at one instant in this order."""
        loads = [self._load(each) for each in self._tables("notice")]
        steps = [self._step(each) for each in self._tables("step")]
        checks = [self._check(each) for each in self._tables("expect")]
        for earlier, later in zip([start, *(step.at for step in steps)], steps, strict=False):
            if later.at < earlier:
                found, allowed = format_instant(later.at), format_instant(earlier)
                self.faults.append(Fault(SCENARIO_ORDER, later.where, found, allowed))
        if not any(step.expects for step in (*steps, *checks)):
            self.faults.append(Fault(SCENARIO_EMPTY, "expect"))
        return tuple(sorted((*loads, *steps, *checks), key=lambda each: each.at))

    def _tables(self, key: str) -> list[Table]:
        return self.top.tables(key, self.lines.get(key, ()))

    def _load(self, each: Table) -> Load:
        load = Load(
            each.need("at", instant) or 0, each.where, each.text("number"), each.text("text")
        )
        if bool(load.number) == bool(load.text):
            each.fault(SCENARIO_PAIR, each.where, "", "number | text")
        each.close()
        return load

    def _step(self, each: Table) -> Step:
        at, note = each.need("at", instant) or 0, each.text("note")
        facts = tuple(self._fact(fact, at) for fact in each.tables("facts"))
        expects = tuple(self._expect(expect) for expect in each.tables("expect"))
        step = Step(at, each.where, note, facts, expects, each.flag("history"))
        each.close()
        return step

    def _check(self, each: Table) -> Step:
        """A free-standing expectation is a step without facts."""
        at, note = each.need("at", instant) or 0, each.text("note")
        return Step(at, each.where, note, (), (self._expect(each),), history=False)

    def _fact(self, each: Table, at: Instant) -> Fact:
        alias, value = each.text("talk"), self._value(each, at)
        refused = each.take("refused", _code) or ""
        fact = Fact(
            each.where, value, alias if alias in self.talks else "", refused, each.flag("repeated")
        )
        each.close()
        if alias and not fact.alias and value.get("type") != "proposed":
            self.faults.append(unknown(SCENARIO_TALK, each.at("talk"), alias, self.talks))
        self.faults.extend(_intake_faults(fact))
        return fact

    def _value(self, each: Table, at: Instant) -> dict[str, Any]:
        """The fact as intake takes it: identity, source and time filled in where left out."""
        value: dict[str, Any] = {
            key: each.raw[key]
            for key in ("petition", "talk", "type", "by", "role", "unit", "cause", "petitioner")
            if each.take(key, text) is not None
        }
        data = dict(each.take("data", table) or {})
        if value.get("type") == "registered":
            data = {"pack": self.pack, "region": self.region, **data}
        matter, kind = value.get("petition") or value.get("talk", ""), value.get("type", "")
        self.sent[(matter, kind)] += 1
        return value | {
            "data": data,
            "at": format_instant(each.take("when", instant) or at),
            "id": each.text("id") or f"{matter}/{kind}/{self.sent[(matter, kind)]}",
            "source": each.text("source") or self.source,
            "seq": each.take("seq", number) or 0,
        }

    def _expect(self, each: Table) -> Expect:
        petition, talk = each.text("petition"), each.text("talk")
        if petition and talk:
            each.fault(SCENARIO_PAIR, each.where, "", "petition | talk")
        if talk and talk not in self.talks:
            self.faults.append(unknown(SCENARIO_TALK, each.at("talk"), talk, self.talks))
        fields = TALK_FIELDS if talk else PETITION_FIELDS if petition else {}
        about = petition or talk
        expect = Expect(
            where=each.where,
            petition=petition,
            talk=talk,
            values=_values(each, fields),
            clocks=tuple(map(_clock, each.tables("clocks"))) if about else (),
            acts=tuple(map(_act, each.tables("acts"))) if about and "acts" in each.raw else None,
            among=tuple(map(_act, each.tables("among"))) if about else (),
            figures=self._figures(each) if not about else Figures({}, {}, {}),
            rows=tuple(map(_row, each.tables("rows"))) if not about else (),
        )
        each.asked += ["acts"] if about else []
        each.close()
        return expect

    def _figures(self, each: Table) -> Figures:
        inner = Table(each.take("figures", table) or {}, each.at("figures"), self.faults)
        counts = {name: inner.take(name, number) for name in COUNTS if name in inner.raw}
        told, withdrawn = inner.take("told", table) or {}, inner.take("withdrawn", table) or {}
        inner.asked += COUNTS
        inner.close()
        return Figures(
            {name: count for name, count in counts.items() if count is not None},
            self._by_act(told, inner.at("told")),
            self._by_act(withdrawn, inner.at("withdrawn")),
        )

    def _by_act(self, raw: Mapping[str, Any], where: str) -> dict[str, int]:
        each = Table(raw, where, self.faults)
        counts = {act: each.take(act, number) for act in ACTS if act in raw}
        each.asked += ACTS
        each.close()
        return {act: count for act, count in counts.items() if count is not None}

    def _check_petitions(self, moments: Iterable[Moment], labels: Iterable[str]) -> None:
        """A petition that is named anywhere must be one that facts are sent for."""
        known = {matter for matter, _ in self.sent}
        named = [
            (expect.petition, expect.where)
            for step in moments
            if isinstance(step, Step)
            for expect in step.expects
        ]
        named += [(each.petition, f"talks {alias}") for alias, each in self.talks.items()]
        named += [(each, "labels") for each in labels]
        self.faults += [
            unknown(SCENARIO_PETITION, where, petition, known)
            for petition, where in named
            if petition and petition not in known
        ]


def _code(value: Any) -> str:
    """A code of the error catalogue; there are too many to list."""
    if value not in CATALOGUE:
        found = unknown(SCENARIO_VALUE, "", str(value), CATALOGUE)
        raise Refusal(replace(found, allowed="错误码 error code"))
    return str(value)


def _intake_faults(fact: Fact) -> Iterator[Fault]:
    """What intake itself would say about the fact, unless the script foretells just that."""
    try:
        intake.parse(fact.value)
    except Refusal as refusal:
        if refusal.code != fact.refused:
            for each in refusal.faults:
                where = " ".join(part for part in (fact.where, each.where) if part)
                yield Fault(each.code, where, each.found, each.allowed, each.near)


def _values(each: Table, fields: Mapping[str, Any]) -> dict[str, object]:
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


def _row(each: Table) -> RowExpected:
    columns = Table(each.need("columns", table) or {}, each.at("columns"), each.faults)
    expected = RowExpected(
        each.need("projection", text) or "",
        each.need("key", text) or "",
        {name: columns.take(name, scalar) for name in columns.raw},
    )
    each.close()
    return expected

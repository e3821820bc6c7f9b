"""A scenario file, read: TOML -> `Script`, or every fault at once (format: scenarios/README.md)."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import sla_engine.service.handler  # noqa: F401 - a code can be foretold once it is registered
from scenarios.foretold import SCENARIO_PAIR, Expect, read_expect
from scenarios.repeat import numbered, read_repeat
from scenarios.script import (
    ADDRESSES,
    Brought,
    Fact,
    Load,
    Moment,
    Script,
    Size,
    Step,
    Summary,
    TalkAlias,
    Template,
    addressed,
)
from scenarios.table import (
    SCENARIO_KEY_MISSING,
    SCENARIO_VALUE,
    Table,
    instant,
    number,
    one_of,
    table,
    text,
    texts,
    unknown,
)
from sla_engine.errors import CATALOGUE, Fault, Refusal, register
from sla_engine.policy.clause import Text
from sla_engine.service import intake
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

_HEADER = re.compile(r"\s*\[\[(step|expect|notice|pack)\]\]")
_SIZES = ("small", "soak")
# Of a step that comes many times at once, so many facts at the most are sent in one transaction.
_BATCH = 500
# Facts that found a dossier say by whose rules and where; a scenario says it once.
_FOUNDING = ("registered", "proposed", "listed", "opened")


def read_file(path: Path) -> Script:
    """The scenario in a file. Raises `Refusal` with every fault found."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(Fault(SCENARIO_UNREADABLE, path.name, str(error))) from None
    try:
        return parse(content, path.stem, path.parent)
    except Refusal as refusal:
        named = (
            replace(each, where=f"{path.name} {each.where}".strip()) for each in refusal.faults
        )
        raise Refusal(named) from None


def parse(content: str, name: str = "scenario", folder: Path = Path()) -> Script:
    """The scenario in a text; files it names are looked for in `folder`. Raises as `read_file`."""
    try:
        raw = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(Fault(SCENARIO_SYNTAX, "", str(error))) from None
    reader = _Reader(raw, content)
    script = reader.script(name, folder)
    if reader.faults:
        raise Refusal(reader.faults)
    return script


def summary_of(path: Path) -> Summary:
    """What a list of scenarios shows of a file. Raises `Refusal` for a head that cannot be read."""
    faults: list[Fault] = []
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    head = Table(raw.get("scenario", {}), path.name, faults)
    words, packs = head.need("title", table) or {}, head.need("packs", texts) or ()
    size = head.take("size", one_of(_SIZES)) or "small"
    if faults:
        raise Refusal(faults)
    title = Text(words.get("zh", ""), words.get("en", ""))
    return Summary(path.stem, title, packs, len(raw.get("step", ())), cast(Size, size))


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
        size = head.take("size", one_of(_SIZES)) or "small"
        start, end = head.need("start", instant) or 0, head.take("end", instant) or 0
        about, withhold = head.text("about"), head.take("withhold", texts) or ()
        head.close()
        self.talks = dict(self._aliases())
        brought = tuple(self._brought(each, folder) for each in self._tables("pack"))
        moments = self._moments(start)
        labels = dict(self._labels())
        self._check_petitions(moments, labels)
        self.top.close()
        return Script(
            name=name,
            title=title,
            about=about,
            size=cast(Size, size),
            packs=packs,
            brought=brought,
            region=self.region,
            start=start,
            end=max([end, start, *(each.at for each in moments)]),
            withhold=withhold,
            labels=labels,
            talks=self.talks,
            moments=moments,
        )

    def _words(self, raw: Any, where: str) -> Text:
        each = Table(raw if isinstance(raw, dict) else {}, where, self.faults)
        words = Text(each.need("zh", text) or "", each.need("en", text) or "")
        each.close()
        return words

    def _labels(self) -> Iterator[tuple[str, Text]]:
        for name, raw in (self.top.take("labels", table) or {}).items():
            yield name, self._words(raw, f"labels {name}")

    def _aliases(self) -> Iterator[tuple[str, TalkAlias]]:
        for alias, raw in (self.top.take("talks", table) or {}).items():
            each = Table(raw if isinstance(raw, dict) else {}, f"talks {alias}", self.faults)
            unit, petition = each.text("unit"), each.text("petition")
            if not unit and not petition:
                each.fault(SCENARIO_KEY_MISSING, each.where, "unit | petition")
            yield alias, TalkAlias(unit, petition, each.take("nth", number) or 1)
            each.close()

    def _brought(self, each: Table, folder: Path) -> Brought:
        content, file = each.text("text"), each.text("file")
        if bool(content) == bool(file):
            each.fault(SCENARIO_PAIR, each.where, "", "text | file")
        each.close()
        return Brought(each.where, content, folder / file if file else None)

    def _moments(self, start: Instant) -> tuple[Moment, ...]:
        """Notices, steps and free-standing expectations; at one instant in this order."""
        loads = [self._load(each) for each in self._tables("notice")]
        steps = [list(self._steps(each)) for each in self._tables("step")]
        checks = [self._check(each) for each in self._tables("expect")]
        firsts = [each[0] for each in steps]
        for earlier, later in zip([start, *(each.at for each in firsts)], firsts, strict=False):
            if later.at < earlier:
                found, allowed = format_instant(later.at), format_instant(earlier)
                self.faults.append(Fault(SCENARIO_ORDER, later.where, found, allowed))
        played = [step for each in steps for step in each]
        if not any(step.expects for step in (*played, *checks)):
            self.faults.append(Fault(SCENARIO_EMPTY, "expect"))
        return tuple(sorted((*loads, *played, *checks), key=lambda each: each.at))

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

    def _steps(self, each: Table) -> Iterator[Step]:
        """The step as often as it comes; what it foretells is compared after the last time.

        One that has a fault comes once, so that the fault is told once.
        """
        at, note = each.need("at", instant) or 0, each.text("note")
        history, repeat, before = each.flag("history"), read_repeat(each), len(self.faults)
        facts = [self._template(fact, at) for fact in each.tables("facts")]
        expects = tuple(self._expect(expect) for expect in each.tables("expect"))
        each.close()
        for batch in repeat.batches(max(1, _BATCH // max(1, len(facts)))):
            (first, shift), (last, _) = batch[0], batch[-1]
            sent = tuple(self._fact(fact, n, shift) for n, _ in batch for fact in facts)
            if first == 1:
                self.faults.extend(
                    fault for fact in sent[: len(facts)] for fault in self._sent_faults(fact)
                )
            elif len(self.faults) > before:
                return
            ended = expects if last == repeat.times else ()
            yield Step(at + shift, each.where, note, sent, ended, history)

    def _check(self, each: Table) -> Step:
        """A free-standing expectation is a step without facts."""
        at, note = each.need("at", instant) or 0, each.text("note")
        return Step(at, each.where, note, (), (self._expect(each),), history=False)

    def _template(self, each: Table, at: Instant) -> Template:
        """A fact as it is written, `{n}` and all."""
        value: dict[str, Any] = {
            key: each.raw[key]
            for key in (*ADDRESSES, "type", "by", "role", "unit", "cause", "petitioner")
            if each.take(key, text) is not None
        }
        value["data"] = dict(each.take("data", table) or {})
        if value.get("type") in _FOUNDING:
            value["data"] = {"pack": self.pack, "region": self.region, **value["data"]}
        value["source"] = each.text("source") or self.source
        value["seq"] = each.take("seq", number) or 0
        template = Template(
            where=each.where,
            value=value,
            when=each.take("when", instant) or at,
            id=each.text("id"),
            aliased=numbered(value.get("talk", ""), 1) in self.talks,
            refused=each.take("refused", _code) or "",
            repeated=each.flag("repeated"),
        )
        each.close()
        return template

    def _fact(self, template: Template, n: int, shift: int) -> Fact:
        named = (numbered(addressed(template.value), n), template.value.get("type", ""))
        self.sent[named] += 1
        return Fact(template, n, shift, self.sent[named])

    def _sent_faults(self, fact: Fact) -> Iterator[Fault]:
        if "talk" in fact.template.value and not fact.alias and fact.type != "proposed":
            yield unknown(SCENARIO_TALK, f"{fact.where} talk", fact.about, self.talks)
        yield from _intake_faults(fact)

    def _expect(self, each: Table) -> Expect:
        expect = read_expect(each, self.pack)
        if expect.about == "talk" and expect.name not in self.talks:
            self.faults.append(unknown(SCENARIO_TALK, each.at("talk"), expect.name, self.talks))
        return expect

    def _check_petitions(self, moments: Iterable[Moment], labels: Iterable[str]) -> None:
        """A petition that is named anywhere must be one that facts are sent for."""
        known = {matter for matter, _ in self.sent}
        named = [
            (expect.name, expect.where)
            for step in moments
            if isinstance(step, Step)
            for expect in step.expects
            if expect.about == "petition"
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
        if refusal.code != fact.template.refused:
            for each in refusal.faults:
                where = " ".join(part for part in (fact.where, each.where) if part)
                yield Fault(each.code, where, each.found, each.allowed, each.near)

"""The rules a scenario is played by: what is shipped, what it withholds, what it brings along."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from projections import READ_MODELS
from scenarios.foretold import Expect
from scenarios.reader import SCENARIO_UNREADABLE
from scenarios.script import Brought, Load, Script
from scenarios.table import unknown
from sla_engine.catalog import load_rulebook
from sla_engine.documents.register import DOCUMENT_UNKNOWN, FORMS
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import tables

SCENARIO_PACK = register(
    "SCENARIO_PACK",
    "没有政策包“{found}”，已装入的有：{allowed}",
    "there is no pack {found!r}; there are: {allowed}",
)
SCENARIO_NOTICE = register(
    "SCENARIO_NOTICE",
    "没有文号为“{found}”的放假通知，可用的有：{allowed}",
    "no shipped notice has the number {found!r}; there are: {allowed}",
)
SCENARIO_CLAUSE = register(
    "SCENARIO_CLAUSE",
    "政策包中没有条款“{found}”，已有：{allowed}",
    "the packs have no clause {found!r}; they have: {allowed}",
)
SCENARIO_RUNG = register(
    "SCENARIO_RUNG",
    "条款中没有阶梯“{found}”，已有：{allowed}",
    "the clause has no rung {found!r}; it has: {allowed}",
)
SCENARIO_MEASURE = register(
    "SCENARIO_MEASURE",
    "政策包中没有指标“{found}”，已有：{allowed}",
    "the packs have no measure {found!r}; they have: {allowed}",
)
SCENARIO_LIST = register(
    "SCENARIO_LIST",
    "政策包中没有清单“{found}”，已有：{allowed}",
    "the packs have no list {found!r}; they have: {allowed}",
)
SCENARIO_PROJECTION = register(
    "SCENARIO_PROJECTION",
    "没有读模型“{found}”，已有：{allowed}",
    "there is no read model {found!r}; there are: {allowed}",
)

REACHED = "reached"
_PROJECTIONS = frozenset(table for model in READ_MODELS for table in tables(model))


def rulebook(script: Script, pack_dirs: tuple[Path, ...] = ()) -> Rulebook:
    """Rules for a script: shipped ones without what it withholds, and its own packs.

    Raises `Refusal` for packs and notices that do not exist.
    """
    shipped = _shipped(pack_dirs)
    rules = shipped
    if script.withhold:
        almanacs = shipped.almanacs.items()
        known = {name: each.without(script.withhold) for name, each in almanacs}
        rules = Rulebook(known, shipped.packs)
    for brought in script.brought:
        rules = rules.with_pack(_pack(brought))
    faults = [*_pack_faults(script, rules), *_notice_faults(script, shipped)]
    if faults:
        raise Refusal(faults)
    return rules


@lru_cache
def _shipped(pack_dirs: tuple[Path, ...]) -> Rulebook:
    """Read once however many scenarios are played."""
    return load_rulebook(pack_dirs)


def _pack_faults(script: Script, rules: Rulebook) -> Iterator[Fault]:
    known = {pack.name for pack in rules.packs}
    for name in script.packs:
        if name not in known:
            yield unknown(SCENARIO_PACK, "scenario packs", name, known)


def _notice_faults(script: Script, shipped: Rulebook) -> Iterator[Fault]:
    known = {notice.citation for each in shipped.almanacs.values() for notice in each.notices}
    asked = [("scenario withhold", number) for number in script.withhold]
    asked += [(each.where, each.number) for each in script.moments if isinstance(each, Load)]
    for where, number in asked:
        if number and number not in known:
            yield unknown(SCENARIO_NOTICE, where, number, known)


def _pack(brought: Brought) -> Pack:
    """A pack that comes with the scenario; it must stand every check a shipped one stands."""
    if brought.path is None:
        return parse_pack(brought.text, brought.where)
    try:
        return parse_pack(brought.path.read_text(encoding="utf-8"), brought.path.name)
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(SCENARIO_UNREADABLE, brought.where, f"{brought.path.name}: {error}")
        raise Refusal(fault) from None


def notice_text(number: str) -> str:
    """The shipped notice of that number as its file has it."""
    for folder in files("sla_engine").joinpath("data", "calendars").iterdir():
        for file in folder.iterdir():
            content = file.read_text(encoding="utf-8")
            table = tomllib.loads(content)
            if number in (table.get("number"), table.get("title")):
                return content
    raise refuse(SCENARIO_NOTICE, "notice", number)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the packs of a script have names for."""

    rungs: Mapping[str, set[str]]
    measures: set[str]
    lists: set[str]


def check_names(script: Script, rules: Rulebook) -> None:
    """Raises `Refusal` for expected clauses, rungs, measures and lists that no pack of the script
    has, and for read models that do not exist."""
    names = _names(script, rules)
    faults = [fault for expect in script.expects for fault in _name_faults(expect, names)]
    if faults:
        raise Refusal(faults)


def _names(script: Script, rules: Rulebook) -> _Names:
    """Of the packs a script is about, and of those that govern their talks."""
    about = {*script.packs} | {p.talks_by for p in rules.packs if p.name in script.packs}
    packs = [pack for pack in rules.packs if pack.name in about]
    rungs: dict[str, set[str]] = {}
    for pack in packs:
        for clause in pack.clauses:
            rungs.setdefault(clause.id, set()).update(rung.id for rung in clause.rungs)
        for trigger in pack.triggers:
            rungs.setdefault(trigger.id, set()).add(REACHED)
    return _Names(
        rungs,
        {measure for pack in packs for measure in pack.measures},
        {each for pack in packs for each in pack.lists},
    )


def _name_faults(expect: Expect, names: _Names) -> Iterator[Fault]:
    for code, name, known in _asked(expect, names):
        if name not in known:
            yield unknown(code, expect.where, name, known)


def _asked(expect: Expect, names: _Names) -> Iterator[tuple[str, str, Collection[str]]]:
    """Every name an expectation uses, with those there are."""
    rungs = names.rungs
    acts = [act.rung.split("/") for act in (*(expect.acts or ()), *expect.among)]
    for clause in (*(clock.clause for clock in expect.clocks), *(act[0] for act in acts)):
        yield SCENARIO_CLAUSE, clause, rungs
    for clause, rung in acts:
        yield SCENARIO_RUNG, rung, rungs.get(clause, (rung,))
    for measure in expect.measures:
        yield SCENARIO_MEASURE, measure.measure, names.measures
    for balance in expect.balances:
        yield SCENARIO_LIST, balance.list, names.lists
    for row in expect.rows:
        yield SCENARIO_PROJECTION, row.projection, _PROJECTIONS
    for document in expect.documents:
        yield DOCUMENT_UNKNOWN, document.document, FORMS

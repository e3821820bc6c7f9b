"""The rules a scenario is played by: what is shipped, what it withholds, what it brings along."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from scenarios.script import SCENARIO_UNREADABLE, Expect, Load, Script
from scenarios.table import unknown
from sla_engine.catalog import load_rulebook
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import Almanac

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


def rulebook(script: Script) -> Rulebook:
    """Rules for a script: shipped ones without what it withholds, and its own packs.

    Raises `Refusal` for packs and notices that do not exist.
    """
    shipped = load_rulebook()
    rules = Rulebook(
        {name: _without(each, script.withhold) for name, each in shipped.almanacs.items()},
        shipped.packs,
    )
    for path in script.pack_files:
        rules = rules.with_pack(_pack(path))
    faults = [*_pack_faults(script, rules), *_notice_faults(script, shipped)]
    if faults:
        raise Refusal(faults)
    return rules


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


def _pack(path: Path) -> Pack:
    try:
        return parse_pack(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(Fault(SCENARIO_UNREADABLE, path.name, str(error))) from None


def _without(almanac: Almanac, numbers: tuple[str, ...]) -> Almanac:
    """The same calendar, not knowing some of its notices."""
    return Almanac(
        region=almanac.region,
        zone=almanac.zone.name,
        weekend=almanac.weekend,
        notices=[each for each in almanac.notices if each.citation not in numbers],
        statutes=almanac.statutes,
    )


def notice_text(number: str) -> str:
    """The shipped notice of that number as its file has it."""
    for folder in files("sla_engine").joinpath("data", "calendars").iterdir():
        for file in folder.iterdir():
            content = file.read_text(encoding="utf-8")
            if tomllib.loads(content).get("number") == number:
                return content
    raise refuse(SCENARIO_NOTICE, "notice", number)


def check_names(script: Script, rules: Rulebook) -> None:
    """Raises `Refusal` for expected clauses and rungs that no pack of the script has."""
    rungs: dict[str, set[str]] = {}
    for pack in rules.packs:
        if pack.name in script.packs:
            for clause in pack.clauses:
                rungs.setdefault(clause.id, set()).update(rung.id for rung in clause.rungs)
    faults = [fault for expect in script.expects for fault in _name_faults(expect, rungs)]
    if faults:
        raise Refusal(faults)


def _name_faults(expect: Expect, rungs: Mapping[str, set[str]]) -> Iterator[Fault]:
    acts = [act.rung.split("/") for act in (*(expect.acts or ()), *expect.among)]
    for clause in (*(clock.clause for clock in expect.clocks), *(act[0] for act in acts)):
        if clause not in rungs:
            yield unknown(SCENARIO_CLAUSE, expect.where, clause, rungs)
    for clause, rung in acts:
        if clause in rungs and rung not in rungs[clause]:
            yield unknown(SCENARIO_RUNG, expect.where, rung, rungs[clause])

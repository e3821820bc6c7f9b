"""The checker stands apart: it uses nothing of the engine, and yet reads as the engine does."""

import ast
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.checker.__main__ import DATA, countries_of
from sla_engine.checker.amounts import Amount as Length
from sla_engine.checker.amounts import amount_of
from sla_engine.checker.packs import Packs
from sla_engine.checker.reasons import TEXTS
from sla_engine.checker.stream import LIFTS, RANKS
from sla_engine.escalation.kinds import KINDS
from sla_engine.record import EVENTS
from sla_engine.sla import extension
from sla_engine.sla.assess import State
from sla_engine.worktime import Amount
from tests.support.given import SHIPPED

FOLDER = DATA.parent / "checker"
_COUNTRIES = countries_of({"notices": [], "without": []}, DATA / "calendars")
_LENGTHS = (
    "10个工作日", "0.5个工作日", "1.5个工作日", "15日", "1日", "1个月", "2小时", "30分钟", "90秒",
    "2个工作小时", "90个工作分钟", "36小时",
)  # fmt: skip


def imported(path: Path) -> set[str]:
    """Top-level packages, or modules of the project, that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_it_imports_itself_and_the_standard_library_alone() -> None:
    names = {name for path in FOLDER.glob("*.py") for name in imported(path)}
    outside = {name for name in names if not name.startswith("sla_engine.checker")}
    assert outside
    assert {name.partition(".")[0] for name in outside} <= sys.stdlib_module_names


def test_its_ranks_of_facts_are_those_of_the_log() -> None:
    kinds = {"petition", "talk", "item", "round", "dispute", "dossier"}
    ranks = {
        wire.rpartition("/")[0]: event.RANK
        for wire, event in EVENTS.items()
        if wire.partition(".")[0] in kinds and event.RANK not in (50, 99)
    }
    assert ranks == RANKS


def test_it_knows_which_facts_lift_a_suspension() -> None:
    lifting = {event.WIRE.rpartition("/")[0] for kind in KINDS.values() for event in kind.lifts}
    assert lifting == LIFTS


@pytest.mark.parametrize("text", _LENGTHS)
def test_it_reads_lengths_in_both_languages_as_the_engine_writes_them(text: str) -> None:
    amount = Amount.parse(text)
    meant = Length(amount.unit.value, amount.size)
    assert [amount_of(each) for each in (text, str(amount), amount.en())] == [meant] * 3


@pytest.mark.parametrize("text", ["", "10", "十个工作日", "-1日", "0.3个工作日", "1日2小时"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert amount_of(text) is None


def test_it_finds_every_shipped_pack_by_a_digest_of_its_own() -> None:
    packs = Packs([DATA / "policies"], [])
    for pack in SHIPPED.packs:
        found = packs.get(pack.digest)
        assert (found.head["name"], found.head["edition"]) == (pack.name, pack.edition)
        for clause in pack.clauses:
            mine = found.clause(clause.id)
            assert mine is not None
            assert mine.limit == (clause.term.amount.unit.value, clause.term.amount.size)
            assert (mine.kind, mine.laned) == (clause.scope.kind, clause.scope.laned)
            assert mine.lapses == clause.lapses


@pytest.mark.parametrize("region", ["CN", "CN-4501", "CN-3704", "CN-42", "CN-5134", "CN-6501"])
def test_it_reads_every_day_of_every_edition_of_a_calendar_as_the_engine_does(region: str) -> None:
    almanac = load_almanac("cn")
    for year in (2008, 2015, 2020, 2024, 2026, 2027):
        known_at = almanac.zone.midnight[date(year, 3, 1).toordinal()]
        theirs = almanac.calendar(region, known_at, provisional=True)
        mine = _COUNTRIES["cn"].calendar(region, theirs.digest)
        for offset in range(400):
            day = date(year, 1, 1) + timedelta(days=offset)
            known = theirs.day(day)
            told = {"kind": known.kind.value, "name": known.name, "notice": known.notice}
            assert mine.day(day) == told
            assert mine.works(day) == theirs.is_workday(day)


def test_it_knows_the_engine_s_words_for_verdicts_and_objections() -> None:
    text = (FOLDER / "verify.py").read_text("utf-8") + (FOLDER / "changes.py").read_text("utf-8")
    for state in State:
        assert f'"{state.value}"' in text
    for name in ("NOT_ALLOWED", "OTHER_UNIT", "ASKED_LATE", "TOO_MANY", "TOO_LONG"):
        assert f'"{getattr(extension, name)}"' in text


def test_every_reason_speaks_chinese_and_english() -> None:
    for code, (chinese, english) in TEXTS.items():
        assert code.isupper() or "_" in code
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
        assert english.isascii()

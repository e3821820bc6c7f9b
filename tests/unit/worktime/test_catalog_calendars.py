"""Calendars as shipped: loaded, complete, and agreeing with a second witness."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sla_engine.catalog import import_from_holidays, load_almanac, second_witness
from sla_engine.errors import Refusal, UnpublishedYear
from sla_engine.worktime import Notice, reckon
from sla_engine.worktime.parse import notice_from
from sla_engine.worktime.timetable import Timetable
from tests.unit.worktime.setting import almanac, at, term


def test_the_national_and_regional_notices_are_shipped() -> None:
    national = [notice for notice in almanac().notices if notice.region == "CN"]
    assert len(national) == 23
    assert len(almanac().notices) - len(national) == 13
    assert sorted(year for notice in national for year in notice.covers) == [*range(2007, 2027)]
    assert {notice.region for notice in almanac().notices} >= {"CN-45", "CN-64", "CN-65", "CN-3301"}


def test_a_source_is_the_notice_itself_or_says_that_it_is_a_copy() -> None:
    for notice in almanac().notices:
        assert "gov.cn" in notice.source or "转载" in notice.source, notice.title
        assert notice.verified or notice.region != "CN", notice.title


def test_a_second_witness_agrees_on_every_day_of_every_published_year() -> None:
    assert second_witness(almanac(), range(2007, 2027)) == []


def test_a_second_witness_is_not_asked_where_it_would_guess() -> None:
    assert second_witness(almanac(), [1999, 2005, 2027, 2050]) == []


def test_a_second_witness_sees_a_day_set_wrong() -> None:
    wrong = Notice(title="x", region="CN", published=date(2026, 6, 1), off={date(2026, 9, 30): "x"})
    found = second_witness(almanac().with_notice(wrong), [2025, 2026])
    assert [(each.date, each.ours, each.theirs) for each in found] == [
        (date(2026, 9, 30), False, True)
    ]


@pytest.mark.parametrize("year", [2007, 2008, 2012, 2013, 2021, 2022, 2025, 2026])
def test_an_imported_notice_names_the_days_of_the_official_one(year: int) -> None:
    text = import_from_holidays(year)
    with pytest.raises(Refusal) as refusal:
        notice_from(tomllib.loads(text), "import")
    assert [fault.where for fault in refusal.value.faults] == ["import published"]
    filled = text.replace("# published =", f"published = {year - 1}-11-01")
    imported = notice_from(tomllib.loads(filled), "import")
    (official,) = (notice for notice in almanac().notices if year in notice.covers)
    assert (imported.off, imported.work) == (official.off, official.work)
    assert not imported.verified


def test_days_granted_once_are_imported_as_such() -> None:
    assert 'special = ["2015-09-03"]' in import_from_holidays(2015)
    assert 'work = ["2006-12-30..2006-12-31"]' in import_from_holidays(2007)


@pytest.mark.parametrize("year", [2000, 2027, 2100])
def test_a_year_the_package_would_guess_is_not_imported(year: int) -> None:
    with pytest.raises(Refusal) as refusal:
        import_from_holidays(year)
    assert refusal.value.code == "IMPORT_UNPUBLISHED"


def test_a_calendar_nobody_keeps_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal) as refusal:
        load_almanac("atlantis")
    assert refusal.value.code == "CATALOG_MISSING"
    assert refusal.value.faults[0].allowed == "cn, nl"


def test_a_calendar_without_notices_answers_civil_days_and_no_working_days() -> None:
    dutch = load_almanac("nl")
    bare = Timetable(dutch.calendar())
    assert reckon(term("56日"), at("2026-01-05 10:00"), bare).due_date == date(2026, 3, 2)
    for provisional in (False, True):
        calendar = dutch.calendar(provisional=provisional)
        with pytest.raises(UnpublishedYear) as unpublished:
            calendar.add_workdays(date(2026, 1, 5), 1)
        assert unpublished.value.year == 2026


NOTICE = """
title = "国务院办公厅关于2027年部分节假日安排的通知"
region = "CN"
published = 2026-11-24
covers = [2027]
[[holiday]]
name = "元旦"
off = ["2027-01-01..2027-01-03"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., str]:
    def write(**files: str) -> str:
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return str(tmp_path)

    return write


def test_a_folder_of_an_administrator_adds_its_notices(folder: Callable[..., str]) -> None:
    more = load_almanac("cn", (folder(n2027=NOTICE),))
    assert 2027 in more.calendar().published


def test_all_faults_of_all_files_are_named_at_once(folder: Callable[..., str]) -> None:
    where = folder(bad=NOTICE.replace("region", "regoin"), broken="title = ", good=NOTICE)
    with pytest.raises(Refusal) as refusal:
        load_almanac("cn", (where,))
    assert sorted(fault.code for fault in refusal.value.faults) == [
        "CALENDAR_MISSING",
        "CALENDAR_UNKNOWN",
        "CATALOG_UNREADABLE",
    ]

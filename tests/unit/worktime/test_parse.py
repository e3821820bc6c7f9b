"""Notice and statute files as a person edits them: every fault at once, with its place."""

import tomllib
from datetime import date
from typing import Any

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import parse_instant
from sla_engine.worktime.parse import notice_from, statutes_from

NOTICE = """
title = "关于2030年部分节假日安排的通知"
number = "国办发明电〔2029〕1号"
region = "CN"
issued = 2029-11-01
published = 2029-11-02
recorded = 2029-11-03T09:00:00+08:00
covers = [2030]
source = "https://example.org/notice"

[[holiday]]
name = "春节"
off = ["2030-02-02..2030-02-04", "2030-02-08"]
special = ["2030-02-09"]
work = ["2030-02-10"]
resume = ["2030-02-11"]
"""

STATUTE = """
status = "computed"

[[decision]]
number = "第1号"
title = "放假办法"
published = 2024-11-12
in_force = 2025
entitlement = 13
fixed = { "劳动节" = "05-01..05-02", "元旦" = "01-01" }
lunar = { "春节" = [-1, 1] }

[lunar."春节"]
2024 = 2024-02-10
2025 = 2025-01-29
2026 = 2026-02-17
"""


def faults(read: Any, text: str) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        read(tomllib.loads(text), "2030.toml")
    return [f"{fault.code} {fault.where}" for fault in refusal.value.faults]


def test_a_notice_is_read_with_its_days_spelt_out() -> None:
    notice = notice_from(tomllib.loads(NOTICE), "2030.toml")
    assert sorted(notice.off) == [date(2030, 2, day) for day in (2, 3, 4, 8, 9)]
    assert sorted(notice.work) == [date(2030, 2, 10), date(2030, 2, 11)]
    assert notice.special == {date(2030, 2, 9)}
    assert notice.resumed == {date(2030, 2, 11)}
    assert set(notice.off.values()) == {"春节"}
    assert (notice.covers, notice.citation) == ((2030,), "国办发明电〔2029〕1号")
    assert notice.recorded == parse_instant("2029-11-03T09:00:00+08:00")
    assert notice.verified


def test_a_notice_without_a_number_is_cited_by_its_title() -> None:
    lines = [line for line in NOTICE.splitlines() if not line.startswith(("number", "recorded"))]
    notice = notice_from(tomllib.loads("\n".join(lines)), "2030.toml")
    assert notice.citation == "关于2030年部分节假日安排的通知"
    assert notice.recorded is None


@pytest.mark.parametrize(
    ("line", "written", "fault"),
    [
        ("published = 2029-11-02", "", "CALENDAR_MISSING 2030.toml published"),
        ("published = 2029-11-02", 'published = "x"', "CALENDAR_FIELD 2030.toml published"),
        (
            "published = 2029-11-02",
            "published = 2029-11-02T00:00:00",
            "CALENDAR_FIELD 2030.toml published",
        ),
        ("recorded = 2029-11-03T09:00:00+08:00", "recorded = 2029-11-03T09:00:00",
         "CALENDAR_FIELD 2030.toml recorded"),
        ("covers = [2030]", "covers = [true]", "CALENDAR_FIELD 2030.toml covers"),
        ("covers = [2030]", "covers = [1492]", "CALENDAR_FIELD 2030.toml covers"),
        ("covers = [2030]", "covers = 2030", "CALENDAR_FIELD 2030.toml covers"),
        ("covers = [2030]", "covers = [2030]\nyears = 1", "CALENDAR_UNKNOWN 2030.toml years"),
        ('name = "春节"', "", "CALENDAR_MISSING 2030.toml holiday[0] name"),
        ('work = ["2030-02-10"]', 'work = ["2030-02-30"]',
         "CALENDAR_FIELD 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'work = ["10 February"]',
         "CALENDAR_FIELD 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', "work = [10]", "CALENDAR_FIELD 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'work = ["2030-02-10..2030-02-01"]',
         "CALENDAR_FIELD 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'work = ["2030-02-10..2032-02-01"]',
         "CALENDAR_FIELD 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'work = ["2030-02-03"]',
         "CALENDAR_TWICE 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'work = ["2030-02-10", "2030-02-10"]',
         "CALENDAR_TWICE 2030.toml holiday[0] work"),
        ('work = ["2030-02-10"]', 'working = ["2030-02-10"]',
         "CALENDAR_UNKNOWN 2030.toml holiday[0] working"),
    ],
)  # fmt: skip
def test_a_fault_in_a_notice_is_named_where_it_stands(line: str, written: str, fault: str) -> None:
    assert faults(notice_from, NOTICE.replace(line, written)) == [fault]


def test_all_faults_of_a_notice_are_named_at_once() -> None:
    text = NOTICE.replace("title", "titel").replace('"2030-02-09"', '"2030-02-31"')
    assert faults(notice_from, text) == [
        "CALENDAR_UNKNOWN 2030.toml titel",
        "CALENDAR_MISSING 2030.toml title",
        "CALENDAR_FIELD 2030.toml holiday[0] special",
    ]


def test_a_file_that_is_no_table_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        notice_from([1], "2030.toml")
    assert refusal.value.faults[0].where == "2030.toml"
    assert "CALENDAR_FIELD 2030.toml holiday[0]" in faults(
        notice_from, NOTICE.partition("[[")[0] + "holiday = [1]"
    )


def test_a_statute_gives_fixed_and_moving_days_from_its_first_year_on() -> None:
    (statute,) = statutes_from(tomllib.loads(STATUTE), "statutory.toml")
    assert sorted(day.isoformat() for day in statute.days if day.year == 2026) == [
        "2026-01-01",
        "2026-02-16",
        "2026-02-17",
        "2026-02-18",
        "2026-05-01",
        "2026-05-02",
    ]
    assert {day.year for day in statute.days} == {2025, 2026}
    assert (statute.citation, statute.entitlement) == ("第1号", 13)


def test_a_day_of_two_festivals_carries_both_names() -> None:
    text = STATUTE.replace('"元旦" = "01-01"', '"元旦" = "01-01", "节" = "05-02"')
    (statute,) = statutes_from(tomllib.loads(text), "statutory.toml")
    assert statute.days[date(2026, 5, 2)] == "劳动节、节"


def test_a_festival_tabulated_for_fewer_years_is_left_out_of_the_others() -> None:
    text = STATUTE.replace("[-1, 1] }", '[-1, 1], "中秋节" = [0, 0] }')
    text += '\n[lunar."中秋节"]\n2026 = 2026-09-25\n'
    (statute,) = statutes_from(tomllib.loads(text), "statutory.toml")
    assert [day.year for day, name in statute.days.items() if name == "中秋节"] == [2026]


@pytest.mark.parametrize(
    ("line", "written", "fault"),
    [
        ("in_force = 2025", "", "CALENDAR_MISSING 2030.toml decision[0] in_force"),
        ('"05-01..05-02"', '"05-1"', "CALENDAR_FIELD 2030.toml decision[0] fixed"),
        ('"05-01..05-02"', "501", "CALENDAR_FIELD 2030.toml decision[0] fixed"),
        ("[-1, 1]", "[1, -1]", "CALENDAR_FIELD 2030.toml decision[0] lunar"),
        ("[-1, 1]", "1", "CALENDAR_FIELD 2030.toml decision[0] lunar"),
        ('lunar = { "春节"', 'lunar = { "冬至"', "CALENDAR_FIELD 2030.toml decision[0] lunar"),
        ("2026 = 2026-02-17", "2026 = 2025-02-17", "CALENDAR_FIELD 2030.toml lunar"),
        ("2026 = 2026-02-17", '2026 = "x"', "CALENDAR_FIELD 2030.toml lunar"),
    ],
)
def test_a_fault_in_a_statute_is_named_where_it_stands(line: str, written: str, fault: str) -> None:
    assert fault in faults(statutes_from, STATUTE.replace(line, written))


def test_a_lunar_table_that_is_none_is_refused() -> None:
    text = STATUTE.partition("[lunar.")[0].replace('status = "computed"', 'lunar = { "春节" = 5 }')
    assert "CALENDAR_FIELD 2030.toml lunar" in faults(statutes_from, text)

"""Dates worked out by hand from the notices; V-numbers as in the domain's list of cases."""

from datetime import date

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.worktime import (
    Timetable,
    format_instant,
    opening_after,
    opening_before,
    parse_instant,
    reckon,
)
from tests.unit.worktime.setting import at, last_day, pause, term, timetable, told


@pytest.mark.parametrize(
    ("case", "received", "amount", "due"),
    [
        ("V1", "2024-09-13", "1个工作日", "2024-09-14"),
        ("V1", "2024-09-13", "10个工作日", "2024-09-29"),
        ("V2", "2024-09-14", "1个工作日", "2024-09-18"),
        ("V2", "2024-09-15", "1个工作日", "2024-09-18"),
        ("V2", "2024-09-14", "10个工作日", "2024-09-30"),
        ("V2", "2024-09-15", "10个工作日", "2024-09-30"),
        ("V11", "2025-09-24", "10个工作日", "2025-10-14"),
        ("V11", "2025-09-26", "10个工作日", "2025-10-16"),
        ("V11", "2025-10-03", "1个工作日", "2025-10-09"),
        ("V12", "2026-02-10", "10个工作日", "2026-03-02"),
        ("V12", "2026-02-13", "1个工作日", "2026-02-14"),
        ("V12", "2026-02-14", "1个工作日", "2026-02-24"),
        ("V13", "2025-09-10", "15个工作日", "2025-09-30"),
        ("V14", "2025-04-21", "5个工作日", "2025-04-27"),
        ("除夕", "2024-02-08", "1个工作日", "2024-02-09"),
        ("除夕", "2024-02-08", "5个工作日", "2024-02-21"),
        ("元旦", "2011-12-30", "1个工作日", "2011-12-31"),
        ("元旦", "2018-12-28", "2个工作日", "2019-01-02"),
    ],
)
def test_working_days_over_holidays_and_make_up_days(
    case: str, received: str, amount: str, due: str
) -> None:
    assert last_day(amount, received) == due, case


@pytest.mark.parametrize(
    ("case", "received", "amount", "known", "before", "after"),
    [
        ("V3", "2019-04-22", "5个工作日", "2019-03-21", "2019-04-29", "2019-04-28"),
        ("V3b", "2019-04-27", "1个工作日", "2019-03-21", "2019-04-29", "2019-04-28"),
        ("V3c", "2019-04-29", "3个工作日", "2019-03-21", "2019-05-03", "2019-05-06"),
        ("V4", "2018-12-26", "3个工作日", "2018-12-05", "2018-12-31", "2018-12-29"),
        ("V5", "2020-01-23", "1个工作日", "2020-01-26", "2020-01-31", "2020-02-03"),
        ("V5", "2020-01-21", "5个工作日", "2020-01-26", "2020-02-03", "2020-02-05"),
        ("V5", "2020-01-17", "10个工作日", "2020-01-26", "2020-02-05", "2020-02-07"),
        ("V6", "2015-08-31", "5个工作日", "2015-05-12", "2015-09-07", "2015-09-08"),
    ],
)
def test_a_revision_moves_a_deadline_for_those_who_know_it(
    case: str, received: str, amount: str, known: str, before: str, after: str
) -> None:
    assert last_day(amount, received, known=known) == before, case
    assert last_day(amount, received) == after, case


@pytest.mark.parametrize(
    ("case", "region", "received", "national", "regional"),
    [
        ("V7", "CN-45", "2023-04-18", "2023-04-24", "2023-04-26"),
        ("V7", "CN-45", "2021-04-12", "2021-04-19", "2021-04-21"),
        ("V7b", "CN-64", "2023-06-26", "2023-07-03", "2023-07-05"),
        ("湖北", "CN-42", "2020-01-21", "2020-02-05", "2020-02-18"),
    ],
)
def test_five_working_days_end_elsewhere_in_a_region(
    case: str, region: str, received: str, national: str, regional: str
) -> None:
    assert last_day("5个工作日", received) == national, case
    assert last_day("5个工作日", received, region) == regional, case


@pytest.mark.parametrize(
    ("case", "received", "amount", "nominal", "rolled"),
    [
        ("V8", "2025-12-17", "60日", "2026-02-15", "2026-02-24"),
        ("V8b", "2025-09-16", "15日", "2025-10-01", "2025-10-09"),
        ("V8c", "2026-01-30", "15日", "2026-02-14", "2026-02-14"),
        ("P0020", "2020-09-16", "15日", "2020-10-01", "2020-10-09"),
        ("P0021", "2024-02-02", "15日", "2024-02-17", "2024-02-18"),
        ("P0028", "2026-01-31", "1个月", "2026-02-28", "2026-02-28"),
        ("month end", "2023-10-31", "4个月", "2024-02-29", "2024-02-29"),
        ("next year", "2025-11-30", "2个月", "2026-01-30", "2026-01-30"),
    ],
)
def test_only_the_last_civil_day_rolls_and_a_make_up_weekend_does_not(
    case: str, received: str, amount: str, nominal: str, rolled: str
) -> None:
    assert last_day(amount, received) == nominal, case
    assert last_day(amount, received, roll=True) == rolled, case
    answer = reckon(term(amount, roll=True), at(f"{received} 10:00"), timetable())
    assert answer.nominal == date.fromisoformat(nominal)


def test_v9_an_extension_counts_from_the_nominal_end_and_rolls_once() -> None:
    extended = term("60日").amount + term("30日").amount
    assert last_day(str(extended), "2025-12-17", roll=True) == "2026-03-17"
    from_rolled = last_day("30日", "2026-02-24", roll=True)
    assert from_rolled == "2026-03-26"


def test_v10_pausing_gives_back_its_day_and_resuming_counts() -> None:
    asked, start = term("10个工作日"), at("2025-06-03 10:00")
    assert reckon(asked, start, timetable()).due_date == date(2025, 6, 17)
    stopped = [pause("2025-06-09 10:00", "2025-06-13 10:00")]
    assert reckon(asked, start, timetable(), stopped).due_date == date(2025, 6, 23)


def test_v13_warnings_stand_on_working_days_before_and_after_the_due_date() -> None:
    due = date(2025, 9, 30)
    assert told(opening_before(timetable(), due, 1)) == "2025-09-29 09:00"
    assert told(opening_after(timetable(), due, 1)) == "2025-10-09 09:00"


def test_v14_an_extension_in_working_days_is_one_longer_term() -> None:
    extended = term("5个工作日").amount + term("10个工作日").amount
    assert last_day(str(extended), "2025-04-21") == "2025-05-14"


def test_fifty_six_civil_days_in_the_netherlands_keep_to_the_local_day() -> None:
    civil = Timetable(load_almanac("nl").calendar())
    received = parse_instant("2010-10-04T12:00:00+02:00")
    answer = reckon(term("56日"), received, civil)
    assert answer.due_date == date(2010, 11, 29)
    assert answer.due is not None
    assert format_instant(answer.due, "Europe/Amsterdam") == "2010-11-30T00:00:00+01:00"
    clock = reckon(term("1344小时"), received, civil)
    assert clock.due is not None
    assert format_instant(clock.due, "Europe/Amsterdam") == "2010-11-29T11:00:00+01:00"

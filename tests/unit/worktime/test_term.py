"""Receipt, counting, cut-off, rolling and pauses, each at its edges."""

from datetime import date

import pytest

from sla_engine.errors import Refusal, UnpublishedYear
from sla_engine.worktime import Amount, Pause, Term, Timetable, Unit, reckon
from tests.unit.worktime.setting import almanac, at, pause, term, timetable, told


def due(
    amount: str,
    start: str,
    *pauses: Pause,
    receipt: str = "as_is",
    expiry: str = "end_of_day",
    roll: bool = False,
    schedule: str = "std",
) -> str | None:
    asked = term(amount, receipt, expiry, roll)
    return told(reckon(asked, at(start), timetable(schedule), pauses).due)


@pytest.mark.parametrize(
    ("receipt", "received", "deemed"),
    [
        ("as_is", "2026-10-03 10:00", "2026-10-03 10:00"),
        ("off_to_next", "2026-10-03 10:00", "2026-10-08 09:00"),
        ("off_to_next", "2026-09-30 23:00", "2026-09-30 23:00"),
        ("off_to_next", "2026-10-10 10:00", "2026-10-10 10:00"),
        ("close_to_next", "2026-10-03 10:00", "2026-10-08 09:00"),
        ("close_to_next", "2026-09-30 08:59:59", "2026-09-30 09:00"),
        ("close_to_next", "2026-09-30 12:30", "2026-09-30 12:30"),
        ("close_to_next", "2026-09-30 17:30", "2026-09-30 17:30"),
        ("close_to_next", "2026-09-30 17:30:01", "2026-10-08 09:00"),
        ("close_to_next", "2024-02-09 17:30:01", "2024-02-18 09:00"),
    ],
)
def test_a_fact_counts_as_received_by_the_rule(receipt: str, received: str, deemed: str) -> None:
    answer = reckon(term("1个工作日", receipt), at(received), timetable())
    assert told(answer.start) == deemed


@pytest.mark.parametrize(
    ("expiry", "roll", "received", "end"),
    [
        ("end_of_day", False, "2026-09-29 10:00", "2026-10-01 00:00"),
        ("close_of_business", False, "2026-09-29 10:00", "2026-09-30 17:30"),
        ("close_of_business", False, "2026-09-30 10:00", "2026-10-02 00:00"),
        ("close_of_business", True, "2026-09-30 10:00", "2026-10-08 17:30"),
        ("end_of_day", True, "2026-09-30 10:00", "2026-10-09 00:00"),
    ],
)
def test_the_last_day_ends_at_midnight_or_at_its_close_if_it_has_one(
    expiry: str, roll: bool, received: str, end: str
) -> None:
    assert due("1日", received, expiry=expiry, roll=roll) == end


@pytest.mark.parametrize(
    ("amount", "start", "end"),
    [
        ("24小时", "2026-09-30 17:00", "2026-10-01 17:00"),
        ("30分钟", "2026-09-30 23:45", "2026-10-01 00:15"),
        ("0小时", "2026-10-03 10:00", "2026-10-03 10:00"),
        ("4个工作小时", "2026-09-30 16:30", "2026-10-08 12:00"),
        ("1个工作小时", "2026-09-30 16:30", "2026-09-30 17:30"),
        ("3个工作小时", "2026-09-30 09:00", "2026-09-30 12:00"),
        ("0个工作小时", "2026-10-03 10:00", "2026-10-03 10:00"),
        ("0日", "2026-10-03 10:00", "2026-10-04 00:00"),
        ("0个工作日", "2026-10-03 10:00", "2026-10-04 00:00"),
    ],
)
def test_hours_end_at_an_instant_and_nothing_ends_where_it_began(
    amount: str, start: str, end: str
) -> None:
    assert due(amount, start) == end


@pytest.mark.parametrize(
    ("filed", "end"),
    [
        ("2026-09-30 07:00", "2026-09-30 17:30"),
        ("2026-09-30 09:00", "2026-09-30 17:30"),
        ("2026-09-30 11:59:59", "2026-09-30 17:30"),
        ("2026-09-30 12:00", "2026-09-30 17:30"),
        ("2026-09-30 13:29:59", "2026-09-30 17:30"),
        ("2026-09-30 13:30", "2026-10-08 12:00"),
        ("2026-09-30 17:30", "2026-10-08 12:00"),
        ("2026-09-30 22:00", "2026-10-08 12:00"),
        ("2026-10-03 10:00", "2026-10-08 12:00"),
        ("2026-10-10 10:00", "2026-10-10 17:30"),
    ],
)
def test_half_a_working_day_ends_with_the_next_session(filed: str, end: str) -> None:
    assert due("0.5个工作日", filed) == end


@pytest.mark.parametrize(
    ("amount", "end"),
    [
        ("2个半日", "2026-10-08 12:00"),
        ("1.5个工作日", "2026-10-08 17:30"),
        ("5个半日", "2026-10-09 17:30"),
    ],
)
def test_half_days_go_on_over_the_holiday(amount: str, end: str) -> None:
    assert due(amount, "2026-09-30 10:00") == end


def test_half_days_need_a_morning_and_an_afternoon() -> None:
    with pytest.raises(Refusal) as refusal:
        due("0.5个工作日", "2026-09-30 10:00", schedule="straight")
    assert refusal.value.code == "HALVES_MISSING"


@pytest.mark.parametrize(
    ("stopped", "end"),
    [
        (("2026-09-24 10:00", "2026-09-26 10:00"), "2026-09-29"),
        (("2026-09-24 10:00", "2026-09-24 16:00"), "2026-09-25"),
        (("2026-09-22 00:00", "2026-09-23 00:00"), "2026-09-29"),
        (("2026-09-21 11:00", "2026-09-23 10:00"), "2026-09-29"),
        (("2026-09-21 11:00", "2026-09-22 10:00"), "2026-09-25"),
        (("2026-09-18 11:00", "2026-09-21 09:00"), "2026-09-25"),
        (("2026-09-25 10:00", "2026-09-30 10:00"), "2026-09-25"),
        (("2026-09-23 23:59", "2026-09-24 00:01"), "2026-09-29"),
    ],
)
def test_three_working_days_give_back_the_day_of_pausing(
    stopped: tuple[str, str], end: str
) -> None:
    assert due("3个工作日", "2026-09-21 10:00", pause(*stopped)) == f"{end} 00:00"


@pytest.mark.parametrize(
    ("stopped", "end"),
    [
        (("2026-09-23 17:30", "2026-09-24 09:00"), "2026-09-28 17:30"),
        (("2026-09-23 17:30:01", "2026-09-24 09:00"), "2026-09-24 17:30"),
        (("2026-09-23 10:00", "2026-09-23 18:00"), "2026-09-28 17:30"),
        (("2026-09-24 17:31", "2026-09-28 18:00"), "2026-09-24 17:30"),
        (("2026-09-24 17:30", "2026-09-28 18:00"), "2026-09-29 17:30"),
    ],
)
def test_under_close_of_business_an_instant_after_the_close_belongs_to_the_next_day(
    stopped: tuple[str, str], end: str
) -> None:
    paused = pause(*stopped)
    assert due("3个工作日", "2026-09-21 10:00", paused, expiry="close_of_business") == end


@pytest.mark.parametrize(
    ("pauses", "end"),
    [
        ([("2026-09-30 11:00", "2026-10-08 14:00")], "2026-10-09 11:30"),
        ([("2026-09-30 12:00", "2026-09-30 13:30")], "2026-10-08 10:00"),
        ([("2026-10-01 00:00", "2026-10-07 00:00")], "2026-10-08 10:00"),
        ([("2026-09-30 08:00", "2026-09-30 10:30")], "2026-10-08 10:30"),
        ([("2026-10-08 10:00", "2026-10-09 10:00")], "2026-10-08 10:00"),
        ([("2026-10-08 09:59", "2026-10-09 10:00")], "2026-10-09 10:01"),
        (
            [("2026-09-30 11:00", "2026-09-30 12:00"), ("2026-09-30 11:30", "2026-09-30 14:00")],
            "2026-10-08 11:30",
        ),
    ],
)
def test_hours_leave_out_exactly_what_was_paused(pauses: list[tuple[str, str]], end: str) -> None:
    assert due("7个工作小时", "2026-09-30 10:00", *(pause(*each) for each in pauses)) == end


@pytest.mark.parametrize(
    ("filed", "stopped", "end"),
    [
        ("2026-09-28 10:00", ("2026-09-28 15:00", "2026-09-29 10:00"), "2026-09-29 12:00"),
        ("2026-09-28 10:00", ("2026-09-28 12:30", "2026-09-28 13:00"), "2026-09-28 17:30"),
        ("2026-09-28 10:00", ("2026-09-28 17:30", "2026-09-28 17:31"), "2026-09-29 12:00"),
        ("2026-09-28 10:00", ("2026-09-28 17:31", "2026-09-29 10:00"), "2026-09-28 17:30"),
        ("2026-09-28 10:00", ("2026-09-28 17:00", "2026-09-29 12:01"), "2026-09-29 17:30"),
        ("2026-09-28 10:00", ("2026-09-28 17:00", "2026-10-03 12:01"), "2026-10-08 12:00"),
        ("2026-09-28 10:00", ("2026-12-31 17:00", "2027-03-01 12:01"), "2026-09-28 17:30"),
    ],
)
def test_a_half_day_counts_if_the_clock_runs_at_its_end(
    filed: str, stopped: tuple[str, str], end: str
) -> None:
    assert due("0.5个工作日", filed, pause(*stopped)) == end


def test_an_open_pause_leaves_the_end_open() -> None:
    for amount in ("3个工作日", "3日", "1个月", "5个半日", "20个工作小时", "72小时"):
        answer = reckon(
            term(amount), at("2026-09-21 10:00"), timetable(), [pause("2026-09-22 10:00", None)]
        )
        assert (answer.due, answer.due_date, answer.provisional) == (None, None, False)


def test_an_open_pause_that_begins_after_the_end_changes_nothing() -> None:
    stopped = pause("2026-09-25 10:00", None)
    assert due("3个工作日", "2026-09-21 10:00", stopped) == "2026-09-25 00:00"
    assert due("3日", "2026-09-21 10:00", stopped) == "2026-09-25 00:00"
    assert due("7个工作小时", "2026-09-21 10:00", stopped) == "2026-09-22 10:00"


@pytest.mark.parametrize(
    ("amount", "stopped", "end"),
    [
        ("15日", None, "2026-10-09 00:00"),
        ("15日", ("2026-10-03 10:00", "2026-10-09 10:00"), "2026-10-10 00:00"),
        ("15日", ("2026-10-08 10:00", "2026-10-08 12:00"), "2026-10-09 00:00"),
        ("15日", ("2026-10-03 10:00", "2026-10-05 10:00"), "2026-10-09 00:00"),
        ("15日", ("2026-10-05 10:00", None), None),
        ("15日", ("2026-10-09 10:00", None), "2026-10-09 00:00"),
        ("14日", ("2026-09-18 10:00", "2026-09-19 10:00"), "2026-10-09 00:00"),
    ],
)
def test_rolling_passes_over_paused_days_too(
    amount: str, stopped: tuple[str, str | None] | None, end: str | None
) -> None:
    pauses = [pause(*stopped)] if stopped else []
    assert due(amount, "2026-09-16 10:00", *pauses, roll=True) == end


@pytest.mark.parametrize(
    ("amount", "start", "stopped", "year"),
    [
        ("10个工作日", "2026-12-25 10:00", None, 2027),
        ("10个工作日", "2026-12-25 10:00", ("2026-12-28 10:00", "2027-01-04 10:00"), 2027),
        ("10个工作日", "2026-12-25 10:00", ("2027-02-01 10:00", None), 2027),
        ("1个工作日", "2026-12-31 10:00", None, 2027),
        ("1个工作日", "2030-01-01 10:00", None, 2030),
        ("30个工作小时", "2026-12-27 22:48", None, 2027),
        ("30个工作小时", "2026-12-27 22:48", ("2027-02-01 10:00", None), 2027),
        ("20个半日", "2026-12-27 10:00", ("2027-02-01 10:00", None), 2027),
        ("1个半日", "2027-01-04 10:00", None, 2027),
    ],
)
def test_a_count_that_leaves_the_published_years_is_refused(
    amount: str, start: str, stopped: tuple[str, str | None] | None, year: int
) -> None:
    with pytest.raises(UnpublishedYear) as unpublished:
        due(amount, start, *([pause(*stopped)] if stopped else []))
    assert unpublished.value.year == year


@pytest.mark.parametrize(
    ("amount", "start", "stopped", "end"),
    [
        ("5个工作日", "2026-12-20 10:00", ("2027-01-05 10:00", "2027-01-09 10:00"), "2026-12-26"),
        ("15日", "2026-12-10 10:00", ("2027-01-05 18:00", "2027-01-09 10:00"), "2026-12-26"),
        ("15日", "2040-02-01 10:00", None, "2040-02-17"),
        ("1个工作日", "2006-12-31 10:00", None, "2007-01-05"),
    ],
)
def test_what_lies_in_other_years_need_not_be_known(
    amount: str, start: str, stopped: tuple[str, str] | None, end: str
) -> None:
    assert due(amount, start, *([pause(*stopped)] if stopped else [])) == f"{end} 00:00"


def test_a_pause_in_an_unknown_year_does_not_matter_to_a_term_that_ends_before() -> None:
    stopped = pause("2027-01-05 18:00", "2027-01-09 10:00")
    start, expiry = "2026-12-20 10:00", "close_of_business"
    assert due("3个工作日", start, stopped, expiry=expiry) == "2026-12-23 17:30"
    with pytest.raises(UnpublishedYear):
        due("30个工作日", start, stopped, expiry=expiry)


def test_an_open_pause_keeps_a_term_out_of_the_unknown_year() -> None:
    assert due("10个工作日", "2026-12-25 10:00", pause("2026-12-28 10:00", None)) is None


def test_whole_days_need_no_office_hours() -> None:
    bare = Timetable(almanac().calendar())
    answer = reckon(term("5个工作日"), at("2026-09-28 10:00"), bare)
    assert answer.due_date == date(2026, 10, 10)
    for amount, expiry in (("1个工作小时", "end_of_day"), ("1个工作日", "close_of_business")):
        with pytest.raises(Refusal) as refusal:
            reckon(term(amount, expiry=expiry), at("2026-09-28 10:00"), bare)
        assert refusal.value.code == "OFFICE_HOURS_MISSING"


def test_a_rule_that_is_none_is_refused() -> None:
    day = Amount.parse("1日")
    with pytest.raises(Refusal) as refusal:
        Term(day, receipt="tomorrow")
    assert (refusal.value.code, refusal.value.faults[0].where) == ("TERM_RULE", "receipt")
    with pytest.raises(Refusal) as refusal:
        Term(day, expiry="24:00")
    assert (refusal.value.code, refusal.value.faults[0].where) == ("TERM_RULE", "expiry")


@pytest.mark.parametrize("unit", [Unit.CLOCK_HOURS, Unit.WORK_HOURS])
def test_hours_do_not_roll(unit: Unit) -> None:
    with pytest.raises(Refusal) as refusal:
        Term(Amount.parse("1小时" if unit is Unit.CLOCK_HOURS else "1工作小时"), roll=True)
    assert refusal.value.code == "TERM_RULE"


def test_the_furthest_term_that_can_be_asked_for_is_reckoned() -> None:
    answer = reckon(term("36525日"), at("2200-12-31 10:00"), timetable())
    assert answer.due_date == date(2301, 1, 1)
    months = reckon(term("1200个月"), at("2200-12-31 10:00"), timetable())
    assert months.due_date == date(2300, 12, 31)

"""A running term read at an instant, before, at and after everything that can happen to it."""

from datetime import date
from fractions import Fraction

import pytest

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import (
    Pause,
    Timetable,
    at_percent,
    opening_after,
    opening_before,
    progress,
    remaining,
)
from sla_engine.worktime.instant import HOUR, SECOND
from tests.unit.worktime.setting import almanac, at, pause, term, timetable, told

START = "2026-09-21 10:00"


def left(amount: str, now: str, *pauses: Pause, **rules: object) -> tuple[int, bool]:
    asked = term(amount, **rules)  # type: ignore[arg-type]
    found = remaining(asked, at(START), timetable(), pauses, at(now))
    counts = [n for n in (found.days, found.half_days, found.seconds) if n is not None]
    assert len(counts) == 1
    return counts[0], found.overdue


@pytest.mark.parametrize(
    ("now", "days", "overdue"),
    [
        ("2026-09-18 10:00", 3, False),
        ("2026-09-21 10:00", 3, False),
        ("2026-09-22 00:00", 2, False),
        ("2026-09-24 00:00", 0, False),
        ("2026-09-24 23:59:59", 0, False),
        ("2026-09-25 00:00", 0, False),
        ("2026-09-25 00:00:01", 0, True),
        ("2026-09-28 00:00", -1, True),
        ("2026-09-29 00:00", -2, True),
        ("2026-10-05 00:00", -3, True),
    ],
)
def test_working_days_left_are_those_after_today(now: str, days: int, overdue: bool) -> None:
    assert left("3个工作日", now) == (days, overdue)


@pytest.mark.parametrize(
    ("now", "days", "overdue"),
    [
        ("2026-09-24 18:00", 3, False),
        ("2026-09-27 18:00", 0, False),
        ("2026-09-28 00:00", -1, False),
        ("2026-09-28 00:00:01", -1, True),
    ],
)
def test_civil_days_left_go_to_the_last_day(now: str, days: int, overdue: bool) -> None:
    assert left("6日", now) == (days, overdue)


def test_rolled_days_are_days_left() -> None:
    assert left("4日", "2026-09-25 12:00", roll=True) == (3, False)
    assert left("4日", "2026-09-25 12:00") == (0, False)


@pytest.mark.parametrize(
    ("now", "halves", "overdue"),
    [
        ("2026-09-21 10:00", 3, False),
        ("2026-09-21 14:00", 2, False),
        ("2026-09-22 08:00", 1, False),
        ("2026-09-22 12:30", 1, False),
        ("2026-09-22 17:30", 0, False),
        ("2026-09-22 17:30:01", 0, True),
        ("2026-09-23 14:00", -2, True),
        ("2026-09-18 14:00", 3, False),
    ],
)
def test_half_days_left_are_those_after_this_one(now: str, halves: int, overdue: bool) -> None:
    assert left("1.5个工作日", now) == (halves, overdue)


@pytest.mark.parametrize(
    ("amount", "now", "seconds", "overdue"),
    [
        ("2小时", "2026-09-21 11:00", 3600, False),
        ("2小时", "2026-09-21 12:00", 0, False),
        ("2小时", "2026-09-21 12:00:01", -1, True),
        ("2小时", "2026-09-21 09:00", 7200, False),
        ("4个工作小时", "2026-09-21 12:30", 7200, False),
        ("4个工作小时", "2026-09-21 15:30", 0, False),
        ("4个工作小时", "2026-09-22 09:00", -7200, True),
    ],
)
def test_hours_left_run_on_their_own_clock(
    amount: str, now: str, seconds: int, overdue: bool
) -> None:
    assert left(amount, now) == (seconds, overdue)


def test_a_started_second_is_not_yet_over() -> None:
    found = remaining(term("2小时"), at(START), timetable(), (), at(START) + 1)
    assert found.seconds == 7199


@pytest.mark.parametrize(
    ("amount", "now", "count"),
    [
        ("3个工作日", "2026-09-22 09:00", 2),
        ("3个工作日", "2026-09-24 09:00", 1),
        ("3个工作日", "2026-10-20 09:00", 1),
        ("3日", "2026-10-20 09:00", 1),
        ("1个月", "2026-10-20 09:00", 28),
        ("6个半日", "2026-10-20 09:00", 1),
        ("6个半日", "2026-09-22 09:00", 4),
        ("24小时", "2026-09-22 09:00", 3600),
        ("24小时", "2026-10-20 09:00", -140400),
        ("21个工作小时", "2026-10-20 09:00", 3600),
    ],
)
def test_what_is_left_stands_still_while_a_pause_is_open(amount: str, now: str, count: int) -> None:
    stopped = pause("2026-09-24 01:00", None)
    assert left(amount, now, stopped)[0] == count


def test_a_pause_that_is_open_makes_a_term_paused_and_never_overdue() -> None:
    stopped = pause("2026-09-23 09:00", None)
    found = remaining(term("5个工作日"), at(START), timetable(), [stopped], at("2026-10-09 10:00"))
    assert (found.days, found.overdue, found.due, found.paused) == (4, False, None, True)
    late = remaining(term("1个工作日"), at(START), timetable(), [stopped], at("2026-10-09 10:00"))
    assert (late.days, late.overdue, late.paused) == (0, True, False)


def test_a_rolled_end_held_up_by_a_pause_has_nothing_left_to_count() -> None:
    stopped = pause("2026-09-26 09:00", None)
    found = remaining(
        term("4日", roll=True), at(START), timetable(), [stopped], at("2026-10-20 10:00")
    )
    assert (found.days, found.paused) == (0, True)


def test_days_within_a_pause_are_not_left_twice() -> None:
    stopped = pause("2026-09-23 09:00", "2026-09-28 09:00")
    assert [left("3个工作日", f"2026-09-{d} 12:00", stopped)[0] for d in (22, 23, 24, 28, 29)] == [
        2,
        2,
        2,
        1,
        0,
    ]


def test_a_pause_after_the_end_does_not_add_to_the_delay() -> None:
    stopped = pause("2026-09-28 09:00", "2026-10-09 09:00")
    assert left("3个工作日", "2026-10-08 12:00", stopped) == (0, True)
    assert left("3个工作日", "2026-10-09 12:00", stopped) == (-1, True)
    assert left("1个半日", "2026-09-28 12:00", pause("2026-09-21 18:00", None)) == (0, True)


def test_a_pause_begun_before_the_start_leaves_the_whole_term() -> None:
    stopped = pause("2026-09-17 09:00", "2026-09-23 09:00")
    assert left("3个工作日", "2026-09-22 12:00", stopped) == (3, False)
    assert left("6个半日", "2026-09-22 12:00", stopped) == (6, False)
    assert left("6小时", "2026-09-22 12:00", stopped) == (21600, False)


def test_what_is_left_in_an_unknown_year_is_refused() -> None:
    with pytest.raises(UnpublishedYear):
        left("3个工作日", "2027-01-05 10:00")
    with pytest.raises(UnpublishedYear):
        left("3个工作小时", "2027-01-05 10:00")
    with pytest.raises(UnpublishedYear):
        left("3个半日", "2027-01-05 10:00")
    assert left("3日", "2027-01-05 10:00") == (-103, True)
    stopped = pause("2026-12-30 10:00", "2027-01-10 10:00")
    assert left("3个工作小时", "2027-01-05 10:00", stopped)[1]


@pytest.mark.parametrize(
    ("amount", "now", "elapsed", "total", "percent"),
    [
        ("5个工作日", "2026-09-21 17:00", 0, 35 * HOUR, 0),
        ("5个工作日", "2026-09-22 12:00", 3 * HOUR, 35 * HOUR, 8),
        ("5个工作日", "2026-09-22 13:00", 3 * HOUR, 35 * HOUR, 8),
        ("5个工作日", "2026-09-26 12:00", 21 * HOUR, 35 * HOUR, 60),
        ("5个工作日", "2026-10-20 12:00", 35 * HOUR, 35 * HOUR, 100),
        ("2日", "2026-09-22 12:00", 12 * HOUR, 48 * HOUR, 25),
        ("2日", "2026-09-20 12:00", 0, 48 * HOUR, 0),
        ("2个半日", "2026-09-21 14:30", HOUR, 7 * HOUR, 14),
        ("2个半日", "2026-10-20 14:30", 7 * HOUR, 7 * HOUR, 100),
        ("2小时", "2026-09-21 11:00", HOUR, 2 * HOUR, 50),
        ("2小时", "2026-09-21 13:00", 3 * HOUR, 2 * HOUR, 150),
        ("2个工作小时", "2026-09-21 13:30", 2 * HOUR, 2 * HOUR, 100),
        ("0日", "2026-09-21 13:30", 0, 0, 100),
        ("0个工作日", "2026-09-21 13:30", 0, 0, 100),
    ],
)
def test_progress_runs_on_the_terms_own_clock(
    amount: str, now: str, elapsed: int, total: int, percent: int
) -> None:
    found = progress(term(amount), at(START), timetable(), (), at(now))
    assert (found.elapsed, found.total, found.percent) == (elapsed, total, percent)


def test_a_pause_in_an_unknown_year_does_not_hide_the_progress_of_half_days() -> None:
    stopped = [pause("2027-01-05 10:00", None)]
    found = progress(term("2个半日"), at(START), timetable(), stopped, at("2026-09-22 12:00"))
    assert (found.elapsed, found.percent) == (7 * HOUR, 100)


def test_hours_are_measured_though_their_end_lies_in_an_unknown_year() -> None:
    asked, start = term("20个工作小时"), at("2026-12-30 10:00")
    assert progress(asked, start, timetable(), (), at("2026-12-30 15:00")).percent == 17
    assert told(at_percent(asked, start, timetable(), (), 50)) == "2026-12-31 14:30"
    for ask in (
        lambda: at_percent(asked, start, timetable(), (), 100),
        lambda: remaining(asked, start, timetable(), (), at("2026-12-30 15:00")),
    ):
        with pytest.raises(UnpublishedYear):
            ask()


def test_a_rolled_term_is_longer_and_one_to_the_close_shorter() -> None:
    rolled = progress(term("5日", roll=True), at(START), timetable(), (), at(START))
    assert rolled.total == 7 * 24 * HOUR
    asked = term("4日", expiry="close_of_business", roll=True)
    closed = progress(asked, at(START), timetable(), (), at(START))
    assert closed.total == (6 * 24 + 17) * HOUR + HOUR // 2


@pytest.mark.parametrize("amount", ["5个工作日", "5日", "10个半日", "35个工作小时"])
def test_progress_stands_still_while_a_pause_is_open(amount: str) -> None:
    stopped = pause("2026-09-23 09:00", None)
    before, during, later = (
        progress(term(amount), at(START), timetable(), [stopped], at(now))
        for now in ("2026-09-22 17:30", "2026-09-24 12:00", "2026-11-24 12:00")
    )
    assert during == later
    assert during.total == progress(term(amount), at(START), timetable(), (), at(START)).total
    assert before.elapsed <= during.elapsed


@pytest.mark.parametrize(
    ("amount", "percent", "instant"),
    [
        ("5个工作日", 0, "2026-09-22 00:00"),
        ("5个工作日", 20, "2026-09-22 17:30"),
        ("5个工作日", 80, "2026-09-28 17:30"),
        ("5个工作日", 100, "2026-09-29 17:30"),
        ("5个工作日", 81, "2026-09-29 09:21"),
        ("2日", 50, "2026-09-23 00:00"),
        ("2个半日", 50, "2026-09-21 17:00"),
        ("2小时", 50, "2026-09-21 11:00"),
        ("4个工作小时", 75, "2026-09-21 14:30"),
        ("7秒", 50, "2026-09-21 10:00:04"),
        ("7秒", Fraction(1, 3), "2026-09-21 10:00:01"),
    ],
)
def test_a_share_is_reached_inside_the_time_that_counts(
    amount: str, percent: int | Fraction, instant: str
) -> None:
    assert told(at_percent(term(amount), at(START), timetable(), (), percent)) == instant


def test_a_share_of_less_than_a_second_is_reached_by_the_end() -> None:
    found = at_percent(term("0.5秒"), at(START), timetable(), (), 50)
    assert found == at(START) + SECOND // 2


def test_a_share_behind_an_open_pause_is_not_reached() -> None:
    stopped = [pause("2026-09-23 09:00", None)]
    for percent, instant in ((20, "2026-09-22 17:30"), (21, None)):
        found = at_percent(term("5个工作日"), at(START), timetable(), stopped, percent)
        assert told(found) == instant


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_is_between_none_and_all(percent: int) -> None:
    with pytest.raises(AssertionError):
        at_percent(term("5日"), at(START), timetable(), (), percent)


@pytest.mark.parametrize(
    ("day", "k", "before", "after"),
    [
        ("2026-10-08", 0, "2026-10-08", "2026-10-08"),
        ("2026-10-03", 0, "2026-09-30", "2026-10-08"),
        ("2026-10-08", 1, "2026-09-30", "2026-10-09"),
        ("2026-10-08", 2, "2026-09-29", "2026-10-10"),
        ("2026-10-11", 1, "2026-10-10", "2026-10-12"),
    ],
)
def test_the_kth_working_day_before_and_after(day: str, k: int, before: str, after: str) -> None:
    due = date.fromisoformat(day)
    assert told(opening_before(timetable(), due, k)) == f"{before} 09:00"
    assert told(opening_after(timetable(), due, k)) == f"{after} 09:00"


def test_days_before_are_not_counted_backwards() -> None:
    for ask in (opening_before, opening_after):
        with pytest.raises(AssertionError):
            ask(timetable(), date(2026, 10, 8), -1)


def test_civil_days_are_read_without_office_hours() -> None:
    bare = Timetable(almanac().calendar())
    found = progress(term("2日"), at(START), bare, (), at("2026-09-23 00:00"))
    assert found.percent == 50

"""Working time between instants and added to instants, at every edge of a session."""

from collections.abc import Callable
from datetime import date

import pytest

from sla_engine.errors import Refusal, UnpublishedYear
from sla_engine.worktime import Almanac, Notice, OfficeHours, Timetable, parse_instant
from sla_engine.worktime.instant import HOUR, MINUTE, SECOND
from tests.unit.worktime.setting import SCHEDULES, almanac, at, timetable, told

STD = timetable("std")


@pytest.mark.parametrize(
    ("a", "b", "minutes"),
    [
        ("2026-09-30 09:00", "2026-09-30 17:30", 420),
        ("2026-09-30 08:00", "2026-09-30 09:00", 0),
        ("2026-09-30 08:59", "2026-09-30 09:01", 1),
        ("2026-09-30 11:59", "2026-09-30 12:00", 1),
        ("2026-09-30 12:00", "2026-09-30 13:30", 0),
        ("2026-09-30 11:00", "2026-09-30 14:00", 90),
        ("2026-09-30 17:30", "2026-09-30 23:59", 0),
        ("2026-09-30 16:30", "2026-10-08 10:00", 120),
        ("2026-10-01 00:00", "2026-10-08 00:00", 0),
        ("2026-10-10 09:00", "2026-10-10 12:00", 180),
        ("2026-09-30 10:00", "2026-09-30 10:00", 0),
        ("2026-09-30 14:00", "2026-09-30 11:00", -90),
        ("2025-12-31 17:00", "2026-01-04 09:30", 60),
        ("2026-12-31 16:30", "2027-01-01 00:00", 60),
        ("2007-01-01 00:00", "2007-01-04 10:00", 60),
    ],
)
def test_working_time_between_two_instants(a: str, b: str, minutes: int) -> None:
    assert STD.work_between(at(a), at(b)) == minutes * MINUTE


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-09-30 10:00", 0, "2026-09-30 10:00"),
        ("2026-10-01 10:00", 0, "2026-10-01 10:00"),
        ("2026-09-30 09:00", 180, "2026-09-30 12:00"),
        ("2026-09-30 09:00", 181, "2026-09-30 13:31"),
        ("2026-09-30 12:30", 60, "2026-09-30 14:30"),
        ("2026-09-30 09:00", 420, "2026-09-30 17:30"),
        ("2026-09-30 09:00", 421, "2026-10-08 09:01"),
        ("2026-09-30 16:30", 240, "2026-10-08 12:00"),
        ("2026-09-30 17:30", 1, "2026-10-08 09:01"),
        ("2026-10-03 11:00", 180, "2026-10-08 12:00"),
        ("2026-09-30 06:00", 1, "2026-09-30 09:01"),
        ("2026-09-30 17:30", -420, "2026-09-30 09:00"),
        ("2026-09-30 17:30", -240, "2026-09-30 13:30"),
        ("2026-09-30 17:30", -241, "2026-09-30 11:59"),
        ("2026-10-08 09:00", -60, "2026-09-30 16:30"),
        ("2026-10-08 12:00", -180, "2026-10-08 09:00"),
        ("2026-10-08 12:00", -181, "2026-09-30 17:29"),
        ("2026-10-03 11:00", -1, "2026-09-30 17:29"),
        ("2027-01-01 00:00", -60, "2026-12-31 16:30"),
    ],
)
def test_working_time_added_ends_at_a_close_and_taken_away_at_an_opening(
    start: str, minutes: int, end: str
) -> None:
    assert told(STD.add_work(at(start), minutes * MINUTE)) == end


def test_seasons_change_within_one_term() -> None:
    seasons = timetable("seasons")
    start = at("2025-09-30 17:00")
    assert told(seasons.add_work(start, HOUR)) == "2025-09-30 18:00"
    assert told(seasons.add_work(start, 5 * HOUR)) == "2025-10-09 14:00"
    assert told(seasons.add_work(at("2025-10-09 14:00"), -5 * HOUR)) == "2025-09-30 17:00"


@pytest.mark.parametrize(
    ("ask", "year"),
    [
        (lambda: STD.work_between(at("2026-12-31 10:00"), at("2027-01-01 00:00:01")), 2027),
        (lambda: STD.work_between(at("2027-01-01 00:00"), at("2027-01-02 00:00")), 2027),
        (lambda: STD.work_between(at("2006-12-31 00:00"), at("2007-01-04 00:00")), 2006),
        (lambda: STD.add_work(at("2026-12-31 17:00"), 31 * MINUTE), 2027),
        (lambda: STD.add_work(at("2027-01-01 00:00"), 1), 2027),
        (lambda: STD.add_work(at("2007-01-04 09:30"), -31 * MINUTE), 2006),
        (lambda: STD.add_work(at("2007-01-01 00:00"), -1), 2006),
        (lambda: STD.opening(date(2027, 1, 4)), 2027),
    ],
)
def test_time_in_a_year_without_a_notice_is_not_known(ask: Callable[[], object], year: int) -> None:
    with pytest.raises(UnpublishedYear) as unpublished:
        ask()
    assert unpublished.value.year == year


def test_nothing_is_looked_up_where_nothing_is_asked() -> None:
    assert STD.work_between(at("2030-01-01 00:00"), at("2030-01-01 00:00")) == 0
    assert STD.add_work(at("2030-01-01 00:00"), 0) == at("2030-01-01 00:00")
    assert STD.add_work(at("2026-12-31 17:00"), 30 * MINUTE) == at("2026-12-31 17:30")
    assert STD.add_work(at("2007-01-04 09:30"), -30 * MINUTE) == at("2007-01-04 09:00")


def test_an_office_opens_and_closes_on_working_days_alone() -> None:
    assert told(STD.opening(date(2026, 10, 10))) == "2026-10-10 09:00"
    assert told(STD.close(date(2026, 10, 10))) == "2026-10-10 17:30"
    with pytest.raises(Refusal) as refusal:
        STD.close(date(2026, 10, 11))
    assert refusal.value.code == "NOT_A_WORKDAY"


def test_without_office_hours_nothing_opens() -> None:
    bare = Timetable(almanac().calendar())
    with pytest.raises(Refusal) as refusal:
        bare.opening(date(2026, 10, 10))
    assert refusal.value.code == "OFFICE_HOURS_MISSING"


def test_round_the_clock_hours_count_every_second_of_working_days() -> None:
    always = timetable("h24")
    assert always.work_between(at("2026-09-30 00:00"), at("2026-10-08 00:00")) == 24 * HOUR
    assert told(always.add_work(at("2026-09-30 23:00"), 2 * HOUR)) == "2026-10-08 01:00"
    assert told(always.add_work(at("2026-09-30 23:00"), HOUR)) == "2026-10-01 00:00"


def test_hours_of_the_night_keep_to_the_clock_where_it_is_put_forward() -> None:
    year = Notice(title="2026", region="NL", published=date(2025, 1, 1), covers=(2026,))
    calendar = Almanac(region="NL", zone="Europe/Amsterdam", weekend=[], notices=[year]).calendar()
    night = Timetable(calendar, OfficeHours.from_seasons(SCHEDULES["h24"]))
    a, b = (parse_instant(f"2026-03-{day}T12:00:00Z") for day in (28, 29))
    assert night.work_between(a, b) == 24 * HOUR
    midnights = calendar.zone.midnight
    spring, autumn = date(2026, 3, 29).toordinal(), date(2026, 10, 25).toordinal()
    assert night.work_between(midnights[spring], midnights[spring + 1]) == 23 * HOUR
    assert night.work_between(midnights[autumn], midnights[autumn + 1]) == 25 * HOUR
    assert night.add_work(midnights[spring], 23 * HOUR + SECOND) == midnights[spring + 1] + SECOND


def test_where_nobody_works_no_working_time_is_found() -> None:
    year = Notice(title="2026", region="CN", published=date(2025, 1, 1), covers=(2026,))
    rest = Almanac(region="CN", zone="Asia/Shanghai", weekend=range(7), notices=[year])
    idle = Timetable(rest.calendar(), OfficeHours.from_seasons(SCHEDULES["std"]))
    assert idle.work_between(at("2026-01-05 09:00"), at("2026-12-31 09:00")) == 0
    for micros, unknown in ((1, 2027), (-1, 2025)):
        with pytest.raises(UnpublishedYear) as unpublished:
            idle.add_work(at("2026-06-01 09:00"), micros)
        assert unpublished.value.year == unknown

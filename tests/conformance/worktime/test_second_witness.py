"""Two packages that read the notices on their own agree with the editions, day by day.

They are witnesses and no source: `holidays` is asked only for the years it has notices for (it
guesses the others in silence), `chinesecalendar` refuses the others itself.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest

from sla_engine.worktime import DayKind
from tests.support.worktime import ALMANAC

YEARS = range(2007, 2027)
CALENDAR = ALMANAC.calendar()


@pytest.fixture(scope="module")
def official() -> holidays.HolidayBase:
    """Filled once and then only read: filling it on demand is not safe."""
    return holidays.country_holidays("CN", years=YEARS, expand=False, language="zh_CN")


def days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days))


@pytest.mark.parametrize("year", YEARS)
def test_holidays_names_the_same_working_days(year: int, official: holidays.HolidayBase) -> None:
    assert year in official.special_public_holidays, "a year without an entry is a guess"
    different = [
        day for day in days_of(year) if CALENDAR.is_workday(day) != official.is_working_day(day)
    ]
    assert different == []


@pytest.mark.parametrize("year", YEARS)
def test_chinesecalendar_names_the_same_working_days(year: int) -> None:
    different = [
        day for day in days_of(year) if CALENDAR.is_workday(day) != chinese_calendar.is_workday(day)
    ]
    assert different == []


def test_make_up_weekends_are_the_ones_holidays_lists(official: holidays.HolidayBase) -> None:
    ours = {
        day
        for year in YEARS
        for day in days_of(year)
        if CALENDAR.day(day).kind is DayKind.MAKEUP_WORKDAY
    }
    theirs = {day for day in official.weekend_workdays if day.year in YEARS}
    assert ours == theirs
    assert len(ours) > 100


def test_the_editions_end_where_the_notices_end() -> None:
    assert CALENDAR.published == frozenset(YEARS)
    assert date(2027, 1, 1) == CALENDAR.provisional_from

"""Working days by look-up, and the edges of what is known."""

from collections.abc import Callable
from datetime import date

import pytest

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import Almanac, Calendar, DayKind, Notice
from tests.unit.worktime.setting import almanac

CN = almanac().calendar()
D = date.fromisoformat


@pytest.mark.parametrize(
    ("day", "kind", "name", "notice"),
    [
        ("2026-09-30", DayKind.WORKDAY, "", ""),
        ("2026-10-11", DayKind.WEEKEND, "", ""),
        ("2026-10-01", DayKind.STATUTORY_HOLIDAY, "国庆节", "国办发明电〔2025〕7号"),
        ("2026-10-04", DayKind.WEEKEND, "国庆节", "国办发明电〔2025〕7号"),
        ("2026-10-06", DayKind.ADJUSTED_REST_DAY, "国庆节", "国办发明电〔2025〕7号"),
        ("2026-10-10", DayKind.MAKEUP_WORKDAY, "国庆节", "国办发明电〔2025〕7号"),
        ("2015-09-03", DayKind.SPECIAL_HOLIDAY, None, "国发明电〔2015〕1号"),
        ("2020-02-01", DayKind.SPECIAL_HOLIDAY, "春节", "国办发明电〔2020〕1号"),
        ("2020-02-03", DayKind.WORKDAY, "春节", "国办发明电〔2020〕1号"),
        ("2024-02-09", DayKind.WORKDAY, "", ""),
        ("2013-02-09", DayKind.STATUTORY_HOLIDAY, "春节", "国办发明电〔2012〕33号"),
        ("2014-01-30", DayKind.WORKDAY, "", ""),
        ("2008-01-01", DayKind.STATUTORY_HOLIDAY, "元旦", None),
    ],
)
def test_a_day_says_what_it_is_and_by_which_notice(
    day: str, kind: DayKind, name: str | None, notice: str | None
) -> None:
    found = CN.day(D(day))
    assert found.kind is kind
    assert found.works is kind.works is CN.is_workday(D(day))
    assert name in (None, found.name)
    assert notice in (None, found.notice)


@pytest.mark.parametrize(
    ("day", "n", "found"),
    [
        ("2026-09-30", 0, "2026-09-30"),
        ("2026-10-01", 0, "2026-10-01"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-10-01", 1, "2026-10-08"),
        ("2026-10-08", 2, "2026-10-10"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-10-12", -1, "2026-10-10"),
        ("2026-10-11", -1, "2026-10-10"),
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-10-05", -2, "2026-09-29"),
        ("2011-12-30", 1, "2011-12-31"),
        ("2018-12-28", 2, "2019-01-02"),
        ("2006-12-31", 1, "2007-01-04"),
        ("2027-01-01", -1, "2026-12-31"),
    ],
)
def test_the_nth_working_day_after_and_before(day: str, n: int, found: str) -> None:
    assert CN.add_workdays(D(day), n) == D(found)


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [
        ("2026-09-30", "2026-09-30", 0),
        ("2026-09-29", "2026-09-30", 1),
        ("2026-09-30", "2026-10-07", 0),
        ("2026-09-30", "2026-10-10", 3),
        ("2026-10-10", "2026-09-30", -3),
        ("2026-10-01", "2026-10-07", 0),
        ("2025-12-31", "2026-12-31", 248),
        ("2006-12-31", "2007-12-31", 249),
        ("2027-03-01", "2027-03-01", 0),
    ],
)
def test_working_days_in_the_span_after_a_up_to_and_with_b(a: str, b: str, count: int) -> None:
    assert CN.workdays_between(D(a), D(b)) == count


@pytest.mark.parametrize(
    ("day", "rolled"),
    [
        ("2026-09-30", "2026-09-30"),
        ("2026-10-01", "2026-10-08"),
        ("2026-10-10", "2026-10-10"),
        ("2026-10-11", "2026-10-12"),
    ],
)
def test_a_day_off_rolls_forward_and_a_make_up_weekend_stays(day: str, rolled: str) -> None:
    assert CN.roll(D(day)) == D(rolled)


@pytest.mark.parametrize(
    ("ask", "year"),
    [
        (lambda: CN.is_workday(D("2027-01-01")), 2027),
        (lambda: CN.is_workday(D("2006-12-30")), 2006),
        (lambda: CN.day(D("2050-05-01")), 2050),
        (lambda: CN.roll(D("2027-01-02")), 2027),
        (lambda: CN.add_workdays(D("2026-12-31"), 1), 2027),
        (lambda: CN.add_workdays(D("2026-12-30"), 2), 2027),
        (lambda: CN.add_workdays(D("2026-01-01"), 10**9), 2027),
        (lambda: CN.add_workdays(D("2040-01-01"), 1), 2040),
        (lambda: CN.add_workdays(D("2007-01-04"), -1), 2006),
        (lambda: CN.add_workdays(D("2007-01-01"), -1), 2006),
        (lambda: CN.workdays_between(D("2026-12-31"), D("2027-01-01")), 2027),
        (lambda: CN.workdays_between(D("2006-12-30"), D("2007-01-05")), 2006),
        (lambda: CN.workdays_between(D("2007-01-05"), D("2006-12-30")), 2006),
    ],
)
def test_a_day_of_a_year_without_a_notice_is_never_guessed(
    ask: Callable[[], object], year: int
) -> None:
    with pytest.raises(UnpublishedYear) as unpublished:
        ask()
    assert unpublished.value.year == year


def notice(year: int, *off: date) -> Notice:
    return Notice(
        title=f"notice {year}",
        region="XX",
        published=date(year - 1, 11, 1),
        covers=(year,),
        off=dict.fromkeys(off, "day"),
    )


def calendar_of(*years: int) -> Calendar:
    return Almanac(
        region="XX", zone="Europe/Amsterdam", notices=[notice(year) for year in years]
    ).calendar()


def test_a_year_missing_between_two_is_not_stepped_over() -> None:
    gap = calendar_of(2020, 2022)
    assert gap.add_workdays(date(2022, 1, 3), 1) == date(2022, 1, 4)
    assert gap.add_workdays(date(2020, 12, 30), 1) == date(2020, 12, 31)
    for ask in (
        lambda: gap.add_workdays(date(2020, 12, 31), 1),
        lambda: gap.add_workdays(date(2022, 1, 3), -1),
        lambda: gap.workdays_between(date(2020, 12, 1), date(2022, 2, 1)),
    ):
        with pytest.raises(UnpublishedYear) as unpublished:
            ask()
        assert unpublished.value.year == 2021
    assert gap.provisional_from == date(2021, 1, 1)


def test_the_first_year_without_a_notice_is_where_answers_become_provisional() -> None:
    assert CN.provisional_from == date(2027, 1, 1)
    assert CN.published == frozenset(range(2007, 2027))
    assert calendar_of().provisional_from is None


def test_equal_content_has_an_equal_digest_and_other_content_another() -> None:
    assert calendar_of(2020).digest == calendar_of(2020).digest
    digests = {
        calendar_of(2020).digest,
        calendar_of(2020, 2021).digest,
        Almanac(
            region="XX",
            zone="Europe/Amsterdam",
            notices=[notice(2020, date(2020, 5, 1))],
        )
        .calendar()
        .digest,
        Almanac(region="XX", zone="Europe/Amsterdam", weekend=[4, 5], notices=[notice(2020)])
        .calendar()
        .digest,
        Almanac(region="XX", zone="Asia/Shanghai", notices=[notice(2020)]).calendar().digest,
    }
    assert len(digests) == 5
    assert all(len(digest) == 64 for digest in digests)


def test_other_weekdays_may_rest() -> None:
    friday = Almanac(region="XX", zone="Asia/Shanghai", weekend=[4, 5], notices=[notice(2020)])
    assert not friday.calendar().is_workday(date(2020, 1, 3))
    assert friday.calendar().is_workday(date(2020, 1, 5))

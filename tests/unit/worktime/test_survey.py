"""A year shown, the almanac checked against the statute, two calendars compared."""

from collections.abc import Mapping
from datetime import date

import pytest

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import Almanac, DayKind, Notice, Statute
from sla_engine.worktime.survey import check, check_notice, diff, show
from tests.unit.worktime.setting import almanac, end_of

CN = almanac().calendar()


def test_a_year_is_shown_day_by_day() -> None:
    days = show(CN, 2026)
    assert len(days) == 365
    assert sum(listed.works for listed in days) == 248
    assert days[-1].date == date(2026, 12, 31)
    assert {listed.day.kind for listed in days} == set(DayKind) - {
        DayKind.SPECIAL_HOLIDAY,
        DayKind.REGIONAL_HOLIDAY,
    }
    assert not any(listed.provisional for listed in days)


def test_an_unpublished_year_is_shown_only_provisionally() -> None:
    with pytest.raises(UnpublishedYear):
        show(CN, 2027)
    days = show(almanac().calendar(provisional=True), 2027)
    assert all(listed.provisional for listed in days)


def test_every_published_year_passes_its_self_check() -> None:
    checked = check(almanac())
    assert [found.year for found in checked] == list(range(2007, 2027))
    assert [found for found in checked if found.faults] == []


@pytest.mark.parametrize(
    ("year", "count"),
    [(2019, 250), (2020, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_the_count_of_working_days_is_the_known_one(year: int, count: int) -> None:
    (found,) = [each for each in check(almanac()) if each.year == year]
    assert (found.working_days, found.expected) == (count, count)


@pytest.mark.parametrize("year", [2017, 2018, 2021, 2023, 2024])
def test_guangxi_works_two_days_less(year: int) -> None:
    region = almanac().calendar("CN-45")
    counts = [sum(listed.works for listed in show(c, year)) for c in (CN, region)]
    assert counts[0] - counts[1] == 2


def test_every_notice_names_make_up_days_at_weekends_and_days_near_its_year() -> None:
    assert [
        fault for notice in almanac().notices for fault in check_notice(almanac(), notice)
    ] == []


def small(
    off: Mapping[date, str], work: Mapping[date, str], entitlement: int = 1
) -> tuple[Almanac, Notice]:
    notice = Notice(
        title="2026", region="CN", published=date(2025, 11, 1), covers=(2026,), off=off, work=work
    )
    statute = Statute(
        number="1",
        title="s",
        published=date(2024, 1, 1),
        in_force=2025,
        entitlement=entitlement,
        days={date(2026, 5, 1): "劳动节"},
    )
    almanac = Almanac(region="CN", zone="Asia/Shanghai", notices=[notice], statutes=[statute])
    return almanac, notice


MAY_1, MAY_4, MAY_9 = date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 9)


def codes(off: list[date], work: list[date]) -> list[str]:
    known, _ = small(dict.fromkeys(off, "节"), dict.fromkeys(work, "节"))
    return [fault.code for year in check(known) for fault in year.faults]


def test_a_balanced_year_is_sound() -> None:
    assert codes([MAY_1], []) == []
    assert codes([MAY_1, MAY_4], [MAY_9]) == []


def test_a_make_up_day_left_out_is_found_by_the_count() -> None:
    assert codes([MAY_1, MAY_4], []) == ["CHECK_COUNT"]


def test_a_day_off_granted_once_is_no_miscount() -> None:
    known, _ = small({MAY_1: "节"}, {})
    granted = Notice(
        title="more",
        region="CN",
        published=date(2026, 3, 1),
        off={MAY_4: "节"},
        special=frozenset({MAY_4}),
    )
    (before,), (after,) = check(known), check(known.with_notice(granted))
    assert (before.faults, after.faults) == ((), ())
    assert after.working_days == before.working_days - 1


def test_a_statutory_day_that_is_worked_is_found_twice() -> None:
    assert codes([], []) == ["CHECK_STATUTORY", "CHECK_COUNT"]


def test_a_make_up_day_on_a_weekday_is_found() -> None:
    assert codes([MAY_1], [date(2026, 5, 6)]) == ["CHECK_MAKEUP"]


def test_a_day_far_from_the_year_of_its_notice_is_found() -> None:
    known, notice = small({MAY_1: "节", date(2024, 5, 1): "节"}, {})
    (fault,) = check_notice(known, notice)
    assert (fault.code, fault.found, fault.allowed) == ("CHECK_YEAR", "2024-05-01", "2026")


def test_an_almanac_without_a_statute_is_counted_and_not_judged() -> None:
    notice = Notice(title="2026", region="NL", published=date(2025, 1, 1), covers=(2026,))
    (found,) = check(Almanac(region="NL", zone="Europe/Amsterdam", notices=[notice]))
    assert (found.working_days, found.faults) == (261, ())


def test_two_dates_of_knowledge_differ_in_the_days_a_revision_moved() -> None:
    before = almanac().calendar("CN", end_of("2019-03-21"))
    found = diff(before, almanac().calendar("CN", end_of("2019-03-22")))
    assert [(change.date.isoformat(), change.after.works) for change in found.changes] == [
        ("2019-04-28", True),
        ("2019-05-02", False),
        ("2019-05-03", False),
        ("2019-05-05", True),
    ]
    assert {change.after.notice for change in found.changes} == {"国办发明电〔2019〕3号"}
    assert (found.only_before, found.only_after) == ((), ())


def test_two_regions_differ_with_both_reasons() -> None:
    (first, *_) = diff(CN, almanac().calendar("CN-64")).changes
    assert first.date == date(2023, 6, 29)
    assert (first.before.kind, first.after.name) == (DayKind.WORKDAY, "古尔邦节")


def test_years_that_only_one_side_knows_are_named_and_not_compared() -> None:
    before = almanac().calendar("CN", end_of("2024-11-12"))
    found = diff(before, CN)
    assert (found.changes, found.only_before, found.only_after) == ((), (), (2026,))
    assert diff(CN, before).only_before == (2026,)
    provisional = almanac().calendar("CN", end_of("2024-11-12"), provisional=True)
    assert 2026 not in diff(provisional, CN).only_after
    assert date(2026, 1, 2) in {change.date for change in diff(provisional, CN).changes}

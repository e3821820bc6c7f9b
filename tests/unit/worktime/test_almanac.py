"""What was known when, what a region adds, and what a year without a notice rests on."""

from dataclasses import replace
from datetime import date

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.errors import Refusal, UnpublishedYear
from sla_engine.worktime import DayKind, Notice, reckon
from tests.unit.worktime.setting import almanac, at, end_of, last_day, term, timetable

D = date.fromisoformat


def works(day: str, region: str = "CN", known: str | None = None) -> bool:
    calendar = almanac().calendar(region, None if known is None else end_of(known))
    return calendar.is_workday(D(day))


@pytest.mark.parametrize(
    ("published", "day", "before", "after"),
    [
        ("2015-05-13", "2015-09-03", True, False),
        ("2015-05-13", "2015-09-06", False, True),
        ("2018-12-06", "2018-12-29", False, True),
        ("2018-12-06", "2018-12-31", True, False),
        ("2019-03-22", "2019-04-28", False, True),
        ("2019-03-22", "2019-05-02", True, False),
        ("2020-01-27", "2020-01-31", True, False),
        ("2020-01-27", "2020-02-01", True, False),
    ],
)
def test_a_revision_counts_from_the_day_it_was_published(
    published: str, day: str, before: bool, after: bool
) -> None:
    eve = date.fromordinal(D(published).toordinal() - 1).isoformat()
    assert works(day, known=eve) is before
    assert works(day, known=published) is after
    assert works(day) is after


def test_a_notice_is_known_from_the_first_instant_of_its_day() -> None:
    midnight = at("2025-11-04 00:00")
    assert 2026 not in almanac().calendar("CN", midnight - 1).published
    assert 2026 in almanac().calendar("CN", midnight).published


@pytest.mark.parametrize(
    ("region", "day", "national", "regional"),
    [
        ("CN-45", "2017-03-30", True, False),
        ("CN-45", "2017-04-01", True, False),
        ("CN-45", "2017-04-08", False, True),
        ("CN-4503", "2017-04-08", False, True),
        ("CN-451302", "2023-04-23", True, False),
        ("CN-5134", "2011-10-08", True, False),
        ("CN-51", "2011-10-08", True, True),
        ("CN-3301", "2016-08-28", False, True),
        ("CN-3302", "2016-08-28", False, False),
        ("CN-42", "2020-02-13", True, False),
        ("CN-11", "2014-11-02", False, True),
    ],
)
def test_a_region_may_turn_work_into_rest_and_rest_into_work(
    region: str, day: str, national: bool, regional: bool
) -> None:
    assert works(day) is national
    assert works(day, region) is regional


def test_a_day_set_by_a_region_names_the_regional_notice() -> None:
    day = almanac().calendar("CN-45").day(D("2023-04-23"))
    assert (day.kind, day.name) == (DayKind.REGIONAL_HOLIDAY, "壮族三月三")
    assert "广西" in day.notice


def test_the_nearer_region_wins_over_the_wider_one_and_the_later_notice_over_the_earlier() -> None:
    def notice(region: str, month: int, works: bool) -> Notice:
        day = {D("2026-07-04"): region}
        return Notice(
            title=f"{region}/{month}",
            region=region,
            published=date(2026, month, 1),
            off={} if works else day,
            work=day if works else {},
        )

    base = almanac()
    for settled in (
        (notice("CN-34", 5, works=True), notice("CN-3411", 1, works=False)),
        (notice("CN-3411", 1, works=True), notice("CN-3411", 2, works=False)),
        (notice("CN-3411", 2, works=False), notice("CN-3411", 1, works=True)),
    ):
        known = base
        for each in settled:
            known = known.with_notice(each)
        assert not known.calendar("CN-341182").is_workday(D("2026-07-04"))


def test_the_same_question_gives_the_same_calendar_object() -> None:
    a = almanac().calendar("CN-45", end_of("2019-01-01"))
    assert almanac().calendar("CN-45", end_of("2019-01-02")) is a
    assert almanac().calendar("CN", end_of("2019-01-02")) is not a


def test_remembering_many_calendars_does_not_change_an_answer() -> None:
    fresh = load_almanac("cn")
    for county in range(600):
        assert fresh.calendar(f"CN-45{county // 100:02}{county % 100:02}").published
    assert not fresh.calendar("CN-45").is_workday(D("2017-04-01"))


@pytest.mark.parametrize("region", ["", "US", "CN-", "CN-4", "CN-450", "cn-45", "CN-4503021"])
def test_a_region_that_is_none_is_refused(region: str) -> None:
    with pytest.raises(Refusal) as refusal:
        almanac().calendar(region)
    assert refusal.value.code == "REGION_UNKNOWN"


NOTICE_2027 = Notice(
    title="国务院办公厅关于2027年部分节假日安排的通知",
    region="CN",
    published=D("2026-11-25"),
    covers=(2027,),
    off={D("2027-01-01"): "元旦", D("2027-01-04"): "元旦"},
    work={D("2027-01-03"): "元旦"},
)


def test_a_loaded_notice_makes_its_year_official_from_when_it_was_recorded() -> None:
    recorded = at("2026-12-01 09:00")
    more = almanac().with_notice(replace(NOTICE_2027, recorded=recorded))
    assert more.calendar().is_workday(D("2027-01-03"))
    with pytest.raises(UnpublishedYear):
        more.calendar("CN", recorded - 1).is_workday(D("2027-01-03"))
    with pytest.raises(UnpublishedYear):
        almanac().calendar().is_workday(D("2027-01-03"))


def test_loading_a_notice_again_keeps_when_it_was_first_recorded() -> None:
    first = replace(NOTICE_2027, recorded=at("2026-12-01 09:00"))
    more = almanac().with_notice(first).with_notice(replace(first, recorded=at("2026-12-09 09:00")))
    assert len(more.notices) == len(almanac().notices) + 1
    assert 2027 in more.calendar("CN", at("2026-12-02 09:00")).published
    earlier = more.with_notice(replace(first, recorded=at("2026-11-30 09:00")))
    assert 2027 in earlier.calendar("CN", at("2026-12-01 08:00")).published


def test_a_released_notice_does_not_change() -> None:
    more = almanac().with_notice(NOTICE_2027)
    with pytest.raises(Refusal) as refusal:
        more.with_notice(replace(NOTICE_2027, work={}))
    assert refusal.value.code == "NOTICE_CONFLICT"


def test_a_notice_of_no_region_of_the_country_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        almanac().with_notice(replace(NOTICE_2027, region="Guangxi"))
    assert refusal.value.code == "REGION_UNKNOWN"


def test_a_year_without_a_notice_is_provisional_on_weekends_and_statutory_days_alone() -> None:
    calendar = almanac().calendar(provisional=True)
    assert calendar.day(D("2027-02-05")).kind is DayKind.STATUTORY_HOLIDAY
    assert calendar.day(D("2027-02-05")).notice == "国务院令第795号"
    assert calendar.is_workday(D("2027-02-09"))
    assert not calendar.is_workday(D("2027-02-13"))
    assert calendar.day(D("2028-10-03")).name == "国庆节、中秋节"
    assert calendar.published == frozenset(range(2007, 2027))
    assert min(calendar.provisional_years) == 2027


def test_a_provisional_year_ends_with_the_table_of_lunar_dates() -> None:
    calendar = almanac().calendar(provisional=True)
    last = max(calendar.provisional_years)
    assert calendar.is_workday(date(last, 12, 31)) is (date(last, 12, 31).weekday() < 5)
    with pytest.raises(UnpublishedYear):
        calendar.is_workday(date(last + 1, 1, 4))


def test_years_before_the_first_notice_are_not_provisional_but_unknown() -> None:
    with pytest.raises(UnpublishedYear):
        almanac().calendar(provisional=True).is_workday(D("2006-12-29"))


def test_a_provisional_year_rests_on_the_statute_known_then() -> None:
    def holidays(known: str) -> set[str]:
        calendar = almanac().calendar("CN", end_of(known), provisional=True)
        days = ("2025-01-28", "2025-05-02")
        return {day for day in days if not calendar.is_workday(D(day))}

    assert holidays("2024-11-11") == set()
    assert holidays("2024-11-12") == {"2025-01-28", "2025-05-02"}


@pytest.mark.parametrize(
    ("amount", "received", "due", "basis"),
    [
        ("2个工作日", "2026-12-29 10:00", "2026-12-31", None),
        ("3个工作日", "2026-12-29 10:00", "2027-01-04", "2027年"),
        ("15日", "2026-12-29 10:00", "2027-01-13", None),
        ("24小时", "2026-12-31 10:00", "2027-01-01", None),
        ("9个工作小时", "2026-12-30 10:00", "2026-12-31", None),
        ("20个工作小时", "2026-12-30 10:00", "2027-01-04", "2027年"),
        ("2个半日", "2026-12-31 10:00", "2027-01-04", "2027年"),
    ],
)
def test_an_answer_is_provisional_when_a_day_it_counted_was(
    amount: str, received: str, due: str, basis: str | None
) -> None:
    answer = reckon(term(amount), at(received), timetable(provisional=True))
    assert answer.due_date == D(due)
    assert answer.provisional is (basis is not None)
    assert (answer.basis or "").startswith(basis or "")
    assert basis is None or "国务院令第795号" in str(answer.basis)


@pytest.mark.parametrize(
    ("receipt", "expiry", "roll", "provisional"),
    [
        ("as_is", "end_of_day", False, False),
        ("as_is", "end_of_day", True, True),
        ("as_is", "close_of_business", False, True),
        ("off_to_next", "end_of_day", False, False),
    ],
)
def test_civil_days_are_provisional_only_where_a_day_was_looked_up(
    receipt: str, expiry: str, roll: bool, provisional: bool
) -> None:
    asked = term("15日", receipt, expiry, roll)
    answer = reckon(asked, at("2026-12-20 10:00"), timetable(provisional=True))
    assert answer.provisional is provisional
    moved = reckon(
        term("1小时", "off_to_next"), at("2027-01-01 10:00"), timetable(provisional=True)
    )
    assert moved.provisional


def test_the_horizon_moves_when_the_notice_arrives() -> None:
    start = at("2025-12-26 10:00")
    unknown = timetable(known="2025-11-03", provisional=True)
    answer = reckon(term("4个工作日"), start, unknown)
    assert (answer.due_date, answer.provisional) == (D("2026-01-02"), True)
    known = reckon(term("4个工作日"), start, timetable(known="2025-11-04", provisional=True))
    assert (known.due_date, known.provisional) == (D("2026-01-04"), False)
    with pytest.raises(UnpublishedYear) as unpublished:
        last_day("4个工作日", "2025-12-26", known="2025-11-03")
    assert unpublished.value.year == 2026

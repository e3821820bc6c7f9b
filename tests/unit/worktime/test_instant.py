"""Instants, their text, and the days of a zone."""

from datetime import date

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import Zone, format_instant, parse_date, parse_instant
from sla_engine.worktime.instant import DAY, HOUR, MINUTE, zone_of

AMSTERDAM = Zone("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-01T00:00:00-00:30", 30 * MINUTE),
        ("1970-01-01t00:00:01z", 1_000_000),
        ("1970-01-01 00:00:01Z", 1_000_000),
        ("1970-01-01T00:00:00.5Z", 500_000),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.0000019Z", 1),
        ("1970-01-01T00:00:00+08:00", -8 * HOUR),
        ("2026-09-30T16:30:00Z", 1_790_785_800_000_000),
    ],
)
def test_text_with_an_offset_is_one_instant(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-10-10T17:30:00", "TIME_OFFSET"),
        ("2026-10-10", "TIME_FORMAT"),
        ("2026-10-10T17:30+08:00", "TIME_FORMAT"),
        ("20261010T173000+0800", "TIME_FORMAT"),
        ("2026-W41-6T17:30:00+08:00", "TIME_FORMAT"),
        ("2026-10-10T24:00:00+08:00", "TIME_FORMAT"),
        ("2026-10-10T17:30:00+08:00 ", "TIME_FORMAT"),
        ("２０２６-10-10T17:30:00+08:00", "TIME_FORMAT"),
        ("", "TIME_FORMAT"),
        ("2026-02-30T17:30:00+08:00", "TIME_INVALID"),
        ("2026-10-10T17:60:00+08:00", "TIME_INVALID"),
        ("2026-12-31T23:59:60Z", "TIME_INVALID"),
        ("2026-10-10T17:30:00+24:00", "TIME_INVALID"),
        ("0000-01-01T00:00:00Z", "TIME_INVALID"),
        ("1969-12-31T23:59:59Z", "TIME_RANGE"),
        ("2201-01-01T00:00:00Z", "TIME_RANGE"),
        ("9999-01-01T00:00:00Z", "TIME_RANGE"),
    ],
)
def test_text_that_names_no_instant_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_instant(text, "inputs.start")
    assert refusal.value.code == code
    assert refusal.value.faults[0].where == "inputs.start"


def test_the_years_taken_are_the_callers_choice() -> None:
    assert parse_instant("1900-01-01T00:00:00Z", first_year=1900) < 0
    with pytest.raises(Refusal, match=r"2000\.\.2010"):
        parse_instant("2011-01-01T00:00:00Z", first_year=2000, last_year=2010)


@pytest.mark.parametrize(
    ("text", "code"),
    [("2026-2-1", "TIME_FORMAT"), ("2026-02-30", "TIME_INVALID"), ("1900-01-01", "TIME_RANGE")],
)
def test_a_date_is_held_to_the_same_rules(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_date(text)
    assert refusal.value.code == code
    assert parse_date("2026-02-28") == date(2026, 2, 28)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-10T17:30:00+08:00",
        "2026-10-10T17:30:00.250000+08:00",
        "1969-12-31T23:59:59.999999+08:00",
        "2200-12-31T23:59:59+08:00",
    ],
)
def test_an_instant_is_written_as_it_is_read(text: str) -> None:
    assert format_instant(parse_instant(text, first_year=1)) == text


def test_an_instant_is_written_in_the_zone_asked_for() -> None:
    instant = parse_instant("2026-07-01T00:00:00+08:00")
    assert format_instant(instant, "Europe/Amsterdam") == "2026-06-30T18:00:00+02:00"


def test_a_utc_instant_belongs_to_its_beijing_day() -> None:
    late = parse_instant("2026-09-30T16:30:00Z")
    assert zone_of("Asia/Shanghai").date_of(late) == date(2026, 10, 1)


def test_each_instant_falls_on_the_day_between_two_midnights() -> None:
    day = date(2026, 3, 29).toordinal()
    begin, end = AMSTERDAM.midnight[day], AMSTERDAM.midnight[day + 1]
    assert end - begin == 23 * HOUR
    assert [AMSTERDAM.day_of(t) - day for t in (begin - 1, begin, end - 1, end)] == [-1, 0, 0, 1]


def test_a_zone_may_have_kept_another_time_when_the_count_began() -> None:
    london, day = Zone("Europe/London"), date(2026, 1, 1)
    assert london.date_of(parse_instant("2026-01-01T23:30:00Z")) == day
    assert london.date_of(parse_instant("2026-01-01T00:00:00Z")) == day
    assert london.date_of(parse_instant("2026-06-30T23:30:00Z")) == date(2026, 7, 1)


def test_a_day_may_have_twenty_five_hours() -> None:
    day = date(2026, 10, 25).toordinal()
    assert AMSTERDAM.midnight[day + 1] - AMSTERDAM.midnight[day] == 25 * HOUR


def test_a_midnight_that_clocks_skip_is_the_moment_of_the_change() -> None:
    zone, day = Zone("America/Sao_Paulo"), date(2005, 10, 16).toordinal()
    assert zone.midnight[day] == parse_instant("2005-10-16T03:00:00Z")
    assert zone.day_of(zone.midnight[day]) == day
    assert zone.day_of(zone.midnight[day] - 1) == day - 1


def test_sessions_of_a_plain_day_are_counted_from_midnight() -> None:
    day = date(2026, 6, 1).toordinal()
    midnight = AMSTERDAM.midnight[day]
    assert AMSTERDAM.spans(day, [(9 * HOUR, DAY)]) == [(midnight + 9 * HOUR, midnight + DAY)]


def test_sessions_keep_to_the_clock_on_the_day_it_is_put_forward() -> None:
    day = date(2026, 3, 29).toordinal()
    spans = AMSTERDAM.spans(day, [(0, 3 * HOUR), (9 * HOUR, DAY)])
    assert [end - begin for begin, end in spans] == [2 * HOUR, 15 * HOUR]
    assert spans[-1][1] == AMSTERDAM.midnight[day + 1]


def test_sessions_in_the_hour_that_clocks_skip_overlap_nothing() -> None:
    day = date(2026, 3, 29).toordinal()
    hours = [(2 * HOUR, 2 * HOUR + 30 * MINUTE), (3 * HOUR, 4 * HOUR)]
    (first, last) = AMSTERDAM.spans(day, hours)
    assert first[1] <= last[0]
    assert last[1] == parse_instant("2026-03-29T02:00:00Z")


def test_an_unknown_zone_is_refused() -> None:
    for name in ("Asia/Beijing City", "", "../etc/passwd"):
        with pytest.raises(Refusal) as refusal:
            Zone(name)
        assert refusal.value.code == "ZONE_UNKNOWN"

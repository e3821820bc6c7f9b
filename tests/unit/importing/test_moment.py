"""Times as logs write them, and what is not one."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.importing.moment import Clockface, precision_of
from sla_engine.worktime import format_instant

SHANGHAI, AMSTERDAM = "Asia/Shanghai", "Europe/Amsterdam"


def read(text: str, *forms: str, zone: str = SHANGHAI) -> tuple[str, str]:
    at, precision = Clockface(forms, zone).read(text, "when")
    return format_instant(at, zone), precision


@pytest.mark.parametrize(
    ("text", "form", "at", "precision"),
    [
        ("2019-04-25T09:32:09+08:00", "rfc3339", "2019-04-25T09:32:09+08:00", ""),
        ("2019-04-25T01:32:09.5Z", "rfc3339", "2019-04-25T09:32:09.500000+08:00", ""),
        ("2019/4/5 9:32", "%Y/%m/%d %H:%M", "2019-04-05T09:32:00+08:00", "minute"),
        ("2019年4月5日 9时", "%Y年%m月%d日 %H时", "2019-04-05T09:00:00+08:00", "hour"),
        ("20190405093209", "%Y%m%d%H%M%S", "2019-04-05T09:32:09+08:00", ""),
        ("2019-04-05", "%Y-%m-%d", "2019-04-05T00:00:00+08:00", "day"),
        (
            "05/04/2019 09:32 PM +0200",
            "%d/%m/%Y %I:%M %p %z",
            "2019-04-06T03:32:00+08:00",
            "minute",
        ),
    ],
)
def test_a_time_is_read_as_its_form_says_and_knows_how_precise_it_is(
    text: str, form: str, at: str, precision: str
) -> None:
    assert read(text, form) == (at, precision)


def test_forms_are_tried_in_turn() -> None:
    forms = ("rfc3339", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    assert read("2019-04-25 09:32", *forms) == ("2019-04-25T09:32:00+08:00", "minute")
    assert read("2019-04-25", *forms) == ("2019-04-25T00:00:00+08:00", "day")


def test_a_day_without_a_time_may_stand_for_its_last_moment() -> None:
    face = Clockface(("%Y-%m-%d",), SHANGHAI, day_at="end")
    assert format_instant(face.read("2018-04-24").at) == "2018-04-24T23:59:59.999999+08:00"
    assert face.read("2018-04-24").precision == "day"


def test_wall_time_follows_the_zone_through_the_year() -> None:
    form = "%Y-%m-%d %H:%M:%S"
    assert read("2011-07-01 12:00:00", form, zone=AMSTERDAM)[0] == "2011-07-01T12:00:00+02:00"
    assert read("2011-12-01 12:00:00", form, zone=AMSTERDAM)[0] == "2011-12-01T12:00:00+01:00"


def test_of_an_hour_that_clocks_show_twice_the_first_is_meant() -> None:
    found = read("2011-10-30 02:30:00", "%Y-%m-%d %H:%M:%S", zone=AMSTERDAM)
    assert found[0] == "2011-10-30T02:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        ("2019-04-25T09:32:09", "rfc3339", "TIME_OFFSET"),
        ("25.04.2019", "rfc3339", "TIME_FORMAT"),
        ("2019-02-30T09:32:09+08:00", "rfc3339", "TIME_INVALID"),
        ("2019-02-30", "%Y-%m-%d", "TIME_FORMAT"),
        ("1969-12-31T23:59:59+08:00", "rfc3339", "TIME_RANGE"),
        ("2201-01-01T00:00:00+08:00", "rfc3339", "TIME_RANGE"),
        ("1899-12-31", "%Y-%m-%d", "TIME_RANGE"),
        ("2201-01-01", "%Y-%m-%d", "TIME_RANGE"),
        ("", "%Y-%m-%d", "TIME_FORMAT"),
    ],
)
def test_what_is_no_time_is_refused_by_the_name_of_its_column(
    text: str, form: str, code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read(text, form)
    assert [(fault.code, fault.where) for fault in caught.value.faults] == [(code, "when")]


def test_a_time_over_which_clocks_were_put_forward_does_not_exist() -> None:
    with pytest.raises(Refusal) as caught:
        read("2011-03-27 02:30:00", "%Y-%m-%d %H:%M:%S", zone=AMSTERDAM)
    assert caught.value.code == "TIME_INVALID"


def test_an_impossible_time_is_reported_rather_than_the_forms_it_does_not_have() -> None:
    with pytest.raises(Refusal) as caught:
        read("2019-04-25T09:32:09", "%Y-%m-%d", "rfc3339")
    assert caught.value.code == "TIME_OFFSET"


def test_a_time_of_no_form_is_told_every_form() -> None:
    with pytest.raises(Refusal) as caught:
        read("tomorrow", "rfc3339", "%Y-%m-%d")
    assert caught.value.faults[0].allowed == "rfc3339 / %Y-%m-%d"


@pytest.mark.parametrize(
    ("form", "precision"),
    [("%Y-%m-%d", "day"), ("%Y-%m-%d %H", "hour"), ("%Y%m%d%I%p", "hour"), ("%Y%m%d%H%M%S.%f", "")],
)
def test_a_pattern_says_how_precise_it_is(form: str, precision: str) -> None:
    assert precision_of(form) == precision

"""Amounts as clauses write them."""

from fractions import Fraction

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import Amount, Unit
from sla_engine.worktime.instant import HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("text", "unit", "size", "again", "english"),
    [
        ("10个工作日", Unit.WORKDAYS, 10, "10个工作日", "10 working days"),
        ("1 工作日", Unit.WORKDAYS, 1, "1个工作日", "1 working day"),
        ("2.0个工作日", Unit.WORKDAYS, 2, "2个工作日", "2 working days"),
        ("0.5个工作日", Unit.HALF_WORKDAYS, 1, "0.5个工作日", "0.5 working days"),
        ("半个工作日", Unit.HALF_WORKDAYS, 1, "0.5个工作日", "0.5 working days"),
        ("半日", Unit.HALF_WORKDAYS, 1, "0.5个工作日", "0.5 working days"),
        ("1.5个工作日", Unit.HALF_WORKDAYS, 3, "1.5个工作日", "1.5 working days"),
        ("2个半日", Unit.HALF_WORKDAYS, 2, "2个半日", "2 half-days"),
        ("15日", Unit.CALENDAR_DAYS, 15, "15日", "15 days"),
        ("15天", Unit.CALENDAR_DAYS, 15, "15日", "15 days"),
        ("15个自然日", Unit.CALENDAR_DAYS, 15, "15日", "15 days"),
        ("1个月", Unit.CALENDAR_MONTHS, 1, "1个月", "1 month"),
        ("2小时", Unit.CLOCK_HOURS, 2 * HOUR, "2小时", "2 hours"),
        ("0.5个小时", Unit.CLOCK_HOURS, 30 * MINUTE, "30分钟", "30 minutes"),
        ("90分钟", Unit.CLOCK_HOURS, 90 * MINUTE, "90分钟", "90 minutes"),
        ("60分钟", Unit.CLOCK_HOURS, HOUR, "1小时", "1 hour"),
        ("90秒", Unit.CLOCK_HOURS, 90 * SECOND, "90秒", "90 seconds"),
        ("0.000001秒", Unit.CLOCK_HOURS, 1, "0.000001秒", "0.000001 seconds"),
        ("2个工作小时", Unit.WORK_HOURS, 2 * HOUR, "2个工作小时", "2 working hours"),
        ("2工作小时", Unit.WORK_HOURS, 2 * HOUR, "2个工作小时", "2 working hours"),
        ("45工作分钟", Unit.WORK_HOURS, 45 * MINUTE, "45个工作分钟", "45 working minutes"),
        ("1个工作秒", Unit.WORK_HOURS, SECOND, "1个工作秒", "1 working second"),
        (" 0日 ", Unit.CALENDAR_DAYS, 0, "0日", "0 days"),
    ],
)
def test_text_is_read_and_written_back(
    text: str, unit: Unit, size: int, again: str, english: str
) -> None:
    amount = Amount.parse(text)
    assert (amount.unit, amount.size) == (unit, size)
    assert str(amount) == again
    assert amount.en() == english
    assert Amount.parse(again) == amount


@pytest.mark.parametrize(
    "text", ["", "10", "工作日", "十个工作日", "-1个工作日", "1e3小时", "1个工作日左右", "١个月"]
)
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        Amount.parse(text)
    assert refusal.value.code == "AMOUNT_FORMAT"


@pytest.mark.parametrize(
    ("n", "unit"),
    [
        (Fraction(-1), Unit.WORKDAYS),
        (Fraction(1, 2), Unit.WORKDAYS),
        (Fraction(0), Unit.HALF_WORKDAYS),
        (Fraction(1, 2), Unit.CALENDAR_DAYS),
        (Fraction(3, 2), Unit.CALENDAR_MONTHS),
        (Fraction(36_526), Unit.WORKDAYS),
        (Fraction(1_201), Unit.CALENDAR_MONTHS),
        (Fraction(10) ** 300, Unit.CLOCK_HOURS),
        (Fraction(1, 7), Unit.WORK_HOURS),
        (Fraction(1, 3_600_000_000_0), Unit.CLOCK_HOURS),
    ],
)
def test_an_amount_nobody_can_count_is_refused(n: Fraction, unit: Unit) -> None:
    with pytest.raises(Refusal) as refusal:
        Amount(n, unit)
    assert refusal.value.code == "AMOUNT_RANGE"
    assert len(refusal.value.faults[0].found) < 120


def test_a_third_of_a_working_day_is_refused_and_not_rounded() -> None:
    with pytest.raises(Refusal, match=r"0\.3 workdays"):
        Amount.parse("0.3个工作日")


def test_amounts_of_one_unit_add() -> None:
    assert Amount.parse("60日") + Amount.parse("30日") == Amount.parse("90日")
    assert Amount.parse("0.5个工作日") + Amount.parse("半日") == Amount.parse("2个半日")


def test_amounts_of_two_units_do_not_add() -> None:
    with pytest.raises(Refusal) as refusal:
        Amount.parse("5个工作日") + Amount.parse("10日")
    assert refusal.value.faults[0].found == "5个工作日 + 10日"


def test_only_hours_have_a_length_in_microseconds() -> None:
    assert Amount.parse("2小时").micros == 2 * HOUR
    with pytest.raises(AssertionError):
        _ = Amount.parse("2日").micros

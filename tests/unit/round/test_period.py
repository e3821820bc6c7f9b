"""Names of periods, their days, and what follows them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.errors import Refusal
from sla_engine.round.period import CALENDAR_CYCLES, cycle_of, period_name, period_of


@pytest.mark.parametrize(
    ("name", "cycle", "first", "after", "following"),
    [
        ("2024-02-29", "day", date(2024, 2, 29), date(2024, 3, 1), "2024-03-01"),
        ("2020-W53", "week", date(2020, 12, 28), date(2021, 1, 4), "2021-W01"),
        ("2024-12", "month", date(2024, 12, 1), date(2025, 1, 1), "2025-01"),
        ("2024Q4", "quarter", date(2024, 10, 1), date(2025, 1, 1), "2025Q1"),
        ("2024H1", "half_year", date(2024, 1, 1), date(2024, 7, 1), "2024H2"),
        ("2024", "year", date(2024, 1, 1), date(2025, 1, 1), "2025"),
    ],
)
def test_a_period_has_its_days_and_a_successor(
    name: str, cycle: str, first: date, after: date, following: str
) -> None:
    assert period_of(name, CALENDAR_CYCLES[cycle]) == (first, after, following)
    assert cycle_of(name) == cycle


@pytest.mark.parametrize(
    "name",
    ["2024-13", "2024Q5", "2024-02-30", "2023-W53", "第一期", "", "9999-12-31", "9999-W52", "9999"],
)
def test_what_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        period_of(name, cycle_of(name))


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(sorted(CALENDAR_CYCLES)))
def test_every_day_lies_in_the_period_of_its_name_and_periods_leave_no_gap(
    day: date, cycle: str
) -> None:
    kind = CALENDAR_CYCLES[cycle]
    period = period_of(period_name(day, kind), kind)
    assert period.first <= day < period.after
    assert period_of(period.next, kind).first == period.after

"""Officials can read every answer, and no counted or skipped day goes unnamed."""

import re
from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import Derivation, derive, narrate
from sla_engine.worktime.derivation import Counted, Due, Ran, Skipped
from tests.properties.worktime.strategies import cases
from tests.support import oracle
from tests.support.worktime import BEIJING, MICROSECOND, Case, Setting, micros


def explained(case: Case) -> Derivation:
    try:
        return derive(case.term, micros(case.start), case.setting.timetable, case.stops)
    except UnpublishedYear:
        assume(False)
        raise


@given(cases())
def test_each_step_is_one_line_in_both_languages(case: Case) -> None:
    derivation = explained(case)
    for lines in (narrate.zh(derivation), narrate.en(derivation)):
        assert len(lines) == len(derivation.steps)
        assert all(line.strip() and "\n" not in line for line in lines)


@given(cases())
def test_every_counted_and_every_skipped_day_is_named_with_its_notice(case: Case) -> None:
    derivation = explained(case)
    for lines in (narrate.zh(derivation), narrate.en(derivation)):
        for step, line in zip(derivation.steps, lines, strict=True):
            if isinstance(step, Counted | Skipped):
                assert step.date.isoformat() in line
                assert step.day is None or (step.day.name in line and step.day.notice in line)


@given(cases(["workdays", "half_workdays", "calendar_days", "calendar_months"]))
def test_the_days_counted_are_those_of_the_oracle_and_numbered_without_a_gap(case: Case) -> None:
    derivation = explained(case)
    counted = [step for step in derivation.steps if isinstance(step, Counted)]
    assert [step.n for step in counted] == list(range(1, len(counted) + 1))
    cells = case.course.counted()
    if cells is not None:
        assert [step.date for step in counted] == [cell.day for cell in cells]


@given(cases(["workdays", "calendar_days", "calendar_months"]))
def test_no_day_between_the_arrival_and_the_last_is_left_out(case: Case) -> None:
    derivation = explained(case)
    told = [step.date for step in derivation.steps if isinstance(step, Counted | Skipped)]
    due = derivation.reckoning.due_date
    assume(due is not None)
    assert due is not None
    first = case.course.office.date_of(case.course.start)
    named = set(told) | {due}
    assert set(oracle.days_between(first, due)) == named
    assert sorted(told) == told
    assert len(told) == len(set(told))


@given(cases(["clock_hours", "work_hours"]))
def test_the_spans_told_add_up_to_the_term(case: Case) -> None:
    derivation = explained(case)
    spans = [step for step in derivation.steps if isinstance(step, Ran)]
    ran = sum(step.until - step.since for step in spans)
    if derivation.reckoning.due is None:
        assert ran < case.promise.span // MICROSECOND
    else:
        assert timedelta(microseconds=ran) == case.promise.span
        assert spans[-1].until == derivation.reckoning.due


@given(st.integers(1, 10**12))
def test_a_length_of_time_is_told_to_the_microsecond(length: int) -> None:
    """59.999999 seconds are not a minute."""
    start, month = datetime(2026, 9, 21, tzinfo=BEIJING), timedelta(microseconds=length)
    derivation = explained(Case(Setting(), oracle.Promise("clock_hours", span=month), start))
    (line,) = [text for text in narrate.en(derivation) if text.startswith("Running")]
    counts = {unit: Fraction(n) for n, unit in re.findall(r"([\d.]+) ?(h|min|s)\b", line)}
    assert counts.get("min", 0) < 60
    assert counts.get("s", 0) < 60
    seconds = counts.get("h", 0) * 3600 + counts.get("min", 0) * 60 + counts.get("s", 0)
    assert seconds * 1_000_000 == length


@given(cases())
def test_the_last_step_is_the_answer(case: Case) -> None:
    derivation = explained(case)
    last, answer = derivation.steps[-1], derivation.reckoning
    assert last == Due(answer.due, answer.due_date, answer.provisional, answer.basis)

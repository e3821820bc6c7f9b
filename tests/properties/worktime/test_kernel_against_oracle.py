"""The kernel and a slow walk over the days answer alike, whatever is asked and wherever."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.worktime import (
    at_percent,
    opening_after,
    opening_before,
    progress,
    reckon,
    remaining,
)
from tests.properties.worktime.strategies import amounts_of_time, cases, days, instants, settings
from tests.support import oracle
from tests.support.worktime import (
    MICROSECOND,
    Case,
    Setting,
    micros,
    moment,
    unless_unpublished,
)

COUNTED: list[oracle.Unit] = ["workdays", "half_workdays", "calendar_days", "calendar_months"]


def micros_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else micros(instant)


@given(settings(), days)
def test_a_day_works_or_rests_for_both(setting: Setting, day: date) -> None:
    ours = unless_unpublished(lambda: setting.calendar.is_workday(day))
    assert ours == unless_unpublished(lambda: setting.office.works(day))


@given(settings(), days, st.integers(-90, 90))
def test_adding_working_days_lands_on_the_same_day(setting: Setting, day: date, n: int) -> None:
    ours = unless_unpublished(lambda: setting.calendar.add_workdays(day, n))
    assert ours == unless_unpublished(lambda: oracle.add_workdays(setting.office, day, n))


@given(settings(), days, st.integers(-400, 400))
def test_counting_working_days_gives_the_same_number(
    setting: Setting, day: date, length: int
) -> None:
    other = day + timedelta(length)
    ours = unless_unpublished(lambda: setting.calendar.workdays_between(day, other))
    assert ours == unless_unpublished(lambda: oracle.workdays_between(setting.office, day, other))


@given(settings(), days)
def test_a_day_off_rolls_to_the_same_working_day(setting: Setting, day: date) -> None:
    ours = unless_unpublished(lambda: setting.calendar.roll(day))
    assert ours == unless_unpublished(lambda: oracle.roll(setting.office, day))


@given(st.data())
def test_working_time_between_two_instants_is_the_same(data: st.DataObject) -> None:
    setting, start = place_and_time(data)
    length = data.draw(st.timedeltas(timedelta(days=-60), timedelta(days=60)))
    end = data.draw(st.sampled_from([start + length, start + timedelta(length.days)]))
    ours = unless_unpublished(lambda: setting.timetable.work_between(micros(start), micros(end)))
    theirs = unless_unpublished(
        lambda: oracle.work_between(setting.office, start, end) // MICROSECOND
    )
    assert ours == theirs


@given(st.data())
def test_adding_working_time_reaches_the_same_instant(data: st.DataObject) -> None:
    setting, start = place_and_time(data)
    amount = data.draw(amounts_of_time()) * data.draw(st.sampled_from([1, -1]))
    ours = unless_unpublished(
        lambda: setting.timetable.add_work(micros(start), amount // MICROSECOND)
    )
    theirs = unless_unpublished(lambda: micros(oracle.add_work(setting.office, start, amount)))
    assert ours == theirs


def place_and_time(data: st.DataObject) -> tuple[Setting, datetime]:
    setting = data.draw(settings(), label="setting")
    return setting, data.draw(instants(setting.hours), label="start")


@given(cases())
def test_a_term_is_due_at_the_same_instant(case: Case) -> None:
    course = case.course
    ours = unless_unpublished(
        lambda: reckon(case.term, micros(case.start), case.setting.timetable, case.stops)
    )
    theirs = unless_unpublished(lambda: micros_or_none(course.due()))
    if isinstance(ours, str):
        assert ours == theirs
        return
    assert ours.due == theirs
    assert ours.start == micros(course.start)
    if case.promise.unit in COUNTED:
        assert ours.due_date == course.due_date()


@given(cases(), st.data())
def test_what_remains_is_the_same(case: Case, data: st.DataObject) -> None:
    at = instant_in(case, data)
    ours = unless_unpublished(
        lambda: remaining(
            case.term, micros(case.start), case.setting.timetable, case.stops, micros(at)
        )
    )
    if isinstance(ours, str):
        assert ours == unless_unpublished(lambda: left(case, at))
        return
    due = case.course.due()
    assert (ours.days, ours.half_days, ours.seconds) == left(case, at)
    assert ours.due == micros_or_none(due)
    assert ours.overdue == (due is not None and at > due)
    assert ours.paused == (due is None)


def left(case: Case, at: datetime) -> tuple[int | None, int | None, int | None]:
    """Days, half days or seconds left; exactly one of them."""
    case.course.due()
    if case.promise.unit in oracle.HOURS:
        return None, None, case.course.time_left(at) // timedelta(seconds=1)
    cells = case.course.cells_left(at)
    return (None, cells, None) if case.promise.unit == "half_workdays" else (cells, None, None)


@given(cases(), st.data())
def test_progress_is_the_same(case: Case, data: st.DataObject) -> None:
    at = instant_in(case, data)
    ours = unless_unpublished(
        lambda: progress(
            case.term, micros(case.start), case.setting.timetable, case.stops, micros(at)
        )
    )
    theirs = unless_unpublished(lambda: case.course.progress(at))
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    elapsed, total = theirs
    assert (ours.elapsed, ours.total) == (elapsed // MICROSECOND, total // MICROSECOND)
    assert ours.percent == elapsed * 100 // total


@given(cases(), st.integers(1, 100))
def test_a_share_of_the_term_is_reached_at_the_same_instant(case: Case, percent: int) -> None:
    ours = unless_unpublished(
        lambda: at_percent(
            case.term, micros(case.start), case.setting.timetable, case.stops, percent
        )
    )
    theirs = unless_unpublished(lambda: micros_or_none(case.course.at_percent(percent)))
    assert ours == theirs


@given(cases(["workdays", "calendar_days", "calendar_months"]), st.integers(1, 10))
def test_the_day_before_the_last_opens_at_the_same_instant(case: Case, k: int) -> None:
    reckoning = unless_unpublished(
        lambda: reckon(case.term, micros(case.start), case.setting.timetable, case.stops)
    )
    if isinstance(reckoning, str) or reckoning.due_date is None:
        return
    last = reckoning.due_date
    ours = unless_unpublished(lambda: opening_before(case.setting.timetable, last, k))
    assert ours == unless_unpublished(lambda: micros(case.course.opening_before(k)))


@given(cases(["workdays", "half_workdays", "work_hours"]))
def test_an_answer_is_provisional_exactly_if_a_year_on_the_way_has_no_notice(case: Case) -> None:
    setting = case.setting
    assert isinstance(setting, Setting)
    ours = unless_unpublished(
        lambda: reckon(case.term, micros(case.start), setting.timetable, case.stops)
    )
    if isinstance(ours, str) or ours.due_date is None:
        return
    official = replace(setting, provisional=False).office.days.years
    first = setting.office.date_of(case.course.start)
    without = [y for y in range(first.year, ours.due_date.year + 1) if y not in official]
    assert ours.provisional == bool(without)
    assert ours.provisional == (ours.basis is not None)
    assert all(str(year) in (ours.basis or "") for year in without)


@given(settings(), days, st.integers(1, 20))
def test_the_office_opens_at_the_same_instant_k_days_before_and_after(
    setting: Setting, day: date, k: int
) -> None:
    def theirs(n: int) -> int:
        office = setting.office
        return micros(office.opening(oracle.add_workdays(office, day, n)))

    before = unless_unpublished(lambda: opening_before(setting.timetable, day, k))
    after = unless_unpublished(lambda: opening_after(setting.timetable, day, k))
    assert before == unless_unpublished(lambda: theirs(-k))
    assert after == unless_unpublished(lambda: theirs(k))


def instant_in(case: Case, data: st.DataObject) -> datetime:
    """An instant from the arrival to a while after the end, edges included."""
    edges = [case.start + timedelta(1), *(p for p, _ in case.pauses)]
    edges += [r for _, r in case.pauses if r is not None]
    reckoning = unless_unpublished(
        lambda: reckon(case.term, micros(case.start), case.setting.timetable, case.stops)
    )
    if not isinstance(reckoning, str) and reckoning.due is not None:
        edges.append(moment(reckoning.due))
    later = [edge for edge in edges if edge >= case.start]
    spread = st.timedeltas(timedelta(0), timedelta(days=90)).map(lambda d: case.start + d)
    at: datetime = data.draw(st.one_of(st.sampled_from(later), spread), label="at")
    return at

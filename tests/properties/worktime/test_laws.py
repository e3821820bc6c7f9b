"""Laws of counting that hold whatever the calendar says."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import Reckoning, derive, format_instant, parse_instant, reckon
from tests.properties.worktime.strategies import cases, clocks, days, instants, settings
from tests.support.oracle import Promise
from tests.support.worktime import BEIJING, MICROSECOND, Case, Setting, micros

FIRM = Setting()


def answer(case: Case) -> Reckoning:
    """The case's reckoning; the example is dropped where a year is not published."""
    try:
        return reckon(case.term, micros(case.start), case.setting.timetable, case.stops)
    except UnpublishedYear:
        assume(False)
        raise


@given(settings(), days, st.integers(1, 200))
def test_adding_working_days_and_counting_them_are_inverse(
    setting: Setting, day: date, n: int
) -> None:
    calendar = setting.calendar
    try:
        later, earlier = calendar.add_workdays(day, n), calendar.add_workdays(day, -n)
    except UnpublishedYear:
        assume(False)
        raise
    assert calendar.workdays_between(day, later) == n
    assert calendar.workdays_between(later, day) == -n
    # (earlier, day] leaves out the working day reached and takes in `day` itself.
    works = calendar.is_workday(day)
    assert calendar.workdays_between(earlier, day) == n - 1 + works


@given(settings(), days, st.integers(1, 200))
def test_going_forth_and_back_returns_to_a_working_day(setting: Setting, day: date, n: int) -> None:
    calendar = setting.calendar
    try:
        assume(calendar.is_workday(day))
        assert calendar.add_workdays(calendar.add_workdays(day, n), -n) == day
    except UnpublishedYear:
        assume(False)


@given(settings(), instants(), st.timedeltas(MICROSECOND, timedelta(hours=300)))
def test_adding_working_time_and_measuring_it_are_inverse(
    setting: Setting, start: datetime, amount: timedelta
) -> None:
    timetable, begin, size = setting.timetable, micros(start), amount // MICROSECOND
    try:
        later, earlier = timetable.add_work(begin, size), timetable.add_work(begin, -size)
    except UnpublishedYear:
        assume(False)
        raise
    assert timetable.work_between(begin, later) == size
    assert timetable.work_between(earlier, begin) == size
    assert timetable.work_between(begin, earlier) == -size
    assert timetable.work_between(begin, later - 1) == size - 1, "no earlier instant will do"
    assert timetable.work_between(earlier + 1, begin) == size - 1, "no later instant will do"


@given(cases(), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_a_later_arrival_is_never_due_earlier(case: Case, later: timedelta) -> None:
    # A month has fewer days from the 31st than from the 28th: what a pause adds may then be less.
    stops = [] if case.promise.unit == "calendar_months" else case.pauses
    first, second = (
        answer(Case(case.setting, case.promise, start, stops))
        for start in (case.start, case.start + later)
    )
    if first.due is None or second.due is None:
        assert second.due is None, "what an open pause holds up it holds up for later arrivals too"
    else:
        assert first.due <= second.due


@given(cases(), st.integers(0, 30))
def test_a_longer_term_is_never_due_earlier(case: Case, more: int) -> None:
    longer = Promise(
        case.promise.unit,
        case.promise.n + more,
        case.promise.span + timedelta(hours=more),
        case.promise.receipt,
        case.promise.close_of_business,
        case.promise.roll,
    )
    first, second = answer(case), answer(Case(case.setting, longer, case.start, case.pauses))
    if first.due is None or second.due is None:
        assert second.due is None
    else:
        assert first.due <= second.due


@given(cases())
def test_the_explained_answer_is_the_answer(case: Case) -> None:
    expected = answer(case)
    derivation = derive(case.term, micros(case.start), case.setting.timetable, case.stops)
    assert derivation.reckoning == expected


@given(cases(), st.data())
def test_pauses_may_be_told_in_any_order_and_in_pieces(case: Case, data: st.DataObject) -> None:
    pieces: list[tuple[int, int | None]] = []
    for begin, end in case.stops:
        middle = begin + (end - begin) // 2 if end is not None else begin + 1
        pieces += [(begin, middle), (middle, end)]
    shuffled = data.draw(st.permutations(pieces))
    expected = answer(case)
    assert expected == reckon(case.term, micros(case.start), case.setting.timetable, shuffled)


@given(instants(), st.integers(1, 40), st.data())
def test_a_pause_of_k_working_days_moves_a_term_in_working_days_by_exactly_k(
    start: datetime, n: int, data: st.DataObject
) -> None:
    calendar, promise = FIRM.calendar, Promise("workdays", n)
    plain = answer(Case(FIRM, promise, start))
    assert plain.due_date is not None
    begin = datetime.combine(
        data.draw(st.dates(start.date() + timedelta(1), plain.due_date)),
        data.draw(clocks()),
        BEIJING,
    )
    end = begin + data.draw(st.timedeltas(timedelta(0), timedelta(days=30)))
    try:
        k = calendar.workdays_between(begin.date() - timedelta(1), end.date() - timedelta(1))
        moved = calendar.add_workdays(plain.due_date, k)
    except UnpublishedYear:
        assume(False)
        raise
    assert answer(Case(FIRM, promise, start, [(begin, end)])).due_date == moved


@given(cases(["workdays", "calendar_days", "calendar_months"]), days, st.data())
def test_pausing_and_resuming_on_one_day_changes_nothing_for_terms_in_days(
    case: Case, day: date, data: st.DataObject
) -> None:
    promise = Promise(
        case.promise.unit, case.promise.n, receipt=case.promise.receipt, roll=case.promise.roll
    )
    begin, end = sorted(data.draw(st.tuples(clocks(), clocks())))
    pause = (datetime.combine(day, begin, BEIJING), datetime.combine(day, end, BEIJING))
    assert answer(Case(case.setting, promise, case.start)) == answer(
        Case(case.setting, promise, case.start, [pause])
    )


@given(cases(), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_every_offset(case: Case, minutes: int) -> None:
    elsewhere = case.start.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(elsewhere.isoformat()) == micros(case.start)
    assert answer(case) == answer(
        Case(case.setting, case.promise, elsewhere.astimezone(UTC), case.pauses)
    )


@given(instants())
def test_an_instant_written_is_the_instant_read(start: datetime) -> None:
    assert parse_instant(format_instant(micros(start))) == micros(start)


@given(settings(), instants(), st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), max_size=6))
def test_working_time_of_the_parts_is_working_time_of_the_whole(
    setting: Setting, start: datetime, steps: list[timedelta]
) -> None:
    marks = [micros(start)]
    for step in steps:
        marks.append(marks[-1] + step // MICROSECOND)
    try:
        parts = [setting.timetable.work_between(a, b) for a, b in pairwise(marks)]
        assert sum(parts) == setting.timetable.work_between(marks[0], marks[-1])
    except UnpublishedYear:
        assume(False)
    assert all(part >= 0 for part in parts)


@given(cases(["clock_hours", "work_hours"]))
def test_hours_never_end_before_they_have_run(case: Case) -> None:
    reckoning = answer(case)
    if reckoning.due is not None:
        assert reckoning.due - reckoning.start >= case.promise.span // MICROSECOND


def test_half_past_midnight_in_beijing_is_already_the_next_day() -> None:
    instant = parse_instant("2026-09-30T16:30:00Z")
    assert FIRM.timetable.zone.date_of(instant) == date(2026, 10, 1)


def test_a_pause_at_the_close_gives_that_day_back_and_a_moment_later_it_does_not() -> None:
    promise = Promise("workdays", 5, close_of_business=True)
    start = datetime(2026, 9, 21, 10, tzinfo=BEIJING)
    close = datetime(2026, 9, 23, 17, 30, tzinfo=BEIJING)
    resumed = datetime(2026, 9, 24, 10, tzinfo=BEIJING)
    dates = [
        answer(Case(FIRM, promise, start, stops)).due_date
        for stops in ([], [(close, resumed)], [(close + MICROSECOND, resumed)])
    ]
    assert dates == [date(2026, 9, 29), date(2026, 9, 30), date(2026, 9, 29)]

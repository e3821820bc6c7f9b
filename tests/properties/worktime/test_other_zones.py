"""Where clocks are put forward and back, and hours are anything, kernel and oracle still agree."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.worktime import Zone, progress, reckon, remaining
from tests.properties.worktime.strategies import pauses, promises
from tests.support import oracle
from tests.support.worktime import MICROSECOND, Abroad, Case, micros, unless_unpublished

ZONES = (
    "Europe/Amsterdam",
    "America/Los_Angeles",
    "America/Sao_Paulo",  # clocks went forward at midnight: such a day begins at 01:00
    "Australia/Lord_Howe",  # by half an hour
    "Europe/London",  # an hour ahead of its later self all through 1970
    "Asia/Kathmandu",
)
FIRST, LAST = date(2005, 1, 1), date(2020, 12, 31)


def changes(zone: str) -> list[date]:
    """Days near a change of the clocks."""
    info = ZoneInfo(zone)
    noons = [datetime.combine(day, time(12), info) for day in oracle.days_between(FIRST, LAST)]
    changed = [b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset()]
    return changed or [date(2012, 3, 4)]


CHANGES = {zone: changes(zone) for zone in ZONES}


@st.composite
def sessions(draw: st.DrawFn, most: int = 3) -> list[tuple[str, str]]:
    """One to three sessions at any minute, often those of the night in which clocks change."""
    minutes = st.one_of(st.integers(0, 4 * 60), st.integers(0, 24 * 60))
    marks = sorted(draw(st.sets(minutes, min_size=2, max_size=2 * most)))
    clocks = [f"{mark // 60:02}:{mark % 60:02}" for mark in marks]
    return list(zip(clocks[::2], clocks[1::2], strict=False))


@st.composite
def abroad(draw: st.DrawFn, zone: str, halves: bool = False) -> Abroad:
    """Weekly rest, some days turned off or on, one to three seasons."""
    dates = st.one_of(st.sampled_from(CHANGES[zone]), st.dates(FIRST, LAST))
    firsts = draw(st.lists(st.dates(date(2019, 1, 1), date(2019, 12, 31)), min_size=1, max_size=3))
    hours = st.just([("08:30", "12:00"), ("14:30", "18:00")]) if halves else sessions()
    seasons = [(f"{day:%m-%d}", draw(hours)) for day in sorted(set(firsts))]
    days = oracle.Days(
        off=frozenset(draw(st.lists(dates, max_size=8))),
        work=frozenset(draw(st.lists(dates, max_size=8))),
        years=frozenset(range(FIRST.year, LAST.year + 1)),
        weekend=frozenset(draw(st.sets(st.integers(0, 6), max_size=4))),
    )
    return Abroad(oracle.Office(days, seasons, zone))


@st.composite
def cases(draw: st.DrawFn, units: Sequence[oracle.Unit] | None = None) -> Case:
    zone = draw(st.sampled_from(ZONES))
    promise = draw(promises(units))
    setting = draw(abroad(zone, halves=promise.unit == "half_workdays"))
    day = draw(st.sampled_from(CHANGES[zone])) + timedelta(draw(st.integers(-8, 2)))
    start = datetime.combine(day, draw(st.times()), ZoneInfo(zone)).astimezone(UTC)
    return Case(setting, promise, start, draw(pauses(start)))


@given(cases())
def test_a_term_is_due_at_the_same_instant(case: Case) -> None:
    ours = unless_unpublished(
        lambda: reckon(case.term, micros(case.start), case.setting.timetable, case.stops).due
    )
    theirs = unless_unpublished(case.course.due)
    assert ours == (micros(theirs) if isinstance(theirs, datetime) else theirs)


@given(cases(), st.timedeltas(timedelta(0), timedelta(days=40)))
def test_it_stands_the_same_at_every_instant(case: Case, later: timedelta) -> None:
    at = case.start + later
    arguments = (case.term, micros(case.start), case.setting.timetable, case.stops, micros(at))
    theirs = unless_unpublished(lambda: case.course.progress(at))
    ours = unless_unpublished(lambda: progress(*arguments))
    if isinstance(theirs, str) or isinstance(ours, str):
        assert theirs == ours
        return
    assert (ours.elapsed, ours.total) == (theirs[0] // MICROSECOND, theirs[1] // MICROSECOND)
    left = remaining(*arguments)
    if case.promise.unit in oracle.HOURS:
        assert left.seconds == case.course.time_left(at) // timedelta(seconds=1)
    else:
        assert (left.half_days if left.days is None else left.days) == case.course.cells_left(at)


@given(cases(["work_hours"]), st.timedeltas(timedelta(days=-9), timedelta(days=9)))
def test_working_time_is_measured_and_added_alike(case: Case, amount: timedelta) -> None:
    timetable, office, start = case.setting.timetable, case.setting.office, micros(case.start)
    ours = unless_unpublished(lambda: timetable.work_between(start, micros(case.start + amount)))
    theirs = unless_unpublished(
        lambda: oracle.work_between(office, case.start, case.start + amount) // MICROSECOND
    )
    assert ours == theirs
    reached = unless_unpublished(lambda: timetable.add_work(start, amount // MICROSECOND))
    walked = unless_unpublished(lambda: micros(oracle.add_work(office, case.start, amount)))
    assert reached == walked


@given(
    st.sampled_from(ZONES),
    st.dates(FIRST, LAST),
    st.one_of(st.timedeltas(timedelta(hours=-2), timedelta(hours=2)), st.just(timedelta(0))),
)
def test_an_instant_belongs_to_the_day_the_wall_clock_shows(
    name: str, day: date, off_midnight: timedelta
) -> None:
    local = datetime.combine(day, time(0), ZoneInfo(name)).astimezone(UTC) + off_midnight
    assert Zone(name).date_of(micros(local)) == local.astimezone(ZoneInfo(name)).date()

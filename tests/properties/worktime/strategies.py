"""Arrivals, terms, pauses and places, more often near the edges where mistakes live."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from tests.support import oracle
from tests.support.oracle import Pause, Promise
from tests.support.worktime import BEIJING, HOURS, MICROSECOND, PAPERS, Case, Setting

FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
REGIONS = sorted({paper.region for paper in PAPERS} | {"CN-341182", "CN-451302"})
NAMED = sorted(
    {
        day + timedelta(shift)
        for paper in PAPERS
        for day in paper.off | paper.work
        for shift in (-1, 0, 1)
        if FIRST <= day + timedelta(shift) <= LAST
    }
)
EDGES = {
    name: sorted(
        {
            time.fromisoformat(edge)
            for _, sessions in seasons
            for session in sessions
            for edge in session
            if edge != "24:00"
        }
    )
    for name, seasons in HOURS.items()
}

days = st.one_of(st.sampled_from(NAMED), st.dates(FIRST, LAST))
slips = st.sampled_from([0, 0, 1, -1]).map(lambda n: n * MICROSECOND)


def clocks(hours: str = "std") -> st.SearchStrategy[time]:
    """Times of day, half of them when an office opens or closes."""
    return st.one_of(st.sampled_from(EDGES[hours]), st.times())


@st.composite
def instants(draw: st.DrawFn, hours: str = "std") -> datetime:
    """Beijing time 2007-2026, often at an edge of the day or a microsecond off it."""
    return datetime.combine(draw(days), draw(clocks(hours)), BEIJING) + draw(slips)


@st.composite
def settings(draw: st.DrawFn, near: date | None = None) -> Setting:
    """A place; known then, a while around then, or all that was ever known."""
    around = (near or draw(days)) + timedelta(draw(st.integers(-60, 500)))
    return Setting(
        hours=draw(st.sampled_from(sorted(HOURS))),
        region=draw(st.sampled_from(["CN", *REGIONS])),
        known_on=draw(st.sampled_from([None, None, around])),
        provisional=draw(st.booleans()),
    )


def amounts_of_time() -> st.SearchStrategy[timedelta]:
    minutes = st.integers(1, 200 * 60).map(lambda n: timedelta(minutes=n))
    hours = st.sampled_from([1, 2, 3, 4, 7, 8, 24, 48, 72]).map(lambda n: timedelta(hours=n))
    return st.one_of(hours, minutes, st.timedeltas(MICROSECOND, timedelta(hours=100)))


@st.composite
def promises(draw: st.DrawFn, units: Sequence[oracle.Unit] | None = None) -> Promise:
    unit = draw(st.sampled_from(units or list(oracle.UNITS)))
    return Promise(
        unit=unit,
        n=draw(st.integers(1, 4 if unit == "calendar_months" else 40)),
        span=draw(amounts_of_time()),
        receipt=draw(st.sampled_from(["as_is", "off_to_next", "close_to_next"])),
        close_of_business=draw(st.booleans()),
        roll=unit in ("calendar_days", "calendar_months") and draw(st.booleans()),
    )


@st.composite
def pauses(draw: st.DrawFn, start: datetime, hours: str = "std") -> list[Pause]:
    """Up to three pauses that do not touch, in order, the last perhaps never resumed."""
    edges = sorted(
        {
            datetime.combine(start.date() + timedelta(n), clock, start.tzinfo) + draw(slips)
            for n, clock in draw(
                st.lists(st.tuples(st.integers(-3, 45), clocks(hours)), max_size=6)
            )
        }
    )
    found: list[Pause] = list(zip(edges[::2], edges[1::2], strict=False))
    if found and draw(st.integers(0, 3)) == 0:
        found[-1] = (found[-1][0], None)
    return found


@st.composite
def cases(draw: st.DrawFn, units: Sequence[oracle.Unit] | None = None) -> Case:
    day = draw(days)
    promise = draw(promises(units))
    setting = draw(settings(near=day))
    if promise.unit == "half_workdays" and setting.hours in ONE_SESSION:
        setting = Setting("std", setting.region, setting.known_on, setting.provisional)
    start = datetime.combine(day, draw(clocks(setting.hours)), BEIJING) + draw(slips)
    return Case(setting, promise, start, draw(pauses(start, setting.hours)))


ONE_SESSION = {name for name, seasons in HOURS.items() if len(seasons[0][1]) == 1}

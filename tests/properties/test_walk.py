"""Two programs that share no code tell the same steps of the same term, whatever the term."""

import json
import os
from datetime import date
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla_engine.catalog import load_almanac
from sla_engine.checker.__main__ import DATA, countries_of
from sla_engine.checker.amounts import Amount as Length
from sla_engine.checker.packs import Hours
from sla_engine.checker.walk import Term as Walked
from sla_engine.checker.walk import Walk
from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import Amount, OfficeHours, Term, Timetable, Unit, derive
from sla_engine.worktime.term import EXPIRIES, RECEIPTS

_ALMANAC = load_almanac("cn")
_CN = countries_of({"notices": [], "without": []}, DATA / "calendars")["cn"]
_SEASONS: tuple[list[Any], ...] = (
    [["01-01", [["09:00", "12:00"], ["14:00", "18:00"]]]],
    [["06-01", [["08:30", "12:00"], ["14:30", "18:00"]]],
     ["10-01", [["08:30", "12:00"], ["13:30", "17:30"]]]],
    [["01-01", [["00:00", "12:00"], ["12:00", "24:00"]]]],
)  # fmt: skip
_SIZES = {
    Unit.WORKDAYS: (0, 25),
    Unit.HALF_WORKDAYS: (1, 12),
    Unit.CALENDAR_DAYS: (0, 40),
    Unit.CALENDAR_MONTHS: (0, 4),
    Unit.CLOCK_HOURS: (1, 200),
    Unit.WORK_HOURS: (1, 80),
}
_DAY = 86_400_000_000
_MINUTE = 60_000_000


@st.composite
def terms(draw: st.DrawFn) -> Term:
    unit = draw(st.sampled_from(list(Unit)))
    size = draw(st.integers(*_SIZES[unit]))
    roll = draw(st.booleans()) and not unit.is_hours
    receipt, expiry = draw(st.sampled_from(RECEIPTS)), draw(st.sampled_from(EXPIRIES))
    return Term(Amount.parse(f"{size}{_WORDS[unit]}"), receipt, expiry, roll)


_WORDS = {
    Unit.WORKDAYS: "个工作日",
    Unit.HALF_WORKDAYS: "个半日",
    Unit.CALENDAR_DAYS: "日",
    Unit.CALENDAR_MONTHS: "个月",
    Unit.CLOCK_HOURS: "小时",
    Unit.WORK_HOURS: "个工作小时",
}


@st.composite
def starts(draw: st.DrawFn) -> int:
    """Any minute, and the very edges of sessions and days."""
    day = draw(st.dates(date(2019, 12, 1), date(2027, 2, 1)))
    minute = draw(st.sampled_from([0, 510, 540, 720, 810, 840, 1050, 1080, 1439]))
    micro = draw(st.sampled_from([0, 0, 0, -1, 1, 30 * _MINUTE]))
    return _ALMANAC.zone.midnight[day.toordinal()] + minute * _MINUTE + micro


@st.composite
def pauses(draw: st.DrawFn, start: int) -> list[tuple[int, int | None]]:
    """Some pauses round the start, in any order, the last perhaps still open."""
    found: list[tuple[int, int | None]] = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + draw(st.integers(-3 * 48, 20 * 48)) * _DAY // 48
        found.append((begin, begin + draw(st.integers(0, 10 * 48)) * _DAY // 48))
    if draw(st.integers(0, 4)) == 0:
        found.append((start + draw(st.integers(0, 12 * 48)) * _DAY // 48, None))
    return found


@settings(max_examples=5_000 if os.environ.get("SOAK") else 300, deadline=None)
@given(st.data())
def test_both_programs_tell_the_same_steps(data: st.DataObject) -> None:
    term, start = data.draw(terms()), data.draw(starts())
    stops, seasons = data.draw(pauses(start)), data.draw(st.sampled_from(_SEASONS))
    region = data.draw(st.sampled_from(["CN", "CN-4501", "CN-4201", "CN-3704"]))
    known_at = start + data.draw(st.sampled_from([0, 400 * _DAY]))
    calendar = _ALMANAC.calendar(region, known_at, provisional=True)
    timetable = Timetable(calendar, OfficeHours.from_seasons(seasons))
    try:
        derivation = derive(term, start, timetable, stops)
    except UnpublishedYear:
        assume(False)
        raise
    mine = _walk(term, start, calendar.digest, region, seasons, stops)
    theirs = json.loads(msgspec.json.encode(derivation))
    assert mine.steps == theirs["steps"]
    assert mine.reckoning() == theirs["reckoning"]
    assert [list(pause) for pause in mine.pauses] == theirs["pauses"]
    assert mine.hours.digest == derivation.hours


def _walk(
    term: Term, start: int, digest: str, region: str, seasons: list[Any], stops: list[Any]
) -> Walk:
    amount = Length(term.amount.unit.value, term.amount.size)
    rules = Walked(amount, term.receipt, term.expiry, term.roll)
    return Walk(rules, start, _CN.calendar(region, digest), Hours(seasons), stops)

"""工作日历: a year of a region on a page, with its notices; a new notice is uploaded here."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from sla_engine import words
from sla_engine.errors import Fault, Refusal
from sla_engine.policy.clause import Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.web import pages
from sla_engine.web.gate import need
from sla_engine.web.house import HouseDep
from sla_engine.worktime import Almanac, Calendar, DayKind, Notice
from sla_engine.worktime.survey import Listed, show

router = APIRouter(include_in_schema=False)

FIRST_YEAR, LAST_YEAR = 1970, 2200
_WEEK = 7

MARKS = {
    DayKind.STATUTORY_HOLIDAY: Text("休", "off"),
    DayKind.ADJUSTED_REST_DAY: Text("调休", "off*"),
    DayKind.SPECIAL_HOLIDAY: Text("特", "off!"),
    DayKind.REGIONAL_HOLIDAY: Text("地休", "local"),
    DayKind.MAKEUP_WORKDAY: Text("班", "work"),
}
"""What stands under a day that is not what its weekday says."""


class Month(NamedTuple):
    """A month as weeks from Monday; None where a day is of another month."""

    number: int
    weeks: Sequence[Sequence[Listed | None]]
    working_days: int


class Run(NamedTuple):
    """Days of one kind and one name on end, with the notice that says so."""

    first: date
    last: date
    listed: Listed


class Year(NamedTuple):
    """All that a page shows of a year. `basis`: on what a provisional year rests, "" otherwise."""

    months: Sequence[Month]
    runs: Sequence[Run]
    working_days: int
    basis: str


@router.get("/calendar", dependencies=[need("rules:read")])
def calendar(
    request: Request,
    house: HouseDep,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
    region: str = "",
    name: str = "cn",
) -> Response:
    """年历."""
    rules, faults = house.engine.rules, list[Fault]()
    almanac = rules.almanacs.get(name) or next(iter(rules.almanacs.values()))
    place = region or almanac.region
    wanted = year or almanac.zone.date_of(house.now()).year
    shown: Year | None = None
    try:
        shown = year_of(almanac.calendar(place, provisional=True), wanted)
    except Refusal as refusal:
        faults = list(refusal.faults)
    return pages.render(
        request,
        "rules/calendar.html",
        status=200 if shown else 422,
        year=wanted,
        region=place,
        regions=regions(rules, almanac),
        shown=shown,
        notices=[each for each in reversed(almanac.notices) if _about(each, place, wanted)],
        faults=faults,
        marks=MARKS,
        words=words,
        last_year=LAST_YEAR,
        first_year=FIRST_YEAR,
    )


def year_of(calendar: Calendar, year: int) -> Year:
    """A year month by month. Raises `UnpublishedYear` where not even the statute says anything."""
    days = show(calendar, year)
    months = [
        _month(number, list(own)) for number, own in groupby(days, lambda each: each.date.month)
    ]
    working = sum(each.works for each in days)
    return Year(months, list(_runs(days)), working, calendar.basis([year]) or "")


def _month(number: int, days: Sequence[Listed]) -> Month:
    cells: list[Listed | None] = [None] * days[0].date.weekday()
    cells += days
    cells += [None] * (-len(cells) % _WEEK)
    weeks = [cells[start : start + _WEEK] for start in range(0, len(cells), _WEEK)]
    return Month(number, weeks, sum(each.works for each in days))


def _runs(days: Sequence[Listed]) -> Iterator[Run]:
    for _, group in groupby(days, lambda each: each.day):
        own = list(group)
        if own[0].day.name:
            yield Run(own[0].date, own[-1].date, own[0])


def regions(rules: Rulebook, almanac: Almanac) -> list[str]:
    """Regions that have days of their own, or a pack."""
    own = {notice.region for notice in almanac.notices}
    governed = {pack.region for pack in rules.packs if pack.region.startswith(almanac.region)}
    return sorted({almanac.region} | own | governed)


def _about(notice: Notice, region: str, year: int) -> bool:
    """Whether a notice has a say in a year of a region."""
    if not f"{region}-".startswith(f"{notice.region}-"):
        return False
    return year in notice.covers or any(day.year == year for day in (*notice.off, *notice.work))

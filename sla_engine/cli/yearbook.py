"""Calendars for people and programs: a year on a page, checks, differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from sla_engine import words
from sla_engine.catalog import Disagreement, second_witness
from sla_engine.cli import output
from sla_engine.cli.output import Voice, styled
from sla_engine.policy.clause import Text
from sla_engine.showing.calendars import day_dict
from sla_engine.worktime import Almanac, Calendar, Day, DayKind
from sla_engine.worktime.survey import Difference, Listed, YearCheck
from sla_engine.worktime.survey import check as check_years

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_OFF, _MAKEUP = "red", "bold green"
_WEEKDAYS = Text("一二三四五六日", "MTWTFSS")
_MONTHS_IN_A_ROW = 4


def render(
    calendar: Calendar, year: int, days: Sequence[Listed], voice: Voice
) -> "Iterator[RenderableType]":
    """Twelve months with what differs from a plain week, then the spans and their notices."""
    working = sum(each.works for each in days)
    mark = voice.word(Text("（暂定，无通知）", " (provisional, no notice)"))
    yield styled(
        f"{year} {calendar.region}{mark if days[0].provisional else ''}  "
        f"工作日 working days {working}   ",
        ("休 off", _OFF),
        "  ",
        ("班 make-up", _MAKEUP),
    )
    yield _months(days, voice)
    yield _spans(days, voice)


@dataclass(frozen=True, slots=True)
class Checked:
    """Every published year checked twice: by the statute, and by a second witness."""

    years: Sequence[YearCheck]
    disagreements: Sequence[Disagreement]

    @classmethod
    def of(cls, almanac: Almanac) -> Self:
        years = check_years(almanac)
        return cls(years, second_witness(almanac, [each.year for each in years]))

    @property
    def sound(self) -> bool:
        return not self.disagreements and not any(each.faults for each in self.years)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "sound": self.sound,
            "years": [
                {
                    "year": each.year,
                    "working_days": each.working_days,
                    "expected": each.expected,
                    "faults": [fault.as_dict() for fault in each.faults],
                }
                for each in self.years
            ],
            "disagreements": [
                {"date": each.date.isoformat(), "ours": each.ours, "holidays": each.theirs}
                for each in self.disagreements
            ],
        }


def render_check(checked: Checked) -> "Iterator[RenderableType]":
    """A line for each year, then whatever does not fit."""
    table = output.table("", "年 year", "工作日 working days", "应为 expected", "核对 verdict")
    for each in checked.years:
        verdict = ("有误 faulty", "red") if each.faults else ("相符 sound", "green")
        counts = (str(each.year), str(each.working_days), str(each.expected))
        table.add_row(*counts, styled(verdict))
    yield table
    faults = [fault for each in checked.years for fault in each.faults]
    if faults:
        yield output.faults_panel(faults)
    for other in checked.disagreements:
        ours = "上班 works" if other.ours else "休息 rests"
        where = (str(other.date), "red")
        yield styled(where, f" 本日历 here: {ours}；holidays 包相反 the package differs")


def difference_dict(found: Difference) -> dict[str, Any]:
    """JSON-ready."""
    return {
        "changes": [
            {
                "date": each.date.isoformat(),
                "before": day_dict(each.before),
                "after": day_dict(each.after),
            }
            for each in found.changes
        ],
        "only_before": list(found.only_before),
        "only_after": list(found.only_after),
    }


def render_difference(found: Difference, voice: Voice) -> "Iterator[RenderableType]":
    """Days that differ, with both reasons; years only one side knows."""
    if found.changes:
        table = output.table("", "日期 date", "之前 before", "之后 after")
        for each in found.changes:
            table.add_row(
                _dated(each.date, voice), _reason(each.before, voice), _reason(each.after, voice)
            )
        yield table
    for years, text in (
        (found.only_before, Text("仅之前有通知的年份", "years only before has")),
        (found.only_after, Text("仅之后有通知的年份", "years only after has")),
    ):
        if years:
            yield f"{voice.word(text)}: {', '.join(map(str, years))}"
    if not (found.changes or found.only_before or found.only_after):
        yield "没有不同 · no difference"


def _months(days: Sequence[Listed], voice: Voice) -> "Table":
    from rich.table import Table

    grid = Table.grid(padding=(0, 3))
    months = [[each for each in days if each.date.month == month] for month in range(1, 13)]
    for first in range(0, 12, _MONTHS_IN_A_ROW):
        grid.add_row(*(_month(each, voice) for each in months[first : first + _MONTHS_IN_A_ROW]))
    return grid


def _month(days: Sequence[Listed], voice: Voice) -> "Table":
    from rich.table import Table
    from rich.text import Text as Styled

    title = f"{days[0].date.month}月" if voice.lang == "zh" else f"{days[0].date:%B}"
    table = Table(title=title, box=None, padding=(0, 0), pad_edge=False)
    for name in voice.word(_WEEKDAYS):
        table.add_column(name, justify="right", width=3, header_style="dim")
    cells = [Styled("")] * days[0].date.weekday() + [_cell(each) for each in days]
    for start in range(0, len(cells), 7):
        table.add_row(*cells[start : start + 7])
    return table


def _cell(each: Listed) -> Any:
    """A day of the month. Colour says holiday or make-up; so does the list below the months."""
    from rich.text import Text as Styled

    if each.day.kind is DayKind.MAKEUP_WORKDAY:
        style = _MAKEUP
    elif each.day.name and not each.works:
        style = _OFF
    else:
        style = "" if each.works else "dim"
    return Styled(str(each.date.day), style=style)


def _spans(days: Sequence[Listed], voice: Voice) -> "Table":
    """Named days in runs of one kind, one name and one notice."""
    table = output.table("", "日期 dates", "天 days", "性质 kind", "节日 holiday", "通知 notice")
    for run in _runs(days):
        first, last, day = run[0].date, run[-1].date, run[0].day
        dates = _dated(first, voice) if first == last else f"{_dated(first, voice)} – {last:%m-%d}"
        kind = voice.word(words.DAY_KINDS[day.kind.value])
        table.add_row(dates, str(len(run)), kind, day.name, day.notice)
    return table


def _runs(days: Sequence[Listed]) -> Iterator[list[Listed]]:
    run: list[Listed] = []
    for each in days:
        if run and (run[-1].day != each.day or run[-1].date + timedelta(days=1) != each.date):
            yield run
            run = []
        if each.day.name:
            run.append(each)
    if run:
        yield run


def _dated(day: date, voice: Voice) -> str:
    weekday = voice.word(_WEEKDAYS)[day.weekday()] if voice.lang == "zh" else f"{day:%a}"
    return f"{day} {'周' if voice.lang == 'zh' else ''}{weekday}"


def _reason(day: Day, voice: Voice) -> str:
    parts = (voice.word(words.DAY_KINDS[day.kind.value]), day.name, day.notice)
    return " ".join(part for part in parts if part)

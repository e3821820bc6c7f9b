"""Working days and working hours, one question at a time, beside the tools at hand for them.

All contenders know the same days: the national notices 2007-2026. NumPy and pandas cannot say
that a Saturday works, so they get a week of seven working days and every day off as a holiday;
`holidays` and `chinesecalendar` bring their own days.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.harness import Claim, Contender, Race, Thunk
from sla_engine.catalog import load_almanac
from sla_engine.worktime import (
    Amount,
    Calendar,
    OfficeHours,
    Term,
    Timetable,
    Unit,
    derive,
    reckon,
)

HOUR = 3_600_000_000
FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
SESSIONS = (("09:00", "12:00"), ("13:30", "17:30"))
BEIJING = ZoneInfo("Asia/Shanghai")
CLOCKS = [tuple(time.fromisoformat(c).replace(tzinfo=BEIJING) for c in s) for s in SESSIONS]
ONE = timedelta(1)

Call = Callable[..., Any]


# --- what everybody knows --------------------------------------------------------------------


@cache
def calendar() -> Calendar:
    return load_almanac().calendar()


@cache
def timetable() -> Timetable:
    return Timetable(calendar(), OfficeHours.from_seasons([("01-01", SESSIONS)]))


@cache
def days_off() -> list[date]:
    every = (FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1))
    return [day for day in every if not calendar().is_workday(day)]


@cache
def busdays() -> Any:
    import numpy as np

    return np.busdaycalendar("1111111", np.array(days_off(), dtype="datetime64[D]"))


@cache
def business_day() -> Any:
    import pandas as pd

    return pd.offsets.CustomBusinessDay(weekmask="1111111", holidays=days_off())


@cache
def business_hour() -> Any:
    import pandas as pd

    starts, ends = ([session[k] for session in SESSIONS] for k in (0, 1))
    return pd.offsets.CustomBusinessHour(
        start=starts, end=ends, weekmask="1111111", holidays=days_off()
    )


@cache
def official() -> Any:
    import holidays

    years = range(FIRST.year, LAST.year + 1)
    return holidays.country_holidays("CN", years=years, expand=False, language="zh_CN")


# --- cases -----------------------------------------------------------------------------------


def some_days(size: int, seed: int) -> list[date]:
    random = Random(seed)
    return [date(2008, 1, 1) + timedelta(random.randrange(6_500)) for _ in range(size)]


def days_and_counts(size: int) -> list[tuple[date, int]]:
    random = Random(1)
    return [(day, random.randint(1, 60)) for day in some_days(size, 2)]


def pairs_of_days(size: int) -> list[tuple[date, date]]:
    random = Random(3)
    return [(day, day + timedelta(random.randint(1, 120))) for day in some_days(size, 4)]


def moments(size: int, seed: int) -> list[datetime]:
    random = Random(seed)
    midnights = (datetime(d.year, d.month, d.day, tzinfo=BEIJING) for d in some_days(size, seed))
    return [midnight + timedelta(seconds=random.randrange(86_400)) for midnight in midnights]


def pairs_of_moments(size: int) -> list[tuple[datetime, datetime]]:
    random = Random(5)
    return [(m, m + timedelta(seconds=random.randrange(90 * 86_400))) for m in moments(size, 6)]


def moments_and_hours(size: int) -> list[tuple[datetime, int]]:
    """Arrivals while the office is open, at 7 minutes past: no answer falls on a closing time,
    where pandas says the next opening and ours the close."""
    random = Random(7)
    working = [day for day in some_days(2 * size, 8) if calendar().is_workday(day)][:size]
    clocks = [(hour, 7) for hour in (9, 10, 11, 14, 15, 16)]
    return [
        (datetime(d.year, d.month, d.day, *random.choice(clocks), tzinfo=BEIJING), hours)
        for d, hours in ((day, random.randint(1, 100)) for day in working)
    ]


def micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


# --- the field -------------------------------------------------------------------------------


def each(call: Callable[[], Call], convert: Call | None = None) -> Callable[[Sequence[Any]], Thunk]:
    """Put every case to `call()`; `convert` turns a case into its arguments, untimed."""

    def prepare(cases: Sequence[Any]) -> Thunk:
        ask = call()
        arguments: Iterable[Any] = map(convert, cases) if convert else cases
        ready = [case if isinstance(case, tuple) else (case,) for case in arguments]
        return lambda: [ask(*case) for case in ready]

    return prepare


def as_date(answer: Any) -> date:
    """From NumPy's and pandas' dates."""
    item = answer.item() if hasattr(answer, "item") else answer.date()
    assert isinstance(item, date)
    return item


def add_days(size: int) -> Race:
    import chinese_calendar
    import numpy as np
    import pandas as pd

    def find_workday(day: date, n: int) -> date:
        """From a day off it counts the next working day as its zeroth."""
        on = chinese_calendar.is_workday(day)
        found: date = chinese_calendar.find_workday(n if on else n - 1, day)
        return found

    def numpy_call() -> Call:
        days = busdays()
        return lambda day, n: np.busday_offset(day, n, roll="backward", busdaycal=days)

    def pandas_call() -> Call:
        unit = business_day()
        return lambda day, n: day + n * unit

    return Race(
        days_and_counts(size),
        [
            Contender("Calendar.add_workdays", each(lambda: calendar().add_workdays)),
            Contender(
                "numpy busday_offset",
                each(numpy_call, lambda c: (np.datetime64(c[0]), c[1])),
                as_date,
            ),
            Contender(
                "pandas n * CustomBusinessDay",
                each(pandas_call, lambda c: (pd.Timestamp(c[0]), c[1])),
                as_date,
                share=0.25,
            ),
            Contender(
                "holidays get_nth_working_day",
                each(lambda: official().get_nth_working_day),
                share=0.1,
            ),
            Contender("chinesecalendar find_workday", each(lambda: find_workday), share=0.005),
        ],
    )


def count_days(size: int) -> Race:
    import chinese_calendar
    import numpy as np

    def numpy_call() -> Call:
        days = busdays()
        return lambda a, b: np.busday_count(a, b, busdaycal=days)

    def holidays_call() -> Call:
        count = official().get_working_days_count
        return lambda a, b: count(a + ONE, b)

    return Race(
        pairs_of_days(size),
        [
            Contender("Calendar.workdays_between", each(lambda: calendar().workdays_between)),
            Contender(
                "numpy busday_count",
                each(numpy_call, lambda c: (np.datetime64(c[0] + ONE), np.datetime64(c[1] + ONE))),
                int,
            ),
            Contender("holidays get_working_days_count", each(holidays_call), share=0.1),
            Contender(
                "chinesecalendar get_workdays",
                each(lambda: lambda a, b: len(chinese_calendar.get_workdays(a + ONE, b))),
                share=0.005,
            ),
        ],
    )


def is_day(size: int) -> Race:
    import chinese_calendar
    import numpy as np
    import pandas as pd

    def numpy_call() -> Call:
        days = busdays()
        return lambda day: np.is_busday(day, busdaycal=days)

    return Race(
        some_days(size, 9),
        [
            Contender("Calendar.is_workday", each(lambda: calendar().is_workday)),
            Contender("numpy is_busday", each(numpy_call, np.datetime64), bool),
            Contender(
                "pandas CustomBusinessDay.is_on_offset",
                each(lambda: business_day().is_on_offset, pd.Timestamp),
                bool,
            ),
            Contender("holidays is_working_day", each(lambda: official().is_working_day)),
            Contender(
                "chinesecalendar is_workday", each(lambda: chinese_calendar.is_workday), share=0.1
            ),
        ],
    )


def time_between(size: int) -> Race:
    return Race(
        pairs_of_moments(size),
        [
            Contender(
                "Timetable.work_between",
                each(lambda: timetable().work_between, lambda c: (micros(c[0]), micros(c[1]))),
            ),
            Contender("the same from aware datetimes", each(from_datetimes)),
            Contender("a loop over days with holidays", each(day_loop), share=0.1),
            Contender("a loop over edge days, numpy between", each(numpy_whole_days), share=0.25),
        ],
    )


def from_datetimes() -> Call:
    between = timetable().work_between
    return lambda a, b: between(micros(a), micros(b))


def open_on(day: date, since: datetime, until: datetime) -> int:
    """Open microseconds of a working day between two moments."""
    total = timedelta()
    for opens, closes in CLOCKS:
        begin = max(datetime.combine(day, opens), since)
        total += max(min(datetime.combine(day, closes), until) - begin, timedelta())
    return total // timedelta(microseconds=1)


def day_loop() -> Call:
    works = official().is_working_day

    def between(a: datetime, b: datetime) -> int:
        days = (a.date() + timedelta(n) for n in range((b.date() - a.date()).days + 1))
        return sum(open_on(day, a, b) for day in days if works(day))

    return between


def numpy_whole_days() -> Call:
    import numpy as np

    days, works = busdays(), calendar().is_workday

    def between(a: datetime, b: datetime) -> int:
        first, last = a.date(), b.date()
        edges = {first, last}
        total = sum(open_on(day, a, b) for day in edges if works(day))
        return total + 7 * HOUR * max(int(np.busday_count(first + ONE, last, busdaycal=days)), 0)

    return between


def add_hours(size: int) -> Race:
    import pandas as pd

    def pandas_call() -> Call:
        unit = business_hour()
        return lambda moment, n: moment + n * unit

    def as_micros(answer: Any) -> int:
        return micros(answer.to_pydatetime().replace(tzinfo=BEIJING))

    return Race(
        moments_and_hours(size),
        [
            Contender(
                "Timetable.add_work",
                each(lambda: timetable().add_work, lambda c: (micros(c[0]), c[1] * HOUR)),
            ),
            Contender(
                "pandas n * CustomBusinessHour",
                each(pandas_call, lambda c: (pd.Timestamp(c[0].replace(tzinfo=None)), c[1])),
                as_micros,
                share=0.05,
            ),
        ],
    )


def terms(unit: Unit, most: int) -> Callable[[int], Race]:
    """A whole term reckoned, and the same with its working shown."""

    def build(size: int) -> Race:
        random = Random(11)
        cases = [
            (Term(Amount(Fraction(random.randint(1, most)), unit)), micros(moment), timetable())
            for moment in moments(size, 12)
        ]
        return Race(
            cases,
            [
                Contender("reckon", each(lambda: reckon)),
                Contender("derive", each(lambda: derive), lambda found: found.reckoning, share=0.1),
            ],
        )

    return build


def claim(name: str, build: Callable[[int], Race]) -> Claim:
    return Claim(f"worktime: {name}", build, small=200, canonical=2_000, rounds=40)


CLAIMS: Sequence[Claim] = (
    claim("add N working days", add_days),
    claim("count working days", count_days),
    claim("is it a working day", is_day),
    claim("working time between", time_between),
    claim("add working hours", add_hours),
    claim("a term in working days", terms(Unit.WORKDAYS, 60)),
    claim("a term in working hours", terms(Unit.WORK_HOURS, 100)),
)

"""Every row of the tables, put to the kernel through its public names and to the oracle.

The oracle is asked too because the properties lean on it: what it says must be known to be right.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from sla_engine.worktime import (
    Amount,
    Term,
    Unit,
    at_percent,
    format_instant,
    opening_after,
    opening_before,
    parse_instant,
    progress,
    reckon,
    remaining,
)
from tests.support import oracle
from tests.support.oracle import HOURS, Course, Promise
from tests.support.tables import Row, read
from tests.support.worktime import BEIJING, Setting, unless_unpublished

KINDS = (
    "is_workday",
    "workdays_between",
    "add_workdays",
    "work_seconds_between",
    "due_workdays",
    "due_calendar_days",
    "due_calendar_months",
    "due_clock_hours",
    "due_work_hours",
    "remaining",
    "percent",
    "warn_at",
    "warn_before",
)


def rows(*names: str) -> list[Any]:
    return [
        pytest.param(head["kind"], row, id=row["id"])
        for head, table in map(read, names)
        for row in table
    ]


def test_the_tables_hold_all_322_rows() -> None:
    ids = [row["id"] for name in KINDS for row in read(name)[1]]
    assert len(ids) == len(set(ids)) == 322


@pytest.mark.parametrize(("kind", "row"), rows(*KINDS))
def test_the_kernel_gives_the_row(kind: str, row: Row) -> None:
    answer = unless_unpublished(lambda: KERNEL[kind.partition(".")[0]](unit(kind, row), row))
    assert answer == expected(row)


@pytest.mark.parametrize(("kind", "row"), rows(*KINDS))
def test_the_oracle_gives_the_row(kind: str, row: Row) -> None:
    answer = unless_unpublished(lambda: ORACLE[kind.partition(".")[0]](unit(kind, row), row))
    assert answer == expected(row)


@pytest.mark.parametrize(("kind", "row"), rows("golden"))
def test_the_golden_dates_hold(kind: str, row: Row) -> None:
    case = row | {"start": f"{row['start']}T10:00:00+08:00", "hours": "std"}
    timetable = setting(case).timetable
    reckoning = reckon(
        term(Unit(row["unit"]), case), parse_instant(case["start"]), timetable, pauses(row)
    )
    assert reckoning.due_date == date.fromisoformat(row["due_date"])
    assert reckoning.provisional == row.get("provisional", False)
    for key, ask in (("day_before", opening_before), ("day_after", opening_after)):
        if key in row:
            day = date.fromisoformat(row[key])
            assert ask(timetable, reckoning.due_date, 1) == timetable.opening(day)


def expected(row: Row) -> Any:
    answer = row["is"]
    if isinstance(answer, dict) and "error" in answer:
        assert answer["error"] == "UNPUBLISHED_YEAR"
        return f"unpublished {answer['year']}"
    return answer


def unit(kind: str, row: Row) -> Unit:
    return Unit(row.get("unit") or kind.partition(".")[2] or "workdays")


def setting(row: Row) -> Setting:
    return Setting(
        hours=row.get("hours", "std"),
        region=row.get("region", "CN"),
        known_on=date.fromisoformat(row["as_of"]) if "as_of" in row else None,
        provisional=row.get("provisional", False),
    )


# --- the kernel's answers -------------------------------------------------------------------


def term(unit: Unit, row: Row) -> Term:
    return Term(
        Amount(Fraction(str(row["n"])), unit),
        row.get("receipt", "as_is"),
        row.get("expiry", "end_of_day"),
        row.get("roll", False),
    )


def pauses(row: Row) -> list[tuple[int, int | None]]:
    return [
        (parse_instant(begin), parse_instant(end) if end else None)
        for begin, end in row.get("pauses", ())
    ]


def written(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def kernel_due(unit: Unit, row: Row) -> Row:
    answer = reckon(
        term(unit, row), parse_instant(row["start"]), setting(row).timetable, pauses(row)
    )
    due: Row = {"due": written(answer.due)}
    if not unit.is_hours and answer.due_date:
        due["due_date"] = answer.due_date.isoformat()
    return due


def kernel_remaining(unit: Unit, row: Row) -> Row:
    answer = remaining(
        term(unit, row),
        parse_instant(row["start"]),
        setting(row).timetable,
        pauses(row),
        parse_instant(row["at"]),
    )
    left = {"remaining_s": answer.seconds} if unit.is_hours else {"remaining_days": answer.days}
    paused = {"paused": True} if answer.paused else {}
    return {**left, "overdue": answer.overdue, "due": written(answer.due), **paused}


def kernel_percent(unit: Unit, row: Row) -> Row:
    answer = progress(
        term(unit, row),
        parse_instant(row["start"]),
        setting(row).timetable,
        pauses(row),
        parse_instant(row["at"]),
    )
    assert answer.elapsed % 1_000_000 == answer.total % 1_000_000 == 0
    return {
        "elapsed_s": answer.elapsed // 1_000_000,
        "total_s": answer.total // 1_000_000,
        "percent_floor": answer.percent,
    }


def kernel_warn_at(unit: Unit, row: Row) -> str | None:
    return written(
        at_percent(
            term(unit, row),
            parse_instant(row["start"]),
            setting(row).timetable,
            pauses(row),
            row["percent"],
        )
    )


def kernel_warn_before(unit: Unit, row: Row) -> str | None:
    timetable = setting(row).timetable
    due = reckon(term(unit, row), parse_instant(row["start"]), timetable, pauses(row)).due_date
    assert due is not None
    return written(opening_before(timetable, due, row["k"]))


def kernel_work_seconds(_: Unit, row: Row) -> float:
    timetable = setting(row).timetable
    return timetable.work_between(parse_instant(row["from"]), parse_instant(row["to"])) / 1_000_000


KERNEL: dict[str, Callable[[Unit, Row], Any]] = {
    "is_workday": lambda _, row: setting(row).calendar.is_workday(day(row, "date")),
    "workdays_between": lambda _, row: setting(row).calendar.workdays_between(
        day(row, "from"), day(row, "to")
    ),
    "add_workdays": lambda _, row: (
        setting(row).calendar.add_workdays(day(row, "date"), row["n"]).isoformat()
    ),
    "work_seconds_between": kernel_work_seconds,
    "due": kernel_due,
    "remaining": kernel_remaining,
    "percent": kernel_percent,
    "warn_at": kernel_warn_at,
    "warn_before": kernel_warn_before,
}


def day(row: Row, key: str) -> date:
    return date.fromisoformat(row[key])


# --- the oracle's answers -------------------------------------------------------------------


def instant(row: Row, key: str) -> datetime:
    return datetime.fromisoformat(row[key])


def local(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(BEIJING).isoformat()


def course(unit: Unit, row: Row) -> Course:
    promise = Promise(
        unit.value,
        0 if unit.is_hours else row["n"],
        timedelta(hours=row["n"]) if unit.is_hours else timedelta(),
        row.get("receipt", "as_is"),
        row.get("expiry") == "close_of_business",
        row.get("roll", False),
    )
    stops = [
        (datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else None)
        for begin, end in row.get("pauses", ())
    ]
    return Course(setting(row).office, promise, instant(row, "start"), stops)


def oracle_due(unit: Unit, row: Row) -> Row:
    way = course(unit, row)
    last = None if unit.value in HOURS else way.due_date()
    return {"due": local(way.due())} | ({"due_date": last.isoformat()} if last else {})


def oracle_remaining(unit: Unit, row: Row) -> Row:
    way, at = course(unit, row), instant(row, "at")
    due = way.due()
    left: Row = (
        {"remaining_s": way.time_left(at).total_seconds()}
        if unit.value in HOURS
        else {"remaining_days": way.cells_left(at)}
    )
    paused = {"paused": True} if due is None else {}
    return {**left, "overdue": due is not None and at > due, "due": local(due), **paused}


def oracle_percent(unit: Unit, row: Row) -> Row:
    elapsed, total = course(unit, row).progress(instant(row, "at"))
    return {
        "elapsed_s": elapsed.total_seconds(),
        "total_s": total.total_seconds(),
        "percent_floor": elapsed * 100 // total,
    }


ORACLE: dict[str, Callable[[Unit, Row], Any]] = {
    "is_workday": lambda _, row: setting(row).office.works(day(row, "date")),
    "workdays_between": lambda _, row: oracle.workdays_between(
        setting(row).office, day(row, "from"), day(row, "to")
    ),
    "add_workdays": lambda _, row: oracle.add_workdays(
        setting(row).office, day(row, "date"), row["n"]
    ).isoformat(),
    "work_seconds_between": lambda _, row: oracle.work_between(
        setting(row).office, instant(row, "from"), instant(row, "to")
    ).total_seconds(),
    "due": oracle_due,
    "remaining": oracle_remaining,
    "percent": oracle_percent,
    "warn_at": lambda unit, row: local(course(unit, row).at_percent(row["percent"])),
    "warn_before": lambda unit, row: local(course(unit, row).opening_before(row["k"])),
}

"""A year of a calendar as plain data."""

from collections.abc import Sequence
from typing import Any

from sla_engine.worktime import Calendar, Day
from sla_engine.worktime.survey import Listed


def as_dict(calendar: Calendar, year: int, days: Sequence[Listed]) -> dict[str, Any]:
    """JSON-ready: every day of the year."""
    return {
        "year": year,
        "region": calendar.region,
        "digest": calendar.digest,
        "provisional": days[0].provisional,
        "working_days": sum(each.works for each in days),
        "days": [
            {"date": each.date.isoformat(), "works": each.works, **day_dict(each.day)}
            for each in days
        ],
    }


def day_dict(day: Day) -> dict[str, str]:
    """What a day is and which notice says so."""
    return {"kind": day.kind.value, "name": day.name, "notice": day.notice}

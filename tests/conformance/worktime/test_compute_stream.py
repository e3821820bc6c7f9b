"""The same tables as questions in JSON Lines: what `sla-engine compute` answers is the row."""

import io
import json
from typing import Any

import pytest

from sla_engine.cli.compute import run
from sla_engine.worktime import OfficeHours
from tests.conformance.worktime.test_tables import KINDS
from tests.support.tables import Row, read
from tests.support.worktime import ALMANAC, HOURS

SCHEDULES = {name: OfficeHours.from_seasons(seasons) for name, seasons in HOURS.items()}
EXPIRY = {"end_of_day": "24:00", "close_of_business": "cob"}


def question(kind: str, row: Row) -> Row:
    """A row as the line a caller would send."""
    unit = row.get("unit") or kind.removeprefix("due.")
    if "start" not in row:
        names = {"from": "a", "to": "b"} if kind == "work_seconds_between" else {}
        inputs = {
            names.get(key, key): value for key, value in row.items() if key not in ("id", "is")
        }
        if "hours" in inputs:
            inputs["schedule"] = inputs.pop("hours")
        return {"id": row["id"], "kind": kind, "inputs": inputs}
    term: Row = {
        key: row[key] for key in ("n", "receipt", "region", "as_of", "pauses") if key in row
    }
    term |= {"unit": unit, "schedule": row["hours"]}
    if not unit.endswith("hours"):
        term["eod"] = EXPIRY[row.get("expiry", "end_of_day")]
    if unit.startswith("calendar"):
        term["roll"] = row.get("roll", False)
    asked = {
        name: row[key]
        for key, name in (("at", "now"), ("percent", "percent"), ("k", "k"))
        if key in row
    }
    return {"id": row["id"], "kind": kind, "inputs": {"start": row["start"], "term": term, **asked}}


QUESTIONS = [
    (question(head["kind"], row), row["is"]) for head, rows in map(read, KINDS) for row in rows
]


def ask(questions: list[Row]) -> list[Row]:
    out = io.BytesIO()
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in questions)
    assert run(io.BytesIO(lines), out, ALMANAC, SCHEDULES) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("asked", "expected"), [pytest.param(q, a, id=q["id"]) for q, a in QUESTIONS]
)
def test_the_stream_gives_the_row_and_shows_its_working_when_asked(
    asked: Row, expected: Any
) -> None:
    plain, explained = ask([asked, asked | {"explain": True}])
    assert plain == {"id": asked["id"], "result": expected}
    assert explained["result"] == expected
    if not (isinstance(expected, dict) and "error" in expected):
        assert explained["text_zh"]


def test_all_322_answers_come_back_in_the_order_of_the_questions() -> None:
    answers = ask([asked for asked, _ in QUESTIONS])
    assert answers == [{"id": asked["id"], "result": expected} for asked, expected in QUESTIONS]
    assert len(answers) == 322

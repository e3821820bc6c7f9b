"""The stream of questions: what is wrong with a line is said, and the next line is answered."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.cli.compute import LINE_LIMIT, Desk, bounded, main, read_schedules, run
from sla_engine.errors import Refusal
from sla_engine.worktime import OfficeHours
from tests.unit.worktime.setting import SCHEDULES, almanac

HOURS = {name: OfficeHours.from_seasons(seasons) for name, seasons in SCHEDULES.items()}
TERM = {"unit": "workdays", "n": 5, "schedule": "std", "receipt": "as_is", "eod": "24:00"}
START = "2026-09-28T10:00:00+08:00"


def due(**changes: Any) -> dict[str, Any]:
    """A question that is in order, with fields of its term changed; None leaves one out."""
    changed = {k: v for k, v in (TERM | changes).items() if v is not None}
    kind = f"due.{changed.get('unit', 'workdays')}"
    return {"id": "q", "kind": kind, "inputs": {"start": START, "term": changed}}


def asked(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"id": "q", "kind": kind, "inputs": inputs}


def answers(*lines: Any) -> list[dict[str, Any]]:
    out = io.BytesIO()
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    run(io.BytesIO(b"\n".join(raw) + b"\n"), out, almanac(), HOURS)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fault(line: Any) -> tuple[str, str]:
    (answer,) = answers(line)
    assert set(answer) == {"id", "error"}
    assert set(answer["error"]) == {"code", "zh", "en", "where", "found", "allowed"}
    return answer["error"]["code"], answer["error"]["where"]


GOOD = due()
GOOD_RESULT = {"due": "2026-10-11T00:00:00+08:00", "due_date": "2026-10-10"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "INPUT_JSON"),
        (b"\xff\xfe", "INPUT_JSON"),
        (b'{"id": "\xff"}', "INPUT_JSON"),
        (b'{"id": NaN}', "INPUT_JSON"),
        (b"[" * 100_000, "INPUT_JSON"),
        (b"9" * 5_000, "INPUT_JSON"),
        (b'"' + b"x" * LINE_LIMIT + b'"', "INPUT_LENGTH"),
        (b"null", "INPUT_TYPE"),
        (b"[]", "INPUT_TYPE"),
        (b'{"id": 1e400}', "INPUT_JSON"),
        (b"[" * 900 + b"]" * 900, "INPUT_TYPE"),
        ({"kind": "is_workday", "inputs": {}}, "INPUT_MISSING"),
        ({"id": True, "kind": "is_workday"}, "INPUT_TYPE"),
        ({"id": None, "kind": "is_workday"}, "INPUT_TYPE"),
        ({"id": [], "kind": "is_workday"}, "INPUT_TYPE"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_without_an_id(line: Any, code: str) -> None:
    bad, good = answers(line, GOOD)
    assert (bad["id"], bad["error"]["code"]) == (None, code)
    assert len(bad["error"]["found"]) < 150
    assert good == {"id": "q", "result": GOOD_RESULT}


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ({"id": "q", "inputs": {}}, "INPUT_MISSING", "kind"),
        ({"id": "q", "kind": 5, "inputs": {}}, "INPUT_TYPE", "kind"),
        ({"id": "q", "kind": "due", "inputs": {}}, "INPUT_CHOICE", "kind"),
        ({"id": "q", "kind": "is_workday"}, "INPUT_MISSING", "inputs"),
        ({"id": "q", "kind": "is_workday", "inputs": []}, "INPUT_TYPE", "inputs"),
        (GOOD | {"explain": 1}, "INPUT_TYPE", "explain"),
        (GOOD | {"kid": 1}, "INPUT_FIELD", ""),
        (asked("is_workday", date="2026-01-01", x=1), "INPUT_FIELD", "inputs"),
        (asked("is_workday"), "INPUT_MISSING", "inputs.date"),
        (asked("is_workday", date=20260101), "INPUT_TYPE", "inputs.date"),
        (asked("is_workday", date="1900-01-01"), "TIME_RANGE", "inputs.date"),
        (asked("is_workday", date="2026-02-30"), "TIME_INVALID", "inputs.date"),
        (asked("is_workday", date="2026-01-01", region="US"), "REGION_UNKNOWN", "region"),
        (asked("is_workday", date="2026-01-01", region=45), "INPUT_TYPE", "inputs.region"),
        (asked("is_workday", date="2026-01-01", as_of="x"), "TIME_FORMAT", "inputs.as_of"),
        (asked("add_workdays", date="2026-01-01", n=True), "INPUT_TYPE", "inputs.n"),
        (asked("add_workdays", date="2026-01-01", n=1.5), "INPUT_TYPE", "inputs.n"),
        (asked("add_workdays", date="2026-01-01", n=10**30), "INPUT_RANGE", "inputs.n"),
        (asked("workdays_between", **{"from": "2026-01-01"}), "INPUT_MISSING", "inputs.to"),
        (asked("work_seconds_between", a=START, b=START[:-6], schedule="std"), "TIME_OFFSET",
         "inputs.b"),
        (asked("work_seconds_between", a=START, b="2026-09-29T10:00:00+08:00"),
         "OFFICE_HOURS_MISSING", "schedule"),
        (asked("due.workdays", start=START), "INPUT_MISSING", "inputs.term"),
        (asked("due.workdays", start=START, term=[]), "INPUT_TYPE", "inputs.term"),
        (asked("due.workdays", term=TERM), "INPUT_MISSING", "inputs.start"),
        (asked("due.workdays", start="9999-01-01T00:00:00Z", term=TERM), "TIME_RANGE",
         "inputs.start"),
        (asked("due.work_hours", start=START, term=TERM), "INPUT_CHOICE", "inputs.term.unit"),
        (asked("remaining", start=START, term=TERM), "INPUT_MISSING", "inputs.now"),
        (asked("warn_at", start=START, term=TERM, percent=101), "INPUT_RANGE", "inputs.percent"),
        (asked("warn_at", start=START, term=TERM, percent=-1), "INPUT_RANGE", "inputs.percent"),
        (asked("warn_at", start=START, term=TERM, percent="80"), "INPUT_TYPE", "inputs.percent"),
        (asked("warn_before", start=START, term=TERM, k=-1), "INPUT_RANGE", "inputs.k"),
        (asked("percent", start=START, term=TERM, now=None), "INPUT_TYPE", "inputs.now"),
        (due(n=-1), "INPUT_RANGE", "inputs.term.n"),
        (due(n=True), "INPUT_TYPE", "inputs.term.n"),
        (due(n="5"), "INPUT_TYPE", "inputs.term.n"),
        (due(n=0.5), "AMOUNT_RANGE", "inputs.term.n"),
        (due(n=40_000), "AMOUNT_RANGE", "inputs.term.n"),
        (due(n=10**30), "INPUT_RANGE", "inputs.term.n"),
        (due(n=1e300), "INPUT_RANGE", "inputs.term.n"),
        (due(unit="work_hours", n=1e-300), "AMOUNT_RANGE", "inputs.term.n"),
        (due(unit="half_workdays", schedule="straight"), "HALVES_MISSING", "schedule"),
        (asked("due.workdays", start=START, term={"n": 5}), "INPUT_MISSING", "inputs.term.unit"),
        (asked("percent", start=START, term=TERM | {"unit": "weeks"}, now=START), "INPUT_CHOICE",
         "inputs.term.unit"),
        (due(schedule="night"), "SCHEDULE_UNKNOWN", "inputs.term.schedule"),
        (due(schedule=["std"]), "INPUT_TYPE", "inputs.term.schedule"),
        (due(receipt="later"), "INPUT_CHOICE", "inputs.term.receipt"),
        (due(receipt={}), "INPUT_TYPE", "inputs.term.receipt"),
        (due(eod="17:30"), "INPUT_CHOICE", "inputs.term.eod"),
        (due(roll=1), "INPUT_TYPE", "inputs.term.roll"),
        (due(unit="clock_hours", roll=True), "TERM_RULE", "inputs.term.roll"),
        (due(pauses={}), "INPUT_TYPE", "inputs.term.pauses"),
        (due(pauses=[[START]]), "INPUT_TYPE", "inputs.term.pauses[0]"),
        (due(pauses=[[None, START]]), "INPUT_TYPE", "inputs.term.pauses[0]"),
        (due(pauses=[[START, START], [START, 5]]), "INPUT_TYPE", "inputs.term.pauses[1]"),
        (due(pauses=[[START, "2026-09-29"]]), "TIME_FORMAT", "inputs.term.pauses[0]"),
        (due(pauses=[[START, "2026-09-27T10:00:00+08:00"]]), "PAUSE_REVERSED", "pauses"),
        (due(wait=1), "INPUT_FIELD", "inputs.term"),
    ],
)  # fmt: skip
def test_a_fault_is_named_where_it_stands(line: Any, code: str, where: str) -> None:
    assert fault(line) == (code, where)


def test_a_year_without_a_notice_is_a_result_and_no_error() -> None:
    for line in (
        asked("is_workday", date="2027-01-01"),
        asked("workdays_between", **{"from": "2026-12-01", "to": "2027-02-01"}),
        asked("add_workdays", date="2026-12-31", n=1),
        asked("is_workday", date="1999-01-01"),
        asked("due.workdays", start="2026-12-25T10:00:00+08:00", term=TERM),
    ):
        (answer,) = answers(line | {"explain": True})
        assert answer["result"]["error"] == "UNPUBLISHED_YEAR"
        assert set(answer) == {"id", "result"}


def test_region_and_day_of_knowledge_stand_outside_or_inside_the_term() -> None:
    received = "2020-01-21T10:00:00+08:00"
    place = {"region": "CN-42", "as_of": "2020-02-02"}
    inside = asked("due.workdays", start=received, term=TERM | place)
    outside = asked("due.workdays", start=received, term=TERM, **place)
    both = asked("due.workdays", start=received, term=TERM | place, **place)
    torn = asked("due.workdays", start=received, term=TERM | place, region="CN-45")
    *agreeing, refused = answers(inside, outside, both, torn)
    assert {answer["result"]["due_date"] for answer in agreeing} == {"2020-02-18"}
    assert refused["error"]["code"] == "INPUT_TWICE"


@pytest.mark.parametrize(
    ("line", "result"),
    [
        (due(n=5.0), GOOD_RESULT),
        (due(receipt=None, eod=None), GOOD_RESULT),
        (due(schedule=None), GOOD_RESULT),
        (due(eod="cob"), GOOD_RESULT | {"due": "2026-10-10T17:30:00+08:00"}),
        (due(unit="clock_hours", n=0.1), {"due": "2026-09-28T10:06:00+08:00"}),
        (due(unit="half_workdays", n=1),
         {"due": "2026-09-28T17:30:00+08:00", "due_date": "2026-09-28"}),
        (due(pauses=[[START, None]]), {"due": None, "due_date": None, "paused": True}),
        (due(unit="work_hours", pauses=[["2026-09-28T11:00:00+08:00", None]]),
         {"due": None, "paused": True}),
        (asked("warn_at", start=START, term=TERM | {"pauses": [[START, None]]}, percent=50), None),
        (asked("warn_before", start=START, term=TERM | {"pauses": [[START, None]]}, k=1), None),
        (asked("warn_at", start=START, term=TERM, percent=12.5), "2026-09-29T14:52:30+08:00"),
        (asked("remaining", start=START, term=TERM | {"unit": "half_workdays"}, now=START),
         {"remaining_half_days": 5, "overdue": False, "due": "2026-09-30T17:30:00+08:00"}),
        (asked("work_seconds_between", a="2026-09-28T11:00:00+08:00",
               b="2026-09-28T10:00:00.5+08:00", schedule="std"), -3599),
        (asked("add_workdays", date="2026-10-10", n=-1), "2026-10-09"),
    ],
)  # fmt: skip
def test_what_may_be_left_out_and_what_shapes_an_answer_takes(line: Any, result: Any) -> None:
    assert answers(line) == [{"id": "q", "result": result}]


def test_blank_lines_are_passed_over_and_a_byte_order_mark_is_no_fault() -> None:
    out = io.BytesIO()
    line = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert run([b"\n", line, b"  \r\n"], out, almanac(), HOURS) == 0
    assert json.loads(out.getvalue())["result"] == GOOD_RESULT


def test_the_number_of_lines_refused_is_told() -> None:
    assert run([b"{", json.dumps(GOOD).encode(), b"[]"], io.BytesIO(), almanac(), HOURS) == 2


def test_a_line_of_many_megabytes_is_read_in_pieces_and_left() -> None:
    stream = io.BytesIO(b"x" * (10 * LINE_LIMIT) + b"\n" + json.dumps(GOOD).encode() + b"\n")
    lengths = [len(line) for line in bounded(stream)]
    assert lengths[0] == LINE_LIMIT + 1
    assert len(lengths) == 2
    last = b'"' + b"y" * (LINE_LIMIT * 2)
    assert [len(line) for line in bounded(io.BytesIO(last))] == [LINE_LIMIT + 1]


def test_what_a_line_means_does_not_depend_on_the_lines_before() -> None:
    desk = Desk(almanac(), HOURS)
    lines = [due(), due(roll=0), due(roll=False), due(n=5.0), due(region=None), due(n=True)]
    lines += [GOOD | {"inputs": GOOD["inputs"] | {"region": None}}]
    raw = [json.dumps(line).encode() for line in lines]
    fresh = [Desk(almanac(), HOURS).answer(line) for line in raw]
    assert [desk.answer(line) for line in raw] == fresh
    assert [desk.answer(line) for line in reversed(raw)] == fresh[::-1]


def test_memory_for_what_was_seen_is_bounded() -> None:
    desk = Desk(almanac(), HOURS)
    days = (f"20{y:02}-{m:02}-{d:02}" for y in range(8, 24) for m in range(1, 13) for d in (1, 9))
    places = [(f"CN-{n:02}", day) for day in days for n in range(10, 40)]
    for region, day in places[:9_000]:
        line = due(region=region, as_of=day, unit="calendar_days", n=1)
        assert "result" in desk.answer(json.dumps(line).encode())
    assert len(desk._calendars) <= 4_096
    assert len(desk._setups) <= 4_096
    assert len(desk._timetables) <= 128


def test_the_working_is_shown_when_asked_for() -> None:
    (answer,) = answers(due(n=1) | {"explain": True})
    assert [step["step"] for step in answer["derivation"]] == ["start", "count", "cutoff", "due"]
    assert answer["text_zh"].splitlines()[1] == "第1个工作日：2026-09-29（周二）"
    assert answer["text_en"].splitlines()[-1] == "Due: 2026-09-29 (Tue) 24:00"


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        (asked("is_workday", date="2026-10-10"), "count"),
        (asked("is_workday", date="2026-10-11"), "skip"),
        (asked("workdays_between", **{"from": "2026-10-08", "to": "2026-10-11"}), "count count "
         "skip"),
        (asked("workdays_between", **{"from": "2026-10-11", "to": "2026-10-08"}), "count count "
         "skip"),
        (asked("workdays_between", **{"from": "2026-10-08", "to": "2026-10-08"}), ""),
        (asked("add_workdays", date="2026-10-10", n=1), "skip count"),
        (asked("add_workdays", date="2026-10-12", n=-1), "count skip"),
        (asked("add_workdays", date="2026-10-12", n=0), ""),
        (asked("work_seconds_between", a="2026-10-10T17:00:00+08:00",
               b="2026-10-12T10:00:00+08:00", schedule="std"), "run skip run"),
    ],
)  # fmt: skip
def test_bare_questions_show_their_days_too(line: Any, steps: str) -> None:
    (answer,) = answers(line | {"explain": True})
    assert " ".join(step["step"] for step in answer["derivation"]) == steps
    assert len(answer["text_zh"].splitlines()) == len(answer["derivation"])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from([START, "2026-12-31", "CN-45", "cob", "std", "workdays"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
KINDS = [
    "is_workday", "workdays_between", "add_workdays", "work_seconds_between", "due.workdays",
    "due.half_workdays", "due.calendar_days", "due.calendar_months", "due.clock_hours",
    "due.work_hours", "remaining", "percent", "warn_at", "warn_before",
]  # fmt: skip
INPUTS = {
    "date": "2026-10-10", "from": "2026-10-01", "to": "2026-10-10", "n": 3, "schedule": "std",
    "a": START, "b": "2026-10-10T12:00:00+08:00", "start": START, "term": TERM,
    "now": "2026-10-10T12:00:00+08:00", "percent": 80, "k": 1, "region": "CN-45",
    "as_of": "2026-01-01",
}  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A question of any kind with some of its fields replaced by anything."""
    kind = draw(st.sampled_from(KINDS))
    term = dict(TERM) | {"unit": kind.partition(".")[2] or "workdays"}
    term |= draw(st.dictionaries(st.sampled_from([*TERM, "roll", "pauses", "region"]), VALUES))
    inputs = {k: v for k, v in INPUTS.items() if draw(st.booleans())} | {"term": term}
    inputs |= draw(st.dictionaries(st.sampled_from(list(INPUTS)), VALUES, max_size=2))
    line = {"id": "q", "kind": kind, "inputs": inputs, "explain": draw(st.booleans())}
    text = json.dumps(line).encode()
    cut = draw(st.integers(0, 2 * len(text)))
    return text[:cut] if cut < len(text) else text


@given(damaged() | st.binary(max_size=40) | VALUES.map(lambda v: json.dumps(v).encode()))
def test_whatever_a_line_holds_it_is_answered(line: bytes) -> None:
    out = io.BytesIO()
    run([line.replace(b"\n", b" ") + b" x" * line.isspace()], out, almanac(), HOURS)
    (answer,) = [json.loads(each) for each in out.getvalue().splitlines()]
    assert "id" in answer
    assert ("result" in answer) != ("error" in answer)


def test_schedules_are_read_by_name() -> None:
    assert read_schedules(json.dumps(SCHEDULES).encode(), "s.json") == HOURS


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (b"{", ["INPUT_JSON s.json"]),
        (b"[]", ["INPUT_TYPE s.json"]),
        (b'{"a": [], "b": [["01-01", [["17:00", "09:00"]]]]}',
         ["HOURS_FORMAT s.json.a", "HOURS_ORDER s.json.b[0][1][0]"]),
    ],
)  # fmt: skip
def test_every_fault_of_the_schedules_is_named(data: bytes, faults: list[str]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_schedules(data, "s.json")
    assert [f"{fault.code} {fault.where}" for fault in refusal.value.faults] == faults


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "schedules.json").write_text(json.dumps(SCHEDULES), encoding="utf-8")
    (tmp_path / "questions.jsonl").write_text(json.dumps(GOOD), encoding="utf-8")
    return tmp_path


def test_the_command_answers_a_file(files: Path, capfdbinary: Any) -> None:
    arguments = [str(files / "questions.jsonl"), "--schedules", str(files / "schedules.json")]
    assert main(arguments) == 0
    assert json.loads(capfdbinary.readouterr().out)["result"] == GOOD_RESULT


def test_the_command_answers_standard_input(monkeypatch: Any, capfdbinary: Any) -> None:
    line = json.dumps(asked("is_workday", date="2026-10-10")).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    assert main([]) == 0
    assert json.loads(capfdbinary.readouterr().out) == {"id": "q", "result": True}


@pytest.mark.parametrize(
    "arguments", [["--calendar", "atlantis"], ["--schedules", "/nowhere/at/all.json"]]
)
def test_the_command_says_what_it_could_not_read(arguments: list[str], capfd: Any) -> None:
    assert main(arguments) == 2
    assert capfd.readouterr().err

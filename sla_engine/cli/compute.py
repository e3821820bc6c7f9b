"""`sla-engine compute`: questions about working time in JSON Lines, answers in JSON Lines.

A line is `{"id", "kind", "inputs"}`, with `"explain": true` for the working shown. The answer is
`{"id", "result"}`; that a year has no notice yet is such a result. A line that cannot be taken
gives `{"id", "error"}` and the next one is read: nothing in a line stops the stream.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from sla_engine.catalog import load_almanac
from sla_engine.cli.fields import Fields, decode
from sla_engine.errors import Fault, Refusal, UnpublishedYear, refuse, register
from sla_engine.worktime import (
    Almanac,
    Amount,
    Calendar,
    Instant,
    OfficeHours,
    Pause,
    Step,
    Term,
    Timetable,
    Unit,
    at_percent,
    derive,
    format_instant,
    narrate,
    opening_before,
    progress,
    reckon,
    remaining,
)
from sla_engine.worktime.derivation import plain, walk_days, walk_hours
from sla_engine.worktime.instant import SECOND
from sla_engine.worktime.term import RECEIPTS

SCHEDULE_UNKNOWN = register(
    "SCHEDULE_UNKNOWN",
    "没有名为“{found}”的作息时间",
    "there are no office hours named {found!r}",
    "可用的有：{allowed}",
    "available: {allowed}",
)
INPUT_TWICE = register(
    "INPUT_TWICE",
    "“{found}”在两处写得不一样",
    "{found!r} is given twice, differently",
    "只写一处",
    "give it once",
)
INPUT_LENGTH = register(
    "INPUT_LENGTH",
    "这一行太长（{found}字节以上）",
    "the line is too long (over {found} bytes)",
    "每行不超过{allowed}字节",
    "at most {allowed} bytes to a line",
)

LINE_LIMIT = 1 << 20
_TIMETABLES_KEPT = 128
_PLACES_KEPT = _SETUPS_KEPT = 4_096
_MOST_DAYS = 36_525

_EXPIRIES = {"24:00": "end_of_day", "cob": "close_of_business"}
_RECEIPTS = {receipt: receipt for receipt in RECEIPTS}
_UNITS = {unit.value: unit for unit in Unit}
_PLACES = ("region", "as_of")
_RULES = ("unit", "n", "schedule", "receipt", "eod", "roll", *_PLACES)
_PLACE = frozenset(_PLACES)
_TERM = frozenset({*_RULES, "pauses"})
_DAY = _PLACE | {"date"}
_DAYS = _PLACE | {"from", "to"}
_STEPS = _PLACE | {"date", "n"}
_HOURS = _PLACE | {"schedule", "a", "b"}
_DUE = _PLACE | {"start", "term"}
_NOW = _DUE | {"now"}
_PERCENT = _DUE | {"percent"}
_BEFORE = _DUE | {"k"}
_ERROR = ("code", "zh", "en", "where", "found", "allowed")
_LINE = frozenset({"id", "kind", "inputs", "explain", "note", "expected"})

Result: TypeAlias = Any
Asked: TypeAlias = tuple[Term, Instant, Timetable, list[Pause]]


class Sink(Protocol):
    """Where answers go: anything that takes bytes."""

    def write(self, data: bytes, /) -> object: ...


class Explained(NamedTuple):
    """The working of one answer."""

    steps: Iterable[Step]
    zh: list[str]
    en: list[str]


class Answer(msgspec.Struct, frozen=True):
    """A result and, when asked for, the way to it."""

    result: Result
    explain: Callable[[], Explained]


def run(
    lines: Iterable[bytes], out: Sink, almanac: Almanac, schedules: Mapping[str, OfficeHours]
) -> int:
    """Answer every line of `lines` on `out`; returns how many could not be taken.

    `lines` is any iterable of lines, or a binary stream, which is then read in bounded pieces.
    Blank lines are passed over. Memory does not grow with the number of lines.
    """
    desk = Desk(almanac, schedules)
    encode = msgspec.json.Encoder().encode
    refused = 0
    for line in bounded(lines) if isinstance(lines, io.IOBase) else lines:
        if not line.isspace():
            answer = desk.answer(line)
            refused += "error" in answer
            out.write(encode(answer) + b"\n")
    return refused


def bounded(stream: Any) -> Iterator[bytes]:
    """Lines of a binary stream, each cut off soon after `LINE_LIMIT` bytes."""
    while line := stream.readline(LINE_LIMIT + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT)
        yield line


@dataclass(slots=True)
class Desk:
    """Answers single lines; remembers the calendars and timetables it has compiled."""

    almanac: Almanac
    schedules: Mapping[str, OfficeHours]
    _calendars: dict[tuple[str | None, str | None], Calendar] = field(default_factory=dict)
    _timetables: dict[tuple[Calendar, str | None], Timetable] = field(default_factory=dict)
    _setups: dict[tuple[Any, ...], tuple[Term, Timetable]] = field(default_factory=dict)

    def answer(self, line: bytes) -> dict[str, Any]:
        """One line -> `{"id", "result"}` or `{"id", "error"}`; never raises."""
        ident: str | int | None = None
        try:
            if len(line) > LINE_LIMIT:
                raise refuse(INPUT_LENGTH, "", LINE_LIMIT, str(LINE_LIMIT))
            record = decode(line.removeprefix(b"\xef\xbb\xbf"))
            if type(record) is dict and type(record.get("id")) in (str, int):
                ident = record["id"]
            fields = Fields(record, "", _LINE)
            if ident is None:
                raise fields.wrong("id", fields.get("id"), "string")
            return {"id": ident, **self._result(fields)}
        except Refusal as refusal:
            told = refusal.faults[0].as_dict()
            return {"id": ident, "error": {key: told[key] for key in _ERROR}}

    def _result(self, fields: Fields) -> dict[str, Any]:
        kind = fields.choice("kind", _KINDS)
        explain = fields.flag("explain")
        try:
            answer: Answer = kind(self, fields.get("inputs"))
            if not explain:
                return {"result": answer.result}
            steps, zh, en = answer.explain()
        except UnpublishedYear as unpublished:
            return {"result": {"error": unpublished.code, "year": unpublished.year}}
        zone = self.almanac.zone.name
        return {
            "result": answer.result,
            "derivation": [plain(step, zone) for step in steps],
            "text_zh": "\n".join(zh),
            "text_en": "\n".join(en),
        }

    def calendar(self, *places: Fields) -> Calendar:
        """The calendar named by `region` and `as_of` in any of `places`."""
        region, as_of = (self._named(key, places) for key in ("region", "as_of"))
        calendar = self._calendars.get((region, as_of))
        if calendar is None:
            known_at = None
            if as_of is not None:
                day = next(place for place in places if "as_of" in place).date("as_of")
                known_at = self.almanac.zone.midnight[day.toordinal() + 1] - 1
            calendar = self.almanac.calendar(region, known_at)
            if len(self._calendars) >= _PLACES_KEPT:
                self._calendars.clear()
            self._calendars[region, as_of] = calendar
        return calendar

    def _named(self, key: str, places: Sequence[Fields]) -> str | None:
        given = [place.text(key) for place in places if key in place]
        if len(set(given)) > 1:
            raise refuse(INPUT_TWICE, places[0].place(key), key)
        return given[0] if given else None

    def timetable(self, calendar: Calendar, fields: Fields) -> Timetable:
        """The calendar under the office hours that `schedule` names, if it names any."""
        name = fields.text("schedule") if "schedule" in fields else None
        timetable = self._timetables.get((calendar, name))
        if timetable is None:
            if name is not None and name not in self.schedules:
                known = ", ".join(self.schedules) or "-"
                raise refuse(SCHEDULE_UNKNOWN, fields.place("schedule"), name, known)
            timetable = Timetable(calendar, None if name is None else self.schedules[name])
            if len(self._timetables) >= _TIMETABLES_KEPT:
                self._timetables.clear()
                self._setups.clear()
            self._timetables[calendar, name] = timetable
        return timetable

    def asked(self, inputs: Fields, unit: Unit | None) -> Asked:
        """Term, start, timetable and pauses of a term question about `unit`, or any."""
        fields = Fields(inputs.get("term"), inputs.place("term"), _TERM)
        term, timetable = self._setup(inputs, fields, unit)
        return term, inputs.instant("start"), timetable, list(fields.pauses("pauses"))

    def _setup(self, inputs: Fields, fields: Fields, unit: Unit | None) -> tuple[Term, Timetable]:
        """The same words mean the same term under the same hours: read once, then remembered."""
        said = (unit, *fields.all(_RULES), *inputs.all(_PLACES))
        key = (*said, *map(type, said))
        try:
            known = self._setups.get(key)
        except TypeError:  # a list or an object where a word belongs: reading it will tell
            known = None
        if known is None:
            units = _UNITS if unit is None else {unit.value: unit}
            term = _term(fields, fields.choice("unit", units))
            known = term, self.timetable(self.calendar(inputs, fields), fields)
            if len(self._setups) >= _SETUPS_KEPT:
                self._setups.clear()
            self._setups[key] = known
        return known


def _term(fields: Fields, unit: Unit) -> Term:
    n = fields.number("n", 0, 24 * _MOST_DAYS)
    try:
        amount = Amount(Fraction(n), unit)
        return Term(
            amount,
            fields.choice("receipt", _RECEIPTS) if "receipt" in fields else "as_is",
            fields.choice("eod", _EXPIRIES) if "eod" in fields else "end_of_day",
            fields.flag("roll"),
        )
    except Refusal as refusal:
        if refusal.faults[0].where.startswith(fields.where):
            raise
        raise _placed(refusal, fields) from None


def _placed(refusal: Refusal, fields: Fields) -> Refusal:
    """A refusal of the kernel, said of the place in the line where the value stood."""
    return Refusal(
        Fault(fault.code, fields.place(fault.where or "n"), fault.found, fault.allowed)
        for fault in refusal.faults
    )


def _is_workday(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _DAY)
    calendar, day = desk.calendar(inputs), inputs.date("date")
    return Answer(calendar.is_workday(day), lambda: _days(calendar, day, day))


def _workdays_between(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _DAYS)
    calendar, a, b = desk.calendar(inputs), inputs.date("from"), inputs.date("to")
    return Answer(
        calendar.workdays_between(a, b),
        lambda: _days(calendar, min(a, b) + timedelta(days=1), max(a, b)),
    )


def _add_workdays(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _STEPS)
    calendar, day = desk.calendar(inputs), inputs.date("date")
    found = calendar.add_workdays(day, inputs.integer("n", -_MOST_DAYS, _MOST_DAYS))
    one = timedelta(days=1)
    first, last = (day + one, found) if found > day else (found, day - one)
    return Answer(found, lambda: _days(calendar, first, last))


def _work_seconds_between(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _HOURS)
    timetable = desk.timetable(desk.calendar(inputs), inputs)
    a, b = inputs.instant("a"), inputs.instant("b")
    micros = timetable.work_between(a, b)
    seconds = micros // SECOND if micros >= 0 else -(-micros // SECOND)
    return Answer(seconds, lambda: _sessions(timetable, min(a, b), max(a, b)))


def _days(calendar: Calendar, first: date, last: date) -> Explained:
    steps = tuple(walk_days(calendar, first, last))
    return Explained(steps, *narrate.told(steps, Unit.WORKDAYS, calendar.zone.name))


def _sessions(timetable: Timetable, a: Instant, b: Instant) -> Explained:
    steps = tuple(walk_hours(timetable, a, b))
    return Explained(steps, *narrate.told(steps, Unit.WORK_HOURS, timetable.zone.name))


def _due(unit: Unit) -> Callable[[Desk, Any], Answer]:
    def ask(desk: Desk, raw: Any) -> Answer:
        asked = desk.asked(Fields(raw, "inputs", _DUE), unit)
        reckoning = reckon(*asked)
        result: dict[str, Any] = {"due": _local(reckoning.due, asked)}
        if not unit.is_hours:
            result["due_date"] = reckoning.due_date
        if reckoning.due is None:
            result["paused"] = True
        return Answer(result, lambda: _derived(asked))

    return ask


def _remaining(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _NOW)
    asked = desk.asked(inputs, None)
    left = remaining(*asked, inputs.instant("now"))
    counts = (
        ("remaining_days", left.days),
        ("remaining_half_days", left.half_days),
        ("remaining_s", left.seconds),
    )
    result: dict[str, Any] = {name: count for name, count in counts if count is not None}
    result |= {"overdue": left.overdue, "due": _local(left.due, asked)}
    if left.paused:
        result["paused"] = True
    return Answer(result, lambda: _derived(asked))


def _percent(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _NOW)
    asked = desk.asked(inputs, None)
    run_so_far = progress(*asked, inputs.instant("now"))
    result = {
        "elapsed_s": run_so_far.elapsed // SECOND,
        "total_s": run_so_far.total // SECOND,
        "percent_floor": run_so_far.percent,
    }
    return Answer(result, lambda: _derived(asked))


def _warn_at(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _PERCENT)
    asked = desk.asked(inputs, None)
    instant = at_percent(*asked, inputs.number("percent", 0, 100))
    return Answer(_local(instant, asked), lambda: _derived(asked))


def _warn_before(desk: Desk, raw: Any) -> Answer:
    inputs = Fields(raw, "inputs", _BEFORE)
    asked = desk.asked(inputs, None)
    k = inputs.integer("k", 0, _MOST_DAYS)
    last = reckon(*asked).due_date
    instant = None if last is None else opening_before(asked[2], last, k)
    return Answer(_local(instant, asked), lambda: _derived(asked))


def _local(instant: Instant | None, asked: Asked) -> str | None:
    return None if instant is None else format_instant(instant, asked[2].zone.name)


def _derived(asked: Asked) -> Explained:
    derivation = derive(*asked)
    return Explained(derivation.steps, narrate.zh(derivation), narrate.en(derivation))


_KINDS: Mapping[str, Callable[[Desk, Any], Answer]] = {
    "is_workday": _is_workday,
    "workdays_between": _workdays_between,
    "add_workdays": _add_workdays,
    "work_seconds_between": _work_seconds_between,
    **{f"due.{unit.value}": _due(unit) for unit in Unit},
    "remaining": _remaining,
    "percent": _percent,
    "warn_at": _warn_at,
    "warn_before": _warn_before,
}


def read_schedules(data: bytes, where: str) -> dict[str, OfficeHours]:
    """`{name: seasons}` in JSON -> office hours by name; raises `Refusal` with every fault."""
    try:
        table = decode(data)
    except Refusal as refusal:
        raise Refusal(
            Fault(fault.code, where, fault.found, fault.allowed) for fault in refusal.faults
        ) from None
    fields = Fields(table, where, frozenset(table) if type(table) is dict else frozenset())
    faults: list[Fault] = []
    schedules: dict[str, OfficeHours] = {}
    for name in table:
        try:
            schedules[name] = OfficeHours.from_seasons(fields.get(name), fields.place(name))
        except Refusal as refusal:
            faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return schedules


def main(argv: Sequence[str] | None = None) -> int:
    """Stand-alone command: questions from a file or standard input, answers to standard output.

    Exit status 2 when the calendar or the schedules cannot be read, else 0.
    """
    parser = argparse.ArgumentParser(prog="sla-engine compute", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="JSON Lines; standard input if absent")
    parser.add_argument("--schedules", type=Path, help='JSON {"name": seasons}')
    parser.add_argument("--calendar", default="cn", help="which calendar to ask (default: cn)")
    options = parser.parse_args(argv)
    try:
        almanac = load_almanac(options.calendar)
        schedules: dict[str, OfficeHours] = {}
        if options.schedules:
            schedules = read_schedules(options.schedules.read_bytes(), options.schedules.name)
    except (Refusal, OSError) as error:
        faults = error.faults if isinstance(error, Refusal) else ()
        lines = [text for fault in faults for text in (fault.zh(), fault.en())] or [str(error)]
        print(*lines, sep="\n", file=sys.stderr)
        return 2
    with options.file.open("rb") if options.file else sys.stdin.buffer as source:
        run(source, sys.stdout.buffer, almanac, schedules)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

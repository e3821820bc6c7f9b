"""Batches: early lines are tried once more, in time order; refused ones are told once."""

import json
from collections.abc import Sequence

from sla_engine.cli.lines import Line
from sla_engine.cli.reception import Reception, Refused, read, reject
from sla_engine.errors import Fault
from sla_engine.service.handler import NOT_REGISTERED, Outcome
from sla_engine.service.intake import INPUT_NOT_JSON, TYPE_UNKNOWN, Submission

LIMIT = 1_000


def line(number: int, key: str, at: str = "2024-09-13T09:00:00Z") -> Line:
    sent = {"petition": "Z", "type": "admitted", "id": key, "source": "s", "at": at}
    text = json.dumps(sent).encode()
    return Line(number, text, len(text))


class Log:
    """Takes nothing before the key `first` has come."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.batches: list[list[str]] = []

    def take(self, submissions: Sequence[Submission]) -> list[Outcome]:
        keys = [each.key for each in submissions]
        self.batches.append(keys)
        known = self.first in [key for batch in self.batches for key in batch]
        refused = Outcome("refused", "petition/Z", 0, (Fault(NOT_REGISTERED, "", "Z"),))
        return [Outcome("recorded", "petition/Z", 1) if known else refused for _ in keys]


def receive(log: Log, lines: list[Line]) -> tuple[Reception, list[Refused]]:
    told: list[Refused] = []
    reception = Reception(log.take, told.append, 2, LIMIT)
    for each in lines:
        reception.receive(each)
    reception.finish()
    return reception, told


def test_lines_that_came_too_early_are_tried_once_more_in_time_order() -> None:
    log = Log("c")
    lines = [line(1, "b", "2024-09-14T09:00:00Z"), line(2, "a"), line(3, "c")]
    reception, told = receive(log, lines)
    assert log.batches == [["b", "a"], ["c"], ["a", "b"]]
    assert (reception.tally["recorded"], told) == (3, [])


def test_a_line_refused_again_is_told_once_and_counted_once() -> None:
    log = Log("never")
    reception, told = receive(log, [line(1, "a"), line(2, "b")])
    assert log.batches == [["a", "b"], ["a", "b"]]
    assert [each.line.number for each in told] == [1, 2]
    assert reception.tally == {"refused": 2}


def test_a_line_of_rejects_is_read_as_what_was_sent() -> None:
    sent = line(7, "a")
    faults = (Fault(TYPE_UNKNOWN, "type", "x", "y"),)
    again = json.dumps(reject(Refused(sent, faults)), separators=(",", ":")).encode()
    assert read(Line(1, again, len(again)), LIMIT) == read(sent, LIMIT)


def test_of_what_is_no_json_a_reject_shows_the_beginning() -> None:
    text = b"\xff" * 900
    kept = reject(Refused(Line(1, text, 900), (Fault(INPUT_NOT_JSON, "", "x"),)))
    assert len(kept["sent"]) == 200

"""Lines into the log in batches: a refused line holds nobody up, an early one is tried again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from sla_engine.cli.lines import Line
from sla_engine.errors import Fault, Refusal, refuse
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import INPUT_TOO_LONG, Submission, parse, parse_line
from sla_engine.service.premature import PREMATURE

RECORDED, REPEATED, REFUSED = "recorded", "repeated", "refused"

_EXCERPT = 200

Take = Callable[[Sequence[Submission]], list[Outcome]]


class Refused(NamedTuple):
    """A line that was not recorded, and why."""

    line: Line
    faults: Sequence[Fault]


class Read(NamedTuple):
    """A line that could be read."""

    line: Line
    submission: Submission


@dataclass(slots=True)
class Reception:
    """Takes lines, `size` of them to a transaction, and keeps the tally.

    `take` records submissions; `tell` hears of each refused line once; `limit` is in bytes.
    """

    take: Take
    tell: Callable[[Refused], None]
    size: int
    limit: int
    tally: Counter[str] = field(default_factory=Counter)
    _waiting: list[Read] = field(default_factory=list)
    _early: list[Read] = field(default_factory=list)

    def receive(self, line: Line) -> None:
        """One line; a full batch is recorded."""
        try:
            self._waiting.append(Read(line, read(line, self.limit)))
        except Refusal as refusal:
            self._refuse(line, refusal.faults)
        if len(self._waiting) >= self.size:
            self._record(again=True)

    def finish(self) -> None:
        """What is still waiting; then once more, in time order, what came too early."""
        self._record(again=True)
        early = sorted(self._early, key=lambda each: each.submission.occurred_at)
        for start in range(0, len(early), self.size):
            self._waiting = early[start : start + self.size]
            self._record(again=False)

    def _record(self, again: bool) -> None:
        batch, self._waiting = self._waiting, []
        outcomes = self.take([each.submission for each in batch]) if batch else []
        for each, outcome in zip(batch, outcomes, strict=True):
            codes = {fault.code for fault in outcome.faults}
            if outcome.status != REFUSED:
                self.tally[outcome.status] += 1
            elif again and codes <= PREMATURE:
                self._early.append(each)
            else:
                self._refuse(each.line, outcome.faults)

    def _refuse(self, line: Line, faults: Sequence[Fault]) -> None:
        self.tally[REFUSED] += 1
        self.tell(Refused(line, faults))


def read(line: Line, limit: int) -> Submission:
    """A submission from a line as sent, or from a line of rejects. Raises `Refusal`."""
    if line.size > limit:
        raise refuse(INPUT_TOO_LONG, "", line.size, str(limit))
    returned = _returned(line.text)
    return parse_line(line.text, limit) if returned is None else parse(returned)


def reject(refused: Refused) -> dict[str, Any]:
    """A refused line with its reasons, in a form that `read` takes when it is sent again.

    Of what is no JSON, or was cut at the limit, the beginning is shown.
    """
    text = refused.line.text
    try:
        sent = _returned(text) or msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        sent = text[:_EXCERPT].decode(errors="replace")
    faults = [fault.as_dict() for fault in refused.faults]
    return {"line": refused.line.number, "faults": faults, "sent": sent}


def _returned(text: bytes) -> Mapping[str, Any] | None:
    """What was sent, out of a line of rejects; None for any other line."""
    if not text.startswith(b'{"line":'):
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    sent = value.get("sent")
    return sent if isinstance(sent, dict) and set(value) == {"line", "faults", "sent"} else None

"""Rounds (轮次): who has reported, what it adds up to, who was given which scores, who signed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from projections import board, history
from projections.history import Line
from sla_engine.dossier.events import Voided
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded
from sla_engine.round.kind import ROUND

_STATED = ("opening", "new", "struck_off", "carried_over", "overdue")
"""What a monthly statement (对账单) says of a list: opening + new - struck_off = carried_over."""


class Rounds:
    """Key: the stream. Columns: the round's traits, `phase`, `members`, `opened_at`; `reported`:
    the members' first reports, by instant; `missing`: members that have not reported; `figures`:
    what the reports add up to; `scores` {member: {dimension: [sum in hundredths, raters]}};
    `statements` {member: {side: the statement, with `at`}}; `lines`."""

    name = "rounds"
    dossiers = (ROUND.name,)

    def interested(self, event: Event) -> bool:
        return type(event) in ROUND.steps or isinstance(event, Voided)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        return board.entered(row, recorded)

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        lines = history.standing(row["lines"])
        about = board.about(row, lines)
        reports = [line for line in lines if line.type == "reported"]
        reported = {line.says["member"]: line.at for line in reversed(reports)}
        return {
            **row,
            **about,
            "reported": reported,
            "missing": [each for each in about["members"] if each not in reported],
            "figures": _summed(reports),
            "scores": _scores(lines),
            "statements": _statements(lines),
        }


def _summed(reports: Sequence[Line]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for line in reports:
        sums.update(line.says.get("figures", {}))
    return dict(sorted(sums.items()))


def _scores(lines: Sequence[Line]) -> dict[str, dict[str, list[int]]]:
    """A rater who scores again replaces what they had said."""
    said: dict[tuple[str, str], dict[str, float]] = {}
    for line in lines:
        if line.type == "scored":
            rater = line.says.get("rater") or f"@{line.version}"
            said[(line.says["member"], rater)] = line.says.get("scores", {})
    scores: dict[str, dict[str, list[int]]] = {}
    for (member, _), points in said.items():
        for dimension, score in points.items():
            total = scores.setdefault(member, {}).setdefault(dimension, [0, 0])
            total[0] += round(100 * score)
            total[1] += 1
    return scores


def _statements(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    statements: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line.type == "statement_signed":
            told = {name: line.says.get(name, 0) for name in _STATED}
            said = {**told, "signer": line.says.get("signer", ""), "at": line.at}
            statements.setdefault(line.says["member"], {})[line.says["side"]] = said
    return statements

"""A form filled in by a person, as a submission: once however often it is sent, and only as long as
the dossier stands where its sender saw it."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from sla_engine.errors import Refusal
from sla_engine.record import Instant
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.web.gate import Visitor
from sla_engine.worktime import format_instant


def submission(
    visitor: Visitor,
    now: Instant,
    stream: str,
    type_: str,
    data: Mapping[str, Any],
    *,
    key: str,
    seen: int | None = None,
) -> Submission:
    """What the form says, happening now. Empty fields are left out. Raises `Refusal` with every
    fault of it."""
    kind, _, name = stream.partition("/")
    sent = parse(
        {
            kind: name,
            "type": type_,
            "id": key,
            "source": visitor.source,
            "at": format_instant(now),
            "by": visitor.name,
            "role": "、".join(sorted(visitor.roles)),
            **({"unit": visitor.unit} if visitor.unit else {}),
            "data": {field: value for field, value in data.items() if value not in ("", None)},
        }
    )
    return replace(sent, seen=seen)


def accepted(outcome: Outcome) -> Outcome:
    """The outcome, unless it is a refusal, which is raised."""
    if outcome.faults:
        raise Refusal(outcome.faults)
    return outcome

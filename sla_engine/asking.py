"""A reviewer's words read as parts of a question."""

import json

import msgspec

from sla_engine.errors import refuse, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Added, Edit, Moved, Removed
from sla_engine.service.intake import FIELD_WRONG, parse
from sla_engine.worktime import parse_date, parse_instant

EDIT_FORMAT = register(
    "EDIT_FORMAT",
    "“{found}”不是改动，应写成：{allowed}",
    "{found} is no edit; write {allowed}",
)
_FORMS = '"move SOURCE:ID to TIME", "remove SOURCE:ID", "add {…}"'
_WHAT_IF = "what-if"


def edit_of(stream: str, text: str, number: int) -> Edit:
    """`move FACT to TIME`, `remove FACT`, or `add` with a fact as intake takes it, which need say
    neither whose it is nor, being the `number`-th edit, what it is called.

    Raises `Refusal` EDIT_FORMAT, TIME_*, FIELD_WRONG for a fact of another dossier, or what intake
    finds wrong with it.
    """
    verb, _, rest = text.strip().partition(" ")
    if verb == "move" and " to " in rest:
        fact, _, to = rest.rpartition(" to ")
        return Moved(fact.strip(), parse_instant(to.strip(), "edit"))
    if verb == "remove" and rest:
        return Removed(rest.strip())
    if verb == "add":
        return _added(stream, rest, number)
    raise refuse(EDIT_FORMAT, "edit", text, _FORMS)


def _added(stream: str, text: str, number: int) -> Added:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise refuse(EDIT_FORMAT, "edit", text, _FORMS)
    kind, _, name = stream.partition("/")
    if given.get(kind, name) != name:
        raise refuse(FIELD_WRONG, kind, str(given[kind]), name)
    sent = parse({"source": _WHAT_IF, "id": f"{number}", **given, kind: name})
    return Added(
        fact=f"{sent.source}:{sent.key}",
        wire=sent.event.WIRE,
        at=sent.occurred_at,
        fields=msgspec.to_builtins(msgspec.structs.asdict(sent.event)),
        seq=sent.seq,
    )


def calendar_at(rules: Rulebook, text: str, now: Instant) -> Instant | None:
    """The instant of which a calendar is asked for: an instant, the end of a day, "now"; None where
    the text is empty. Raises `Refusal` TIME_*."""
    if not text:
        return None
    if text == "now":
        return now
    if "T" in text:
        return parse_instant(text, "calendar")
    day, zone = parse_date(text, "calendar"), next(iter(rules.almanacs.values())).zone
    return zone.midnight[day.toordinal() + 1] - 1

"""Replays and their differences as plain data; a question in one line."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sla_engine.dossier.events import RungFired
from sla_engine.policy.clause import Text
from sla_engine.record import Draft, Recorded
from sla_engine.replay.causes import Cause, FactCause
from sla_engine.replay.diff import Change, Difference, Parting, Telling, What, summary
from sla_engine.replay.question import Added, Edit, Moved, Question
from sla_engine.replay.replay import Replay
from sla_engine.showing import clocks
from sla_engine.showing.plain import rfc3339
from sla_engine.showing.written import Speech, when
from sla_engine.worktime.derivation import plain as plain_step

Causes = Mapping[tuple[str, ...], Sequence[Cause]]

RULES = {
    "pack": Text("政策版本", "the pack"),
    "calendar": Text("日历", "the calendar"),
    "at": Text("判断时刻", "the instant judged"),
}
INSTANTS = (What.START_MOVED, What.DUE_MOVED, What.ACT_ADDED, What.ACT_GONE, What.ACT_MOVED)


def replay_dict(found: Replay) -> dict[str, Any]:
    """JSON-ready; times RFC 3339."""
    return {
        "stream": found.stream,
        "question": question_dict(found.question),
        "phase": found.assessment.chronicle.phase,
        "clocks": [clocks.as_dict(reading) for reading in found.assessment.readings],
        "decisions": [_decision_dict(draft) for draft in found.decisions],
        "inputs": found.inputs,
        "result": found.result,
    }


def question_dict(question: Question) -> dict[str, Any]:
    """JSON-ready; `exact` is the question as it can be asked again."""
    return {
        "known_at": rfc3339(question.known_at),
        "at": rfc3339(question.judged_at),
        "pack": question.pack or None,
        "calendar": rfc3339(question.calendar),
        "without": list(question.without),
        "edits": [_edit_text(edit) for edit in question.edits],
        "exact": msgspec.to_builtins(question),
    }


def _edit_text(edit: Edit) -> str:
    if isinstance(edit, Moved):
        return f"move {edit.fact} to {rfc3339(edit.to)}"
    if isinstance(edit, Added):
        return f"add {edit.wire} at {rfc3339(edit.at)}"
    return f"remove {edit.fact}"


def _decision_dict(draft: Draft) -> dict[str, Any]:
    event = draft.event
    at = rfc3339(draft.meta.occurred_at)
    if isinstance(event, RungFired):
        return {
            "act": event.act,
            "clause": event.clause,
            "cycle": event.cycle,
            "rung": event.rung,
            "at": at,
            "due": rfc3339(event.due),
            "unit": event.unit,
            "to": list(event.to),
            "silent": event.silent,
        }
    return {"act": event.NAME, "at": at, **msgspec.to_builtins(msgspec.structs.asdict(event))}


def heading(question: Question, speech: Speech) -> str:
    """A question in one line."""
    parts = [f"{speech.word(Text('截至', 'as known at'))} {when(question.known_at)}"]
    if question.judged_at != question.known_at:
        parts.append(f"{speech.word(Text('判断于', 'judged at'))} {when(question.judged_at)}")
    if question.pack:
        parts.append(f"{speech.word(RULES['pack'])} {question.pack}")
    if question.calendar is not None:
        known = speech.word(Text("日历截至", "the calendar as known at"))
        parts.append(f"{known} {when(question.calendar)}")
    if question.without:
        parts.append(f"{speech.word(Text('不计', 'without'))} {speech.listed(question.without)}")
    parts += [_edit_text(edit) for edit in question.edits]
    return speech.sentence(parts)


def difference_dict(found: Difference, causes: Causes) -> dict[str, Any]:
    """JSON-ready: both questions with the digests of their results, and every difference."""
    sides = {"before": found.before, "after": found.after}
    return {
        "stream": found.before.stream,
        **{
            side: {
                "question": question_dict(each.question),
                "inputs": each.inputs,
                "result": each.result,
            }
            for side, each in sides.items()
        },
        "summary": summary(found.changes),
        "changes": [_change_dict(change, found, causes) for change in found.changes],
    }


def _change_dict(change: Change, found: Difference, causes: Causes) -> dict[str, Any]:
    instants = change.what in INSTANTS
    made: dict[str, Any] = {
        "what": change.what.value,
        "key": list(change.key),
        "before": _plain(change.before, instants),
        "after": _plain(change.after, instants),
    }
    if change.parting is not None:
        made["parts_at"] = _parting_dict(change.parting, zone_of(found))
    if change.what is What.VERDICT_FLIPPED:
        made["causes"] = [cause_dict(each) for each in causes.get(change.key, ())]
    return made


def _plain(value: Any, instant: bool) -> Any:
    return rfc3339(value) if instant and isinstance(value, int) else value


def _parting_dict(parting: Parting, zone: str) -> dict[str, Any]:
    sides = (("before", parting.before), ("after", parting.after))
    told = {side: None if each is None else _telling_dict(each, zone) for side, each in sides}
    return {"step": parting.number, **told}


def _telling_dict(told: Telling, zone: str) -> dict[str, Any]:
    return {**plain_step(told.step, zone), "text_zh": told.zh, "text_en": told.en}


def zone_of(found: Difference) -> str:
    """The zone in which the working of a difference is told."""
    readings = (*found.before.assessment.readings, *found.after.assessment.readings)
    return readings[0].schedule.calendar.zone.name


def cause_dict(cause: Cause) -> dict[str, Any]:
    """JSON-ready: what one side had and what the other; times RFC 3339."""
    if isinstance(cause, FactCause):
        sides = (("before", cause.before), ("after", cause.after))
        return {"what": "fact", **{side: _fact_dict(fact) for side, fact in sides}}
    return {"what": cause.what, "before": _rule(cause.before), "after": _rule(cause.after)}


def _fact_dict(fact: Recorded | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    meta = fact.meta
    return {
        "fact": f"{meta.source}:{meta.key}" if meta.key else f"@{fact.version}",
        "type": fact.event.NAME,
        "occurred_at": rfc3339(meta.occurred_at),
        "recorded_at": rfc3339(meta.recorded_at),
    }


def _rule(value: object) -> Any:
    if isinstance(value, tuple):
        known, without = value
        return {"known_at": rfc3339(known), "without": list(without)}
    return rfc3339(value) if isinstance(value, int) else value

"""The shape of a derivation: which fields there are, and of which type. Nothing may be added."""

from typing import Any

from sla_engine.checker.reasons import Forged

_SOME = (int, type(None))
_TEXT = (str, type(None))

_FACT = {
    "version": int, "type": str, "source": str, "key": str, "occurred_at": int, "recorded_at": int,
}  # fmt: skip
_MAYBE_FACT = (_FACT, None)
_WORDS = {"zh": str, "en": str}
_DAY = {"kind": str, "name": str, "notice": str}
_MAYBE_DAY = (_DAY, None)
_STEPS = {
    "start": {"at": int, "date": str},
    "shift": {"since": int, "to": int, "why": str, "day": _DAY},
    "count": {"date": str, "n": int, "day": _MAYBE_DAY, "part": str},
    "skip": {"date": str, "day": _MAYBE_DAY, "paused": bool, "part": str},
    "pause": {"since": int, "until": _SOME},
    "run": {"since": int, "until": int, "total": int},
    "roll": {"since": str, "to": str},
    "cutoff": {"rule": str, "at": int},
    "due": {"at": _SOME, "date": _TEXT, "provisional": bool, "basis": _TEXT},
}
_WORKING = {
    "amount": str, "amount_en": str, "unit": str, "size": int, "receipt": str, "expiry": str,
    "roll": bool, "region": str, "zone": str, "calendar": str, "hours": str, "pauses": list,
    "reckoning": {
        "due": _SOME, "due_date": _TEXT, "start": int, "provisional": bool, "basis": _TEXT,
        "nominal": _TEXT,
    },
    "steps": [dict],
}  # fmt: skip
_DERIVATION = {
    "stream": str, "clause": str, "cycle": str, "lane": str, "name": _WORDS,
    "pack": {"name": str, "edition": str, "digest": str, "title": _WORDS},
    "basis": [str], "status": str, "amount": str, "calendar": str,
    "began": {"mark": str, "at": int, "fact": _FACT, "inherited": bool},
    "pauses": [{
        "ground": str, "name": _WORDS, "since": int, "until": _SOME, "opened_by": _FACT,
        "ended_by": _MAYBE_FACT,
    }],
    "extensions": [{
        "request": str, "amount": str, "asked": _FACT, "granted": _FACT, "approver": str,
        "due_before": _SOME, "last_call": _SOME, "against": str,
    }],
    "revisions": [{"at": int, "recorded_at": int, "calendar": str, "floor": _SOME}],
    "working": _WORKING, "due": _SOME,
    "verdict": {
        "at": int, "state": str, "stopped_at": _SOME, "mark": str, "stopped_by": _MAYBE_FACT,
        "cancelled_at": _SOME, "ruled": str, "dispute": str,
    },
}  # fmt: skip
_FACT_GIVEN = {
    "version": int, "type": str, "occurred_at": int, "recorded_at": int, "source": str, "key": str,
    "seq": int, "pack": str, "calendar": str, "data": dict,
}  # fmt: skip
CASE = {
    "format": str, "stream": str, "at": int, "facts": [_FACT_GIVEN], "derivations": [dict],
    "packs": dict, "notices": [{"text": str, "recorded_at": int}], "without": [str],
}  # fmt: skip


def check_derivation(told: Any) -> None:
    """Refuse a derivation whose fields are not those of a derivation."""
    check(told, _DERIVATION, "derivation")
    for index, step in enumerate(told["working"]["steps"]):
        where = f"working.steps[{index}]"
        kind = step.get("step")
        if not isinstance(kind, str) or kind not in _STEPS:
            raise Forged("SHAPE", where, kind, " / ".join(_STEPS))
        check({key: step[key] for key in step if key != "step"}, _STEPS[kind], where)


def check(value: Any, shape: Any, where: str) -> None:
    """Refuse a value that is not of a shape: a type, a table of shapes, or a list of one shape. Of
    several shapes in brackets one must fit."""
    if isinstance(shape, dict):
        if not isinstance(value, dict) or value.keys() != shape.keys():
            raise Forged("SHAPE", where, _keys(value), ", ".join(shape))
        for key, inner in shape.items():
            check(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise Forged("SHAPE", where, type(value).__name__, "list")
        for index, each in enumerate(value):
            check(each, shape[0], f"{where}[{index}]")
    elif isinstance(shape, tuple) and isinstance(shape[0], dict):
        if value is not None:
            check(value, shape[0], where)
    else:
        kinds = shape if isinstance(shape, tuple) else (shape,)
        if type(value) not in kinds:
            names = " / ".join(kind.__name__ for kind in kinds)
            raise Forged("SHAPE", where, type(value).__name__, names)


def _keys(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, dict) else type(value).__name__

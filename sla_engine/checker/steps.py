"""The steps that a derivation tells, held against those that follow, one by one."""

from typing import Any

from sla_engine.checker.reasons import Forged
from sla_engine.checker.walk import Step

_REASONS = {
    "start": "START_INSTANT",
    "shift": "SHIFT",
    "pause": "PAUSE_STEP",
    "run": "HOURS_RUN",
    "roll": "ROLL",
    "cutoff": "CUTOFF",
}


def check_steps(told: list[Step], follow: list[Step]) -> None:
    """Refuse at the first step that is not the one that follows."""
    for index in range(max(len(told), len(follow))):
        where = f"working.steps[{index}]"
        if index >= len(told):
            raise Forged("STEP_MISSING", where, "-", say(follow[index]))
        if index >= len(follow):
            raise Forged("STEP_SURPLUS", where, say(told[index]), "-")
        if told[index] != follow[index]:
            code = _reason(told[index], follow[index])
            raise Forged(code, where, say(told[index]), say(follow[index]))


def _reason(told: Step, follows: Step) -> str:
    kinds = told["step"], follows["step"]
    if "date" in told and "date" in follows and set(kinds) <= {"count", "skip"}:
        return _day_reason(told, follows)
    if kinds[0] == "pause" or kinds[1] == "pause":
        return "PAUSE_STEP"
    if kinds[0] != kinds[1]:
        return "STEP_ORDER"
    if kinds[0] == "due":
        answers = told["at"] == follows["at"] and told["date"] == follows["date"]
        return "PROVISIONAL" if answers else "DUE"
    return _REASONS[kinds[0]]


def _day_reason(told: Step, follows: Step) -> str:
    if told["date"] != follows["date"]:
        return "DAY_MISSING" if told["date"] > follows["date"] else "DAY_TWICE"
    if told["part"] != follows["part"]:
        return "DAY_PART"
    if told["step"] != follows["step"]:
        if follows["step"] == "count":
            return "DAY_NOT_COUNTED"
        return "DAY_PAUSED_COUNTED" if follows["paused"] else "DAY_OFF_COUNTED"
    if told["day"] != follows["day"]:
        return "NOTICE"
    return "DAY_NUMBER" if told["step"] == "count" else "PAUSE_STEP"


def say(step: Step) -> str:
    """A step in one line."""
    return " ".join(f"{key}={_plain(value)}" for key, value in step.items())


def _plain(value: Any) -> str:
    return "/".join(filter(None, value.values())) if isinstance(value, dict) else str(value)

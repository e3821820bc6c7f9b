"""Every way of forging a derivation is refused, each for a reason of its own."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from sla_engine.checker.reasons import TEXTS
from tests.support.checked import Case, against
from tests.unit.checker.matters import lived, provisional, revised, waiting

Told = dict[str, Any]


class Forgery(NamedTuple):
    """What is done to one derivation, and the reason it is refused for."""

    what: str
    matter: Callable[[], Case]
    clause: str
    forge: Callable[[Told, Case], None]
    code: str


FORGERIES: list[Forgery] = []


def forged(
    code: str, clause: str = "solve", matter: Callable[[], Case] = lived
) -> Callable[[Callable[[Told, Case], None]], None]:
    """Register a forgery by its name."""

    def register(forge: Callable[[Told, Case], None]) -> None:
        what = forge.__name__.replace("_", " ")
        FORGERIES.append(Forgery(what, matter, clause, forge, code))

    return register


def steps(told: Told) -> list[Told]:
    listed: list[Told] = told["working"]["steps"]
    return listed


def step(told: Told, kind: str, day: str = "") -> Told:
    """The first step of a kind, or the one of a day."""
    found = (s for s in steps(told) if s["step"] == kind and s.get("date", "").endswith(day))
    return next(found)


def fact(case: Case, name: str, nth: int = 0) -> Told:
    """A fact of the case as derivations quote it."""
    given = [each for each in case["facts"] if name in each["type"]][nth]
    keys = ("version", "type", "source", "key", "occurred_at", "recorded_at")
    return {key: given[key] for key in keys}


# ---------------------------------------------------------------------------------- the start


@forged("START_UNKNOWN")
def a_start_that_was_never_recorded(told: Told, _case: Case) -> None:
    told["began"]["fact"]["version"] = 999


@forged("START_VOIDED")
def a_start_that_was_voided(told: Told, case: Case) -> None:
    told["began"]["fact"] = fact(case, "dispatched")


@forged("START_NOT_RIGHT", "again")
def the_start_of_another_cycle(told: Told, case: Case) -> None:
    told["began"] |= {"fact": fact(case, "rework_ordered"), "mark": "rework_ordered"}


@forged("START_MARK")
def a_fact_that_starts_no_such_clock(told: Told, case: Case) -> None:
    told["began"] |= {"fact": fact(case, "accepted"), "mark": "accepted"}


@forged("START_MARK")
def a_mark_the_fact_does_not_bear(told: Told, _case: Case) -> None:
    told["began"]["mark"] = "registered"


@forged("START_INSTANT")
def a_start_an_hour_later(told: Told, _case: Case) -> None:
    told["began"]["at"] += 3_600_000_000


@forged("FACT_MISQUOTED")
def a_start_recorded_at_another_time(told: Told, _case: Case) -> None:
    told["began"]["fact"]["recorded_at"] -= 1


@forged("START_MARK")
def a_start_said_to_come_from_a_merger(told: Told, _case: Case) -> None:
    told["began"]["inherited"] = True


@forged("LANE", "half")
def the_clock_of_another_lane(told: Told, _case: Case) -> None:
    told["lane"] = "A0"


@forged("CLOCK_UNKNOWN")
def a_cycle_that_never_began(told: Told, _case: Case) -> None:
    told["cycle"] = "2"


@forged("STREAM")
def the_derivation_of_another_petition(told: Told, _case: Case) -> None:
    told["stream"] = "petition/P2"


# ---------------------------------------------------------------------------------- the rules


@forged("PACK_STAMP")
def another_pack_by_digest(told: Told, _case: Case) -> None:
    told["pack"]["digest"] = "0" * 64


@forged("PACK_EDITION")
def another_edition_of_the_pack(told: Told, _case: Case) -> None:
    told["pack"]["edition"] = "2"


@forged("PACK_UNKNOWN")
def a_pack_whose_text_was_changed(_told: Told, case: Case) -> None:
    case["packs"] = {name: f"{text}\n[exclusions]\n" for name, text in case["packs"].items()}


@forged("CALENDAR_STAMP")
def another_calendar_by_digest(told: Told, _case: Case) -> None:
    told["calendar"] = "0" * 64


@forged("CALENDAR_STAMP")
def steps_under_another_calendar(told: Told, _case: Case) -> None:
    told["working"]["calendar"] = "0" * 64


@forged("CALENDAR_UNKNOWN", matter=revised)
def a_notice_whose_text_was_changed(_told: Told, case: Case) -> None:
    case["notices"][0]["text"] = case["notices"][0]["text"].replace("10-26", "11-01")


@forged("CLAUSE_TEXT")
def a_basis_of_its_own(told: Told, _case: Case) -> None:
    told["basis"] = ["本单位内部规定"]


@forged("CLAUSE_TEXT")
def a_default_called_published(told: Told, _case: Case) -> None:
    told["status"] = "published"


@forged("LIMIT")
def a_longer_limit(told: Told, _case: Case) -> None:
    told["amount"] = "15个工作日"


@forged("LENGTH")
def a_longer_term_after_extensions(told: Told, _case: Case) -> None:
    told["working"] |= {"size": 15}


@forged("LENGTH")
def another_length_in_english_alone(told: Told, _case: Case) -> None:
    told["working"]["amount_en"] = "15 working days"


@forged("RULES")
def another_rule_of_expiry(told: Told, _case: Case) -> None:
    told["working"]["expiry"] = "close_of_business"


@forged("RULES")
def another_region(told: Told, _case: Case) -> None:
    told["working"]["region"] = "CN-45"


@forged("HOURS", "desk")
def other_office_hours(told: Told, _case: Case) -> None:
    told["working"]["hours"] = "0" * 64


# ---------------------------------------------------------------------------------- the days


@forged("DAY_MISSING")
def a_day_dropped(told: Told, _case: Case) -> None:
    steps(told).remove(step(told, "skip", "-10-03"))


@forged("DAY_TWICE")
def a_day_told_twice(told: Told, _case: Case) -> None:
    again = step(told, "skip", "-10-03")
    steps(told).insert(steps(told).index(again), again)


@forged("DAY_MISSING")
def two_days_in_the_wrong_order(told: Told, _case: Case) -> None:
    listed = steps(told)
    at = listed.index(step(told, "skip", "-10-03"))
    listed[at], listed[at + 1] = listed[at + 1], listed[at]


@forged("DAY_OFF_COUNTED")
def a_holiday_counted(told: Told, _case: Case) -> None:
    day = step(told, "skip", "-10-01")
    told["working"]["steps"][steps(told).index(day)] = {
        "step": "count", "date": day["date"], "n": 2, "day": day["day"], "part": "",
    }  # fmt: skip


@forged("DAY_NOT_COUNTED")
def a_make_up_day_left_out(told: Told, _case: Case) -> None:
    day = step(told, "count", "-10-11")
    told["working"]["steps"][steps(told).index(day)] = {
        "step": "skip", "date": day["date"], "day": day["day"], "paused": False, "part": "",
    }  # fmt: skip


@forged("DAY_PAUSED_COUNTED")
def a_day_within_a_pause_counted(told: Told, _case: Case) -> None:
    day = step(told, "skip", "-09-28")
    told["working"]["steps"][steps(told).index(day)] = {
        "step": "count", "date": day["date"], "n": 1, "day": day["day"], "part": "",
    }  # fmt: skip


@forged("PAUSE_STEP")
def a_weekend_said_to_be_within_a_pause(told: Told, _case: Case) -> None:
    step(told, "skip", "-10-03")["paused"] = True


@forged("NOTICE")
def another_notice_behind_a_holiday(told: Told, _case: Case) -> None:
    step(told, "skip", "-10-01")["day"]["notice"] = "国办发明电〔2023〕7号"


@forged("NOTICE")
def a_weekend_called_a_holiday(told: Told, _case: Case) -> None:
    step(told, "skip", "-10-18")["day"]["kind"] = "special_holiday"


@forged("DAY_NUMBER")
def a_count_that_jumps(told: Told, _case: Case) -> None:
    step(told, "count", "-10-09")["n"] += 1


@forged("DAY_PART", "half")
def the_other_half_of_a_day(told: Told, _case: Case) -> None:
    step(told, "count")["part"] = "pm"


@forged("SHIFT", "desk")
def a_receipt_shifted_to_another_opening(told: Told, _case: Case) -> None:
    step(told, "shift")["to"] += 3_600_000_000


@forged("STEP_ORDER", "desk")
def a_receipt_not_shifted(told: Told, _case: Case) -> None:
    steps(told).remove(step(told, "shift"))


@forged("HOURS_RUN", "desk")
def a_session_that_ran_longer(told: Told, _case: Case) -> None:
    step(told, "run")["until"] += 60_000_000


@forged("HOURS_RUN", "desk")
def a_total_that_does_not_add_up(told: Told, _case: Case) -> None:
    step(told, "run")["total"] -= 1


@forged("ROLL", "feedback", provisional)
def a_last_day_that_rolls_further(told: Told, _case: Case) -> None:
    step(told, "roll")["to"] = "2027-01-12"


@forged("STEP_MISSING")
def steps_that_end_early(told: Told, _case: Case) -> None:
    steps(told).pop()


@forged("STEP_SURPLUS")
def a_step_after_the_last(told: Told, _case: Case) -> None:
    steps(told).append(step(told, "due"))


@forged("CUTOFF")
def another_cut_off(told: Told, _case: Case) -> None:
    step(told, "cutoff")["rule"] = "close_of_business"


# ------------------------------------------------------------------------------------ pauses


@forged("PAUSE_NO_FACT")
def a_pause_without_a_fact(told: Told, case: Case) -> None:
    told["pauses"].append({**told["pauses"][0], "opened_by": fact(case, "accepted")})


@forged("PAUSE_GROUND")
def another_ground_of_a_pause(told: Told, _case: Case) -> None:
    told["pauses"][0]["ground"] = "P-TEST"


@forged("PAUSE_NOT_HONOURED", "feedback")
def a_pause_that_the_clause_does_not_honour(told: Told, case: Case) -> None:
    told["pauses"] = deepcopy(case["derivations"][1]["pauses"])


@forged("PAUSE_HIDDEN")
def a_pause_left_out(told: Told, _case: Case) -> None:
    told["pauses"].clear()


@forged("PAUSE_SPAN")
def a_pause_that_lasted_longer(told: Told, _case: Case) -> None:
    told["pauses"][0]["until"] += 86_400_000_000


@forged("PAUSE_SPAN", matter=waiting)
def an_open_pause_said_to_have_ended(told: Told, case: Case) -> None:
    pause = told["pauses"][0]
    told["pauses"][0] = {**pause, "until": case["at"], "ended_by": pause["opened_by"]}


@forged("PAUSE_END_FACT")
def a_pause_ended_by_another_fact(told: Told, case: Case) -> None:
    told["pauses"][0]["ended_by"] = fact(case, "accepted")


@forged("PAUSE_STEP")
def a_pause_not_told_among_the_days(told: Told, _case: Case) -> None:
    steps(told).remove(step(told, "pause"))


# -------------------------------------------------------------------------------- extensions


@forged("EXTENSION_APPROVER")
def another_approver(told: Told, _case: Case) -> None:
    told["extensions"][0]["approver"] = "丙"


@forged("EXTENSION_REQUEST")
def a_request_made_earlier(told: Told, _case: Case) -> None:
    told["extensions"][0]["asked"]["occurred_at"] -= 86_400_000_000


@forged("EXTENSION_AMOUNT")
def a_longer_extension(told: Told, _case: Case) -> None:
    told["extensions"][0]["amount"] = "3个工作日"


@forged("EXTENSION_EFFECT")
def an_extension_beyond_the_caps_said_to_hold(told: Told, _case: Case) -> None:
    told["extensions"][1]["against"] = ""


@forged("EXTENSION_EFFECT")
def an_extension_that_holds_said_to_be_refused(told: Told, _case: Case) -> None:
    told["extensions"][0]["against"] = "asked_late"


@forged("EXTENSION_HIDDEN")
def a_refused_extension_left_out(told: Told, _case: Case) -> None:
    told["extensions"].pop()


@forged("EXTENSION_HIDDEN")
def extensions_in_the_wrong_order(told: Told, _case: Case) -> None:
    told["extensions"].reverse()


@forged("EXTENSION_NO_FACT")
def an_extension_nobody_granted(told: Told, case: Case) -> None:
    told["extensions"][0]["granted"] = fact(case, "accepted")


@forged("EXTENSION_DUE")
def a_later_last_call(told: Told, _case: Case) -> None:
    told["extensions"][0]["last_call"] += 1


@forged("EXTENSION_DUE")
def another_due_before_the_extension(told: Told, _case: Case) -> None:
    told["extensions"][0]["due_before"] = None


# --------------------------------------------------------------------------------- revisions


@forged("REVISION", matter=revised)
def a_revision_left_out(told: Told, _case: Case) -> None:
    told["revisions"].clear()


@forged("REVISION", matter=revised)
def a_revision_in_effect_earlier(told: Told, _case: Case) -> None:
    told["revisions"][0]["at"] -= 1


@forged("DUE", "keep", revised)
def a_notified_term_brought_forward(told: Told, _case: Case) -> None:
    told["due"] = told["working"]["reckoning"]["due"]


@forged("FLOOR", matter=revised)
def a_notified_term_kept_without_ground(_told: Told, case: Case) -> None:
    for each in case["facts"]:
        if "term_refixed" in each["type"]:
            each["data"]["floor"] = each["data"]["old_due"]


# ------------------------------------------------------------------------ due instant, verdict


@forged("DUE")
def due_a_microsecond_later(told: Told, _case: Case) -> None:
    told["due"] += 1


@forged("DUE")
def due_a_microsecond_earlier(told: Told, _case: Case) -> None:
    told["due"] -= 1


@forged("DUE")
def another_due_day_among_the_steps(told: Told, _case: Case) -> None:
    step(told, "due")["date"] = "2025-10-22"


@forged("TOTAL")
def an_answer_that_is_not_that_of_the_steps(told: Told, _case: Case) -> None:
    told["working"]["reckoning"]["due_date"] = "2025-10-22"


@forged("PROVISIONAL", matter=provisional)
def a_provisional_term_said_to_be_firm(told: Told, _case: Case) -> None:
    step(told, "due").update(provisional=False, basis=None)


@forged("PROVISIONAL", matter=provisional)
def another_basis_of_a_provisional_term(told: Told, _case: Case) -> None:
    step(told, "due")["basis"] = "2027年：国务院通知"


@forged("STATE")
def a_verdict_turned_round(told: Told, _case: Case) -> None:
    told["verdict"]["state"] = "late"


@forged("STATE", "again")
def a_late_clock_said_to_be_in_time(told: Told, _case: Case) -> None:
    told["verdict"]["state"] = "met"


@forged("STOPPED")
def stopped_a_microsecond_earlier(told: Told, _case: Case) -> None:
    told["verdict"]["stopped_at"] -= 1


@forged("STOPPED")
def stopped_by_another_fact(told: Told, case: Case) -> None:
    told["verdict"]["stopped_by"] = fact(case, "accepted")


@forged("CANCELLED", "keep")
def a_clock_said_to_have_lost_its_object(told: Told, _case: Case) -> None:
    told["verdict"]["cancelled_at"] = told["began"]["at"]


@forged("READ_AT")
def a_verdict_as_of_another_time(told: Told, _case: Case) -> None:
    told["verdict"]["at"] -= 1


@forged("RULED")
def a_ruling_nobody_made(told: Told, _case: Case) -> None:
    told["verdict"] |= {"ruled": "met", "dispute": "dispute/1"}


@forged("SHAPE")
def a_field_left_out(told: Told, _case: Case) -> None:
    del told["began"]["inherited"]


@forged("SHAPE")
def a_field_added(told: Told, _case: Case) -> None:
    told["note"] = "已核实"


@forged("SHAPE")
def a_number_written_as_text(told: Told, _case: Case) -> None:
    told["due"] = str(told["due"])


# -------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda each: each.what)
def test_a_forged_derivation_is_refused_for_its_own_reason(forgery: Forgery) -> None:
    case = deepcopy(forgery.matter())
    told = next(each for each in case["derivations"] if each["clause"] == forgery.clause)
    case["derivations"] = [told, *(each for each in case["derivations"] if each is not told)]
    before = deepcopy(case)
    forgery.forge(told, case)
    assert case != before, "something was forged"
    case["derivations"] = [told]
    assert against(case) == forgery.code


def test_there_are_scores_of_kinds_of_forgery_and_nearly_every_reason_is_met() -> None:
    met = {forgery.code for forgery in FORGERIES}
    assert len(FORGERIES) >= 60
    assert met <= TEXTS.keys()
    assert TEXTS.keys() - met == {"YEAR_UNKNOWN"}

"""What must be recorded so that the log says what the clocks say: once each, and told or not."""

import pytest

from sla_engine.dossier.events import RungFired
from sla_engine.dossier.fold import fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.sla.assess import assess
from tests.support.given import (
    Matter,
    clause,
    instant,
    notice,
    pack_of,
    rules_of,
    shown,
    talks,
)

RUNGS = (
    "warn due-3个工作日 warn 10; red due red 30; supervise due+2个工作日 supervise 40; "
    "talk due+3个工作日 talk 50 tier=1"
)
RULES = rules_of(pack_of(clause("solve", "10个工作日", rungs=RUNGS), talks()))
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
DUE = "2025-06-17 24:00"
WARN, RED, SUPERVISE, TALK = (
    "solve/warn#0 2025-06-12 09:00",
    "solve/red#0 2025-06-18 00:00:00.000001",
    "solve/supervise#0 2025-06-19 09:00",
    "solve/talk#0 2025-06-20 09:00",
)


def opened(*lines: str, rules: Rulebook = RULES) -> Matter:
    return Matter(rules, *OPENED, *lines)


# -------------------------------------------------------------------------------- once, in order


def test_each_rung_is_recorded_when_it_is_reached_and_not_before() -> None:
    matter = opened().touch("2025-06-12 08:59")
    assert matter.acts() == []
    matter.touch("2025-06-12 09:00")
    assert matter.acts() == [WARN]


def test_catching_up_twice_is_no_more_than_once() -> None:
    matter = opened().touch("2025-06-19 10:00")
    before = [*matter.log]
    matter.touch("2025-06-19 10:00", "2025-06-19 10:00")
    assert matter.log == before


def test_what_one_late_sweep_records_is_what_timely_ones_would_have() -> None:
    timely = opened().touch("2025-06-12 09:00", "2025-06-18 09:00", "2025-06-19 09:00")
    late = opened().touch("2025-06-19 09:00")
    assert timely.standing() == [WARN, RED, SUPERVISE]
    assert late.standing() == [f"{WARN} (superseded)", RED, SUPERVISE]


def test_an_act_says_what_it_is_and_by_which_rules() -> None:
    matter = opened().touch("2025-06-20 09:00")
    act = matter.log[-1]
    assert isinstance(act.event, RungFired)
    assert (act.event.act, act.event.level, act.event.tier, act.event.unit) == ("talk", 50, 1, "U1")
    assert (act.meta.source, act.meta.pack) == ("engine", RULES.packs[0].digest)
    assert act.meta.calendar == matter.reading("solve", DUE).schedule.calendar.digest
    assert shown(act.meta.occurred_at) == "2025-06-20 09:00"


# ---------------------------------------------------------------------------- late and overturned


def test_the_touch_before_a_fact_records_what_was_due_until_then() -> None:
    """Solved between two sweeps is a breach all the same."""
    matter = opened("2025-06-18 10:00 resolved")
    assert matter.standing() == [f"{WARN} (superseded)", RED]
    assert matter.state("solve", "2025-06-19 09:00") == "late"


def test_a_fact_that_shows_there_was_no_breach_takes_it_back_before_anybody_is_told() -> None:
    matter = opened().touch("2025-06-12 09:00")
    matter.take("2025-06-17 16:00 resolved known=2025-06-18T10:00")
    assert matter.acts() == [WARN, "solve/red#0 2025-06-18 00:00:00.000001 (overturned)×"]
    fired, withdrawn = matter.log[-3].event, matter.log[-1].event
    assert [getattr(each, "silent", "") for each in (fired, withdrawn)] == ["overturned"] * 2


def test_an_act_that_went_out_is_withdrawn_by_a_further_act_naming_the_fact() -> None:
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00")
    matter.take("2025-06-17 16:00 resolved known=2025-06-18T10:00 id=r1")
    (withdrawn,) = matter.withdrawals()
    fact = matter.dossier.find("test:r1")
    assert fact is not None
    assert (withdrawn.overturned_by, withdrawn.reason, withdrawn.silent) == (
        fact.version,
        "overturned",
        "",
    )
    assert matter.standing() == [WARN]


def test_of_several_facts_learned_at_once_the_one_that_did_it_is_named() -> None:
    matter = opened().touch("2025-06-18 09:00")
    matter.together(
        "2025-06-10 10:00 accepted known=2025-06-18T10:00",
        "2025-06-17 16:00 resolved known=2025-06-18T10:00 id=r1",
        "2025-06-18 09:30 callback_done satisfied=true known=2025-06-18T10:00",
    )
    fact = matter.dossier.find("test:r1")
    assert fact is not None
    assert {each.overturned_by for each in matter.withdrawals()} == {fact.version}


def test_a_verdict_that_flips_twice_acts_twice() -> None:
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00")
    matter.take("2025-06-17 16:00 resolved known=2025-06-18T10:00 id=r1")
    matter.take("2025-06-18 11:00 voided fact=test:r1 ground=x").touch("2025-06-18 12:59")
    assert matter.standing() == [WARN]
    matter.touch("2025-06-18 13:00")
    assert matter.acts() == [
        WARN,
        "solve/red#0 2025-06-18 00:00:00.000001×",
        "solve/red#1 2025-06-18 00:00:00.000001",
    ]
    (first, second) = matter.dossier.acts[("solve", "1", "red")]
    assert (first.fired.version, second.fired.version) == (0, 1)


def test_a_right_that_lapsed_by_an_outdated_calendar_is_given_back() -> None:
    returning = clause(
        "return",
        "2个工作日",
        scope='"assignment"',
        stop='["return_requested", "accepted", "resolved"]',
        rungs="deem due deem_accepted 10",
    )
    rules = rules_of(pack_of(clause("solve", "10个工作日"), returning))
    matter = Matter(rules, OPENED[0], f"{OPENED[1]} assignment=A1").touch("2025-06-06 00:30")
    assert matter.state("return", "2025-06-06 09:00", "A1") == "lapsed"
    closed = notice("2025-06-04", "2025-06-06 10:00", off="2025-06-05..2025-06-06")
    matter.under(rules.with_notice(closed)).touch("2025-06-06 10:00")
    assert [event.clause for event in matter.refixes()] == ["solve", "return"]
    assert matter.standing("return") == []
    matter.take("2025-06-09 10:00 return_requested reason=x")
    assert matter.state("return", "2025-06-09 11:00", "A1") == "met"


def test_a_void_that_is_voided_restores_the_closure_and_withdraws_again() -> None:
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00")
    matter.take(
        "2025-06-17 16:00 resolved known=2025-06-18T10:00 id=r1",
        "2025-06-18 11:00 voided fact=test:r1 ground=x id=v1",
    ).touch("2025-06-18 13:00")
    matter.take("2025-06-18 14:00 voided fact=test:v1 ground=y id=v2")
    assert matter.standing() == [WARN]
    assert [each.version for each in matter.withdrawals()] == [0, 1]
    fact = matter.dossier.find("test:v2")
    assert fact is not None
    assert matter.withdrawals()[-1].overturned_by == fact.version


def test_two_firings_of_one_rung_in_one_call_have_different_versions() -> None:
    """An extension learned late leaves two warnings, both in the past when they are learned."""
    rule = clause(
        "solve",
        "10个工作日",
        extension='{ max_count = 1, basis = ["测试"] }',
        rungs="warn due-3个工作日 warn 10",
    )
    matter = Matter(
        rules_of(pack_of(rule)),
        "2025-06-03 09:00 registered known=2025-07-10T09:00",
        "2025-06-03 10:00 dispatched unit=U1 known=2025-07-10T09:00",
        "2025-06-13 10:00 extension_requested request=E1 clause=solve amount=5个工作日"
        " known=2025-07-10T09:00",
        "2025-06-16 10:00 extension_granted request=E1 approver=L known=2025-07-10T09:00",
    ).touch("2025-07-10 11:00")
    assert [text.split()[0] for text in matter.standing()] == ["solve/warn#0", "solve/warn#1"]


# --------------------------------------------------------------------------------- settling time


def test_acts_of_a_clock_first_learned_late_wait_for_the_settling_time() -> None:
    late = tuple(f"{line} known=2025-06-19T10:00" for line in OPENED)
    matter = Matter(RULES, *late)
    assert matter.acts() == []
    assert matter.state("solve", "2025-06-19 10:00") == "overdue"
    matter.touch("2025-06-19 11:59")
    assert matter.acts() == []
    matter.touch("2025-06-19 12:00")
    assert matter.acts() == [f"{WARN} (superseded)", RED, SUPERVISE]


def test_the_split_of_a_late_delivery_does_not_decide_whether_people_are_warned() -> None:
    late = [f"{line} known=2025-06-19T10:00" for line in OPENED]
    done = "2025-06-17 16:00 resolved known=2025-06-19T10:30"
    matter = Matter(RULES, *late, done).touch("2025-06-30 09:00")
    assert matter.acts() == [f"{WARN} (superseded)"]
    assert matter.state("solve", "2025-06-30 09:00") == "met"


def test_a_warning_of_a_clock_that_ended_before_it_could_go_out_is_told_to_nobody() -> None:
    late = [f"{line} known=2025-06-13T10:00" for line in OPENED]
    matter = Matter(RULES, *late, "2025-06-13 10:30 resolved").touch("2025-06-13 12:00")
    assert matter.acts() == [f"{WARN} (superseded)"]


@pytest.mark.parametrize("known", ["2025-06-12T10:00", "2025-06-12T16:00"])
def test_a_talk_is_no_warning_and_is_proposed_however_late_its_cause_is_learned(known: str) -> None:
    """The second dissatisfied callback is itself the cause; the rework's end does not undo it."""
    redo = clause(
        "redo",
        "5个工作日",
        start='"callback_unsatisfied"',
        more="repeat = true",
        rungs="yellow due-1个工作日 yellow 20; again start talk 50 tier=1 from_cycle=2",
    )
    matter = Matter(
        rules_of(pack_of(redo, talks())),
        *OPENED,
        "2025-06-05 10:00 resolved",
        "2025-06-06 10:00 callback_done satisfied=false",
        "2025-06-06 11:00 rework_ordered unit=U1 assignment=A2 reason=x",
        "2025-06-11 10:00 resolved",
        f"2025-06-12 10:00 callback_done satisfied=false known={known}",
        "2025-06-12 16:10 rework_ordered unit=U1 assignment=A3 reason=x",
        "2025-06-12 16:20 resolved",
    ).touch("2025-06-30 09:00")
    assert matter.standing() == ["redo:2/again#0 2025-06-12 10:00"]


def test_an_import_of_history_records_judgments_and_tells_nobody() -> None:
    late = [f"{line} known=2025-06-18T10:00" for line in OPENED]
    late[0] = late[0].replace("registered", "registered historic=true")
    matter = Matter(RULES, *late).touch("2025-06-18 12:00")
    assert matter.acts() == [f"{WARN} (history)", f"{RED} (history)"]


def test_what_befalls_an_imported_petition_after_the_import_is_told_like_anything_else() -> None:
    late = [f"{line} known=2025-06-18T10:00" for line in OPENED]
    late[0] = late[0].replace("registered", "registered historic=true")
    matter = Matter(RULES, *late).touch("2025-06-18 12:00", "2025-06-19 09:00", "2025-06-20 09:00")
    assert matter.told() == [SUPERVISE, TALK]


# ------------------------------------------------------------------------------------- the index


def test_the_alarm_index_has_a_row_for_every_clock_even_when_it_has_ended() -> None:
    rules = rules_of(
        pack_of(
            clause("solve", "10个工作日", rungs=RUNGS),
            clause("call", "2小时", stop='"arrived"'),
            talks(),
        )
    )
    matter = opened("2025-06-03 11:00 step_done step=arrived", rules=rules)
    rows = {row.clause: row for row in alarm_rows(matter.assess("2025-06-03 12:00"))}
    assert (rows["call"].state, rows["call"].alarm_at, rows["call"].rung) == ("met", None, "")
    solve = rows["solve"]
    assert (shown(solve.due), shown(solve.alarm_at), solve.rung) == (
        DUE,
        "2025-06-12 09:00",
        "warn",
    )
    assert (solve.unit, solve.level, solve.state) == ("U1", 0, "running")


def test_the_next_alarm_is_the_earliest_of_all_clocks() -> None:
    assessment = opened().touch("2025-06-12 09:00").assess("2025-06-12 09:00")
    assert shown(assessment.next_alarm) == "2025-06-18 00:00:00.000001"
    reading = assessment.reading("solve", "1")
    assert reading is not None
    assert [firing.rung.id for firing in reading.fired] == ["warn"]
    assert reading.level == 10


def test_drafts_are_folded_at_once_and_appended_together() -> None:
    matter = opened()
    pending = Pending(matter.dossier)
    catch_up(pending, matter.kind, RULES, instant("2025-06-18 09:00"))
    assert [type(draft.event) for draft in pending.drafts] == [RungFired, RungFired]
    assert (pending.base, pending.dossier.version) == (len(matter.log), len(matter.log) + 2)
    again = fold(matter.stream, matter.log)
    assert assess(again, matter.kind, RULES, instant("2025-06-18 09:00")).dossier.acts == {}

"""Assignments: return granted and refused, redispatch, joint handling, rework; who answers."""

import pytest

from tests.support.given import DESK, Matter, clause, instant, pack_of, rules_of

RULES = rules_of(
    pack_of(
        clause("triage", "2小时", start='"admitted"', stop='"dispatched"'),
        clause("solve", "10个工作日", rungs="red due red 30"),
        clause(
            "return",
            "2个工作日",
            scope='"assignment"',
            stop='["return_requested", "accepted", "resolved"]',
            rungs="deem due deem_accepted 10",
        ),
        clause(
            "rule",
            "1个工作日",
            scope='"assignment"',
            start='"return_requested"',
            stop='"return_ruled"',
            more="repeat = true",
        ),
        clause("redo", "5个工作日", start='"rework_ordered"', more="repeat = true"),
    )
)
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1 assignment=A1")
RETURNED = (
    *OPENED,
    "2025-06-03 11:00 return_requested reason=x",
    "2025-06-03 15:00 return_ruled granted=true",
)
REDISPATCHED = "2025-06-04 10:00 dispatched unit=U2 assignment=A2"
TOLD_BY_UNITS = ("accepted", "resolved", "return_requested reason=x", "step_done step=arrived")


def lanes(matter: Matter) -> list[tuple[str, str, bool]]:
    return [
        (lane.name, lane.unit, lane.ended_at is None)
        for lane in matter.chronicle.lanes.all.values()
    ]


def test_a_return_that_is_granted_ends_the_assignment_and_its_clocks_alone() -> None:
    matter = Matter(RULES, *OPENED, "2025-06-03 11:00 return_requested reason=x")
    assert matter.state("rule", "2025-06-03 12:00", "A1.1") == "running"
    matter.take("2025-06-03 15:00 return_ruled granted=true")
    assert lanes(matter) == [("A1", "U1", False)]
    assert matter.state("solve", "2025-06-04 09:00") == "running"
    assert matter.state("rule", "2025-06-04 09:00", "A1.1") == "met"


def test_whoever_neither_returned_nor_accepted_in_time_has_accepted_and_is_not_late() -> None:
    """Silence counts as acceptance; a word that comes later changes nothing about that."""
    matter = Matter(RULES, *OPENED)
    assert matter.state("return", "2025-06-05 24:00", "A1") == "running"
    assert matter.state("return", "2025-06-06 09:00", "A1") == "lapsed"
    matter.take("2025-06-06 10:00 accepted")
    assert matter.state("return", "2025-06-06 11:00", "A1") == "lapsed"


def test_the_petition_clock_survives_return_and_redispatch() -> None:
    """D16: it is never reset; the assignment clock is new for each handling unit."""
    matter = Matter(RULES, *RETURNED, REDISPATCHED)
    assert matter.due("solve") == "2025-06-17 24:00"
    assert matter.due("return", cycle="A1") == "2025-06-05 24:00"
    assert matter.due("return", cycle="A2") == "2025-06-06 24:00"


def test_a_return_that_is_refused_leaves_the_assignment_where_it_is() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-03 11:00 return_requested reason=x",
        "2025-06-03 15:00 return_ruled granted=false",
        "2025-06-03 16:00 accepted",
    )
    assert lanes(matter) == [("A1", "U1", True)]
    assert matter.reading("solve", "2025-06-04 09:00").unit == "U1"


def test_every_return_is_ruled_within_its_own_limit() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-03 11:00 return_requested reason=x",
        "2025-06-03 15:00 return_ruled granted=false",
        "2025-06-04 11:00 return_requested reason=y",
    )
    assert matter.due("rule", cycle="A1.1") == "2025-06-04 24:00"
    assert matter.due("rule", cycle="A1.2") == "2025-06-05 24:00"


def test_the_holder_stays_answerable_until_the_return_is_ruled_and_no_longer() -> None:
    """D17."""
    matter = Matter(RULES, *RETURNED, REDISPATCHED)
    at = ("2025-06-03 14:59", "2025-06-03 15:00", "2025-06-04 09:59", "2025-06-04 10:00")
    assert [matter.reading("solve", when).unit for when in at] == ["U1", "", "", "U2"]


def test_a_breach_between_return_and_redispatch_is_laid_at_no_units_door() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-17 10:00 dispatched unit=U2 assignment=A2 replaces=A1",
        "2025-06-17 11:00 return_requested reason=x",
        "2025-06-17 15:00 return_ruled granted=true",
    ).touch("2025-06-18 09:00")
    (act,) = matter.dossier.acts[("solve", "1", "red")]
    assert act.fired.unit == ""


def test_a_redispatch_takes_the_petition_from_one_unit_to_another() -> None:
    matter = Matter(RULES, *OPENED, "2025-06-04 10:00 dispatched unit=U2 assignment=A2 replaces=A1")
    assert lanes(matter) == [("A1", "U1", False), ("A2", "U2", True)]
    assert matter.state("return", "2025-06-04 11:00", "A1") == "cancelled"
    assert matter.reading("solve", "2025-06-04 09:59").unit == "U1"
    assert matter.reading("solve", "2025-06-04 10:00").unit == "U2"


def test_a_redispatch_learned_late_gives_the_act_to_the_unit_that_was_answerable() -> None:
    matter = Matter(RULES, *OPENED).touch("2025-06-18 09:00")
    matter.take(
        "2025-06-16 10:00 dispatched unit=U2 assignment=A2 replaces=A1 known=2025-06-20T10:00"
    )
    assert matter.acts("solve") == [
        "solve/red#0 2025-06-18 00:00:00.000001×",
        "solve/red#1 2025-06-18 00:00:00.000001",
    ]
    first, second = matter.dossier.acts[("solve", "1", "red")]
    assert (first.fired.unit, second.fired.unit) == ("U1", "U2")
    assert second.recorded_at == instant("2025-06-20 10:00")


def test_a_redispatch_after_the_act_leaves_the_act_where_it_was() -> None:
    matter = Matter(RULES, *OPENED).touch("2025-06-18 09:00")
    matter.take("2025-06-19 10:00 dispatched unit=U2 assignment=A2 replaces=A1")
    assert matter.standing("solve") == ["solve/red#0 2025-06-18 00:00:00.000001"]
    assert matter.reading("solve", "2025-06-19 11:00").unit == "U2"


@pytest.mark.parametrize("fact", TOLD_BY_UNITS)
def test_a_unit_whose_assignment_has_ended_reports_nothing_more_in_it(fact: str) -> None:
    returned = Matter(RULES, *RETURNED, REDISPATCHED)
    replaced = Matter(RULES, *OPENED, f"{REDISPATCHED} replaces=A1")
    for matter in (returned, replaced):
        (fault,) = matter.refused(f"2025-06-04 11:00 {fact} assignment=A1")
        assert (fault.code, fault.found, fault.allowed) == ("ASSIGNMENT_ENDED", "A1", "A2")
        assert matter.chronicle.phase == "dispatched"
        matter.take(f"2025-06-04 11:00 {fact} assignment=A2")


def test_an_assignment_has_ended_from_the_very_instant_of_its_end() -> None:
    matter = Matter(RULES, *OPENED, f"{REDISPATCHED} replaces=A1")
    assert matter.codes("2025-06-04 10:00 accepted assignment=A1") == ["ASSIGNMENT_ENDED"]


def test_the_milestone_with_which_an_assignment_is_handed_over_is_of_the_same_instant() -> None:
    matter = Matter(RULES, *OPENED, f"{REDISPATCHED} replaces=A1")
    matter.take("2025-06-04 10:00 step_done step=arrived assignment=A1")
    late = "2025-06-04 10:00:00.000001 step_done step=arrived assignment=A1"
    assert matter.codes(late) == ["ASSIGNMENT_ENDED"]


def test_what_a_unit_did_while_it_held_the_assignment_may_be_told_late() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        f"{REDISPATCHED} replaces=A1",
        "2025-06-03 12:00 accepted assignment=A1 known=2025-06-04T11:00",
        "2025-06-04 09:59 step_done step=arrived assignment=A1 known=2025-06-04T12:00",
    )
    assert matter.state("return", "2025-06-04 13:00", "A1") == "met"


def test_a_refused_return_leaves_the_petition_in_the_phase_it_was_in_before_the_request() -> None:
    asked = (
        "2025-06-03 11:00 return_requested reason=x",
        "2025-06-03 15:00 return_ruled granted=false",
    )
    again = (
        "2025-06-04 11:00 return_requested reason=y",
        "2025-06-04 15:00 return_ruled granted=false",
    )
    matter = Matter(RULES, *OPENED, *asked)
    assert matter.chronicle.phase == "dispatched"
    matter.take("2025-06-03 16:00 accepted", *again)
    assert matter.chronicle.phase == "in_progress"


def test_the_refusal_of_a_return_that_was_never_asked_for_moves_nothing() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-03 10:30 accepted",
        "2025-06-03 11:00 return_requested reason=x id=r1",
        "2025-06-03 15:00 return_ruled granted=false",
        "2025-06-03 16:00 voided fact=test:r1 ground=x",
    )
    assert matter.chronicle.phase == "in_progress"


# ------------------------------------------------------------------------------- joint handling

JOINT = (*OPENED, "2025-06-03 10:30 dispatched unit=U2 assignment=A2 lead=false")


def test_the_lead_unit_answers_for_the_petition_and_each_unit_for_its_own_assignment() -> None:
    matter = Matter(RULES, *JOINT)
    assert matter.reading("solve", "2025-06-03 12:00").unit == "U1"
    assert matter.reading("return", "2025-06-03 12:00", "A2").unit == "U2"


def test_a_fact_that_names_no_assignment_is_about_the_lead() -> None:
    matter = Matter(RULES, *JOINT, "2025-06-03 11:00 accepted")
    assert matter.state("return", "2025-06-03 12:00", "A1") == "met"
    assert matter.state("return", "2025-06-03 12:00", "A2") == "running"


def test_what_an_assisting_unit_does_moves_neither_phase_nor_petition_clocks() -> None:
    matter = Matter(RULES, *OPENED, "2025-06-03 10:10 accepted", *JOINT[2:])
    assert matter.chronicle.phase == "in_progress"
    matter.take(
        "2025-06-03 11:00 accepted assignment=A2",
        "2025-06-04 11:00 resolved assignment=A2",
    )
    assert matter.chronicle.phase == "in_progress"
    assert matter.state("return", "2025-06-04 12:00", "A2") == "met"
    assert matter.state("solve", "2025-06-04 12:00") == "running"


def test_an_assisting_unit_may_return_its_part_without_holding_up_the_lead() -> None:
    matter = Matter(
        RULES,
        *JOINT,
        "2025-06-03 11:00 return_requested reason=x assignment=A2",
        "2025-06-03 11:30 accepted",
        "2025-06-03 15:00 return_ruled granted=true assignment=A2",
        "2025-06-04 09:00 resolved",
    )
    assert lanes(matter) == [("A1", "U1", True), ("A2", "U2", False)]
    assert matter.chronicle.phase == "resolved"
    assert matter.state("solve", "2025-06-04 10:00") == "met"


def test_an_assisting_unit_does_nothing_in_a_petition_that_has_ended() -> None:
    matter = Matter(RULES, *JOINT, "2025-06-04 09:00 withdrawn")
    assert matter.codes("2025-06-04 10:00 accepted assignment=A2") == ["PHASE_IMPOSSIBLE"]


def test_an_assisting_unit_that_has_returned_its_part_does_not_resolve_it() -> None:
    matter = Matter(
        RULES,
        *JOINT,
        "2025-06-03 11:00 return_requested reason=x assignment=A2",
        "2025-06-03 15:00 return_ruled granted=true assignment=A2",
    )
    (fault,) = matter.refused("2025-06-04 09:00 resolved assignment=A2")
    assert (fault.code, fault.allowed) == ("ASSIGNMENT_ENDED", "A1")


def test_a_promise_to_the_petitioner_begins_with_the_lead() -> None:
    matter = Matter(
        RULES,
        "2025-06-03 09:00 registered",
        "2025-06-03 09:10 admitted",
        "2025-06-03 10:00 dispatched unit=U2 assignment=A2 lead=false",
        "2025-06-04 10:00 dispatched unit=U1 assignment=A1",
    )
    assert matter.state("triage", "2025-06-04 09:00") == "overdue"
    assert matter.due("solve") == "2025-06-18 24:00"


def test_when_the_lead_is_returned_no_assisting_unit_takes_its_place() -> None:
    matter = Matter(
        RULES,
        *JOINT,
        "2025-06-03 11:00 return_requested reason=x",
        "2025-06-03 15:00 return_ruled granted=true",
    )
    assert matter.chronicle.phase == "returned"
    assert matter.reading("solve", "2025-06-03 16:00").unit == ""


# ---------------------------------------------------------------------------------------- rework


def test_a_rework_is_a_new_assignment_and_leaves_the_first_closure_alone() -> None:
    """D19, D20."""
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-05 10:00 resolved",
        "2025-06-20 10:00 rework_ordered unit=U3 assignment=A2 reason=x",
    )
    assert matter.state("solve", "2025-06-30 09:00") == "met"
    assert matter.due("redo", cycle="1") == "2025-06-27 24:00"
    assert matter.reading("redo", "2025-06-20 11:00").unit == "U3"
    assert matter.reading("solve", "2025-06-30 09:00").unit == "U1"


def test_rework_does_not_end_the_assignments_before_it() -> None:
    matter = Matter(
        RULES,
        *JOINT,
        "2025-06-05 10:00 resolved",
        "2025-06-20 10:00 rework_ordered unit=U3 assignment=A3 reason=x",
        "2025-06-21 10:00 step_done step=arrived assignment=A1",
        "2025-06-21 11:00 resolved assignment=A2",
        "2025-06-22 10:00 resolved",
    )
    assert matter.state("redo", "2025-06-23 09:00") == "met"


def test_assignments_whose_names_begin_alike_keep_their_clocks_apart() -> None:
    matter = Matter(
        RULES,
        "2025-06-03 09:00 registered",
        "2025-06-03 10:00 dispatched unit=U1 assignment=A",
        "2025-06-03 10:30 dispatched unit=U2 assignment=A.1 lead=false",
        "2025-06-03 11:00 return_requested reason=x assignment=A.1",
        "2025-06-03 11:30 return_requested reason=x assignment=A",
    )
    cycles = [each.cycle.name for each in matter.assess("2025-06-03 12:00").readings]
    assert sorted(cycles) == ["1", "A", "A.1", "A.1", "A.1.1"]


def test_what_the_dispatcher_was_late_with_is_not_laid_at_the_units_door() -> None:
    rungs = 'red due red 30 to=["desk"]'
    triage = clause("triage", "2小时", start='"admitted"', stop='"dispatched"', rungs=rungs)
    matter = Matter(
        rules_of(pack_of(triage, more=DESK)),
        "2025-06-03 09:00 registered",
        "2025-06-03 10:00 admitted",
        "2025-06-03 15:00 dispatched unit=U1",
    ).touch("2025-06-04 09:00")
    (act,) = matter.dossier.acts[("triage", "1", "red")]
    assert (act.stands, act.fired.unit) == (True, "")

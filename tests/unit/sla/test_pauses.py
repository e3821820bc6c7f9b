"""Suspensions: which clocks honour them, what they do to due instants and rungs (D14, D15)."""

import pytest

from tests.support.given import (
    SHIPPED,
    Matter,
    a_list,
    clause,
    instant,
    pack_of,
    rules_of,
    shown,
    talks,
)

SOLVE = clause(
    "solve",
    "10个工作日",
    pauses='["P-HEAR", "P-TEST"]',
    rungs="warn due-3个工作日 warn 10; red due red 30",
)
REPLY = clause("reply", "5个工作日", stop='"told_one"')
RULES = rules_of(
    pack_of(SOLVE, REPLY, clause("hot", "8小时", stop='"arrived"', pauses='["P-TEST"]'))
)
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")


def paused(*lines: str) -> Matter:
    return Matter(RULES, *OPENED, *lines)


def test_a_day_counts_if_the_clock_runs_at_its_end() -> None:
    """Vector V10."""
    matter = paused("2025-06-09 10:00 suspended ground=P-HEAR", "2025-06-13 16:00 resumed")
    assert (Matter(RULES, *OPENED).due("solve"), matter.due("solve")) == (
        "2025-06-17 24:00",
        "2025-06-23 24:00",
    )


def test_a_clause_that_does_not_honour_the_ground_runs_on() -> None:
    matter = paused("2025-06-05 10:00 suspended ground=P-HEAR")
    assert matter.due("reply") == "2025-06-10 24:00"
    assert matter.state("hot", "2025-06-05 12:00") == "overdue"


def test_hours_are_subtracted_exactly() -> None:
    matter = paused(
        "2025-06-03 12:00 suspended ground=P-TEST", "2025-06-03 14:30:00.000001 resumed"
    )
    assert matter.due("hot") == "2025-06-03 20:30:00.000001"


def test_while_a_pause_is_open_nothing_is_due_and_nothing_is_reached() -> None:
    matter = paused("2025-06-09 10:00 suspended ground=P-HEAR").touch("2025-08-01 09:00")
    reading = matter.reading("solve", "2025-08-01 09:00")
    assert (reading.state.value, reading.due, reading.next) == ("paused", None, None)
    assert matter.acts("solve") == []


def test_several_pauses_add_up() -> None:
    matter = paused(
        "2025-06-04 10:00 suspended ground=P-HEAR",
        "2025-06-06 10:00 resumed",
        "2025-06-09 10:00 suspended ground=P-TEST",
        "2025-06-11 10:00 resumed",
    )
    assert matter.due("solve") == "2025-06-23 24:00"


def test_a_pause_of_no_length_changes_nothing() -> None:
    matter = paused("2025-06-09 10:00 suspended ground=P-HEAR", "2025-06-09 10:00 resumed")
    assert matter.due("solve") == "2025-06-17 24:00"


def test_a_pause_that_began_before_the_clock_holds_it_from_its_start() -> None:
    redo = clause("redo", "5个工作日", start='"told_one"', pauses='["P-HEAR"]')
    matter = Matter(
        rules_of(pack_of(redo)),
        *OPENED,
        "2025-06-04 10:00 suspended ground=P-HEAR",
        "2025-06-05 10:00 step_done step=told_one",
        "2025-06-09 10:00 resumed",
    )
    assert matter.due("redo") == "2025-06-13 24:00"
    assert matter.state("redo", "2025-06-06 10:00") == "running"


def test_a_pause_that_was_over_before_the_clock_began_is_none_of_its_business() -> None:
    matter = Matter(
        RULES,
        *OPENED,
        "2025-06-03 10:00 suspended ground=P-HEAR",
        "2025-06-03 10:00 resumed",
    )
    assert len(matter.reading("solve", "2025-06-04 09:00").schedule.stretches) == 1


def test_what_is_done_while_the_clock_is_paused_is_on_time() -> None:
    matter = paused("2025-06-09 10:00 suspended ground=P-HEAR", "2025-07-30 10:00 resolved")
    assert matter.state("solve", "2025-08-01 09:00") == "met"


def test_a_pause_after_the_due_instant_saves_nothing() -> None:
    matter = paused("2025-06-18 10:00 suspended ground=P-HEAR", "2025-06-19 10:00 resolved")
    assert matter.state("solve", "2025-06-20 09:00") == "late"
    assert "solve/red#0 2025-06-18 00:00:00.000001" in matter.standing("solve")


def test_a_warning_rightly_given_before_a_pause_stays_given() -> None:
    matter = paused(
        "2025-06-12 12:00 suspended ground=P-HEAR",
        "2025-06-19 10:00 resumed",
    ).touch("2025-06-25 09:00")
    assert matter.due("solve") == "2025-06-24 24:00"
    assert matter.standing("solve") == [
        "solve/warn#0 2025-06-12 09:00",
        "solve/red#0 2025-06-25 00:00:00.000001",
    ]


def test_a_warning_of_the_very_instant_of_a_pause_is_not_given() -> None:
    matter = paused("2025-06-12 09:00 suspended ground=P-HEAR").touch("2025-06-12 12:00")
    assert matter.acts("solve") == ["solve/warn#0 2025-06-12 09:00 (overturned)×"]


def test_a_pause_learned_late_withdraws_the_breach_and_the_act_comes_at_its_new_instant() -> None:
    matter = paused().touch("2025-06-18 09:00")
    matter.take("2025-06-09 10:00 suspended ground=P-HEAR known=2025-06-20T10:00")
    assert matter.standing("solve") == []
    matter.take("2025-06-13 09:00 resumed known=2025-06-20T11:00")
    matter.touch("2025-06-20 13:00", "2025-06-24 09:00")
    assert matter.standing("solve") == [
        "solve/warn#1 2025-06-18 09:00",
        "solve/red#1 2025-06-24 00:00:00.000001",
    ]


def test_an_act_that_a_late_pause_puts_into_the_past_waits_for_the_settling_time() -> None:
    matter = paused().touch("2025-06-18 09:00")
    matter.together(
        "2025-06-09 10:00 suspended ground=P-HEAR known=2025-06-25T10:00",
        "2025-06-13 09:00 resumed known=2025-06-25T10:00",
    )
    assert matter.standing("solve") == []
    assert matter.reading("solve", "2025-06-25 10:00").next is not None
    matter.touch("2025-06-25 11:59")
    assert matter.standing("solve") == []
    matter.touch("2025-06-25 12:00")
    assert matter.told("solve") == ["solve/red#1 2025-06-24 00:00:00.000001"]


def test_a_suspension_that_is_voided_never_was() -> None:
    matter = paused("2025-06-09 10:00 suspended ground=P-HEAR id=s1")
    matter.take("2025-06-10 10:00 voided fact=test:s1 ground=x")
    assert matter.due("solve") == "2025-06-17 24:00"


# ------------------------------------------------------------ a suspension and the end of the work

REDO = rules_of(
    pack_of(
        SOLVE,
        clause(
            "redo",
            "5个工作日",
            start='"rework_ordered"',
            more="repeat = true",
            pauses='["P-HEAR"]',
            rungs="red due red 30",
        ),
    )
)
HELD_UP = (*OPENED, "2025-06-04 10:00 suspended ground=P-HEAR")
ENDED = "2025-06-05 10:00 resolved"
AGAIN = "2025-06-06 10:00 rework_ordered unit=U1 assignment=A2 reason=x"


def spans(matter: Matter) -> list[tuple[str, str]]:
    return [(shown(pause.start), shown(pause.end)) for pause in matter.chronicle.pauses]


def test_a_suspension_does_not_outlive_the_work_and_rework_runs_from_its_order() -> None:
    matter = Matter(REDO, *HELD_UP, ENDED, AGAIN)
    assert spans(matter) == [("2025-06-04 10:00", "2025-06-05 10:00")]
    assert (matter.state("solve", "2025-06-06 11:00"), matter.due("solve")) == (
        "met",
        "2025-06-18 24:00",
    )
    assert matter.due("redo") == "2025-06-13 24:00"
    assert matter.touch("2025-06-16 09:00").standing("redo") == [
        "redo/red#0 2025-06-14 00:00:00.000001"
    ]


def test_rework_may_be_suspended_anew_and_what_is_not_suspended_is_not_resumed() -> None:
    matter = Matter(REDO, *HELD_UP, ENDED)
    assert matter.codes("2025-06-05 11:00 resumed") == ["SUSPENSION_IMPOSSIBLE"]
    matter.take(AGAIN)
    assert matter.codes("2025-06-06 11:00 resumed") == ["SUSPENSION_IMPOSSIBLE"]
    matter.take("2025-06-09 10:00 suspended ground=P-HEAR", "2025-06-11 10:00 resumed")
    assert matter.due("redo") == "2025-06-17 24:00"


def test_a_resumption_that_was_told_first_gives_way_to_the_end_of_the_work() -> None:
    matter = Matter(REDO, *HELD_UP, "2025-06-09 10:00 resumed", f"{ENDED} known=2025-06-10T10:00")
    assert spans(matter) == [("2025-06-04 10:00", "2025-06-05 10:00")]


def test_a_suspension_told_before_the_end_of_the_work_before_it_does_not_reach_the_rework() -> None:
    matter = Matter(REDO, *HELD_UP, "2025-06-03 15:00 resolved known=2025-06-05T10:00")
    matter.take(AGAIN)
    assert matter.due("redo") == "2025-06-13 24:00"


def test_when_the_end_of_the_work_is_voided_the_suspension_goes_on() -> None:
    matter = Matter(REDO, *HELD_UP, f"{ENDED} id=r1")
    matter.take("2025-06-06 10:00 voided fact=test:r1 ground=x")
    assert matter.state("solve", "2025-08-01 09:00") == "paused"


def test_what_an_assisting_unit_finishes_lifts_no_suspension() -> None:
    matter = Matter(
        REDO,
        *OPENED,
        "2025-06-03 11:00 dispatched unit=U2 assignment=A2 lead=false",
        HELD_UP[-1],
        "2025-06-05 10:00 resolved assignment=A2",
    )
    assert matter.state("solve", "2025-08-01 09:00") == "paused"


def test_a_return_leaves_a_suspension_as_it_is() -> None:
    """The work has not ended: it waits for another unit."""
    matter = Matter(
        REDO,
        *HELD_UP,
        "2025-06-05 10:00 return_requested reason=x",
        "2025-06-05 11:00 return_ruled granted=true",
        "2025-06-06 10:00 dispatched unit=U2 assignment=A2",
    )
    assert matter.state("solve", "2025-08-01 09:00") == "paused"


def test_a_struck_off_item_that_rebounds_is_not_suspended_any_more() -> None:
    again = clause(
        "again", "5个工作日", scope='"item"', start='"rebounded"', stop='"verified"',
        more="repeat = true", pauses='["P-HEAR"]',
    )  # fmt: skip
    matter = Matter(
        rules_of(pack_of(again, a_list("task"))),
        "2025-06-03 09:00 listed",
        "2025-06-04 10:00 suspended ground=P-HEAR",
        "2025-06-05 10:00 verified verifier=V",
        "2025-06-06 10:00 rebounded reason=x",
        stream="item/I1",
    )
    assert matter.due("again") == "2025-06-13 24:00"


# ------------------------------------------------------------------- postponement of a talk

CONVENE = clause(
    "convene",
    "7日",
    scope='"talk"',
    start='["approved", "no_show_excused"]',
    stop='["held", "no_show"]',
    pauses='["P-POSTPONE"]',
    more="repeat = true",
)
TALK = rules_of(pack_of(CONVENE, talks()))
NOTIFIED = (
    "2025-06-03 09:00 proposed",
    "2025-06-03 10:00 approved approver=L",
    "2025-06-03 11:00 notified number=1 scheduled_at=2025-06-06T09:00",
)


def talk(*lines: str) -> Matter:
    return Matter(TALK, *NOTIFIED, *lines, stream="talk/T1")


def postponed(at: str, until: str) -> str:
    return f"{at} postponed scheduled_at={until} reason=P-POSTPONE"


def test_a_postponement_is_a_pause_whose_end_is_known() -> None:
    assert talk().due("convene") == "2025-06-10 24:00"
    matter = talk(postponed("2025-06-05 09:00", "2025-06-10T09:00"))
    assert matter.due("convene") == "2025-06-15 24:00"
    assert matter.state("convene", "2025-06-06 09:00") == "running"


@pytest.mark.parametrize(
    ("second", "due"), [("2025-06-12T09:00", "2025-06-17"), ("2025-06-09T09:00", "2025-06-14")]
)
def test_a_later_postponement_takes_the_place_of_an_earlier_one(second: str, due: str) -> None:
    matter = talk(
        postponed("2025-06-05 09:00", "2025-06-10T09:00"), postponed("2025-06-06 09:00", second)
    )
    assert matter.due("convene") == f"{due} 24:00"


def test_two_postponements_one_after_the_other_both_count() -> None:
    matter = talk(
        postponed("2025-06-05 09:00", "2025-06-07T09:00"),
        postponed("2025-06-08 09:00", "2025-06-10T09:00"),
    )
    assert matter.due("convene") == "2025-06-14 24:00"


def test_a_postponement_learned_late_is_as_if_it_had_come_at_once() -> None:
    matter = talk(
        postponed("2025-06-06 09:00", "2025-06-12T09:00"),
        f"{postponed('2025-06-05 09:00', '2025-06-10T09:00')} known=2025-06-07T09:00",
    )
    assert matter.due("convene") == "2025-06-17 24:00"


def test_a_postponement_holds_up_its_own_round_alone() -> None:
    matter = talk(
        postponed("2025-06-05 09:00", "2025-06-20T09:00"),
        "2025-06-05 10:00 tier_raised tier=2 reason=x approver=L",
        "2025-06-05 11:00 approved approver=L",
    )
    assert matter.due("convene", cycle="2.1") == "2025-06-12 24:00"


def test_a_suspension_of_the_matter_may_overlap_a_postponement() -> None:
    matter = talk(
        postponed("2025-06-05 09:00", "2025-06-10T09:00"),
        "2025-06-07 09:00 suspended ground=P-POSTPONE",
        "2025-06-12 09:00 resumed",
    )
    assert matter.due("convene") == "2025-06-17 24:00"


def test_a_talk_that_rebounds_is_not_suspended_any_more() -> None:
    matter = talk(
        "2025-06-06 09:00 held",
        "2025-06-06 10:00 minuted document=x",
        "2025-06-06 11:00 plan_filed document=x",
        "2025-06-06 12:00 plan_accepted",
        "2025-06-07 09:00 suspended ground=P-POSTPONE",
        "2025-06-08 09:00 rectification_reported document=x signer=S",
        "2025-06-09 09:00 rectification_verified verifier=V",
        "2025-06-10 09:00 struck_off document=x",
        "2025-06-11 09:00 rebounded reason=x",
        "2025-06-11 10:00 approved approver=L",
    )
    assert matter.due("convene", cycle="2.1") == "2025-06-18 24:00"


def test_the_shipped_packs_pause_for_the_grounds_of_the_licensing_law() -> None:
    matter = Matter(
        SHIPPED,
        "2026-02-10 08:00 registered pack=zaozhuang-2110",
        "2026-02-10 09:00 dispatched unit=U1",
        "2026-02-12 10:00 suspended ground=P-TEST",
        "2026-02-14 09:00 resumed",
    )
    assert matter.due("solve") == "2026-03-04 24:00"
    assert matter.due("feedback") == "2026-02-11 24:00"
    at = instant("2026-02-13 10:00")
    assert shown(matter.reading("solve", "2026-02-13 10:00").due) == "2026-03-04 24:00"
    assert matter.reading("solve", "2026-02-13 10:00").at == at

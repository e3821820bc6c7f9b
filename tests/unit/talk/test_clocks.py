"""The clocks of a talk as the shipped packs promise them (proposal for 三级约谈)."""

import pytest

from tests.support.given import SHIPPED, Matter

PACK = "mingguang-three-tier"
CHAIN = (
    "2024-09-23 10:00 proposed",
    "2024-09-24 10:00 approved approver=L",
    "2024-09-25 10:00 notified number=1 scheduled_at=2024-09-29T09:00",
    "2024-09-29 09:00 held",
    "2024-10-08 10:00 minuted document=d",
    "2024-10-10 10:00 plan_filed document=p",
    "2024-10-11 10:00 plan_accepted",
    "2024-10-24 10:00 rectification_reported document=r signer=甲",
    "2024-10-30 10:00 rectification_verified verifier=丙",
)
LATER = "2025-12-31 09:00"


def talk(*lines: str, tier: int = 1) -> Matter:
    opening = f"{lines[0]} pack={PACK} region=CN-341182 tier={tier} approver=L"
    return Matter(SHIPPED, opening, *lines[1:], stream="talk/T1")


def test_every_step_has_its_clock_and_a_timely_talk_breaks_none() -> None:
    matter = talk(*CHAIN)
    dues = {each.clause.id: matter.due(each.clause.id) for each in matter.assess(LATER).readings}
    assert dues == {
        "talk-approve": "2024-09-25 24:00",
        "talk-notify": "2024-09-25 24:00",
        "talk-convene": "2024-10-01 24:00",
        "talk-minutes": "2024-10-08 24:00",
        "talk-plan": "2024-10-11 24:00",
        "talk-plan-review": "2024-10-12 24:00",
        "talk-rectify-1": "2024-10-24 24:00",
        "talk-verify": "2024-10-31 24:00",
    }
    assert {each.state.value for each in matter.assess(LATER).readings} == {"met"}
    assert [text for text in matter.standing() if "next" in text] == []


def test_clocks_of_a_round_are_those_of_its_tier() -> None:
    matter = talk(*CHAIN[:7], tier=3)
    clauses = {each.clause.id for each in matter.assess("2024-10-12 09:00").readings}
    assert {"talk-convene-top", "talk-plan-top", "talk-rectify-3"} <= clauses
    assert clauses.isdisjoint({"talk-convene", "talk-plan", "talk-rectify-1", "talk-rectify-2"})
    # 30 natural days from 11 October end on Sunday 10 November and roll to Monday.
    assert matter.due("talk-rectify-3") == "2024-11-11 24:00"


def test_a_new_round_has_clocks_of_its_own_and_those_of_the_old_one_are_cancelled() -> None:
    matter = talk(*CHAIN[:2], "2024-09-26 10:00 tier_raised tier=2 reason=x approver=L")
    assert matter.state("talk-convene", "2024-09-27 09:00", "1.1") == "cancelled"
    assert matter.due("talk-approve", cycle="2") == "2024-09-29 24:00"
    matter.take("2024-09-27 10:00 approved approver=L")
    assert matter.due("talk-convene", cycle="2.1") == "2024-10-04 24:00"


@pytest.mark.parametrize(
    ("lines", "act"),
    [
        (CHAIN[:2], "talk-convene:1.1/next-tier#0 2024-10-08 08:30"),
        (CHAIN[:4], "talk-plan:1.1/next-tier#0 2024-10-12 08:30"),
        (CHAIN[:7], "talk-rectify-1/next-tier#0 2024-10-25 08:30"),
        (
            (*CHAIN[:3], "2024-09-29 09:00 no_show"),
            "talk-no-show:1.1/next-tier#0 2024-09-30 08:30",
        ),
        (
            (*CHAIN[:8], "2024-10-28 10:00 rectification_rejected verifier=丙 reason=x"),
            "talk-rejected:1.1/next-tier#0 2024-10-30 00:00:00.000001",
        ),
    ],
)
def test_what_is_not_done_in_time_leads_to_the_next_tier(lines: tuple[str, ...], act: str) -> None:
    assert act in talk(*lines).touch("2024-11-30 09:00").standing()


def test_at_the_top_tier_circulars_take_over() -> None:
    matter = talk(*CHAIN[:7], tier=3).touch("2024-12-31 09:00")
    acts = [text.split("#")[0] for text in matter.standing("talk-rectify-3")]
    assert acts == ["talk-rectify-3/warn", "talk-rectify-3/circular", "talk-rectify-3/transfer"]


def test_an_absence_excused_in_time_leads_nowhere_and_the_notice_is_served_anew() -> None:
    excused = "2024-09-29 15:00 no_show_excused reason=x approver=L"
    matter = talk(*CHAIN[:3], "2024-09-29 09:00 no_show", excused)
    assert matter.state("talk-no-show", "2024-09-30 09:00") == "met"
    assert matter.due("talk-notify", cycle="1.2") == "2024-09-30 24:00"
    assert matter.due("talk-convene", cycle="1.2") == "2024-10-06 24:00"


def test_a_returned_plan_is_due_again() -> None:
    matter = talk(*CHAIN[:6], "2024-10-11 09:00 plan_returned reason=x")
    assert matter.due("talk-plan", cycle="1.1") == "2024-10-11 24:00"
    assert matter.due("talk-plan", cycle="1.2") == "2024-10-17 24:00"


def test_a_postponement_for_a_coded_reason_holds_up_the_convening_clock_alone() -> None:
    matter = talk(
        *CHAIN[:3], "2024-09-27 10:00 postponed scheduled_at=2024-10-09T09:00 reason=P-POSTPONE"
    )
    assert matter.due("talk-convene") == "2024-10-13 24:00"
    assert matter.due("talk-notify") == "2024-09-25 24:00"


def test_a_talk_that_is_refused_or_withdrawn_has_no_clocks_left() -> None:
    for end in ("refused approver=L reason=x", "withdrawn reason=x"):
        matter = talk(CHAIN[0], f"2024-09-23 11:00 {end}")
        states = {each.state.open for each in matter.assess("2024-10-30 09:00").readings}
        assert states == {False}

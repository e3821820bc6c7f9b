"""The document chain of a talk and its side exits: which facts each phase allows."""

import pytest

from tests.support.given import Matter, clause, pack_of, rules_of, talks

RULES = rules_of(
    pack_of(
        clause("solve", "10个工作日"),
        clause("rectify", "10个工作日", scope='"talk"', start='"plan_accepted"', stop='"reported"'),
        talks(),
    )
)

CHAIN = {
    "proposed": "2025-06-03 09:00 proposed",
    "approved": "2025-06-03 10:00 approved approver=L",
    "notified": "2025-06-03 11:00 notified number=1 scheduled_at=2025-06-05T09:00 person=甲",
    "held": "2025-06-05 09:00 held attendees=甲,乙",
    "minuted": "2025-06-05 15:00 minuted document=d",
    "plan_filed": "2025-06-06 09:00 plan_filed document=p",
    "rectifying": "2025-06-06 15:00 plan_accepted",
    "reported": "2025-06-09 09:00 rectification_reported document=r signer=甲",
    "verified": "2025-06-09 15:00 rectification_verified verifier=丙",
    "struck_off": "2025-06-10 09:00 struck_off document=s",
}
ORDER = tuple(CHAIN)
EXITS = {
    "refused": ("proposed", "2025-06-03 10:00 refused approver=L reason=x"),
    "missed": ("notified", "2025-06-05 09:00 no_show"),
    "rejected": ("reported", "2025-06-09 15:00 rectification_rejected verifier=丙 reason=x"),
    "withdrawn": ("held", "2025-06-05 10:00 withdrawn reason=x"),
}

LIVE = "step_done resumed extension_granted extension_denied withdrawn"
WORK = f"{LIVE} suspended extension_requested tier_raised"
ALLOWED = {
    "proposed": f"{WORK} approved refused",
    "approved": f"{WORK} notified",
    "notified": f"{WORK} postponed held no_show",
    "held": f"{WORK} minuted plan_filed",
    "minuted": f"{WORK} minuted plan_filed",
    "plan_filed": f"{WORK} minuted plan_accepted plan_returned",
    "rectifying": f"{WORK} minuted rectification_reported",
    "reported": f"{WORK} minuted rectification_verified rectification_rejected",
    "verified": f"{WORK} minuted struck_off",
    "struck_off": f"{LIVE} rebounded",
    "missed": f"{WORK} no_show_excused",
    "rejected": f"{WORK} minuted rectification_reported",
    "refused": "",
    "withdrawn": "",
}

LATER = {
    "proposed": "proposed",
    "approved": "approved approver=L",
    "refused": "refused approver=L reason=x",
    "notified": "notified number=2 scheduled_at=2025-06-30T09:00",
    "postponed": "postponed scheduled_at=2025-06-30T09:00 reason=P-POSTPONE",
    "held": "held",
    "no_show": "no_show",
    "no_show_excused": "no_show_excused reason=x approver=L",
    "minuted": "minuted document=d",
    "plan_filed": "plan_filed document=p",
    "plan_accepted": "plan_accepted",
    "plan_returned": "plan_returned reason=x",
    "rectification_reported": "rectification_reported document=r signer=甲",
    "rectification_verified": "rectification_verified verifier=丙",
    "rectification_rejected": "rectification_rejected verifier=丙 reason=x",
    "struck_off": "struck_off document=s",
    "rebounded": "rebounded reason=x",
    "withdrawn": "withdrawn reason=x",
    "tier_raised": "tier_raised tier=2 reason=x approver=L",
    "step_done": "step_done step=arrived",
    "suspended": "suspended ground=P-HEAR",
    "resumed": "resumed",
    "extension_requested": "extension_requested request=E1 clause=rectify amount=5个工作日",
    "extension_granted": "extension_granted request=E1 approver=L",
    "extension_denied": "extension_denied request=E1",
}


def at(phase: str) -> Matter:
    """A talk in that phase."""
    if phase in EXITS:
        before, line = EXITS[phase]
        return at(before).take(line)
    lines = (CHAIN[each] for each in ORDER[: ORDER.index(phase) + 1])
    return Matter(RULES, *lines, stream="talk/T1")


@pytest.mark.parametrize("phase", ALLOWED)
def test_each_step_leads_to_its_phase(phase: str) -> None:
    assert at(phase).chronicle.phase == phase


@pytest.mark.parametrize("phase", ALLOWED)
def test_a_phase_allows_exactly_what_the_table_says(phase: str) -> None:
    matter = at(phase)
    possible = set()
    for name, line in LATER.items():
        try:
            codes = {fault.code for fault in matter.refused(f"2025-06-12 09:00 {line}")}
        except AssertionError:
            codes = set()
        if "PHASE_IMPOSSIBLE" not in codes:
            possible.add(name)
    assert possible == set(ALLOWED[phase].split())


@pytest.mark.parametrize("phase", ALLOWED)
def test_a_refusal_names_the_phase_and_what_is_allowed(phase: str) -> None:
    (fault, *_) = at(phase).refused("2025-06-12 09:00 proposed")
    assert (fault.code, fault.where, fault.found) == ("PHASE_IMPOSSIBLE", phase, "proposed")
    named = set(fault.allowed.split(", ")) - {"", "cause_attached", "cause_overturned"}
    assert named == set(ALLOWED[phase].split())


def test_a_plan_that_is_returned_is_filed_again() -> None:
    matter = at("plan_filed").take(
        "2025-06-09 09:00 plan_returned reason=x", "2025-06-10 09:00 plan_filed document=p2"
    )
    assert matter.chronicle.phase == "plan_filed"


def test_minutes_may_be_signed_after_the_plan_was_filed_and_change_nothing_then() -> None:
    matter = at("held").take(
        "2025-06-05 16:00 plan_filed document=p", "2025-06-06 09:00 minuted document=d"
    )
    assert matter.chronicle.phase == "plan_filed"
    matter.take("2025-06-06 10:00 plan_accepted")
    assert matter.chronicle.phase == "rectifying"


def test_an_excused_absence_leads_to_a_new_notice() -> None:
    matter = at("missed").take(
        "2025-06-05 15:00 no_show_excused reason=x approver=L",
        "2025-06-06 09:00 notified number=2 scheduled_at=2025-06-10T09:00",
        "2025-06-10 09:00 held",
    )
    assert matter.chronicle.phase == "held"


def test_a_rejected_rectification_is_reported_again() -> None:
    matter = at("rejected").take(
        "2025-06-11 09:00 rectification_reported document=r2 signer=甲",
        "2025-06-12 09:00 rectification_verified verifier=丙",
    )
    assert matter.chronicle.phase == "verified"


def test_a_rebound_opens_a_round_at_the_same_tier_and_leaves_the_strike_off() -> None:
    matter = at("struck_off").take("2025-07-01 09:00 rebounded reason=x")
    assert [lane.traits["tier"] for lane in matter.chronicle.lanes.all.values()] == ["1", "1"]
    assert matter.chronicle.phase == "proposed"
    assert any(mark.name == "struck_off" for mark in matter.chronicle.marks)

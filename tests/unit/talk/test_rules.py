"""What the rules of the talk say against a step, and what else has to be recorded for it."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.record import Draft, Meta
from sla_engine.talk.decide import causes, decide, notified, tier
from sla_engine.talk.events import CauseAttached, CauseOverturned, TalkWithdrawn, TierRaised
from tests.support.given import Matter, clause, instant, pack_of, rules_of, talks

RULES = rules_of(pack_of(clause("solve", "10个工作日"), talks()))
LENIENT = rules_of(pack_of(clause("solve", "10个工作日"), talks(delegation="true")))
PROPOSED = "2025-06-03 09:00 proposed causes=c1"
APPROVED = "2025-06-03 10:00 approved approver=L"
NOTIFIED = "2025-06-03 11:00 notified number=1 scheduled_at=2025-06-05T09:00 person=甲"


def talk(*lines: str) -> Matter:
    return Matter(RULES, *lines, stream="talk/T1")


def by_engine(matter: Matter, event: object, at: str) -> list[str]:
    """Record what only the engine may say; the names of what was recorded."""
    moment = instant(at)
    meta = Meta(occurred_at=moment, recorded_at=moment, source="engine", key=f"k{at}")
    drafts = decide(matter.dossier, Draft(meta, event), RULES, moment)  # type: ignore[arg-type]
    matter.append(drafts)
    return [type(draft.event).__name__ for draft in drafts]


# ------------------------------------------------------------------------------------------ tiers


def test_a_talk_begins_at_a_tier_of_the_pack() -> None:
    for wrong in (0, 4):
        (fault,) = talk().refused(f"2025-06-03 09:00 proposed tier={wrong} approver=L")
        assert (fault.code, fault.found, fault.allowed) == (
            "TIER_IMPOSSIBLE",
            str(wrong),
            "1, 2, 3",
        )


def test_a_direct_jump_names_its_approver() -> None:
    (fault,) = talk().refused("2025-06-03 09:00 proposed tier=2")
    assert (fault.code, fault.where) == ("APPROVER_MISSING", "approver")
    assert tier(talk("2025-06-03 09:00 proposed tier=2 approver=L").chronicle) == 2


def test_a_tier_is_raised_by_a_person_with_a_named_approver_and_by_the_engine_without() -> None:
    matter = talk(PROPOSED)
    assert matter.codes("2025-06-03 12:00 tier_raised tier=3 reason=x") == ["APPROVER_MISSING"]
    assert by_engine(matter, TierRaised(2, "x"), "2025-06-03 12:00") == ["TierRaised"]
    matter.take("2025-06-03 13:00 tier_raised tier=3 reason=x approver=L")
    assert tier(matter.chronicle) == 3


def test_a_tier_is_only_ever_raised_and_never_above_the_top() -> None:
    matter = talk("2025-06-03 09:00 proposed tier=2 approver=L")
    line = "2025-06-03 12:00 tier_raised tier={} reason=x approver=L"
    for wrong in (1, 2, 4):
        (fault,) = matter.refused(line.format(wrong))
        assert (fault.code, fault.allowed) == ("TIER_IMPOSSIBLE", "3")
    (fault,) = matter.take(line.format(3)).refused(
        "2025-06-03 13:00 tier_raised tier=4 reason=x approver=L"
    )
    assert fault.allowed == "-"


def test_a_pack_without_talk_rules_has_no_talks() -> None:
    plain = rules_of(pack_of(clause("solve", "10个工作日")))
    (fault,) = Matter(plain, stream="talk/T1").refused(PROPOSED)
    assert (fault.code, fault.found) == ("NO_TALK_RULES", "demo")


def test_a_talk_names_a_region_that_is_known() -> None:
    assert talk().codes(f"{PROPOSED} region=枣庄") == ["REGION_UNKNOWN"]


# ----------------------------------------------------------------------------------------- notice


@pytest.mark.parametrize(
    ("level", "earliest"), [(1, "2025-06-04T09:00:00+08:00"), (3, "2025-06-05T09:00:00+08:00")]
)
def test_a_notice_precedes_the_talk_by_the_lead_of_its_tier(level: int, earliest: str) -> None:
    matter = talk(f"2025-06-03 09:00 proposed tier={level} approver=L", APPROVED)
    (fault,) = matter.refused("2025-06-03 16:00 notified number=1 scheduled_at=2025-06-04T08:59")
    assert (fault.code, fault.where, fault.allowed) == (
        "NOTICE_TOO_SHORT",
        "scheduled_at",
        earliest,
    )
    matter.take(f"2025-06-03 16:00 notified number=1 scheduled_at={earliest[:16]}")


def test_the_lead_counts_working_days() -> None:
    matter = talk("2025-06-05 09:00 proposed", "2025-06-05 10:00 approved approver=L")
    (fault,) = matter.refused("2025-06-06 10:00 notified number=1 scheduled_at=2025-06-08T09:00")
    assert fault.allowed == "2025-06-09T09:00:00+08:00"


def test_a_postponed_talk_is_not_moved_into_the_past() -> None:
    matter = talk(PROPOSED, APPROVED, NOTIFIED)
    line = "2025-06-04 10:00 postponed scheduled_at={} reason=P-POSTPONE"
    assert matter.codes(line.format("2025-06-04T09:59")) == ["NOTICE_TOO_SHORT"]
    matter.take(line.format("2025-06-10T09:00"))


def test_a_postponement_has_a_coded_reason() -> None:
    matter = talk(PROPOSED, APPROVED, NOTIFIED)
    (fault,) = matter.refused(
        "2025-06-04 10:00 postponed scheduled_at=2025-06-10T09:00 reason=P-POSTPNE"
    )
    assert (fault.code, fault.where, fault.near) == ("GROUND_NOT_IN_PACK", "reason", "P-POSTPONE")


def test_steps_grounds_and_extensions_are_those_of_the_pack_as_for_a_petition() -> None:
    matter = talk(PROPOSED)
    assert matter.codes("2025-06-03 12:00 step_done step=none") == ["STEP_NOT_IN_PACK"]
    assert matter.codes("2025-06-03 12:00 suspended ground=none") == ["GROUND_NOT_IN_PACK"]
    ask = "extension_requested request=E1 clause=approve amount=几天"
    assert matter.codes(f"2025-06-03 12:00 {ask}") == ["EXTENSION_IMPOSSIBLE"]


# ---------------------------------------------------------------------------------------- persons


def test_a_deputy_counts_as_an_absence_where_delegation_is_barred() -> None:
    held = "2025-06-05 09:00 held delegated=true"
    assert talk(PROPOSED, APPROVED, NOTIFIED, held).chronicle.phase == "missed"
    lenient = Matter(LENIENT, PROPOSED, APPROVED, NOTIFIED, held, stream="talk/T1")
    assert lenient.chronicle.phase == "held"


def test_who_signed_the_report_does_not_verify_it() -> None:
    matter = talk(
        PROPOSED,
        APPROVED,
        NOTIFIED,
        "2025-06-05 09:00 held",
        "2025-06-05 15:00 plan_filed document=p",
        "2025-06-06 09:00 plan_accepted",
        "2025-06-09 09:00 rectification_reported document=r signer=甲",
    )
    (fault,) = matter.refused("2025-06-10 09:00 rectification_verified verifier=甲")
    assert (fault.code, fault.where, fault.found) == ("VERIFIER_IS_OWNER", "verifier", "甲")
    matter.take("2025-06-10 09:00 rectification_verified verifier=丙")


def test_everybody_who_was_served_a_notice_is_recalled_once() -> None:
    matter = talk(
        PROPOSED,
        APPROVED,
        NOTIFIED,
        "2025-06-05 09:00 no_show",
        "2025-06-05 10:00 no_show_excused reason=x approver=L",
        "2025-06-05 11:00 notified number=2 scheduled_at=2025-06-09T09:00 person=甲",
        "2025-06-09 09:00 no_show",
        "2025-06-09 10:00 no_show_excused reason=x approver=L",
        "2025-06-09 11:00 notified number=3 scheduled_at=2025-06-11T09:00 person=乙",
    )
    assert notified(matter.chronicle) == ("甲", "乙")


def test_a_talk_that_a_person_withdraws_is_recalled_like_any_other() -> None:
    matter = talk(PROPOSED, APPROVED, NOTIFIED, "2025-06-04 09:00 withdrawn reason=x recalled=丁")
    withdrawn = matter.log[-1].event
    assert isinstance(withdrawn, TalkWithdrawn)
    assert withdrawn.recalled == ("甲", "丁")


# ----------------------------------------------------------------------------------------- causes


def test_the_causes_of_a_talk_are_those_that_still_stand() -> None:
    matter = talk("2025-06-03 09:00 proposed causes=c1,c2")
    by_engine(matter, CauseAttached("c3", "P3"), "2025-06-03 10:00")
    by_engine(matter, CauseAttached("c3", "P3"), "2025-06-03 10:01")
    by_engine(matter, CauseOverturned("c1"), "2025-06-03 11:00")
    by_engine(matter, CauseOverturned("c1"), "2025-06-03 11:01")
    assert causes(matter.chronicle) == ["c2", "c3"]
    assert matter.chronicle.phase == "proposed"


def test_a_talk_whose_last_cause_falls_is_withdrawn_and_everybody_recalled() -> None:
    matter = talk(PROPOSED, APPROVED, NOTIFIED)
    names = by_engine(matter, CauseOverturned("c1"), "2025-06-04 09:00")
    assert names == ["CauseOverturned", "TalkWithdrawn"]
    withdrawn = matter.log[-1]
    assert isinstance(withdrawn.event, TalkWithdrawn)
    assert withdrawn.event.recalled == ("甲",)
    assert (withdrawn.meta.key, withdrawn.meta.source, withdrawn.meta.cause) == ("", "engine", "c1")
    assert matter.chronicle.phase == "withdrawn"


def test_a_struck_off_talk_whose_cause_falls_later_is_withdrawn_and_its_record_stays() -> None:
    matter = talk(
        PROPOSED,
        APPROVED,
        NOTIFIED,
        "2025-06-05 09:00 held",
        "2025-06-05 15:00 plan_filed document=p",
        "2025-06-06 09:00 plan_accepted",
        "2025-06-09 09:00 rectification_reported document=r",
        "2025-06-10 09:00 rectification_verified verifier=丙",
        "2025-06-11 09:00 struck_off document=s",
    )
    names = by_engine(matter, CauseOverturned("c1"), "2025-07-01 09:00")
    assert names == ["CauseOverturned", "TalkWithdrawn"]
    assert {"held", "struck_off"} <= {mark.name for mark in matter.chronicle.marks}


def test_nothing_falls_on_a_talk_that_has_ended() -> None:
    matter = talk(PROPOSED, "2025-06-03 10:00 refused approver=L reason=x")
    with pytest.raises(Refusal) as refused:
        by_engine(matter, CauseOverturned("c1"), "2025-06-04 09:00")
    assert refused.value.code == "PHASE_IMPOSSIBLE"

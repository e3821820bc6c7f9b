"""A dispute from its opening to its ruling: phases, windows, codes, clocks."""

import pytest

from sla_engine.dispute.events import DisputeRuled, ReplayRun
from tests.support.given import SHIPPED, Matter, clause, pack_of, rules_of

RULES = rules_of(next(pack for pack in SHIPPED.packs if pack.name == "disputes-generic"))
ABOUT = "clause=solve cycle=1"
TOLD = "told_at=2025-06-03T10:00"
OPENED = f"2025-06-05 10:00 opened {ABOUT} {TOLD}"
ADMITTED = "2025-06-06 10:00 admitted approver=desk"
RULED = "2025-06-16 10:00 ruled outcome=upheld ruler=head document=D-1 verdict=excluded"
DIGEST = "a" * 64
RUN = f'2025-06-09 10:00 replay_run question=" {{}}" inputs={DIGEST} result={DIGEST}'


def dispute(*lines: str) -> Matter:
    return Matter(RULES, *lines, stream="dispute/D1")


@pytest.mark.parametrize(
    ("lines", "phase"),
    [
        ((OPENED,), "opened"),
        ((OPENED, ADMITTED), "admitted"),
        ((OPENED, ADMITTED, RULED), "ruled"),
        ((OPENED, "2025-06-06 10:00 refused ground=not_entitled"), "refused"),
        ((OPENED, ADMITTED, "2025-06-09 10:00 withdrawn"), "withdrawn"),
    ],
)
def test_a_dispute_goes_from_its_opening_to_one_of_three_ends(
    lines: tuple[str, ...], phase: str
) -> None:
    assert dispute(*lines).chronicle.phase == phase


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ((OPENED,), RULED),
        ((OPENED, ADMITTED, RULED), "2025-06-17 10:00 withdrawn"),
        ((OPENED, ADMITTED, RULED), "2025-06-17 10:00 ruled outcome=rejected ruler=x document=D-2"),
        ((OPENED, ADMITTED), "2025-06-09 10:00 refused ground=late"),
    ],
)
def test_what_cannot_come_in_a_phase_is_refused(before: tuple[str, ...], line: str) -> None:
    assert dispute(*before).codes(line) == ["PHASE_IMPOSSIBLE"]


# ---------------------------------------------------------------------------------------- clocks


def test_the_clocks_of_a_review_run_from_its_opening() -> None:
    """2 wd from Thu 06-05: 6, 9. 30 days from 06-05: 07-05, a Saturday: Mon 07-07."""
    clocks = dispute(OPENED)
    assert clocks.due("admit") == "2025-06-09 24:00"
    assert clocks.due("rule-review") == "2025-07-07 24:00"
    assert clocks.reading("rule-review", "2025-06-10 10:00").unit == "O1"


def test_the_window_is_a_clock_that_the_opening_met() -> None:
    """30 days from Tue 06-03: 07-03, a Thursday."""
    clocks = dispute(OPENED)
    assert clocks.due("apply") == "2025-07-03 24:00"
    assert clocks.state("apply", "2025-06-10 10:00") == "met"


def test_whoever_comes_on_the_last_day_is_in_time() -> None:
    assert dispute(f"2025-07-03 23:00 opened {ABOUT} {TOLD}").chronicle.phase == "opened"


def test_whoever_comes_after_the_window_is_told_when_it_ended() -> None:
    (fault,) = dispute().refused(f"2025-07-04 00:00:01 opened {ABOUT} {TOLD}")
    assert (fault.code, fault.allowed) == ("TIME_BARRED", "2025-07-04T00:00:00+08:00")


def test_an_objection_has_three_working_days() -> None:
    """From Tue 06-03: 4, 5, 6."""
    line = f"opened kind=objection {ABOUT} {TOLD}"
    assert dispute(f"2025-06-06 18:00 {line}").due("object") == "2025-06-06 24:00"
    assert dispute().codes(f"2025-06-07 09:00 {line}") == ["TIME_BARRED"]


def test_without_an_instant_at_which_it_was_told_no_window_runs() -> None:
    late = dispute(f"2026-06-05 10:00 opened {ABOUT}")
    assert late.assess("2026-06-06 10:00").reading("apply") is None


def test_a_hearing_holds_the_ruling_up() -> None:
    """5 days of hearing before 07-05: 07-10, a Thursday."""
    heard = dispute(
        OPENED,
        ADMITTED,
        "2025-06-10 09:00 suspended ground=P-HEAR",
        "2025-06-15 09:00 resumed",
    )
    assert heard.due("rule-review") == "2025-07-10 24:00"


def test_a_slow_office_is_reminded_and_supervised() -> None:
    slow = dispute(OPENED).touch(
        "2025-06-06 09:00",
        "2025-06-10 09:00",
        "2025-06-26 09:00",
        "2025-07-03 09:00",
        "2025-07-08 09:00",
    )
    assert slow.standing() == [
        "admit/remind#0 2025-06-06 08:30",
        "admit/supervise#0 2025-06-10 08:30",
        "rule-review/warn-20#0 2025-06-25 24:00",
        "rule-review/warn-27#0 2025-07-02 24:00",
        "rule-review/supervise#0 2025-07-08 08:30",
    ]


def test_the_ruling_is_to_be_served() -> None:
    """3 wd from Mon 06-16: 17, 18, 19."""
    ruled = dispute(OPENED, ADMITTED, RULED)
    assert ruled.due("serve") == "2025-06-19 24:00"
    ruled.take("2025-06-18 09:00 step_done step=ruling_served")
    assert ruled.state("serve", "2025-06-20 09:00") == "met"


# ----------------------------------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (f"{ABOUT} kind=complaint", "DISPUTE_CODE"),
        (f"{ABOUT} claim=unfair", "DISPUTE_CODE"),
        (f"{ABOUT} remedy=gold", "DISPUTE_CODE"),
        (f"{ABOUT} claim=exclude", "DISPUTE_CODE"),
        (f"{ABOUT} claim=exclude ground=X-RAIN", "DISPUTE_CODE"),
        ("", "DISPUTE_ABOUT"),
        (f"{ABOUT} member=U1", "DISPUTE_ABOUT"),
        ("member=U1 rung=red", "DISPUTE_ABOUT"),
        (f"{ABOUT} told_at=2025-06-06T10:00", "IN_THE_FUTURE"),
    ],
)
def test_an_opening_says_what_is_disputed_in_codes(words: str, code: str) -> None:
    assert dispute().codes(f"2025-06-05 10:00 opened {words}") == [code]


def test_a_ground_of_the_pack_carries_a_claim_to_be_left_out() -> None:
    opened = dispute(f"2025-06-05 10:00 opened {ABOUT} claim=exclude ground=X-FORCE")
    assert opened.chronicle.phase == "opened"


@pytest.mark.parametrize(
    ("about", "ruled", "faults"),
    [
        (ABOUT, "outcome=upheld", [("RULING_MISFIT", "verdict")]),
        (ABOUT, "outcome=upheld verdict=gold", [("RULING_MISFIT", "verdict")]),
        (ABOUT, "outcome=rejected verdict=met", [("RULING_MISFIT", "verdict")]),
        (ABOUT, "outcome=upheld verdict=met place=red", [("RULING_MISFIT", "place")]),
        (ABOUT, "outcome=half verdict=met", [("DISPUTE_CODE", "outcome")]),
        (ABOUT, "outcome=rejected ground=mercy", [("DISPUTE_CODE", "ground")]),
        (f"{ABOUT} rung=red", "outcome=upheld verdict=met", [("RULING_MISFIT", "verdict")]),
        ("member=U1", "outcome=upheld verdict=met", [("RULING_MISFIT", "verdict")]),
        ("member=U1", "outcome=rejected place=red", [("RULING_MISFIT", "place")]),
    ],
)
def test_a_ruling_fits_what_was_disputed(
    about: str, ruled: str, faults: list[tuple[str, str]]
) -> None:
    case = dispute(f"2025-06-05 10:00 opened {about}", ADMITTED)
    found = case.refused(f"2025-06-16 10:00 ruled ruler=head document=D-1 {ruled}")
    assert [(each.code, each.where) for each in found] == faults


def test_a_claim_that_a_fact_answers_needs_no_verdict() -> None:
    case = dispute(f"2025-06-05 10:00 opened {ABOUT} claim=other_unit", ADMITTED)
    case.take("2025-06-16 10:00 ruled outcome=upheld ruler=head document=D-1")
    assert case.chronicle.phase == "ruled"


def test_an_act_that_is_ruled_against_falls_without_being_told_so() -> None:
    case = dispute(f"2025-06-05 10:00 opened {ABOUT} rung=red", ADMITTED)
    case.take("2025-06-16 10:00 ruled outcome=partly ruler=head document=D-1")
    event = case.chronicle.facts[-1].event
    assert isinstance(event, DisputeRuled)
    assert (event.verdict, event.ground) == ("excluded", "not_late")


def test_nobody_rules_in_a_matter_of_their_own() -> None:
    case = dispute(f"{OPENED} signer=chief", ADMITTED)
    for party in ("U1", "chief"):
        line = f"2025-06-16 10:00 ruled outcome=rejected ruler={party} document=D-1"
        assert case.codes(line) == ["RULER_IS_PARTY"]


def test_a_replay_is_recorded_with_what_was_asked_and_two_digests() -> None:
    event = dispute(OPENED, RUN).chronicle.facts[-1].event
    assert isinstance(event, ReplayRun)
    assert (event.inputs, event.result) == (DIGEST, DIGEST)


def test_a_replay_whose_answer_nobody_could_compare_is_refused() -> None:
    (fault,) = dispute(OPENED).refused(RUN.replace(f"inputs={DIGEST}", "inputs=x"))
    assert (fault.code, fault.where) == ("REPLAY_FORMAT", "inputs")


def test_a_pack_without_clauses_for_disputes_governs_none() -> None:
    other = Matter(rules_of(pack_of(clause("solve", "5个工作日"))), stream="dispute/D1")
    assert other.codes(OPENED) == ["NO_DISPUTE_RULES"]

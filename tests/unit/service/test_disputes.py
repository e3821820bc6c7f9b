"""Disputes against an engine: what they ask of their subject, and what a ruling does to it."""

from collections.abc import Iterator

import pytest

from sla_engine.dispute.decide import opening
from sla_engine.dispute.events import DisputeRuled
from sla_engine.dossier.events import VerdictSuperseded
from sla_engine.policy.rulebook import Rulebook
from sla_engine.round.board import standing
from sla_engine.service.intake import parse
from sla_engine.sla.assess import Reading
from sla_engine.wiring import Engine
from tests.support.given import (
    SHIPPED,
    clause,
    engine,
    instant,
    pack_of,
    rules_of,
    send,
    series,
    shown,
    statuses,
    talks,
    to,
)

DISPUTES = next(pack for pack in SHIPPED.packs if pack.name == "disputes-generic")
RUNGS = "yellow due-1个工作日 yellow 20; red due red 30; talk due+2个工作日 talk 50 tier=1"
BOARD = series("board", "board", "quarter", "red top=1; black bottom=1",
               more='[series.dimensions]\nspeed = { zh = "速度", en = "speed" }')  # fmt: skip
OBJECT = clause("object", "5个工作日", scope='"member"', start='"drafted"', stop='"objected"',
                more='late = "barred"')  # fmt: skip


def rules() -> Rulebook:
    solve = clause("solve", "5个工作日", rungs=RUNGS)
    return rules_of(DISPUTES, pack_of(solve, OBJECT, BOARD, talks()))


RULES = rules()
# Due on Tue 10 June: 4, 5, 6, 9, 10; talk on the morning of Thu the 12th.
OPENED = ("P1: 2025-06-03 09:00 registered", "P1: 2025-06-03 10:00 dispatched unit=U1")
BY = "pack=disputes-generic claimant=U1"
CLOCK = f"opened {BY} subject=petition/P1 clause=solve"
ROUND = (
    "round/R1: 2024-04-01 00:00 opened series=board period=2024Q2 unit=O1",
    "round/R1: 2024-07-02 10:00 scored member=U1 scores={speed:90} rater=a",
    "round/R1: 2024-07-02 10:00 scored member=U2 scores={speed:70} rater=a",
    "round/R1: 2024-07-02 10:00 scored member=U3 scores={speed:50} rater=a",
    "round/R1: 2024-07-03 10:00 drafted",
)
PLACE = f"opened {BY} subject=round/R1 member=U3"


@pytest.fixture
def late() -> Iterator[Engine]:
    """A petition resolved late, on Fri 13 June, after its talk was proposed."""
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *OPENED)
        to(each, "2025-06-13 09:00")
        send(each, "P1: 2025-06-13 10:00 resolved")
        yield each


@pytest.fixture
def board() -> Iterator[Engine]:
    """A quarter's board whose draft was served on Wed 3 July 2024."""
    with engine("2024-04-01 00:00", RULES) as each:
        send(each, *ROUND)
        yield each


def ruled(each: Engine, name: str, day: str, words: str) -> None:
    """Admit a dispute and rule on it, both on one day."""
    lines = (
        f"dispute/{name}: {day} 10:00 admitted",
        f"dispute/{name}: {day} 11:00 ruled ruler=head document={name}号 {words}",
    )
    assert statuses(send(each, *lines)) == ["recorded", "recorded"]


def void(each: Engine, when: str, more: str = "") -> list[str]:
    """Void the ruling of D1."""
    facts = each.dossier("dispute/D1").facts
    version = next(fact.version for fact in facts if isinstance(fact.event, DisputeRuled))
    line = f"dispute/D1: {when} voided fact=@{version} ground=误录 {more}"
    return statuses(send(each, line))


def reading(each: Engine) -> Reading:
    found = each.assess("petition/P1").reading("solve")
    assert found is not None
    return found


def acts(each: Engine) -> list[str]:
    found = [act for acts in each.dossier("petition/P1").acts.values() for act in acts]
    return [f"{act.fired.rung}#{act.fired.version}" for act in found if act.stands]


def phase(each: Engine) -> str:
    (stream,) = each.log.streams("talk/")
    return each.assess(stream).chronicle.phase


def places(each: Engine) -> dict[str, str]:
    return {each.member: each.place for each in standing(each.assess("round/R1").chronicle)}


# --------------------------------------------------------------------------------------- opening


def test_an_opening_learns_from_its_subject_what_it_did_not_say(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK} rung=red")
    said = opening(late.dossier("dispute/D1"))
    assert (said.cycle, said.act, said.region) == ("1", 0, "CN-3704")
    assert said.told_at is not None
    assert shown(said.told_at)[:16] == "2025-06-11 00:00"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("subject=petition/P9 clause=solve", "DISPUTED_UNKNOWN"),
        ("subject=unit/demo/U1 clause=solve", "DISPUTED_UNKNOWN"),
        ("subject=petition/P1 clause=dissolve", "DISPUTED_UNKNOWN"),
        ("subject=petition/P1 clause=solve cycle=2", "DISPUTED_UNKNOWN"),
        ("subject=petition/P1 clause=solve rung=blue", "DISPUTED_UNKNOWN"),
        ("subject=petition/P1 member=U1", "DISPUTED_UNKNOWN"),
        ("subject=petition/P1 clause=solve kind=appeal appeals=D9", "APPEAL_MISFIT"),
    ],
)
def test_what_is_not_there_cannot_be_disputed(late: Engine, words: str, code: str) -> None:
    assert statuses(send(late, f"dispute/D1: 2025-06-16 10:00 opened {BY} {words}")) == [code]


def test_a_clock_that_still_runs_has_no_verdict() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *OPENED)
        assert statuses(send(each, f"dispute/D1: 2025-06-04 10:00 {CLOCK}")) == ["NO_VERDICT_YET"]


def test_a_clock_that_lost_its_object_has_none_either() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *OPENED, "P1: 2025-06-04 09:00 withdrawn")
        assert statuses(send(each, f"dispute/D1: 2025-06-11 10:00 {CLOCK}")) == ["NO_VERDICT_YET"]


def test_a_clock_that_is_overdue_has_one() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *OPENED)
        assert statuses(send(each, f"dispute/D1: 2025-06-11 10:00 {CLOCK}")) == ["recorded"]


def test_the_window_runs_from_when_the_breach_was_told(late: Engine) -> None:
    """Red card of 06-11 0:00; three working days: 12, 13, 16."""
    late_one = f"dispute/D1: 2025-06-17 09:00 {CLOCK} kind=objection"
    in_time = f"dispute/D2: 2025-06-16 17:00 {CLOCK} kind=objection"
    assert statuses(send(late, in_time, late_one)) == ["recorded", "TIME_BARRED"]


# ---------------------------------------------------------------------------------------- ruling


def test_an_upheld_ruling_takes_acts_and_talk_with_it_and_leaves_the_verdict_to_be_seen(
    late: Engine,
) -> None:
    assert (acts(late), phase(late)) == (["yellow#0", "red#0", "talk#0"], "proposed")
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK} claim=exclude ground=X-FORCE")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=excluded")
    assert (acts(late), phase(late)) == (["yellow#0"], "withdrawn")
    assert (reading(late).state.value, reading(late).verdict) == ("late", "excluded")


def test_a_rejected_claim_leaves_everything_as_it_was(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    version = late.dossier("petition/P1").version
    ruled(late, "D1", "2025-06-20", "outcome=rejected")
    assert late.dossier("petition/P1").version == version
    assert phase(late) == "proposed"


def test_an_appeal_goes_against_a_ruling_and_takes_its_place(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    appeal = f"{CLOCK} kind=appeal appeals=D1"
    early = send(late, f"dispute/D2: 2025-06-17 10:00 {appeal}")
    ruled(late, "D1", "2025-06-20", "outcome=rejected")
    send(late, f"dispute/D2: 2025-06-23 10:00 {appeal}")
    ruled(late, "D2", "2025-06-27", "outcome=upheld verdict=met")
    assert statuses(early) == ["APPEAL_MISFIT"]
    assert (reading(late).verdict, acts(late)) == ("met", ["yellow#0"])


def test_an_appeal_of_the_other_side_restores_the_verdict(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=met")
    send(late, f"dispute/D2: 2025-06-23 10:00 {CLOCK} kind=appeal appeals=D1 claim=fact_wrong")
    ruled(late, "D2", "2025-06-27", "outcome=upheld verdict=late")
    to(late, "2025-06-27 14:00")
    assert (reading(late).verdict, acts(late)) == ("late", ["yellow#0", "red#1", "talk#1"])


def test_an_appeal_is_about_what_the_first_dispute_was_about(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    ruled(late, "D1", "2025-06-20", "outcome=rejected")
    other = f"dispute/D2: 2025-06-23 10:00 {CLOCK} rung=red kind=appeal appeals=D1"
    assert statuses(send(late, other)) == ["APPEAL_MISFIT"]


def test_a_voided_ruling_restores_and_a_voided_void_rules_again(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=met")
    assert void(late, "2025-06-21 10:00", "id=v1") == ["recorded"]
    to(late, "2025-06-21 13:00")
    assert (reading(late).verdict, acts(late)) == ("late", ["yellow#0", "red#1", "talk#1"])
    send(late, "dispute/D1: 2025-06-22 10:00 voided fact=test:v1 ground=误撤")
    assert (reading(late).verdict, acts(late)) == ("met", ["yellow#0"])


def test_a_disputed_act_falls_alone(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK} rung=yellow")
    ruled(late, "D1", "2025-06-20", "outcome=upheld")
    assert (acts(late), reading(late).verdict) == (["red#0", "talk#0"], "late")


def test_a_closed_matter_may_still_be_ruled_on(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}", "P1: 2025-06-16 11:00 closed")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=met")
    assert reading(late).verdict == "met"


def test_the_ruling_in_the_subject_bears_the_time_of_the_ruling(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=met")
    (fact,) = (
        each
        for each in late.dossier("petition/P1").facts
        if isinstance(each.event, VerdictSuperseded)
    )
    assert (fact.meta.occurred_at, fact.meta.cause) == (instant("2025-06-20 11:00"), "dispute/D1")


def test_the_log_replays_to_the_same_acts(late: Engine) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    ruled(late, "D1", "2025-06-20", "outcome=upheld verdict=met")
    assert void(late, "2025-06-23 10:00") == ["recorded"]
    to(late, "2025-07-20 10:00")
    assert late.verify().identical


# ---------------------------------------------------------------------------------------- boards


def test_an_objection_is_raised_in_the_round_and_holds_the_publication_up(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    held = send(board, "round/R1: 2024-07-09 10:00 published")
    assert statuses(held) == ["OBJECTION_PENDING"]


def test_an_objection_upheld_moves_the_member_and_publication_goes_on(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    ruled(board, "D1", "2024-07-09", "outcome=upheld")
    assert places(board) == {"U1": "red", "U2": "", "U3": ""}
    assert statuses(send(board, "round/R1: 2024-07-10 10:00 published")) == ["recorded"]


def test_an_objection_rejected_leaves_the_place(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    ruled(board, "D1", "2024-07-09", "outcome=rejected")
    assert places(board)["U3"] == "black"
    assert statuses(send(board, "round/R1: 2024-07-10 10:00 published")) == ["recorded"]


def test_an_objection_withdrawn_is_as_if_none_had_been_raised(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    send(board, "dispute/D1: 2024-07-09 10:00 withdrawn")
    assert statuses(send(board, "round/R1: 2024-07-10 10:00 published")) == ["recorded"]


def test_the_window_of_a_board_is_that_of_its_own_pack(board: Engine) -> None:
    """Five working days from Wed 07-03: 4, 5, 8, 9, 10."""
    line = f"dispute/D1: 2024-07-11 09:00 {PLACE} kind=objection signer=局长"
    assert statuses(send(board, line)) == ["TIME_BARRED"]


def test_what_a_dispute_raised_is_ruled_on_in_the_dispute(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    line = "round/R1: 2024-07-09 10:00 objection_ruled member=U3 upheld=true reason=x"
    assert statuses(send(board, line)) == ["RULED_BY_DISPUTE"]


def test_a_place_that_the_series_does_not_know_cannot_be_ruled(board: Engine) -> None:
    send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长")
    lines = (
        "dispute/D1: 2024-07-09 10:00 admitted",
        "dispute/D1: 2024-07-09 11:00 ruled outcome=upheld ruler=head document=x place=gold",
    )
    assert statuses(send(board, *lines)) == ["recorded", "PLACE_UNKNOWN"]


def test_after_publication_a_place_falls_by_a_review(board: Engine) -> None:
    early = send(board, f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=review")
    send(board, "round/R1: 2024-07-11 10:00 published")
    send(board, f"dispute/D1: 2024-07-12 10:00 {PLACE} kind=review")
    ruled(board, "D1", "2024-07-15", "outcome=upheld")
    assert (statuses(early), places(board)["U3"]) == (["NO_VERDICT_YET"], "")


def test_a_voided_ruling_gives_the_place_back(board: Engine) -> None:
    send(board, "round/R1: 2024-07-11 10:00 published")
    send(board, f"dispute/D1: 2024-07-12 10:00 {PLACE} kind=review")
    ruled(board, "D1", "2024-07-15", "outcome=upheld")
    assert void(board, "2024-07-16 10:00") == ["recorded"]
    assert places(board)["U3"] == "black"


def test_whoever_is_on_no_list_has_no_place_to_dispute(board: Engine) -> None:
    send(board, "round/R1: 2024-07-11 10:00 published")
    line = f"dispute/D1: 2024-07-12 10:00 opened {BY} kind=review subject=round/R1 member=U2"
    assert statuses(send(board, line)) == ["DISPUTED_UNKNOWN"]


# ------------------------------------------------------------------------------ late and together


@pytest.mark.parametrize("rung", ["", "rung=red"])
def test_what_was_learned_after_the_dispute_had_told_nobody_before_it(rung: str) -> None:
    """Everything arrives on 20 June, the dispute after the acts that the rest led to."""
    with engine("2025-06-20 08:00", RULES) as each:
        send(each, *OPENED, "P1: 2025-06-13 10:00 resolved")
        to(each, "2025-06-21 09:00")
        assert statuses(send(each, f"dispute/D1: 2025-06-16 10:00 {CLOCK} {rung}")) == ["recorded"]
        told_at = opening(each.dossier("dispute/D1")).told_at
        assert told_at is not None
        assert told_at <= instant("2025-06-16 10:00")


def test_an_objection_that_arrives_after_the_publication_counts_from_the_draft(
    board: Engine,
) -> None:
    send(board, "round/R1: 2024-07-09 10:00 published")
    late_one = f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长"
    assert statuses(send(board, late_one)) == ["recorded"]
    assert opening(board.dossier("dispute/D1")).told_at == instant("2024-07-03 10:00")


RULINGS = (
    "dispute/D1: 2025-06-17 10:00 admitted",
    "dispute/D1: 2025-06-18 10:00 withdrawn",
    "dispute/D1: 2025-06-19 10:00 ruled outcome=upheld verdict=met ruler=head document=x",
    "dispute/D1: 2025-06-20 10:00 ruled outcome=rejected ruler=head document=y",
)


@pytest.mark.parametrize(("first", "second", "verdict"), [(1, 2, "late"), (2, 3, "met")])
def test_the_first_end_of_a_dispute_counts_in_whatever_order_two_arrive(
    late: Engine, first: int, second: int, verdict: str
) -> None:
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}", RULINGS[0])
    for line in (RULINGS[second], RULINGS[first]):
        assert statuses(send(late, line)) == ["recorded"]
    ((_, row),) = late.rows("dispute_register")
    told = (row["phase"], row["outcome"], row["verdict"], row["ruled_at"])
    if verdict == "met":
        assert told == ("ruled", "upheld", "met", instant("2025-06-19 10:00"))
    else:
        assert told == ("withdrawn", "", "", None)
    assert reading(late).verdict == verdict


def test_one_objection_of_a_member_is_ruled_on_before_the_next_is_raised(board: Engine) -> None:
    objection = f"{PLACE} kind=objection signer=局长"
    send(board, f"dispute/D1: 2024-07-08 10:00 {objection}")
    second = f"dispute/D2: 2024-07-08 11:00 {objection}"
    assert statuses(send(board, second)) == ["OBJECTION_PENDING"]
    ruled(board, "D1", "2024-07-09", "outcome=rejected")
    assert statuses(send(board, f"dispute/D2: 2024-07-10 10:00 {objection}")) == ["recorded"]


def test_two_objections_sent_at_once_are_both_ruled_on(board: Engine) -> None:
    objection = f"{PLACE} kind=objection signer=局长"
    send(board, *(f"dispute/D{n}: 2024-07-08 10:00 {objection}" for n in (1, 2)))
    ruled(board, "D1", "2024-07-09", "outcome=rejected")
    ruled(board, "D2", "2024-07-10", "outcome=upheld")
    assert places(board)["U3"] == ""


def test_a_place_that_two_reviews_take_stays_taken_when_one_is_voided(board: Engine) -> None:
    send(board, "round/R1: 2024-07-11 10:00 published")
    send(board, *(f"dispute/D{n}: 2024-07-12 10:00 {PLACE} kind=review" for n in (1, 2)))
    ruled(board, "D1", "2024-07-15", "outcome=upheld")
    ruled(board, "D2", "2024-07-16", "outcome=upheld")
    assert void(board, "2024-07-17 10:00") == ["recorded"]
    assert places(board)["U3"] == ""


def test_after_publication_an_objection_can_no_longer_be_upheld(board: Engine) -> None:
    """Both came at once, so the publication did not know of the objection."""
    objection = f"dispute/D1: 2024-07-08 10:00 {PLACE} kind=objection signer=局长"
    send(board, objection, "round/R1: 2024-07-09 10:00 published")
    send(board, "dispute/D1: 2024-07-09 11:00 admitted")
    line = "dispute/D1: 2024-07-09 12:00 ruled ruler=head document=x outcome="
    assert statuses(send(board, f"{line}upheld")) == ["RULING_MISFIT"]
    assert statuses(send(board, f"{line}rejected")) == ["recorded"]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ('{"known_at":1749780000000000}', "recorded"),
        ('{"known_at":1749780000000000,"edits":[{"edit":"remove","fact":"a:1"}]}', "recorded"),
        ("{}", "refused"),
        ("[]", "refused"),
        ("not JSON", "refused"),
        ('{"known_at":1749780000000000,"name":"张三"}', "refused"),
        ('{"known_at":1749780000000000,"edits":[{"edit":"forget","fact":"a:1"}]}', "refused"),
    ],
)
def test_only_a_question_that_can_be_asked_again_goes_on_record(
    late: Engine, question: str, status: str
) -> None:
    """Whatever else somebody puts there, a name above all, stays out of the log."""
    send(late, f"dispute/D1: 2025-06-16 10:00 {CLOCK}")
    data = {"question": question, "inputs": "a" * 64, "result": "b" * 64}
    at = "2025-06-16T11:00:00+08:00"
    sent = {"dispute": "D1", "type": "replay_run", "id": "r1", "source": "cli", "at": at}
    late.clock.set(instant("2025-06-16 12:00"))
    (outcome,) = late.take([parse({**sent, "data": data})])
    assert outcome.status == status
    assert [fault.code for fault in outcome.faults] == ["REPLAY_FORMAT"] * (status == "refused")

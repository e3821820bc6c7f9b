"""A round from its opening to its publication: clocks of the whole and of every member."""

import pytest

from sla_engine.round.board import means, standing
from tests.support.given import Matter, clause, pack_of, rules_of, series

BOARD = series(
    "board",
    "board",
    "quarter",
    "red top=1; black bottom=1",
    more='[series.dimensions]\nspeed = { zh = "速度", en = "speed" }\n'
    'manner = { zh = "态度", en = "manner" }',
)
STATEMENT = series("month", "statement", "month")
WALK = series("visit", "walk", "")
PUBLISH = clause(
    "publish", "10个工作日", scope='"round"', start='"period_ended"', stop='"published"',
    match='{ series = ["board"] }',
)  # fmt: skip
OBJECT = clause(
    "object", "5个工作日", scope='"member"', start='"drafted"', stop='"objected"',
    more='late = "barred"',
)  # fmt: skip
SIGN = clause(
    "sign", "5个工作日", scope='"member"', start='"period_ended"', stop="",
    match='{ series = ["month"] }', more='stop_all = ["signed_unit", "signed_office"]',
    rungs="circular due circular 80",
)  # fmt: skip
RULES = rules_of(pack_of(PUBLISH, OBJECT, SIGN, BOARD, STATEMENT, WALK))
OPENED = "2024-04-01 00:00 opened series=board period=2024Q2"
MONTH = "2024-05-01 00:00 opened series=month period=2024-05"
SCORES = (
    "2024-07-02 10:00 scored member=U1 scores={speed:90;manner:80} rater=a",
    "2024-07-02 10:00 scored member=U2 scores={speed:70;manner:60} rater=a",
    "2024-07-02 10:00 scored member=U3 scores={speed:50;manner:40} rater=a",
)
DRAFTED = "2024-07-03 10:00 drafted"


def board(*lines: str) -> Matter:
    return Matter(RULES, OPENED, *lines, stream="round/R1")


def places(round_: Matter) -> dict[str, str]:
    return {each.member: each.place for each in standing(round_.chronicle)}


def test_a_clock_of_the_whole_round_starts_when_its_period_ends() -> None:
    """The quarter ends on Sunday 2024-06-30: 07-01 ... 07-05, 07-08 ... 07-12."""
    assert board().due("publish", "2024-07-01 08:00") == "2024-07-12 24:00"


def test_before_the_period_ends_no_clock_runs() -> None:
    assert board().assess("2024-06-30 12:00").readings == ()


def test_every_member_has_a_clock_of_its_own() -> None:
    """Five working days of June from the 3rd (a Monday): the 1st is a Saturday, 06-10 is off."""
    round_ = Matter(RULES, MONTH, stream="round/M5")
    assert [r.cycle.name for r in round_.assess("2024-06-03 08:00").readings] == ["U1", "U2", "U3"]
    assert round_.due("sign", cycle="U2") == "2024-06-07 24:00"


def signed(side: str, member: str = "U1", carried: int = 3) -> str:
    return (
        f"2024-06-05 10:00 statement_signed member={member} side={side} signer=x "
        f"opening=4 new=2 struck_off=3 carried_over={carried}"
    )


def test_a_statement_is_done_when_both_sides_have_signed() -> None:
    round_ = Matter(RULES, MONTH, signed("unit"), stream="round/M5")
    assert round_.state("sign", "2024-06-05 12:00", "U1") == "running"
    round_.take(signed("office"))
    assert round_.state("sign", "2024-06-05 12:00", "U1") == "met"
    assert round_.state("sign", "2024-06-05 12:00", "U2") == "running"


def test_who_has_not_signed_in_time_is_named_in_the_act() -> None:
    round_ = Matter(RULES, MONTH, signed("unit"), signed("office"), stream="round/M5")
    round_.touch("2024-06-08 08:00")
    assert {act[0].fired.unit for act in round_.dossier.acts.values()} == {"U2", "U3"}


def test_a_statement_must_balance() -> None:
    round_ = Matter(RULES, MONTH, stream="round/M5")
    (fault,) = round_.refused(signed("unit", carried=4))
    assert (fault.code, fault.found, fault.allowed) == (
        "STATEMENT_UNBALANCED", "4 + 2 − 3 ≠ 4", "3",
    )  # fmt: skip


def test_places_follow_from_the_scores_and_the_rules_of_the_series() -> None:
    assert places(board(*SCORES, DRAFTED)) == {"U1": "red", "U2": "", "U3": "black"}


def test_a_rater_who_scores_again_replaces_what_they_had_said() -> None:
    again = "2024-07-02 11:00 scored member=U3 scores={speed:100;manner:100} rater=a"
    assert means(board(*SCORES, again).chronicle)["U3"] == {"speed": 10_000, "manner": 10_000}


def test_scores_of_several_raters_are_averaged() -> None:
    other = "2024-07-02 11:00 scored member=U3 scores={speed:60} rater=b"
    assert means(board(*SCORES, other).chronicle)["U3"] == {"speed": 5_500, "manner": 4_000}


OBJECTED = "2024-07-08 10:00 objected member=U3 ground=x signer=head"


def test_an_upheld_objection_changes_the_place_and_a_refused_one_does_not() -> None:
    upheld = "2024-07-09 10:00 objection_ruled member=U3 upheld=true reason=y"
    refused = "2024-07-09 10:00 objection_ruled member=U3 upheld=false reason=y"
    assert places(board(*SCORES, DRAFTED, OBJECTED, upheld))["U3"] == ""
    assert places(board(*SCORES, DRAFTED, OBJECTED, refused))["U3"] == "black"


def test_silence_is_no_objection() -> None:
    """Drafted on Wednesday 07-03: 4, 5, 8, 9, 10."""
    round_ = board(*SCORES, DRAFTED)
    assert round_.due("object", cycle="U3") == "2024-07-10 24:00"
    assert round_.codes("2024-07-11 08:00 objected member=U3 ground=x signer=head") == [
        "TIME_BARRED"
    ]


def test_a_board_is_published_after_its_draft_and_its_rulings() -> None:
    published = "2024-07-12 10:00 published"
    assert board(*SCORES).codes(published) == ["NOT_DRAFTED"]
    assert board(*SCORES, DRAFTED, OBJECTED).codes(published) == ["OBJECTION_PENDING"]


def test_an_overturned_place_is_gone_and_only_a_place_can_be_overturned() -> None:
    round_ = board(*SCORES, DRAFTED, "2024-07-12 10:00 published")
    overturned = "2024-08-01 10:00 place_overturned member={} ground=x approver=y"
    assert round_.codes(overturned.format("U2")) == ["PLACE_UNKNOWN"]
    assert places(round_.take(overturned.format("U3")))["U3"] == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2024-07-02 10:00 scored member=U9 scores={speed:9}", "MEMBER_UNKNOWN"),
        ("2024-07-02 10:00 scored member=U1 scores={charm:9}", "DIMENSION_NOT_IN_SERIES"),
        ("2024-07-02 10:00 scored member=U1 scores={speed:101}", "SCORE_RANGE"),
        ("2024-07-02 10:00 member_joined member=U1", "MEMBER_TAKEN"),
        ("2024-07-03 10:00 objection_ruled member=U1 upheld=true reason=y", "PHASE_IMPOSSIBLE"),
    ],
)
def test_what_cannot_be_is_refused(line: str, code: str) -> None:
    assert board().codes(line) == [code]


def test_a_ruling_needs_an_objection() -> None:
    ruled = "2024-07-09 10:00 objection_ruled member=U1 upheld=true reason=y"
    assert board(*SCORES, DRAFTED).codes(ruled) == ["NO_OBJECTION"]


def test_a_period_must_fit_its_series_and_the_series_the_pack() -> None:
    assert Matter(RULES, stream="round/R").codes(OPENED.replace("2024Q2", "2024-05")) == [
        "PERIOD_FORMAT"
    ]
    assert Matter(RULES, stream="round/R").codes(OPENED.replace("board", "bord")) == [
        "SERIES_NOT_IN_PACK"
    ]


def test_a_series_without_a_cycle_takes_any_label() -> None:
    opened = "2024-05-06 09:00 opened series=visit period=第三轮走访"
    round_ = Matter(RULES, opened, stream="round/W3")
    assert round_.chronicle.traits["period"] == "第三轮走访"


def test_whoever_leaves_has_no_clock_any_more() -> None:
    left = "2024-05-20 10:00 member_left member=U2"
    round_ = Matter(RULES, MONTH, left, stream="round/M5")
    assert [r.cycle.name for r in round_.assess("2024-06-03 08:00").readings] == ["U1", "U3"]


def test_whoever_comes_back_is_a_member_again_and_owes_only_what_begins_from_then_on() -> None:
    """Away from 05-20; the first round's clock starts before the return, the second's after it."""
    gone = ("2024-05-20 10:00 member_left member=U2", "2024-06-04 10:00 member_joined member=U2")
    signed_ = "2024-06-05 10:00 reported member=U2"
    round_ = Matter(RULES, MONTH, *gone, signed_, stream="round/M5")
    assert round_.codes("2024-06-06 10:00 member_joined member=U2") == ["MEMBER_TAKEN"]
    assert [r.cycle.name for r in round_.assess("2024-06-06 08:00").readings] == ["U1", "U3"]
    early = ("2024-05-20 10:00 member_left member=U2", "2024-05-30 10:00 member_joined member=U2")
    again = Matter(RULES, MONTH, *early, stream="round/M5")
    assert again.state("sign", "2024-06-04 08:00", "U2") == "running"


def test_what_ended_when_a_member_left_stays_ended_when_they_come_back() -> None:
    gone = ("2024-06-04 10:00 member_left member=U2", "2024-06-05 10:00 member_joined member=U2")
    round_ = Matter(RULES, MONTH, *gone, stream="round/M5")
    assert round_.state("sign", "2024-06-20 08:00", "U2") == "cancelled"


def test_an_objection_of_a_member_that_left_is_still_ruled_on() -> None:
    left = "2024-07-09 10:00 member_left member=U3"
    ruled = "2024-07-10 10:00 objection_ruled member=U3 upheld=true reason=y"
    round_ = board(*SCORES, DRAFTED, OBJECTED, left, ruled, "2024-07-12 10:00 published")
    assert round_.chronicle.phase == "published"


def test_a_place_of_a_member_that_left_can_be_overturned() -> None:
    left = "2024-07-13 10:00 member_left member=U3"
    overturned = "2024-08-01 10:00 place_overturned member=U3 ground=x approver=y"
    round_ = board(*SCORES, DRAFTED, "2024-07-12 10:00 published", left, overturned)
    assert places(round_)["U3"] == ""


def test_a_member_whose_joining_is_learned_late_has_time_to_send_what_it_did() -> None:
    """Due 06-07; learned on the 20th, so the pack's settling time runs from then."""
    joined = "2024-05-20 10:00 member_joined member=U9 known=2024-06-20T10:00"
    round_ = Matter(RULES, MONTH, joined, stream="round/M5").touch("2024-06-20 11:59")
    assert not any("U9" in act for act in round_.standing())
    assert any("U9" in act for act in round_.touch("2024-06-20 12:00").standing())


def test_a_void_may_be_said_to_be_older_than_the_round() -> None:
    round_ = board(f"{SCORES[0]} id=s").take("2024-03-01 10:00 voided fact=test:s ground=x "
                                             "known=2024-07-03T10:00")  # fmt: skip
    assert means(round_.chronicle) == {}


def test_a_round_closed_before_its_period_ends_starts_nothing_any_more() -> None:
    closed = "2024-05-20 10:00 closed"
    assert Matter(RULES, MONTH, closed, stream="round/M5").assess("2024-06-03 08:00").readings == ()


def test_what_still_runs_when_a_round_is_closed_runs_no_longer() -> None:
    closed = "2024-06-04 10:00 closed"
    round_ = Matter(RULES, MONTH, closed, stream="round/M5")
    assert round_.state("sign", "2024-06-20 12:00", "U1") == "cancelled"

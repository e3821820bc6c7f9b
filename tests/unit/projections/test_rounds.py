"""Rounds and boards: reports, scores, statements, places as they stand."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from projections.board import Board
from projections.rounds import Rounds
from sla_engine.dossier.events import Voided
from sla_engine.projection import Columns
from sla_engine.round.events import (
    Drafted,
    MemberJoined,
    MemberLeft,
    Objected,
    ObjectionRuled,
    Placed,
    PlaceOverturned,
    Published,
    RoundClosed,
    RoundOpened,
    RoundReported,
    Scored,
    StatementSigned,
)
from tests.support.sheets import Fact, noon, on, sheet, told

OPENED = on(1, RoundOpened("B", "p", "R", "board", "1970Q1", "营商办", ("甲", "乙", "丙")))
PLACES = (
    Placed("甲", "red", 1, 9500),
    Placed("乙", "black", 2, 5000),
    Placed("丙", "black", 3, 40),
)
LIFE = [
    on(3, Drafted(PLACES)),
    on(4, Objected("乙", "数据有误", "主要负责人")),
    on(5, ObjectionRuled("乙", True, "复核属实", "yellow")),
    on(6, Objected("丙", "数据有误", "主要负责人")),
    on(7, ObjectionRuled("丙", False, "维持")),
    on(9, Published("榜单")),
    on(12, PlaceOverturned("丙", "复核撤销", "营商办"), "overturn"),
    on(14, RoundClosed()),
]


def board(facts: Sequence[Fact]) -> Columns:
    return sheet(Board(), told("round/B", facts))["board"]["round/B"]


def a_round(facts: Sequence[Fact]) -> Columns:
    return sheet(Rounds(), told("round/B", facts))["rounds"]["round/B"]


def test_a_round_is_on_the_board_once_its_places_are_drafted() -> None:
    assert sheet(Board(), told("round/B", [OPENED]))["board"] == {}
    row = board([OPENED, LIFE[0]])
    assert (row["phase"], row["published_at"], row["drafted_at"]) == ("drafted", None, noon(3))
    assert [(each["member"], each["place"]) for each in row["places"]] == [
        ("甲", "red"), ("乙", "black"), ("丙", "black"),
    ]  # fmt: skip


def test_rulings_and_overturns_move_a_member_and_stay_on_record() -> None:
    row = board([OPENED, *LIFE])
    places = {each["member"]: each["place"] for each in row["places"]}
    assert places == {"甲": "red", "乙": "yellow", "丙": ""}
    assert row["overturned"] == ["丙"]
    assert [each["member"] for each in row["objections"]] == ["乙", "丙"]
    assert (row["phase"], row["published_at"]) == ("closed", noon(9))
    voided = board([OPENED, *LIFE, on(15, Voided("city:overturn", "撤销有误"))])
    assert voided["overturned"] == []
    assert {each["member"]: each["place"] for each in voided["places"]}["丙"] == "black"


@given(order=st.permutations(LIFE))
def test_a_board_does_not_depend_on_the_order_of_arrival(order: list[Fact]) -> None:
    assert board([OPENED, *order]) == board([OPENED, *LIFE])


def test_members_join_and_leave_and_who_has_not_reported_is_missing() -> None:
    reports = [
        on(2, MemberJoined("丁")),
        on(3, MemberLeft("丙")),
        on(4, RoundReported("甲", figures={"visits": 2, "asks": 1})),
        on(5, RoundReported("甲", figures={"asks": 3}), "again"),
    ]
    row = a_round([OPENED, *reports])
    assert (row["members"], row["missing"]) == (["甲", "乙", "丁"], ["乙", "丁"])
    assert (row["reported"], row["figures"]) == ({"甲": noon(4)}, {"asks": 4, "visits": 2})
    row = a_round([OPENED, *reports, on(6, Voided("city:again", "误报"))])
    assert row["figures"] == {"asks": 1, "visits": 2}


def test_scores_add_up_by_dimension_and_a_rater_who_scores_again_replaces_the_first() -> None:
    scored = [
        on(2, Scored("甲", {"skill": 80, "speed": 90.5}, rater="企业1")),
        on(3, Scored("甲", {"skill": 70}, rater="企业2")),
        on(4, Scored("甲", {"skill": 100, "speed": 100}, rater="企业1")),
    ]
    assert a_round([OPENED, *scored])["scores"] == {
        "甲": {"skill": [17000, 2], "speed": [10000, 1]}
    }


def test_a_statement_is_kept_for_each_side_that_signed() -> None:
    signed = [
        on(2, StatementSigned("甲", "unit", "主要负责人", 1, 2, 1, 2)),
        on(3, StatementSigned("甲", "office", "营商办", 1, 2, 1, 2, overdue=1)),
    ]
    sides = a_round([OPENED, *signed])["statements"]["甲"]
    assert {side: (each["carried_over"], each["overdue"]) for side, each in sides.items()} == {
        "unit": (2, 0), "office": (2, 1),
    }  # fmt: skip


def test_what_was_never_opened_has_no_row() -> None:
    assert sheet(Rounds(), told("round/B", LIFE))["rounds"] == {}
    assert sheet(Rounds(), told("petition/1", [on(1, Voided("@1", "误"))]))["rounds"] == {}

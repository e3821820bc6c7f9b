"""Places by the rules of a series: ties, order of lists, rulings, overturns."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.policy.clause import Place, Text
from sla_engine.round.board import draft


def place(name: str, **rule: int) -> Place:
    return Place(name, Text(name, name), praise=name == "red", **rule)


def placed(scores: Mapping[str, int], *places: Place) -> dict[str, str]:
    return {each.member: each.place for each in draft(scores, places)}


SCORES = {"A": 9500, "B": 9000, "C": 9000, "D": 8000, "E": 5500}


def test_the_best_so_many_are_placed_and_ties_at_the_edge_are_in() -> None:
    assert placed(SCORES, place("red", top=2)) == {
        "A": "red",
        "B": "red",
        "C": "red",
        "D": "",
        "E": "",
    }


def test_the_last_so_many_are_placed() -> None:
    assert placed(SCORES, place("black", bottom=2))["D"] == "black"
    assert placed(SCORES, place("black", bottom=2))["C"] == ""


def test_thresholds_place_below_and_from_a_score() -> None:
    found = placed(SCORES, place("black", below=60), place("red", at_least=90))
    assert [found[each] for each in "ABCDE"] == ["red", "red", "red", "", "black"]


def test_nobody_is_placed_twice_the_list_named_first_has_them() -> None:
    assert placed(SCORES, place("black", below=60), place("yellow", bottom=2))["E"] == "black"
    assert placed(SCORES, place("yellow", bottom=2), place("black", below=60))["E"] == "yellow"


def test_ranks_count_those_who_are_better() -> None:
    assert [(each.member, each.rank) for each in draft(SCORES, ())] == [
        ("A", 1), ("B", 2), ("C", 2), ("D", 4), ("E", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("rule", [{"top": 9}, {"bottom": 9}])
def test_fewer_members_than_places_are_all_placed(rule: dict[str, int]) -> None:
    assert set(placed(SCORES, place("red", **rule)).values()) == {"red"}


@given(st.dictionaries(st.text("ABCDEFGH", min_size=1, max_size=3), st.integers(0, 10_000)))
def test_the_order_in_which_scores_were_given_does_not_matter(scores: dict[str, int]) -> None:
    rules = (place("red", top=3), place("black", bottom=2), place("yellow", below=60))
    again = dict(sorted(scores.items(), reverse=True))
    assert draft(scores, rules) == draft(again, rules)


@given(st.dictionaries(st.text("ABCDEFGH", min_size=1, max_size=3), st.integers(0, 10_000)))
def test_whoever_is_better_is_never_left_out_of_the_top(scores: dict[str, int]) -> None:
    found = placed(scores, place("red", top=3))
    lowest = min((scores[each] for each in scores if found[each]), default=0)
    assert all(found[each] for each in scores if scores[each] >= lowest) or not scores

"""Pauses put in order, and lengths with pieces cut out."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime.span import BEYOND, Cut, Pause, merge, spend, spent


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ([], ()),
        ([(1, 3)], ((1, 3),)),
        ([(5, 7), (1, 3)], ((1, 3), (5, 7))),
        ([(1, 3), (3, 5)], ((1, 5),)),
        ([(1, 4), (3, 5)], ((1, 5),)),
        ([(1, 9), (3, 5)], ((1, 9),)),
        ([(2, 2)], ()),
        ([(1, 3), (3, 3)], ((1, 3),)),
        ([(1, None)], ((1, None),)),
        ([(1, None), (3, 5)], ((1, None),)),
        ([(1, 3), (2, None)], ((1, None),)),
        ([(1, 3), (3, None)], ((1, None),)),
        ([(1, 3), (5, None), (7, None)], ((1, 3), (5, None))),
    ],
)
def test_pauses_are_sorted_and_joined(given: list[Pause], merged: tuple[Pause, ...]) -> None:
    assert merge(given) == merged


def test_a_resumption_before_its_suspension_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        merge([(0, 5), (3_600_000_000, 0)])
    assert refusal.value.code == "PAUSE_REVERSED"
    assert "1970-01-01T09:00:00+08:00..1970-01-01T08:00:00+08:00" in refusal.value.faults[0].zh()


@pytest.mark.parametrize(
    ("cuts", "end"),
    [
        ([], 15),
        ([(12, 14)], 17),
        ([(10, 14)], 19),
        ([(2, 8)], 15),
        ([(2, 14)], 19),
        ([(15, 20)], 15),
        ([(14, 20)], 21),
        ([(12, 13), (15, 18)], 19),
        ([(12, 13), (16, 18)], 16),
        ([(12, 12)], 15),
        ([(12, None)], None),
        ([(15, None)], 15),
        ([(12, 14), (17, None)], 17),
        ([(12, 14), (16, None)], None),
        ([(12, BEYOND)], 3 + BEYOND),
    ],
)
def test_five_from_ten_on_are_spent_outside_the_cuts(cuts: list[Cut], end: int | None) -> None:
    assert spend(10, 5, cuts) == end


@pytest.mark.parametrize(
    ("start", "end", "cuts", "between"),
    [
        (10, 20, [], 10),
        (20, 10, [], -10),
        (10, 20, [(12, 15)], 7),
        (20, 10, [(12, 15)], -7),
        (10, 20, [(5, 12), (18, 30)], 6),
        (10, 20, [(1, 9), (20, 25)], 10),
        (10, 20, [(15, None)], 5),
        (10, 20, [(25, None)], 10),
        (10, 10, [(5, 15)], 0),
    ],
)
def test_what_has_gone_by_leaves_the_cuts_out(
    start: int, end: int, cuts: list[Cut], between: int
) -> None:
    assert spent(start, end, cuts) == between

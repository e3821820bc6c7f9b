"""Bars of a terminal: as wide as they should be, and never fuller than the truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.cli.bars import bar, columns, padded


@pytest.mark.parametrize(
    ("numerator", "denominator", "drawn"),
    [
        (0, 4, "········"),
        (4, 4, "████████"),
        (2, 4, "████····"),
        (1, 64, "▏·······"),
        (1, 1000, "▏·······"),
        (999, 1000, "███████·"),
        (5, 64, "▋·······"),
        (0, 0, "        "),
        (9, 4, "████████"),
    ],
)
def test_a_bar_shows_its_share(numerator: int, denominator: int, drawn: str) -> None:
    assert bar(numerator, denominator, 8) == drawn


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 60))
def test_a_bar_is_exactly_as_wide_as_asked(numerator: int, denominator: int, cells: int) -> None:
    drawn = bar(numerator, denominator, cells)
    assert columns(drawn) == len(drawn) == cells


def test_chinese_takes_two_columns() -> None:
    assert columns("满意率ab") == 8
    assert padded("满意率", 8) == "满意率  "
    assert padded("满意率", 4) == "满意率"

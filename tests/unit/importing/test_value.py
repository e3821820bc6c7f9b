"""A value is a constant, or a cell with its words translated."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.importing.value import Value, cell

KIND = Value(column="kind", words={"complaint": "投诉", "yes": True})


def test_a_constant_asks_no_row() -> None:
    assert Value(constant="投诉").read({}) == "投诉"
    assert Value(constant=False).read({}) is False


def test_a_cell_comes_without_surrounding_blanks() -> None:
    assert Value(column="kind").read({"kind": " 投诉\t"}) == "投诉"


def test_an_empty_cell_is_no_value_or_the_default() -> None:
    assert Value(column="kind").read({"kind": "  "}) is None
    assert Value(column="kind", default="咨询").read({"kind": ""}) == "咨询"
    assert Value(column="kind").read({}) is None


def test_words_are_translated_to_text_or_truth() -> None:
    assert KIND.read({"kind": "complaint"}) == "投诉"
    assert KIND.read({"kind": "yes"}) is True


def test_a_word_without_translation_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(Refusal) as caught:
        KIND.read({"kind": "praise"})
    fault = caught.value.faults[0]
    assert (fault.code, fault.where, fault.found, fault.allowed) == (
        "IMPORT_WORD_UNKNOWN",
        "kind",
        "praise",
        "complaint, yes",
    )


def test_a_default_takes_words_without_translation() -> None:
    assert Value(column="kind", words={"a": "b"}, default="其他").read({"kind": "z"}) == "其他"


def test_the_first_row_that_has_the_column_is_read_even_if_it_is_empty_there() -> None:
    assert cell("unit", {}, {"unit": "住建局"}, {"unit": "交通局"}) == "住建局"
    assert cell("unit", {"unit": ""}, {"unit": "住建局"}) == ""

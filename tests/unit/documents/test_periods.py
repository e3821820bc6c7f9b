"""Documents about a period: figures that add up, shares as they are published."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.documents.form import Days, Source
from sla_engine.documents.items import in_order
from sla_engine.documents.periods import balanced, percent
from sla_engine.documents.register import draw
from sla_engine.documents.render import Format, render
from sla_engine.policy.clause import Measure, Text
from sla_engine.wording import load_wording
from tests.support.given import instant
from tests.support.papers import UNIT, Counted, month, period, signed, source


@pytest.mark.parametrize(
    ("numerator", "denominator", "share"),
    [
        (5725, 5805, "98.62%"),
        (5792, 5805, "99.78%"),
        (5786, 5805, "99.67%"),
        (1, 3, "33.33%"),
        (1, 800, "0.13%"),
        (0, 7, "0.00%"),
        (7, 7, "100.00%"),
        (0, 0, ""),
    ],
)
def test_a_share_has_two_decimals_half_rounded_up(
    numerator: int, denominator: int, share: str
) -> None:
    assert percent(numerator, denominator) == share


days = st.integers(min_value=0, max_value=400)


@given(lives=st.lists(st.tuples(days, st.one_of(st.none(), days)), max_size=30))
def test_before_and_came_in_are_resolved_and_in_hand(lives: list[tuple[int, int | None]]) -> None:
    start = instant("2023-11-01 09:00")
    day = 86_400_000_000
    rows = [
        {
            "registered_at": start + first * day,
            "resolved_at": None if after is None else start + (first + after) * day + 1,
            "closed_at": None,
        }
        for first, after in lives
    ]
    fields = report(rows, "2024Q1")
    before, gone = fields["carried_in"] + fields["registered"], fields["resolved"]
    assert before == gone + fields["in_hand"]
    assert sum(each["registered"] for each in fields["course"]) == fields["registered"]
    assert sum(each["resolved"] for each in fields["course"]) == gone


def report(rows: list[dict[str, Any]], word: str, name: str = "half-year") -> dict[str, Any]:
    made = source(
        "petition/none",
        "2024-12-31 10:00",
        rows={"petition_card": rows},
        rates={word: ()},
        days=Days.of(word),
    )
    return dict(draw(name, word, made).fields)


def test_the_year_of_heze_adds_up() -> None:
    """86 984 accepted, 86 722 closed, 262 in process: in proportion, all of one year."""
    opened, done = instant("2024-03-01 09:00"), instant("2024-03-02 09:00")
    rows = [
        {"registered_at": opened, "resolved_at": done if n < 86_722 else None, "closed_at": None}
        for n in range(86_984)
    ]
    fields = report(rows, "2024", "circular")
    counts = [fields[name] for name in ("registered", "resolved", "in_hand")]
    assert counts == [86_984, 86_722, 262]


def test_what_is_not_of_the_period_is_left_out() -> None:
    drawn = draw("circular", "2024-W21", period("2024-W21", "2024-05-27 09:00"))
    orders: Any = drawn["orders"]
    (order,) = orders
    assert order["about"] == "SL2024050001"
    later = draw("circular", "2024-W30", period("2024-W30", "2024-07-29 09:00"))
    assert (later.fields["orders"], later.fields["talks"]) == ((), ())


@pytest.mark.parametrize("to", ["md", "html"])
def test_a_count_is_told_as_a_number_and_neither_as_a_rate_nor_as_missing(to: Format) -> None:
    word, name = "2024-W21", Text("受理量", "received")
    measure = Measure("received", name, name, ("registered",))
    made = period(word, "2024-05-27 09:00")
    pack = replace(made.pack, measures={"received": measure})
    rates = {word: (Counted("received", "", 5805, 0, 2),)}
    document = draw("circular", word, replace(made, pack=pack, rates=rates))
    row: Any = document["rates"]
    (row,) = row
    assert (row["numerator"], row["denominator"], row["share"]) == (5805, "—", "—")
    assert "rates.denominator" not in document.missing
    page = render(document, to, load_wording())
    assert "5805" in page
    assert "5805/" not in page


def test_a_member_taken_off_a_board_is_not_named() -> None:
    drawn = draw("half-year", "2024H1", period("2024H1", "2024-07-02 09:00"))
    boards: Any = drawn["boards"]
    assert [(each["board"], each["members"]) for each in boards] == [
        ("红榜", ("市甲局", "市乙局")),
        ("黑榜", ()),
    ]


def test_a_board_published_in_another_period_is_not_reported() -> None:
    drawn = draw("half-year", "2024H2", period("2024H2", "2025-01-02 09:00"))
    assert drawn.fields["boards"] == ()


# -------------------------------------------------------------------------------- statements


def statement(made: Source) -> dict[str, Any]:
    rows: Any = draw("statement", "s", made)["rows"]
    (row,) = rows
    return dict(row)


def test_a_signed_amount_that_is_not_the_counted_one_is_named() -> None:
    row = statement(month())
    assert row["differs"] == ("unit.overdue",)
    assert [row[name] for name in ("opening", "new", "struck_off", "carried_over")] == [4, 3, 2, 5]
    assert row["signed_office"].startswith("督查室主任")


def test_lists_of_a_unit_are_signed_together() -> None:
    whole = month()
    other = {**whole.rows["reconciliation"][0], "list": "task", "overdue": 0, "opening": 0}
    both = [*whole.rows["reconciliation"], {**other, "new": 1, "struck_off": 0, "carried_over": 1}]
    row = statement(
        Source(
            whole.at, whole.rules, whole.pack, whole.region, whole.case,
            rows={"reconciliation": both},
        )
    )  # fmt: skip
    assert [row[name] for name in ("opening", "new", "carried_over")] == [4, 4, 6]
    assert "unit.new" in row["differs"]


def test_a_side_that_has_not_signed_is_missing() -> None:
    whole = month()
    made = source(
        "round/statement.CN-3704.2024-05",
        "2024-06-03 10:00",
        ("2024-05-01 00:00", whole.events[0].event),
        ("2024-06-01 10:00", signed("unit", "局长", 4, 3, 2, 5, 1)),
    )
    document = draw("statement", "s", made)
    assert document.missing == ("rows.signed_office",)
    rows: Any = document["rows"]
    assert rows[0]["carried_over"] == 5


@pytest.mark.parametrize(("carried", "holds"), [(5, True), (4, False), (None, False)])
def test_an_account_balances_or_does_not(carried: int | None, holds: bool) -> None:
    amounts = {"opening": 4, "new": 3, "struck_off": 2, "carried_over": carried}
    assert balanced(amounts) is holds


# --------------------------------------------------------------------------------- the order


def test_steps_stand_behind_whatever_they_wait_for() -> None:
    order = in_order({"c": ["a", "b"], "b": ["a"], "a": [], "d": []})
    assert order == [("a", 1), ("d", 1), ("b", 2), ("c", 3)]


def test_steps_that_wait_for_each_other_are_still_shown() -> None:
    assert {name for name, _ in in_order({"a": ["b"], "b": ["a"], "c": []})} == {"a", "b", "c"}


def test_the_unit_of_a_statement_is_the_one_asked_for() -> None:
    assert statement(month())["unit"] == UNIT

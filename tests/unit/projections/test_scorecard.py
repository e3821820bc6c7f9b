"""What counts, on which day, against whom; and the rates with all that stands behind them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from projections.figures import By
from projections.scorecard import Figure, Scorecard, figures
from sla_engine.dossier.events import TermRefixed, Voided
from sla_engine.petition.events import (
    Accepted,
    CallbackDone,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Merged,
    Rated,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
    ReworkOrdered,
)
from sla_engine.policy.clause import Measure, Pack, Text
from sla_engine.ports import AlarmRow
from tests.support.given import clause, pack_of
from tests.support.sheets import DAY, Fact, clock, on, sheet, told

OPENED = on(1, Registered("ZZ1", "p", "投诉", "R"), pack="P1", calendar="C1")
LIFE = [
    on(2, Dispatched("甲", "A1"), pack="P2", calendar="C1"),
    on(3, Accepted()),
    on(4, ReturnRequested("职责不符")),
    on(5, ReturnRuled(granted=True)),
    on(6, Dispatched("乙", "A2")),
    on(6, Dispatched("丁", "A2x", lead=False)),
    on(7, Accepted()),
    on(8, Resolved(assignment="A2x")),
    on(9, Resolved(), "closure"),
    on(10, CallbackDone(satisfied=False, solved=True)),
    on(11, ReworkOrdered("丙", "A3", "不满意")),
    on(12, Resolved()),
    on(13, CallbackDone(satisfied=True)),
    on(14, Rated(satisfied=True)),
]


def cells(facts: Sequence[Fact], clocks: Sequence[AlarmRow] = ()) -> dict[str, dict[str, int]]:
    """Counters by "day unit", editions left out."""
    found = sheet(Scorecard(), told("petition/ZZ1", facts), clocks)["scorecard.cells"]
    return {
        " ".join(key.split("|")[2:4])[8:]: {
            name: count for name, count in cell.items() if "@" not in name
        }
        for key, cell in found.items()
    }


def test_each_fact_counts_on_its_day_for_the_unit_that_held_the_petition() -> None:
    assert cells([OPENED, *LIFE]) == {
        "01 ": {"registered": 1},
        "02 甲": {"dispatched": 1},
        "03 甲": {"accepted": 1},
        "05 甲": {"returned": 1},
        "06 乙": {"dispatched": 1},
        "06 丁": {"dispatched": 1},
        "07 乙": {"accepted": 1},
        "09 乙": {"resolved": 1},
        "10 乙": {"callbacks": 1, "callbacks_solved": 1},
        "11 乙": {"reworked": 1},
        "13 丙": {"callbacks": 1, "callbacks_satisfied": 1, "callbacks_solved": 1,
                 "callbacks_confirmed": 1},
        "14 丙": {"ratings": 1, "ratings_satisfied": 1},
    }  # fmt: skip


def test_a_closure_stays_the_first_and_is_once_only_while_no_rework_follows() -> None:
    assert cells([OPENED, *LIFE[:9]])["09 乙"] == {"resolved": 1, "once": 1}
    assert "12 丙" not in cells([OPENED, *LIFE])


def test_a_voided_closure_leaves_its_place_to_the_next_that_stands() -> None:
    facts = [OPENED, *LIFE[:9], on(10, Voided("city:closure", "虚假办结")), on(11, Resolved())]
    found = cells(facts)
    assert "09 乙" not in found
    assert found["11 乙"] == {"resolved": 1, "once": 1}
    again = cells([*facts, on(12, Voided(f"@{len(facts) - 1}", "撤销有误"))])
    assert (again["09 乙"], "11 乙" in again) == ({"resolved": 1, "once": 1}, False)


def test_a_clock_counts_once_on_the_day_it_ended_or_was_first_late() -> None:
    met, late = clock("solve", 2, due=9, stop=9), clock("feedback", 2, due=4, stop=6)
    found = cells([OPENED], [met, late])
    assert found["09 甲"] == {"solve.judged": 1, "solve.met": 1}
    assert found["04 甲"] == {"feedback.judged": 1, "feedback.late": 1}


def test_a_limit_that_ends_at_midnight_is_first_late_on_the_day_after() -> None:
    midnight = 9 * DAY - 8 * 3_600_000_000
    row = clock("solve", 2, due=9)._replace(due=midnight)
    assert cells([OPENED], [row])["10 甲"] == {"solve.judged": 1, "solve.late": 1}


def test_an_open_clock_lies_ahead_on_its_due_day_and_one_that_stands_still_nowhere() -> None:
    found = cells([OPENED], [clock("solve", 2, due=20), clock("review", 2, due=None)])
    assert found == {"01 ": {"registered": 1}, "20 甲": {"solve.judged": 1, "solve.late": 1}}


def test_a_clock_that_lost_its_object_counts_as_cancelled_unless_it_was_late_by_then() -> None:
    gone = clock("return", 2, due=6, stop=5, state="cancelled")
    late = clock("solve", 2, due=4, stop=5, state="cancelled")
    found = cells([OPENED], [gone, late])
    assert found["05 甲"] == {"return.cancelled": 1}
    assert found["04 甲"] == {"solve.judged": 1, "solve.late": 1}


def test_nobody_can_be_late_by_a_clock_that_lapses_so_it_counts_in_nothing() -> None:
    used = clock("return", 2, due=6, stop=5, missed="lapsed")
    unused = clock("return", 2, due=6, cycle="2", missed="lapsed")
    after = clock("return", 2, due=6, stop=8, cycle="3", state="lapsed", missed="lapsed")
    assert cells([OPENED], [used, unused, after]) == {"01 ": {"registered": 1}}


def test_what_was_merged_away_counts_as_arrived_and_dispatched_and_is_the_survivors_else() -> None:
    clocks = [
        clock("arrive", 2, due=3, stop=2),
        clock("solve", 2, due=9, stop=4, state="cancelled"),
    ]
    facts = [OPENED, *LIFE[:2], on(4, Merged("ZZ2"))]
    assert cells(facts, clocks) == {
        "01 ": {"registered": 1},
        "02 甲": {"dispatched": 1},
        "03 甲": {"accepted": 1},
        "04 甲": {"solve.cancelled": 1},
    }


VOID = on(12, Voided("city:closure", "虚假办结"))
EXCLUDED = on(15, Excluded("X1", "X-FALSE", "考核办"))


def test_an_excluded_petition_counts_in_nothing_but_its_exclusion() -> None:
    facts = [OPENED, *LIFE[:9], EXCLUDED]
    found = cells(facts, [clock("solve", 2, due=9, stop=9)])
    assert found["09 乙"] == {"!resolved": 1, "!once": 1}
    assert found["09 甲"] == {"!solve.judged": 1, "!solve.met": 1}
    assert found["15 乙"] == {"excluded": 1}
    lifted = cells([*facts, on(16, ExclusionLifted("X1", "考核办", "复核"))])
    assert lifted == cells([OPENED, *LIFE[:9]])


def test_an_exclusion_from_one_measure_stands_beside_what_counts_elsewhere() -> None:
    partly = on(15, Excluded("X1", "X-FALSE", "考核办", ("once-rate",)))
    found = cells([OPENED, *LIFE[:9], partly])
    assert found["09 乙"] == {
        "resolved": 1, "once": 1, "once-rate!resolved": 1, "once-rate!once": 1,
    }  # fmt: skip
    assert found["15 乙"] == {"excluded": 1}


def test_every_cell_names_the_editions_and_the_exclusions_behind_it() -> None:
    refixed = on(8, TermRefixed("solve", "1", 5, 6, 4, "calendar"), pack="P1", calendar="C2")
    events = told("petition/ZZ1", [OPENED, LIFE[0], refixed, EXCLUDED])
    (cell, *_) = sheet(Scorecard(), events)["scorecard.cells"].values()
    assert {name for name in cell if "@" in name} == {
        "pack@P1", "pack@P2", "calendar@C1", "calendar@C2", "exclusion@ZZ1|X1|X-FALSE|",
    }  # fmt: skip


@given(
    order=st.permutations([*LIFE, EXCLUDED, VOID]),
    batches=st.lists(st.integers(1, 5)),
)
def test_neither_the_order_of_arrival_nor_the_cut_into_batches_changes_a_cell(
    order: list[Fact], batches: list[int]
) -> None:
    clocks = [clock("solve", 2, due=9, stop=9)]
    expected = cells([OPENED, *LIFE, EXCLUDED, VOID], clocks)
    events = told("petition/ZZ1", [OPENED, *order])
    model, row, start = Scorecard(), None, 0
    for size in [*batches, len(events)]:
        for recorded in events[start : start + size]:
            row = model.apply(row, recorded)
        if row is not None:
            row = model.finish(row, clocks)
        start += size
    assert row is not None
    assert cells([OPENED, *order], clocks) == expected
    assert sheet(model, events, clocks)["scorecard.cells"] == dict(model.tally(row))


# ------------------------------------------------------------------------------------------ rates


def measure(name: str, numerator: str, denominator: str) -> Measure:
    text = Text(name, name)
    return Measure(name, text, text, (numerator,), (denominator,))


RATES = (
    measure("once-rate", "once", "resolved"),
    measure("on-time", "solve.met", "solve.judged"),
)
COUNT = replace(measure("received", "registered", ""), denominator=())
WHOLE = Measure("whole", Text("综合", "whole"), Text("三七开", "3:7"),
                weights={"once-rate": 30, "on-time": 70})  # fmt: skip


PACK = replace(
    pack_of(clause("solve", "10个工作日"), name="p"),
    measures={each.id: each for each in (*RATES, WHOLE)},
)


def rates(
    *petitions: Sequence[Fact], by: By | None = None, last: int = 28, pack: Pack = PACK
) -> list[Figure]:
    """Figures of petitions that were each solved by 甲 on time."""
    sums: dict[str, Counter[str]] = {}
    for facts in petitions:
        found = sheet(Scorecard(), told("petition/ZZ1", facts), [clock("solve", 2, 9, 9)])
        for key, cell in found["scorecard.cells"].items():
            sums.setdefault(key, Counter()).update(cell)
    return figures(sums.items(), pack, date(1970, 1, 1), date(1970, 1, last), by)


GOOD, REWORKED = [OPENED, *LIFE[:9]], [OPENED, *LIFE]


def test_a_rate_is_what_counts_over_what_was_judged_with_its_formula_and_editions() -> None:
    once, on_time, whole = rates(GOOD, REWORKED, REWORKED)
    assert (once.numerator, once.denominator, once.share) == (1, 3, Fraction(1, 3))
    assert (on_time.numerator, on_time.denominator, on_time.excluded) == (3, 3, 0)
    assert (once.formula, once.packs, once.calendars) == (RATES[0].formula, ("P1", "P2"), ("C1",))
    assert whole.share == Fraction(30, 100) * Fraction(1, 3) + Fraction(70, 100)
    assert whole.parts == (once, on_time)


def test_exclusions_stand_beside_the_rate_and_give_their_list_an_edition_of_its_own() -> None:
    plain, *_ = rates(GOOD, REWORKED)
    once, on_time, whole = rates(GOOD, [*REWORKED, EXCLUDED])
    assert [(each.numerator, each.denominator, each.excluded) for each in (once, on_time)] == [
        (1, 1, 1),
        (1, 1, 1),
    ]
    assert whole.share == Fraction(1)
    assert whole.excluded == 2
    assert once.exclusions == ("ZZ1|X1|X-FALSE|",)
    assert once.exclusion_list != plain.exclusion_list == rates(GOOD)[0].exclusion_list


def test_an_exclusion_from_one_rate_leaves_the_others_as_they_were() -> None:
    partly = on(15, Excluded("X1", "X-FALSE", "考核办", ("once-rate",)))
    once, on_time, _ = rates(GOOD, [*REWORKED, partly])
    assert (once.numerator, once.denominator, once.excluded) == (1, 1, 1)
    assert (on_time.numerator, on_time.denominator, on_time.excluded) == (2, 2, 0)
    assert (once.exclusions, on_time.exclusions) == (("ZZ1|X1|X-FALSE|once-rate",), ())


def test_of_nothing_there_is_no_rate() -> None:
    once, on_time, whole = rates(GOOD, last=8)
    assert [each.share for each in (once, on_time, whole)] == [None, None, None]
    assert (whole.numerator, whole.denominator) == (0, 0)
    assert rates(by="unit") == []


def test_a_count_is_a_number_without_a_share_and_exclusions_are_taken_out_of_it() -> None:
    counting = replace(PACK, measures={COUNT.id: COUNT})
    (received,) = rates(GOOD, REWORKED, [*REWORKED, EXCLUDED], pack=counting)
    assert (received.numerator, received.denominator, received.share) == (2, 0, None)
    assert received.excluded == 1
    partly = on(15, Excluded("X1", "X-FALSE", "考核办", ("received",)))
    (received,) = rates(GOOD, [*REWORKED, partly], pack=counting)
    assert (received.numerator, received.excluded) == (1, 1)


def test_rates_are_given_for_each_unit_and_for_each_kind() -> None:
    by_unit = {each.group: each for each in rates(GOOD, by="unit") if each.measure == "once-rate"}
    assert (by_unit["乙"].numerator, by_unit["乙"].denominator) == (1, 1)
    assert (by_unit["甲"].numerator, by_unit["甲"].denominator) == (0, 0)
    assert {each.group for each in rates(GOOD, by="kind")} == {"投诉"}


def test_petitions_of_other_packs_are_left_out() -> None:
    other = on(1, Registered("ZZ1", "q", "投诉", "R"))
    assert rates([other, *LIFE[:9]])[0].denominator == 0

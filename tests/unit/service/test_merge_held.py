"""Merging petitions of which one was suspended or extended: no deadline is brought forward (D19).

Working days of June 2025: 3 to 6, 9 to 13, 16 to 20, 23 to 27, 30; of July: 1 to 4, 7.
"""

import pytest

from sla_engine.dossier.events import Carried
from sla_engine.petition.events import Absorbed
from sla_engine.policy.lint import parse_pack
from sla_engine.sla.explain import explain
from sla_engine.wiring import Engine
from tests.support.checked import checked, written
from tests.support.given import (
    clause,
    engine,
    instant,
    rules_of,
    send,
    shown,
    statuses,
    text_of,
    to,
)

EXTENSION = '{ max_count = 1, each_max = "5个工作日", basis = ["测试"] }'
TEXT = text_of(
    clause(
        "solve",
        "10个工作日",
        pauses='["P-HEAR"]',
        extension=EXTENSION,
        rungs="soon due-2个工作日 yellow 20; red due red 30",
    ),
    clause("arrive", "2个工作日", stop='"arrived"', pauses='["P-HEAR"]', rungs="late due red 30"),
    clause("plain", "5个工作日", stop='"told_one"'),
)
RULES = rules_of(parse_pack(TEXT))

OPENED = (
    "P1: 2025-06-03 09:00 registered",
    "P1: 2025-06-03 10:00 dispatched unit=U1 assignment=A1",
    "P2: 2025-06-16 09:00 registered",
    "P2: 2025-06-16 10:00 dispatched unit=U2 assignment=B1 id=b1",
)
SUSPENDED = "P1: 2025-06-04 09:00 suspended ground=P-HEAR id=s1"
RESUMED = "P1: 2025-06-{} 09:00 resumed"
ASKED = "P1: 2025-06-05 09:00 extension_requested request=E1 clause=solve amount=5个工作日"
GRANTED = "P1: 2025-06-06 09:00 extension_granted request=E1 approver=甲"
MERGED = "P1: 2025-06-24 10:00 merged into=P2 id=m1"


def lived(each: Engine, *lines: str) -> None:
    for line in sorted((*OPENED, *lines), key=lambda line: line.split(": ")[1]):
        assert statuses(send(each, line)) == ["recorded"]


def due(each: Engine, no: str = "P2", name: str = "solve") -> str:
    reading = each.assess(f"petition/{no}").reading(name)
    assert reading is not None
    return shown(reading.due)


def state(each: Engine, no: str = "P2", name: str = "solve") -> str:
    reading = each.assess(f"petition/{no}").reading(name)
    assert reading is not None
    return reading.state.value


def acts(each: Engine, name: str = "solve") -> list[str]:
    """The rungs of a survivor's clock that stand."""
    named = each.dossier("petition/P2").acts.items()
    return [rung for (of, _, rung), acts in named for act in acts if of == name and act.stands]


def carried(each: Engine, no: str = "P2") -> tuple[Carried, ...]:
    """What the last hand-over to a survivor says of single clocks."""
    (*_, event) = (
        recorded.event
        for recorded in each.events(f"petition/{no}")
        if isinstance(recorded.event, Absorbed)
    )
    assert isinstance(event, Absorbed)
    return event.carried


def sound(each: Engine, no: str = "P2") -> None:
    """The log replays to the same, and the independent checker verifies every derivation."""
    assert each.verify().identical
    case = written(each.assess(f"petition/{no}"), {"demo": TEXT})
    assert checked(case) == [None] * len(case["derivations"])


# ------------------------------------------------------------------------------- which is kept


def test_a_duplicate_that_was_suspended_long_leaves_the_survivor_its_own_earlier_deadline() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, SUSPENDED, RESUMED.format("23"))
        assert (due(each, "P1"), due(each)) == ("2025-07-04 24:00", "2025-06-30 24:00")
        send(each, MERGED)
        to(each, "2025-06-25 10:00")
        assert (due(each), state(each), acts(each)) == ("2025-06-30 24:00", "running", [])
        # Nobody had arrived: due on the 18th there, and on the 24th after P1's suspension.
        assert carried(each) == (Carried("solve"), Carried("arrive"))
        sound(each)


def test_a_duplicate_due_first_is_kept_with_its_pause_and_only_what_held_it() -> None:
    """One working day was held up: 10 after the 3rd without the 4th end on the 18th."""
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, SUSPENDED, RESUMED.format("05"))
        assert due(each, "P1") == "2025-06-18 24:00"
        send(each, MERGED.replace("06-24", "06-17"))
        assert (due(each), state(each)) == ("2025-06-18 24:00", "running")
        assert due(each, name="plain") == "2025-06-10 24:00"
        assert [each.clause for each in carried(each)] == ["solve", "arrive"]
        sound(each)


def test_a_duplicate_that_was_extended_keeps_its_extension_and_has_used_it_up() -> None:
    """15 working days after the 3rd end on the 24th; the clause allows one extension."""
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, ASKED, GRANTED)
        assert due(each, "P1") == "2025-06-24 24:00"
        send(each, MERGED.replace("06-24", "06-17"))
        assert due(each) == "2025-06-24 24:00"
        again = ASKED.replace("P1: 2025-06-05", "P2: 2025-06-18").replace("E1", "E2")
        granted = GRANTED.replace("P1: 2025-06-06", "P2: 2025-06-19").replace("E1", "E2")
        assert statuses(send(each, again, granted)) == ["recorded", "EXTENSION_IMPOSSIBLE"]
        reading = each.assess("petition/P2").reading("solve")
        assert reading is not None
        assert explain(reading).zh()[3] == "延期：5个工作日，批准人 甲，并自重复件（第3条记录）"
        sound(each)


def test_warnings_given_before_an_extension_of_the_duplicate_are_not_given_again() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        late = (ASKED.replace("06-05", "06-14"), GRANTED.replace("06-06", "06-16"))
        lived(each, *late, MERGED.replace("06-24", "06-17"))
        to(each, "2025-06-19 10:00")
        assert acts(each) == []
        to(each, "2025-06-25 10:00")
        assert acts(each) == ["soon", "red"]


def test_a_duplicate_still_suspended_brings_no_clock_forward() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, SUSPENDED.replace("06-04", "06-12"), MERGED)
        assert (due(each), carried(each)[0]) == ("2025-06-30 24:00", Carried("solve"))
        sound(each)


def test_where_only_the_suspended_duplicate_had_a_clock_it_goes_on_with_the_merge() -> None:
    """Six days were used by the 11th; four more are the 24th to the 27th."""
    with engine("2025-06-03 08:00", RULES) as each:
        suspended = SUSPENDED.replace("06-04 09:00", "06-12 19:00")
        send(each, *OPENED[:3], suspended, MERGED)
        assert due(each) == "2025-06-27 24:00"
        sound(each)


def test_a_clock_that_was_met_in_the_duplicate_is_met_whenever_it_was_due() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        arrived = "P1: 2025-06-23 15:00 step_done step=arrived"
        lived(each, SUSPENDED, RESUMED.format("23"), arrived, MERGED)
        assert state(each, name="arrive") == "met"
        sound(each)


def test_a_survivor_that_was_held_up_takes_over_the_earlier_deadline_as_it_stood() -> None:
    """What had held up P2 alone does not put off the deadline of P1; what holds it up since does:
    8 of the 10 days to the 17th were used by the 13th, two more are the 23rd and the 24th."""
    with engine("2025-06-03 08:00", RULES) as each:
        held = "P2: 2025-06-16 11:00 suspended ground=P-HEAR"
        lived(each, held, MERGED.replace("06-24 10:00", "06-16 15:00"))
        assert (state(each), carried(each)[0]) == (
            "paused",
            Carried("solve", instant("2025-06-03 10:00")),
        )
        send(each, "P2: 2025-06-23 09:00 resumed")
        assert due(each) == "2025-06-24 24:00"
        sound(each)


def test_a_chain_of_merges_hands_on_what_held_up_the_first() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(
            each,
            SUSPENDED,
            RESUMED.format("05"),
            ASKED.replace("09:00", "10:00"),
            GRANTED,
            "P3: 2025-06-17 09:00 registered",
            "P3: 2025-06-17 10:00 dispatched unit=U3 assignment=C1",
            MERGED.replace("06-24", "06-18"),
            "P2: 2025-06-18 11:00 merged into=P3",
        )
        assert due(each, "P1") == due(each, "P2") == due(each, "P3") == "2025-06-25 24:00"
        solve, arrive = carried(each, "P3")
        assert (solve.extensions, arrive.extensions) == ((("E1", "5个工作日", "甲"),), ())
        sound(each, "P3")


def test_two_duplicates_of_one_survivor_are_weighed_one_after_the_other() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(
            each,
            SUSPENDED,
            RESUMED.format("05"),
            "P3: 2025-06-10 09:00 registered",
            "P3: 2025-06-10 10:00 dispatched unit=U3 assignment=C1",
            MERGED.replace("06-24", "06-17"),
            "P3: 2025-06-17 11:00 merged into=P2",
        )
        assert due(each) == "2025-06-18 24:00"
        sound(each)


# ------------------------------------------------------------------------ what is learned later


LATE = [
    (RESUMED.format("05").replace("resumed", "resumed known=2025-06-26T10:00"), "2025-06-18 24:00"),
    ("P1: 2025-06-26 10:00 voided fact=test:s1 ground=x", "2025-06-17 24:00"),
    ("P2: 2025-06-26 10:00 voided fact=test:b1 ground=x", "2025-07-07 24:00"),
    ("P1: 2025-06-26 10:00 voided fact=test:m1 ground=x", "2025-06-30 24:00"),
]


@pytest.mark.parametrize(("line", "expected"), LATE, ids=["resumed", "held", "started", "merged"])
def test_what_is_learned_of_either_after_the_merge_counts_as_if_it_had_come_before(
    line: str, expected: str
) -> None:
    """P1 stands still from its first day on until the merge: without P2's own start its 10 days are
    those from the 24th of June to the 7th of July."""
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, SUSPENDED, MERGED)
        assert due(each) == "2025-06-30 24:00"
        to(each, "2025-06-26 10:00")
        assert statuses(send(each, line)) == ["recorded"]
        assert due(each) == expected
        assert each.verify().identical


def test_a_late_pause_of_the_survivor_may_make_the_duplicate_the_earlier_one() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, SUSPENDED, RESUMED.format("23"), MERGED)
        to(each, "2025-06-26 10:00")
        late = "known=2025-06-26T10:00"
        send(each, f"P2: 2025-06-16 11:00 suspended ground=P-HEAR {late}")
        send(each, f"P2: 2025-06-24 09:30 resumed {late}")
        assert (due(each, "P1"), due(each)) == ("2025-07-04 24:00", "2025-07-04 24:00")
        sound(each)


def test_where_nothing_was_held_up_the_marks_alone_are_handed_over() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lived(each, MERGED)
        assert (due(each), carried(each)) == ("2025-06-17 24:00", ())
        (taken,) = (e.event for e in each.events("petition/P2") if isinstance(e.event, Absorbed))
        assert isinstance(taken, Absorbed)
        assert taken.anchors == (("dispatched", instant("2025-06-03 10:00")),)

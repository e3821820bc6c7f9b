"""Merging duplicates: two dossiers, one commit, the earliest clock kept (D19)."""

import pytest

from sla_engine.petition.events import Absorbed
from sla_engine.replay.question import Moved, Question
from sla_engine.wiring import Engine
from tests.support.given import (
    DESK,
    clause,
    engine,
    instant,
    pack_of,
    rules_of,
    send,
    shown,
    statuses,
    to,
)

RULES = rules_of(
    pack_of(
        clause(
            "triage",
            "2个工作小时",
            start='"admitted"',
            stop='"dispatched"',
            rungs='red due red 30 to=["desk"]',
        ),
        clause("solve", "10个工作日", rungs="red due red 30; supervise due+2个工作日 supervise 40"),
        clause("arrive", "2小时", stop='"arrived"', rungs="red due red 30"),
        clause(
            "call", "1个工作日", start='"resolved"', stop='"callback_done"', more="repeat = true"
        ),
        more=DESK,
    )
)


def due(each: Engine, no: str, name: str = "solve") -> str:
    reading = each.assess(f"petition/{no}").reading(name)
    return shown(reading.due) if reading is not None else "-"


def state(each: Engine, no: str, name: str = "solve") -> str:
    reading = each.assess(f"petition/{no}").reading(name)
    return reading.state.value if reading is not None else "-"


def absorbed(each: Engine, no: str) -> list[list[str]]:
    """What a survivor took over, fact by fact, those that were voided too."""
    return [
        [f"{name} {shown(at)}" for name, at in recorded.event.anchors]
        for recorded in each.events(f"petition/{no}")
        if isinstance(recorded.event, Absorbed)
    ]


def opened(no: str, at: str, dispatched: str, **more: str) -> tuple[str, str]:
    fields = " ".join(f"{key}={text}" for key, text in more.items())
    return (
        f"{no}: {at} registered {fields}",
        f"{no}: {dispatched} dispatched unit=U-{no} assignment={no}-1",
    )


TWO = (
    *opened("P1", "2025-06-03 09:00", "2025-06-03 10:00"),
    *opened("P2", "2025-06-05 09:00", "2025-06-05 10:00"),
)


def test_the_survivor_keeps_the_earliest_clock_whichever_of_the_two_it_is() -> None:
    for duplicate, survivor in (("P1", "P2"), ("P2", "P1")):
        with engine("2025-06-03 08:00", RULES) as each:
            send(each, *TWO)
            send(each, f"{duplicate}: 2025-06-06 10:00 merged into={survivor}")
            assert due(each, survivor) == "2025-06-17 24:00"
            assert state(each, duplicate) == "cancelled"
            assert each.verify().identical


def test_both_sides_are_recorded_in_one_commit_with_their_link() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO)
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        (taken,) = [
            event for event in each.events("petition/P2") if isinstance(event.event, Absorbed)
        ]
        assert isinstance(taken.event, Absorbed)
        assert (taken.event.duplicate, taken.meta.cause) == ("P1", "petition/P1")
        assert taken.event.anchors == (("dispatched", instant("2025-06-03 10:00")),)
        assert taken.meta.pack == RULES.packs[0].digest
        merged = each.events("petition/P1")[-1]
        assert taken.position == merged.position + 1


def test_a_chain_of_merges_hands_the_earliest_clock_on() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, *opened("P3", "2025-06-06 09:00", "2025-06-06 10:00"))
        send(each, "P1: 2025-06-09 10:00 merged into=P2")
        send(each, "P2: 2025-06-09 11:00 merged into=P3")
        assert due(each, "P3") == "2025-06-17 24:00"


def test_a_chain_of_merges_may_be_learned_in_any_order() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, *opened("P3", "2025-06-06 09:00", "2025-06-06 10:00"))
        send(each, "P2: 2025-06-09 11:00 merged into=P3")
        assert due(each, "P3") == "2025-06-19 24:00"
        send(each, "P1: 2025-06-09 10:00 merged into=P2 known=2025-06-10T10:00")
        assert due(each, "P3") == "2025-06-17 24:00"


def test_a_clock_older_than_the_first_dispatch_is_the_first_units() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(
            each,
            *opened("P1", "2025-06-03 09:00", "2025-06-03 10:00"),
            "P2: 2025-06-05 09:00 registered",
        )
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        to(each, "2025-06-18 10:00")
        send(each, "P2: 2025-06-18 11:00 dispatched unit=U2 assignment=A2")
        (first, second) = each.dossier("petition/P2").acts[("solve", "1", "red")]
        assert (first.fired.unit, first.stands) == ("", False)
        assert (second.fired.unit, second.stands) == ("U2", True)


def test_what_was_done_about_the_duplicate_was_done_about_the_matter() -> None:
    """Without it the merge itself would make a breach of a promise that was kept."""
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, "P1: 2025-06-03 11:00 step_done step=arrived")
        to(each, "2025-06-06 09:00")
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert state(each, "P2", "arrive") == "met"
        assert due(each, "P2", "arrive") == "2025-06-03 12:00"
        acts = each.dossier("petition/P2").acts[("arrive", "1", "red")]
        assert [act.stands for act in acts] == [False]


def test_a_closure_that_did_not_hold_closes_nothing_in_the_survivor() -> None:
    """Whoever is merged is open, so a closure in its past was followed by rework."""
    with engine("2025-06-03 08:00", RULES) as each:
        send(
            each,
            *TWO[:2],
            "P1: 2025-06-04 10:00 resolved",
            "P1: 2025-06-04 11:00 callback_done satisfied=false",
            "P1: 2025-06-04 12:00 rework_ordered unit=U1 assignment=P1-2 reason=x",
            *TWO[2:],
        )
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert state(each, "P2") == "running"
        assert state(each, "P2", "call") == "-"


def test_what_is_handed_on_starts_no_repeating_clock() -> None:
    again = clause("again", "1日", start='"arrived"', stop='"told_one"', more="repeat = true")
    arrive = clause("arrive", "2小时", stop='"arrived"')
    with engine("2025-06-03 08:00", rules_of(pack_of(arrive, again))) as each:
        send(each, *TWO, "P1: 2025-06-03 11:00 step_done step=arrived")
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert (state(each, "P2", "arrive"), state(each, "P2", "again")) == ("met", "-")


def test_what_an_assisting_unit_did_about_the_duplicate_is_not_handed_on() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(
            each,
            "P1: 2025-06-03 09:00 registered",
            "P1: 2025-06-03 10:00 dispatched unit=U9 assignment=P1-1 lead=false",
            *TWO[2:],
        )
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert due(each, "P2") == "2025-06-19 24:00"


# ------------------------------------------------------------------------ what is learned later


def test_what_is_learned_of_the_duplicate_after_the_merge_counts_as_if_it_had_come_before() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(
            each,
            "P1: 2025-06-03 09:00 registered",
            *opened("P2", "2025-06-05 09:00", "2025-06-05 10:00"),
        )
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert due(each, "P2") == "2025-06-19 24:00"
        send(each, "P1: 2025-06-03 10:00 dispatched unit=U1 known=2025-06-09T10:00")
        assert due(each, "P2") == "2025-06-17 24:00"
        assert absorbed(each, "P2") == [[], ["dispatched 2025-06-03 10:00"]]
        (arrive,) = each.dossier("petition/P2").acts[("arrive", "1", "red")]
        assert not arrive.stands
        assert each.verify().identical


def test_an_anchor_of_the_duplicate_that_is_voided_is_taken_back() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        first, second = opened("P1", "2025-06-03 09:00", "2025-06-03 10:00")
        send(each, first, f"{second} id=d1", *opened("P2", "2025-06-05 09:00", "2025-06-05 10:00"))
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        send(each, "P1: 2025-06-09 10:00 voided fact=test:d1 ground=x")
        assert due(each, "P2") == "2025-06-19 24:00"


def test_a_merge_that_is_voided_leaves_two_petitions_as_if_it_had_never_been() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO)
        send(each, "P1: 2025-06-06 10:00 merged into=P2 id=m1")
        to(each, "2025-06-18 10:00")
        assert each.dossier("petition/P2").acts
        send(each, "P1: 2025-06-18 10:00 voided fact=test:m1 ground=x")
        assert (due(each, "P1"), state(each, "P1")) == ("2025-06-17 24:00", "overdue")
        assert (due(each, "P2"), state(each, "P2")) == ("2025-06-19 24:00", "running")
        acts = each.dossier("petition/P2").acts[("solve", "1", "red")]
        assert [act.stands for act in acts] == [False]
        assert each.verify().identical


def test_what_changes_nothing_for_the_survivor_is_not_written_to_it() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO)
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        send(each, "P1: 2025-06-04 10:00 accepted known=2025-06-09T10:00")
        assert absorbed(each, "P2") == [["dispatched 2025-06-03 10:00"]]


# ------------------------------------------------------------------------------- what cannot be


@pytest.mark.parametrize("into", ["P9", "P1"])
def test_a_petition_is_merged_into_another_one_that_there_is(into: str) -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO)
        (outcome,) = send(each, f"P1: 2025-06-06 10:00 merged into={into}")
        assert statuses([outcome]) == ["MERGE_IMPOSSIBLE"]
        assert (outcome.faults[0].where, outcome.faults[0].found) == ("into", into)
        assert state(each, "P1") == "running"


def test_the_other_petition_must_have_been_open_when_the_two_were_merged() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, "P2: 2025-06-06 09:00 resolved")
        late = "P1: 2025-06-06 10:00 merged into=P2"
        early = "P1: 2025-06-06 08:59 merged into=P2 known=2025-06-06T10:00"
        assert statuses(send(each, late)) == ["MERGE_IMPOSSIBLE"]
        assert statuses(send(each, early)) == ["recorded"]


def test_two_petitions_are_not_merged_into_each_other() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO)
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        crossed = "P2: 2025-06-06 09:00 merged into=P1 known=2025-06-06T11:00"
        assert statuses(send(each, crossed)) == ["MERGE_IMPOSSIBLE"]


def test_nor_round_in_a_circle() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, *opened("P3", "2025-06-05 11:00", "2025-06-05 12:00"))
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        send(each, "P2: 2025-06-06 11:00 merged into=P3")
        circle = "P3: 2025-06-06 09:00 merged into=P1 known=2025-06-06T12:00"
        assert statuses(send(each, circle)) == ["MERGE_IMPOSSIBLE"]


def test_a_circle_that_voids_close_behind_the_engines_back_stops_nobody() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *TWO, *opened("P3", "2025-06-05 11:00", "2025-06-05 12:00"))
        send(each, "P1: 2025-06-06 10:00 merged into=P2 id=m1")
        send(each, "P1: 2025-06-06 11:00 voided fact=test:m1 ground=x id=v1")
        send(each, "P2: 2025-06-06 12:00 merged into=P1")
        send(each, "P1: 2025-06-06 13:00 voided fact=test:v1 ground=y")
        lost = "P3: 2025-06-06 14:00 merged into=P1"
        assert statuses(send(each, lost)) == ["MERGE_IMPOSSIBLE"]


# ------------------------------------------------------------------------------- different rules


def test_a_duplicate_may_be_older_than_the_survivors_pack() -> None:
    old = pack_of(clause("solve", "15日"), name="old")
    new = pack_of(clause("solve", "15日"), name="new", since="2025-06-01")
    with engine("2025-05-20 08:00", rules_of(new, old)) as each:
        send(each, *opened("P1", "2025-05-21 09:00", "2025-05-21 10:00", pack="old"))
        send(each, *opened("P2", "2025-06-03 09:00", "2025-06-03 10:00", pack="new"))
        outcomes = send(
            each, "P1: 2025-06-04 09:00 merged into=P2", "P3: 2025-06-04 09:00 registered"
        )
        assert statuses(outcomes) == ["recorded", "recorded"]
        assert due(each, "P2") == "2025-06-05 24:00"


def test_a_clock_kept_in_a_merge_keeps_its_edition() -> None:
    old = pack_of(clause("solve", "15日"))
    new = pack_of(clause("solve", "5日"), edition="2", since="2025-06-05")
    with engine("2025-06-03 08:00", rules_of(new, old)) as each:
        send(each, *TWO)
        assert due(each, "P2") == "2025-06-10 24:00"
        send(each, "P1: 2025-06-06 10:00 merged into=P2")
        assert due(each, "P2") == "2025-06-18 24:00"
        reading = each.assess("petition/P2").reading("solve")
        assert reading is not None
        assert reading.cycle.pack.edition == "1"


def test_a_clock_kept_in_a_merge_is_kept_under_rules_asked_for_on_review() -> None:
    """Registered 06-03 and merged after the second edition began: judged as of 06-03."""
    old = pack_of(clause("solve", "15日"))
    new = pack_of(clause("solve", "5日"), edition="2", since="2025-06-05")
    with engine("2025-06-03 08:00", rules_of(new, old)) as each:
        send(each, *TWO, "P1: 2025-06-06 10:00 merged into=P2")
        now = each.clock.now()
        edit = Moved("@3", instant("2025-06-06 11:00"))
        absorbed = each.events("petition/P2")[2]
        assert isinstance(absorbed.event, Absorbed)
        for asked, expected in (
            (Question(known_at=now), "2025-06-18 24:00"),
            (Question(known_at=now, calendar=now), "2025-06-18 24:00"),
            (Question(known_at=now, pack="demo@2"), "2025-06-08 24:00"),
            (Question(known_at=now, edits=(edit,)), "2025-06-18 24:00"),
        ):
            answer = each.replay("petition/P2", asked).assessment
            reading = answer.reading("solve")
            assert reading is not None
            assert reading.cycle.start.inherited
            assert shown(reading.due) == expected

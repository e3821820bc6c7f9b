"""A dossier read in the order in which things happened."""

from itertools import permutations

from sla_engine.dossier.chronicle import Chronicle, order, read
from sla_engine.dossier.events import ExtensionGranted, Resumed, StepDone, Suspended
from sla_engine.dossier.fold import fold
from sla_engine.petition.events import (
    Accepted,
    Dispatched,
    Registered,
    Resolved,
    ReturnRuled,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION
from sla_engine.record import Event
from tests.support.given import Matter, clause, pack_of, recorded, rules_of

OPENING = Registered("P1", "demo", "投诉", "CN-3704")
RULES = rules_of(pack_of(clause("solve", "10个工作日")))


def chronicle(*facts: tuple[int, Event]) -> Chronicle:
    """Facts as (when, what), recorded in this order."""
    events = (
        recorded(event, at=at, version=version, key=f"k{at}")
        for version, (at, event) in enumerate(facts, 1)
    )
    return read(fold("petition/P1", events), PETITION)


def test_the_order_of_recording_does_not_matter() -> None:
    facts: list[tuple[int, Event]] = [
        (1, OPENING),
        (2, Dispatched("U1", "A1")),
        (3, Suspended("P-HEAR")),
        (4, Resumed()),
    ]
    expected = None
    for arrival in permutations(facts):
        found = chronicle(*arrival)
        seen = (
            found.phase,
            [(mark.name, mark.at, mark.lane) for mark in found.marks],
            [(pause.start, pause.end) for pause in found.pauses],
            found.traits,
        )
        expected = expected or seen
        assert seen == expected


def test_facts_of_one_instant_stand_by_sequence_then_by_rank_then_by_key() -> None:
    late = recorded(OPENING, at=5, seq=2)
    early = recorded(Accepted(), at=5, seq=1)
    assert order(early) < order(late)
    assert order(recorded(OPENING, at=5)) < order(recorded(Accepted(), at=5))
    assert order(recorded(Accepted(), at=5, key="a")) < order(recorded(Accepted(), at=5, key="b"))


def test_a_reading_up_to_a_fact_ends_before_it() -> None:
    matter = Matter(
        RULES,
        "2025-06-03 09:00 registered",
        "2025-06-03 10:00 dispatched unit=U1",
        "2025-06-03 11:00 accepted",
    )
    dispatched = matter.dossier.facts[1]
    assert read(matter.dossier, PETITION, dispatched).phase == "registered"
    assert matter.chronicle.phase == "in_progress"


def test_a_mark_says_when_it_was_learned_and_by_which_fact() -> None:
    found = chronicle((9, OPENING), (2, StepDone("arrived")))
    mark = found.first(frozenset({"arrived"}))
    assert mark is not None
    assert (mark.at, mark.known_at, mark.fact.version) == (2, 2, 2)
    assert found.first(frozenset({"arrived"}), lane="A1") is None
    assert found.first(frozenset({"resolved"})) is None


def test_a_step_of_a_milestone_goes_by_its_own_name() -> None:
    found = chronicle((1, OPENING), (2, StepDone("arrived")))
    assert [mark.name for mark in found.marks] == ["registered", "arrived"]


def test_a_second_suspension_and_a_resumption_without_one_change_nothing() -> None:
    """Imported history may hold both."""
    found = chronicle(
        (1, OPENING), (2, Resumed()), (3, Suspended("a")), (4, Suspended("b")), (5, Resumed())
    )
    assert [(pause.ground, pause.start, pause.end) for pause in found.pauses] == [("a", 3, 5)]
    assert not found.suspended


def test_a_resumption_after_the_end_of_the_work_changes_nothing() -> None:
    """Logs may hold one: it was once taken."""
    facts = ((1, OPENING), (2, Dispatched("U1", "A1")), (3, Suspended("a")), (4, Resolved()))
    found = chronicle(*facts, (5, Resumed()), (6, ReworkOrdered("U1", "A2", "x")))
    assert [(pause.start, pause.end) for pause in found.pauses] == [(3, 4)]


def test_a_suspension_that_reaches_into_rework_ends_with_its_order() -> None:
    """It was told before the end of the work that lies before it."""
    facts = ((1, OPENING), (2, Resolved()), (3, Suspended("a")))
    found = chronicle(*facts, (4, ReworkOrdered("U1", "A2", "x")))
    assert [(pause.start, pause.end) for pause in found.pauses] == [(3, 4)]


def test_a_grant_without_a_request_grants_nothing() -> None:
    assert chronicle((1, OPENING), (2, ExtensionGranted("E1", "L"))).grants == []


def test_the_end_of_a_lane_that_is_not_there_ends_nothing() -> None:
    found = chronicle((1, OPENING), (2, ReturnRuled(True)), (3, Dispatched("U1", "A1")))
    assert found.lanes.all["A1"].ended_at is None
    assert found.lanes.current is found.lanes.all["A1"]


def test_a_lane_that_was_ended_is_not_ended_again() -> None:
    found = chronicle(
        (1, OPENING),
        (2, Dispatched("U1", "A1")),
        (3, ReturnRuled(True, assignment="A1")),
        (4, Dispatched("U2", "A2", replaces="A1")),
    )
    assert found.lanes.all["A1"].ended_at == 3


def test_a_void_names_what_it_took_away() -> None:
    matter = Matter(RULES, "2025-06-03 09:00 registered", "2025-06-03 10:00 admitted id=a1")
    matter.take("2025-06-03 11:00 voided fact=test:a1 ground=x")
    ((fact, void),) = matter.chronicle.voids
    assert (fact.version, void.version) == (2, 3)
    assert [mark.name for mark in matter.chronicle.marks] == ["registered"]

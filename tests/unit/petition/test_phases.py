"""Which facts each phase of a petition allows; everything else is refused, and told why."""

import pytest

from tests.support.given import Matter, clause, pack_of, rules_of

EXTENSION = '{ max_count = 1, basis = ["测试"] }'
RULES = rules_of(pack_of(clause("solve", "10个工作日", extension=EXTENSION, pauses='["P-HEAR"]')))

TO = {
    "registered": "2025-06-03 09:00 registered",
    "admitted": "2025-06-03 09:10 admitted",
    "dispatched": "2025-06-03 09:20 dispatched unit=U1 assignment=A1",
    "accepted": "2025-06-03 09:30 accepted",
    "return_requested": "2025-06-03 09:40 return_requested reason=x",
    "granted": "2025-06-03 09:50 return_ruled granted=true",
    "refused": "2025-06-03 09:50 return_ruled granted=false",
    "resolved": "2025-06-04 09:00 resolved",
    "satisfied": "2025-06-04 10:00 callback_done satisfied=true",
    "unsatisfied": "2025-06-04 10:00 callback_done satisfied=false",
    "unsolved": "2025-06-04 10:00 callback_done satisfied=true solved=false",
    "rework": "2025-06-04 11:00 rework_ordered unit=U1 assignment=A2 reason=x",
    "closed": "2025-06-04 10:00 closed",
    "declined": "2025-06-03 09:20 declined ground=x",
    "merged": "2025-06-03 09:45 merged into=P2",
    "withdrawn": "2025-06-03 09:45 withdrawn",
}
START = ("registered", "admitted", "dispatched")

PATHS = {
    "registered": ("registered",),
    "admitted": ("registered", "admitted"),
    "dispatched": START,
    "in_progress": (*START, "accepted"),
    "return_requested": (*START, "return_requested"),
    "returned": (*START, "return_requested", "granted"),
    "resolved": (*START, "resolved"),
    "closed": (*START, "resolved", "closed"),
    "declined": ("registered", "admitted", "declined"),
    "merged": (*START, "merged"),
    "withdrawn": (*START, "withdrawn"),
}

EVER = "excluded exclusion_lifted"
LIVE = f"{EVER} step_done resumed extension_granted extension_denied"
WORK = f"{LIVE} suspended extension_requested"
ALLOWED = {
    "registered": f"{LIVE} admitted declined dispatched merged withdrawn",
    "admitted": f"{LIVE} declined dispatched merged withdrawn",
    "dispatched": f"{WORK} accepted dispatched return_requested resolved merged withdrawn",
    "in_progress": f"{WORK} accepted dispatched return_requested resolved merged withdrawn",
    "return_requested": f"{WORK} dispatched return_ruled resolved merged withdrawn",
    "returned": f"{LIVE} dispatched merged withdrawn",
    "resolved": f"{LIVE} callback_done rated rework_ordered closed",
    "closed": f"{LIVE} callback_done rated rework_ordered closed",
    "declined": EVER,
    "merged": EVER,
    "withdrawn": EVER,
}

LATER = {
    "registered": "registered",
    "admitted": "admitted",
    "declined": "declined ground=x",
    "dispatched": "dispatched unit=U9 assignment=A9",
    "accepted": "accepted",
    "return_requested": "return_requested reason=x",
    "return_ruled": "return_ruled granted=true",
    "resolved": "resolved",
    "callback_done": "callback_done satisfied=true",
    "rated": "rated satisfied=true",
    "excluded": "excluded exclusion=X1 ground=x approver=y",
    "exclusion_lifted": "exclusion_lifted exclusion=X1 approver=y reason=x",
    "rework_ordered": "rework_ordered unit=U9 assignment=A9 reason=x",
    "closed": "closed",
    "merged": "merged into=P2",
    "withdrawn": "withdrawn",
    "step_done": "step_done step=arrived",
    "suspended": "suspended ground=P-HEAR",
    "resumed": "resumed",
    "extension_requested": "extension_requested request=E1 clause=solve amount=5个工作日",
    "extension_granted": "extension_granted request=E1 approver=L",
    "extension_denied": "extension_denied request=E1",
}


def arrived_at(phase: str) -> Matter:
    return Matter(RULES, *(TO[each] for each in PATHS[phase]))


def faults(matter: Matter, line: str) -> dict[str, str]:
    """Code and text of everything that speaks against a line; empty when it may be so."""
    try:
        return {fault.code: fault.en() for fault in matter.refused(line)}
    except AssertionError:
        return {}


@pytest.mark.parametrize("phase", PATHS)
def test_each_path_leads_to_its_phase(phase: str) -> None:
    assert arrived_at(phase).chronicle.phase == phase


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("phase", PATHS)
def test_a_fact_is_possible_exactly_where_the_table_says(phase: str, name: str) -> None:
    found = faults(arrived_at(phase), f"2025-06-04 15:00 {LATER[name]}")
    assert ("PHASE_IMPOSSIBLE" not in found) == (name in ALLOWED[phase].split())


@pytest.mark.parametrize("phase", PATHS)
def test_a_refusal_names_the_phase_and_all_that_is_allowed_in_it(phase: str) -> None:
    impossible = next(name for name in LATER if name not in ALLOWED[phase].split())
    (fault, *_) = arrived_at(phase).refused(f"2025-06-04 15:00 {LATER[impossible]}")
    assert (fault.code, fault.where, fault.found) == ("PHASE_IMPOSSIBLE", phase, impossible)
    # A merge has another side that only the engine records.
    absorbed = {"absorbed"} if ALLOWED[phase] != EVER else set()
    assert set(fault.allowed.split(", ")) - {""} == set(ALLOWED[phase].split()) | absorbed


@pytest.mark.parametrize(
    ("path", "phase"),
    [
        ((*START, "return_requested", "refused"), "dispatched"),
        ((*START, "resolved", "satisfied"), "closed"),
        ((*START, "resolved", "unsatisfied"), "resolved"),
        ((*START, "resolved", "unsolved"), "resolved"),
        ((*START, "resolved", "unsatisfied", "rework"), "dispatched"),
        ((*START, "resolved", "closed", "rework"), "dispatched"),
    ],
)
def test_some_facts_decide_the_phase_by_what_they_say(path: tuple[str, ...], phase: str) -> None:
    assert Matter(RULES, *(TO[each] for each in path)).chronicle.phase == phase


def test_a_satisfied_callback_is_followed_by_the_archive() -> None:
    path = (*START, "resolved", "satisfied")
    matter = Matter(RULES, *(TO[each] for each in path), "2025-06-05 09:00 closed")
    assert matter.chronicle.phase == "closed"


def test_a_petition_archived_first_can_still_be_called_back_and_reworked() -> None:
    path = (*START, "resolved", "closed")
    matter = Matter(
        RULES,
        *(TO[each] for each in path),
        "2025-06-05 09:00 callback_done satisfied=false",
        "2025-06-05 10:00 rework_ordered unit=U1 assignment=A2 reason=x",
    )
    assert matter.chronicle.phase == "dispatched"


def test_a_fact_is_judged_at_its_own_place_in_time() -> None:
    matter = arrived_at("resolved")
    assert matter.codes("2025-06-04 09:30 accepted") == ["PHASE_IMPOSSIBLE"]
    assert faults(matter, "2025-06-03 10:00 accepted known=2025-06-04T15:00") == {}


def test_a_premature_fact_is_taken_once_its_predecessor_has_come() -> None:
    matter = arrived_at("admitted")
    late = "2025-06-03 10:00 accepted known=2025-06-03T12:00"
    assert matter.codes(late) == ["PHASE_IMPOSSIBLE"]
    matter.take("2025-06-03 09:20 dispatched unit=U1 known=2025-06-03T12:30")
    assert faults(matter, late) == {}


def test_before_the_registration_nothing_is_possible() -> None:
    matter = arrived_at("registered")
    assert matter.codes("2025-06-03 08:00 admitted known=2025-06-03T10:00") == ["PHASE_IMPOSSIBLE"]


def test_a_fact_of_a_talk_is_none_of_a_petition() -> None:
    from sla_engine.dossier.decide import common_faults
    from sla_engine.petition.kind import PETITION
    from sla_engine.record import Draft, Meta
    from sla_engine.talk.events import TalkApproved

    matter = arrived_at("registered")
    at = matter.dossier.opening.meta.occurred_at + 1
    draft = Draft(Meta(occurred_at=at, recorded_at=at), TalkApproved("L"))
    _, found = common_faults(matter.dossier, PETITION, draft, at, 0)
    assert [(fault.code, fault.found) for fault in found] == [("NOT_OF_THIS_KIND", "approved")]
    assert "dispatched" in found[0].allowed


def test_a_fact_from_the_future_is_refused_with_both_instants() -> None:
    (fault,) = arrived_at("registered").refused("2025-06-03 11:00 admitted known=2025-06-03T10:59")
    assert (fault.code, fault.where) == ("IN_THE_FUTURE", "at")
    assert (fault.found, fault.allowed) == (
        "2025-06-03T11:00:00+08:00",
        "2025-06-03T10:59:00+08:00",
    )


def test_every_fault_is_named_at_once() -> None:
    found = arrived_at("registered").codes("2025-06-03 11:00 accepted known=2025-06-03T10:59")
    assert found == ["IN_THE_FUTURE", "PHASE_IMPOSSIBLE"]

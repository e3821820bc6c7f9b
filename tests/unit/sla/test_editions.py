"""Editions of a pack: each clock is judged by the one in force when it started, for ever."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.policy.rulebook import Rulebook
from tests.support.given import CALENDAR, Matter, clause, notice, pack_of, rules_of

OLD = pack_of(clause("solve", "10个工作日"))
NEW = pack_of(clause("solve", "5个工作日"), edition="2", since="2025-07-01")
OPENED = ("2025-06-25 09:00 registered", "2025-06-25 10:00 dispatched unit=U1 assignment=A1")


def test_a_clock_stays_with_the_edition_it_started_under() -> None:
    matter = Matter(rules_of(NEW, OLD), *OPENED)
    assert matter.due("solve", "2025-07-20 09:00") == "2025-07-09 24:00"
    assert matter.reading("solve", "2025-07-20 09:00").cycle.pack.edition == "1"


def test_an_edition_learned_later_does_not_touch_a_running_clock() -> None:
    matter = Matter(rules_of(OLD), *OPENED)
    assert matter.under(rules_of(NEW, OLD)).due("solve") == "2025-07-09 24:00"


def test_a_fact_after_the_change_starts_a_clock_of_the_new_edition() -> None:
    matter = Matter(
        rules_of(NEW, OLD), "2025-06-25 09:00 registered", "2025-07-01 00:00 dispatched unit=U1"
    )
    assert matter.due("solve") == "2025-07-08 24:00"


def test_an_edition_counts_only_once_it_is_known() -> None:
    late = pack_of(
        clause("solve", "5个工作日"),
        edition="2",
        since="2025-06-20",
        more="recorded_at = 2025-06-27T09:00:00+08:00",
    )
    rules = rules_of(late, OLD)
    assert Matter(rules, *OPENED).due("solve") == "2025-07-09 24:00"
    learned = Matter(rules, OPENED[0], f"{OPENED[1]} known=2025-06-27T10:00")
    assert learned.due("solve") == "2025-07-02 24:00"


def test_what_is_allowed_is_asked_of_the_edition_in_force_at_the_time() -> None:
    stricter = pack_of(
        clause("solve", "5个工作日", extension='{ max_count = 1, basis = ["测试"] }'),
        edition="2",
        since="2025-07-01",
    )
    matter = Matter(rules_of(stricter, OLD), *OPENED)
    ask = "extension_requested request=E1 clause=solve amount=5个工作日"
    assert matter.codes(f"2025-06-30 09:00 {ask}") == ["EXTENSION_IMPOSSIBLE"]
    # The new edition knows extensions, but the clock that runs is not one of its own.
    matter.take(f"2025-07-02 09:00 {ask}")
    assert matter.codes("2025-07-02 10:00 extension_granted request=E1 approver=L") == [
        "EXTENSION_IMPOSSIBLE"
    ]


ENDED = pack_of(clause("solve", "10个工作日"), more="effective_to = 2025-07-01")


def test_a_matter_opened_under_a_pack_that_ends_is_finished_under_it() -> None:
    """A trial scheme runs out; what it began must still be accepted, solved and archived."""
    matter = Matter(rules_of(ENDED), *OPENED, "2025-07-02 09:00 accepted")
    matter.take("2025-07-03 10:00 resolved")
    assert matter.state("solve", "2025-07-04 09:00") == "met"


def test_nothing_new_is_opened_under_it() -> None:
    assert Matter(rules_of(ENDED)).codes("2025-07-01 09:00 registered") == ["POLICY_NOT_IN_FORCE"]


def test_a_pack_that_is_gone_is_refused_by_name_of_its_digest() -> None:
    matter = Matter(rules_of(OLD), *OPENED).under(rules_of(NEW))
    with pytest.raises(Refusal) as refused:
        matter.assess("2025-06-26 09:00")
    (fault,) = refused.value.faults
    assert (fault.code, fault.where, fault.found) == ("RULES_CHANGED", "pack", OLD.digest)


def test_a_pack_file_that_was_edited_after_release_is_noticed() -> None:
    edited = pack_of(clause("solve", "11个工作日"))
    with pytest.raises(Refusal, match=r"RULES_CHANGED|a data file has changed"):
        Matter(rules_of(OLD), *OPENED).under(rules_of(edited)).assess("2025-06-26 09:00")


def test_a_calendar_that_is_gone_is_refused_by_name_of_its_digest() -> None:
    extra = CALENDAR.with_notice(notice("2025-06-20", "2025-06-20 09:00", off="2025-06-26"))
    matter = Matter(Rulebook({"cn": extra}, [OLD]), *OPENED)
    with pytest.raises(Refusal) as refused:
        matter.under(rules_of(OLD)).assess("2025-06-26 09:00")
    (fault,) = refused.value.faults
    assert (fault.code, fault.where) == ("RULES_CHANGED", "calendar CN-3704")

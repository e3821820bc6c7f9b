"""Where two replays part, and why: classified, aligned, with the first step that differs."""

from typing import Any

import pytest

from sla_engine.dossier.events import TermRefixed
from sla_engine.errors import Refusal
from sla_engine.replay.causes import RuleCause, causes, smallest
from sla_engine.replay.diff import Difference, What, diff, summary
from sla_engine.replay.question import Added, Moved, Question, Removed
from sla_engine.replay.replay import replay
from tests.support.given import Matter, clause, instant, notice, pack_of, rules_of

RULES = rules_of(
    pack_of(clause("solve", "7个工作日"), name="slow"),
    pack_of(
        clause("solve", "3个工作日", rungs="warn due-1个工作日 warn 10; red due+1个工作日 red 30"),
        clause("hand", "1个工作日", scope='"assignment"', stop='"accepted"'),
    ),
)
# Tue 06-03; 4, 5, 6 are the three working days, due 06-06 24:00; red on Mon 06-09 at 09:00.
LINES = (
    "2025-06-03 09:00 registered id=r",
    "2025-06-03 10:00 dispatched id=d unit=U1",
    "2025-06-09 10:00 resolved id=s",
)
NOW = instant("2025-06-20 09:00")
PLAIN = Question(known_at=NOW)
OFF = notice("2025-06-04", "2025-06-04 12:00", off="2025-06-05..2025-06-06")


def compared(matter: Matter, after: Question, before: Question = PLAIN) -> Difference:
    one, other = (replay(matter.stream, matter.log, matter.rules, each) for each in (before, after))
    return diff(one, other)


def changes(found: Difference) -> list[tuple[Any, ...]]:
    return [(each.what.value, *each.key) for each in found.changes]


def test_equal_questions_part_nowhere() -> None:
    found = compared(Matter(RULES, *LINES), PLAIN)
    assert found.changes == ()
    assert found.before.result == found.after.result
    assert found.before.inputs == found.after.inputs


def test_the_digest_of_the_inputs_is_the_same_wherever_the_facts_lie() -> None:
    matter = Matter(RULES, *LINES)
    fields = {"unit": "U2", "assignment": "A2"}
    turned = dict(reversed(fields.items()))
    edits = [Added("w:1", "petition.dispatched/1", NOW, each) for each in (fields, turned)]
    elsewhere = [each._replace(position=each.position + 9) for each in matter.log]
    one, other = (
        replay(matter.stream, log, RULES, Question(known_at=NOW, edits=(edit,)))
        for log, edit in zip((matter.log, elsewhere), edits, strict=True)
    )
    assert (one.inputs, one.result) == (other.inputs, other.result)
    asked = Question(known_at=NOW, calendar=NOW)
    assert replay(matter.stream, matter.log, RULES, asked).inputs != one.inputs


def test_a_fact_known_in_time_flips_the_verdict_and_takes_the_card() -> None:
    matter = Matter(RULES, *LINES)
    found = compared(
        matter, Question(known_at=NOW, edits=(Moved("test:s", instant("2025-06-06 17:00")),))
    )
    assert changes(found) == [("verdict_flipped", "solve", "1"), ("act_gone", "solve", "1", "red")]
    (flip,) = found.flipped
    assert (flip.before, flip.after) == ("late", "met")
    assert summary(found.changes) == {"verdict_flipped": 1, "act_gone": 1}


def test_another_pack_moves_the_due_instant_and_says_at_which_step() -> None:
    matter = Matter(RULES, *LINES)
    found = compared(matter, Question(known_at=NOW, pack="slow@1", instead_of="demo"))
    (moved,) = found.of(What.DUE_MOVED)
    assert [moved.before, moved.after] == [
        instant("2025-06-06 24:00"),
        instant("2025-06-12 24:00"),
    ]
    assert moved.parting is not None
    # The start, the days 4, 5 and 6; then the one ends and the other meets a Saturday.
    assert moved.parting.number == 5
    assert moved.parting.before is not None
    assert "24" in moved.parting.before.zh
    assert ("clock_gone", "hand", "d") in changes(found)


def test_another_unit_is_another_recipient() -> None:
    matter = Matter(RULES, *LINES)
    passed = Added(
        "test:again",
        "petition.dispatched/1",
        instant("2025-06-04 10:00"),
        {"unit": "U2", "assignment": "A2"},
    )
    found = compared(matter, Question(known_at=NOW, edits=(passed,)))
    assert ("recipient_changed", "solve", "1", "red") in changes(found)
    assert ("unit_changed", "solve", "1") in changes(found)
    assert ("clock_added", "hand", "A2") in changes(found)


def test_what_was_known_earlier_has_another_phase_and_fewer_acts() -> None:
    matter = Matter(RULES, *LINES)
    found = compared(matter, PLAIN, Question(known_at=instant("2025-06-06 10:00")))
    assert found.changes[0].what is What.PHASE_CHANGED
    assert ("act_added", "solve", "1", "red") in changes(found)


# ------------------------------------------------------------------------------------------ causes


def reasons(matter: Matter, before: Question, after: Question) -> list[str]:
    found = causes(matter.stream, matter.log, matter.rules, before, after, ("solve", "1"))
    return [
        each.what if isinstance(each, RuleCause) else (each.after or each.before).meta.key  # type: ignore[union-attr] # one of them is there
        for each in found
    ]


def test_the_one_fact_that_flips_a_verdict_is_found_among_many() -> None:
    matter = Matter(RULES, *LINES)
    edits = (
        Moved("test:s", instant("2025-06-06 17:00")),
        Moved("test:r", instant("2025-06-03 08:30")),
        Added("test:a", "petition.accepted/1", instant("2025-06-03 11:00"), {}),
        Added("test:b", "dossier.step_done/1", instant("2025-06-04 11:00"), {"step": "arrived"}),
    )
    assert reasons(matter, PLAIN, Question(known_at=NOW, edits=edits)) == ["s"]


def test_causes_that_only_work_together_are_all_named() -> None:
    """Resolved on the 11th: neither the longer limit nor the earlier day alone would do."""
    lines = (*LINES[:2], "2025-06-17 10:00 resolved id=s")
    matter = Matter(RULES, *lines)
    both = Question(
        known_at=NOW,
        pack="slow@1",
        instead_of="demo",
        edits=(Moved("test:s", instant("2025-06-11 10:00")),),
    )
    assert sorted(reasons(matter, PLAIN, both)) == ["pack", "s"]


def test_a_calendar_that_flips_a_verdict_is_the_cause() -> None:
    """Off on 06-05 and 06-06, as a notice says that came out on the 4th: due 06-10 24:00."""
    rules = RULES.with_notice(
        notice("2025-06-04", "2025-06-04 12:00", off="2025-06-05..2025-06-06")
    )
    matter = Matter(rules, *LINES)
    before = Question(known_at=NOW, calendar=instant("2025-06-01 09:00"))
    after = Question(known_at=NOW, calendar=NOW)
    assert reasons(matter, before, after) == ["calendar"]


def test_a_notice_that_a_term_was_refixed_by_is_the_cause_where_it_is_left_out() -> None:
    """Off on 06-05 and 06-06, as was learned on the 4th: met under that, late without it."""
    matter = Matter(RULES.with_notice(OFF), *LINES)
    assert any(isinstance(each.event, TermRefixed) for each in matter.log)
    without = Question(known_at=NOW, without=(OFF.citation,))
    assert reasons(matter, PLAIN, without) == ["calendar"]


def test_a_refixing_is_moved_with_the_calendar_that_it_brought() -> None:
    """Published on the 4th, and still so: the term that it makes is the same on the 7th."""
    matter = Matter(RULES.with_notice(OFF), *LINES)
    refixed = next(each for each in matter.log if isinstance(each.event, TermRefixed))
    moved = Moved(f"@{refixed.version}", instant("2025-06-07 09:00"))
    found = compared(matter, Question(known_at=NOW, edits=(moved,)))
    assert "solve" in {each.clause.id for each in found.after.assessment.readings}
    assert found.changes == ()


def test_a_calendar_with_a_notice_left_out_is_the_one_known_to_whoever_leaves_it_out() -> None:
    """A day off that was learned on the 17th would make the term long enough again."""
    later = notice("2025-06-17", "2025-06-17 12:00", off="2025-06-04", region="CN-3704")
    matter = Matter(RULES.with_notice(OFF).with_notice(later), *LINES)
    then = Question(known_at=instant("2025-06-16 09:00"), without=(OFF.citation,))
    assert reasons(matter, PLAIN, then) == ["calendar"]


def test_the_end_of_the_term_may_be_the_only_cause() -> None:
    matter = Matter(RULES, *LINES[:2])
    early = Question(known_at=NOW, at=instant("2025-06-05 09:00"))
    assert reasons(matter, early, PLAIN) == ["at"]


def test_no_cause_is_named_where_both_agree() -> None:
    matter = Matter(RULES, *LINES)
    assert reasons(matter, PLAIN, Question(known_at=NOW, edits=(Removed("test:d"),))) != []
    assert reasons(matter, PLAIN, PLAIN) == []


@pytest.mark.parametrize("wanted", [{3}, {0, 7}, {1, 2, 5}, set(range(8))])
def test_the_smallest_set_is_found_whatever_it_is(wanted: set[int]) -> None:
    asked: list[set[int]] = []

    def flips(some: Any) -> bool:
        asked.append(set(some))
        return wanted <= set(some)

    assert set(smallest(range(8), flips)) == wanted
    assert len(asked) <= 64


def test_rules_that_nobody_knows_are_refused() -> None:
    matter = Matter(RULES, *LINES)
    for question, code in (
        (Question(known_at=NOW, pack="demo@9"), "EDITION_UNKNOWN"),
        (Question(known_at=NOW, pack="none@1"), "POLICY_UNKNOWN"),
        (Question(known_at=NOW, without=("国办〔1900〕1号",)), "NOTICE_UNKNOWN"),
        (Question(known_at=instant("2025-06-01 09:00")), "NOTHING_TO_REPLAY"),
    ):
        with pytest.raises(Refusal) as refusal:
            replay(matter.stream, matter.log, matter.rules, question)
        assert refusal.value.code == code
        assert (code != "NOTHING_TO_REPLAY") or ("2025-06-01T09:00" in str(refusal.value))


def test_a_replay_leaves_rules_and_log_alone() -> None:
    matter = Matter(RULES, *LINES)
    before, known = list(matter.log), RULES.digest
    replay(
        matter.stream, matter.log, RULES, Question(known_at=NOW, pack="slow@1", instead_of="demo")
    )
    assert matter.log == before
    assert RULES.digest == known

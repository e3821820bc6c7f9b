"""What the columns leave to the scalar assessment, what cannot be assessed at all, what differs."""

from pathlib import Path

import msgspec
import pytest

from sla_engine.bulk import parquet
from sla_engine.bulk.answer import Answer
from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.gather import History, gather, partitions
from sla_engine.bulk.impact import Turned, compare, total
from sla_engine.bulk.scalar import Asked
from sla_engine.bulk.whatif import whatif
from sla_engine.petition.events import Absorbed
from sla_engine.policy.clause import Pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Recorded
from sla_engine.replay.question import Question
from sla_engine.replay.rules import restated
from sla_engine.sla.assess import State
from tests.support.bulk import answered, differing, in_columns, replayed
from tests.support.given import Matter, clause, instant, pack_of, rules_of

NOW = instant("2025-07-01 10:00")
PAUSED = ("2025-06-05 10:00 suspended ground=P-TEST", "2025-06-09 10:00 resumed")
DONE = "2025-06-16 10:00 resolved"
BEGUN = "2025-06-03 08:00"


def history(rules: Rulebook, *lines: str, no: str = "P1") -> History:
    """A petition registered and dispatched on 2025-06-03, and what came then."""
    begun = (
        "2025-06-03 09:00 registered pack=demo",
        "2025-06-03 10:00 dispatched unit=U1 assignment=A1",
    )
    stream = f"petition/{no}"
    return stream, Matter(rules, *begun, *lines, stream=stream).log


def about(rules: Rulebook, *given: History) -> Answer:
    """The answer about some petitions, which is that of the scalar assessment."""
    answer = answered(given, Asked(rules, NOW))
    assert list(differing(given, answer, rules)) == []
    return answer


def test_rework_runs_though_the_work_before_it_ended_suspended() -> None:
    redo = clause("redo", "5个工作日", start='"rework_ordered"', pauses='["P-TEST"]')
    rules = rules_of(pack_of(redo))
    again = "2025-06-17 10:00 rework_ordered unit=U1 assignment=A2 reason=x"
    answer = about(rules, history(rules, PAUSED[0], DONE, again))
    (redone,) = in_columns(answer)["petition/P1"]
    assert redone[3] == instant("2025-06-24 24:00")


@pytest.mark.parametrize(
    ("limit", "more"),
    [("7日", 'pauses = ["P-TEST"]\nroll = true'), ("1个月", 'pauses = ["P-TEST"]')],
)
def test_what_the_arrays_do_not_express_is_assessed_singly(limit: str, more: str) -> None:
    rules = rules_of(pack_of(clause("solve", limit, more=more)))
    plain, paused = history(rules, DONE, no="P1"), history(rules, *PAUSED, DONE, no="P2")
    assert about(rules, plain).singly == 0
    assert about(rules, plain, paused).singly == 1


def test_days_and_hours_with_pauses_are_answered_in_columns() -> None:
    solve = clause("solve", "5个工作日", pauses='["P-TEST"]')
    desk = clause("desk", "30个工作小时", pauses='["P-TEST"]', stop='["resolved", "arrived"]')
    rules = rules_of(pack_of(solve, desk))
    answer = about(rules, history(rules, *PAUSED, DONE))
    assert answer.singly == 0
    assert len(answer) == 2


def test_a_clause_that_opens_otherwise_in_a_later_edition_is_assessed_singly() -> None:
    whole = pack_of(clause("solve", "5个工作日"), edition="1")
    laned = pack_of(
        clause("solve", "5个工作日", scope='"assignment"'), edition="2", since="2025-06-10"
    )
    rules = rules_of(whole, laned)
    late = "2025-06-12 10:00 dispatched unit=U2 assignment=A2 replaces=A1"
    assert about(rules, history(rules, late, DONE)).singly == 1


def test_a_petition_whose_rules_are_gone_is_named_and_stops_nobody() -> None:
    rules = rules_of(pack_of(clause("solve", "5个工作日")))
    others = rules_of(pack_of(clause("solve", "9个工作日")))
    lost, sound = history(others, DONE, no="P1"), history(rules, DONE, no="P2")
    answer = about(rules, lost, sound)
    assert [tuple(each) for each in answer.refused] == [("petition/P1", "RULES_CHANGED")]
    assert [answer.stream(row) for row in range(len(answer))] == ["petition/P2"]


def test_clocks_taken_over_in_a_merge_are_judged_together_under_other_rules() -> None:
    """An edition comes into force between the marks taken over: the first of them decides."""
    old = pack_of(clause("solve", "10个工作日"))
    new = pack_of(clause("solve", "3个工作日"), edition="2", since="2025-06-02")
    rules = rules_of(old, new)
    begun = (("registered", instant("2025-05-30 09:00")), ("dispatched", instant(BEGUN)))
    stream, facts = history(rules)
    meta = msgspec.structs.replace(facts[-1].meta, key="m", occurred_at=NOW, recorded_at=NOW)
    absorbed = Recorded(stream, len(facts) + 1, 0, meta, Absorbed("P9", begun))
    question = Question(known_at=NOW, calendar=NOW)
    asked = Asked(restated(rules, question), NOW, NOW, anew=True)
    given = [*facts, absorbed]
    found = in_columns(answered([(stream, given)], asked))[stream]
    assert found == replayed(given, rules, question)
    assert [each[3] for each in found] == [instant("2025-06-17 24:00")]


def test_a_lane_that_was_voided_later_has_a_clock_as_far_as_was_known() -> None:
    rules = rules_of(pack_of(clause("sign", "1个工作日", scope='"assignment"', stop='"accepted"')))
    voided = "2025-06-05 09:00 voided fact=test:again ground=派错"
    again = "2025-06-04 10:00 dispatched unit=U2 assignment=A2 id=again"
    given = history(rules, again, voided)
    for known_at, clocks in ((instant("2025-06-04 12:00"), 2), (NOW, 1)):
        found = whatif([given], rules, Question(known_at=known_at, calendar=known_at))
        assert (found.petitions, found.clocks) == (1, clocks)


def _edition(rules: Rulebook, pack: Pack) -> Asked:
    question = Question(known_at=NOW, pack=f"demo@{pack.edition}")
    return Asked(restated(rules, question), NOW, NOW, anew=True)


def test_an_impact_counts_what_moves_turns_comes_and_goes() -> None:
    old = pack_of(clause("solve", "10个工作日"), clause("seen", "1日", stop='"arrived"'))
    new = pack_of(
        clause("solve", "3个工作日"),
        clause("told", "1日", stop='"told_one"'),
        edition="2",
        since="2026-01-01",
    )
    rules = rules_of(old, new)
    given = [history(rules, DONE, no=f"P{number}") for number in range(3)]
    parts = list(partitions(given, 2))
    before, after = Bulk(Asked(rules, NOW)), Bulk(_edition(rules, new))
    impact = total(compare(before.answer(part), after.answer(part)) for part in parts)
    assert (impact.petitions, impact.clocks, impact.moved) == (3, 3, 3)
    assert (impact.sooner, impact.later, impact.added, impact.removed) == (3, 0, 3, 3)
    assert impact.flipped == {(State.MET, State.LATE): 3}
    assert impact.units == {"U1": Turned(worse=3)}
    assert impact.turned == Turned(3, 0)
    assert impact.longest is None
    assert [each.stream for each in impact.examples] == [
        "petition/P0",
        "petition/P1",
        "petition/P2",
    ]
    back = total(compare(after.answer(part), before.answer(part)) for part in parts)
    assert back.units == {"U1": Turned(better=3)}
    assert back.longest is not None
    assert back.longest.stream == "petition/P0"


def test_parquet_keeps_the_events_of_those_assessed_singly(tmp_path: Path) -> None:
    rules = rules_of(pack_of(clause("solve", "1个月", pauses='["P-TEST"]')))
    part = gather([history(rules, *PAUSED, no="P1"), history(rules, DONE, no="P2")])
    (path,) = parquet.write(tmp_path, [part])
    read = parquet.read(path)
    assert read.recorded([0])[0] == part.recorded([0])[0]
    bulk = Bulk(Asked(rules, NOW))
    answer = bulk.answer(read)
    assert answer.singly == 1
    assert in_columns(answer) == in_columns(bulk.answer(part))


def test_no_petitions_have_no_clocks(tmp_path: Path) -> None:
    rules = rules_of(pack_of(clause("solve", "1个月")))
    assert list(partitions([])) == []
    (path,) = parquet.write(tmp_path, [gather([])])
    answer = Bulk(Asked(rules, NOW)).answer(parquet.read(path))
    assert (len(answer), len(answer.columns.due)) == (0, 0)

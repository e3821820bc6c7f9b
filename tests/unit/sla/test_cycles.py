"""Which clocks run: matching, starts, stops, repetition, and the instants at the boundary."""

import pytest

from sla_engine.sla.cycle import pack_at
from tests.support.given import Matter, clause, pack_of, rules_of, shown, talks

OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1 assignment=A1")
RED = "red due red 30"


def matter_of(*clauses: str, lines: tuple[str, ...] = OPENED) -> Matter:
    return Matter(rules_of(pack_of(*clauses)), *lines)


# ------------------------------------------------------------------------------- the due instant


def test_done_at_the_due_instant_is_on_time() -> None:
    """D23."""
    matter = matter_of(clause("solve", "2小时", rungs=RED)).take("2025-06-03 12:00 resolved")
    assert matter.state("solve", "2025-06-04 09:00") == "met"
    assert matter.touch("2025-06-04 09:00").acts() == []


def test_one_microsecond_later_is_late() -> None:
    matter = matter_of(clause("solve", "2小时", rungs=RED))
    matter.take("2025-06-03 12:00:00.000001 resolved")
    assert matter.state("solve", "2025-06-04 09:00") == "late"
    assert matter.acts() == ["solve/red#0 2025-06-03 12:00:00.000001"]


def test_a_clock_is_running_at_the_due_instant_and_overdue_after_it() -> None:
    matter = matter_of(clause("solve", "2小时"))
    states = [matter.state("solve", f"2025-06-03 {at}") for at in ("12:00", "12:00:00.000001")]
    assert states == ["running", "overdue"]


def test_an_act_on_the_first_natural_day_past_due_is_an_act_against_the_late_alone() -> None:
    """The first instant of that day is the due instant itself, and that is on time."""
    solve = clause("solve", "15日", rungs="red due+1日 red 30")
    matter = matter_of(solve).touch("2025-06-18 24:00").take("2025-06-18 24:00 resolved")
    assert (matter.acts(), matter.state("solve", "2025-06-20 09:00")) == ([], "met")
    late = matter_of(solve).take("2025-06-19 00:00:00.000001 resolved")
    assert late.standing() == ["solve/red#0 2025-06-19 00:00:00.000001"]


def test_the_breach_is_told_with_the_due_instant_it_missed() -> None:
    matter = matter_of(clause("solve", "2小时", rungs=RED)).touch("2025-06-03 13:00")
    (act,) = matter.dossier.acts[("solve", "1", "red")]
    assert (shown(act.fired.due), shown(act.fired.at)) == (
        "2025-06-03 12:00",
        "2025-06-03 12:00:00.000001",
    )


# ------------------------------------------------------------------------------ starts and stops


def test_the_earliest_start_mark_starts_a_petition_clock_once() -> None:
    matter = matter_of(clause("solve", "10个工作日"))
    matter.take("2025-06-04 10:00 dispatched unit=U2 assignment=A2")
    assert [each.key for each in matter.assess("2025-06-05 09:00").readings] == [("solve", "1")]
    assert matter.due("solve") == "2025-06-17 24:00"


def test_any_of_several_marks_may_start_a_clock() -> None:
    reply = clause("reply", "5个工作日", start='["admitted", "dispatched"]', stop='"told_one"')
    assert matter_of(reply).due("reply") == "2025-06-10 24:00"
    early = matter_of(
        reply, lines=("2025-06-02 09:00 registered", "2025-06-02 10:00 admitted", *OPENED[1:])
    )
    assert early.due("reply") == "2025-06-09 24:00"


def test_all_of_several_marks_stop_a_clock_with_the_last_of_them() -> None:
    reply = clause("reply", "1个工作日", stop="", stop_all='["told_one", "told_two"]')
    matter = matter_of(reply).take("2025-06-03 15:00 step_done step=told_two")
    assert matter.state("reply", "2025-06-03 16:00") == "running"
    matter.take("2025-06-05 15:00 step_done step=told_one")
    assert matter.state("reply", "2025-06-05 16:00") == "late"


def test_whichever_comes_first_of_all_and_any_stops_a_clock() -> None:
    reply = clause("reply", "1个工作日", stop_all='["told_one", "told_two"]')
    matter = matter_of(reply).take("2025-06-03 15:00 resolved")
    assert matter.state("reply", "2025-06-03 16:00") == "met"


def test_a_clause_applies_to_what_it_matches() -> None:
    matter = matter_of(clause("solve", "10个工作日", match='{ kind = ["咨询"] }'))
    assert matter.assess("2025-06-04 09:00").readings == ()


def test_a_clause_may_match_the_level_of_the_assignment() -> None:
    report = clause("report", "2小时", scope='"assignment"', match='{ assignment_level = ["镇"] }')
    matter = matter_of(
        report, lines=(*OPENED, "2025-06-03 11:00 dispatched unit=U2 assignment=A2 level=镇")
    )
    assert [each.cycle.name for each in matter.assess("2025-06-04 09:00").readings] == ["A2"]


def test_a_clause_of_the_assignment_starts_within_one() -> None:
    sign = clause("sign", "1个工作日", scope='"assignment"', start='["registered", "dispatched"]')
    matter = matter_of(sign)
    assert [each.key for each in matter.assess("2025-06-04 09:00").readings] == [("sign", "A1")]


def test_a_reading_tells_when_its_clock_started_and_stopped() -> None:
    matter = matter_of(clause("solve", "10个工作日")).take("2025-06-05 10:00 resolved")
    reading = matter.reading("solve", "2025-06-05 10:00")
    assert (shown(reading.start), shown(reading.stopped_at)) == (
        "2025-06-03 10:00",
        "2025-06-05 10:00",
    )
    assert matter.reading("solve", "2025-06-05 09:59").stopped_at is None


def test_what_began_a_matter_names_the_edition_that_governs_it() -> None:
    old, new = (
        pack_of(clause("solve", "10日")),
        pack_of(clause("solve", "3日"), edition="2", since="2025-06-03"),
    )
    matter = Matter(rules_of(new, old), "2025-06-02 09:00 registered", OPENED[1])
    editions = [
        pack_at(matter.chronicle, mark, matter.rules).edition for mark in matter.chronicle.marks
    ]
    assert editions == ["1", "2"]


def test_a_clock_that_has_not_started_is_not_read() -> None:
    matter = matter_of(clause("solve", "10个工作日"))
    assert matter.assess("2025-06-03 09:59").readings == ()
    assert matter.assess("2025-06-03 09:59").next_alarm is None
    assert matter.assess("2025-06-03 10:00").reading("absent") is None


@pytest.mark.parametrize("end", ["declined ground=x", "withdrawn", "merged into=P2"])
def test_what_ends_the_petition_cancels_its_clocks(end: str) -> None:
    lines = OPENED[:1] if end.startswith("declined") else OPENED
    solve = clause("solve", "1个工作日", start='"registered"', rungs=RED)
    matter = matter_of(solve, lines=(*lines, f"2025-06-04 10:00 {end}"))
    assert matter.state("solve", "2025-06-04 09:59") == "running"
    assert matter.state("solve", "2025-06-06 09:00") == "cancelled"
    assert matter.touch("2025-06-09 09:00").acts() == []


def test_a_breach_before_the_end_of_the_petition_stands() -> None:
    solve = clause("solve", "2小时", rungs=RED)
    matter = matter_of(solve).take("2025-06-03 13:00 withdrawn")
    assert matter.standing() == ["solve/red#0 2025-06-03 12:00:00.000001"]
    assert matter.state("solve", "2025-06-04 09:00") == "cancelled"


# ---------------------------------------------------------------------------------------- cycles

REDO = clause(
    "redo",
    "5个工作日",
    start='"callback_unsatisfied"',
    more="repeat = true",
    rungs="talk-again start talk 50 tier=1 from_cycle=2; red due red 60",
)
TWICE = (
    *OPENED,
    "2025-06-05 10:00 resolved",
    "2025-06-06 10:00 callback_done satisfied=false",
    "2025-06-06 11:00 rework_ordered unit=U1 assignment=A2 reason=x",
    "2025-06-11 10:00 resolved",
    "2025-06-12 10:00 callback_done satisfied=true solved=false",
    "2025-06-12 11:00 rework_ordered unit=U1 assignment=A3 reason=x",
)


def redone() -> Matter:
    return matter_of(REDO, talks(), lines=TWICE)


def test_a_repeating_clause_runs_again_with_each_start() -> None:
    matter = redone()
    assert matter.due("redo", cycle="1") == "2025-06-13 24:00"
    assert matter.state("redo", "2025-06-13 09:00", "1") == "met"
    assert matter.due("redo", cycle="2") == "2025-06-19 24:00"
    assert matter.reading("redo", "2025-06-13 09:00").cycle.number == 2


def test_a_rung_of_the_second_time_is_not_reached_the_first_time() -> None:
    assert redone().standing("redo") == ["redo:2/talk-again#0 2025-06-12 10:00"]


def test_a_start_mark_while_the_clock_runs_changes_nothing() -> None:
    redo = clause("redo", "5个工作日", start='"told_one"', more="repeat = true")
    matter = matter_of(redo).take(
        "2025-06-04 10:00 step_done step=told_one", "2025-06-05 10:00 step_done step=told_one"
    )
    assert [each.key for each in matter.assess("2025-06-06 09:00").readings] == [("redo", "1")]


def test_a_repeating_clock_may_start_again_at_the_instant_at_which_it_stopped() -> None:
    redo = clause("redo", "5个工作日", start='"told_one"', stop='"arrived"', more="repeat = true")
    matter = matter_of(redo).take(
        "2025-06-04 10:00 step_done step=told_one id=a",
        "2025-06-05 10:00 step_done step=arrived id=b",
        "2025-06-05 10:00 step_done step=told_one id=c",
    )
    states = [matter.state("redo", "2025-06-06 09:00", cycle) for cycle in ("1", "2")]
    assert states == ["met", "running"]


def test_a_petition_withdrawn_at_the_instant_of_its_dispatch_has_no_clock_running() -> None:
    matter = matter_of(clause("solve", "2小时", rungs=RED)).take("2025-06-03 10:00 withdrawn")
    assert matter.state("solve", "2025-06-03 10:00") == "cancelled"
    assert matter.touch("2025-06-04 09:00").acts() == []


def test_every_facts_own_edition_starts_the_clocks() -> None:
    """A petition registered under one edition and dispatched under the next."""
    old = pack_of(clause("triage", "5日", start='"registered"'), clause("solve", "10日"))
    new = pack_of(clause("solve", "3日"), edition="2", since="2025-06-03")
    matter = Matter(rules_of(new, old), "2025-06-02 09:00 registered", OPENED[1])
    editions = {
        each.clause.id: each.cycle.pack.edition
        for each in matter.assess("2025-06-04 09:00").readings
    }
    assert editions == {"triage": "1", "solve": "2"}

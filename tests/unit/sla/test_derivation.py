"""The derivation of a clock: all of it data, and all that officials read comes from it."""

import msgspec

from sla_engine.sla.case import Case, case_of
from sla_engine.sla.derivation import ClockDerivation, derivation_of
from sla_engine.sla.explain import Explanation, explain
from tests.support.given import Matter, clause, instant, pack_of, rules_of, talks

EXTENSION = '{ max_count = 1, total_max = "3个工作日", basis = ["测试"] }'
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1 id=D1")


def matter_of(*lines: str) -> Matter:
    rule = clause("solve", "10个工作日", pauses='["P-HEAR"]', extension=EXTENSION)
    return Matter(rules_of(pack_of(rule, talks())), *OPENED, *lines)


def derived(matter: Matter, when: str) -> ClockDerivation:
    return derivation_of(matter.reading("solve", when))


PAUSED = ("2025-06-09 10:00 suspended ground=P-HEAR id=S1", "2025-06-13 09:00 resumed id=R1")
ASKED = "2025-06-10 10:00 extension_requested request=E1 clause=solve amount=2个工作日 id=A1"
GRANTED = "2025-06-11 10:00 extension_granted request=E1 approver=甲 id=G1"


def test_it_names_the_fact_that_started_the_clock_with_both_its_times() -> None:
    clock = derived(matter_of(), "2025-06-04 09:00")
    began = clock.began
    assert (began.mark, began.at, began.inherited) == ("dispatched", began.fact.occurred_at, False)
    assert (began.fact.source, began.fact.key) == ("test", "D1")
    assert clock.calendar == clock.working.calendar


def test_a_pause_names_the_facts_that_opened_and_ended_it() -> None:
    (pause,) = derived(matter_of(*PAUSED), "2025-06-20 09:00").pauses
    assert (pause.ground, pause.name.zh) == ("P-HEAR", "听证")
    assert pause.opened_by.key == "S1"
    assert pause.ended_by is not None
    assert pause.ended_by.key == "R1"


def test_a_pause_that_outlasts_the_clock_has_no_end_in_it() -> None:
    clock = derived(matter_of(PAUSED[0], "2025-06-10 10:00 withdrawn"), "2025-06-20 09:00")
    assert [(each.until, each.ended_by) for each in clock.pauses] == [(None, None)]
    assert (clock.due, clock.verdict.state) == (None, "cancelled")


def test_a_pause_that_was_open_when_the_work_was_over_names_the_fact_that_ended_it() -> None:
    clock = derived(matter_of(PAUSED[0], "2025-06-10 10:00 resolved id=E1"), "2025-06-20 09:00")
    (pause,) = clock.pauses
    assert pause.ended_by is not None
    assert (pause.until, pause.ended_by.key) == (instant("2025-06-10 10:00"), "E1")
    assert clock.verdict.state == "met"


def test_an_extension_stands_beside_the_term_as_it_was_before() -> None:
    clock = derived(matter_of(ASKED, GRANTED), "2025-06-12 09:00")
    (extended,) = clock.extensions
    assert extended.due_before == extended.last_call == instant("2025-06-17 24:00")
    assert (extended.approver, extended.amount, extended.against) == ("甲", "2个工作日", "")
    assert (clock.amount, clock.working.amount) == ("10个工作日", "12个工作日")


def test_a_refused_extension_says_what_was_against_it() -> None:
    """Granted before the first, recorded before it too."""
    matter = matter_of(
        ASKED,
        "2025-06-10 11:00 extension_requested request=E2 clause=solve amount=1个工作日",
        "2025-06-12 10:00 extension_granted request=E2 approver=乙",
        f"{GRANTED} known=2025-06-13T10:00",
    )
    reading = matter.reading("solve", "2025-06-14 09:00")
    assert [each.against for each in derivation_of(reading).extensions] == ["", "too_many"]
    assert any("超出上限次数" in line for line in explain(reading).zh())


def test_the_fact_that_stopped_the_clock_is_named() -> None:
    matter = matter_of("2025-06-10 10:00 resolved id=X1")
    verdict = derived(matter, "2025-06-11 09:00").verdict
    assert (verdict.state, verdict.mark) == ("met", "resolved")
    assert verdict.stopped_by is not None
    assert verdict.stopped_by.key == "X1"
    assert derived(matter, "2025-06-09 09:00").verdict.stopped_by is None


def test_it_is_plain_data_both_ways_and_reads_out_the_same() -> None:
    reading = matter_of(*PAUSED, ASKED, GRANTED).reading("solve", "2025-06-12 09:00")
    told = explain(reading)
    again = msgspec.json.decode(msgspec.json.encode(told.clock), type=ClockDerivation)
    assert again == told.clock
    retold = Explanation(again, told.rungs)
    assert (retold.zh(), retold.en()) == (told.zh(), told.en())


def test_it_reads_out_start_pause_and_extension_with_the_records_behind_them() -> None:
    matter = matter_of(*PAUSED, ASKED, f"{GRANTED} known=2025-06-13T10:00")
    lines = "\n".join(explain(matter.reading("solve", "2025-06-20 09:00")).zh())
    assert "起算事实：派单，2025-06-03（周二）10:00（第2条记录 test:D1）" in lines
    assert "中止事由：听证（P-HEAR），2025-06-09（周一）10:00起（第3条记录 test:S1）" in lines
    assert (
        "2025-06-11（周三）10:00 批准（第6条记录 test:G1，2025-06-13（周五）10:00 录入）" in lines
    )


def test_a_case_holds_every_clock_that_had_begun_and_no_act() -> None:
    matter = matter_of(*PAUSED, ASKED, GRANTED).touch("2025-07-30 09:00")
    case = case_of(matter.assess("2025-07-30 09:00"))
    assert [each.clause for each in case.derivations] == ["solve"]
    assert [each.version for each in case.facts] == [1, 2, 3, 4, 5, 6]
    assert msgspec.json.decode(msgspec.json.encode(case), type=Case) == case

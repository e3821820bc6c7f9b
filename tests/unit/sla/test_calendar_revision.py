"""A holiday notice meets running clocks: re-fixed by a recorded act, old and new side by side."""

import pytest

from sla_engine.policy.rulebook import Rulebook
from tests.support import given
from tests.support.given import (
    Matter,
    clause,
    instant,
    notice,
    pack_of,
    rules_of,
    send,
    series,
    shown,
)

RUNGS = "warn due-3个工作日 warn 10; red due red 30; supervise due+2个工作日 supervise 40"
RULES = rules_of(pack_of(clause("solve", "10个工作日", pauses='["P-HEAR"]', rungs=RUNGS)))
NEVER = rules_of(pack_of(clause("solve", "10个工作日", revision='"never_earlier"', rungs=RUNGS)))
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1 id=d1")
LONGER = notice("2025-06-10", "2025-06-10 10:00", off="2025-06-12")
SHORTER = notice("2025-06-10", "2025-06-10 10:00", work="2025-06-14")
SHORTER_TEXT = """
title = "演练通知"
number = "演练〔2025〕9号"
region = "CN"
published = 2025-06-10
covers = []
verified = false
[[holiday]]
name = "演练"
work = ["2025-06-14"]
"""


def opened(rules: Rulebook = RULES, *lines: str) -> Matter:
    return Matter(rules, *OPENED, *lines)


def test_a_clock_keeps_its_due_date_and_learns_the_new_one_by_a_recorded_act() -> None:
    matter = opened().under(RULES.with_notice(LONGER)).touch("2025-06-10 10:00")
    (refixed,) = matter.refixes()
    assert (shown(refixed.old_due), shown(refixed.new_due)) == (
        "2025-06-17 24:00",
        "2025-06-18 24:00",
    )
    assert (shown(refixed.effective), refixed.floor) == ("2025-06-09 24:00", None)
    assert (refixed.clause, refixed.cycle, refixed.reason) == ("solve", "1", "calendar")
    assert matter.due("solve") == "2025-06-18 24:00"


def test_the_act_carries_the_digest_of_the_new_calendar_and_its_start_that_of_the_old() -> None:
    rules = RULES.with_notice(LONGER)
    matter = opened().under(rules).touch("2025-06-10 10:00")
    pack = rules.packs[0]
    before = rules.calendar(pack, "CN-3704", instant("2025-06-10 09:59"))
    after = rules.calendar(pack, "CN-3704", instant("2025-06-10 10:00"))
    assert [each.meta.calendar for each in matter.log[1:]] == [before.digest, after.digest]
    assert matter.reading("solve", "2025-06-11 09:00").schedule.calendar.digest == after.digest


def test_a_second_touch_does_nothing() -> None:
    matter = opened().under(RULES.with_notice(LONGER)).touch("2025-06-10 10:00")
    before = len(matter.log)
    matter.touch("2025-06-10 10:00", "2025-06-11 10:00")
    assert len(matter.log) == before


def test_until_it_is_touched_a_clock_stands_by_the_edition_it_is_pinned_to() -> None:
    matter = opened().under(RULES.with_notice(LONGER))
    assert matter.due("solve") == "2025-06-17 24:00"


def test_a_notice_that_moves_nothing_is_not_recorded() -> None:
    far = notice("2025-06-10", "2025-06-10 10:00", off="2025-09-01")
    elsewhere = notice("2025-06-10", "2025-06-10 10:00", off="2025-06-12", region="CN-45")
    for each in (far, elsewhere):
        matter = opened().under(RULES.with_notice(each)).touch("2025-06-10 10:00")
        assert matter.refixes() == []


def test_a_notice_that_moves_an_act_alone_is_recorded_all_the_same() -> None:
    rules = RULES.with_notice(notice("2025-06-10", "2025-06-10 10:00", off="2025-06-19"))
    matter = opened().under(rules).touch("2025-06-10 10:00")
    (refixed,) = matter.refixes()
    assert refixed.old_due == refixed.new_due
    matter.touch("2025-06-18 09:00", "2025-06-20 09:00")
    assert matter.standing("solve")[-1] == "solve/supervise#0 2025-06-20 09:00"


def test_a_notice_of_ones_own_region_counts() -> None:
    rules = RULES.with_notice(
        notice("2025-06-10", "2025-06-10 10:00", off="2025-06-12", region="CN-37")
    )
    matter = opened().under(rules).touch("2025-06-10 10:00")
    assert matter.due("solve") == "2025-06-18 24:00"


def test_what_was_judged_before_the_publication_stands() -> None:
    rules = RULES.with_notice(notice("2025-06-19", "2025-06-19 10:00", off="2025-06-16"))
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00").under(rules)
    matter.touch("2025-06-19 10:00")
    assert matter.withdrawals() == []
    assert [text[:12] for text in matter.standing("solve")] == ["solve/warn#0", "solve/red#0 "]


def test_a_notice_learned_late_withdraws_what_was_judged_since_its_publication() -> None:
    rules = RULES.with_notice(notice("2025-06-10", "2025-06-20 10:00", off="2025-06-16"))
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00").under(rules)
    matter.touch("2025-06-20 10:00")
    # A breach in the past waits to be settled.
    assert matter.standing("solve") == ["solve/warn#0 2025-06-12 09:00"]
    matter.touch("2025-06-20 12:00")
    assert matter.standing("solve") == [
        "solve/warn#0 2025-06-12 09:00",
        "solve/red#1 2025-06-19 00:00:00.000001",
        "solve/supervise#0 2025-06-20 09:00",
    ]


def test_what_a_notice_withdrew_names_the_re_fixing_and_no_fact() -> None:
    rules = RULES.with_notice(notice("2025-06-10", "2025-06-20 10:00", off="2025-06-16"))
    matter = opened().touch("2025-06-12 09:00", "2025-06-18 09:00").under(rules)
    matter.touch("2025-06-20 10:00")
    (recorded,) = matter.dossier.refixed[("solve", "1")]
    assert {each.overturned_by for each in matter.withdrawals()} == {recorded.version}


def test_a_notice_may_bring_the_due_date_forward() -> None:
    matter = opened().under(RULES.with_notice(SHORTER)).touch("2025-06-10 10:00")
    assert matter.due("solve") == "2025-06-16 24:00"


def test_a_due_date_brought_forward_into_the_past_gives_time_to_settle() -> None:
    rules = RULES.with_notice(notice("2025-06-10", "2025-06-17 10:00", work="2025-06-14"))
    matter = opened().under(rules).touch("2025-06-17 10:00")
    assert matter.state("solve", "2025-06-17 10:00") == "overdue"
    assert "red" not in " ".join(matter.standing("solve"))
    matter.touch("2025-06-17 12:00")
    assert "solve/red#0 2025-06-17 00:00:00.000001" in matter.standing("solve")


def test_a_warning_that_is_due_before_the_notice_came_out_is_due_when_it_came_out() -> None:
    rules = rules_of(pack_of(clause("solve", "10个工作日", rungs="warn due-73小时 warn 10")))
    matter = opened(rules).under(
        rules.with_notice(notice("2025-06-14", "2025-06-14 10:00", work="2025-06-15"))
    )
    matter.touch("2025-06-14 10:00", "2025-06-14 12:00")
    assert matter.standing() == ["solve/warn#0 2025-06-13 24:00"]


def test_a_pack_may_forbid_to_shorten_a_term_already_notified() -> None:
    matter = opened(NEVER).under(NEVER.with_notice(SHORTER)).touch("2025-06-10 10:00")
    (refixed,) = matter.refixes()
    assert shown(refixed.floor) == "2025-06-17 24:00"
    assert refixed.old_due == refixed.new_due == refixed.floor
    assert matter.due("solve") == "2025-06-17 24:00"
    matter.touch("2025-06-18 09:00")
    assert "solve/red#0 2025-06-18 00:00:00.000001" in matter.standing("solve")


def test_the_floor_holds_through_a_second_notice() -> None:
    again = notice("2025-06-11", "2025-06-11 10:00", work="2025-06-15")
    matter = opened(NEVER).under(NEVER.with_notice(SHORTER)).touch("2025-06-10 10:00")
    matter.under(matter.rules.with_notice(again)).touch("2025-06-11 10:00")
    assert matter.due("solve") == "2025-06-17 24:00"


def test_a_notice_that_moves_an_act_alone_sets_no_floor() -> None:
    rules = NEVER.with_notice(notice("2025-06-10", "2025-06-10 10:00", off="2025-06-19"))
    assert [
        each.floor for each in opened(NEVER).under(rules).touch("2025-06-10 10:00").refixes()
    ] == [None]


def test_a_longer_term_needs_no_floor() -> None:
    matter = opened(NEVER).under(NEVER.with_notice(LONGER)).touch("2025-06-10 10:00")
    assert [each.floor for each in matter.refixes()] == [None]
    assert matter.due("solve") == "2025-06-18 24:00"


@pytest.mark.parametrize(("end", "state"), [("resolved", "met"), ("withdrawn", "cancelled")])
def test_a_clock_that_has_ended_keeps_its_answer(end: str, state: str) -> None:
    matter = opened(RULES, f"2025-06-09 10:00 {end}").under(RULES.with_notice(LONGER))
    matter.touch("2025-06-10 10:00")
    assert (matter.refixes(), matter.due("solve")) == ([], "2025-06-17 24:00")
    assert matter.state("solve", "2025-06-20 09:00") == state


def test_a_notice_published_before_the_end_and_learned_after_it_changes_no_answer() -> None:
    matter = opened(RULES, "2025-06-18 10:00 resolved")
    assert matter.state("solve", "2025-06-19 09:00") == "late"
    rules = RULES.with_notice(notice("2025-06-10", "2025-06-20 10:00", off="2025-06-12"))
    matter.under(rules).touch("2025-06-20 10:00")
    assert (matter.refixes(), matter.state("solve", "2025-06-21 09:00")) == ([], "late")


def test_a_clock_reopened_after_a_notice_is_first_re_fixed() -> None:
    matter = opened(RULES, "2025-06-09 10:00 resolved id=r1").under(RULES.with_notice(LONGER))
    matter.touch("2025-06-10 10:00")
    matter.take("2025-06-25 10:00 voided fact=test:r1 ground=x")
    (refixed,) = matter.refixes()
    assert shown(refixed.new_due) == "2025-06-18 24:00"
    void, act = matter.log[-2:]
    assert (type(void.event).__name__, act.event) == ("Voided", refixed)
    matter.touch("2025-06-25 12:00")
    assert "solve/red#0 2025-06-19 00:00:00.000001" in matter.told("solve")


def test_a_paused_clock_is_re_fixed_once_it_runs_again() -> None:
    matter = opened(RULES, "2025-06-09 10:00 suspended ground=P-HEAR")
    matter.under(RULES.with_notice(LONGER)).touch("2025-06-10 10:00")
    assert matter.refixes() == []
    matter.take("2025-06-11 10:00 resumed")
    (refixed,) = matter.refixes()
    assert (shown(refixed.old_due), shown(refixed.new_due)) == (
        "2025-06-19 24:00",
        "2025-06-20 24:00",
    )


def test_two_notices_one_after_the_other_are_both_in_force() -> None:
    matter = opened().under(RULES.with_notice(LONGER)).touch("2025-06-10 10:00")
    matter.under(
        matter.rules.with_notice(notice("2025-06-11", "2025-06-11 10:00", off="2025-06-16"))
    )
    matter.touch("2025-06-11 10:00")
    assert matter.due("solve") == "2025-06-19 24:00"
    assert len(matter.refixes()) == 2


def test_a_notice_published_first_and_learned_second_counts_as_well() -> None:
    matter = opened().under(RULES.with_notice(LONGER)).touch("2025-06-10 10:00")
    earlier = notice("2025-06-09", "2025-06-11 10:00", off="2025-06-16")
    matter.under(matter.rules.with_notice(earlier)).touch("2025-06-11 10:00")
    assert matter.due("solve") == "2025-06-19 24:00"
    assert [shown(each.effective) for each in matter.refixes()] == [
        "2025-06-09 24:00",
        "2025-06-08 24:00",
    ]
    before = len(matter.log)
    assert len(matter.touch("2025-06-11 11:00").log) == before


def test_clocks_started_after_the_notice_are_pinned_to_it_from_the_start() -> None:
    matter = Matter(
        RULES.with_notice(LONGER),
        "2025-06-10 10:00 registered",
        "2025-06-10 11:00 dispatched unit=U1",
    ).touch("2025-06-11 10:00")
    assert (matter.due("solve"), matter.refixes()) == ("2025-06-25 24:00", [])


def test_a_start_learned_after_the_notice_is_judged_by_it() -> None:
    matter = Matter(
        RULES.with_notice(LONGER),
        "2025-06-03 09:00 registered",
        "2025-06-03 10:00 dispatched unit=U1 known=2025-06-11T10:00",
    )
    assert (matter.due("solve"), matter.refixes()) == ("2025-06-18 24:00", [])


# ------------------------------------------------------------------ clocks that are still to start

REPORT = {"scope": '"round"', "start": '"period_ended"', "stop": '"published"'}
MONTHLY = rules_of(
    pack_of(
        clause("report", "5个工作日", rungs="late due red 30", **REPORT),
        series("month", "report", "month"),
    )
)
MADE_UP = notice("2025-06-10", "2025-06-10 10:00", work="2025-07-05")


def test_a_clock_that_is_still_to_start_is_re_fixed_at_once() -> None:
    """Otherwise its first act, now earlier, would wait for the alarm of the old one."""
    opening = "2025-06-02 09:00 opened series=month period=2025-06"
    matter = Matter(MONTHLY, opening, stream="round/R1")
    matter.under(MONTHLY.with_notice(MADE_UP)).touch("2025-06-10 10:00")
    (refixed,) = matter.refixes()
    assert (shown(refixed.old_due), shown(refixed.new_due)) == (
        "2025-07-07 24:00",
        "2025-07-05 24:00",
    )
    assert matter.assess("2025-06-10 10:00").next_alarm == instant("2025-07-05 24:00") + 1
    before = len(matter.log)
    assert len(matter.touch("2025-06-11 10:00").log) == before
    matter.touch("2025-07-06 09:00")
    assert matter.told("report") == ["report/late#0 2025-07-06 00:00:00.000001"]


def test_so_is_one_whose_source_has_a_clock_that_is_fast() -> None:
    with given.engine("2025-06-10 09:59", RULES, tolerance_s=300) as engine:
        send(
            engine,
            '2025-06-03 09:00 registered "known=2025-06-10 09:59"',
            '2025-06-10 10:03 dispatched unit=U1 "known=2025-06-10 09:59"',
        )
        text = SHORTER_TEXT
        foretold = engine.foresee_notice(text, lambda _: None)
        report = engine.load_notice(text)
        assert (foretold.total.earlier, report.refixed) == (1, 1)
        ((_, row),) = engine.log.alarms("petition/P1")
        assert shown(row.due) == "2025-06-23 24:00"


# --------------------------------------------------------------------- the notices of the State


@pytest.mark.parametrize(
    ("start", "limit", "before", "after"),
    [
        ("2020-01-17", "10个工作日", "2020-02-05", "2020-02-07"),
        ("2020-01-21", "5个工作日", "2020-02-03", "2020-02-05"),
        ("2020-01-23", "1个工作日", "2020-01-31", "2020-02-03"),
    ],
)
def test_the_spring_festival_of_2020_was_extended_while_terms_ran(
    start: str, limit: str, before: str, after: str
) -> None:
    """Vector V5: the notice is of 2020-01-27."""
    rules = rules_of(pack_of(clause("solve", limit)))
    matter = Matter(rules, f"{start} 09:00 registered", f"{start} 10:00 dispatched unit=U1")
    assert matter.due("solve") == f"{before} 24:00"
    matter.touch("2020-01-28 09:00")
    (refixed,) = matter.refixes()
    assert (shown(refixed.old_due), shown(refixed.new_due)) == (f"{before} 24:00", f"{after} 24:00")
    assert shown(refixed.effective) == "2020-01-26 24:00"


def test_the_notice_of_december_2018_brought_a_term_forward() -> None:
    """Vector V4: three working days from 2018-12-26, as known before and after 2018-12-06."""
    rules = rules_of(pack_of(clause("solve", "20个工作日")))
    matter = Matter(rules, "2018-12-03 09:00 registered", "2018-12-03 10:00 dispatched unit=U1")
    assert matter.reading("solve", "2018-12-04 09:00").provisional is False
    assert matter.due("solve") == "2018-12-31 24:00"
    matter.touch("2018-12-07 09:00")
    assert matter.due("solve") == "2018-12-29 24:00"

"""Terms that cross into a year without a notice: provisional, flagged, re-fixed when it comes."""

from tests.support.given import Matter, clause, instant, notice, pack_of, rules_of, shown

RUNGS = "red due red 30; supervise due+2个工作日 supervise 40"
RULES = rules_of(
    pack_of(
        clause("solve", "10个工作日", rungs=RUNGS),
        clause("reply", "5个工作日", stop='"told_one"', rungs=RUNGS),
        clause("month", "30日", stop='"told_two"'),
    )
)
OPENED = ("2026-12-24 09:00 registered", "2026-12-24 10:00 dispatched unit=U1")
# New Year 2027: Friday 1 January to Sunday 3 January; nothing made up for.
OF_2027 = notice("2026-12-28", "2026-12-28 10:00", off="2027-01-01..2027-01-03", covers="2027")
LONGER = notice("2026-12-28", "2026-12-28 10:00", off="2027-01-01..2027-01-04", covers="2027")


def test_a_term_that_crosses_the_horizon_is_flagged_and_names_its_basis() -> None:
    matter = Matter(RULES, *OPENED)
    reading = matter.reading("solve", "2026-12-25 09:00")
    assert (shown(reading.due), reading.provisional) == ("2027-01-08 24:00", True)
    assert reading.basis is not None
    assert "2027年" in reading.basis
    assert "不含调休" in reading.basis


def test_a_term_that_ends_before_the_horizon_is_firm() -> None:
    reading = Matter(RULES, *OPENED).reading("reply", "2026-12-25 09:00")
    assert (shown(reading.due), reading.provisional, reading.basis) == (
        "2026-12-31 24:00",
        False,
        None,
    )


def test_natural_days_need_no_notice() -> None:
    reading = Matter(RULES, *OPENED).reading("month", "2026-12-25 09:00")
    assert (shown(reading.due), reading.provisional) == ("2027-01-23 24:00", False)


def test_the_notice_makes_the_term_firm_by_a_recorded_act_even_where_nothing_moves() -> None:
    matter = Matter(RULES, *OPENED).under(RULES.with_notice(OF_2027)).touch("2026-12-28 10:00")
    (refixed,) = [each for each in matter.refixes() if each.clause == "solve"]
    assert refixed.old_due == refixed.new_due == instant("2027-01-08 24:00")
    reading = matter.reading("solve", "2026-12-28 11:00")
    assert (reading.provisional, reading.basis) == (False, None)


def test_a_notice_that_knows_better_moves_the_due_date() -> None:
    matter = Matter(RULES, *OPENED).under(RULES.with_notice(LONGER)).touch("2026-12-28 10:00")
    assert matter.due("solve") == "2027-01-11 24:00"
    assert not matter.reading("solve", "2026-12-28 11:00").provisional


def test_a_firm_term_whose_ladder_crosses_the_horizon_is_re_fixed_for_its_acts() -> None:
    matter = Matter(RULES, *OPENED).under(RULES.with_notice(LONGER)).touch("2026-12-28 10:00")
    assert matter.due("reply") == "2026-12-31 24:00"
    rungs = {
        firing.rung.id: shown(firing.at)
        for firing in matter.reading("reply", "2026-12-29 09:00").schedule.firings
    }
    assert rungs["supervise"] == "2027-01-06 09:00"
    assert {each.clause for each in matter.refixes()} == {"solve", "reply"}


def test_a_term_that_ran_out_provisionally_is_judged_provisionally() -> None:
    """Without a notice the acts still go out; the flag says what they rest on."""
    matter = Matter(RULES, *OPENED).touch("2027-01-11 09:00")
    assert "solve/red#0 2027-01-09 00:00:00.000001" in matter.standing()
    assert matter.reading("solve", "2027-01-11 09:00").provisional

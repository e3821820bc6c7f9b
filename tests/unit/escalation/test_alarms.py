"""The rows of the alarm index say what the facts and the recorded acts say, whenever written."""

import pytest

from sla_engine.escalation.alarms import LONG, SHORT, alarm_rows
from sla_engine.ports import AlarmRow
from tests.support.given import Matter, clause, instant, pack_of, rules_of, shown

RUNGS = "warn due-3个工作日 warn 10; red due+1个工作日 red 30"
RULES = rules_of(pack_of(clause("solve", "10个工作日", rungs=RUNGS)))
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
HOUR, DAY = 3_600_000_000, 86_400_000_000


def row(matter: Matter, when: str) -> AlarmRow:
    (only,) = alarm_rows(matter.assess(when))
    return only


def test_an_alarm_that_has_come_stays_until_its_act_is_recorded() -> None:
    matter = Matter(RULES, *OPENED)
    before = row(matter, "2025-06-12 08:59")
    assert (before.rung, shown(before.alarm_at)) == ("warn", "2025-06-12 09:00")
    late = row(matter, "2025-07-12 09:00")
    assert (late.rung, late.alarm_at) == (before.rung, before.alarm_at)
    assert row(matter.touch("2025-07-12 09:00"), "2025-07-12 09:00").alarm_at is None


def test_a_withdrawn_act_leaves_its_alarm_to_be_dealt_with_anew() -> None:
    matter = Matter(RULES, *OPENED).touch("2025-06-12 09:00")
    matter.take('2025-06-12 08:00 resolved id=r "known=2025-06-12 10:00"')
    assert row(matter, "2025-06-12 10:00").alarm_at is None
    matter.take("2025-06-12 11:00 voided fact=test:r ground=error")
    again = row(matter, "2025-06-12 14:00")
    assert (again.rung, shown(again.alarm_at)) == ("warn", "2025-06-12 13:00")


def test_a_clock_does_not_turn_overdue_in_the_index() -> None:
    """No alarm comes at the due instant; whoever reads the row compares `due` with the time."""
    matter = Matter(RULES, *OPENED)
    assert matter.state("solve", "2025-06-18 00:01") == "overdue"
    assert row(matter, "2025-06-18 00:01").state == "running"


def test_a_row_depends_on_the_time_only_by_the_alarms_that_have_passed() -> None:
    matter = Matter(RULES, *OPENED).touch("2025-06-12 09:00")
    hours = [f"2025-06-{day} {hour:02d}:00" for day in range(12, 18) for hour in range(9, 24, 7)]
    assert len({row(matter, when) for when in hours}) == 1


@pytest.mark.parametrize(
    ("limit", "short_term", "lane"),
    [
        ("30分钟", DAY, SHORT),
        ("24小时", DAY, SHORT),
        ("1个工作日", DAY, SHORT),
        ("25小时", DAY, LONG),
        ("1.5个工作日", DAY, LONG),
        ("4工作小时", DAY, SHORT),
        ("2小时", HOUR, LONG),
        ("1个月", 29 * DAY, LONG),
        ("1个月", 30 * DAY, SHORT),
    ],
)
def test_short_terms_have_a_lane_of_their_own(limit: str, short_term: int, lane: int) -> None:
    matter = Matter(rules_of(pack_of(clause("reply", limit))), *OPENED)
    (only,) = alarm_rows(matter.assess("2025-06-03 10:00"), short_term)
    assert only.lane == lane


def test_an_extension_leaves_a_clock_in_its_lane() -> None:
    extension = '{ max_count = 1, each_max = "5个工作日", basis = ["测试"] }'
    rules = rules_of(pack_of(clause("reply", "1个工作日", extension=extension)))
    matter = Matter(
        rules,
        *OPENED,
        "2025-06-03 11:00 extension_requested request=e clause=reply amount=5个工作日",
        "2025-06-03 12:00 extension_granted request=e approver=chief",
    )
    assert row(matter, "2025-06-03 12:00").lane == SHORT
    assert instant("2025-06-10 00:00") < (row(matter, "2025-06-03 12:00").due or 0)

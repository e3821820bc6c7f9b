"""Extensions: asked in time, within the caps, from the nominal due date (D12, D13)."""

from typing import Any

import pytest

from tests.support.given import Matter, clause, pack_of, rules_of, talks

OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
RUNGS = "warn due-3个工作日 warn 10; red due red 30; talk due+2个工作日 talk 50 tier=1"


def solve(limit: str = "10个工作日", more: str = "", **caps: Any) -> str:
    """The clause with its caps: `each` and `total` as text, `count` 1 unless said otherwise."""
    keys = {"max_count": caps.get("count", 1)}
    keys |= {f"{key}_max": f'"{caps[key]}"' for key in ("each", "total") if key in caps}
    inner = ", ".join(f"{key} = {value}" for key, value in keys.items())
    extension = f'{{ {inner}, basis = ["测试"] }}'
    return clause("solve", limit, extension=extension, more=more, rungs=RUNGS)


def matter_of(*lines: str, rule: str = "", opened: tuple[str, ...] = OPENED) -> Matter:
    return Matter(rules_of(pack_of(rule or solve(), talks())), *opened, *lines)


def asked(at: str, amount: str = "5个工作日", request: str = "E1", known: str = "") -> str:
    later = f" known={known}" if known else ""
    return f"{at} extension_requested request={request} clause=solve amount={amount}{later}"


def granted(at: str, request: str = "E1", more: str = "") -> str:
    return f"{at} extension_granted request={request} approver=L {more}"


def test_an_extension_asked_for_and_granted_in_time_moves_the_due_date() -> None:
    matter = matter_of(asked("2025-06-10 10:00"), granted("2025-06-11 10:00"))
    assert matter.due("solve") == "2025-06-24 24:00"
    (grant,) = matter.reading("solve", "2025-06-12 09:00").schedule.grants
    assert (grant.event.approver, grant.amount) == ("L", "5个工作日")


def test_a_request_alone_moves_nothing() -> None:
    assert matter_of(asked("2025-06-10 10:00")).due("solve") == "2025-06-17 24:00"


def test_a_denial_moves_nothing() -> None:
    matter = matter_of(asked("2025-06-10 10:00"), "2025-06-11 10:00 extension_denied request=E1")
    assert matter.due("solve") == "2025-06-17 24:00"


def test_less_than_was_asked_for_may_be_granted() -> None:
    matter = matter_of(
        asked("2025-06-10 10:00"), granted("2025-06-11 10:00", more="amount=2个工作日")
    )
    assert matter.due("solve") == "2025-06-19 24:00"


def test_a_request_at_the_due_instant_is_in_time_and_one_after_it_is_not() -> None:
    in_time = matter_of(asked("2025-06-17 24:00"), granted("2025-06-18 10:00"))
    assert in_time.due("solve") == "2025-06-24 24:00"
    late = matter_of(asked("2025-06-18 00:00:00.000001"))
    (fault,) = late.refused(granted("2025-06-18 10:00"))
    assert (fault.code, fault.where) == ("EXTENSION_IMPOSSIBLE", "request")


@pytest.mark.parametrize(
    ("caps", "amount"),
    [
        ({"each": "3个工作日"}, "4个工作日"),
        ({"total": "3个工作日"}, "4个工作日"),
        ({"count": 2, "total": "7个工作日"}, "8个工作日"),
    ],
)
def test_more_than_the_caps_cannot_be_granted(caps: dict[str, Any], amount: str) -> None:
    matter = matter_of(asked("2025-06-10 10:00", amount), rule=solve(**caps))
    assert matter.codes(granted("2025-06-11 10:00")) == ["EXTENSION_IMPOSSIBLE"]


def test_two_extensions_add_up_to_their_total_and_no_further() -> None:
    rule = solve(count=3, each="5个工作日", total="8个工作日")
    matter = matter_of(
        asked("2025-06-10 10:00"),
        granted("2025-06-11 10:00"),
        asked("2025-06-20 10:00", "3个工作日", "E2"),
        granted("2025-06-20 11:00", "E2"),
        asked("2025-06-26 10:00", "1个工作日", "E3"),
        rule=rule,
    )
    assert matter.due("solve") == "2025-06-27 24:00"
    assert matter.codes(granted("2025-06-26 11:00", "E3")) == ["EXTENSION_IMPOSSIBLE"]


def test_no_more_extensions_than_the_clause_allows() -> None:
    matter = matter_of(
        asked("2025-06-10 10:00", "1个工作日"),
        granted("2025-06-11 10:00"),
        asked("2025-06-12 10:00", "1个工作日", "E2"),
    )
    assert matter.codes(granted("2025-06-12 11:00", "E2")) == ["EXTENSION_IMPOSSIBLE"]


def test_an_extension_granted_late_voids_the_breach_and_keeps_the_warning() -> None:
    """D13: not erased, withdrawn by the fact."""
    matter = matter_of(asked("2025-06-17 10:00")).touch("2025-06-12 09:00", "2025-06-18 09:00")
    assert matter.standing("solve") == [
        "solve/warn#0 2025-06-12 09:00",
        "solve/red#0 2025-06-18 00:00:00.000001",
    ]
    matter.take(granted("2025-06-19 10:00"))
    assert matter.standing("solve") == ["solve/warn#0 2025-06-12 09:00"]
    matter.touch("2025-06-19 12:00", "2025-06-25 09:00")
    assert matter.acts("solve") == [
        "solve/warn#0 2025-06-12 09:00",
        "solve/red#0 2025-06-18 00:00:00.000001×",
        "solve/talk#0 2025-06-19 09:00 (overturned)×",
        "solve/warn#1 2025-06-19 09:00",
        "solve/red#1 2025-06-25 00:00:00.000001",
    ]


def test_an_extension_granted_after_a_late_closure_makes_it_timely() -> None:
    matter = matter_of(asked("2025-06-17 10:00"), "2025-06-20 10:00 resolved")
    assert matter.state("solve", "2025-06-20 11:00") == "late"
    matter.take(granted("2025-06-23 10:00"))
    assert matter.state("solve", "2025-06-23 11:00") == "met"


def test_a_grant_that_arrives_late_counts_from_when_it_was_given() -> None:
    matter = matter_of(asked("2025-06-10 10:00")).touch("2025-06-18 09:00")
    matter.take(granted("2025-06-11 10:00", more="known=2025-06-19T10:00"))
    assert matter.standing("solve") == []
    matter.touch("2025-06-19 12:00")
    assert matter.told("solve") == ["solve/warn#1 2025-06-19 09:00"]


def test_an_extension_belongs_to_the_cycle_in_which_it_was_asked_for() -> None:
    rule = solve("5个工作日", more="repeat = true").replace('"dispatched"', '"rework_ordered"')
    matter = matter_of(
        "2025-06-04 09:00 resolved",
        "2025-06-04 10:00 rework_ordered unit=U1 assignment=A2 reason=x",
        asked("2025-06-05 10:00"),
        "2025-06-09 10:00 resolved",
        "2025-06-10 10:00 rework_ordered unit=U1 assignment=A3 reason=x",
        granted("2025-06-10 12:00"),
        rule=rule,
    )
    assert matter.due("solve", cycle="1") == "2025-06-18 24:00"
    assert matter.due("solve", cycle="2") == "2025-06-17 24:00"


def test_a_request_before_its_clock_began_asks_for_nothing() -> None:
    rule = solve().replace('"dispatched"', '"told_one"')
    matter = matter_of(
        asked("2025-06-04 10:00"), "2025-06-05 10:00 step_done step=told_one", rule=rule
    )
    assert matter.codes(granted("2025-06-06 10:00")) == ["EXTENSION_IMPOSSIBLE"]


def test_an_extension_asked_for_during_a_pause_is_in_time() -> None:
    rule = solve().replace("basis", 'pauses = ["P-HEAR"]\nbasis', 1)
    matter = matter_of(
        "2025-06-17 10:00 suspended ground=P-HEAR",
        asked("2025-06-20 10:00"),
        granted("2025-06-20 11:00"),
        "2025-06-20 12:00 resumed",
        rule=rule,
    )
    assert matter.due("solve") == "2025-06-27 24:00"


def test_a_grant_that_is_voided_never_was() -> None:
    matter = matter_of(asked("2025-06-10 10:00"), granted("2025-06-11 10:00", more="id=g1"))
    matter.take("2025-06-12 10:00 voided fact=test:g1 ground=x")
    assert matter.due("solve") == "2025-06-17 24:00"


def test_a_request_that_is_voided_takes_its_grant_along() -> None:
    ask = f"{asked('2025-06-10 10:00')} id=a1"
    matter = matter_of(ask, granted("2025-06-11 10:00"))
    matter.take("2025-06-12 10:00 voided fact=test:a1 ground=x")
    assert matter.due("solve") == "2025-06-17 24:00"


def test_a_voided_extension_makes_room_for_the_one_that_was_beyond_the_caps() -> None:
    rule = solve(count=1)
    matter = matter_of(
        asked("2025-06-10 10:00"),
        granted("2025-06-11 10:00", more="id=g1"),
        asked("2025-06-12 10:00", "2个工作日", "E2"),
        "2025-06-12 11:00 voided fact=test:g1 ground=x",
        granted("2025-06-12 12:00", "E2"),
        rule=rule,
    )
    assert matter.due("solve") == "2025-06-19 24:00"


def test_a_cap_that_a_late_grant_exhausts_leaves_the_later_grant_without_effect() -> None:
    """Both were possible when they came; in time order only the first fits."""
    matter = matter_of(
        asked("2025-06-10 10:00", "1个工作日"),
        asked("2025-06-10 11:00", "2个工作日", "E2"),
        granted("2025-06-12 10:00", "E2"),
        granted("2025-06-11 10:00", "E1", "known=2025-06-13T10:00"),
    )
    assert matter.due("solve") == "2025-06-18 24:00"


# -------------------------------------------------------------------- D12: nominal, then roll


def test_the_new_due_date_is_the_nominal_one_plus_n_rolled_once() -> None:
    """Vector V9: 60 + 30 days from 2025-12-17; from the rolled date it would be 2026-03-26."""
    opened = ("2025-12-17 09:00 registered", "2025-12-17 10:00 dispatched unit=U1")
    rule = solve("60日", more="roll = true")
    matter = matter_of(rule=rule, opened=opened)
    assert matter.due("solve") == "2026-02-24 24:00"
    matter.take(asked("2026-02-10 10:00", "30日"), granted("2026-02-11 10:00"))
    assert matter.due("solve") == "2026-03-17 24:00"


def test_natural_days_are_extended_by_natural_days() -> None:
    opened = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
    matter = matter_of(
        asked("2025-06-10 10:00", "10日"),
        granted("2025-06-11 10:00"),
        rule=solve("15日", more="roll = true"),
        opened=opened,
    )
    # The 28th is a Saturday.
    assert matter.due("solve") == "2025-06-30 24:00"


def test_working_days_over_a_make_up_sunday() -> None:
    """Vector V14: 5 + 10 working days from 2025-04-21."""
    opened = ("2025-04-21 09:00 registered", "2025-04-21 10:00 dispatched unit=U1")
    matter = matter_of(rule=solve("5个工作日"), opened=opened)
    assert matter.due("solve") == "2025-04-27 24:00"
    matter.take(asked("2025-04-27 10:00", "10个工作日"), granted("2025-04-27 11:00"))
    assert matter.due("solve") == "2025-05-14 24:00"

"""Acts ready made: the same as if the dossier were read, and none where more than time matters."""

import msgspec
import pytest

from sla_engine.dossier.events import RungFired
from sla_engine.escalation.armed import EDITION, Plan, Ready, ready
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow, Claim
from tests.support.armed import Life
from tests.support.given import (
    Matter,
    clause,
    instant,
    notice,
    pack_of,
    rules_of,
    series,
    shown,
    talks,
)

SOLVE = (
    "warn due-3个工作日 warn 10; red due red 30; supervise due+2个工作日 supervise 40; "
    "talk due+3个工作日 talk 50 tier=1"
)
REPLY = "warn due-3个工作日 warn 20; late due+1个工作日 urge 30"
EXTENDED = '{ max_count = 1, each_max = "5个工作日", basis = ["测试"] }'
RULES = rules_of(
    pack_of(
        clause("solve", "10个工作日", rungs=SOLVE, pauses='["P-TEST"]', extension=EXTENDED),
        clause("reply", "10个工作日", rungs=REPLY, stop='"accepted"'),
        talks(),
    )
)
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
DUE = "2025-06-17 24:00"


def life_of(matter: Matter, at: str = "") -> Life:
    """A matter's log, its rows written when it last changed or at `at`."""
    life = Life(matter.stream)
    life.log = list(matter.log)
    life.arm(matter.rules, instant(at) if at else matter.log[-1].meta.recorded_at)
    return life


def opened(*lines: str, rules: Rulebook = RULES) -> Life:
    return life_of(Matter(rules, *OPENED, *lines))


def swept(life: Life, when: str, rules: Rulebook = RULES) -> list[str]:
    """What was recorded from plans, compared with a reading of the dossier; ["read"] if there was
    no plan that holds."""
    made = life.sweep(rules, instant(when))
    return ["read"] if made is None else told(made)


def told(made: Ready) -> list[str]:
    acts = [event for _, event in made.drafts if isinstance(event, RungFired)]
    return [
        f"{act.clause}/{act.rung}#{act.version} {shown(act.at)}{act.silent and f' {act.silent}'}"
        for act in acts
    ]


def row(life: Life, name: str) -> AlarmRow:
    return life.rows[(name, "1")]


# --------------------------------------------------------------------------------- the same acts


def test_rungs_of_several_clocks_come_in_the_order_of_their_levels() -> None:
    life = opened()
    assert swept(life, "2025-06-12 09:00") == [
        "solve/warn#0 2025-06-12 09:00",
        "reply/warn#0 2025-06-12 09:00",
    ]
    assert shown(row(life, "solve").alarm_at) == "2025-06-18 00:00:00.000001"
    assert (row(life, "solve").level, row(life, "solve").rung) == (10, "red")


def test_firing_one_clock_leaves_the_plan_of_another_as_it_is() -> None:
    life = opened()
    swept(life, "2025-06-12 09:00")
    before = row(life, "reply")
    assert swept(life, "2025-06-18 08:00") == ["solve/red#0 2025-06-18 00:00:00.000001"]
    assert row(life, "reply") == before
    assert swept(life, "2025-06-18 09:00") == ["reply/late#0 2025-06-18 09:00"]
    assert row(life, "reply").plan == b""
    assert row(life, "reply").alarm_at is None


def test_a_breach_names_the_due_instant() -> None:
    life = opened()
    swept(life, "2025-06-12 09:00")
    made = life.sweep(RULES, instant("2025-06-18 08:00"))
    assert made is not None
    (draft,) = made.drafts
    assert isinstance(draft.event, RungFired)
    assert draft.event.due == instant(DUE)
    assert draft.meta.occurred_at == draft.event.at == instant(DUE) + 1


def test_after_a_downtime_warnings_are_superseded_and_talks_are_not() -> None:
    assert swept(opened(), "2025-07-01 09:00") == [
        "solve/warn#0 2025-06-12 09:00 superseded",
        "reply/warn#0 2025-06-12 09:00 superseded",
        "solve/red#0 2025-06-18 00:00:00.000001",
        "reply/late#0 2025-06-18 09:00",
        "solve/supervise#0 2025-06-19 09:00",
        "solve/talk#0 2025-06-20 09:00",
    ]


def test_a_warning_given_again_before_an_extended_term_ends_has_its_own_version() -> None:
    matter = Matter(RULES, *OPENED).touch("2025-06-12 09:00")
    matter.take(
        "2025-06-12 10:00 extension_requested request=e clause=solve amount=5个工作日",
        "2025-06-12 11:00 extension_granted request=e approver=chief",
    )
    life = life_of(matter)
    assert swept(life, "2025-06-19 09:00") == [
        "reply/late#0 2025-06-18 09:00",
        "solve/warn#1 2025-06-19 09:00",
    ]


def test_a_right_that_is_not_used_lapses_without_an_act_or_an_alarm() -> None:
    rules = rules_of(
        pack_of(
            clause(
                "appeal",
                "5日",
                rungs="warn due-1日 warn 10",
                late='"barred"',
                stop='"arrived"',
            )
        )
    )
    life = opened(rules=rules)
    assert swept(life, "2025-06-08 00:00", rules)[0].startswith("appeal/warn#0")
    after = row(life, "appeal")
    assert (after.rung, after.alarm_at, after.missed) == ("", None, "lapsed")
    assert swept(life, "2025-06-09 00:01", rules) == []


# ---------------------------------------------------------------------- where there is no plan


def test_a_paused_clock_has_no_plan() -> None:
    life = opened("2025-06-05 10:00 suspended ground=P-TEST")
    assert row(life, "solve").plan == b""
    assert row(life, "reply").plan != b""


@pytest.mark.parametrize(
    "line", ["dispatched unit=U2 assignment=A2 replaces=A1", "resolved assignment=A1"]
)
def test_what_a_source_says_is_yet_to_come_leaves_no_plan(line: str) -> None:
    matter = Matter(RULES, OPENED[0], f"{OPENED[1]} assignment=A1")
    matter.take(f"2025-06-05 10:00 {line}")
    assert {each.plan for each in life_of(matter, "2025-06-05 09:59").rows.values()} == {b""}
    assert row(life_of(matter, "2025-06-05 10:00"), "reply").plan != b""


def test_a_rung_that_waits_because_it_was_learned_late_leaves_no_plan() -> None:
    late = '2025-06-03 10:00 dispatched unit=U1 "known=2025-06-12 10:00"'
    life = life_of(Matter(RULES, OPENED[0], late))
    assert shown(row(life, "solve").alarm_at) == "2025-06-12 12:00"
    assert swept(life, "2025-06-12 12:00") == ["read"]
    assert row(life, "solve").plan != b""


def test_a_round_has_plans_once_its_period_is_over() -> None:
    rules = rules_of(
        pack_of(
            clause(
                "report",
                "5个工作日",
                scope='"round"',
                start='"period_ended"',
                stop='"published"',
                rungs="warn due-1个工作日 warn 10",
            ),
            series("month", "report", "month"),
        )
    )
    matter = Matter(rules, "2025-06-02 09:00 opened series=month period=2025-06", stream="round/R1")
    assert [each.plan for each in life_of(matter).rows.values()] == [b""]
    (armed,) = life_of(matter, "2025-07-01 00:00").rows.values()
    assert armed.plan != b""


def test_a_clock_that_the_calendar_will_stop_leaves_no_plan_beside_it() -> None:
    keys = {"scope": '"round"', "start": '"opened"'}
    collect = clause("collect", "3个月", stop='"period_ended"', **keys)
    report = clause("report", "2个月", stop='"published"', rungs="late due red 30", **keys)
    rules = rules_of(pack_of(collect, report, series("month", "report", "month")))
    opened = "2025-06-02 09:00 opened series=month period=2025-06"
    matter = Matter(rules, opened, stream="round/R1")
    assert {each.plan for each in life_of(matter).rows.values()} == {b""}
    life = life_of(matter, "2025-07-01 00:00")
    assert row(life, "report").plan != b""


def test_an_act_that_stands_though_its_time_has_not_come_leaves_no_plan() -> None:
    """The clock was set back after the warning had gone out."""
    matter = Matter(RULES, *OPENED).touch("2025-06-12 09:00")
    life = life_of(matter, "2025-06-12 08:00")
    assert row(life, "solve").plan == b""
    assert swept(life, "2025-06-12 09:00") == ["read"]


# ------------------------------------------------------------------------ where a plan is no good


def test_a_holiday_announced_meanwhile_makes_the_dossier_be_read() -> None:
    life = opened()
    revised = RULES.with_notice(notice("2025-06-05", "2025-06-06 10:00", off="2025-06-10"))
    assert swept(life, "2025-06-12 09:00", revised) == ["read"]
    assert row(life, "solve").alarm_at == instant("2025-06-13 09:00")


def test_one_that_is_known_from_later_on_does_so_only_then() -> None:
    revised = RULES.with_notice(notice("2025-06-05", "2025-06-17 10:00", off="2025-07-10"))
    life = opened(rules=revised)
    assert swept(life, "2025-06-12 09:00", revised) != ["read"]
    assert swept(life, "2025-06-18 09:00", revised) == ["read"]


def test_once_it_is_known_the_plans_hold_again_though_it_moved_nothing() -> None:
    revised = RULES.with_notice(notice("2025-06-05", "2025-06-05 10:00", off="2025-07-10"))
    life = life_of(Matter(RULES, *OPENED).under(revised).take("2025-06-06 10:00 accepted"))
    assert row(life, "solve").rules != ""
    assert swept(life, "2025-06-12 09:00", revised) == ["solve/warn#0 2025-06-12 09:00"]


def test_an_edition_of_the_pack_that_came_later_changes_nothing() -> None:
    later = rules_of(*RULES.packs, pack_of(clause("solve", "1日"), edition="2", since="2026-01-01"))
    assert swept(opened(), "2025-06-12 09:00", later) != ["read"]


def test_a_pack_that_is_gone_makes_the_dossier_be_read() -> None:
    life, other = opened(), rules_of(pack_of(clause("solve", "1日"), name="other"))
    claim = Claim(life.stream, len(life.log), life.due(instant(DUE)))
    assert ready(claim, other, instant(DUE)) is None


@pytest.mark.parametrize("spoil", ["edition", "alarm", "bytes", "one of two"])
def test_a_plan_that_does_not_fit_its_row_is_not_used(spoil: str) -> None:
    life, now = opened(), instant("2025-06-12 09:00")
    solve = row(life, "solve")
    plan = msgspec.msgpack.decode(solve.plan, type=Plan)
    spoilt = {
        "edition": solve._replace(
            plan=msgspec.msgpack.encode(msgspec.structs.replace(plan, edition=EDITION + 1))
        ),
        "alarm": solve._replace(alarm_at=now - 1),
        "bytes": solve._replace(plan=solve.plan[:-1]),
        "one of two": solve._replace(plan=b""),
    }
    claim = Claim(life.stream, len(life.log), [spoilt[spoil], row(life, "reply")])
    assert ready(claim, RULES, now) is None
    assert ready(claim._replace(due=life.due(now)), RULES, now) is not None

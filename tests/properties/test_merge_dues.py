"""No deadline falls, by a merge, before the earlier of those of the two petitions (rule D19)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.policy.lint import parse_pack
from sla_engine.record import Instant
from sla_engine.sla.schedule import Schedule
from sla_engine.wiring import Engine
from tests.support.checked import checked, written
from tests.support.given import (
    clause,
    engine,
    instant,
    rules_of,
    send,
    shown,
    statuses,
    text_of,
    to,
)
from tests.support.sizes import examples

_EXTENSION = '{ max_count = 1, each_max = "6个工作日", basis = ["测试"] }'
_HELD = {"pauses": '["P-HEAR"]'}
TEXT = text_of(
    clause("solve", "10个工作日", extension=_EXTENSION, rungs="red due red 30", **_HELD),
    clause("calm", "9日", start='"registered"', **_HELD),
    clause("desk", "9个工作小时", stop='"arrived"', **_HELD),
    clause("told", "2个工作日", stop='["told_one", "resolved"]'),
    clause("part", "3个工作日", scope='"assignment"', **_HELD),
)
RULES = rules_of(parse_pack(TEXT))
HOUR = 3_600_000_000
BEGIN = instant("2025-06-03 08:00")
MATTER = ("solve", "calm", "desk", "told")

HAPPENINGS = (
    "suspended ground=P-HEAR",
    "resumed",
    "extension_requested request={request} clause=solve amount={amount}个工作日",
    "extension_granted request={request} approver=甲",
    "step_done step=arrived",
    "step_done step=told_one",
)


@st.composite
def lives(draw: st.DrawFn, no: str) -> list[tuple[Instant, str]]:
    """Facts of one petition; what cannot be is refused."""
    at = BEGIN + draw(st.integers(0, 200)) * HOUR
    lives = [(at, f"{no}: {{}} registered")]
    if draw(st.integers(0, 5)):
        at += draw(st.integers(0, 60)) * HOUR
        lives.append((at, f"{no}: {{}} dispatched unit=U-{no} assignment={no}-1"))
    for name in draw(st.lists(st.sampled_from(HAPPENINGS), max_size=6)):
        at += draw(st.integers(1, 90)) * HOUR
        request, amount = draw(st.sampled_from(["E1", "E2"])), draw(st.integers(1, 6))
        lives.append((at, f"{no}: {{}} {name.format(request=request, amount=amount)}"))
    return lives


def schedules(each: Engine, no: str) -> dict[str, Schedule]:
    readings = each.assess(f"petition/{no}").readings
    return {one.clause.id: one.schedule for one in readings if one.clause.id in MATTER}


def due(schedule: Schedule | None) -> Instant | None:
    """None: it stands still, or is not there."""
    return schedule.due if schedule is not None else None


def merged(each: Engine, at: Instant, one: str, into: str) -> None:
    """Merge two petitions, and look at what each clause of the survivor was due before."""
    before = [schedules(each, one), schedules(each, into)]
    line = f"{one}: {shown(at).replace(' 24:00', ' 23:59')} merged into={into}"
    if statuses(send(each, line)) != ["recorded"]:
        return
    for name, schedule in schedules(each, into).items():
        were = [was for known in before if (was := due(known.get(name))) is not None]
        now = due(schedule)
        assert now is None or not were or now >= min(were), name


def told(at: Instant, line: str) -> str:
    return line.format(shown(at).replace(" 24:00", " 23:59"))


@given(one=lives("P1"), two=lives("P2"), three=lives("P3"), gap=st.integers(0, 200))
@examples(60)
def test_no_deadline_falls_before_the_earlier_of_the_two_by_a_merge(
    one: list[tuple[Instant, str]],
    two: list[tuple[Instant, str]],
    three: list[tuple[Instant, str]],
    gap: int,
) -> None:
    with engine(shown(BEGIN), RULES) as each:
        facts = sorted(one + two + three)
        for at, line in facts:
            send(each, told(at, line))
        last = facts[-1][0]
        for number, (duplicate, survivor) in enumerate(pairwise(("P1", "P2", "P3")), 1):
            at = last + number * gap * HOUR + number * HOUR
            to(each, shown(at).replace(" 24:00", " 23:59"))
            merged(each, at, duplicate, survivor)
            case = written(each.assess(f"petition/{survivor}"), {"demo": TEXT})
            assert checked(case) == [None] * len(case["derivations"])
        assert each.verify().identical

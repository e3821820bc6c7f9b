"""Matters with all that a derivation may hold, for the checker to accept and, forged, to refuse."""

from functools import cache

from sla_engine.policy.lint import parse_pack
from sla_engine.rules.texts import notice_of
from sla_engine.sla.case import GivenNotice
from tests.support.checked import Case, written
from tests.support.given import Matter, clause, instant, rules_of, talks, text_of

_EXTENSION = (
    '{ max_count = 1, total_max = "3个工作日", ask_before = "1个工作日", basis = ["测试"] }'
)

TEXT = text_of(
    clause("solve", "10个工作日", pauses='["P-HEAR"]', extension=_EXTENSION),
    clause("feedback", "15日", roll="true", stop='"told_one"'),
    clause("reply", "36小时", hours='"24x7"', stop='"accepted"'),
    clause("desk", "9个工作小时", receipt='"close_to_next"', pauses='["P-HEAR"]', stop='"arrived"'),
    clause("half", "1.5个工作日", scope='"assignment"', pauses='["P-HEAR"]'),
    clause("close", "1个月", expiry='"close_of_business"', stop='"closed"'),
    clause("keep", "10个工作日", revision='"never_earlier"', stop='["closed", "merged"]'),
    clause(
        "again",
        "3个工作日",
        start='["dispatched", "rework_ordered"]',
        repeat="true",
        stop='["told_two", "resolved"]',
    ),
    talks(),
)
_RULES = rules_of(parse_pack(TEXT))

LIFE = (
    "2025-09-25 09:00 registered",
    "2025-09-25 10:00 dispatched unit=U0 assignment=A0 id=wrong",
    "2025-09-25 11:00 voided fact=test:wrong ground=派错",
    "2025-09-26 19:00 dispatched unit=U1 assignment=A1 id=right",
    "2025-09-27 10:00 accepted",
    "2025-09-28 10:30 suspended ground=P-HEAR",
    "2025-09-29 09:00 resumed",
    "2025-10-10 09:00 extension_requested request=E1 clause=solve amount=2个工作日",
    "2025-10-10 10:00 extension_requested request=E2 clause=solve amount=1个工作日",
    "2025-10-14 10:00 extension_granted request=E2 approver=乙",
    "2025-10-13 10:00 extension_granted request=E1 approver=甲 known=2025-10-14T11:00",
    "2025-10-20 16:00 resolved",
    "2025-10-21 09:00 rework_ordered unit=U2 assignment=A2 reason=未解决",
)
"""Around a National Day with two make-up weekends; its first start was voided."""

NOTICE = """
title = "演练通知：十月二十五日上班"
number = "演练〔2025〕10号"
region = "CN"
published = 2025-10-16
covers = []
verified = false
[[holiday]]
name = "演练"
work = ["2025-10-26"]
"""


def _case(*lines: str, at: str, notice: str = "") -> Case:
    matter = Matter(_RULES, *lines)
    notices = []
    if notice:
        known_at = instant("2025-10-16 10:00")
        notices = [GivenNotice(notice, known_at)]
        matter.under(_RULES.with_notice(notice_of(notice, known_at))).touch("2025-10-16 10:00")
    return written(matter.assess(at), {"demo": TEXT}, notices)


@cache
def lived() -> Case:
    """Everything but a provisional year and a revision; the last clock is still running."""
    return _case(*LIFE, at="2025-10-22 09:00")


@cache
def waiting() -> Case:
    """A pause is still open."""
    lines = (*LIFE[:1], LIFE[3], "2025-09-28 10:30 suspended ground=P-HEAR")
    return _case(*lines, at="2025-10-10 09:00")


@cache
def lifted() -> Case:
    """A pause that was open when the work was over; rework runs."""
    lines = (*LIFE[:1], LIFE[3], "2025-09-28 10:30 suspended ground=P-HEAR")
    return _case(*lines, *LIFE[-2:], at="2025-10-22 09:00")


@cache
def provisional() -> Case:
    """Due in a year without a notice."""
    opened = ("2026-12-24 09:00 registered", "2026-12-25 10:00 dispatched unit=U1 assignment=A1")
    return _case(*opened, at="2026-12-26 09:00")


@cache
def revised() -> Case:
    """A notice that came while clocks were running."""
    opened = ("2025-10-13 09:00 registered", "2025-10-13 10:00 dispatched unit=U1 assignment=A1")
    return _case(*opened, at="2025-10-17 09:00", notice=NOTICE)

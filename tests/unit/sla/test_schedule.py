"""The instants of rungs, however they are written, and how a clock's working is told."""

import pytest

from sla_engine.dossier.events import RungFired
from sla_engine.sla.explain import explain
from tests.support.given import Matter, clause, instant, notice, pack_of, rules_of, shown

REGISTERED = "2025-06-03 09:00 registered"
DISPATCHED = "2025-06-03 10:00 dispatched unit=U1"


def matter_of(
    limit: str, at: str, *lines: str, dispatched: str = DISPATCHED, **keys: str
) -> Matter:
    """One clock with one rung at `at`."""
    rules = rules_of(pack_of(clause("solve", limit, rungs=f"rung {at} warn 10", **keys)))
    return Matter(rules, f"{dispatched[:10]} 09:00 registered", dispatched, *lines)


def rung(matter: Matter) -> str:
    firings = matter.reading("solve", "2100-01-01 00:00").schedule.firings
    return ", ".join(shown(firing.at) for firing in firings)


@pytest.mark.parametrize(
    ("limit", "at", "expected"),
    [
        ("10个工作日", "start", "2025-06-03 10:00"),
        ("10个工作日", "start+30分钟", "2025-06-03 10:30"),
        ("10个工作日", "start+3个工作日", "2025-06-06 24:00"),
        ("10个工作日", "50%", "2025-06-10 18:00"),
        ("10个工作日", "due-3个工作日", "2025-06-12 09:00"),
        ("10个工作日", "due-0个工作日", "2025-06-17 09:00"),
        ("10个工作日", "due-2个工作小时", "2025-06-17 16:00"),
        ("10个工作日", "due-2日", "2025-06-14 24:00"),
        ("10个工作日", "due", "2025-06-18 00:00:00.000001"),
        ("10个工作日", "due+2小时", "2025-06-18 02:00"),
        ("10个工作日", "due+2个工作小时", "2025-06-18 11:00"),
        ("10个工作日", "due+1日", "2025-06-18 00:00:00.000001"),
        ("10个工作日", "due+2日", "2025-06-18 24:00"),
        ("10个工作日", "due+4个工作日", "2025-06-23 09:00"),
        ("8小时", "75%", "2025-06-03 16:00"),
        ("8小时", "due-90分钟", "2025-06-03 16:30"),
        ("8小时", "due+1个工作日", "2025-06-04 09:00"),
        ("7个工作小时", "50%", "2025-06-03 15:30"),
        ("0.5个工作日", "due-1个工作小时", "2025-06-03 17:00"),
        ("15日", "start+10日", "2025-06-13 24:00"),
        ("1个月", "due", "2025-07-04 00:00:00.000001"),
    ],
)
def test_a_rung_is_reached_when_its_text_says(limit: str, at: str, expected: str) -> None:
    assert rung(matter_of(limit, at)) == expected


def test_a_term_that_ends_at_the_close_is_late_from_then_on() -> None:
    matter = matter_of("10个工作日", "due", expiry='"close_of_business"')
    assert (matter.due("solve"), rung(matter)) == (
        "2025-06-17 18:00",
        "2025-06-17 18:00:00.000001",
    )
    assert rung(matter_of("10个工作日", "due+1日", expiry='"close_of_business"')) == (
        "2025-06-17 24:00"
    )


def test_a_clock_that_never_stops_has_working_days_before_its_due_date() -> None:
    matter = matter_of("96小时", "due-1个工作日", hours='"24x7"')
    assert (matter.due("solve"), rung(matter)) == ("2025-06-07 10:00", "2025-06-06 09:00")


def test_a_rung_that_long_holidays_push_behind_the_due_date_waits_for_its_own_days() -> None:
    """Ten working days are more than fifteen days where the Spring Festival lies between."""
    dispatched = "2026-02-10 10:00 dispatched unit=U1"
    matter = matter_of("15日", "start+10个工作日", dispatched=dispatched, pauses='["P-HEAR"]')
    assert (matter.due("solve"), rung(matter)) == ("2026-02-25 24:00", "2026-03-02 24:00")
    matter.take("2026-02-26 10:00 suspended ground=P-HEAR")
    assert (matter.due("solve"), rung(matter)) == ("2026-02-25 24:00", "")
    matter.take("2026-03-03 10:00 resumed").touch("2026-03-30 09:00")
    assert rung(matter) == "2026-03-06 24:00"


def test_rungs_of_one_instant_come_by_severity() -> None:
    rules = rules_of(
        pack_of(clause("solve", "2小时", rungs="a due red 30; b due supervise 40; c due remind 20"))
    )
    matter = Matter(rules, REGISTERED, DISPATCHED).touch("2025-06-03 13:00")
    acts = [each.event for each in matter.log if isinstance(each.event, RungFired)]
    assert [act.rung for act in acts] == ["c", "a", "b"]


# ---------------------------------------------------------------------------------- explanations

EXTENSION = '{ max_count = 1, basis = ["测试"] }'


def test_an_explanation_names_clause_status_basis_and_pack() -> None:
    told = explain(matter_of("10个工作日", "due").reading("solve", "2025-06-04 09:00"))
    assert told.zh()[:2] == ["solve：10个工作日（默认值，须经用户确认）", "依据：测试（测试包 1）"]
    assert told.en()[:2] == [
        "solve: 10 working days (default, to be confirmed)",
        "Basis: 测试 (test pack 1)",
    ]
    published = matter_of("10个工作日", "due", status='"published"')
    assert explain(published.reading("solve", "2025-06-04 09:00")).zh()[0] == "solve：10个工作日"


def test_it_tells_rungs_reached_and_to_come() -> None:
    told = explain(matter_of("2小时", "start+1小时").reading("solve", "2025-06-03 10:30"))
    assert told.zh()[-1].startswith("将到")
    later = explain(matter_of("2小时", "start+1小时").reading("solve", "2025-06-03 11:00"))
    assert later.zh()[-1].startswith("已到")
    assert later.en()[-1].startswith("Reached")


def test_its_derivation_is_the_computation_itself() -> None:
    matter = matter_of("10个工作日", "due", pauses='["P-HEAR"]').take(
        "2025-06-09 10:00 suspended ground=P-HEAR", "2025-06-13 09:00 resumed"
    )
    reading = matter.reading("solve", "2025-06-20 09:00")
    derivation = explain(reading).derivation
    assert derivation.reckoning == reading.schedule.last.reckoning
    assert derivation.pauses == ((instant("2025-06-09 10:00"), instant("2025-06-13 09:00")),)


def test_an_extension_is_told_with_its_approver_and_one_without_effect_as_well() -> None:
    matter = matter_of("10个工作日", "due", extension=EXTENSION).take(
        "2025-06-10 10:00 extension_requested request=E1 clause=solve amount=1个工作日",
        "2025-06-10 11:00 extension_requested request=E2 clause=solve amount=2个工作日",
        "2025-06-12 10:00 extension_granted request=E2 approver=乙",
        "2025-06-11 10:00 extension_granted request=E1 approver=甲 known=2025-06-13T10:00",
    )
    told = explain(matter.reading("solve", "2025-06-14 09:00"))
    zh, en = "\n".join(told.zh()), "\n".join(told.en())
    assert "延期：1个工作日，批准人 甲" in zh
    assert "延期未计入：2个工作日，批准人 乙" in zh
    assert "Extension without effect: 2 working days, approved by 乙" in en


def test_a_due_date_kept_by_the_pack_is_told_as_kept() -> None:
    """The derivation alone would end on the earlier day."""
    matter = matter_of("10个工作日", "due", revision='"never_earlier"')
    shorter = notice("2025-06-10", "2025-06-10 10:00", work="2025-06-14")
    matter.under(matter.rules.with_notice(shorter)).touch("2025-06-10 10:00")
    reading = matter.reading("solve", "2025-06-11 09:00")
    told = explain(reading)
    assert shown(told.derivation.reckoning.due) == "2025-06-16 24:00"
    assert shown(reading.due) == "2025-06-17 24:00"
    assert "已告知的期限不提前，到期：2025-06-17（周二）24:00" in told.zh()
    assert any("not brought forward. Due: 2025-06-17" in line for line in told.en())

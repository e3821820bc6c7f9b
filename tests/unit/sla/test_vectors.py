"""Published and computed vectors, run through a dossier and its clocks rather than the kernel."""

import pytest

from tests.support.given import SHIPPED, Matter, clause, pack_of, rules_of


def due(limit: str, start: str, more: str = "", region: str = "CN-3704") -> str:
    """Last day of a term that starts at ten on a day."""
    matter = Matter(
        rules_of(pack_of(clause("solve", limit, more=more))),
        f"{start} 09:00 registered region={region}",
        f"{start} 10:00 dispatched unit=U1",
    )
    text = matter.due("solve")
    assert text.endswith(" 24:00")
    return text.removesuffix(" 24:00")


@pytest.mark.parametrize(
    ("limit", "start", "expected"),
    [
        ("1个工作日", "2024-09-13", "2024-09-14"),  # V1: a make-up Saturday
        ("10个工作日", "2024-09-13", "2024-09-29"),
        ("1个工作日", "2024-09-14", "2024-09-18"),  # V2: received on that Saturday
        ("1个工作日", "2024-09-15", "2024-09-18"),
        ("10个工作日", "2024-09-15", "2024-09-30"),
        ("5个工作日", "2019-04-22", "2019-04-28"),  # V3: known after 2019-03-22
        ("1个工作日", "2019-04-27", "2019-04-28"),
        ("3个工作日", "2019-04-29", "2019-05-06"),
        ("5个工作日", "2015-08-31", "2015-09-08"),  # V6
        ("10个工作日", "2025-09-24", "2025-10-14"),  # V11
        ("10个工作日", "2025-09-26", "2025-10-16"),
        ("1个工作日", "2025-10-03", "2025-10-09"),
        ("10个工作日", "2026-02-10", "2026-03-02"),  # V12
        ("1个工作日", "2026-02-13", "2026-02-14"),
        ("1个工作日", "2026-02-14", "2026-02-24"),
        ("4个工作日", "2025-12-26", "2026-01-04"),  # V15: with the notice of 2026
    ],
)
def test_working_days(limit: str, start: str, expected: str) -> None:
    assert due(limit, start) == expected


@pytest.mark.parametrize(
    ("limit", "start", "expected"),
    [
        ("60日", "2025-12-17", "2026-02-24"),  # V8: nominal on a Sunday of the Spring Festival
        ("15日", "2025-09-16", "2025-10-09"),
        ("15日", "2026-01-30", "2026-02-14"),  # a make-up Saturday does not roll
    ],
)
def test_natural_days_roll_off_holidays(limit: str, start: str, expected: str) -> None:
    assert due(limit, start, "roll = true") == expected


@pytest.mark.parametrize(
    ("start", "region", "expected"),
    [
        ("2023-04-18", "CN-3704", "2023-04-24"),  # V7
        ("2023-04-18", "CN-45", "2023-04-26"),
        ("2021-04-12", "CN-45", "2021-04-21"),
        ("2023-06-26", "CN-64", "2023-07-05"),
    ],
)
def test_a_region_may_turn_working_days_into_rest(start: str, region: str, expected: str) -> None:
    assert due("5个工作日", start, region=region) == expected


def test_cards_of_shandong() -> None:
    """Vector V13: 15 working days from 2025-09-10, yellow from 29 September, red from 9 October."""
    rungs = "yellow due-1个工作日 yellow 20; red due+1个工作日 red 30"
    matter = Matter(
        rules_of(pack_of(clause("reply", "15个工作日", rungs=rungs))),
        "2025-09-10 09:00 registered",
        "2025-09-10 10:00 dispatched unit=U1",
    ).touch("2025-09-29 09:00", "2025-10-09 09:00")
    assert matter.due("reply") == "2025-09-30 24:00"
    assert matter.standing() == [
        "reply/yellow#0 2025-09-29 09:00",
        "reply/red#0 2025-10-09 09:00",
    ]


def test_the_two_one_ten_of_zaozhuang_runs_three_clocks_from_one_dispatch() -> None:
    matter = Matter(
        SHIPPED,
        "2024-09-13 08:00 registered pack=zaozhuang-2110",
        "2024-09-13 09:00 dispatched unit=U1",
        "2024-09-13 10:40 step_done step=onsite_arrived",
        "2024-09-14 10:00 step_done step=feedback_to_enterprise",
    )
    assert [matter.due(each) for each in ("arrive", "feedback", "solve")] == [
        "2024-09-13 11:00",
        "2024-09-14 24:00",
        "2024-09-29 24:00",
    ]
    assert matter.state("arrive", "2024-09-15 09:00") == "met"
    # Both sides must be told; the platform was not.
    assert matter.state("feedback", "2024-09-15 09:00") == "overdue"
    matter.take("2024-09-15 09:30 step_done step=feedback_to_platform")
    assert matter.state("feedback", "2024-09-16 09:00") == "late"


def test_mingguang_leads_from_warning_to_the_second_tier() -> None:
    matter = Matter(
        SHIPPED,
        "2024-09-13 08:00 registered pack=mingguang-three-tier region=CN-341182",
        "2024-09-13 09:00 dispatched unit=U1",
    )
    for day in ("09-25", "09-27", "09-30", "10-10", "10-14"):
        matter.touch(f"2024-{day} 08:30")
    assert [text.split("#")[0] for text in matter.standing("handle")] == [
        "handle/warn",
        "handle/yellow",
        "handle/red",
        "handle/urge",
        "handle/talk-1",
        "handle/talk-2",
    ]

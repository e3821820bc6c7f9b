"""Office hours by season, as a person writes them."""

from datetime import date
from typing import Any

import pytest

from sla_engine.errors import Refusal
from sla_engine.worktime import OfficeHours
from sla_engine.worktime.instant import DAY, HOUR
from tests.unit.worktime.setting import SCHEDULES

SEASONS = OfficeHours.from_seasons(SCHEDULES["seasons"])


@pytest.mark.parametrize(
    ("day", "afternoon"),
    [
        ("2026-01-01", 13.5),
        ("2026-05-31", 13.5),
        ("2026-06-01", 14.5),
        ("2026-09-30", 14.5),
        ("2026-10-01", 13.5),
        ("2026-12-31", 13.5),
    ],
)
def test_a_season_lasts_until_the_next_one_and_over_new_year(day: str, afternoon: float) -> None:
    assert SEASONS.on(date.fromisoformat(day))[1][0] == afternoon * HOUR


def test_an_office_may_be_open_all_day() -> None:
    assert OfficeHours.from_seasons(SCHEDULES["h24"]).on(date(2026, 1, 1)) == ((0, DAY),)


def test_a_digest_names_the_content() -> None:
    again = OfficeHours.from_seasons(SCHEDULES["seasons"])
    assert again.digest == SEASONS.digest
    assert again == SEASONS
    assert OfficeHours.from_seasons(SCHEDULES["std"]).digest != SEASONS.digest


@pytest.mark.parametrize(
    ("schedule", "halves"), [("std", True), ("seasons", True), ("straight", False), ("h24", False)]
)
def test_only_two_sessions_make_a_morning_and_an_afternoon(schedule: str, halves: bool) -> None:
    assert OfficeHours.from_seasons(SCHEDULES[schedule]).has_halves is halves


NINE = [["09:00", "12:00"]]


@pytest.mark.parametrize(
    ("seasons", "faults"),
    [
        ([], ["HOURS_FORMAT "]),
        ("std", ["HOURS_FORMAT "]),
        (None, ["HOURS_FORMAT "]),
        ([["01-01"]], ["HOURS_FORMAT [0]"]),
        ([["13-01", NINE]], ["HOURS_FORMAT [0][0]"]),
        ([["02-30", NINE]], ["HOURS_FORMAT [0][0]"]),
        ([[101, NINE]], ["HOURS_FORMAT [0][0]"]),
        ([["01-01", []]], ["HOURS_FORMAT [0][1]"]),
        ([["01-01", "09:00-17:00"]], ["HOURS_FORMAT [0][1]"]),
        ([["01-01", [["9:00", "12:00"]]]], ["HOURS_FORMAT [0][1][0]"]),
        ([["01-01", [["09:00", "24:01"]]]], ["HOURS_FORMAT [0][1][0]"]),
        ([["01-01", [["09:00"]]]], ["HOURS_FORMAT [0][1][0]"]),
        ([["01-01", [[9, 12]]]], ["HOURS_FORMAT [0][1][0]"]),
        ([["01-01", [["12:00", "09:00"]]]], ["HOURS_ORDER [0][1][0]"]),
        ([["01-01", [["09:00", "09:00"]]]], ["HOURS_ORDER [0][1][0]"]),
        ([["01-01", [*NINE, ["11:00", "17:00"]]]], ["HOURS_ORDER [0][1][1]"]),
        ([["10-01", NINE], ["06-01", NINE]], ["HOURS_ORDER [1][0]"]),
        ([["06-01", NINE], ["06-01", NINE]], ["HOURS_ORDER [1][0]"]),
        (
            [["1-1", NINE], ["06-01", [["12:00", "09:00"], 7]]],
            ["HOURS_FORMAT [0][0]", "HOURS_ORDER [1][1][0]", "HOURS_FORMAT [1][1][1]"],
        ),
    ],
)
def test_every_fault_is_found_at_once_and_placed(seasons: Any, faults: list[str]) -> None:
    with pytest.raises(Refusal) as refusal:
        OfficeHours.from_seasons(seasons)
    assert [f"{fault.code} {fault.where}" for fault in refusal.value.faults] == faults

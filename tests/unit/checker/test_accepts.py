"""What the engine derives, the independent checker verifies: every clock of whole scenarios."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checked import Case, cases, checked, played
from tests.unit.checker.matters import lifted, lived, provisional, revised, waiting

LIBRARY = Path("scenarios/library")
_LARGE = {"beijing-enterprise-line"} | {
    path.stem for path in LIBRARY.glob("*-*") if path.stem.endswith(("figures", "-counts", "-city"))
}
_SAMPLE = (
    "beijing-complex-holiday", "beijing-working-days", "board-objection", "calendar-guangxi-2023",
    "calendar-horizon-2027", "calendar-hubei-2020", "calendar-revision",
    "dispute-board-objection", "dispute-verdict-excluded", "extension", "golden-mid-autumn-2024",
    "golden-spring-festival-2020", "golden-victory-day-2015", "hotline-extensions-long-cycle",
    "hotline-night-and-half-days", "jinan-joint-handling", "late-fact-weeks-later",
    "list-strike-off", "merge-of-duplicates", "mingguang-quarter-board", "natural-days-roll",
    "new-year-horizon", "pause-with-ground", "return-ping-pong", "rework", "talk-no-show-tier-2",
    "talk-three-tiers", "voided-closure", "wucheng-daily", "xinfang-extension",
    "xinfang-full-path", "xinfang-last-day-roll", "zaozhuang-edition-change",
    "zaozhuang-one-thing", "zaozhuang-procedure-map",
)  # fmt: skip


def sample() -> list[str]:
    """Scenarios of every kind of dossier and of term; all but the largest with SOAK=1."""
    every = sorted(path.stem for path in LIBRARY.glob("*.toml"))
    return [name for name in every if name not in _LARGE] if os.environ.get("SOAK") else [*_SAMPLE]


@pytest.mark.parametrize("name", sample())
def test_every_derivation_of_a_scenario_is_verified(name: str) -> None:
    with played(LIBRARY / f"{name}.toml") as play:
        verdicts = {
            f"{case['stream']} {told['clause']} {told['cycle']}": reason
            for case in cases(play)
            for told, reason in zip(case["derivations"], checked(case), strict=True)
        }
    assert verdicts
    assert {clock: reason for clock, reason in verdicts.items() if reason is not None} == {}


def test_a_ruling_on_a_verdict_is_told_beside_it_and_verified() -> None:
    with played(LIBRARY / "dispute-rejected-then-appealed.toml") as play:
        every = [(case, checked(case)) for case in cases(play)]
    told = [told["verdict"] for case, _ in every for told in case["derivations"]]
    assert {(verdict["state"], verdict["ruled"]) for verdict in told} >= {("late", "met")}
    assert not any(reason for _, reasons in every for reason in reasons)


@pytest.mark.parametrize("matter", [lived, waiting, lifted, provisional, revised])
def test_every_derivation_of_a_matter_is_verified(matter: Callable[[], Case]) -> None:
    case = matter()
    assert len(case["derivations"]) >= 8
    assert checked(case) == [None] * len(case["derivations"])

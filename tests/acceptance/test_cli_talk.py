"""`talk`: from proposal to strike-off by commands, and what the rules refuse on the way."""

from pathlib import Path
from typing import Any

import pytest

from sla_engine.clock import SystemClock
from sla_engine.worktime import format_instant
from tests.support.shell import PACK, Shell

DAY = 86_400_000_000
MINUTE = 60_000_000


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "talks.sqlite", SLA_ENGINE_BY="督查室")
    assert shell("init").status == 0
    return shell


def ago(micros: int) -> str:
    return format_instant(SystemClock().now() - micros)


def propose(shell: Shell, *more: str) -> str:
    """Propose a talk; its id."""
    words = ("--unit", "市住建局", "--pack", PACK, "--cause", "多次超时", "--petition", "ZZ1")
    answer = shell("talk", "propose", *words, "--at", ago(30 * DAY), *more, "--json")
    assert answer.status == 0, answer.err
    stream: str = answer.document["stream"]
    return stream.removeprefix("talk/")


def card(shell: Shell, talk: str) -> dict[str, Any]:
    found: dict[str, Any] = shell("talk", "show", talk, "--json").document["card"]
    return found


def test_a_talk_goes_from_proposal_to_strike_off(shell: Shell) -> None:
    talk = propose(shell)
    steps: list[tuple[str, ...]] = [
        ("approve", "--approver", "分管副市长"),
        ("notify", "--number", "约〔2026〕1号", "--when", ago(20 * DAY), "--person", "局长"),
        ("hold", "--attendee", "局长"),
        ("minute", "--document", "纪要1", "--requirement", "三日内办结"),
        ("plan", "--document", "清单1", "--item", "补办手续"),
        ("accept-plan", "--approver", "督查室"),
        ("report", "--document", "报告1", "--signer", "局长"),
        ("verify", "--verifier", "核查组", "--method", "现场"),
        ("strike-off", "--document", "销号1"),
    ]
    for days, (step, *options) in enumerate(steps):
        answer = shell("talk", step, talk, *options, "--at", ago((29 - days) * DAY), "--json")
        assert (answer.status, answer.document["status"]) == (0, "recorded"), answer.err
    assert card(shell, talk)["phase"] == "struck_off"
    (row,) = shell("talk", "list", "--all", "--json").lines
    assert (row["talk"], row["phase"], row["petitions"]) == (talk, "struck_off", ["ZZ1"])
    assert shell("talk", "list", "--json").lines == [], "what has ended is left out"
    assert "督查室" in shell("talk", "show", talk).out, "who did it is in the timeline"


def test_a_step_that_cannot_come_now_is_refused_and_says_what_can(shell: Shell) -> None:
    talk = propose(shell)
    answer = shell("talk", "strike-off", talk, "--document", "d", "--json")
    assert (answer.status, answer.codes) == (1, ["PHASE_IMPOSSIBLE"])
    assert "approved" in answer.err
    people = shell("talk", "strike-off", talk, "--document", "d")
    for text in ("PHASE_IMPOSSIBLE", "不能照办", "不可能发生", "cannot happen"):
        assert text in people.err
    assert card(shell, talk)["phase"] == "proposed"


def test_a_jump_to_a_higher_tier_names_its_approver_and_opens_a_round(shell: Shell) -> None:
    talk = propose(shell)
    raised = shell("talk", "raise", talk, "--tier", "3", "--reason", "重大", "--approver", "书记")
    assert raised.status == 0
    assert "三级" in raised.out or "3" in raised.out
    assert card(shell, talk)["tier"] == "3"
    again = shell(
        "talk", "raise", talk, "--tier", "2", "--reason", "x", "--approver", "y", "--json"
    )
    assert (again.status, again.codes) == (1, ["TIER_IMPOSSIBLE"])


def test_beginning_above_tier_1_takes_an_approver(shell: Shell) -> None:
    words = ("talk", "propose", "--unit", "u", "--pack", PACK, "--cause", "c", "--tier", "2")
    answer = shell(*words, "--json")
    assert (answer.status, answer.codes) == (1, ["APPROVER_MISSING"])
    assert shell(*words, "--approver", "书记", "--json").status == 0


def test_the_same_id_sent_twice_is_recorded_once(shell: Shell) -> None:
    talk = propose(shell, "--id", "p1")
    words = ("talk", "approve", talk, "--approver", "x", "--at", ago(DAY), "--id", "a1", "--json")
    assert [shell(*words).document["status"] for _ in range(2)] == ["recorded", "repeated"]


def test_an_unknown_talk_is_refused(shell: Shell) -> None:
    answer = shell("talk", "approve", "市住建局/none", "--approver", "x", "--json")
    assert (answer.status, answer.codes) == (1, ["UNKNOWN_DOSSIER"])

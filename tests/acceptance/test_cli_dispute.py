"""`dispute`: from the opening to the ruling by commands, and what is told on the way."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import Shell, jsonl, life, play

LATE = "2024-10-14T10:00:00+08:00"
CLAIM = ("--claimant", "市城乡水务局", "--claim", "wrong_calendar", "--kind", "review")
ABOUT = ("--subject", "ZZ1", "--clause", "solve")
AT = "2024-10-15T09:00:00+08:00"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A store with a petition that was resolved late, and its story played to the end."""
    store = tmp_path / "disputes.sqlite"
    facts = life()
    play(store, [(each["at"], [each]) for each in facts] + [(LATE, [])])
    return Shell(store, SLA_ENGINE_BY="复核办")


def opened(shell: Shell, *more: str) -> Any:
    answer = shell("dispute", "open", "D1", *ABOUT, *CLAIM, *more, "--at", AT, "--json")
    assert answer.status in (0, 1), answer.err
    return answer


def ruled(shell: Shell, *words: str) -> None:
    for step in (
        ("admit", "D1", "--approver", "复核办主任", "--at", "2024-10-15T10:00:00+08:00"),
        ("rule", "D1", "--ruler", "分管副市长", "--document", "复核〔2024〕1号", *words,
         "--at", "2024-10-18T10:00:00+08:00"),
    ):  # fmt: skip
        answer = shell("dispute", *step, "--json")
        assert answer.document["status"] == "recorded", answer.err


def story(shell: Shell, dispute: str = "D1") -> dict[str, Any]:
    told: dict[str, Any] = shell("dispute", "show", dispute, "--json").document["dispute"]
    return told


def test_a_dispute_is_opened_replayed_and_ruled_and_the_old_verdict_stays(shell: Shell) -> None:
    answer = opened(shell)
    assert answer.status == 0, answer.err
    assert shell("dispute", "replay", "D1", "--known-at", LATE, "--json").status == 0
    ruled(shell, "--outcome", "upheld", "--verdict", "excluded")
    told = story(shell)
    assert told["verdict"]["counts"] == "late"
    assert (told["now"]["counts"], told["now"]["ruled_in"]) == ("excluded", "D1")
    assert told["now"]["computed"] == told["verdict"]["computed"]
    assert told["ruling"]["ground"] == "wrong_calendar"


def test_a_replay_can_be_asked_again_and_comes_to_the_same(shell: Shell) -> None:
    opened(shell)
    for _ in range(2):
        assert shell("dispute", "replay", "D1", "--known-at", LATE).status == 0
    again = shell("replay", "ZZ1", "--known-at", LATE, "--json").document
    first = story(shell)["replays"][0]
    assert (first["inputs"], first["result"]) == (again["inputs"], again["result"])
    assert json.loads(first["question"]) == again["question"]["exact"]
    assert first["finding"].startswith("late 2024-")


def test_the_story_stands_side_by_side(shell: Shell) -> None:
    opened(shell, "--remedy", "met")
    shell("dispute", "replay", "D1")
    ruled(shell, "--outcome", "partly", "--verdict", "met")
    page = shell("dispute", "show", "D1").out
    for word in ("原结论", "日历有误", "部分支持", "现结论", "复核〔2024〕1号"):
        assert word in page
    assert "late" not in page.partition("╭")[0]


def test_the_register_lists_what_is_open_and_with_all_what_has_ended(shell: Shell) -> None:
    opened(shell)
    (row,) = shell("dispute", "list", "--json").lines
    assert (row["dispute"], row["phase"], row["kind"]) == ("D1", "opened", "review")
    ruled(shell, "--outcome", "rejected")
    assert shell("dispute", "list", "--json").lines == []
    (row,) = shell("dispute", "list", "--all", "--json").lines
    assert (row["outcome"], row["ruler"]) == ("rejected", "分管副市长")
    assert "不予支持" in shell("dispute", "list", "--all").out


def test_the_register_begins_with_the_earliest_due_and_ends_with_what_is_paused(
    shell: Shell,
) -> None:
    opened(shell)
    at = ("--at", "2024-10-15T10:00:00+08:00")
    assert shell("dispute", "admit", "D1", *at).status == 0
    pause = {"dispute": "D1", "type": "suspended", "id": "p1", "source": "复核办", "at": at[1]}
    sent = shell("append", stdin=jsonl([{**pause, "data": {"ground": "P-HEAR"}}]))
    assert sent.status == 0, sent.err
    assert shell("dispute", "open", "D2", *ABOUT, *CLAIM, "--at", AT).status == 0
    assert [row["dispute"] for row in shell("dispute", "list", "--json").lines] == ["D2", "D1"]


def test_an_appeal_takes_over_what_the_first_dispute_was_about(shell: Shell) -> None:
    opened(shell)
    ruled(shell, "--outcome", "rejected")
    words = ("--claimant", "市城乡水务局", "--claim", "not_late", "--kind", "appeal")
    at = ("--at", "2024-10-21T09:00:00+08:00")
    answer = shell("dispute", "open", "D2", *words, "--appeals", "D1", *at, "--json")
    assert answer.document["status"] == "recorded", answer.err
    assert story(shell, "D2")["clause"] == "solve"


def test_what_the_rules_refuse_is_said(shell: Shell) -> None:
    late = opened(shell, "--told-at", "2024-01-15T09:00:00+08:00")
    assert (late.status, "TIME_BARRED" in late.err) == (1, True)
    assert shell("dispute", "show", "D1").status == 1


def test_a_dispute_that_is_open_stands_in_the_worklist(shell: Shell) -> None:
    opened(shell, "--office", "复核办")
    rows = shell("worklist", "--json").lines
    assert {row["clause"] for row in rows if row.get("dispute") == "D1"} == {
        "admit",
        "rule-review",
    }


def test_a_dispute_can_be_refused_or_withdrawn(shell: Shell) -> None:
    opened(shell)
    at = ("--at", "2024-10-15T10:00:00+08:00")
    assert shell("dispute", "evidence", "D1", "--document", "档案3号", *at).status == 0
    assert shell("dispute", "withdraw", "D1", *at).status == 0
    at = ("--at", "2024-10-15T11:00:00+08:00")
    again = shell("dispute", "refuse", "D1", "--ground", "late", *at)
    assert "PHASE_IMPOSSIBLE" in again.err


def test_the_petition_shows_both_verdicts(shell: Shell) -> None:
    opened(shell)
    ruled(shell, "--outcome", "upheld", "--verdict", "met")
    clocks = shell("petition", "show", "ZZ1", "--json").document["clocks"]
    (solve,) = (each for each in clocks if each["clause"] == "solve")
    assert (solve["state"], solve["ruling"]["verdict"]) == ("late", "met")
    assert "→ 按时 D1" in shell("petition", "show", "ZZ1").out

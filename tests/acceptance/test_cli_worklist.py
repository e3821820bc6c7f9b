"""`worklist`: every open clock, the most urgent first, by any of its filters."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import TRAITS, Shell, fact, life, play

SUSPENDED = [
    fact("ZZ2", "registered", "b1", "2024-09-13T09:00:00+08:00", data=TRAITS),
    fact("ZZ2", "admitted", "b2", "2024-09-13T09:05:00+08:00"),
    fact(
        "ZZ2", "dispatched", "b3", "2024-09-13T09:10:00+08:00",
        data={"unit": "市住建局", "assignment": "B1"},
    ),
    fact("ZZ2", "suspended", "b4", "2024-09-20T09:00:00+08:00", data={"ground": "P-HEAR"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Two petitions, one breached and talked about, one suspended."""
    store = tmp_path_factory.mktemp("worklist") / "facts.sqlite"
    facts = sorted([*life()[:4], *SUSPENDED], key=lambda each: each["at"])
    play(store, [*((each["at"], [each]) for each in facts), ("2024-10-09T09:00:00+08:00", [])])
    return Shell(store)


def rows(shell: Shell, *options: str) -> list[dict[str, Any]]:
    answer = shell("worklist", "--json", *options)
    assert answer.status == 0, answer.err
    return answer.lines


def test_overdue_comes_first_then_the_higher_level_then_the_earlier_due(shell: Shell) -> None:
    found = rows(shell)
    order = [(r["state"] != "overdue", -r["level"], r["due"] is None, r["due"]) for r in found]
    assert order == sorted(order)
    assert found[0]["petition"] == "ZZ1"
    assert found[0]["level_name"]["zh"] == "一级约谈"
    assert any("talk" in each for each in found), "a talk has clocks too"


def test_filters_leave_what_was_asked_for(shell: Shell) -> None:
    assert {r["unit"] for r in rows(shell, "--unit", "市住建局")} == {"市住建局"}
    assert {r["state"] for r in rows(shell, "--state", "paused")} == {"paused"}
    assert min(r["level"] for r in rows(shell, "--level", "40")) == 40
    bound = "2024-09-20T00:00:00+08:00"
    assert all(r["due"] < bound for r in rows(shell, "--due-before", bound))
    assert len(rows(shell, "--limit", "2")) == 2


def test_a_state_or_limit_that_cannot_be_is_a_misuse(shell: Shell) -> None:
    state = shell("worklist", "--state", "late", "--json")
    assert (state.status, state.codes) == (2, ["STATE_UNKNOWN"])
    limit = shell("worklist", "--limit", "0", "--json")
    assert (limit.status, limit.codes) == (2, ["NUMBER_WRONG"])


def test_people_see_words_beside_colours(shell: Shell) -> None:
    out = shell("worklist").out
    for text in ("待办", "ZZ1", "个工作日解决问题", "已超时", "● 一级约谈", "超 ", "约谈 "):
        assert text in out


def test_an_empty_store_has_an_empty_worklist(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "empty.sqlite")
    assert shell("init").status == 0
    answer = shell("worklist")
    assert answer.status == 0
    assert "没有待办" in answer.err

"""What the program answers names files and stores as people do."""

from pathlib import Path

import pytest

from tests.support.shell import TRAITS, Shell, fact, play

AT = "2024-09-13T09:00:00+08:00"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "store.sqlite")


def test_a_register_of_erasures_that_is_not_there_is_named_by_its_path(shell: Shell) -> None:
    play(shell.store, [(AT, [fact("P1", "registered", "P1-1", AT, data=TRAITS)])])
    assert shell("backup", "b.zip").status == 0
    answer = shell("restore", "b.zip", "--store", "new.sqlite", "--json")
    assert (answer.status, answer.codes) == (3, ["ERASURES_UNKNOWN"])
    assert " new.sqlite.erasures, " in answer.err
    assert "Path(" not in answer.err


def test_a_store_is_made_found_empty_or_found_with_its_events(shell: Shell) -> None:
    assert "已建库 · made: " in shell("init").out
    assert "空库就绪 · there, and empty: " in shell("init").out
    play(shell.store, [(AT, [fact("P1", "registered", "P1-1", AT, data=TRAITS)])])
    assert "已有，1 个事件 · there, 1 events: " in shell("init").out


def test_an_empty_database_is_not_said_to_hold_anything(shell: Shell, database: str) -> None:
    assert "空库就绪 · there, and empty: " in shell("init", "--store", database).out

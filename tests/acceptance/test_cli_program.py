"""The program itself: help, exit statuses, and what stands in its way."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from sla_engine.cli import main as program
from sla_engine.cli.main import ENVIRONMENT_CODES, app
from sla_engine.errors import CATALOGUE
from tests.house.tree import modules
from tests.support.shell import Shell

EXAMPLES = Path(__file__).parents[2] / "examples"


def nodes(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command and group, with the words that reach it."""
    yield " ".join(path), command
    for name, below in getattr(command, "commands", {}).items():
        yield from nodes(below, (*path, name))


COMMANDS = dict(nodes(get_command(app)))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(path: str) -> None:
    command = COMMANDS[path]
    assert command.help, path
    first = command.help.split("\n\n")[0]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in first), f"{path}: no Chinese"
    assert "·" in first, f"{path}: no English"
    silent = [each.name for each in command.params if not getattr(each, "help", None)]
    assert silent == [], path


def test_every_command_that_is_no_group_takes_the_common_options() -> None:
    common = {"--store", "--packs", "--json", "--lang", "--debug"}
    for path, command in COMMANDS.items():
        if not hasattr(command, "commands"):
            taken = {name for each in command.params for name in each.opts}
            assert common <= taken, path


def test_help_documents_the_exit_statuses(tmp_path: Path) -> None:
    answer = Shell(tmp_path / "none")("--help")
    assert answer.status == 0
    for text in ("Exit status", "0  done", "1  some input was refused", "3  the store", "worklist"):
        assert text in answer.out


def test_the_codes_that_mean_the_environment_are_known_to_the_catalogue() -> None:
    assert list(modules()), "codes are registered where they are raised"
    assert set(CATALOGUE) >= ENVIRONMENT_CODES


def test_a_store_that_is_not_there_is_not_quietly_made(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "absent.sqlite")
    answer = shell.process("worklist", "--json")
    assert (answer.status, answer.codes, answer.out) == (3, ["STORE_MISSING"], "")
    assert not shell.store.exists()
    people = shell("worklist").err
    for text in ("STORE_MISSING", "没有数据库", "there is no store", "sla-engine init"):
        assert text in people


def test_init_makes_a_store_once_and_says_so(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new.sqlite")
    first, second = (
        shell.process("init", "--json").document,
        shell.process("init", "--json").document,
    )
    assert (first["created"], second["created"]) == (True, False)
    assert "zaozhuang-2110" in first["packs"]


@pytest.mark.parametrize("kind", ["no database", "a folder that is not there"])
def test_a_store_that_cannot_be_used_is_told_without_a_traceback(tmp_path: Path, kind: str) -> None:
    store = tmp_path / "text.sqlite"
    store.write_text("this is no database, and long enough to be looked at" * 100)
    where = store if kind == "no database" else tmp_path / "nowhere" / "x.sqlite"
    answer = Shell(tmp_path / "any")("init", "--store", where, "--json")
    assert (answer.status, answer.codes) == (3, ["STORE_AWAY"])


def test_a_store_held_by_another_writer_is_told_after_a_bounded_wait(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "busy.sqlite", SLA_ENGINE_BUSY_S="0.2")
    assert shell("init").status == 0
    with sqlite3.connect(shell.store, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        reading = shell("worklist", "--json")
        answer = shell.process("append", EXAMPLES / "petitions.jsonl", "--json")
        other.execute("ROLLBACK")
    assert reading.status == 0, "who only reads waits for nobody"
    assert (answer.status, answer.codes) == (3, ["STORE_BUSY"])


def test_options_stand_before_or_behind_the_command(tmp_path: Path) -> None:
    shell, store = Shell(tmp_path / "unused"), tmp_path / "other.sqlite"
    assert shell("--store", store, "init", "--json").document["store"] == str(store)
    assert shell("--json", "init", "--store", store).document["created"] is False


def test_what_is_not_understood_is_a_misuse(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "none")
    unknown = shell.process("worklis")
    assert unknown.status == 2
    assert "worklist" in unknown.err
    setting = Shell(tmp_path / "none", SLA_ENGINE_BATCH="many")("init", "--json")
    assert (setting.status, setting.codes) == (2, ["SETTING_WRONG"])
    nowhere = Shell(tmp_path / "none", SLA_ENGINE_STORE="")("init", "--json")
    assert (nowhere.status, nowhere.codes) == (2, ["SETTING_WRONG"])


def test_an_unforeseen_fault_is_a_panel_and_with_debug_a_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr("sla_engine.wiring.Engine.open", break_down)
    for more, traced in (([], False), (["--debug"], True)):
        words = ["sla-engine", "init", "--store", str(tmp_path / "x"), "--json", *more]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            program.main()
        err = capsys.readouterr().err
        assert ended.value.code == 4
        assert json.loads(err.splitlines()[-1])["error"]["code"] == "PROGRAM_FAULT"
        assert ("Traceback" in err) is traced

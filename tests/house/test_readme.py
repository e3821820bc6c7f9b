"""What the READMEs tell people to type exists."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from sla_engine.cli.main import app
from tests.house.tree import ROOT

READMES = ("README.md", "README.zh-CN.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^([\w.-]+):(?!=)", re.MULTILINE)
OPERATORS = frozenset("();<>|&")
COMMAND = get_command(app)


def commands(text: str) -> Iterator[list[str]]:
    """Words of each simple command in the `sh` blocks; prompts and assignments are left out."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if not OPERATORS.issuperset(word):
                    words.append(word)
                elif words:
                    yield words[next(i for i, w in enumerate([*words, ""]) if "=" not in w) :]
                    words = []


def unknown_to_make(words: list[str], makefile: str) -> list[str]:
    targets = set(TARGET.findall(makefile))
    asked = [word for word in words if not word.startswith("-") and "=" not in word]
    return [f"make {word}" for word in asked if word not in targets]


def options(command: Any) -> dict[str, bool]:
    """Options of a command, each with whether a value follows it."""
    known = {"--help": False}
    for param in command.params:
        for name in (*param.opts, *param.secondary_opts):
            known[name] = not getattr(param, "is_flag", False)
    return known


def unknown_to_cli(words: list[str], command: Any) -> list[str]:
    """Subcommands and options that the command line does not have. A noun may have a command that
    is meant when none is named."""
    faults, rest = [], iter(words)
    for word in rest:
        meant = getattr(command, "default", "")
        if meant and word not in command.commands:
            command = command.commands[meant]
        if word.startswith("-"):
            name, _, value = word.partition("=")
            if name not in options(command):
                faults.append(f"{command.name} {name}")
            elif options(command)[name] and not value:
                next(rest, None)
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return [*faults, f"{command.name} {word}"]
            command = command.commands[word]
    return faults


@pytest.mark.parametrize("name", READMES)
def test_every_command_in_the_readme_exists(name: str) -> None:
    typed = list(commands((ROOT / name).read_text(encoding="utf-8")))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = [words[1:] for words in typed if words[:1] == ["make"]]
    run = [words[1:] for words in typed if words and words[0].endswith("sla-engine")]
    assert made, "a README shows how to set up"
    assert run, "a README shows how to use the command"
    faults = [fault for words in made for fault in unknown_to_make(words, makefile)]
    faults += [fault for words in run for fault in unknown_to_cli(words, COMMAND)]
    assert faults == []


def test_commands_are_found_in_sh_blocks_alone() -> None:
    text = (
        "```sh\n$ CI=1 make demo  # why\na | .venv/bin/b \\\n --c 'd e'\n```\n```toml\nx = 1\n```\n"
    )
    assert list(commands(text)) == [["make", "demo"], ["a"], [".venv/bin/b", "--c", "d e"]]


def test_an_unknown_target_subcommand_or_option_is_found() -> None:
    assert unknown_to_make(["demo", "fly", "PYTHON=python3.12"], "demo: x\n") == ["make fly"]
    assert unknown_to_cli(["fly"], COMMAND) != []
    assert unknown_to_cli(["--fly"], COMMAND) != []
    assert unknown_to_cli(["--help"], COMMAND) == []
    assert unknown_to_cli(["document", "urge", "ZZ1", "--out", "x.md"], COMMAND) == []
    assert unknown_to_cli(["document", "urge", "ZZ1", "--fly"], COMMAND) == ["draw --fly"]

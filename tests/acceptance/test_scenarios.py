"""Every scenario of the library, through the real engine on a store of its own."""

import io
import os
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import scenarios
from scenarios.diff import lines
from scenarios.reader import read_file, summary_of
from scenarios.runner import run_file
from sla_engine.cli import demo

FOLDER = Path(scenarios.__path__[0])
EVERY = sorted(FOLDER.rglob("*.toml"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SOAK = os.environ.get("SOAK") == "1"

VECTORS = {
    *("V1", "V2", "V3", "V3b", "V3c", "V4", "V5", "V6", "V7", "V7b", "V8", "V8b", "V8c", "V9"),
    *("V10", "V11", "V12", "V13", "V14", "V15"),
}


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_a_file_below_the_folder_plays_as_foretold_and_again_from_the_log_alone(
    path: Path,
) -> None:
    if summary_of(path).size == "soak" and not SOAK:
        pytest.skip("takes long; SOAK=1 plays it")
    report = run_file(path)
    assert report.passed, "\n".join(lines(report.departures))
    assert report.verification.identical
    assert report.verification.events > 0


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_readme_plays_as_it_stands(number: int, tmp_path: Path) -> None:
    example = tmp_path / "example.toml"
    example.write_text(EXAMPLES[number], encoding="utf-8")
    report = run_file(example)
    assert report.passed, "\n".join(lines(report.departures))


def test_the_readme_shows_examples_and_names_every_file_of_the_library() -> None:
    assert len(EXAMPLES) >= 2
    table = README.split("## The library")[1]
    assert sorted(re.findall("`([a-z0-9-]+)`", table)) == sorted(path.stem for path in EVERY)


def test_every_worked_example_of_the_rules_is_played_by_some_scenario() -> None:
    told: set[str] = set()
    for path in (path for path in EVERY if summary_of(path).size == "small"):
        script = read_file(path)
        names = [fact.about for step in script.steps for fact in step.facts]
        notes = [step.note for step in script.steps]
        told.update(re.findall(r"\bV\d+[a-z]?\b", " ".join((*names, *notes))))
    assert VECTORS - told == set()


def shown(width: int = 100) -> tuple[int, str]:
    """Exit status and text of the demonstration on a terminal without colours."""
    stream = io.StringIO()
    status = demo.run_demo(Console(file=stream, width=width))
    return status, stream.getvalue()


def test_the_demonstration_shows_what_a_supervisor_asks_and_loses_no_word_at_100_columns() -> None:
    status, text = shown()
    assert status == 0
    for needle in (
        "国办发明电〔2025〕7号",
        "第10个工作日：2024-09-29（周日，国庆节调休上班，国办发明电〔2023〕7号）",
        "▽ 10-11 撤回：迟到事实，当时已做到",
        "第 3 级 tier 3",
        "销号 struck off",
        "结果一致 result identical",
        "项相符 expectations met",
    ):
        assert needle in text
    assert "…" not in text
    assert "\x1b" not in text
    assert max(cell_len(line) for line in text.splitlines()) <= 100


def test_a_demonstration_that_departs_fails_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = demo.SCENARIO.read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    foretold = "figures = { petitions = 20,"
    assert foretold in content
    wrong.write_text(content.replace(foretold, "figures = { petitions = 21,"), encoding="utf-8")
    monkeypatch.setattr(demo, "SCENARIO", wrong)
    status, text = shown()
    assert status == 1
    assert "应为 expected  21" in text
    assert "实为 found     20" in text

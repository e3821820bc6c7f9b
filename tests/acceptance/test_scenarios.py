"""Every scenario of the library, through the real engine on a store of its own."""

import io
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import scenarios
from scenarios.diff import lines
from scenarios.runner import run_file
from sla_engine.cli import demo

FOLDER = Path(scenarios.__path__[0])
LIBRARY = sorted((FOLDER / "library").glob("*.toml"))


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_scenario_comes_out_as_foretold(path: Path) -> None:
    report = run_file(path)
    assert report.passed, "\n".join(lines(report.departures))


def test_the_library_is_what_its_readme_says() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = readme.split("## The library")[1]
    assert sorted(re.findall("`([a-z0-9-]+)`", table)) == [path.stem for path in LIBRARY]


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

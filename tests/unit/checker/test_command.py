"""The command: 0 when all is verified, 1 with reasons, 2 when it cannot read."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from sla_engine.checker.__main__ import main
from tests.unit.checker.matters import lived


def saved(case: Any, folder: Path) -> str:
    path = folder / "case.json"
    path.write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    return str(path)


def test_a_verified_case_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([saved(lived(), tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(lived()["derivations"])
    assert lines[0] == "通过 verified petition/P1 solve 1"


def test_a_forged_one_is_refused_in_both_languages_with_the_step_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = deepcopy(lived())
    case["derivations"][0]["working"]["steps"][4]["date"] = "2025-10-30"
    assert main([saved(case, tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "不通过 refused petition/P1 solve 1 [DAY_MISSING]" in told
    assert "working.steps[4]：漏掉一天" in told
    assert "working.steps[4]: a day is missing" in told


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other"}', "null", pytest.param("[" * 100_000, id="deep")]
)
def test_what_is_no_case_is_unreadable(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "case.json").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "case.json")]) == 2
    assert "unreadable" in capsys.readouterr().err
    assert main([str(tmp_path / "none.json")]) == 2


def test_a_case_of_another_format_or_without_derivations_is_not_verified(tmp_path: Path) -> None:
    assert main([saved({**lived(), "format": "sla-engine/case/2"}, tmp_path)]) == 2
    assert main([saved({**lived(), "derivations": []}, tmp_path)]) == 1
    assert main([saved({**lived(), "facts": [{**lived()["facts"][0], "data": {}}]}, tmp_path)]) != 0


def test_a_case_that_speaks_of_no_time_there_is_is_unreadable(tmp_path: Path) -> None:
    case = deepcopy(lived())
    told = case["derivations"][0]
    began = told["began"]["fact"]
    (fact,) = (each for each in case["facts"] if each["version"] == began["version"])
    fact["occurred_at"] = began["occurred_at"] = told["began"]["at"] = 10**30
    case["derivations"] = [told]
    case["facts"] = [each for each in case["facts"] if each["version"] <= began["version"]]
    assert main([saved(case, tmp_path)]) == 2


def test_it_runs_with_python_alone(tmp_path: Path) -> None:
    """In a process that cannot see any installed package."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-I", "-S", "-c", _ALONE, str(root), saved(lived(), tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=_ENV, check=False)
    assert (done.returncode, done.stderr) == (0, "")


_ENV = {**os.environ, "PYTHONUTF8": "1"}
_ALONE = (
    "import runpy, sys; root, case = sys.argv[1:]; sys.path.insert(0, root); "
    "sys.argv = ['checker', case]; runpy.run_module('sla_engine.checker', run_name='__main__')"
)

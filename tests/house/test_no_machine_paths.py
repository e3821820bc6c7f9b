"""No file names a place that exists on one machine alone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, place

UNTRACKED = re.compile(r"\.(?!ci$).*|__pycache__|build|dist|htmlcov|.*\.egg-info")
PERSONAL = re.compile(r"(?<![\w.~}/-])/(?:work|root|home|Users|tmp/brief)/")


def text_files() -> Iterator[Path]:
    """Files of the project; folders that tools make, and binary files, are left out."""
    for folder, below, names in os.walk(ROOT):
        below[:] = sorted(name for name in below if not UNTRACKED.fullmatch(name))
        yield from (
            Path(folder, name) for name in sorted(names) if not name.startswith(".coverage")
        )


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{place(path, number)} {match.group()}"
        for path in text_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_bytes().decode(errors="ignore").splitlines(), 1)
        for match in PERSONAL.finditer(line)
    ]
    assert found == []


def test_the_walk_sees_the_project_and_no_environment() -> None:
    seen = {place(path) for path in text_files()}
    assert {"pyproject.toml", ".ci/run", "sla_engine/clock.py"} <= seen
    assert not any(path.startswith((".venv", ".git/")) for path in seen)


@pytest.mark.parametrize("line", ["see /work/notes", "open('/home/li/a')", "(/root/x)"])
def test_a_path_of_one_machine_is_found(line: str) -> None:
    assert PERSONAL.search(line)


@pytest.mark.parametrize(
    "line", ["a/work/b", "https://example.org/home/", "${HOME}/work/", "work/"]
)
def test_a_path_of_any_machine_passes(line: str) -> None:
    assert not PERSONAL.search(line)

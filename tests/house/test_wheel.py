"""The wheel carries the three packages whole, and nothing else."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.build import build_wheel

import sla_engine
from tests.house.tree import PACKAGES, ROOT

DATA = ("sla_engine/data", "scenarios/library")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built in this process, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return folder / build_wheel(str(folder))


@pytest.fixture(scope="module")
def content(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def files(folder: str) -> set[str]:
    found = (ROOT / folder).rglob("*")
    return {
        path.relative_to(ROOT).as_posix()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_the_packages_is_in_the_wheel_and_no_other(content: set[str]) -> None:
    assert content == set().union(*(files(package) for package in PACKAGES))


@pytest.mark.parametrize("folder", DATA)
def test_data_files_are_in_the_wheel(content: set[str], folder: str) -> None:
    data = {name for name in files(folder) if not name.endswith(".py")}
    assert data
    assert data <= content


def test_the_wheel_says_its_version_and_its_command(wheel: Path) -> None:
    assert wheel.name == f"sla_engine-{sla_engine.__version__}-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        (points,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        assert "sla-engine = sla_engine.cli.main:main" in archive.read(points).decode()

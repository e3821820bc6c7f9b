"""The source tree as the house tests see it."""

import ast
import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sla_engine", "projections", "scenarios")


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(name: str) -> dict[str, Any]:
    """The import-linter contract with this id."""
    contracts: list[dict[str, Any]] = pyproject()["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["id"] == name)


def sources(*folders: str) -> Iterator[Path]:
    """Python files below these folders of the root, in a stable order."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def sources_of(module: str) -> list[Path]:
    """The file of a module, or the files of a package."""
    path = ROOT.joinpath(*module.split("."))
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, line: int = 0) -> str:
    """`path:line` from the root, as an editor opens it."""
    short = path.relative_to(ROOT).as_posix()
    return f"{short}:{line}" if line else short


def modules() -> Iterator[ModuleType]:
    """Every module of the three packages, imported; `__main__` would run instead."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not found.name.endswith(".__main__"):
                yield importlib.import_module(found.name)

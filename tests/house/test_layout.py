"""The shape of the house: no cycles, no module without a layer, nothing too long to read."""

import ast
import re
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

from tests.house.tree import PACKAGES, ROOT, contract, parse, place, pyproject, sources, sources_of

FUNCTION_LINES = 50
RULE_FILE_LINES = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


def pure_core() -> list[str]:
    modules: list[str] = contract("pure-core")["source_modules"]
    return modules


def first_cycle(imports: dict[str, set[str]]) -> list[str]:
    """One chain of modules that leads back to its start, or nothing."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as cycle:
        chain: list[str] = cycle.args[1]
        return chain
    return []


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring and without decorators."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def test_modules_import_each_other_in_no_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > len(PACKAGES)
    assert first_cycle(imports) == []


def test_a_circle_of_imports_is_found() -> None:
    assert set(first_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == {"b", "c"}


def test_the_checker_may_import_no_module_of_the_engine() -> None:
    """The list of what it may not is whole: a new module is forbidden from its first day."""
    forbidden = set(contract("checker")["forbidden_modules"])
    engine = {
        f"sla_engine.{path.stem}"
        for path in (ROOT / "sla_engine").iterdir()
        if path.stem not in ("__init__", "__pycache__", "checker", "data", "py")
    }
    assert {*engine, "projections", "scenarios"} - forbidden == set()


def test_every_module_of_the_engine_has_its_place_in_the_layers() -> None:
    layers = {
        name.strip("() ")
        for layer in contract("layers")["layers"]
        for name in re.split("[|:]", layer)
    }
    engine = (ROOT / "sla_engine").iterdir()
    children = {path.stem for path in engine if path.suffix == ".py" or any(path.glob("*.py"))}
    assert {f"sla_engine.{child}" for child in children - {"__init__"}} - layers == set()


def test_every_module_of_the_pure_core_exists() -> None:
    assert [each for each in pure_core() if not any(p.is_file() for p in sources_of(each))] == []


def test_the_pure_core_is_what_coverage_is_measured_on() -> None:
    measured = pyproject()["tool"]["coverage"]["run"]["include"]
    core = [place(path) for module in pure_core() for path in sources_of(module)]
    unmeasured = [path for path in core if not any(fnmatch(path, each) for each in measured)]
    assert unmeasured == []
    assert len(measured) == len(pure_core())


def test_no_function_is_longer_than_a_page() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name} has {length(node)} lines"
        for path in sources(*PACKAGES, "benchmarks", "tests")
        for node in ast.walk(parse(path))
        if isinstance(node, Function) and length(node) > FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize(
    ("docstring", "expected"), [("", 52), ('"""Why.\n\n    How.\n    """', 52)]
)
def test_the_length_of_a_function_leaves_its_docstring_out(docstring: str, expected: int) -> None:
    body = "\n".join([f"    {docstring}"] * bool(docstring) + ["    x = 1"] * 51)
    (function,) = ast.parse(f"@decorated\ndef f():\n{body}\n").body
    assert isinstance(function, Function)
    assert length(function) == expected


def test_no_file_of_business_rules_is_too_long_to_read_at_once() -> None:
    lines = {
        place(path): len(path.read_text(encoding="utf-8").splitlines())
        for module in pure_core()
        for path in sources_of(module)
    }
    assert {path: count for path, count in lines.items() if count > RULE_FILE_LINES} == {}


def test_every_folder_of_tests_is_run() -> None:
    run = {
        each.removeprefix("tests/")
        for each in pyproject()["tool"]["pytest"]["ini_options"]["testpaths"]
    }
    written = (ROOT / "tests").rglob("test_*.py")
    assert {path.relative_to(ROOT / "tests").parts[0] for path in written} == run

"""Nothing reads the time but `sla_engine/clock.py`."""

import ast

import pytest

from tests.house.tree import PACKAGES, ROOT, parse, place, sources

CLOCK = ROOT / "sla_engine" / "clock.py"

DURATIONS = {"time.perf_counter", "time.perf_counter_ns"}
READS = DURATIONS | {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.monotonic",
    "time.monotonic_ns",
    "time.time",
    "time.time_ns",
}


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Each name a module binds by import, with the dotted name that it stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """`dt.now` as `datetime.datetime.now`; empty where the name does not come from an import."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value, names)):
        return f"{owner}.{node.attr}"
    return ""


def clock_reads(tree: ast.Module) -> list[tuple[int, str]]:
    """Line and dotted name of every mention, called or passed on, of a function that reads time."""
    names = imported_names(tree)
    mentions = (
        (node.lineno, dotted(node, names))
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return [mention for mention in mentions if mention[1] in READS]


def test_only_the_clock_reads_the_time() -> None:
    assert clock_reads(parse(CLOCK)), "the exception is still needed"
    found = [
        f"{place(path, line)} {name}"
        for path in sources(*PACKAGES)
        if path != CLOCK
        for line, name in clock_reads(parse(path))
    ]
    assert found == []


def test_benchmarks_read_durations_and_no_dates() -> None:
    found = [
        f"{place(path, line)} {name}"
        for path in sources("benchmarks")
        for line, name in clock_reads(parse(path))
        if name not in DURATIONS
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nfield(default_factory=t.time_ns)",
        "from time import monotonic as tick\ntick()",
        "import datetime\ndatetime.datetime.now(zone)",
        "from datetime import datetime as dt\ndt.utcnow()",
        "from datetime import date\ndate.today()",
    ],
)
def test_a_read_of_the_clock_is_found_under_any_name(source: str) -> None:
    assert clock_reads(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    ["def now(clock):\n    return clock.now()", "import time\ntime.sleep(1)", "time = 3\ntime"],
)
def test_a_clock_that_is_an_argument_may_be_asked(source: str) -> None:
    assert clock_reads(ast.parse(source)) == []

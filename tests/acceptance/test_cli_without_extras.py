"""The program as it is installed without its extras: what needs one says which."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shell import TRAITS, Answer, Shell, fact, play

AT = "2024-09-13T09:00:00+08:00"
EXTRA = ("numpy", "pyarrow", "dask", "distributed", "joserfc")
WITHOUT = f"""
from importlib.machinery import PathFinder

found = PathFinder.find_spec


def find_spec(name, *where):
    return None if name.partition(".")[0] in {EXTRA} else found(name, *where)


PathFinder.find_spec = find_spec
from sla_engine.cli.main import main

main()
"""


def ran(store: Path, *words: str) -> Answer:
    """The program in a process where nothing of the extras can be found."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        cwd=store.parent,
        env=Shell(store).environment,
        capture_output=True,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize(
    ("words", "code", "extra"),
    [
        (("whatif", "--without", "国办发明电〔2023〕7号"), "BULK_MISSING", "sla-engine[bulk]"),
        (("export", "parquet", "log.parquet"), "EXPORT_LIBRARY_MISSING", "sla-engine[bulk]"),
    ],
)
def test_what_needs_an_extra_names_it(
    tmp_path: Path, words: tuple[str, ...], code: str, extra: str
) -> None:
    store = tmp_path / "store.sqlite"
    play(store, [(AT, [fact("P1", "registered", "P1-1", AT, data=TRAITS)])])
    answer = ran(store, *words, "--json")
    assert (answer.status, answer.codes) == (3, [code])
    assert extra in answer.err


def test_everything_else_does_without(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    play(store, [(AT, [fact("P1", "registered", "P1-1", AT, data=TRAITS)])])
    for words in (
        ("run", "--once"),
        ("scenario", "run", "golden-mid-autumn-2024"),
        ("export", "xes", "log.xes"),
        ("verify",),
    ):
        answer = ran(store, *words)
        assert answer.status == 0, (words, answer.err)

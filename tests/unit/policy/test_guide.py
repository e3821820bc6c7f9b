"""What docs/packs.md says is what lint takes, and names all there is to name."""

import re
from typing import get_args

import pytest

from sla_engine.catalog import load_rulebook, pack_names
from sla_engine.errors import CATALOGUE
from sla_engine.escalation.cases import run_case as engine_case
from sla_engine.policy.cases import RunCase
from sla_engine.policy.clause import Cycle, Form, Scope
from sla_engine.policy.lint import lint
from sla_engine.policy.vocabulary import ACTS, BASE_COUNTERS, CLAUSE_COUNTERS, marks_of, traits_of
from tests.house.tree import ROOT
from tests.unit.policy.minimal import changed
from tests.unit.policy.reckoner import run_case

GUIDE = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8")
FLAT = " ".join(GUIDE.split())
BLOCKS = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
READERS = pytest.mark.parametrize("read", [run_case, engine_case], ids=["by hand", "engine"])


@READERS
def test_the_example_in_the_guide_is_a_pack_without_faults(read: RunCase) -> None:
    assert lint(BLOCKS[0], "packs.md", load_rulebook(), read) == []


@READERS
def test_the_tables_in_the_guide_make_a_pack_without_faults(read: RunCase) -> None:
    """Appended to the minimal pack, with the milestones, roles and grounds they speak of."""
    word = ' = { zh = "示例", en = "example" }\n'
    base = changed(
        ("[steps]\n", f"[steps]\nclass_fixed{word}"),
        ("[roles]\n", f"[roles]\nsupervisor{word}liaison{word}"),
        ("[grounds]\n", f"[grounds]\nP-LACK{word}"),
        ('act = "warn"', 'act = "yellow"'),
    )
    assert len(BLOCKS) > 5
    assert lint("\n".join((base, *BLOCKS[1:])), "packs.md", load_rulebook(), read) == []


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("marks", [f"{mark} " for mark in marks_of(None)]),
        ("acts", [f"`{act}`" for act in ACTS]),
        ("traits", traits_of(None)),
        ("scopes", [f"`{scope.value}`" for scope in Scope]),
        ("counters", [f"{counter} " for counter in BASE_COUNTERS]),
        ("counters of clauses", [f"`CLAUSE.{counter}`" for counter in CLAUSE_COUNTERS]),
        ("forms", get_args(Form)),
        ("cycles", [cycle for cycle in get_args(Cycle) if cycle]),
        ("packs", [f"| `{name}` |" for name in pack_names()]),
    ],
)
def test_the_guide_names_every_one_of_the(what: str, names: list[str]) -> None:
    assert [name for name in names if name not in FLAT] == [], what


def test_every_refusal_in_the_guide_is_one_that_lint_makes() -> None:
    named = re.findall(r"`([A-Z]+_[A-Z_]+)`", GUIDE)
    assert len(named) > 15
    assert [code for code in named if code not in CATALOGUE] == []

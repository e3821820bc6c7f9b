"""The lock pins every dependency by version and by hash, and names no index and no machine."""

import re
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, pyproject

PIN = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w, -]+\])?==(?P<version>\S+)(?P<rest>.*)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def entries() -> Iterator[str]:
    """Each requirement of the lock with its hashes, on one line."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    yield from (line for line in text.splitlines() if not line.lstrip().startswith("#"))


def declared() -> Iterator[Requirement]:
    project = pyproject()["project"]
    extras = project["optional-dependencies"].values()
    for line in [*project["dependencies"], *(line for extra in extras for line in extra)]:
        requirement = Requirement(line)
        if requirement.name != project["name"]:
            yield requirement


def test_every_entry_is_pinned_and_hashed() -> None:
    loose = [line for line in entries() if not (PIN.match(line) and HASH.search(line))]
    assert loose == []


def test_the_lock_names_no_index_and_no_file() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert [word for word in ("://", "--index", "--extra", "--find", "file:") if word in text] == []


def test_the_lock_meets_every_declared_dependency() -> None:
    versions: dict[str, list[str]] = {}
    for line in entries():
        pin = PIN.match(line)
        assert pin, line
        versions.setdefault(canonicalize_name(pin["name"]), []).append(pin["version"])
    unmet = [
        str(requirement)
        for requirement in declared()
        if not (found := versions.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version in found)
    ]
    assert unmet == []

"""What the pages are made of comes with the package, as its makers made it, and nothing else."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

import sla_engine

WEB = Path(sla_engine.__path__[0]) / "web"
VENDOR = WEB / "static" / "vendor"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
FILES = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["file"]
OWN = [*(WEB / "static").glob("*.js"), *(WEB / "static").glob("*.css"), *TEMPLATES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["name"])
def test_a_file_of_others_is_as_they_made_it(file: dict[str, str]) -> None:
    content = (VENDOR / file["name"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_every_file_of_others_is_named_with_its_licence() -> None:
    assert {path.name for path in VENDOR.iterdir() if path.is_file()} - {"vendor.toml"} == {
        file["name"] for file in FILES
    }
    told = {path.stem.split("-")[0] for path in (VENDOR / "licences").iterdir()}
    assert told == {file["package"].removesuffix(".org") for file in FILES}


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_page_asks_nobody_else_for_anything(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    addresses = re.findall(
        r"(?:src|href|url\(|action)\s*=?\s*[\"'(]?(?:https?:)?//[^\s\"')]+", text
    )
    assert addresses == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_script_of_its_own(path: Path) -> None:
    """The content security policy would refuse it anyway."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", text) == []
    assert re.findall(r"[\"'](?:js|javascript):", text) == []

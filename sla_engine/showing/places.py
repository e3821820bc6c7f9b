"""Regions in words (data/places.toml: ISO 3166-2:CN and GB/T 2260)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sla_engine.policy.clause import Text

_DATA = Path(__file__).parents[1] / "data" / "places.toml"


def place(code: str) -> Text:
    """A region as "枣庄市（CN-3704）"; by its code alone where it has no name."""
    found = _names().get(code)
    if found is None:
        return Text(code, code)
    return Text(f"{found.zh}（{code}）", f"{found.en} ({code})")


@cache
def _names() -> Mapping[str, Text]:
    return {code: Text(*said) for code, said in tomllib.loads(_DATA.read_text("utf-8")).items()}

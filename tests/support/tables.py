"""Conformance tables: JSON lines, the first naming the source, the rest one expectation each."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TABLES = Path(__file__).parents[1] / "conformance" / "worktime" / "tables"


def read(name: str) -> tuple[Row, list[Row]]:
    """The head line and the rows of `tables/<name>.jsonl`."""
    lines = (TABLES / f"{name}.jsonl").read_text("utf-8").splitlines()
    head, *rows = map(json.loads, lines)
    assert head["source"], f"{name} does not say where its figures come from"
    return head, rows


def sessions(text: str) -> list[tuple[str, str]]:
    """`09:00-12:00 13:30-17:30` -> pairs of clock times."""
    return [(begin, end) for begin, _, end in (part.partition("-") for part in text.split())]


def hours() -> dict[str, list[tuple[str, list[tuple[str, str]]]]]:
    """The office-hour patterns of the tables, by name."""
    _, rows = read("hours")
    return {row["id"]: [(day, sessions(text)) for day, text in row["seasons"]] for row in rows}

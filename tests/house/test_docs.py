"""What the documents say is what the program does."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from sla_engine.cli.main import app
from sla_engine.cli.reception import PREMATURE
from sla_engine.clock import VirtualClock
from sla_engine.dossier import decide as dossier_decide
from sla_engine.errors import CATALOGUE, Message, Refusal
from sla_engine.petition import decide as petition_decide
from sla_engine.service import handler, intake
from sla_engine.service.handler import outcome_dict
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.talk import decide as talk_decide
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.house.test_no_machine_paths import text_files
from tests.house.test_readme import commands, unknown_to_cli
from tests.house.tree import ROOT, place

INTAKE = ROOT / "docs" / "intake.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = (ROOT / "README.md", ROOT / "README.zh-CN.md", INTAKE, GLOSSARY)

Row = dict[str, str]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def tables(path: Path, first: str) -> Iterator[list[Row]]:
    """Tables whose first column is headed `first`, as rows by heading."""
    for block in re.findall(r"(?:^\|.*\n)+", text_of(path), re.MULTILINE):
        lines = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
        ]
        if lines[0][0] == first:
            yield [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(path), re.MULTILINE | re.DOTALL)


def objects(text: str) -> Iterator[Any]:
    """JSON values one behind the other, each on as many lines as it likes."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        yield value
        rest = rest[end:].lstrip()


# -------------------------------------------------------------------------------- event types


class Field(NamedTuple):
    """One field of a fact's data: the word for its type, whether it is required."""

    word: str
    required: bool


FIELD = re.compile(r"(\*\*)?`(\w+)`(?:\*\*)? ([a-z/ ]+?)(?: \((.*?)\))?(?: · |$)")
SAMPLES: Mapping[str, Any] = {
    "text": "x",
    "yes/no": True,
    "whole number": 1,
    "texts": ["x"],
    "time": "2024-09-13T09:00:00+08:00",
}
# A text may look like a time; nothing else takes what another word names.
WORDS = {frozenset({"text", "time"}): "text"} | {
    frozenset({word}): word for word in SAMPLES if word != "text"
}


def sent(kind: str, type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: "X", "type": type_, "id": "1", "source": "s", "at": SAMPLES["time"], "data": data}


def faults(fact: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Code, place and what is allowed, of everything intake finds wrong; nothing if it takes it."""
    try:
        parse(fact)
    except Refusal as refusal:
        return [(fault.code, fault.where, fault.allowed) for fault in refusal.faults]
    return []


def types(kind: str) -> list[str]:
    """The types intake takes for petitions or talks, by its own word."""
    ((_, _, allowed),) = faults(sent(kind, "?", {}))
    return allowed.split(", ")


def fields(kind: str, type_: str) -> dict[str, Field]:
    """The fields intake takes in `data`, by trying what it takes in them."""
    every = next(allowed for *_, allowed in faults(sent(kind, type_, {"?": 1})))
    required = {place for code, place, _ in faults(sent(kind, type_, {})) if "MISSING" in code}
    found = {}
    for name in every.split(", ") if every else ():
        taken = frozenset(
            word
            for word, sample in SAMPLES.items()
            if not any(
                code in ("FIELD_WRONG", "FIELD_UNKNOWN") or code.startswith("TIME_")
                for code, *_ in faults(sent(kind, type_, {name: sample}))
            )
        )
        if taken:
            found[name] = Field(WORDS[taken], f"data.{name}" in required)
    return found


@cache
def documented(kind: str) -> dict[str, Row]:
    """Rows of docs/intake.md by type: the kind's own table and the one for both."""
    petitions, talks, both = tables(INTAKE, "type")
    own = petitions if kind == "petition" else talks
    return {row["type"].strip("`"): row for row in (*own, *both)}


KINDS = ("petition", "talk")


@pytest.mark.parametrize("kind", KINDS)
def test_the_types_described_are_those_that_intake_takes(kind: str) -> None:
    assert sorted(documented(kind)) == sorted(types(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_described_are_those_that_intake_takes(kind: str) -> None:
    told = {
        type_: {
            name: Field(word, bool(bold)) for bold, name, word, _ in FIELD.findall(row["`data`"])
        }
        for type_, row in documented(kind).items()
    }
    assert told == {type_: fields(kind, type_) for type_ in types(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_described_are_those_of_the_facts(kind: str) -> None:
    plain = {"yes": True, "no": False, "": ""}
    for type_, row in documented(kind).items():
        event = parse(sent(kind, type_, json.loads(row["example of `data`"].strip("`")))).event
        silent = {name for name in json.loads(row["example of `data`"].strip("`"))}
        for bold, name, word, shown in FIELD.findall(row["`data`"]):
            value = getattr(event, name)
            if not bold and name not in silent and shown not in ("the event's `id`",):
                told = plain.get(shown, shown.strip("`") if "`" in shown else "")
                assert value in (told, (), None) or value == told, (type_, name, word)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_of_data_is_taken(kind: str) -> None:
    rows = documented(kind).items()
    refused = {
        type_: found
        for type_, row in rows
        if (found := faults(sent(kind, type_, json.loads(row["example of `data`"].strip("`")))))
    }
    assert refused == {}

"""What the documents say is what the program does."""

import json
import re
import runpy
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sla_engine.cli.reception import PREMATURE
from sla_engine.clock import VirtualClock
from sla_engine.dispute import decide as dispute_decide
from sla_engine.dossier import decide as dossier_decide
from sla_engine.errors import CATALOGUE, Message, Refusal
from sla_engine.item import decide as item_decide
from sla_engine.petition import decide as petition_decide
from sla_engine.roster import decide as roster_decide
from sla_engine.round import decide as round_decide
from sla_engine.round import period as round_period
from sla_engine.service import across, dispute, handler, intake, merge, texts
from sla_engine.service.handler import outcome_dict
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.sla import permit
from sla_engine.sla.assess import State
from sla_engine.talk import decide as talk_decide
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.house.test_no_machine_paths import text_files
from tests.house.test_readme import COMMAND, commands, unknown_to_cli
from tests.house.tree import ROOT, place
from tests.support.shell import Shell

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
    "texts by name": {"x": "y"},
    "whole numbers by name": {"x": 1},
    "points by name": {"x": 1.5},
    "places": [["x", "y", 1, 2]],
}
# A text may look like a time; nothing else takes what another word names.
WORDS = {
    frozenset({"text", "time"}): "text",
    frozenset({"whole numbers by name", "points by name"}): "points by name",
} | {frozenset({word}): word for word in SAMPLES if word not in ("text", "points by name")}


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
    """Rows of docs/intake.md by type: the kind's own table and the one for all of them."""
    *own, alike = tables(INTAKE, "type")
    rows = (*own[KINDS.index(kind)], *(row for row in alike if _shared(kind, row)))
    return {row["type"].strip("`"): row for row in rows}


def _shared(kind: str, row: Row) -> bool:
    """A roster has no clocks: of what all kinds share it takes the void alone."""
    return kind != "roster" or row["type"] == "`voided`"


KINDS = ("petition", "talk", "item", "round", "dispute", "roster")


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


def literal(shown: str) -> Any:
    """A default as the documents write it; words that are no value stand for an empty one."""
    plain = {"yes": True, "no": False}
    return plain.get(shown, shown.strip("`") if re.fullmatch(r"`\w+`", shown) else None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_described_are_those_of_the_facts(kind: str) -> None:
    for type_, row in documented(kind).items():
        known = fields(kind, type_)
        data = {name: SAMPLES[known[name].word] for name in known if known[name].required}
        event = parse(sent(kind, type_, data)).event
        told = {name: shown for _, name, _, shown in FIELD.findall(row["`data`"])}
        for name in known.keys() - data.keys():
            if told[name] != "the event's `id`":
                assert (getattr(event, name) or None) == (literal(told[name]) or None), (
                    type_,
                    name,
                )


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_of_data_is_taken(kind: str) -> None:
    rows = documented(kind).items()
    refused = {
        type_: found
        for type_, row in rows
        if (found := faults(sent(kind, type_, json.loads(row["example of `data`"].strip("`")))))
    }
    assert refused == {}


# -------------------------------------------------------------------------------- error codes

REGISTERED: Mapping[str, Any] = {
    "petition": "ZZ2024091300022",
    "type": "registered",
    "id": "1",
    "source": "s",
    "at": SAMPLES["time"],
    "data": {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704"},
}


def registered(**data: str) -> dict[str, Any]:
    return {**REGISTERED, "data": {**REGISTERED["data"], **data}}


def extension(amount: str) -> dict[str, Any]:
    data = {"request": "X", "clause": "solve", "amount": amount}
    return {
        **REGISTERED,
        "petition": "ZZ2024091300021",
        "type": "extension_requested",
        "data": data,
    }


def proposed(region: str) -> dict[str, Any]:
    data = {"pack": "zaozhuang-2110", "region": region, "unit": "U", "tier": 1, "causes": ["x"]}
    return {**sent("talk", "proposed", data)}


# What intake leaves to the calendar, the amounts, the rulebook and the store, and how to meet it.
ELSEWHERE: Mapping[str, Mapping[str, Any]] = {
    "TIME_FORMAT": {**REGISTERED, "at": "13.9.2024"},
    "TIME_OFFSET": {**REGISTERED, "at": "2024-09-13T09:00:00"},
    "TIME_INVALID": {**REGISTERED, "at": "2024-02-30T09:00:00+08:00"},
    "TIME_RANGE": {**REGISTERED, "at": "1969-12-31T09:00:00+08:00"},
    "AMOUNT_FORMAT": extension("a while"),
    "AMOUNT_RANGE": extension("1.3个工作日"),
    "POLICY_UNKNOWN": registered(pack="nowhere"),
    "POLICY_NOT_IN_FORCE": {**REGISTERED, "at": "2001-01-01T09:00:00+08:00"},
    "REGION_UNKNOWN": proposed("XX"),
    "SUBJECT_ERASED": {**REGISTERED, "petitioner": "caller-88213", "personal": {"name": "x"}},
}
BUSY = "STORE_BUSY"


def raised_by(*modules: Any) -> set[str]:
    """Codes that these modules register."""
    return {
        code
        for module in modules
        for code, value in vars(module).items()
        if code == value and code in CATALOGUE
    }


def row_of(code: str, message: Message) -> Row:
    """A code as the table shows it."""
    hints = " · ".join(hint for hint in (message.hint_zh, message.hint_en) if hint)
    again = "yes" if code in {*PREMATURE, BUSY} else ""
    cells = (f"`{code}`", again, message.zh, message.en, hints)
    plain = (cell.replace("!r}", "}") for cell in cells)
    return dict(zip(("code", "again", "中文", "English", "hint 提示"), plain, strict=True))


def error_rows(codes: Iterable[str]) -> list[str]:
    """Rows to be put into the table where one is missing or out of date."""
    return [f"| {' | '.join(row_of(code, CATALOGUE[code]).values())} |" for code in codes]


def test_the_codes_described_are_those_an_upstream_system_can_meet() -> None:
    (table,) = tables(INTAKE, "code")
    modules = (
        intake, handler, merge, across, dossier_decide, permit, petition_decide, talk_decide,
        item_decide, round_decide, round_period, roster_decide, dispute_decide, dispute, texts,
    )  # fmt: skip
    codes = {*raised_by(*modules), *ELSEWHERE, BUSY}
    found = {row["code"].strip("`"): row for row in table}
    stale = sorted(code for code in codes if found.get(code) != row_of(code, CATALOGUE[code]))
    assert (found.keys() - codes, error_rows(stale)) == (set(), [])


# ---------------------------------------------------------------------------------- the story

NOW = parse_instant("2024-09-13T16:00:00+08:00")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine that has been told what docs/intake.md tells, on the afternoon of that day."""
    with Engine.open(tmp_path / "store.sqlite", VirtualClock(NOW)) as opened:
        for fact in story():
            (outcome,) = opened.take([parse(fact)])
            assert outcome.status == "recorded", fact
        yield opened


def story() -> list[dict[str, Any]]:
    """Every example of a whole fact, in the order of the page."""
    return [fact for block in blocks(INTAKE, "json") for fact in objects(block)]


def test_every_example_is_recorded_and_the_correction_saves_the_deadline(engine: Engine) -> None:
    reading = engine.assess("petition/ZZ2024091300021").reading("arrive")
    assert len(story()) > 3
    assert reading is not None
    assert reading.state is State.MET


def test_the_answers_shown_are_those_given(engine: Engine) -> None:
    (answers,) = (list(objects(block)) for block in blocks(INTAKE, "jsonl"))
    dispatched = next(fact for fact in story() if fact["type"] == "dispatched")
    wrong = {**dispatched, "type": "step_done", "id": "new", "data": {"step": "onsite_arived"}}
    repeated, refused = engine.take([parse(dispatched), parse(wrong)])
    assert answers == [
        {**outcome_dict(repeated), "status": "recorded"},
        {**outcome_dict(refused)},
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "repeated"),
        ({"by": "x", "role": "x", "unit": "x", "seq": 7, "cause": "x"}, "repeated"),
        ({"at": "2024-09-13T01:00:00Z"}, "repeated"),
        ({"at": "2024-09-13T09:00:01+08:00"}, "refused"),
        ({"data": {"unit": "山亭区水务局"}}, "refused"),
        ({"petition": "ZZ2024091300022"}, "refused"),
    ],
)
def test_what_is_sent_again_is_compared_as_described(
    engine: Engine, change: Mapping[str, Any], status: str
) -> None:
    dispatched = next(fact for fact in story() if fact["type"] == "dispatched")
    (outcome,) = engine.take([parse({**dispatched, **change})])
    assert outcome.status == status


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
def test_a_code_from_elsewhere_can_indeed_be_met(code: str, engine: Engine) -> None:
    engine.erase("caller-88213", "a request")
    try:
        (outcome,) = engine.take([parse(ELSEWHERE[code])])
        found = outcome.faults
    except Refusal as refusal:
        found = refusal.faults
    assert [fault.code for fault in found] == [code]


def test_a_store_that_others_hold_is_busy(engine: Engine, tmp_path: Path) -> None:
    impatient = Settings(busy_s=0.01)
    with (
        Engine.open(tmp_path / "store.sqlite", VirtualClock(NOW), impatient) as other,
        engine.log.transact(),
        pytest.raises(Refusal, match="another writer"),
    ):
        other.take([parse(REGISTERED)])


def test_the_program_shown_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = blocks(INTAKE, "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(INTAKE), "exec"), {})
    assert "'status': 'recorded'" in capsys.readouterr().out


# ---------------------------------------------------------------------- links, commands, terms

LINK = re.compile(r"\[[^]\[]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`sla-engine ([^`]+)`")


def slugs(path: Path) -> set[str]:
    """Anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def broken(path: Path) -> Iterator[str]:
    """Relative links of a document that lead nowhere."""
    for target in LINK.findall(re.sub(r"^```.*?^```", "", text_of(path), flags=re.M | re.S)):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            there = (path.parent / name) if name else path
            if not there.exists() or (anchor and anchor not in slugs(there)):
                yield f"{place(path)} → {target}"


def documents() -> list[Path]:
    return [path for path in text_files() if path.suffix == ".md"]


def test_every_relative_link_leads_somewhere() -> None:
    assert set(DOCUMENTS) <= set(documents())
    assert [each for path in documents() for each in broken(path)] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A b\n[x](#a-b) [y](#c) [z](gone.md) [w](https://x.org) [v](page.md)\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.house.tree.ROOT", tmp_path)
        assert [each.split(" → ")[1] for each in broken(page)] == ["#c", "gone.md"]


@pytest.mark.parametrize("path", documents(), ids=place)
def test_every_command_named_in_a_document_exists(path: Path) -> None:
    text = text_of(path)
    typed = [*commands(text), *(["sla-engine", *span.split()] for span in SPAN.findall(text))]
    run = [words[1:] for words in typed if words and words[0].endswith("sla-engine")]
    assert [fault for words in run for fault in unknown_to_cli(words, COMMAND)] == []


def test_every_term_of_the_glossary_lives_where_it_says() -> None:
    rows = [row for table in tables(GLOSSARY, "中文") for row in table]
    lost = []
    for row in rows:
        file, *names = re.findall(r"`([^`]+)`", row["in code"])
        there = ROOT / file
        held = text_of(there) if there.is_file() else ""
        if not there.exists() or any(name not in held for name in names):
            lost.append((row["中文"], row["in code"]))
    assert len(rows) > 30
    assert lost == []


# ----------------------------------------------------------------------------------- the tour

READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")


def tour(path: Path) -> list[list[str]]:
    """Commands of a README, behind the program's name, in their order."""
    typed = commands(text_of(path))
    return [words[1:] for words in typed if words and words[0].endswith("sla-engine")]


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = (
        [[word for word in words if word not in ("--lang", "en")] for words in tour(path)]
        for path in READMES
    )
    assert english == chinese


def test_the_tour_runs_from_top_to_end_and_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    shell, english = Shell(tmp_path / "sla-engine.sqlite"), tour(READMES[0])
    chinese = [words for words in tour(READMES[1]) if words not in english]
    ended = [(words, shell(*words)) for words in (*english, *chinese)]
    failed = {" ".join(words): answer.err for words, answer in ended if answer.status}
    assert failed == {}
    printed = {line for _, answer in ended for line in answer.out.splitlines()}
    told = [block for path in READMES for block in blocks(path, "text")]
    assert len(told) == len(READMES)
    assert {line for block in told for line in block.splitlines()} - printed <= {"", "…"}


def test_the_picture_is_what_the_program_prints() -> None:
    drawn = runpy.run_path(str(ROOT / "docs" / "assets" / "picture.py"))
    assert drawn["PICTURE"].read_text(encoding="utf-8") == drawn["draw"](), (
        "draw it again: .venv/bin/python docs/assets/picture.py"
    )

"""Mapping files: what they may say, and every fault of one at once."""

from pathlib import Path

import pytest

from sla_engine.catalog import load_rulebook
from sla_engine.errors import Refusal
from sla_engine.importing.load import check_against, load_mapping, read_mapping
from sla_engine.importing.mapping import LogMapping
from tests.unit.importing.tables import CSV, EVENTS, mapping

MAPPINGS = Path(__file__).resolve().parents[3] / "examples" / "mappings"
CHECK = """
[[check]]
name = "elapsed"
figure = "elapsed_workdays"
from = "registered"
to = "replied"
column = "days"
"""
DUE = """
[[check]]
name = "due"
figure = "due"
clause = "reply"
time = "replied"
within = "90秒"
"""


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as caught:
        read_mapping(text, "m.toml")
    return [(fault.code, fault.where.removeprefix("m.toml ")) for fault in caught.value.faults]


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_mapping_names_every_column_it_reads_once() -> None:
    columns = mapping(CSV + CHECK).columns
    assert sorted(columns) == ["asked", "days", "kind", "no", "phone", "replied", "who"]


def test_a_time_takes_the_zone_of_the_log_unless_it_has_its_own() -> None:
    own = mapping(CSV, ('column = "asked"', 'column = "asked"\nzone = "Europe/Amsterdam"'))
    assert (own.clockface("asked").zone, own.clockface("replied").zone) == (
        "Europe/Amsterdam",
        "Asia/Shanghai",
    )


VALUE, NAME = "MAPPING_VALUE", "MAPPING_NAME"
UNKNOWN, MISSING = "MAPPING_KEY_UNKNOWN", "MAPPING_KEY_MISSING"


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ('name = "letters"', 'name = "Letters!"', VALUE, "log.name"),
        ('format = "csv"', 'format = "xls"', VALUE, "log.format"),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Peking"', VALUE, "log.zone"),
        ('zone = "Asia/Shanghai"', 'zone = "UTC"\nencodng = "x"', UNKNOWN, "log.encodng"),
        ('zone = "Asia/Shanghai"\n', "", MISSING, "log.zone"),
        ('["rfc3339", "%Y-%m-%d"]', '["%Y-%d"]', VALUE, "times.replied.forms.#1"),
        ('["rfc3339", "%Y-%m-%d"]', '["%Y-%m-%d %q"]', VALUE, "times.replied.forms.#1"),
        ('["rfc3339", "%Y-%m-%d"]', '["%Y-%m-%d%z"]', VALUE, "times.replied.forms.#1"),
        ('["rfc3339", "%Y-%m-%d"]', "[]", VALUE, "times.replied.forms"),
        ('{ column = "no" }', '{ colum = "no" }', VALUE, "petition.no"),
        ('{ column = "no" }', '{ column = "no", words = { a = [1] } }', VALUE, "petition.no"),
        ('region = "CN"', "region = 1.5", VALUE, "petition.region"),
        ('at = "asked"', 'at = "askd"', NAME, "petition.at"),
        ('at = "replied"', 'at = "answered"', NAME, "fact.replied.at"),
        ('type = "step_done"', 'type = "step_don"', NAME, "fact.replied.type"),
        ('type = "step_done"', 'type = "registered"', NAME, "fact.replied.type"),
        ('{ step = "replied" }', "{}", MISSING, "fact.replied.data"),
        ('{ step = "replied" }', '{ step = "a", stp = "b" }', NAME, "fact.replied.data.stp"),
        ('type = "step_done"', 'type = "step_done"\neach = "event"', VALUE, "fact.replied.each"),
    ],
)
def test_a_fault_is_named_with_its_place(old: str, new: str, code: str, where: str) -> None:
    assert faults(edited(CSV, old, new)) == [(code, where)]


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ('figure = "due"', 'figure = "speed"', "MAPPING_VALUE", "check.#1"),
        ('figure = "due"\n', "", "MAPPING_KEY_MISSING", "check.#1"),
        ('clause = "reply"\n', "", "MAPPING_KEY_MISSING", "check.#1.clause"),
        ('time = "replied"', 'time = "answered"', "MAPPING_NAME", "check.due.time"),
        ('within = "90秒"', 'within = "1个工作日"', "MAPPING_VALUE", "check.#1.within"),
        ('within = "90秒"', "within = 90", "MAPPING_VALUE", "check.#1.within"),
        ('name = "due"', 'name = "replied"', "MAPPING_TWICE", "m.toml"),
        ('name = "due"', 'name = "registered"', "MAPPING_TWICE", "m.toml"),
    ],
)
def test_a_fault_of_a_check_is_named_too(old: str, new: str, code: str, where: str) -> None:
    assert faults(CSV + edited(DUE, old, new)) == [(code, where)]


def test_all_faults_of_a_file_come_at_once_with_what_was_probably_meant() -> None:
    text = edited(CSV, 'format = "csv"', 'format = "cvs"\nencodng = "utf-8"')
    with pytest.raises(Refusal) as caught:
        read_mapping(edited(text, 'type = "step_done"', "typ = 1"), "m.toml")
    found = {fault.where: fault for fault in caught.value.faults}
    assert len(found) == 4
    assert found["m.toml log.encodng"].near == "encoding"
    assert found["m.toml fact.#1.typ"].near == "type"
    assert "csv" in found["m.toml log.format"].allowed


@pytest.mark.parametrize("text", ["[[", "log = 1\nlog = 2"])
def test_what_is_not_toml_is_refused(text: str) -> None:
    assert faults(text) == [("MAPPING_UNREADABLE", "m.toml")]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        load_mapping(tmp_path / "none.toml")
    assert caught.value.code == "MAPPING_UNREADABLE"


def test_a_pack_that_is_not_where_the_mapping_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(edited(CSV, 'pack = "letters"', 'pack = "../no/1.toml"'), encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        load_mapping(path)
    assert (caught.value.code, caught.value.faults[0].where) == (
        "MAPPING_UNREADABLE",
        "m.toml log.pack",
    )


def test_a_pack_may_be_one_the_engine_has() -> None:
    rules = load_rulebook()
    assert rules.packs, "some packs are shipped"
    from sla_engine.importing.load import BoundMapping

    bound = BoundMapping(mapping(EVENTS))
    assert bound.pack_name == "letters"
    assert bound.known_to(rules) is rules


def test_a_check_of_something_the_pack_does_not_have_is_refused() -> None:
    pack = load_mapping(MAPPINGS / "cn_petitions_replied.toml").pack
    assert pack is not None
    wrong = CSV + edited(DUE, '"reply"', '"rply"') + edited(CHECK, '"registered"', '"registerd"')
    with pytest.raises(Refusal) as caught:
        check_against(mapping(wrong), [pack])
    assert [(fault.where, fault.near) for fault in caught.value.faults] == [
        ("check.due.clause", "reply"),
        ("check.elapsed.from", "registered"),
    ]


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_sound_and_brings_a_pack_whose_cases_hold(path: Path) -> None:
    from sla_engine.policy.lint import lint
    from tests.unit.policy.reckoner import run_case

    bound = load_mapping(path)
    assert isinstance(bound.tables, LogMapping)
    assert bound.pack is not None
    assert bound.pack.cases
    assert bound.tables.log.name == path.stem
    pack_file = path.parent / bound.tables.log.pack
    text = pack_file.read_text(encoding="utf-8")
    rules = bound.known_to(load_rulebook())
    assert lint(text, pack_file.name, rules, run_case) == []
    assert (pack_file.parent.name, pack_file.stem) == (bound.pack.name, bound.pack.edition)

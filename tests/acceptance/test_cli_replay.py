"""`replay`, `diff`: a reviewer's questions as they are typed, the answers as they are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import ROOT, Shell, fact, life, play

PACK = ROOT / "sla_engine" / "data" / "policies" / "zaozhuang-2110" / "2024-08.toml"
NOTICE = """
title = "关于临时放假的通知（演练）"
number = "演练〔2024〕9号"
region = "CN"
issued = 2024-09-20
published = 2024-09-20
covers = []
verified = false
source = "演练"

[[holiday]]
name = "临时放假"
off = ["2024-09-23..2024-09-24"]
"""
THEN = "2024-09-30T09:00:00+08:00"
OTHERS = {"petition": "ZZ2", "type": "accepted", "at": THEN}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """ZZ1 was resolved late, on 10-10; that somebody had come in time was learned a month late."""
    store = tmp_path_factory.mktemp("replay") / "store.sqlite"
    facts = life()
    story = [(each["at"], [each]) for each in facts]
    late = fact(
        "ZZ1", "step_done", "ZZ1-6", "2024-09-13T10:30:00+08:00",
        data={"step": "onsite_arrived"},
    )  # fmt: skip
    play(store, [*story, ("2024-10-15T09:00:00+08:00", [late])])
    return Shell(store)


def clocks(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["clause"]: (each["state"], each["due"]) for each in document["clocks"]}


def test_a_replay_without_options_is_how_it_stands(shell: Shell) -> None:
    found = shell("replay", "ZZ1", "--json").document
    shown = shell("petition", "show", "ZZ1", "--json").document
    assert clocks(found) == clocks(shown)
    assert len(found["inputs"]) == len(found["result"]) == 64


def test_it_says_what_was_known_and_decided_then(shell: Shell) -> None:
    found = shell("replay", "ZZ1", "--known-at", THEN, "--json").document
    assert clocks(found)["arrive"][0] == "overdue"
    assert found["phase"] != "resolved"
    acts = [each["act"] for each in found["decisions"] if each["clause"] == "arrive"]
    assert acts == ["warn", "remind", "urge", "supervise"]
    again = shell("replay", "ZZ1", "--known-at", THEN, "--json").document
    assert (again["inputs"], again["result"]) == (found["inputs"], found["result"])


def test_a_question_can_be_asked_again_word_for_word(shell: Shell) -> None:
    words = ("--edit", "remove hotline:ZZ1-4", "--calendar", "2023-10-01")
    question = shell("replay", "ZZ1", "--known-at", THEN, *words, "--json").document["question"]
    assert question["edits"] == ["remove hotline:ZZ1-4"]
    assert question["calendar"] == "2023-10-01T23:59:59.999999+08:00"
    assert question["exact"]["edits"] == [{"edit": "remove", "fact": "hotline:ZZ1-4"}]


def test_a_replay_records_nothing(shell: Shell) -> None:
    before = shell("petition", "show", "ZZ1", "--json").document["version"]
    shell("replay", "ZZ1", "--edit", "move hotline:ZZ1-5 to 2024-11-01T09:00:00+08:00")
    shell("diff", "ZZ1", "--known-at", THEN)
    assert shell("petition", "show", "ZZ1", "--json").document["version"] == before
    assert shell("verify").status == 0


def test_an_added_fact_is_written_as_intake_takes_it(shell: Shell) -> None:
    at, ground = "2024-09-18T09:00:00+08:00", {"ground": "P-EXPERT"}
    added = json.dumps({"type": "suspended", "at": at, "data": ground})
    found = shell("replay", "ZZ1", "--edit", f"add {added}", "--json").document
    assert found["question"]["edits"] == [f"add dossier.suspended/1 at {at}"]


def test_a_difference_is_read_out_with_its_first_step_and_its_cause(shell: Shell) -> None:
    out = shell("diff", "ZZ1", "--edit", "move hotline:ZZ1-5 to 2024-09-25T09:00:00+08:00").out
    for text in ("结论翻转", "按时", "超时办结", "起决定作用的是", "hotline:ZZ1-5", "甲 A", "乙 B"):
        assert text in out
    english = shell("diff", "ZZ1", "--calendar", "2023-10-01", "--lang", "en").out
    for text in ("due moved", "part at step", "make-up working day", "国办发明电〔2023〕7号"):
        assert text in english


def test_a_difference_names_its_causes_in_json(shell: Shell) -> None:
    found = shell("diff", "ZZ1", "--against", THEN, "--json").document
    flips = {each["key"][0]: each for each in found["changes"] if each["what"] == "verdict_flipped"}
    (cause,) = flips["arrive"]["causes"]
    assert (cause["what"], cause["before"]) == ("fact", None)
    assert cause["after"]["fact"] == "hotline:ZZ1-6"
    assert found["summary"]["verdict_flipped"] == len(flips)


def test_a_pack_in_a_file_is_compared_with_the_one_it_was_made_from(
    shell: Shell, tmp_path: Path
) -> None:
    """10 working days become 7: 14, 18, 19, 20, 23, 24, 25 September."""
    text = PACK.read_text(encoding="utf-8")
    assert text.count('limit = "10个工作日"') >= 1
    shorter = tmp_path / "shorter.toml"
    shorter.write_text(
        _without_cases(text).replace('limit = "10个工作日"', 'limit = "7个工作日"'), "utf-8"
    )
    found = shell("diff", "ZZ1", "--pack", shorter, "--json").document
    moved = {each["key"][0]: each for each in found["changes"] if each["what"] == "due_moved"}
    assert moved["solve"]["before"] == "2024-09-30T00:00:00+08:00"
    assert moved["solve"]["after"] == "2024-09-26T00:00:00+08:00"


def _without_cases(text: str) -> str:
    """A pack's cases say what its own limits give."""
    return text.partition("[[case]]")[0]


def test_a_notice_in_a_file_is_tried_before_it_is_loaded(shell: Shell, tmp_path: Path) -> None:
    notice = tmp_path / "notice.toml"
    notice.write_text(NOTICE, encoding="utf-8")
    found = shell("diff", "ZZ1", "--calendar", notice, "--json").document
    assert any(each["what"] == "due_moved" for each in found["changes"])
    assert shell("calendar", "show", "2024", "--json").document["working_days"] == 251


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("replay", "NONE"), 1, "UNKNOWN_DOSSIER"),
        (("replay", "ZZ1", "--known-at", "2024-01-01T00:00:00+08:00"), 1, "NOTHING_TO_REPLAY"),
        (("replay", "ZZ1", "--known-at", "yesterday"), 2, "TIME_FORMAT"),
        (("replay", "ZZ1", "--edit", "forget it"), 2, "EDIT_FORMAT"),
        (("replay", "ZZ1", "--edit", "add nothing"), 2, "EDIT_FORMAT"),
        (("replay", "ZZ1", "--edit", "add " + "[" * 100_000), 2, "EDIT_FORMAT"),
        (("replay", "ZZ1", "--edit", f"add {json.dumps(OTHERS)}"), 2, "FIELD_WRONG"),
        (("replay", "ZZ1", "--edit", "remove hotline:ZZ1-99"), 1, "EDIT_FACT"),
        (("replay", "ZZ1", "--pack", "zaozhuang-2110@1900-01"), 1, "EDITION_UNKNOWN"),
        (("diff", "ZZ1", "--pack", "nowhere@2024-01"), 1, "POLICY_UNKNOWN"),
        (("diff", "ZZ1", "--without", "国办〔1900〕1号"), 1, "NOTICE_UNKNOWN"),
        (("diff", "ZZ1", "--calendar", "soon"), 2, "TIME_FORMAT"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    shell: Shell, words: tuple[str, ...], status: int, code: str
) -> None:
    answer = shell(*words, "--json")
    assert (answer.status, answer.codes[0]) == (status, code)

"""`append`: good lines are recorded, bad ones are answered with code, Chinese, English and hint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sla_engine.cli.reception import PREMATURE
from tests.support.shell import Answer, Shell, fact, jsonl, life, types_of

AT = "2024-09-13T09:30:00+08:00"
LIMIT = 1_048_576


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "facts.sqlite")
    assert shell("init").status == 0
    return shell


def raw(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


BAD: list[tuple[str, bytes, set[str]]] = [
    ("cut off", b'{"petition": "ZZ1", "type": ', {"INPUT_NOT_JSON"}),
    ("a list", b"[1, 2]", {"INPUT_NOT_JSON"}),
    ("null", b"null", {"INPUT_NOT_JSON"}),
    ("not UTF-8", b'{"petition": "\xff"}', {"INPUT_NOT_JSON"}),
    ("UTF-16", '{"petition": "ZZ1"}'.encode("utf-16"), {"INPUT_NOT_JSON"}),
    ("nothing in it", b"{}", {"FIELD_MISSING"}),
    ("wrong types", raw(fact("ZZ1", "accepted", "k", AT, seq="x", data=[1])), {"FIELD_WRONG"}),
    ("number as id", raw({**fact("ZZ1", "accepted", "k", AT), "id": 7}), {"FIELD_WRONG"}),
    ("unknown field", raw(fact("ZZ1", "accepted", "k", AT, extra=1)), {"FIELD_UNKNOWN"}),
    ("unknown type", raw(fact("ZZ1", "acepted", "k", AT)), {"TYPE_UNKNOWN"}),
    (
        "unknown data",
        raw(fact("ZZ1", "return_requested", "k", AT, data={"raeson": "x"})),
        {"FIELD_UNKNOWN", "FIELD_MISSING"},
    ),
    (
        "a misspelt unit is not left to the directory",
        raw(fact("ZZ1", "dispatched", "k", AT, data={"unt": "x"})),
        {"FIELD_UNKNOWN"},
    ),
    ("no offset", raw(fact("ZZ1", "accepted", "k", "2024-09-13T09:30:00")), {"TIME_OFFSET"}),
    ("year 1900", raw(fact("ZZ1", "accepted", "k", "1900-01-01T00:00:00Z")), {"TIME_RANGE"}),
    ("year 9999", raw(fact("ZZ1", "accepted", "k", "9999-01-01T00:00:00Z")), {"TIME_RANGE"}),
    ("30 February", raw(fact("ZZ1", "accepted", "k", "2024-02-30T00:00:00Z")), {"TIME_INVALID"}),
    ("the future", raw(fact("ZZ1", "closed", "k", "2199-01-01T00:00:00Z")), {"IN_THE_FUTURE"}),
    ("no petition yet", raw(fact("ZZ2", "accepted", "k", AT)), {"NOT_REGISTERED"}),
    ("too long", raw(fact("ZZ1", "accepted", "k" * 10_000_000, AT)), {"INPUT_TOO_LONG"}),
    ("same id, other body", raw(fact("ZZ1", "accepted", "ZZ1-2", AT)), {"KEY_REUSED"}),
]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Answer, Path]:
    """Every bad line between good ones, in one file with BOM, CRLF and blank lines."""
    folder = tmp_path_factory.mktemp("bad")
    shell = Shell(folder / "bad.sqlite")
    assert shell("init").status == 0
    assert shell("append", stdin=jsonl(life()[:3])).status == 0
    lines = [line for _, line, _ in BAD]
    good = [raw(each) for each in life()[3:]]
    file, rejects = folder / "in.jsonl", folder / "rejects.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([good[0], b"", b"   ", *lines, good[1]]))
    return shell, shell("append", file, "--rejects", rejects, "--json"), rejects


@pytest.mark.parametrize("index", range(len(BAD)), ids=[name for name, _, _ in BAD])
def test_a_bad_line_is_refused_by_its_number_with_code_chinese_english(
    bad: tuple[Shell, Answer, Path], index: int
) -> None:
    _, answer, _ = bad
    wanted = BAD[index][2]
    faults = next(each["faults"] for each in answer.lines if each.get("line") == index + 4)
    assert {fault["code"] for fault in faults} == wanted
    assert all(fault["zh"] and fault["en"] for fault in faults)
    assert max(len(fault["zh"]) for fault in faults) < 1_000


def test_good_lines_round_bad_ones_are_recorded_and_the_exit_status_says_that_some_were_not(
    bad: tuple[Shell, Answer, Path],
) -> None:
    shell, answer, _ = bad
    assert answer.status == 1
    assert answer.lines[-1] == {"summary": {"recorded": 2, "repeated": 0, "refused": len(BAD)}}
    types = types_of(shell.store, "ZZ1")
    assert types.count("accepted") == types.count("resolved") == 1
    assert types.count("anomaly_noted") == 1, "the reuse of an id is noted"


def test_rejects_hold_every_refused_line_with_its_reasons_for_their_owner_alone(
    bad: tuple[Shell, Answer, Path],
) -> None:
    _, _, rejects = bad
    kept = [json.loads(line) for line in rejects.read_bytes().splitlines()]
    assert sorted(each["line"] for each in kept) == list(range(4, 4 + len(BAD)))
    assert all(each["faults"] for each in kept)
    assert rejects.stat().st_mode & 0o077 == 0
    assert rejects.stat().st_size < LIMIT, "a line that is too long is kept as an excerpt"


def test_mended_rejects_are_sent_again_as_they_are(shell: Shell, tmp_path: Path) -> None:
    facts, rejects = life(), tmp_path / "rejects.jsonl"
    facts[1]["type"] = "admited"
    assert shell("append", "-", "--rejects", rejects, stdin=jsonl(facts)).status == 1
    assert types_of(shell.store, "ZZ1").count("admitted") == 0
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("admited", "admitted"))
    again = shell("append", rejects, "--rejects", rejects)
    assert (again.status, rejects.read_bytes()) == (0, b"")
    assert types_of(shell.store, "ZZ1").count("admitted") == 1


def test_a_file_sent_again_records_nothing_new(shell: Shell) -> None:
    first = shell("append", "--json", stdin=jsonl(life()))
    second = shell("append", "--json", stdin=jsonl(life()))
    assert first.lines[-1]["summary"] == {"recorded": 5, "repeated": 0, "refused": 0}
    assert second.lines[-1]["summary"] == {"recorded": 0, "repeated": 5, "refused": 0}
    assert (first.status, second.status) == (0, 0)


@pytest.mark.parametrize("arrange", [reversed, lambda facts: [*facts[2:], *facts[:2]]])
def test_facts_out_of_order_are_recorded_even_one_to_a_transaction(
    shell: Shell, arrange: Callable[[list[dict[str, Any]]], Any]
) -> None:
    answer = shell("append", "--batch", "1", stdin=jsonl(arrange(life())))
    assert answer.status == 0, answer.out
    wanted = ["registered", "admitted", "dispatched", "accepted", "resolved"]
    assert sorted(types_of(shell.store, "ZZ1")) == sorted(wanted)


def test_people_read_the_line_number_both_languages_and_the_hint(shell: Shell) -> None:
    late = fact("ZZ9", "accepted", "k", "2024-09-13T09:30:00")
    answer = shell("append", stdin=b"\n" + jsonl([late]))
    for text in ("第 2 行 · line 2", "TIME_OFFSET", "没有写明时区偏移", "has no offset", "+08:00"):
        assert text in answer.out
    assert "拒收 refused 1" in answer.out


def test_personal_data_is_in_no_answer(shell: Shell) -> None:
    personal = {"name": "甲乙丙", "phone": "13800138000"}
    facts = [{**life()[0], "petitioner": "P-7", "personal": personal}, *life()[1:]]
    wrong = {**facts[1], "id": "w", "personal": {**personal, "age": 40}, "type": "admited"}
    answers = [shell("append", stdin=jsonl([*facts, wrong]))]
    answers += [shell("append", "--json", stdin=jsonl([*facts, wrong]))]
    answers += [shell("petition", "show", "ZZ1"), shell("petition", "show", "ZZ1", "--json")]
    said = "".join(answer.out + answer.err for answer in answers)
    assert "P-7" in said, "the reference is shown"
    assert not [text for text in personal.values() if text in said]


def test_a_file_that_is_not_there_stands_in_the_way_and_says_which(shell: Shell) -> None:
    answer = shell("append", "nowhere.jsonl", "--json")
    assert (answer.status, answer.codes) == (3, ["FILE_UNREADABLE"])
    assert "nowhere.jsonl" in answer.err


def test_what_counts_as_too_early_is_known_to_the_catalogue() -> None:
    from sla_engine.errors import CATALOGUE

    assert set(CATALOGUE) >= PREMATURE

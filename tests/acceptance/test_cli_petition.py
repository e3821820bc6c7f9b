"""`petition`: a file as it is now, as it was known then, and why it is due when it is."""

from pathlib import Path
from typing import Any

import pytest

from sla_engine.checker.__main__ import main as checker
from tests.support.shell import Shell, fact, life, play

RESOLVED = fact("ZZ1", "resolved", "late", "2024-09-27T16:00:00+08:00")
BEFORE = "2024-10-08T12:00:00+08:00"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A petition resolved in time, of which the platform learned weeks later."""
    store = tmp_path_factory.mktemp("petition") / "facts.sqlite"
    facts = life()
    facts[0] |= {"petitioner": "P-7", "personal": {"name": "甲乙丙"}}
    story = [(each["at"], [each]) for each in facts[:4]]
    play(store, [*story, ("2024-10-09T10:00:00+08:00", [RESOLVED])])
    return Shell(store)


def test_show_has_card_clocks_and_timeline_for_people(shell: Shell) -> None:
    out = shell("petition", "show", "ZZ1").out
    for text in (
        "已办结",
        "市城乡水务局",
        "P-7",
        "10个工作日解决问题",
        "按时",
        "提前",
        "节省",
        "时间线",
    ):
        assert text in out
    assert "2024-09-29 24:00" in out, "a day term ends at 24:00 of its last day"
    assert "甲乙丙" not in out


def test_as_known_shows_the_breach_that_was_then_believed_and_not_what_came_later(
    shell: Shell,
) -> None:
    then = shell("petition", "show", "ZZ1", "--as-known", BEFORE, "--json").document
    now = shell("petition", "show", "ZZ1", "--json").document
    solve = {when: _clock(doc, "solve") for when, doc in (("then", then), ("now", now))}
    assert solve["then"]["state"] == "overdue"
    assert solve["then"]["level_name"]["zh"] == "一级约谈"
    assert (solve["now"]["state"], solve["now"]["level"]) == ("met", 20)
    assert solve["then"]["due"] == solve["now"]["due"] == "2024-09-30T00:00:00+08:00"
    assert "resolved" not in [each["type"] for each in then["timeline"]]
    assert (then["as_known"], now["as_known"]) == (BEFORE, None)


def test_acts_that_lost_their_ground_stay_in_the_timeline_as_gone(shell: Shell) -> None:
    timeline = shell("petition", "show", "ZZ1", "--json").document["timeline"]
    gone = [e for e in timeline if e["type"] == "rung_fired" and e["gone_by"]]
    assert {"red", "talk"} <= {each["data"]["act"] for each in gone}
    withdrawals = {e["version"] for e in timeline if e["type"] == "rung_withdrawn"}
    assert {each["gone_by"] for each in gone} <= withdrawals
    assert all(e["occurred_at"] and e["recorded_at"] for e in timeline)


def test_explain_names_every_day_the_notice_the_basis_and_the_rungs(shell: Shell) -> None:
    out = shell("petition", "explain", "ZZ1", "--clause", "solve").out
    for text in (
        "第1个工作日：2024-09-14（周六，中秋节调休上班，国办发明电〔2023〕7号）",
        "第10个工作日：2024-09-29",
        "2024-09-17",
        "依据：",
        "2024-09-29（周日）24:00",
    ):
        assert text in out
    english = shell("petition", "explain", "ZZ1", "--clause", "solve", "--lang", "en").out
    assert "working day" in english
    assert "第10个工作日" not in english


def test_explain_gives_programs_the_steps_behind_the_text(shell: Shell) -> None:
    (clock,) = shell("petition", "explain", "ZZ1", "--clause", "solve", "--json").document
    counted = [step for step in clock["derivation"] if step.get("n")]
    assert [step["n"] for step in counted] == list(range(1, 11))
    assert clock["text_zh"]
    assert len(clock["text_zh"]) == len(clock["text_en"])


def test_a_clause_or_a_number_that_is_not_there_is_refused_with_what_there_is(
    shell: Shell,
) -> None:
    clause = shell("petition", "explain", "ZZ1", "--clause", "slove", "--json")
    assert (clause.status, clause.codes) == (1, ["CLAUSE_ABSENT"])
    assert "solve" in clause.err
    number = shell("petition", "show", "ZZ404", "--json")
    assert (number.status, number.codes) == (1, ["UNKNOWN_DOSSIER"])
    early = shell("petition", "show", "ZZ1", "--as-known", "2024-01-01T00:00:00Z", "--json")
    assert (early.status, early.codes) == (1, ["NOTHING_KNOWN"])


@pytest.mark.parametrize("time", ["2024-10-08", "2024-10-08T12:00:00", "yesterday"])
def test_a_time_that_is_no_instant_is_a_misuse(shell: Shell, time: str) -> None:
    answer = shell("petition", "show", "ZZ1", "--as-known", time, "--json")
    assert answer.status == 2
    assert answer.codes[0] in {"TIME_FORMAT", "TIME_OFFSET"}
    assert "--as-known" in answer.err


def test_list_shows_each_petition_once_and_filters_by_phase(shell: Shell) -> None:
    (row,) = shell("petition", "list", "--phase", "resolved", "--json").lines
    assert (row["no"], row["unit"], row["level"]) == ("ZZ1", "市城乡水务局", 40)
    assert row["registered_at"] == "2024-09-13T08:50:00+08:00"
    assert shell("petition", "list", "--phase", "closed", "--json").lines == []


def test_erasing_destroys_the_personal_data_and_keeps_every_clock(tmp_path: Path) -> None:
    store = tmp_path / "erase.sqlite"
    facts = life()
    facts[0] |= {"petitioner": "P-7", "personal": {"name": "甲乙丙"}}
    play(store, [(each["at"], [each]) for each in facts])
    shell = Shell(store)
    before = shell("petition", "show", "ZZ1", "--json").document["clocks"]
    answer = shell("petition", "erase", "ZZ1", "--ground", "本人申请", "--yes", "--json")
    assert (answer.status, answer.document["erased"]) == (0, "P-7")
    after = shell("petition", "show", "ZZ1", "--json").document["clocks"]
    assert [c["due"] for c in after] == [c["due"] for c in before]
    left = b"".join(path.read_bytes() for path in store.parent.glob("erase.sqlite*"))
    assert "甲乙丙".encode() not in left


def _clock(document: Any, clause: str) -> Any:
    return next(each for each in document["clocks"] if each["clause"] == clause)


def test_a_case_is_verified_by_the_independent_checker(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.json"
    case.write_text(shell("petition", "case", "ZZ1").out, encoding="utf-8")
    assert checker([str(case)]) == 0
    assert "通过 verified petition/ZZ1 solve 1" in capsys.readouterr().out
    forged = case.read_text(encoding="utf-8").replace(
        "国办发明电〔2023〕7号", "国办发明电〔2022〕16号"
    )
    case.write_text(forged, encoding="utf-8")
    assert checker([str(case)]) == 1
    assert "[NOTICE]" in capsys.readouterr().out

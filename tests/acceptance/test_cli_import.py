"""`import`: a log of another system, its report, and what the store then shows with its packs."""

from pathlib import Path

from tests.support.shell import ROOT, Shell

MAPPING = ROOT / "examples" / "mappings" / "cn_petitions_replied.toml"
PACKS = ROOT / "examples" / "packs"
ROWS = """petition_id,area,asked_at,replied_at,d_workdays_elapsed,petitioner
1,供水,2019-09-20T10:00:00+08:00,2019-10-12T17:00:00+08:00,12,u1
2,道路,2019-09-20T10:00:00+08:00,2019-10-17,16,u2
,道路,2019-09-20T10:00:00+08:00,2019-10-17,16,u3
4,道路,yesterday,2019-10-17,16,u4
"""


def test_a_log_is_taken_as_history_and_its_bad_rows_are_told(tmp_path: Path) -> None:
    shell, log = Shell(tmp_path / "history.sqlite"), tmp_path / "log.csv"
    log.write_text(ROWS, encoding="utf-8")
    assert shell("init").status == 0
    first = shell("import", log, "--mapping", MAPPING, "--json")
    assert first.status == 1, "two rows cannot be taken"
    *refused, last = first.lines
    assert {each["line"] for each in refused} == {4, 5}
    assert (last["summary"]["recorded"], last["summary"]["assessed"]) == (4, 2)
    again = shell("import", log, "--mapping", MAPPING)
    assert "重复 repeated 4" in again.out
    shown = shell("petition", "show", "LY-1", "--packs", PACKS, "--json").document
    assert shown["clocks"]
    assert shell("talk", "list", "--all", "--packs", PACKS, "--json").lines == []


def test_a_mapping_that_cannot_be_right_is_a_misuse_and_takes_nothing(tmp_path: Path) -> None:
    shell, mapping = Shell(tmp_path / "history.sqlite"), tmp_path / "bad.toml"
    assert shell("init").status == 0
    mapping.write_text("[log]\nname = 1\nformt = 'csv'\n")
    answer = shell("import", MAPPING, "--mapping", mapping, "--json")
    assert answer.status == 2
    assert {"MAPPING_KEY_UNKNOWN", "MAPPING_KEY_MISSING"} <= set(answer.codes)
    assert shell("init", "--json").document["events"] == 0

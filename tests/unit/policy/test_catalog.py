"""Packs found, read and refused as files."""

from pathlib import Path

import pytest

from sla_engine.catalog import (
    lint_pack,
    lint_packs,
    load_pack,
    load_packs,
    pack_files,
    pack_names,
)
from sla_engine.errors import Refusal
from tests.unit.policy.minimal import MINIMAL, changed
from tests.unit.policy.reckoner import run_case


def _write(folder: Path, edition: str, text: str) -> Path:
    path = folder / "demo" / f"{edition}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pack_is_found_by_name_edition_and_file(tmp_path: Path) -> None:
    assert load_pack("zaozhuang-2110").edition > "2024-08", "the latest"
    assert load_pack("zaozhuang-2110/2024-08").edition == "2024-08"
    assert load_pack(_write(tmp_path, "2024-01", MINIMAL)).name == "demo"


@pytest.mark.parametrize("source", ["zaozhuang", "/no/such/file.toml", ""])
def test_a_pack_that_is_not_there_is_refused_and_told_which_are(source: str) -> None:
    with pytest.raises(Refusal) as refusal:
        load_pack(source)
    fault = refusal.value.faults[0]
    assert (fault.code, fault.allowed) == ("PACK_MISSING", ", ".join(pack_names()))


def test_a_name_that_is_nearly_right_is_told_the_right_one() -> None:
    with pytest.raises(Refusal) as refusal:
        load_pack("zaozhuang-211")
    assert refusal.value.faults[0].near == "zaozhuang-2110"


def test_packs_of_the_place_are_read_beside_those_that_ship(tmp_path: Path) -> None:
    _write(tmp_path, "2024-01", MINIMAL)
    assert [pack.name for pack in load_packs([tmp_path])][-1] == "demo"


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    _write(tmp_path, "2024-01", changed(('act = "warn"', 'act = "wran"')))
    _write(tmp_path, "2024-02", "[pack")
    with pytest.raises(Refusal) as refusal:
        load_packs([tmp_path])
    assert [fault.where for fault in refusal.value.faults] == [
        "demo/2024-01.toml clause.solve.rung.warn.act",
        "demo/2024-02.toml:1:6",
    ]


def test_editions_in_each_others_way_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, "2024-01", MINIMAL)
    _write(tmp_path, "2024-02", changed(('edition = "2024-01"', 'edition = "2024-02"')))
    with pytest.raises(Refusal) as refusal:
        load_packs([tmp_path])
    assert refusal.value.code == "EDITIONS_OVERLAP"


def test_lint_of_a_file_names_the_file_and_runs_its_cases(tmp_path: Path) -> None:
    path = _write(tmp_path, "2024-01", changed(("due = 2024-09-30", "due = 2024-10-01")))
    assert lint_pack(path) == []
    assert [fault.where for fault in lint_pack(path, run_case)] == [
        "demo/2024-01.toml case.示例.expect.solve.due"
    ]


def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    path = _write(tmp_path, "2024-01", "")
    path.write_bytes(b"\xff\xfe\x00")
    assert [fault.code for fault in lint_pack(path)] == ["CATALOG_UNREADABLE"]


def test_a_name_means_all_editions_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zaozhuang-2110").mkdir()
    monkeypatch.chdir(tmp_path)
    editions = [path.stem for path in pack_files("zaozhuang-2110")]
    assert editions == sorted(editions)
    assert len(editions) > 1
    assert [path.stem for path in pack_files("zaozhuang-2110/2024-08")] == ["2024-08"]
    assert list(lint_packs(["zaozhuang-2110"], run_case)) == [
        f"zaozhuang-2110/{edition}.toml" for edition in editions
    ]


def test_a_folder_means_every_pack_in_and_below_it(tmp_path: Path) -> None:
    first, second = _write(tmp_path, "2024-01", MINIMAL), _write(tmp_path, "2024-02", "[pack")
    assert pack_files(tmp_path) == pack_files(tmp_path / "demo") == [first, second]
    found = lint_packs([tmp_path], run_case)
    assert {name: [fault.code for fault in faults] for name, faults in found.items()} == {
        "demo/2024-01.toml": [],
        "demo/2024-02.toml": ["PACK_SYNTAX"],
    }


def test_a_name_under_a_folder_of_ones_own_is_known_there(tmp_path: Path) -> None:
    path = _write(tmp_path, "2024-01", MINIMAL)
    assert pack_files("demo", [tmp_path]) == [path]
    assert load_pack("demo", [tmp_path]).name == "demo"
    assert "demo" in pack_names([tmp_path])
    with pytest.raises(Refusal):
        load_pack("demo")


@pytest.mark.parametrize("alone", [True, False])
def test_lint_tells_editions_of_a_folder_that_overlap(tmp_path: Path, alone: bool) -> None:
    _write(tmp_path, "2024-01", changed(("settle", "effective_to = 2025-01-02\nsettle")))
    second = changed(("2024-01", "2025-01"), ("2024-01-01", "2025-01-01"))
    path = _write(tmp_path, "2025-01", second)
    (fault,) = lint_pack(path if alone else tmp_path)
    assert (fault.code, fault.where) == ("EDITIONS_OVERLAP", "demo/2025-01.toml")
    assert (fault.found, fault.allowed) == ("2024-01", "2025-01-01")


def test_editions_that_follow_each_other_may_lie_in_one_folder(tmp_path: Path) -> None:
    _write(tmp_path, "2024-01", changed(("settle", "effective_to = 2025-01-01\nsettle")))
    _write(tmp_path, "2025-01", changed(("2024-01", "2025-01"), ("2024-01-01", "2025-01-01")))
    assert lint_pack(tmp_path) == []


def test_lint_of_a_pack_does_not_fail_for_the_faults_of_another(tmp_path: Path) -> None:
    _write(tmp_path, "2024-01", "[pack")
    assert lint_packs(["xinfang-2022"], run_case, [tmp_path])["xinfang-2022/2022-05.toml"] == []


def test_a_pack_may_borrow_its_talks_from_one_that_ships(tmp_path: Path) -> None:
    talk, case = MINIMAL.index("[talk]"), MINIMAL.index("[[case]]")
    text = (MINIMAL[:talk] + MINIMAL[case:]).replace(
        "settle", 'talks_by = "mingguang-three-tier"\nsettle'
    )
    assert lint_pack(_write(tmp_path, "2024-01", text), run_case) == []
    wrong = text.replace("mingguang-three-tier", "mingguang-3-tier")
    (fault,) = lint_pack(_write(tmp_path, "2024-01", wrong), run_case)
    assert (fault.code, fault.near) == ("TALKS_BY_UNKNOWN", "mingguang-three-tier")


def test_a_pack_whose_calendar_there_is_not_is_a_fault(tmp_path: Path) -> None:
    path = _write(tmp_path, "2024-01", changed(('calendar = "cn"', 'calendar = "xx"')))
    assert [fault.code for fault in lint_pack(path, run_case)] == ["PACK_CALENDAR_UNKNOWN"]

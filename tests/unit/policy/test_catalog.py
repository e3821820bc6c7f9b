"""Packs found, read and refused as files."""

from pathlib import Path

import pytest

from sla_engine.catalog import lint_pack, load_pack, load_packs
from sla_engine.errors import Refusal
from tests.unit.policy.minimal import MINIMAL, changed
from tests.unit.policy.reckoner import run_case


def _write(folder: Path, edition: str, text: str) -> Path:
    path = folder / "demo" / f"{edition}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pack_is_found_by_name_edition_and_file(tmp_path: Path) -> None:
    assert load_pack("zaozhuang-2110").edition == "2024-08"
    assert load_pack("zaozhuang-2110/2024-08").edition == "2024-08"
    assert load_pack(_write(tmp_path, "2024-01", MINIMAL)).name == "demo"


@pytest.mark.parametrize("source", ["zaozhuang", "/no/such/file.toml", ""])
def test_a_pack_that_is_not_there_is_refused_and_told_which_are(source: str) -> None:
    with pytest.raises(Refusal) as refusal:
        load_pack(source)
    fault = refusal.value.faults[0]
    assert (fault.code, fault.allowed) == ("PACK_MISSING", "mingguang-three-tier, zaozhuang-2110")


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

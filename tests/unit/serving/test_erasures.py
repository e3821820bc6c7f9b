"""The register of erasures keeps every line and survives a crash in the middle of one."""

import json
from pathlib import Path

import pytest

from sla_engine.errors import Refusal
from sla_engine.store.erasures import Erasure, ErasureRegister, register_of


@pytest.fixture
def register(tmp_path: Path) -> ErasureRegister:
    return ErasureRegister(tmp_path / "log.erasures")


def test_erasures_are_kept_in_order_one_to_a_line(register: ErasureRegister) -> None:
    erasures = [Erasure("citizen-7", 5, "本人申请"), Erasure("of/P2", 6)]
    for each in erasures:
        register.add(each)
    assert list(register.all()) == erasures
    lines = register.path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["subject"] for line in lines] == ["citizen-7", "of/P2"]


def test_where_there_is_no_file_nothing_was_erased(register: ErasureRegister) -> None:
    assert list(register.all()) == []


def test_others_cannot_read_the_file(register: ErasureRegister) -> None:
    register.add(Erasure("citizen-7", 5))
    assert register.path.stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_spoils_no_other(register: ErasureRegister) -> None:
    register.add(Erasure("a", 1))
    with register.path.open("ab") as file:
        file.write(b'{"subject":"never comm')
    assert [each.subject for each in register.all()] == ["a"]
    register.add(Erasure("b", 2))
    assert [each.subject for each in register.all()] == ["a", "b"]


def test_a_line_that_was_damaged_is_not_passed_over(register: ErasureRegister) -> None:
    register.add(Erasure("a", 1))
    register.path.write_bytes(register.path.read_bytes().replace(b'"at":1', b'"at":?'))
    register.add(Erasure("b", 2))
    with pytest.raises(Refusal, match="line 1") as refused:
        list(register.all())
    assert refused.value.code == "REGISTER_DAMAGED"


def test_a_register_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        ErasureRegister(tmp_path / "missing" / "log.erasures").add(Erasure("a", 1))


@pytest.mark.parametrize(
    ("store", "named", "path"),
    [
        ("city.sqlite", "", "city.sqlite.erasures"),
        ("city.sqlite", "kept/elsewhere", "kept/elsewhere"),
        ("postgresql://db/engine", "kept/elsewhere", "kept/elsewhere"),
    ],
)
def test_a_register_is_beside_the_store_unless_it_is_named(
    store: str, named: str, path: str
) -> None:
    assert register_of(store, named).path == Path(path)


def test_a_database_elsewhere_needs_a_register_that_is_named() -> None:
    with pytest.raises(Refusal) as refused:
        register_of("postgresql://db/engine")
    assert refused.value.code == "REGISTER_UNNAMED"

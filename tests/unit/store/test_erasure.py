"""After an erasure the bytes are gone from every file of the database, not only from answers."""

import random
import re
from pathlib import Path

import pytest

from sla_engine.store.application import open_sqlite
from sla_engine.store.sqlite.recorder import Recorder


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_an_erased_name_is_in_no_file(tmp_path: Path) -> None:
    log = open_sqlite(tmp_path / "log.sqlite")
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "欧阳某某", "phone": "13912345678"})
        secret = tx.secret("P1")
    assert "欧阳某某".encode() in bytes_of(tmp_path)
    assert secret in bytes_of(tmp_path)
    with log.transact() as tx:
        tx.erase("P1")
    left = bytes_of(tmp_path)
    assert "欧阳某某".encode() not in left
    assert b"13912345678" not in left
    assert secret not in left
    log.close()


def test_a_corrected_name_is_in_no_file_after_erasure(tmp_path: Path) -> None:
    log = open_sqlite(tmp_path / "log.sqlite")
    for name in ("欧阳甲", "欧阳乙乙", "欧阳丙丙丙"):
        with log.transact() as tx:
            tx.keep_personal("P1", {"name": name})
    with log.transact() as tx:
        tx.erase("P1")
    assert "欧阳".encode() not in bytes_of(tmp_path)
    log.close()


def test_many_subjects_of_every_size_leave_nothing_behind(tmp_path: Path) -> None:
    """Rows that a b-tree moves about leave copies behind; here there must be none to move."""
    chance = random.Random(7)
    log = open_sqlite(tmp_path / "log.sqlite", synchronous="OFF")
    order = list(range(1_000))
    chance.shuffle(order)
    secrets = {}
    for begin in range(0, len(order), 40):
        with log.transact() as tx:
            for n in order[begin : begin + 40]:
                # From a few bytes to some that fill several pages.
                story = "某街道某小区" * chance.choice([1, 5, 30, 400])
                tx.keep_personal(f"P{n}", {"name": f"<{n:05d}>", "story": f"{story}<{n:05d}>"})
                secrets[n] = tx.secret(f"P{n}")
                if chance.random() < 0.3:
                    tx.keep_personal(f"P{n}", {"phone": f"<{n:05d}>"})
    erased = sorted(order[:950])
    chance.shuffle(erased)
    for begin in range(0, len(erased), 25):
        with log.transact() as tx:
            for n in erased[begin : begin + 25]:
                tx.erase(f"P{n}")
    left = bytes_of(tmp_path)
    assert {int(mark) for mark in re.findall(rb"<(\d{5})>", left)} == {*order} - {*erased}
    assert [n for n in erased[:100] if secrets[n] in left] == []
    log.close()


def test_an_erasure_that_a_reader_held_up_is_finished_by_the_next_write(tmp_path: Path) -> None:
    log = open_sqlite(tmp_path / "log.sqlite")
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "欧阳某某"})
    assert isinstance(log.recorder, Recorder)
    with log.recorder.datastore.transaction(commit=False) as snapshot:
        snapshot.execute("SELECT * FROM personal")
        with log.transact() as tx:
            tx.erase("P1")
        assert log.personal("P1") == {}
        assert "欧阳某某".encode() in bytes_of(tmp_path)
    with log.transact() as tx:
        tx.advance("anything", 1)
    assert "欧阳某某".encode() not in bytes_of(tmp_path)
    log.close()


def test_an_erasure_cut_off_before_its_scrubbing_is_finished_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_sqlite(tmp_path / "log.sqlite")
    with log.transact() as tx:
        tx.keep_personal("P1", {"name": "欧阳某某"})
    monkeypatch.setattr(type(log.recorder), "scrub", lambda _: False)
    with log.transact() as tx:
        tx.erase("P1")
    assert "欧阳某某".encode() in bytes_of(tmp_path)
    monkeypatch.undo()
    again = open_sqlite(tmp_path / "log.sqlite")
    assert "欧阳某某".encode() not in bytes_of(tmp_path)
    again.close()
    log.close()

"""An archive is whole or it is none, and says so."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from sla_engine.errors import Refusal
from sla_engine.serving.archive import (
    FORMAT,
    ArchiveReader,
    ArchiveWriter,
    Chain,
    Manifest,
    Row,
    Sum,
)

ROWS: list[Row] = [("petition/P1", number, number + 10, b"\x00\xff") for number in range(1, 400)]


def manifest(members: dict[str, Sum]) -> Manifest:
    return Manifest(FORMAT, "1.0", 6, "sqlite", "2026-01-01T00:00:00+08:00", 409, "ab", members)


def silent(_: int) -> None:
    return None


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    with ArchiveWriter(path) as writer:
        writer.member("events", ROWS, silent)
        writer.member("subjects", [], silent)
        writer.finish(manifest)
    return path


def rewritten(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """The same archive with one member changed."""
    with ZipFile(path) as old:
        content = {each: old.read(each) for each in old.namelist()}
    content[name] = change(content[name])
    with ZipFile(path, "w", ZIP_DEFLATED) as new:
        for each, data in content.items():
            new.writestr(each, data)


def test_what_was_written_is_read_again(archive: Path) -> None:
    with ArchiveReader(archive) as reader:
        reader.check(silent)
        assert list(reader.rows("events")) == ROWS
        assert list(reader.rows("subjects")) == []
        assert list(reader.rows("of a later release")) == []
        assert (reader.manifest.events, reader.manifest.head) == (399, 409)


def test_only_its_owner_can_read_it(archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0


def test_equal_content_makes_equal_files(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    with ArchiveWriter(again) as writer:
        writer.member("events", ROWS, silent)
        writer.member("subjects", [], silent)
        writer.finish(manifest)
    assert again.read_bytes() == archive.read_bytes()


def test_every_row_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    with ArchiveWriter(tmp_path / "told.zip") as writer:
        writer.member("events", ROWS, told.append)
        writer.finish(manifest)
    assert sum(told) == len(ROWS)


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[Row]:
        yield from ROWS
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"), ArchiveWriter(tmp_path / "b.zip") as writer:
        writer.member("events", rows(), silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 10, 1_000])
def test_a_file_that_was_cut_off_is_no_backup(archive: Path, keep: int) -> None:
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(Refusal) as refused:
        ArchiveReader(archive)
    assert refused.value.code == "ARCHIVE_UNREADABLE"


def test_a_zip_of_something_else_is_no_backup(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with ZipFile(other, "w") as file:
        file.writestr("notes.txt", "x")
    with pytest.raises(Refusal) as refused:
        ArchiveReader(other)
    assert refused.value.code == "ARCHIVE_UNREADABLE"


@pytest.mark.parametrize("found", [FORMAT + 1, "1", None])
def test_a_format_of_a_later_release_is_refused(archive: Path, found: object) -> None:
    rewritten(
        archive,
        "manifest.json",
        lambda text: json.dumps({**json.loads(text), "format": found}).encode(),
    )
    with pytest.raises(Refusal) as refused:
        ArchiveReader(archive)
    assert refused.value.code == "ARCHIVE_NEWER"


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: rows + b"\x00",
        lambda rows: rows[:100] + bytes([rows[100] ^ 1]) + rows[101:],
    ],
)
def test_rows_that_were_changed_are_found(archive: Path, change: Callable[[bytes], bytes]) -> None:
    rewritten(archive, "events.msgpack", change)
    with ArchiveReader(archive) as reader, pytest.raises(Refusal) as refused:
        reader.check(silent)
    assert refused.value.code == "ARCHIVE_DAMAGED"


def test_a_disk_that_lies_is_found(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[200] ^= 0xFF
    archive.write_bytes(data)
    with ArchiveReader(archive) as reader, pytest.raises(Refusal) as refused:
        reader.check(silent)
    assert refused.value.code == "ARCHIVE_DAMAGED"


def test_a_chain_tells_one_order_from_another() -> None:
    def chained(*rows: Row) -> str:
        chain = Chain()
        for row in rows:
            chain.add(row)
        return chain.value

    assert chained(("a", 1), ("b", 2)) == chained(("a", 1), ("b", 2))
    assert chained(("a", 1), ("b", 2)) != chained(("b", 2), ("a", 1))
    assert chained(("a", 1), ("b", 2)) != chained(("a", 1))

"""A backup as one file: a zip of MessagePack rows with a manifest that says what they come to.

Any zip and any MessagePack reader can open it. Members are written and read as streams: neither
side ever holds more than a row and a buffer. The manifest comes last, so that a backup that was
cut off has none.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError

import msgpack
import msgspec

from sla_engine.batches import batched
from sla_engine.errors import refuse, register

FORMAT = 1

_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_BATCH = 500
_LARGEST_ROW = 1 << 30

ARCHIVE_UNREADABLE = register(
    "ARCHIVE_UNREADABLE",
    "{where} 不是完整的备份（{found}）",
    "{where} is not a whole backup ({found})",
    "备份中断时不会留下清单；换用另一份",
    "a backup that was cut off has no manifest; take another one",
)
ARCHIVE_NEWER = register(
    "ARCHIVE_NEWER",
    "备份格式为{found}，本程序能读到{allowed}",
    "the backup has format {found}, this program reads up to {allowed}",
    "用作备份的那一版程序恢复",
    "restore it with the release that made it",
)
ARCHIVE_DAMAGED = register(
    "ARCHIVE_DAMAGED",
    "备份内容与清单不符：{where}",
    "the backup does not come to what its manifest says: {where}",
    "不要使用这份备份",
    "do not use this backup",
)

Row = tuple[Any, ...]
Progress = Callable[[int], object]
"""Told how many rows have been dealt with since it was last told."""


class Sum(msgspec.Struct, frozen=True):
    """What one member comes to."""

    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup comes to. `chain` is over the events alone: each link is the SHA-256 of the
    link before it and the event's row, so that equal logs have equal chains in any store."""

    format: int
    release: str
    schema: int
    store: str
    taken_at: str
    head: int
    chain: str
    members: dict[str, Sum]

    @property
    def events(self) -> int:
        return self.members["events"].rows


class Chain:
    """A digest over rows in their order."""

    def __init__(self) -> None:
        self._link = b""

    def add(self, row: Row) -> None:
        self._link = hashlib.sha256(self._link + msgspec.msgpack.encode(row)).digest()

    @property
    def value(self) -> str:
        return self._link.hex()


class ArchiveWriter:
    """Writes `path` anew; the file appears under its name once it is whole and on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(path.name + ".partial")
        self._members: dict[str, Sum] = {}

    def __enter__(self) -> Self:
        # Backups hold personal data.
        handle = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "w+b")
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED, compresslevel=1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with nullcontext() if error is None else suppress(OSError):
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if error is None:
            self._partial.rename(self.path)
        else:
            self._partial.unlink()

    def member(self, name: str, rows: Iterable[Row], progress: Progress) -> None:
        """Write one member."""
        count, size, sha = 0, 0, hashlib.sha256()
        with self._zip.open(_info(f"{name}.msgpack"), "w", force_zip64=True) as file:
            for batch in batched(rows, _BATCH):
                packed = b"".join(map(msgspec.msgpack.encode, batch))
                sha.update(packed)
                file.write(packed)
                count, size = count + len(batch), size + len(packed)
                progress(len(batch))
        self._members[name] = Sum(count, size, sha.hexdigest())

    def finish(self, manifest: Callable[[dict[str, Sum]], Manifest]) -> Manifest:
        """Write the manifest of all members."""
        made = manifest(self._members)
        text = msgspec.json.format(msgspec.json.encode(made), indent=2)
        with self._zip.open(_info(_MANIFEST), "w") as file:
            file.write(text)
        return made


class ArchiveReader:
    """Reads a backup. Raises `ARCHIVE_UNREADABLE` and `ARCHIVE_NEWER`; `check` does
    `ARCHIVE_DAMAGED`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = ZipFile(path)
            text = self._zip.read(_MANIFEST)
            told = msgspec.json.decode(text)
        except (OSError, BadZipFile, KeyError, msgspec.MsgspecError, EOFError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise refuse(ARCHIVE_UNREADABLE, str(path), reason) from error
        if told.get("format") != FORMAT:
            raise refuse(ARCHIVE_NEWER, str(path), told.get("format"), str(FORMAT))
        self.manifest = msgspec.convert(told, Manifest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a member; none where the backup has no such member."""
        if name not in self.manifest.members:
            return
        with self._zip.open(f"{name}.msgpack") as file:
            unpacker = msgpack.Unpacker(file, use_list=False, max_buffer_size=_LARGEST_ROW)
            yield from unpacker

    def check(self, progress: Progress) -> None:
        """Compare every member with what the manifest says of it."""
        for name, expected in self.manifest.members.items():
            size, sha = 0, hashlib.sha256()
            try:
                with self._zip.open(f"{name}.msgpack") as file:
                    while chunk := file.read(_CHUNK):
                        sha.update(chunk)
                        size += len(chunk)
            except (BadZipFile, KeyError, EOFError, DeflateError) as error:
                raise refuse(ARCHIVE_DAMAGED, name) from error
            if (size, sha.hexdigest()) != (expected.bytes, expected.sha256):
                raise refuse(ARCHIVE_DAMAGED, name)
            progress(expected.rows)


def _info(name: str) -> ZipInfo:
    """Without the time of day, so that equal content makes equal files."""
    info = ZipInfo(name)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info

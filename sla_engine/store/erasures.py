"""The register of erasures: a file beside the store that outlives it and its backups.

An old backup holds what has been erased since. So every erasure is written here, on disk, before
it is committed, and whoever restores a backup repeats all of them. Lines are only ever added, one
JSON object each, and hold what the log holds: the subject's reference, the ground, the instant.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sla_engine.errors import refuse, register
from sla_engine.record import Instant

SUFFIX = ".erasures"

REGISTER_DAMAGED = register(
    "REGISTER_DAMAGED",
    "删除登记簿 {where} 第{found}行无法读取",
    "line {found} of the register of erasures {where} cannot be read",
    "从副本恢复该文件；缺一行就可能使已删除的信息复活",
    "restore the file from a copy: a line that is missing may bring back what was erased",
)
REGISTER_UNNAMED = register(
    "REGISTER_UNNAMED",
    "没有指明删除登记簿，不能删除：备份中的信息会随恢复而复活",
    "no register of erasures is named, so nothing is erased: a backup would bring it back",
    "用 SLA_ENGINE_ERASURES 指明一个文件，并另存副本",
    "name a file with SLA_ENGINE_ERASURES, and keep a copy of it elsewhere",
)


class Erasure(msgspec.Struct, frozen=True):
    """One line."""

    subject: str
    at: Instant
    ground: str = ""


class ErasureRegister:
    """The register in one file. Several processes may write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, erasure: Erasure) -> None:
        """Write one line; on disk when this returns. Raises OSError."""
        new = not self.path.exists()
        # A line that was cut off by a crash is ended first, so that it spoils no other.
        line = (b"" if self._ends_well() else b"\n") + msgspec.json.encode(erasure) + b"\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = os.write(handle, line)
            assert written == len(line), "a short line is written whole or not at all"
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _keep_name(self.path.absolute().parent)

    def all(self) -> Iterator[Erasure]:
        """Every erasure, oldest first; none where there is no file. Raises `REGISTER_DAMAGED`.

        What was cut off in the middle of a line was never committed and is passed over.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if text.endswith(b"}"):
                    try:
                        yield msgspec.json.decode(text, type=Erasure)
                    except msgspec.MsgspecError as error:
                        raise refuse(REGISTER_DAMAGED, str(self.path), number) from error

    def _ends_well(self) -> bool:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def register_of(store: str, named: str = "") -> ErasureRegister:
    """The register of a store: as named, else beside an SQLite file. Raises `REGISTER_UNNAMED`:
    a database elsewhere has no place beside it."""
    if not named and "://" in store:
        raise refuse(REGISTER_UNNAMED)
    return ErasureRegister(Path(named or store + SUFFIX))


def _keep_name(folder: Path) -> None:
    """A file that was just made is found again after a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

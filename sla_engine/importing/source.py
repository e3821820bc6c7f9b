"""The bytes of a log file, unpacked when they are gzip, with a note when they break off."""

import gzip
import io
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from sla_engine.errors import Fault, refuse, register

FILE_UNREADABLE = register(
    "IMPORT_FILE_UNREADABLE",
    "文件打不开（{found}）",
    "the file cannot be opened ({found})",
)
FILE_DAMAGED = register(
    "IMPORT_FILE_DAMAGED",
    "压缩文件不完整或已损坏（{found}），其后内容未读",
    "the compressed file is cut off or damaged ({found}); what follows was not read",
)

_GZIP = b"\x1f\x8b"


class Source:
    """An open log file, plain or gzip; a context manager. `stream` gives its bytes.

    Raises `Refusal` IMPORT_FILE_UNREADABLE on opening. Damage inside a gzip ends the stream and
    is kept in `damage`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
            self._size = path.stat().st_size
        except OSError as error:
            raise refuse(FILE_UNREADABLE, path.name, error.strerror) from None
        self._bytes = _Unpacked(self._file)
        self.stream = io.BufferedReader(self._bytes)

    @property
    def damage(self) -> Fault | None:
        return self._bytes.damage

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return self._file.tell() / self._size if self._size else 1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class _Unpacked(io.RawIOBase):
    """Bytes of a file, through gzip when it begins like one."""

    def __init__(self, file: io.BufferedReader) -> None:
        super().__init__()
        packed = file.peek(2)[:2] == _GZIP
        self._file = gzip.GzipFile(fileobj=file) if packed else file
        self.damage: Fault | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._file.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.damage = Fault(FILE_DAMAGED, "", str(error))
            return 0
        buffer[: len(piece)] = piece
        return len(piece)

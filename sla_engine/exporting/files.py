"""The bytes of an export: written so that a file is whole or not there, read through gzip."""

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, cast

from sla_engine.errors import refuse, register

EXISTS = register(
    "EXPORT_EXISTS",
    "{found} 已存在，不会覆盖",
    "{found} is already there and is not overwritten",
    "换一个文件名",
    "give it another name",
)
CUT = register(
    "EXPORT_CUT",
    "文件不完整：{found}",
    "the file is cut off: {found}",
    "重新复制或重新导出",
    "copy it again, or export it again",
)

_GZIP = b"\x1f\x8b"
_SUFFIX = ".gz"


@contextmanager
def fresh(path: Path) -> Iterator[IO[bytes]]:
    """A new file that appears under its name once it is whole and on disk; compressed if the name
    says `.gz`. Raises `EXPORT_EXISTS`."""
    if path.exists():
        raise refuse(EXISTS, "", str(path))
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            with _packing(file, path) as packed:
                yield packed
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _packing(file: IO[bytes], path: Path) -> AbstractContextManager[IO[bytes]]:
    if path.suffix != _SUFFIX:
        return nullcontext(file)
    # Without a name and a time of day, so that equal content makes equal files.
    packed = gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0)
    return cast("AbstractContextManager[IO[bytes]]", packed)


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, through gzip when it begins like one."""
    with path.open("rb") as file:
        begin = file.read(len(_GZIP))
        file.seek(0)
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if begin == _GZIP else file


@contextmanager
def as_text(file: IO[bytes]) -> Iterator[IO[str]]:
    """UTF-8 in a file that stays its owner's to close; line ends as they are."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield text
    finally:
        # Whoever stops reading half-way may have closed the file by now.
        with suppress(ValueError):
            text.detach()

"""Files that people name on the command line, and the refusal when one cannot be read."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sla_engine.errors import Refusal, refuse, register

FILE_UNREADABLE = register(
    "FILE_UNREADABLE",
    "读不了文件 {found}（{allowed}）",
    "the file {found} cannot be read ({allowed})",
)
FILE_NOT_UTF8 = register(
    "FILE_NOT_UTF8",
    "文件 {found} 不是 UTF-8 编码",
    "the file {found} is not UTF-8",
    "另存为 UTF-8 再试",
    "save it as UTF-8 and try again",
)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file to read, or standard input for `-`. Raises `Refusal` FILE_UNREADABLE."""
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None
    with stream:
        yield stream


def content(file: Path) -> bytes:
    """The whole of a file. Raises `Refusal` FILE_UNREADABLE."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def text(file: Path) -> str:
    """The whole of a text file; a byte order mark is left out. Raises `Refusal` FILE_*."""
    try:
        return content(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse(FILE_NOT_UTF8, "", str(file)) from None


def _unreadable(file: Path, error: OSError) -> Refusal:
    return refuse(FILE_UNREADABLE, "", str(file), error.strerror or type(error).__name__)

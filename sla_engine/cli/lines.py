"""Lines of a file or a pipe, none of them ever held beyond its limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 20
_BOM, _END = b"\xef\xbb\xbf", b"\r\n"


class Line(NamedTuple):
    """One line without its end. `size` is its full length in bytes; `text` stops at the limit."""

    number: int
    text: bytes
    size: int


def read(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """Every line that is not blank, numbered from 1 with the blank ones counted.

    A byte order mark before the first line and the ends of lines (LF, CRLF) are left out.
    """
    number = 0
    while head := stream.readline(limit + len(_BOM) + len(_END)):
        number += 1
        skipped, tail = (0, head) if head.endswith(b"\n") else _skip(stream, head)
        text = head.removeprefix(_BOM) if number == 1 else head
        size = len(text) + skipped - _end(tail)
        if size > limit or text.strip():
            yield Line(number, text[: min(size, limit)], size)


def count(path: Path) -> int:
    """How many lines a file has, for a progress bar."""
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))


def _skip(stream: BinaryIO, head: bytes) -> tuple[int, bytes]:
    """Pass over the rest of a line that is too long: how many bytes it had, and its last few."""
    skipped, tail = 0, head
    while chunk := stream.readline(_CHUNK):
        skipped, tail = skipped + len(chunk), tail[-1:] + chunk
        if chunk.endswith(b"\n"):
            break
    return skipped, tail


def _end(tail: bytes) -> int:
    """How many bytes the end of a line takes."""
    return len(tail) - len(tail.removesuffix(b"\n").removesuffix(b"\r"))

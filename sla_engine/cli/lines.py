"""Lines of a file or a pipe, none of them ever held beyond its limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line without its end. `size` is its full length in bytes; `text` stops at the limit."""

    number: int
    text: bytes
    size: int


def read(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """Every line that is not blank, numbered from 1 with the blank ones counted.

    A byte order mark before the first line and carriage returns at line ends are left out.
    """
    number = 0
    while head := stream.readline(limit + len(_BOM) + 2):
        number += 1
        size = len(head) if head.endswith(b"\n") else len(head) + _skip(stream)
        text = head.removeprefix(_BOM) if number == 1 else head
        bare = text.rstrip(b"\r\n")
        if bare.strip():
            yield Line(number, bare[:limit], size - len(head) + len(bare))


def count(path: Path) -> int:
    """How many lines a file has, for a progress bar."""
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))


def _skip(stream: BinaryIO) -> int:
    """Pass over the rest of a line that is too long; how many bytes it had."""
    skipped = 0
    while chunk := stream.readline(_CHUNK):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped

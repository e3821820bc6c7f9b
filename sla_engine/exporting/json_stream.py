"""A large JSON object read member by member, and its arrays item by item."""

import json
from collections.abc import Iterator
from typing import IO, Any

from sla_engine.errors import refuse
from sla_engine.exporting.files import CUT, as_text
from sla_engine.exporting.line import DAMAGED

_CHUNK = 1 << 16
_NEAR = 16
_LARGEST = 1 << 28
_BLANK = " \t\r\n"


def members(file: IO[bytes], name: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each member of the one object; of an array, once for each item.

    Raises `EXPORT_CUT` and `EXPORT_DAMAGED`.
    """
    with as_text(file) as text:
        yield from _members(_Reader(text, name))


def _members(reader: "_Reader") -> Iterator[tuple[str, Any]]:
    reader.take("{")
    while not reader.try_take("}"):
        key = reader.value()
        reader.take(":")
        if reader.try_take("["):
            yield from ((key, item) for item in _items(reader))
        else:
            yield key, reader.value()
        if reader.peek() != "}":
            reader.take(",")
    if reader.peek():
        raise reader.damaged("text behind the end")


def _items(reader: "_Reader") -> Iterator[Any]:
    while not reader.try_take("]"):
        yield reader.value()
        if reader.peek() != "]":
            reader.take(",")


class _Reader:
    """A window over the text, as wide as the value that is read."""

    def __init__(self, text: IO[str], name: str) -> None:
        self._text = text
        self._name = name
        self._decoder = json.JSONDecoder()
        self._window = ""
        self._at = 0
        self._before = 0

    def peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            while self._at < len(self._window):
                if self._window[self._at] not in _BLANK:
                    return self._window[self._at]
                self._at += 1
            if not self._more():
                return ""

    def try_take(self, character: str) -> bool:
        """Go past a character if it is the next one."""
        found = self.peek() == character
        self._at += found
        return found

    def take(self, character: str) -> None:
        """Go past a character."""
        found = self.peek()
        if not found:
            raise self._cut()
        if not self.try_take(character):
            raise self.damaged(f"{found!r}, {character!r} is right")

    def value(self) -> Any:
        """The value that comes next."""
        while True:
            if not self.peek():
                raise self._cut()
            try:
                value, end = self._decoder.raw_decode(self._window, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if not _unfinished(error, len(self._window)) or len(self._window) > _LARGEST:
                    raise self.damaged(type(error).__name__) from error
                if not self._more():
                    raise self._cut() from error
                continue
            # A number that ends with the window may go on behind it.
            if end < len(self._window) or not self._more():
                self._at = end
                return value

    def damaged(self, found: str) -> Exception:
        return refuse(DAMAGED, f"{self._name} character {self._before + self._at}", found)

    def _cut(self) -> Exception:
        return refuse(CUT, self._name, f"character {self._before + len(self._window)}")

    def _more(self) -> bool:
        """Widen the window, leaving behind what was read. The wider it is, the more is added."""
        chunk = self._text.read(max(_CHUNK, len(self._window)))
        self._before += self._at
        self._window, self._at = self._window[self._at :] + chunk, 0
        return bool(chunk)


def _unfinished(error: Exception, size: int) -> bool:
    """Whether more text could make a value of it."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= size - _NEAR
